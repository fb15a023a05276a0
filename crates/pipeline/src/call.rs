//! `RawCall`: a call as the edge read it, before anything is known about it.

use std::net::IpAddr;

use bytes::Bytes;
use faregate_contract::{Dialect, RequestId};

use crate::time::Millis;

/// How a call came in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Transport {
    /// Over TLS.
    Tls,
    /// In plain text, within a machine that trusts itself: the `http` listener of a sandbox.
    Local,
    /// In plain text.
    Plain,
}

/// The HTTP method, as received.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RawMethod {
    /// GET.
    Get,
    /// POST.
    Post,
    /// Any other: refused.
    Other(String),
}

/// The request's body, as far as the edge would read it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Body {
    /// All of it.
    Whole(Bytes),
    /// It is larger than that many bytes, and was not read to its end.
    TooLarge {
        /// The limit.
        bytes_max: usize,
    },
    /// It ended before its announced end, or came too slowly.
    Broken,
}

/// A call as the edge read it.
#[derive(Clone, Debug)]
pub struct RawCall {
    /// Names the call from its first byte on.
    pub request_id: RequestId,
    /// When its head was complete: the one look at the clock.
    pub arrived: Millis,
    /// How it came in.
    pub transport: Transport,
    /// From where.
    pub peer: IpAddr,
    /// How the client speaks: the request alone says it.
    pub dialect: Dialect,
    /// The method.
    pub method: RawMethod,
    /// The Host header as received, port and all: the client signed it so (PROTOCOL 1.3).
    pub host: String,
    /// The path as received.
    pub path: String,
    /// The query as received, without the question mark.
    pub query: Option<String>,
    /// All headers, kept where the dialect has its signature in them; none otherwise.
    pub headers: Vec<(String, String)>,
    /// The Content-Type header.
    pub content_type: Option<String>,
    /// A feature of HTTP that the call wants and that is not spoken: `Content-Encoding: gzip`.
    pub unspoken: Option<String>,
    /// The fault on purpose that a client of a sandbox asks for: `X-Faregate-Fault`, as sent.
    pub fault: Option<String>,
    /// The Idempotency-Key header, without its quotes.
    pub idempotency_key: Option<String>,
    /// The body.
    pub body: Body,
}

#[cfg(test)]
pub(crate) mod fixture {
    //! A call that every gate lets pass, to be broken in one way by each row of a table.

    use super::*;

    pub(crate) fn raw() -> RawCall {
        RawCall {
            request_id: RequestId::from_bytes([7; 16]),
            arrived: Millis::from_secs(1_500_000_000),
            transport: Transport::Tls,
            peer: IpAddr::from([127, 0, 0, 1]),
            dialect: Dialect::V2,
            method: RawMethod::Get,
            host: "cvm.api.qcloud.com".to_owned(),
            path: "/v2/index.php".to_owned(),
            query: Some(String::new()),
            headers: Vec::new(),
            content_type: None,
            unspoken: None,
            fault: None,
            idempotency_key: None,
            body: Body::Whole(Bytes::new()),
        }
    }
}

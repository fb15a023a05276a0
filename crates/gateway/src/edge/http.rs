//! One connection, served: heads become calls, answers become bytes.

use std::io;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use faregate_contract::envelope::Format;
use faregate_contract::{Dialect, Refusal};
use faregate_pipeline::call::{Body, RawCall, RawMethod, Transport};
use faregate_pipeline::dialect::{self, Head};
use faregate_pipeline::{parameters, protocol};
use http::header::{
    ACCEPT, AUTHORIZATION, CONNECTION, CONTENT_ENCODING, CONTENT_TYPE, EXPECT, HOST, HeaderMap,
    HeaderName, HeaderValue, SERVER,
};
use http::{Method, Request, Response, StatusCode, Version};
use http_body_util::{BodyExt, Full};
use hyper::body::{Body as _, Incoming};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use hyper_util::server::graceful::Watcher;
use tokio::io::{AsyncRead, AsyncWrite};

use super::patience::{Patience, Patient, Phase};
use super::speak::{self, Speak};
use super::strict::{Fault, Seen, Strict};
use crate::desk::Desk;
use crate::driver::{Driver, Reply};
use crate::sandbox;

/// Who is at the other end, and how.
#[derive(Clone, Copy, Debug)]
pub(super) struct Peer {
    pub(super) address: IpAddr,
    pub(super) transport: Transport,
}

/// Serves a connection until it closes, idles for too long, or the gateway stops.
pub(super) async fn serve<S>(desk: Arc<Desk>, stream: S, peer: Peer, watcher: Watcher)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let limits = desk.driver().shared.config.limits;
    let (phase, seen) = (Arc::new(Phase::default()), Arc::new(Seen::default()));
    let malformed = {
        let (desk, seen) = (Arc::clone(&desk), Arc::clone(&seen));
        move || {
            let refusal = match seen.fault_of(usize::MAX) {
                Some(fault) => fault.into(),
                None => parameters::malformed_http("its head cannot be read"),
            };
            bare(&desk.driver().refuse(refusal, peer.address, Format::V2))
        }
    };
    let patience = Patience {
        head: Duration::from_secs(limits.header_timeout_s),
        idle: Duration::from_secs(limits.idle_timeout_s),
        write: Duration::from_secs(limits.idle_timeout_s),
    };
    let stream = Patient::new(stream, Arc::clone(&phase), patience);
    let stream = Strict::new(stream, Arc::clone(&seen), limits.head_bytes_max);
    let service = service_fn(move |request| {
        let (driver, phase) = (desk.driver(), Arc::clone(&phase));
        // At once: before the answer's future is polled, hyper looks for more bytes.
        let fault = seen.fault_of(phase.begin());
        async move {
            let response = answer(&driver, request, peer, fault).await;
            phase.end();
            response
        }
    });
    let connection = http1::Builder::new()
        // Patience counts the time.
        .header_read_timeout(None)
        .max_headers(limits.headers_max)
        // The query is part of the head; hyper refuses a buffer below 8 KiB.
        .max_buf_size(limits.head_bytes_max.saturating_add(limits.query_bytes_max).max(8_192))
        .serve_connection(TokioIo::new(Speak::new(stream, malformed)), service);
    // How a connection ends is the client's affair: every call on it has been answered and logged.
    let _ = watcher.watch(connection).await;
}

async fn answer(
    driver: &Arc<Driver>,
    request: Request<Incoming>,
    peer: Peer,
    fault: Option<Fault>,
) -> io::Result<Response<Full<Bytes>>> {
    let accept = request.headers().get(ACCEPT).and_then(|accept| accept.to_str().ok());
    let problem = accept.is_some_and(|accept| accept.contains("application/problem+json"));
    let format = move |dialect: Dialect| if problem { Format::Problem } else { dialect.into() };
    let spoken = spoken(request.uri().path(), request.headers()).dialect(b"");
    // Any 2xx would open a tunnel, and its body would be dropped (RFC 9110, 9.3.6).
    let tunnels = request.method() == Method::CONNECT;
    let read = match fault {
        None => read(driver, request, peer).await,
        Some(fault) => Err(Box::new(fault.into())),
    };
    let (reply, refused) = match read {
        Ok(raw) => {
            let format = format(raw.dialect);
            (driver.answer(raw, format).await, false)
        }
        Err(refusal) => (driver.refuse(*refusal, peer.address, format(spoken)), true),
    };
    if reply.cut {
        // hyper writes nothing and closes.
        return Err(io::ErrorKind::ConnectionAborted.into());
    }
    let mut response = response(reply);
    if tunnels {
        *response.status_mut() = StatusCode::METHOD_NOT_ALLOWED;
    }
    // What was read in another way than a proxy in front of us reads it has no sound end: nothing behind it is
    // taken for another request.
    if refused || tunnels {
        response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
    }
    Ok(response)
}

/// Reads a request into a call.
async fn read(
    driver: &Arc<Driver>,
    request: Request<Incoming>,
    peer: Peer,
) -> Result<RawCall, Box<Refusal>> {
    let arrived = driver.shared.clock.now();
    let request_id = driver.request_id(arrived);
    let (head, body) = request.into_parts();
    let malformed = |what| Box::new(parameters::malformed_http(what));
    for name in head.headers.keys().map(HeaderName::as_str) {
        // A name with an underscore is another name to some servers (RELIABILITY 5).
        if name.contains('_') {
            return Err(malformed("a header name holds `_`"));
        }
        if name.len() > HEADER_NAME_BYTES_MAX {
            return Err(malformed("a header name is longer than 256 bytes"));
        }
    }
    if head.uri.scheme().is_some() {
        return Err(Box::new(protocol::unspoken("a whole URL as the target of the request")));
    }
    let mut hosts = head.headers.get_all(HOST).iter();
    let host = hosts
        .next()
        .map(HeaderValue::to_str)
        .transpose()
        .map_err(|_| malformed("its Host is no text"))?;
    if hosts.next().is_some() {
        return Err(malformed("it has two Host headers"));
    }
    // RFC 9112, 3.2; HTTP/1.0 knows no Host, and is told that no module has such a domain.
    if host.is_none() && head.version == Version::HTTP_11 {
        return Err(malformed("it has no Host header"));
    }
    let host = host.unwrap_or_default().to_owned();
    let method = match head.method {
        Method::GET => RawMethod::Get,
        Method::POST => RawMethod::Post,
        other => RawMethod::Other(other.to_string()),
    };
    let limits = driver.shared.config.limits;
    let asks_first = head.headers.contains_key(EXPECT);
    let within = Duration::from_secs(limits.body_timeout_s);
    let body = whole(body, asks_first, limits.body_bytes_max, within).await;
    let spoken = spoken(head.uri.path(), &head.headers);
    Ok(RawCall {
        request_id,
        arrived,
        transport: peer.transport,
        peer: peer.address,
        dialect: dialect::of(&spoken, head.uri.query(), &body),
        headers: if spoken.is_tc3() { all(&head.headers) } else { Vec::new() },
        method,
        host,
        path: head.uri.path().to_owned(),
        query: head.uri.query().map(str::to_owned),
        content_type: text(&head.headers, &CONTENT_TYPE),
        unspoken: unspoken(&head.headers),
        fault: driver.shared.faults.as_ref().and_then(|_| text(&head.headers, &FAULT)),
        idempotency_key: text(&head.headers, &IDEMPOTENCY_KEY).map(|key| unquoted(&key)),
        body,
    })
}

/// Asks for a fault on purpose; looked at in a sandbox alone.
const FAULT: HeaderName = HeaderName::from_static(sandbox::HEADER);

/// What the head says of the dialect.
fn spoken<'a>(path: &'a str, headers: &'a HeaderMap) -> Head<'a> {
    let authorization = headers.get(AUTHORIZATION).map(|value| value.to_str().unwrap_or_default());
    Head { path, authorization, names_action: headers.contains_key("x-tc-action") }
}

/// All headers, in their order.
fn all(headers: &HeaderMap) -> Vec<(String, String)> {
    let text = |value: &HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
    headers.iter().map(|(name, value)| (name.as_str().to_owned(), text(value))).collect()
}

/// Longest header name (RELIABILITY 5).
const HEADER_NAME_BYTES_MAX: usize = 256;

const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");

/// The header is a string with quotes (draft-ietf-httpapi-idempotency-key-header, 2.1); most clients send it bare.
fn unquoted(key: &str) -> String {
    let inside = key.strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
    inside.unwrap_or(key).to_owned()
}

/// How many times its limit a body is read, to be dropped.
const DROPPED_TIMES_MAX: usize = 8;

/// The body, read to its end.
///
/// Of one that is too large the rest is read and dropped, up to a bound: a client that still writes when the
/// connection closes would never see the answer. One that asks before it sends (`Expect`) is told at once.
async fn whole(body: Incoming, asks_first: bool, bytes_max: usize, within: Duration) -> Body {
    if body.is_end_stream() {
        return Body::Whole(Bytes::new());
    }
    let most = u64::try_from(bytes_max).unwrap_or(u64::MAX);
    if asks_first && body.size_hint().lower() > most {
        return Body::TooLarge { bytes_max };
    }
    let collected = tokio::time::timeout(within, collect(body, bytes_max)).await;
    collected.ok().flatten().unwrap_or(Body::Broken)
}

/// All of a body, or that it is too large; nothing if it ended too early.
async fn collect(mut body: Incoming, bytes_max: usize) -> Option<Body> {
    let mut parts: Vec<Bytes> = Vec::with_capacity(1);
    let mut n_bytes = 0_usize;
    while let Some(frame) = body.frame().await {
        let Ok(data) = frame.ok()?.into_data() else { continue };
        n_bytes = n_bytes.saturating_add(data.len());
        if n_bytes <= bytes_max {
            parts.push(data);
            continue;
        }
        parts.clear();
        if n_bytes > bytes_max.saturating_mul(DROPPED_TIMES_MAX) {
            break;
        }
    }
    if n_bytes > bytes_max {
        return Some(Body::TooLarge { bytes_max });
    }
    // Nearly every body is one frame, which is kept as it came.
    Some(Body::Whole(match parts.pop() {
        Some(only) if parts.is_empty() => only,
        Some(last) => {
            parts.push(last);
            Bytes::from(parts.concat())
        }
        None => Bytes::new(),
    }))
}

fn text(headers: &HeaderMap, name: &HeaderName) -> Option<String> {
    headers.get(name).map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned())
}

/// A feature of HTTP that the request wants and that is not spoken. An Upgrade is only an offer, and may be
/// ignored (RFC 9110, 7.8): some clients offer h2c with every plain request.
fn unspoken(headers: &HeaderMap) -> Option<String> {
    let wants = |name: &HeaderName, but: &str| {
        text(headers, name)
            .filter(|value| !value.eq_ignore_ascii_case(but))
            .map(|value| format!("{name}: {value}"))
    };
    wants(&CONTENT_ENCODING, "identity").or_else(|| wants(&EXPECT, "100-continue"))
}

fn response(reply: Reply) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::from(Bytes::from(reply.body)));
    *response.status_mut() = StatusCode::from_u16(reply.status).unwrap_or(StatusCode::OK);
    let headers = response.headers_mut();
    // Two of ours, those of the reply, and the length and the date that hyper adds.
    headers.reserve(reply.headers.len() + 4);
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(reply.content_type));
    headers.insert(SERVER, HeaderValue::from_static(speak::SERVER));
    headers.extend(reply.headers);
    response
}

/// The whole answer to bytes that are no request, head and body; the connection closes behind it.
pub(super) fn bare(reply: &Reply) -> Vec<u8> {
    let (status, content_type) = (reply.status, reply.content_type);
    let head = format!("HTTP/1.1 {status} OK\r\ncontent-type: {content_type}\r\nserver: ");
    let mut out = head.into_bytes();
    out.extend_from_slice(speak::SERVER.as_bytes());
    for (name, value) in &reply.headers {
        out.extend_from_slice(format!("\r\n{name}: ").as_bytes());
        out.extend_from_slice(value.as_bytes());
    }
    let length = reply.body.len();
    out.extend_from_slice(
        format!("\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n").as_bytes(),
    );
    out.extend_from_slice(&reply.body);
    out
}

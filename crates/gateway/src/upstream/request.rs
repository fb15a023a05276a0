//! The upstream's request: built from covered parameters alone, under identity headers of ours.

use bytes::Bytes;
use faregate_catalog::{Upstream, UpstreamRequest};
use faregate_contract::RequestId;
use faregate_pipeline::operation::Sent;
use http::header::{CONTENT_TYPE, HOST, HeaderMap, HeaderName, HeaderValue};
use http::uri::PathAndQuery;
use http::{Method, Request, Uri};
use http_body_util::Full;

use super::servers::Server;

const REQUEST_ID: HeaderName = HeaderName::from_static("faregate-request-id");
const ACCOUNT: HeaderName = HeaderName::from_static("faregate-account");
const REGION: HeaderName = HeaderName::from_static("faregate-region");
const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");
const TRACEPARENT: HeaderName = HeaderName::from_static("traceparent");

/// One request to a module, for an account.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Question<'a> {
    /// The server that is asked.
    pub(crate) upstream: &'a Upstream,
    pub(crate) request: &'a UpstreamRequest,
    pub(crate) request_id: RequestId,
    /// What the module may tell two requests by; none: the request's id.
    pub(crate) key: Option<&'a str>,
    /// Its place in a batch.
    pub(crate) item: Option<usize>,
    pub(crate) account: &'a str,
    pub(crate) region: Option<&'a str>,
}

impl<'a> Question<'a> {
    /// The request of a call, or of one item of its batch.
    pub(super) fn of(
        sent: &'a Sent,
        request: &'a UpstreamRequest,
        item: Option<usize>,
        server: &'a Server,
    ) -> Self {
        Self {
            upstream: &server.upstream,
            request,
            request_id: sent.raw().request_id,
            key: sent.token(),
            item,
            account: &sent.account().id,
            region: sent.common().region.as_deref(),
        }
    }
}

/// The request in HTTP.
///
/// # Errors
/// A path that cannot stand in a request line; the catalog encodes what it builds, so none is known.
pub(super) fn build(question: &Question<'_>) -> Result<Request<Full<Bytes>>, http::Error> {
    let Question { upstream, request, request_id: id, key, item, account, region } = *question;
    let mut headers = HeaderMap::with_capacity(8);
    headers.insert(HOST, HeaderValue::from_str(&upstream.authority)?);
    let id_value = HeaderValue::from_bytes(&id.text())?;
    let key = match (key, item) {
        (None, None) => id_value.clone(),
        (None, Some(place)) => HeaderValue::try_from(format!("{id}-{place}"))?,
        (Some(token), None) => HeaderValue::from_str(token)?,
        (Some(token), Some(place)) => HeaderValue::try_from(format!("{token}-{place}"))?,
    };
    headers.insert(REQUEST_ID, id_value);
    headers.insert(IDEMPOTENCY_KEY, key);
    headers.insert(TRACEPARENT, traceparent(id.as_bytes())?);
    // A call that nobody signed has none.
    if !account.is_empty() {
        text(&mut headers, ACCOUNT, account);
    }
    if let Some(region) = region {
        text(&mut headers, REGION, region);
    }
    let body = match &request.body {
        None => Full::default(),
        Some(body) => {
            headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
            Full::from(Bytes::copy_from_slice(body))
        }
    };
    let target = format!("{}{}", upstream.base_path, request.path_and_query);
    let mut built = Request::new(body);
    *built.method_mut() = Method::from_bytes(request.method.as_bytes())?;
    *built.uri_mut() = Uri::from(PathAndQuery::try_from(target)?);
    *built.headers_mut() = headers;
    Ok(built)
}

/// `00-<trace id>-<span id>-01` (W3C Trace Context, 3.2): the call's id, and its random half for the span.
fn traceparent(id: &[u8; 16]) -> Result<HeaderValue, http::Error> {
    let mut text = *b"00-tttttttttttttttttttttttttttttttt-ssssssssssssssss-01";
    // The places are as wide as what is written into them.
    if let Some(trace) = text.get_mut(3..35) {
        let _ = hex::encode_to_slice(id, trace);
    }
    if let (Some(span), Some(random)) = (text.get_mut(36..52), id.get(8..)) {
        let _ = hex::encode_to_slice(random, span);
    }
    Ok(HeaderValue::from_bytes(&text)?)
}

/// A header whose value came from outside: one that cannot stand in a header is left out.
fn text(headers: &mut HeaderMap, name: HeaderName, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value) {
        headers.insert(name, value);
    }
}

#[cfg(test)]
mod spec {
    use super::*;

    #[test]
    fn a_traceparent_is_the_id_and_its_random_half() {
        let id = 0xa0a1_a2a3_a4a5_a6a7_a8a9_aaab_acad_aeaf_u128.to_be_bytes();
        assert_eq!(
            traceparent(&id).unwrap(),
            "00-a0a1a2a3a4a5a6a7a8a9aaabacadaeaf-a8a9aaabacadaeaf-01"
        );
    }
}

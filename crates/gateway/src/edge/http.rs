//! One connection, served: heads become calls, answers become bytes.

use std::convert::Infallible;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use faregate_contract::Refusal;
use faregate_contract::envelope::Format;
use faregate_pipeline::call::{Body, RawCall, RawMethod, Transport};
use faregate_pipeline::parameters;
use http::header::{
    ACCEPT, CONTENT_ENCODING, CONTENT_TYPE, EXPECT, HOST, HeaderMap, HeaderName, HeaderValue,
    SERVER, UPGRADE,
};
use http::{Method, Request, Response, StatusCode};
use http_body_util::{BodyExt, Full, LengthLimitError, Limited};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::Watcher;
use tokio::io::{AsyncRead, AsyncWrite};

use super::speak::{self, Speak};
use crate::driver::{Driver, Reply};

/// Who is at the other end, and how.
#[derive(Clone, Copy, Debug)]
pub(super) struct Peer {
    pub(super) address: IpAddr,
    pub(super) transport: Transport,
}

/// Serves a connection until it closes, idles for too long, or the gateway stops.
pub(super) async fn serve<S>(driver: Arc<Driver>, stream: S, peer: Peer, watcher: Watcher)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let limits = driver.shared.config.limits;
    let malformed = {
        let driver = Arc::clone(&driver);
        move || {
            bare(&driver.refuse(
                parameters::malformed_http("its head cannot be read"),
                peer.address,
                Format::V2,
            ))
        }
    };
    let service = service_fn(move |request| {
        let driver = Arc::clone(&driver);
        async move { Ok::<_, Infallible>(answer(&driver, request, peer).await) }
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(Duration::from_secs(limits.idle_timeout_s))
        .max_headers(limits.headers_max)
        .max_buf_size(limits.head_bytes_max.max(8_192))
        .serve_connection(TokioIo::new(Speak::new(stream, malformed)), service);
    // How a connection ends is the client's affair: every call on it has been answered and logged.
    let _ = watcher.watch(connection).await;
}

async fn answer(
    driver: &Arc<Driver>,
    request: Request<Incoming>,
    peer: Peer,
) -> Response<Full<Bytes>> {
    let format = match request.headers().get(ACCEPT).and_then(|accept| accept.to_str().ok()) {
        Some(accept) if accept.contains("application/problem+json") => Format::Problem,
        Some(_) | None => Format::V2,
    };
    let reply = match read(driver, request, peer).await {
        Ok(raw) => driver.answer(raw, format).await,
        Err(refusal) => driver.refuse(*refusal, peer.address, format),
    };
    response(reply)
}

/// Reads a request into a call.
async fn read(
    driver: &Arc<Driver>,
    request: Request<Incoming>,
    peer: Peer,
) -> Result<RawCall, Box<Refusal>> {
    let (request_id, arrived) = (driver.request_id(), driver.shared.clock.now());
    let (head, body) = request.into_parts();
    let malformed = |what| Box::new(parameters::malformed_http(what));
    // A name with an underscore is another name to some servers behind us (RELIABILITY 5).
    if head.headers.keys().any(|name| name.as_str().contains('_')) {
        return Err(malformed("a header name holds `_`"));
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
    let host = host
        .or_else(|| head.uri.authority().map(http::uri::Authority::as_str))
        .unwrap_or_default()
        .to_owned();
    let method = match head.method {
        Method::GET => RawMethod::Get,
        Method::POST => RawMethod::Post,
        other => RawMethod::Other(other.to_string()),
    };
    let limits = driver.shared.config.limits;
    let body = whole(body, limits.body_bytes_max, Duration::from_secs(limits.body_timeout_s)).await;
    Ok(RawCall {
        request_id,
        arrived,
        transport: peer.transport,
        peer: peer.address,
        method,
        host,
        path: head.uri.path().to_owned(),
        query: head.uri.query().map(str::to_owned),
        content_type: text(&head.headers, &CONTENT_TYPE),
        unspoken: unspoken(&head.headers),
        body,
    })
}

async fn whole(body: Incoming, bytes_max: usize, within: Duration) -> Body {
    if hyper::body::Body::is_end_stream(&body) {
        return Body::Whole(Bytes::new());
    }
    match tokio::time::timeout(within, Limited::new(body, bytes_max).collect()).await {
        Ok(Ok(body)) => Body::Whole(body.to_bytes()),
        Ok(Err(e)) if e.is::<LengthLimitError>() => Body::TooLarge { bytes_max },
        Ok(Err(_)) | Err(_) => Body::Broken,
    }
}

fn text(headers: &HeaderMap, name: &HeaderName) -> Option<String> {
    headers.get(name).map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned())
}

/// A feature of HTTP that the request wants and that is not spoken.
fn unspoken(headers: &HeaderMap) -> Option<String> {
    let wants = |name: &HeaderName, but: &str| {
        text(headers, name)
            .filter(|value| !value.eq_ignore_ascii_case(but))
            .map(|value| format!("{name}: {value}"))
    };
    wants(&CONTENT_ENCODING, "identity")
        .or_else(|| wants(&UPGRADE, ""))
        .or_else(|| wants(&EXPECT, "100-continue"))
}

fn response(reply: Reply) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::from(Bytes::from(reply.body)));
    *response.status_mut() = StatusCode::from_u16(reply.status).unwrap_or(StatusCode::OK);
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(reply.content_type));
    headers.insert(SERVER, HeaderValue::from_static(speak::SERVER));
    for (name, value) in reply.headers {
        if let Ok(value) = HeaderValue::from_str(&value) {
            headers.insert(HeaderName::from_static(name), value);
        }
    }
    response
}

/// The whole answer to bytes that are no request, head and body; the connection closes behind it.
fn bare(reply: &Reply) -> Vec<u8> {
    let mut out = format!(
        "HTTP/1.1 {} OK\r\ncontent-type: {}\r\nserver: {}\r\n",
        reply.status,
        reply.content_type,
        speak::SERVER
    );
    for (name, value) in &reply.headers {
        out.push_str(&format!("{name}: {value}\r\n"));
    }
    out.push_str(&format!("content-length: {}\r\nconnection: close\r\n\r\n", reply.body.len()));
    let mut bytes = out.into_bytes();
    bytes.extend_from_slice(&reply.body);
    bytes
}

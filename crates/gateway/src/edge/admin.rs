//! The admin listener: metrics for Prometheus, health and readiness for whoever starts and stops gateways.
//!
//! It only tells: nothing can be changed by way of it, so whoever reaches it can do no harm but read.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::header::{ALLOW, CACHE_CONTROL, CONTENT_TYPE, HeaderValue, SERVER};
use http::{Method, Request, Response, StatusCode};
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::Watcher;
use tokio::io::{AsyncRead, AsyncWrite};

use crate::desk::Desk;
use crate::driver::Driver;
use crate::ops::metrics;

const TEXT: &str = "text/plain; charset=utf-8";

/// How long a head may take.
const HEAD_WITHIN: Duration = Duration::from_secs(30);

pub(super) async fn serve<S>(desk: Arc<Desk>, stream: S, watcher: Watcher)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let service = service_fn(move |request| {
        let driver = desk.driver();
        async move { Ok::<_, Infallible>(answer(&driver, request).await) }
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD_WITHIN)
        .serve_connection(TokioIo::new(stream), service);
    // A reader who goes away loses nothing.
    let _ = watcher.watch(connection).await;
}

async fn answer(driver: &Driver, request: Request<Incoming>) -> Response<Full<Bytes>> {
    if !matches!(*request.method(), Method::GET | Method::HEAD) {
        let mut refused = reply(StatusCode::METHOD_NOT_ALLOWED, TEXT, "Read by GET.\n".to_owned());
        refused.headers_mut().insert(ALLOW, HeaderValue::from_static("GET, HEAD"));
        return refused;
    }
    let shared = &driver.shared;
    match request.uri().path() {
        "/metrics" => {
            reply(StatusCode::OK, metrics::CONTENT_TYPE, shared.metrics.text(shared).await)
        }
        // Alive is whoever answers; what it cannot do is asked of /readyz.
        "/healthz" => reply(StatusCode::OK, TEXT, "alive\n".to_owned()),
        "/readyz" => match shared.stores.healthy().await {
            Ok(()) => reply(StatusCode::OK, TEXT, "ready\n".to_owned()),
            Err(down) => {
                let why = format!("not ready: {}: {}\n", down.store, down.cause);
                reply(StatusCode::SERVICE_UNAVAILABLE, TEXT, why)
            }
        },
        _ => {
            let here = "Here are /metrics, /healthz and /readyz.\n".to_owned();
            reply(StatusCode::NOT_FOUND, TEXT, here)
        }
    }
}

fn reply(status: StatusCode, content_type: &'static str, body: String) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::from(Bytes::from(body)));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(SERVER, HeaderValue::from_static(super::speak::SERVER));
    response
}

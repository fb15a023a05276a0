//! The pages listener: what a renderer makes of a request, under headers that let nothing else in.

use std::convert::Infallible;
use std::future::Future;
use std::net::IpAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use faregate_catalog::Catalog;
use faregate_pipeline::time::Millis;
use http::header::{
    ACCEPT, ACCEPT_LANGUAGE, ALLOW, CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, HOST,
    HeaderName, HeaderValue, ORIGIN, REFERRER_POLICY, SERVER, VARY, X_CONTENT_TYPE_OPTIONS,
};
use http::{Method, Request, Response, StatusCode};
use http_body_util::{BodyExt, Full, Limited};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::Watcher;
use tokio::net::TcpStream;

use crate::config::Config;
use crate::desk::Desk;
use crate::driver::Driver;
use crate::ops::tally::Tally;

/// Makes the pages of the pages listener.
pub type Pages = Arc<dyn Fn(PageRequest) -> PageFuture + Send + Sync>;

/// A page that may have to wait for a store.
pub type PageFuture = Pin<Box<dyn Future<Output = PageReply> + Send>>;

/// What a browser asks for.
#[derive(Debug)]
pub struct PageRequest {
    /// The path, as it was sent.
    pub path: String,
    /// The query, without its question mark.
    pub query: Option<String>,
    /// The `Accept-Language` header.
    pub accept_language: Option<String>,
    /// Who asks.
    pub peer: IpAddr,
    /// When.
    pub now: Millis,
    /// The configuration that is served by now.
    pub config: Arc<Config>,
    /// What its modules offer.
    pub catalog: Arc<Catalog>,
    /// How often each reason was given, where the operator lets readers know.
    pub tally: Option<Arc<Tally>>,
    /// The form that a POST brings; none for a GET.
    pub submission: Option<Submission>,
}

/// A form that was sent, and whence.
#[derive(Clone, Debug, Default)]
pub struct Submission {
    /// The body: `a=b&c=d`.
    pub form: String,
    /// The `Host` header.
    pub host: Option<String>,
    /// The `Origin` header.
    pub origin: Option<String>,
    /// The `Sec-Fetch-Site` header.
    pub fetch_site: Option<String>,
    /// A script asks, and would rather read JSON.
    pub wants_json: bool,
}

/// A page.
#[derive(Clone, Debug)]
pub struct PageReply {
    /// The HTTP status.
    pub status: u16,
    /// The content type.
    pub content_type: String,
    /// The body.
    pub body: Vec<u8>,
    /// Other headers, in lower case.
    pub headers: Vec<(&'static str, String)>,
}

/// Where a page brings no policy of its own, nothing is fetched, run or sent.
const POLICY: &str = "default-src 'none'; base-uri 'none'; frame-ancestors 'none'";

/// Longest form, in bytes: a page's text, percent-encoded.
const FORM_BYTES_MAX: usize = 16 * 1024;

/// Time for a whole form.
const FORM_TIME_MAX: Duration = Duration::from_secs(10);

pub(super) async fn serve(
    pages: Pages,
    desk: Arc<Desk>,
    stream: TcpStream,
    peer: IpAddr,
    watcher: Watcher,
) {
    let service = service_fn(move |request| {
        let (pages, driver) = (Arc::clone(&pages), desk.driver());
        async move { Ok::<_, Infallible>(answer(&pages, &driver, request, peer).await) }
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(Duration::from_secs(30))
        .serve_connection(TokioIo::new(stream), service);
    // A reader who goes away loses nothing.
    let _ = watcher.watch(connection).await;
}

async fn answer(
    pages: &Pages,
    driver: &Driver,
    request: Request<Incoming>,
    peer: IpAddr,
) -> Response<Full<Bytes>> {
    let (head, body) = request.into_parts();
    let header = |name: &HeaderName| {
        head.headers.get(name).and_then(|value| value.to_str().ok()).map(str::to_owned)
    };
    let form = match head.method {
        Method::GET | Method::HEAD => None,
        Method::POST => {
            let body = Limited::new(body, FORM_BYTES_MAX).collect();
            let Ok(Ok(body)) = tokio::time::timeout(FORM_TIME_MAX, body).await else {
                return bare(StatusCode::PAYLOAD_TOO_LARGE, "A form has at most 16 KiB.\n");
            };
            Some(String::from_utf8_lossy(&body.to_bytes()).into_owned())
        }
        _ => {
            let mut refused = bare(StatusCode::METHOD_NOT_ALLOWED, "Pages are read by GET.\n");
            refused.headers_mut().insert(ALLOW, HeaderValue::from_static("GET, HEAD, POST"));
            return refused;
        }
    };
    let shared = &driver.shared;
    let submission = form.map(|form| Submission {
        form,
        host: header(&HOST),
        origin: header(&ORIGIN),
        fetch_site: header(&HeaderName::from_static("sec-fetch-site")),
        wants_json: header(&ACCEPT).is_some_and(|accept| accept.contains("application/json")),
    });
    let request = PageRequest {
        path: head.uri.path().to_owned(),
        query: head.uri.query().map(str::to_owned),
        accept_language: header(&ACCEPT_LANGUAGE),
        peer,
        now: shared.clock.now(),
        config: Arc::clone(&shared.config),
        catalog: Arc::clone(&shared.catalog),
        tally: shared.config.pages_counts.then(|| Arc::clone(&shared.tally)),
        submission,
    };
    response(pages(request).await)
}

fn response(page: PageReply) -> Response<Full<Bytes>> {
    let status = StatusCode::from_u16(page.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut response = empty(status, Bytes::from(page.body));
    let headers = response.headers_mut();
    if let Ok(content_type) = HeaderValue::from_str(&page.content_type) {
        headers.insert(CONTENT_TYPE, content_type);
    }
    for (name, value) in page.headers {
        if let Ok(value) = HeaderValue::from_str(&value) {
            headers.insert(HeaderName::from_static(name), value);
        }
    }
    response
}

fn bare(status: StatusCode, words: &'static str) -> Response<Full<Bytes>> {
    let mut response = empty(status, Bytes::from_static(words.as_bytes()));
    let text = HeaderValue::from_static("text/plain; charset=utf-8");
    response.headers_mut().insert(CONTENT_TYPE, text);
    response
}

fn empty(status: StatusCode, body: Bytes) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::from(body));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(SERVER, HeaderValue::from_static(super::speak::SERVER));
    headers.insert(CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY));
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    // `no-referrer` would make a browser send `Origin: null` with our own forms (Fetch, 3.2).
    headers.insert(REFERRER_POLICY, HeaderValue::from_static("same-origin"));
    headers.insert(VARY, HeaderValue::from_static("accept-language"));
    // A page holds a token that grows old, and counts that grow.
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    response
}

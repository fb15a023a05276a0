//! The module's address: one request out, one answer in, nothing trusted.
//!
//! `send` takes a [`Sent`], which owns the witness of every gate: a request that was not checked cannot be
//! sent. Connections are pooled by worker. Redirects are not followed, no request is sent twice.

use std::time::Duration;

use bytes::Bytes;
use faregate_catalog::UpstreamRequest;
use faregate_pipeline::operation::{Sent, Upstream};
use http::header::{CONTENT_TYPE, HeaderValue, RETRY_AFTER};
use http::request::Builder;
use http::{Request, Response};
use http_body_util::{BodyExt, Full, Limited};
use hyper::body::Incoming;
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::{TokioExecutor, TokioTimer};

/// Most bytes of an answer that are read.
const ANSWER_BYTES_MAX: usize = 8 * 1024 * 1024;

/// Idle connections that are kept, a module and worker.
const IDLE_MAX: usize = 256;

/// A worker's connections to all modules.
#[derive(Clone, Debug)]
pub(crate) struct Upstreams {
    client: Client<HttpConnector, Full<Bytes>>,
}

impl Upstreams {
    pub(crate) fn new() -> Self {
        let mut connector = HttpConnector::new();
        connector.set_nodelay(true);
        connector.set_connect_timeout(Some(Duration::from_secs(2)));
        let client = Client::builder(TokioExecutor::new())
            .pool_timer(TokioTimer::new())
            .pool_idle_timeout(Duration::from_secs(30))
            .pool_max_idle_per_host(IDLE_MAX)
            // Only a request of which no byte was written is tried on another connection: hyper hands it
            // back whole when a pooled connection turns out to be closed.
            .retry_canceled_requests(true)
            .build(connector);
        Self { client }
    }

    /// Sends a call's request, or that of one item of its batch.
    pub(crate) async fn send(
        &self,
        sent: &Sent,
        request: &UpstreamRequest,
        item: Option<usize>,
    ) -> Upstream {
        let timeout_ms = sent.module().upstream.timeout_ms;
        let request = match build(sent, request, item) {
            Ok(request) => request,
            Err(e) => return Upstream::Unreachable(format!("the request cannot be built: {e}")),
        };
        match tokio::time::timeout(Duration::from_millis(timeout_ms), self.exchange(request)).await
        {
            Ok(upstream) => upstream,
            Err(_) => Upstream::Timeout { after_ms: timeout_ms },
        }
    }

    async fn exchange(&self, request: Request<Full<Bytes>>) -> Upstream {
        match self.client.request(request).await {
            Ok(response) => read(response).await,
            Err(e) if e.is_connect() => Upstream::Unreachable(chain(&e)),
            Err(e) => Upstream::Reset(chain(&e)),
        }
    }
}

async fn read(response: Response<Incoming>) -> Upstream {
    let status = response.status().as_u16();
    let retry_after = response.headers().get(RETRY_AFTER).and_then(|value| value.to_str().ok());
    let retry_after_s = retry_after.and_then(|text| text.parse().ok());
    match Limited::new(response.into_body(), ANSWER_BYTES_MAX).collect().await {
        Ok(body) => Upstream::Answered { status, retry_after_s, body: body.to_bytes() },
        Err(e) if e.is::<http_body_util::LengthLimitError>() => {
            Upstream::TooLarge { bytes_max: ANSWER_BYTES_MAX }
        }
        Err(e) => Upstream::Reset(chain(&*e)),
    }
}

/// Built from covered parameters alone; the identity headers are ours, whatever the client sent.
fn build(
    sent: &Sent,
    request: &UpstreamRequest,
    item: Option<usize>,
) -> Result<Request<Full<Bytes>>, http::Error> {
    let upstream = &sent.module().upstream;
    let uri =
        format!("http://{}{}{}", upstream.authority, upstream.base_path, request.path_and_query);
    let id = sent.raw().request_id.to_string();
    let hex = id.replace('-', "");
    let span = hex.get(16..).unwrap_or("0000000000000001");
    let key = item.map_or_else(|| id.clone(), |place| format!("{id}-{place}"));
    let mut builder = Request::builder()
        .method(request.method)
        .uri(uri)
        .header("faregate-request-id", &id)
        .header("idempotency-key", key)
        .header("traceparent", format!("00-{hex}-{span}-01"));
    builder = text(builder, "faregate-account", &sent.account().id);
    if let Some(region) = &sent.common().region {
        builder = text(builder, "faregate-region", region);
    }
    match &request.body {
        None => builder.body(Full::default()),
        Some(body) => builder
            .header(CONTENT_TYPE, "application/json")
            .body(Full::from(Bytes::copy_from_slice(body))),
    }
}

/// A header whose value came from outside: one that cannot stand in a header is left out.
fn text(builder: Builder, name: &'static str, value: &str) -> Builder {
    match HeaderValue::from_str(value) {
        Ok(value) => builder.header(name, value),
        Err(_) => builder,
    }
}

fn chain(error: &dyn std::error::Error) -> String {
    faregate_contract::Detail::chain(error).for_log().unwrap_or_default().to_owned()
}

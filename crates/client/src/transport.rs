//! One call, one connection: TCP, TLS with the module's name, HTTP/1.1.
//!
//! A pooled connection may be closed under a call that is being sent, and nobody could say whether it was executed.

use std::sync::Arc;

use bytes::Bytes;
use faregate_signing::Method;
use http::{HeaderMap, Request, StatusCode};
use http_body_util::{BodyExt, Full, Limited};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use rustls::ClientConfig;
use rustls::pki_types::ServerName;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

use crate::{CallError, Prepared};

/// The largest answer that is read.
const ANSWER_BYTES_MAX: usize = 32 * 1024 * 1024;

/// What came back, as it came.
#[derive(Clone, Debug)]
pub struct Answered {
    /// The HTTP status; 200 for every code in v2.
    pub status: StatusCode,
    /// Retry-After, RateLimit and the others.
    pub headers: HeaderMap,
    /// The answer's bytes.
    pub body: Bytes,
}

impl Answered {
    /// `Retry-After` in whole seconds.
    #[must_use]
    pub fn retry_after_s(&self) -> Option<u64> {
        self.headers.get(http::header::RETRY_AFTER)?.to_str().ok()?.trim().parse().ok()
    }
}

/// Sends a call to the address, over TLS if there is a configuration for it.
pub(crate) async fn send(
    (host, port): (String, u16),
    tls: Option<Arc<ClientConfig>>,
    prepared: &Prepared,
) -> Result<Answered, CallError> {
    let address =
        if host.contains(':') { format!("[{host}]:{port}") } else { format!("{host}:{port}") };
    let unreachable = |cause: String| CallError::Unreachable { address: address.clone(), cause };
    let stream = TcpStream::connect((host.as_str(), port))
        .await
        .map_err(|cause| unreachable(cause.to_string()))?;
    stream.set_nodelay(true).map_err(|cause| unreachable(cause.to_string()))?;
    let Some(config) = tls else { return exchange(stream, &address, prepared).await };
    let name = ServerName::try_from(prepared.host.clone())
        .map_err(|_| CallError::Request(format!("`{}` cannot be a domain", prepared.host)))?;
    let stream = TlsConnector::from(config)
        .connect(name, stream)
        .await
        .map_err(|cause| unreachable(cause.to_string()))?;
    exchange(stream, &address, prepared).await
}

async fn exchange(
    stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
    address: &str,
    prepared: &Prepared,
) -> Result<Answered, CallError> {
    let lost = |cause: &dyn std::error::Error| {
        let cause = cause.source().map_or(cause.to_string(), |source| format!("{cause}: {source}"));
        CallError::Lost { address: address.to_owned(), cause }
    };
    let request = request(prepared)?;
    let (mut sender, connection) =
        http1::handshake(TokioIo::new(stream)).await.map_err(|cause| lost(&cause))?;
    // Ends by itself when the sender is dropped; what goes wrong in it the sender hears too.
    tokio::spawn(async move { drop(connection.await) });
    let response = sender.send_request(request).await.map_err(|cause| lost(&cause))?;
    let (parts, body) = response.into_parts();
    let body = Limited::new(body, ANSWER_BYTES_MAX)
        .collect()
        .await
        .map_err(|cause| lost(&*cause))?
        .to_bytes();
    Ok(Answered { status: parts.status, headers: parts.headers, body })
}

fn request(prepared: &Prepared) -> Result<Request<Full<Bytes>>, CallError> {
    let encoded = prepared.encoded();
    let mut builder = Request::builder()
        .method(prepared.method.as_str())
        .header(http::header::HOST, &prepared.host)
        .header(http::header::USER_AGENT, concat!("faregate/", env!("CARGO_PKG_VERSION")));
    for (name, value) in &prepared.headers {
        builder = builder.header(name, value);
    }
    let path = prepared.path;
    let built = match (prepared.method, &prepared.json) {
        (Method::Get, _) => builder.uri(format!("{path}?{encoded}")).body(Full::default()),
        // Its type stands among the headers, for it is signed.
        (Method::Post, Some(json)) => builder.uri(path).body(Full::from(json.clone())),
        (Method::Post, None) => builder
            .uri(path)
            .header(http::header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .body(Full::from(encoded)),
    };
    built.map_err(|cause| CallError::Request(format!("the call cannot be sent: {cause}")))
}

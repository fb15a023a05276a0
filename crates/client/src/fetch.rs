//! `fetch`: a document from a URL, bounded in size and time. Nothing is signed, no redirect is followed.

use std::path::Path;
use std::time::Duration;

use bytes::Bytes;
use http::header::{ACCEPT, HOST, LOCATION, USER_AGENT};
use http::{Request, StatusCode};
use http_body_util::{BodyExt, Empty, Limited};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use rustls::pki_types::ServerName;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

use crate::trust;

/// How much of whose time may be taken.
#[derive(Clone, Copy, Debug)]
pub struct FetchLimits {
    /// For all of it.
    pub within: Duration,
    /// Longest document.
    pub bytes_max: usize,
}

/// Where a document is.
#[derive(Debug, PartialEq, Eq)]
struct Place<'a> {
    tls: bool,
    /// As it stands in the URL, for `Host`.
    authority: &'a str,
    host: &'a str,
    port: u16,
    path: String,
}

/// Reads the document at an `http://` or `https://` URL; `ca` is trusted in place of the system's certificates.
///
/// # Errors
/// One sentence: what is wrong with the URL, or why it cannot be read.
pub async fn fetch(url: &str, ca: Option<&Path>, limits: FetchLimits) -> Result<Bytes, String> {
    let place = place(url)?;
    tokio::time::timeout(limits.within, read(&place, ca, limits.bytes_max))
        .await
        .unwrap_or_else(|_| Err(format!("no answer within {} s", limits.within.as_secs())))
        .map_err(|why| format!("cannot read {url}: {why}"))
}

fn place(url: &str) -> Result<Place<'_>, String> {
    let wrong = || format!("`{url}` is no URL: write it as `http://127.0.0.1:8000/openapi.json`");
    let (scheme, rest) = url.split_once("://").ok_or_else(wrong)?;
    let tls = match scheme {
        "http" => false,
        "https" => true,
        _ => return Err(wrong()),
    };
    let (authority, path) = match rest.find('/') {
        Some(at) => rest.split_at(at),
        None => (rest, "/"),
    };
    let path = path.split('#').next().unwrap_or_default();
    let usual = if tls { 443 } else { 80 };
    let after_brackets = authority.rsplit_once(']').map_or(authority, |(_, rest)| rest);
    let (host, port) = match after_brackets.rsplit_once(':') {
        Some((_, port)) => {
            let host = authority.strip_suffix(port).and_then(|host| host.strip_suffix(':'));
            (host.ok_or_else(wrong)?, port.parse().map_err(|_| wrong())?)
        }
        None => (authority, usual),
    };
    let host = host.strip_prefix('[').and_then(|v6| v6.strip_suffix(']')).unwrap_or(host);
    let plain = |text: &str| text.bytes().all(|byte| byte.is_ascii_graphic());
    if host.is_empty() || authority.contains('@') || !plain(authority) || !plain(path) {
        return Err(wrong());
    }
    Ok(Place { tls, authority, host, port, path: path.to_owned() })
}

async fn read(place: &Place<'_>, ca: Option<&Path>, bytes_max: usize) -> Result<Bytes, String> {
    let stream = TcpStream::connect((place.host, place.port)).await.map_err(|e| e.to_string())?;
    if !place.tls {
        return exchange(stream, place, bytes_max).await;
    }
    let config = trust::config(ca).map_err(|e| e.to_string())?;
    let name = ServerName::try_from(place.host.to_owned()).map_err(|e| e.to_string())?;
    let tls = TlsConnector::from(config).connect(name, stream).await.map_err(|e| e.to_string())?;
    exchange(tls, place, bytes_max).await
}

async fn exchange(
    stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
    place: &Place<'_>,
    bytes_max: usize,
) -> Result<Bytes, String> {
    let (mut sender, connection) =
        http1::handshake(TokioIo::new(stream)).await.map_err(|e| e.to_string())?;
    // Ends by itself when the sender is dropped; what goes wrong in it the sender hears too.
    tokio::spawn(async move { drop(connection.await) });
    let request = Request::get(place.path.as_str())
        .header(HOST, place.authority)
        .header(USER_AGENT, concat!("faregate/", env!("CARGO_PKG_VERSION")))
        .header(ACCEPT, "application/json, application/yaml, */*;q=0.5")
        .body(Empty::<Bytes>::new())
        .map_err(|e| e.to_string())?;
    let response = sender.send_request(request).await.map_err(|e| e.to_string())?;
    let status = response.status();
    if status.is_redirection() {
        let elsewhere = response.headers().get(LOCATION).and_then(|to| to.to_str().ok());
        return Err(format!("it is elsewhere: name {}", elsewhere.unwrap_or("where it is")));
    }
    if status != StatusCode::OK {
        return Err(format!("it was answered HTTP {status}"));
    }
    let body = Limited::new(response.into_body(), bytes_max).collect().await;
    let body = body.map_err(|cause| {
        let bound = format!("it is longer than {bytes_max} bytes");
        if cause.is::<http_body_util::LengthLimitError>() { bound } else { cause.to_string() }
    })?;
    Ok(body.to_bytes())
}

#[cfg(test)]
mod spec {
    use super::*;

    #[test]
    fn a_place_is_read_from_a_url() {
        for (url, expected) in [
            (
                "http://127.0.0.1:8000/openapi.json",
                Some((false, "127.0.0.1", 8000, "/openapi.json")),
            ),
            ("https://notes.example.com", Some((true, "notes.example.com", 443, "/"))),
            ("http://[::1]:80/a?b=c#d", Some((false, "::1", 80, "/a?b=c"))),
            ("http://[::1]/a", Some((false, "::1", 80, "/a"))),
            ("ftp://a/b", None),
            ("notes.json", None),
            ("http:///a", None),
            ("http://user@host/a", None),
            ("http://host:port/a", None),
            ("http://host/a b", None),
        ] {
            let found = place(url).ok();
            let found = found.as_ref().map(|it| (it.tls, it.host, it.port, it.path.as_str()));
            assert_eq!(found, expected, "{url}");
        }
    }
}

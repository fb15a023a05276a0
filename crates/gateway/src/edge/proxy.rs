//! The CONNECT proxy of the sandbox: unmodified SDKs by `https_proxy` alone (PROTOCOL 6.7).
//!
//! A tunnel to a domain that is known here ends here, in process, at the TLS of the https listener. Nothing
//! else is reached through it: it is no way out.

use std::io;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::driver::Driver;

/// Longest head of a CONNECT request.
const HEAD_BYTES_MAX: usize = 8_192;

/// Reads the CONNECT line; answers 200 if the tunnel may be opened, 403 and an error if not.
pub(super) async fn connect(
    stream: &mut TcpStream,
    driver: &Driver,
    within: Duration,
) -> io::Result<()> {
    let head = tokio::time::timeout(within, head(stream))
        .await
        .unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into()))?;
    match target(&head) {
        Some((host, 443)) if is_known(driver, &host) => {
            stream.write_all(b"HTTP/1.1 200 Connection established\r\n\r\n").await
        }
        Some(_) | None => {
            let body = "This proxy only tunnels to port 443 of the domains of this cloud.\n";
            let answer = format!(
                "HTTP/1.1 403 Forbidden\r\nserver: faregate\r\ncontent-type: text/plain\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}",
                body.len()
            );
            stream.write_all(answer.as_bytes()).await?;
            Err(io::ErrorKind::PermissionDenied.into())
        }
    }
}

/// A tunnel to any name under a base domain is opened: that no module has it is for the gates to say.
fn is_known(driver: &Driver, host: &str) -> bool {
    let config = &driver.shared.config;
    let below =
        |base: &String| host.strip_suffix(base.as_str()).is_some_and(|it| it.ends_with('.'));
    config.base_domains().any(below) || driver.shared.catalog.module_by_domain(host).is_some()
}

/// Byte by byte to the empty line, so that nothing of the tunnel's own bytes is taken.
async fn head(stream: &mut TcpStream) -> io::Result<Vec<u8>> {
    let mut head = Vec::with_capacity(128);
    while !head.ends_with(b"\r\n\r\n") {
        if head.len() == HEAD_BYTES_MAX {
            return Err(io::ErrorKind::InvalidData.into());
        }
        head.push(stream.read_u8().await?);
    }
    Ok(head)
}

/// `CONNECT host:port HTTP/1.x`; Python's has version 1.0 and no Host header.
fn target(head: &[u8]) -> Option<(String, u16)> {
    let mut headers = [httparse::EMPTY_HEADER; 64];
    let mut request = httparse::Request::new(&mut headers);
    if !matches!(request.parse(head), Ok(httparse::Status::Complete(_)))
        || request.method != Some("CONNECT")
    {
        return None;
    }
    let (host, port) = request.path?.rsplit_once(':')?;
    Some((host.to_ascii_lowercase(), port.parse().ok()?))
}

#[cfg(test)]
mod spec {
    use super::target;

    #[test]
    fn a_connect_line_names_a_host_and_a_port_and_nothing_else_does() {
        for (head, named) in [
            ("CONNECT cvm.api.qcloud.com:443 HTTP/1.0\r\n\r\n", Some(("cvm.api.qcloud.com", 443))),
            (
                "CONNECT CVM.api.qcloud.com:443 HTTP/1.1\r\nHost: x\r\n\r\n",
                Some(("cvm.api.qcloud.com", 443)),
            ),
            ("GET http://cvm.api.qcloud.com/ HTTP/1.1\r\n\r\n", None),
            ("CONNECT cvm.api.qcloud.com HTTP/1.1\r\n\r\n", None),
            ("garbage\r\n\r\n", None),
        ] {
            assert_eq!(target(head.as_bytes()), named.map(|(h, p)| (h.to_owned(), p)), "{head}");
        }
    }
}

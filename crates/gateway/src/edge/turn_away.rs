//! One connection too many is told so, with a time to come back, and closed: 6200 `OVERLOAD`.
//!
//! It is not read: whatever it would ask, this is the answer. Over TLS the answer needs a handshake, which costs more
//! than a call; so only a few at a time are told, and the others are closed without a word.

use std::io;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use faregate_contract::envelope::Format;
use faregate_pipeline::availability;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::OwnedSemaphorePermit;

use super::accept::Role;
use super::http;
use super::sniff::sniff;
use crate::driver::Driver;

/// How many connections of a listener a worker turns away with words at once.
pub(super) const AT_ONCE_MAX: usize = 16;

/// How long one may take to be told.
const WITHIN: Duration = Duration::from_secs(2);

/// Tells one, and waits until it has gone; `permit` is its place among those who are told.
pub(super) async fn turn_away(
    stream: TcpStream,
    address: IpAddr,
    role: Role,
    driver: Arc<Driver>,
    permit: OwnedSemaphorePermit,
) {
    let told = async {
        match role {
            Role::Http => tell(stream, &in_the_contract(&driver, address)).await,
            Role::Https(acceptor) => {
                let spoken = sniff(stream, &acceptor, WITHIN).await?;
                tell(spoken, &in_the_contract(&driver, address)).await
            }
            // Neither speaks the contract: to a CONNECT any 2xx would be a tunnel.
            Role::Proxy(_) | Role::Pages(_) | Role::Admin => tell(stream, BUSY).await,
        }
    };
    // Who does not listen is not told.
    let _ = tokio::time::timeout(WITHIN, told).await;
    drop(permit);
}

const BUSY: &[u8] = b"HTTP/1.1 503 Service Unavailable\r\nserver: faregate\r\nretry-after: 1\r\ncontent-length: 0\r\nconnection: close\r\n\r\n";

fn in_the_contract(driver: &Driver, address: IpAddr) -> Vec<u8> {
    http::bare(&driver.refuse(availability::overload("connections"), address, Format::V2))
}

async fn tell(mut stream: impl AsyncRead + AsyncWrite + Unpin, answer: &[u8]) -> io::Result<()> {
    stream.write_all(answer).await?;
    stream.shutdown().await?;
    // A connection that is closed with bytes unread is reset, and a reset may overtake the answer.
    let mut unread = [0; 1_024];
    while stream.read(&mut unread).await? > 0 {}
    Ok(())
}

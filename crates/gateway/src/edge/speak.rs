//! Malformed HTTP is answered in the contract: hyper's own bare 4xx is replaced before it leaves.
//!
//! hyper answers what it cannot parse by itself, without asking the service, and closes. Every head of ours
//! names the server; one of 4xx that does not is hyper's, and our bytes go out in its place.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// The value of our `server` header: the mark of a head that a service made.
pub(super) const SERVER: &str = "faregate";

const MARK: &[u8] = b"server: faregate\r\n";

/// A stream whose bare 4xx answers are replaced.
pub(super) struct Speak<S, F> {
    stream: S,
    /// Makes the whole replacement, head and body.
    instead: F,
    /// What is still to be written in place of hyper's bytes.
    pending: Vec<u8>,
    /// The last write took only a part: the next one begins inside a message, where nothing is a head.
    inside: bool,
}

impl<S, F> std::fmt::Debug for Speak<S, F> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Speak")
    }
}

impl<S, F: Fn() -> Vec<u8>> Speak<S, F> {
    pub(super) fn new(stream: S, instead: F) -> Self {
        Self { stream, instead, pending: Vec::new(), inside: false }
    }
}

fn is_bare(buf: &[u8]) -> bool {
    let refuses = buf.starts_with(b"HTTP/1.1 4") || buf.starts_with(b"HTTP/1.0 4");
    refuses && !buf.windows(MARK.len()).any(|window| window == MARK)
}

impl<S: AsyncWrite + Unpin, F> Speak<S, F> {
    /// Writes what is pending; ready when nothing is.
    fn poll_pending(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        while !self.pending.is_empty() {
            match Pin::new(&mut self.stream).poll_write(cx, &self.pending) {
                Poll::Ready(Ok(0)) => return Poll::Ready(Err(io::ErrorKind::WriteZero.into())),
                Poll::Ready(Ok(n)) => drop(self.pending.drain(..n)),
                Poll::Ready(Err(e)) => return Poll::Ready(Err(e)),
                Poll::Pending => return Poll::Pending,
            }
        }
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncRead + Unpin, F: Unpin> AsyncRead for Speak<S, F> {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_read(cx, buf)
    }
}

impl<S: AsyncWrite + Unpin, F: Fn() -> Vec<u8> + Unpin> AsyncWrite for Speak<S, F> {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        if !this.pending.is_empty() {
            // hyper's own bytes were taken before; they are said to be written, and ours go out.
            std::task::ready!(this.poll_pending(cx))?;
        }
        if !this.inside && is_bare(buf) {
            this.pending = (this.instead)();
            // The rest of it, if not all can go now, goes with the flush that hyper asks for next.
            let _ = this.poll_pending(cx)?;
            return Poll::Ready(Ok(buf.len()));
        }
        let written = std::task::ready!(Pin::new(&mut this.stream).poll_write(cx, buf))?;
        this.inside = written < buf.len();
        Poll::Ready(Ok(written))
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        std::task::ready!(this.poll_pending(cx))?;
        Pin::new(&mut this.stream).poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        std::task::ready!(this.poll_pending(cx))?;
        Pin::new(&mut this.stream).poll_shutdown(cx)
    }
}

#[cfg(test)]
mod spec {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    use super::*;

    /// What the other end of a narrow pipe reads when these are written.
    async fn sent(writes: &[&str]) -> String {
        let (stream, mut client) = tokio::io::duplex(7);
        let mut speak = Speak::new(stream, || b"HTTP/1.1 200 OK\r\n\r\nours".to_vec());
        let write = async {
            for bytes in writes {
                speak.write_all(bytes.as_bytes()).await.unwrap();
            }
            speak.shutdown().await.unwrap();
            drop(speak);
        };
        let mut out = String::new();
        let (_, read) = tokio::join!(write, client.read_to_string(&mut out));
        read.unwrap();
        out
    }

    #[tokio::test]
    async fn a_bare_refusal_is_replaced_whole_and_a_body_never() {
        let bare = "HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\n\r\n";
        assert_eq!(sent(&[bare]).await, "HTTP/1.1 200 OK\r\n\r\nours");
        // Seven bytes go at a time, so that the second part begins as hyper's own head does.
        let body = format!("1234567{bare}");
        assert_eq!(sent(&[&body]).await, body);
        assert_eq!(sent(&["hello", bare]).await, "helloHTTP/1.1 200 OK\r\n\r\nours");
    }

    #[test]
    fn only_a_head_of_4xx_without_our_name_is_hypers_own() {
        for (head, bare) in [
            ("HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\n\r\n", true),
            ("HTTP/1.1 431 Request Header Fields Too Large\r\n\r\n", true),
            ("HTTP/1.1 404 Not Found\r\nserver: faregate\r\n\r\n{}", false),
            ("HTTP/1.1 200 OK\r\n\r\n", false),
            ("{\"HTTP/1.1 4\":1}", false),
        ] {
            assert_eq!(is_bare(head.as_bytes()), bare, "{head}");
        }
    }
}

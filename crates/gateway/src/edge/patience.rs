//! Slow clients hold nothing: a head has a deadline from its first byte, and so has a write that stands still.
//!
//! hyper's own timer counts from the end of the last answer, so it can only be the idle timeout; what a head
//! may take once it has begun (RELIABILITY 5, against Slowloris) is counted here, and so is a client that
//! does not read its answer, which hyper would wait for without end.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Instant, Sleep, sleep_until};

/// Where a connection is: told by its service to its stream.
#[derive(Debug, Default)]
pub(super) struct Phase {
    heads: AtomicUsize,
    answering: AtomicBool,
}

impl Phase {
    /// A head is complete, and this is its number, from 0: what is read from now on is its body.
    pub(super) fn begin(&self) -> usize {
        self.answering.store(true, Ordering::Relaxed);
        self.heads.fetch_add(1, Ordering::Relaxed)
    }

    /// Its answer is made: what is read from now on is the next head.
    pub(super) fn end(&self) {
        self.answering.store(false, Ordering::Relaxed);
    }
}

/// How long a client may take.
#[derive(Clone, Copy, Debug)]
pub(super) struct Patience {
    /// For a head, from its first byte; for the first head, from the connection.
    pub(super) head: Duration,
    /// For a write that does not move.
    pub(super) write: Duration,
}

/// A stream that ends with `TimedOut` when its client is too slow.
#[derive(Debug)]
pub(super) struct Patient<S> {
    stream: S,
    phase: Arc<Phase>,
    patience: Patience,
    /// How many heads were complete when `head_since` was set.
    heads: usize,
    head_since: Option<Instant>,
    head_timer: Option<Pin<Box<Sleep>>>,
    write_timer: Option<Pin<Box<Sleep>>>,
}

impl<S> Patient<S> {
    pub(super) fn new(stream: S, phase: Arc<Phase>, patience: Patience) -> Self {
        Self {
            stream,
            phase,
            patience,
            heads: 0,
            head_since: Some(Instant::now()),
            head_timer: None,
            write_timer: None,
        }
    }

    /// A write that waits is timed, one that moves is not.
    fn timed<T>(&mut self, cx: &mut Context<'_>, poll: Poll<io::Result<T>>) -> Poll<io::Result<T>> {
        if poll.is_ready() {
            self.write_timer = None;
            return poll;
        }
        let within = self.patience.write;
        let timer =
            self.write_timer.get_or_insert_with(|| Box::pin(sleep_until(Instant::now() + within)));
        timer.as_mut().poll(cx).map(|()| Err(io::ErrorKind::TimedOut.into()))
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Patient<S> {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let heads = this.phase.heads.load(Ordering::Relaxed);
        if this.heads != heads {
            (this.heads, this.head_since, this.head_timer) = (heads, None, None);
        }
        let already = buf.filled().len();
        let poll = Pin::new(&mut this.stream).poll_read(cx, buf);
        if this.phase.answering.load(Ordering::Relaxed) {
            return poll;
        }
        if poll.is_ready() {
            if buf.filled().len() > already {
                this.head_since.get_or_insert_with(Instant::now);
            }
            return poll;
        }
        // The timer is made only for a head that did not come in one piece: most do.
        let Some(since) = this.head_since else { return Poll::Pending };
        let within = this.patience.head;
        let timer = this.head_timer.get_or_insert_with(|| Box::pin(sleep_until(since + within)));
        timer.as_mut().poll(cx).map(|()| Err(io::ErrorKind::TimedOut.into()))
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Patient<S> {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        let poll = Pin::new(&mut this.stream).poll_write(cx, buf);
        this.timed(cx, poll)
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let poll = Pin::new(&mut this.stream).poll_flush(cx);
        this.timed(cx, poll)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let poll = Pin::new(&mut this.stream).poll_shutdown(cx);
        this.timed(cx, poll)
    }
}

#[cfg(test)]
mod spec {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    #[tokio::test(start_paused = true)]
    async fn a_head_that_trickles_is_cut_and_an_idle_connection_or_a_slow_body_is_not() {
        let (mut client, server) = tokio::io::duplex(64);
        let phase = Arc::new(Phase::default());
        let patience = Patience { head: 5 * SECOND, write: 60 * SECOND };
        let mut patient = Patient::new(server, Arc::clone(&phase), patience);
        let mut byte = [0];
        client.write_all(b"G").await.unwrap();
        assert_eq!(patient.read(&mut byte).await.unwrap(), 1);
        phase.begin();
        let body = tokio::time::timeout(10 * SECOND, patient.read(&mut byte)).await;
        assert!(body.is_err(), "a body has a limit of its own");
        phase.end();
        let idle = tokio::time::timeout(50 * SECOND, patient.read(&mut byte)).await;
        assert!(idle.is_err(), "an idle connection is hyper's to end");

        let began = Instant::now();
        for _ in 0..3 {
            client.write_all(b"G").await.unwrap();
            assert_eq!(patient.read(&mut byte).await.unwrap(), 1);
            let waited = tokio::time::timeout(SECOND, patient.read(&mut byte)).await;
            assert!(waited.is_err());
        }
        let cut = patient.read(&mut byte).await.unwrap_err();
        assert_eq!((cut.kind(), began.elapsed().as_secs()), (io::ErrorKind::TimedOut, 5));
    }

    #[tokio::test(start_paused = true)]
    async fn a_client_that_does_not_read_is_let_go() {
        let (_client, server) = tokio::io::duplex(4);
        let patience = Patience { head: SECOND, write: 60 * SECOND };
        let mut patient = Patient::new(server, Arc::default(), patience);
        let began = Instant::now();
        let refused = patient.write_all(b"an answer").await.unwrap_err();
        assert_eq!((refused.kind(), began.elapsed().as_secs()), (io::ErrorKind::TimedOut, 60));
    }
}

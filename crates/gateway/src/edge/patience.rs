//! Slow clients hold nothing: a connection may idle for so long, a head has a deadline from its first byte
//! (RELIABILITY 5, against Slowloris), and so has a write that stands still.
//!
//! hyper counts but a head, from the end of the last answer on, and sets a timer for each; here a connection has
//! one alarm for all of its life.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Instant, Sleep, sleep_until};

use crate::alarm::Alarm;

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
    /// Between an answer and the first byte of the next head.
    pub(super) idle: Duration,
    /// For a write that does not move.
    pub(super) write: Duration,
}

/// A stream that ends with `TimedOut` when its client is too slow.
#[derive(Debug)]
pub(super) struct Patient<S> {
    stream: S,
    phase: Arc<Phase>,
    patience: Patience,
    /// How many heads were complete when `waits` was set.
    heads: usize,
    waits: Wait,
    alarm: Alarm,
    write_timer: Option<Pin<Box<Sleep>>>,
}

/// What the next bytes are, and how long they are waited for.
#[derive(Clone, Copy, Debug)]
enum Wait {
    /// The first byte of a head; when that began is looked up once it has to be waited for.
    Idle(Option<Instant>),
    /// The rest of a head.
    Head(Instant),
}

impl<S> Patient<S> {
    pub(super) fn new(stream: S, phase: Arc<Phase>, patience: Patience) -> Self {
        Self {
            stream,
            phase,
            patience,
            heads: 0,
            waits: Wait::Head(Instant::now()),
            alarm: Alarm::default(),
            write_timer: None,
        }
    }

    /// Is a call under way, so that its own limits count; else the next head is waited for.
    fn is_answering(&mut self) -> bool {
        let heads = self.phase.heads.load(Ordering::Relaxed);
        if self.heads != heads {
            (self.heads, self.waits) = (heads, Wait::Idle(None));
        }
        self.phase.answering.load(Ordering::Relaxed)
    }

    /// Ready when the client has had its time.
    fn poll_patience(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let until = match self.waits {
            Wait::Head(since) => since + self.patience.head,
            Wait::Idle(Some(since)) => since + self.patience.idle,
            Wait::Idle(None) => {
                let since = Instant::now();
                self.waits = Wait::Idle(Some(since));
                since + self.patience.idle
            }
        };
        self.alarm.poll(cx, until)
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
        let answering = this.is_answering();
        let already = buf.filled().len();
        let poll = Pin::new(&mut this.stream).poll_read(cx, buf);
        if answering {
            return poll;
        }
        if poll.is_ready() {
            if buf.filled().len() > already
                && let Wait::Idle(_) = this.waits
            {
                this.waits = Wait::Head(Instant::now());
            }
            return poll;
        }
        this.poll_patience(cx).map(|()| match this.waits {
            // Nothing is cut short: an end, as if the client had closed, so that TLS says goodbye as it should.
            Wait::Idle(_) => Ok(()),
            Wait::Head(_) => Err(io::ErrorKind::TimedOut.into()),
        })
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
        if poll.is_ready() && !this.is_answering() {
            // hyper does not ask to read again when it found nothing during the call: it is woken by this.
            let _ = this.poll_patience(cx);
        }
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
    async fn a_head_that_trickles_and_an_idle_connection_are_cut_and_a_slow_body_is_not() {
        let (mut client, server) = tokio::io::duplex(64);
        let phase = Arc::new(Phase::default());
        let patience = Patience { head: 5 * SECOND, idle: 60 * SECOND, write: 60 * SECOND };
        let mut patient = Patient::new(server, Arc::clone(&phase), patience);
        let mut byte = [0];
        client.write_all(b"G").await.unwrap();
        assert_eq!(patient.read(&mut byte).await.unwrap(), 1);
        phase.begin();
        let body = tokio::time::timeout(10 * SECOND, patient.read(&mut byte)).await;
        assert!(body.is_err(), "a body has a limit of its own");
        phase.end();
        let idle = tokio::time::timeout(50 * SECOND, patient.read(&mut byte)).await;
        assert!(idle.is_err(), "an idle connection has 60 s");

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
    async fn calls_put_the_end_of_an_idle_connection_off() {
        let (mut client, server) = tokio::io::duplex(64);
        let phase = Arc::new(Phase::default());
        let patience = Patience { head: 5 * SECOND, idle: 60 * SECOND, write: 60 * SECOND };
        let mut patient = Patient::new(server, Arc::clone(&phase), patience);
        let (began, mut byte) = (Instant::now(), [0]);
        for _ in 0..4 {
            client.write_all(b"G").await.unwrap();
            assert_eq!(patient.read(&mut byte).await.unwrap(), 1);
            phase.begin();
            phase.end();
            let idle = tokio::time::timeout(40 * SECOND, patient.read(&mut byte)).await;
            assert!(idle.is_err(), "each call gives it 60 s anew");
        }
        let n_read = patient.read(&mut byte).await.unwrap();
        // The last call came after 120 s.
        assert_eq!((n_read, began.elapsed().as_secs()), (0, 180), "an end, and no error");
    }

    #[tokio::test(start_paused = true)]
    async fn a_client_that_does_not_read_is_let_go() {
        let (_client, server) = tokio::io::duplex(4);
        let patience = Patience { head: SECOND, idle: SECOND, write: 60 * SECOND };
        let mut patient = Patient::new(server, Arc::default(), patience);
        let began = Instant::now();
        let refused = patient.write_all(b"an answer").await.unwrap_err();
        assert_eq!((refused.kind(), began.elapsed().as_secs()), (io::ErrorKind::TimedOut, 60));
    }
}

//! One connection to a module, driven by the call that uses it.
//!
//! hyper's client wants its connection polled by a task of its own, which costs a call two wake-ups and two
//! trips through channels between tasks. Here the call itself polls both halves: between calls nobody does,
//! and what happened meanwhile is seen when the connection is taken out of its pool.

use std::future::Future;
use std::pin::{Pin, pin};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http::header::RETRY_AFTER;
use http::{Request, Response};
use http_body_util::Full;
use hyper::body::{Body as _, Incoming};
use hyper::client::conn::http1::{self, SendRequest};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tokio::time::Instant;

use faregate_pipeline::operation::Upstream;

use crate::alarm::Alarm;
use crate::clock;

/// Most bytes of an answer that are read.
const ANSWER_BYTES_MAX: usize = 8 * 1024 * 1024;

type Body = Full<Bytes>;

/// How long an exchange may take.
#[derive(Clone, Copy, Debug)]
pub(super) struct Deadline {
    until: Instant,
    after_ms: u64,
}

impl Deadline {
    /// From now on.
    pub(super) fn after_ms(after_ms: u64) -> Self {
        Self { until: clock::of_timers() + Duration::from_millis(after_ms), after_ms }
    }

    /// How much is left.
    pub(super) fn left(self) -> Duration {
        self.until.saturating_duration_since(clock::of_timers())
    }
}

/// A connection, and what drives it.
#[derive(Debug)]
pub(super) struct Connection {
    sender: SendRequest<Body>,
    wire: Wire,
}

/// hyper's half that reads and writes.
#[derive(Debug)]
struct Wire {
    connection: http1::Connection<TokioIo<TcpStream>, Body>,
    ended: bool,
    alarm: Alarm,
}

impl Wire {
    /// Reads and writes what can be; a connection that ended is not polled again.
    fn advance(&mut self, cx: &mut Context<'_>) {
        // Why it ended is told to whoever waits for an answer on it.
        self.ended = self.ended || Pin::new(&mut self.connection).poll(cx).is_ready();
    }

    /// Polls `ask` and the connection in turn, until neither can go on.
    ///
    /// What `ask` waits for is made by the connection alone, which is polled right here: it needs no waker.
    ///
    /// # Errors
    /// [`Upstream::Timeout`] once the deadline has come.
    async fn within<T>(
        &mut self,
        deadline: Deadline,
        mut ask: impl FnMut(&mut Context<'_>) -> Poll<T>,
    ) -> Result<T, Upstream> {
        std::future::poll_fn(|cx| {
            let quiet = &mut Context::from_waker(Waker::noop());
            if let Poll::Ready(made) = ask(quiet) {
                return Poll::Ready(Ok(made));
            }
            self.advance(cx);
            if let Poll::Ready(made) = ask(quiet) {
                return Poll::Ready(Ok(made));
            }
            let rings = self.alarm.poll(cx, deadline.until);
            rings.map(|()| Err(Upstream::Timeout { after_ms: deadline.after_ms }))
        })
        .await
    }
}

impl Connection {
    pub(super) async fn open(stream: TcpStream) -> hyper::Result<Self> {
        let (sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
        let mut opened =
            Self { sender, wire: Wire { connection, ended: false, alarm: Alarm::default() } };
        // hyper takes a request only from a connection that has asked for one.
        opened.settle();
        Ok(opened)
    }

    /// Lets the connection come to rest; true if it can take a request.
    pub(super) fn settle(&mut self) -> bool {
        self.wire.advance(&mut Context::from_waker(Waker::noop()));
        !self.wire.ended && self.sender.is_ready()
    }

    /// Sends a request and reads its answer.
    ///
    /// # Errors
    /// The request itself, of which no byte was written.
    pub(super) async fn exchange(
        &mut self,
        request: Request<Body>,
        deadline: Deadline,
    ) -> Result<Upstream, Request<Body>> {
        let Self { sender, wire } = self;
        let mut sending = pin!(sender.try_send_request(request));
        match wire.within(deadline, |cx| sending.as_mut().poll(cx)).await {
            Err(late) => Ok(late),
            Ok(Ok(response)) => {
                Ok(read(wire, response, deadline).await.unwrap_or_else(|failed| failed))
            }
            Ok(Err(mut failed)) => match failed.take_message() {
                Some(request) => Err(request),
                None => Ok(Upstream::Reset(super::chain(failed.error()))),
            },
        }
    }
}

/// Reads an answer to its end.
///
/// # Errors
/// What became of it in place of a whole answer.
async fn read(
    wire: &mut Wire,
    response: Response<Incoming>,
    deadline: Deadline,
) -> Result<Upstream, Upstream> {
    let status = response.status().as_u16();
    let retry_after = response.headers().get(RETRY_AFTER).and_then(|value| value.to_str().ok());
    let retry_after_s = retry_after.and_then(|text| text.parse().ok());
    let mut body = response.into_body();
    let mut whole = Bytes::new();
    let mut joined = BytesMut::new();
    while let Some(frame) = wire.within(deadline, |cx| Pin::new(&mut body).poll_frame(cx)).await? {
        let frame = frame.map_err(|e| Upstream::Reset(super::chain(&e)))?;
        let data = frame.into_data().unwrap_or_default();
        if whole.len() + joined.len() + data.len() > ANSWER_BYTES_MAX {
            return Err(Upstream::TooLarge { bytes_max: ANSWER_BYTES_MAX });
        }
        // Nearly every answer is one frame, which is kept as it came.
        if whole.is_empty() && joined.is_empty() {
            whole = data;
        } else {
            joined.extend_from_slice(&std::mem::take(&mut whole));
            joined.extend_from_slice(&data);
        }
    }
    let body = if joined.is_empty() { whole } else { joined.freeze() };
    Ok(Upstream::Answered { status, retry_after_s, body })
}

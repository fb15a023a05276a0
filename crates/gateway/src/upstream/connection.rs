//! One connection to a module, driven by the call that uses it.
//!
//! hyper's client wants its connection polled by a task of its own, which costs a call two wake-ups and two
//! trips through channels between tasks. Here the call itself polls both halves: between calls nobody does,
//! and what happened meanwhile is seen when the connection is taken out of its pool.

use std::future::Future;
use std::pin::{Pin, pin};
use std::task::{Context, Poll, Waker};

use bytes::{Bytes, BytesMut};
use http::header::RETRY_AFTER;
use http::{Request, Response};
use http_body_util::Full;
use hyper::body::{Body as _, Incoming};
use hyper::client::conn::http1::{self, SendRequest};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

use faregate_pipeline::operation::Upstream;

/// Most bytes of an answer that are read.
const ANSWER_BYTES_MAX: usize = 8 * 1024 * 1024;

type Body = Full<Bytes>;

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
    fn until<T>(
        &mut self,
        cx: &mut Context<'_>,
        mut ask: impl FnMut(&mut Context<'_>) -> Poll<T>,
    ) -> Poll<T> {
        let quiet = &mut Context::from_waker(Waker::noop());
        if let ready @ Poll::Ready(_) = ask(quiet) {
            return ready;
        }
        self.advance(cx);
        ask(quiet)
    }
}

impl Connection {
    pub(super) async fn open(stream: TcpStream) -> hyper::Result<Self> {
        let (sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
        let mut opened = Self { sender, wire: Wire { connection, ended: false } };
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
    ) -> Result<Upstream, Request<Body>> {
        let Self { sender, wire } = self;
        let mut sending = pin!(sender.try_send_request(request));
        let answered =
            std::future::poll_fn(|cx| wire.until(cx, |cx| sending.as_mut().poll(cx))).await;
        match answered {
            Ok(response) => Ok(read(wire, response).await),
            Err(mut failed) => match failed.take_message() {
                Some(request) => Err(request),
                None => Ok(Upstream::Reset(super::chain(failed.error()))),
            },
        }
    }
}

async fn read(wire: &mut Wire, response: Response<Incoming>) -> Upstream {
    let status = response.status().as_u16();
    let retry_after = response.headers().get(RETRY_AFTER).and_then(|value| value.to_str().ok());
    let retry_after_s = retry_after.and_then(|text| text.parse().ok());
    let mut body = response.into_body();
    let mut whole = Bytes::new();
    let mut joined = BytesMut::new();
    loop {
        let frame =
            std::future::poll_fn(|cx| wire.until(cx, |cx| Pin::new(&mut body).poll_frame(cx)));
        let data = match frame.await {
            None => break,
            Some(Err(e)) => return Upstream::Reset(super::chain(&e)),
            Some(Ok(frame)) => frame.into_data().unwrap_or_default(),
        };
        if whole.len() + joined.len() + data.len() > ANSWER_BYTES_MAX {
            return Upstream::TooLarge { bytes_max: ANSWER_BYTES_MAX };
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
    Upstream::Answered { status, retry_after_s, body }
}

//! The module's address: one request out, one answer in, nothing trusted.
//!
//! `send` takes a [`Sent`], which owns the witness of every gate: a request that was not checked cannot be
//! sent. Connections are pooled by worker. Redirects are not followed, no request is sent twice.

mod connection;
mod pool;
mod request;
pub(crate) mod servers;

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use faregate_catalog::UpstreamRequest;
use faregate_pipeline::operation::{Sent, Upstream};
use http::Request;
use http_body_util::Full;
use tokio::net::TcpStream;
use tokio::task::AbortHandle;

use crate::clock::Stopwatch;
use connection::{Connection, Deadline};
use pool::Pool;
pub(crate) use request::Question;
use servers::Server;

/// How long a connection may take to open.
const CONNECT_WITHIN: Duration = Duration::from_secs(2);

/// How often idle connections are looked through.
const SWEEP_EVERY: Duration = Duration::from_secs(10);

/// A worker's connections to all modules.
#[derive(Debug)]
pub(crate) struct Upstreams {
    pool: Arc<Pool>,
    sweeper: AbortHandle,
}

impl Drop for Upstreams {
    fn drop(&mut self) {
        // A worker that ends waits for its tasks.
        self.sweeper.abort();
    }
}

impl Upstreams {
    /// With no connection yet; made inside its worker's runtime, where idle ones are dropped in time.
    pub(crate) fn new(stopwatch: Stopwatch) -> Self {
        let pool = Arc::new(Pool::new(stopwatch));
        let swept = Arc::clone(&pool);
        let sweeper = tokio::spawn(async move {
            loop {
                tokio::time::sleep(SWEEP_EVERY).await;
                swept.sweep();
            }
        });
        Self { pool, sweeper: sweeper.abort_handle() }
    }

    /// Sends a call's request, or that of one item of its batch.
    pub(crate) async fn send(
        &self,
        sent: &Sent,
        request: &UpstreamRequest,
        item: Option<usize>,
        server: &Server,
    ) -> Upstream {
        self.put(&Question::of(sent, request, item, server)).await
    }

    /// Sends one request for an account.
    pub(crate) async fn put(&self, question: &Question<'_>) -> Upstream {
        self.put_within(question, question.upstream.timeout_ms).await
    }

    /// The same, for whoever waits less than the module's whole time.
    pub(crate) async fn put_within(&self, question: &Question<'_>, within_ms: u64) -> Upstream {
        let request = match request::build(question) {
            Ok(request) => request,
            Err(e) => return Upstream::Unreachable(format!("the request cannot be built: {e}")),
        };
        let authority = &question.upstream.authority;
        self.exchange(authority, request, Deadline::after_ms(within_ms)).await
    }

    async fn exchange(
        &self,
        authority: &str,
        mut request: Request<Full<Bytes>>,
        deadline: Deadline,
    ) -> Upstream {
        loop {
            let pooled = self.pool.take(authority);
            let is_new = pooled.is_none();
            let mut connection = match pooled {
                Some(connection) => connection,
                // Boxed: opening takes more room than all the rest, and is seldom needed.
                None => match Box::pin(open(authority, deadline.left())).await {
                    Ok(connection) => connection,
                    Err(why) => return Upstream::Unreachable(why),
                },
            };
            match connection.exchange(request, deadline).await {
                Ok(upstream) => return self.done(authority, connection, upstream),
                // Only a request of which no byte was written is tried on another connection: hyper hands
                // it back whole when a pooled one turns out to be closed.
                Err(unsent) if !is_new => request = unsent,
                Err(_) => return Upstream::Unreachable("it closed at once".to_owned()),
            }
        }
    }

    fn done(&self, authority: &str, connection: Box<Connection>, upstream: Upstream) -> Upstream {
        if let Upstream::Answered { .. } = upstream {
            self.pool.put(authority, connection);
        }
        upstream
    }
}

/// A new connection; one that takes longer is as good as none, since nothing was sent on it.
async fn open(authority: &str, left: Duration) -> Result<Box<Connection>, String> {
    let within = CONNECT_WITHIN.min(left);
    let connecting = tokio::time::timeout(within, TcpStream::connect(with_port(authority)));
    let stream = match connecting.await {
        Ok(Ok(stream)) => stream,
        Ok(Err(e)) => return Err(chain(&e)),
        Err(_) => return Err(format!("no connection within {} ms", within.as_millis())),
    };
    // Small requests must not wait for an acknowledgement; a kernel that refuses is only slower.
    let _ = stream.set_nodelay(true);
    Connection::open(stream).await.map(Box::new).map_err(|e| chain(&e))
}

/// The address to connect to: HTTP's own port where none is named (RFC 9110, 4.2.1).
fn with_port(authority: &str) -> String {
    let after_brackets = authority.rsplit_once(']').map_or(authority, |(_, rest)| rest);
    if after_brackets.contains(':') { authority.to_owned() } else { format!("{authority}:80") }
}

fn chain(error: &dyn std::error::Error) -> String {
    faregate_contract::Detail::chain(error).for_log().unwrap_or_default().to_owned()
}

#[cfg(test)]
mod spec;

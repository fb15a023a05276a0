//! Listens on loopback and serves HTTP/1.1 until it is told to end.

use std::convert::Infallible;
use std::future::Future;
use std::io::Write;
use std::net::Ipv4Addr;
use std::path::Path;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;
use tokio::task::JoinSet;

use crate::Error;
use crate::api::Api;

/// Serves on the listener, with what it knows in the folder `data`, until the future `until` is ready.
///
/// Connections still open then are dropped; a transaction is never cut in two by it.
///
/// # Errors
/// When `compute.db` in `data` cannot be opened.
pub async fn serve(
    listener: TcpListener,
    data: &Path,
    until: impl Future<Output = ()>,
) -> Result<(), Error> {
    answer_all(listener, Api::open(data)?, until).await;
    Ok(())
}

async fn answer_all(listener: TcpListener, api: Api, until: impl Future<Output = ()>) {
    let api = Arc::new(api);
    let mut connections = JoinSet::new();
    let mut until = pin!(until);
    loop {
        tokio::select! {
            () = &mut until => return,
            Some(_) = connections.join_next() => {}
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => {
                    connections.spawn(connection(stream, Arc::clone(&api)));
                }
                // Out of file descriptors, mostly: those that close meanwhile make room.
                Err(_) => tokio::time::sleep(Duration::from_millis(50)).await,
            },
        }
    }
}

async fn connection(stream: TcpStream, api: Arc<Api>) {
    // Small answers: waiting for more to send would cost 40 ms on a connection that is kept alive.
    if stream.set_nodelay(true).is_err() {
        return;
    }
    let service = service_fn(|request| {
        let api = &api;
        async move { Ok::<_, Infallible>(api.answer(request).await) }
    });
    // No timeout on idle connections: the only peer is a gateway whose pool decides when to close, and
    // closing under it would lose a purchase that is on its way.
    let served = http1::Builder::new()
        .header_read_timeout(None)
        .serve_connection(TokioIo::new(stream), service)
        .await;
    // A peer that went away in the middle is its own affair, and there is nobody to tell.
    drop(served);
}

/// Serves on a free loopback port: [`run_at`] with port 0.
///
/// # Errors
/// As [`run_at`].
pub fn run(data: &Path) -> Result<(), Error> {
    run_at(data, 0)
}

/// Serves on a loopback port (0 is a free one), says `listening 127.0.0.1:PORT` in one line on standard output,
/// and returns when standard input closes, so that the service never outlives whoever started it.
///
/// # Errors
/// When the port cannot be bound, the line not be written, or `compute.db` in `data` not be opened.
pub fn run_at(data: &Path, port: u16) -> Result<(), Error> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let (closed, until) = oneshot::channel::<()>();
    // A thread of its own: standard input cannot be polled everywhere, and a blocked read must not hold up an exit.
    std::thread::Builder::new().name("stdin".to_owned()).spawn(move || {
        let ended = std::io::copy(&mut std::io::stdin().lock(), &mut std::io::sink());
        drop((ended, closed));
    })?;
    runtime.block_on(async {
        // Opened before the line is printed: whoever has read the line can rely on the service.
        let api = Api::open(data)?;
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await?;
        say(&format!("listening {}", listener.local_addr()?))?;
        answer_all(listener, api, async {
            // Dropping the sender is the signal.
            let _closed = until.await;
        })
        .await;
        Ok(())
    })
}

/// One line, at once: whoever started the service waits for it.
fn say(line: &str) -> std::io::Result<()> {
    let mut out = std::io::stdout().lock();
    writeln!(out, "{line}")?;
    out.flush()
}

//! The floor: the least that a proxy on hyper can do. No gate, no log, no limit, no retry.
//!
//! `floor LISTEN UPSTREAM`: one thread, one runtime; each client connection has an upstream connection of its own,
//! made at its first request. What Faregate costs beyond this is ours; what this costs beyond nginx is hyper's.
#![expect(clippy::print_stderr, reason = "a tool of the bench, run by people")]

use std::cell::RefCell;
use std::io;
use std::process::ExitCode;
use std::rc::Rc;

use hyper::body::Incoming;
use hyper::client::conn::http1::SendRequest;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use tokio::net::{TcpListener, TcpStream};

// The allocator of the product.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [listen, upstream] = arguments.as_slice() else {
        eprintln!("usage: floor LISTEN UPSTREAM");
        return ExitCode::from(2);
    };
    let ended =
        tokio::runtime::Builder::new_current_thread().enable_all().build().and_then(|runtime| {
            tokio::task::LocalSet::new()
                .block_on(&runtime, serve(listen, Rc::from(upstream.as_str())))
        });
    match ended {
        Ok(()) => ExitCode::SUCCESS,
        Err(e) => {
            eprintln!("floor: {e}");
            ExitCode::FAILURE
        }
    }
}

async fn serve(listen: &str, upstream: Rc<str>) -> io::Result<()> {
    let listener = TcpListener::bind(listen).await?;
    loop {
        let (client, _) = listener.accept().await?;
        client.set_nodelay(true)?;
        let (upstream, idle) = (Rc::clone(&upstream), Rc::new(RefCell::new(None)));
        let service = service_fn(move |request| {
            let (upstream, idle) = (Rc::clone(&upstream), Rc::clone(&idle));
            async move { forward(request, &upstream, &idle).await }
        });
        let connection = hyper::server::conn::http1::Builder::new()
            .serve_connection(TokioIo::new(client), service);
        // A client that breaks its connection is the load's matter: it counts what was answered.
        tokio::task::spawn_local(async move { drop(connection.await) });
    }
}

type Idle = RefCell<Option<SendRequest<Incoming>>>;

async fn forward(
    request: Request<Incoming>,
    upstream: &str,
    idle: &Idle,
) -> io::Result<Response<Incoming>> {
    let kept = idle.borrow_mut().take().filter(|sender| !sender.is_closed());
    let mut sender = match kept {
        Some(sender) => sender,
        None => connect(upstream).await?,
    };
    sender.ready().await.map_err(io::Error::other)?;
    let response = sender.send_request(request).await.map_err(io::Error::other)?;
    idle.replace(Some(sender));
    Ok(response)
}

async fn connect(upstream: &str) -> io::Result<SendRequest<Incoming>> {
    let stream = TcpStream::connect(upstream).await?;
    stream.set_nodelay(true)?;
    let (sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream))
        .await
        .map_err(io::Error::other)?;
    tokio::task::spawn_local(async move { drop(connection.await) });
    Ok(sender)
}

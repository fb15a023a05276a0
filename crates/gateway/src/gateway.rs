//! `Gateway::start`: binds everything, then starts the workers; `Running::stop` lets them finish.

use std::fmt;
use std::io;
use std::net::{SocketAddr, TcpListener};
use std::path::PathBuf;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use faregate_catalog::Catalog;
use faregate_stores::Stores;
use socket2::{Domain, Protocol, Socket, Type};
use tokio::sync::watch;

use crate::config::Config;
use crate::desk::Desk;
use crate::doubts;
use crate::driver::Driver;
use crate::edge::accept::{Crowd, Role, accept};
use crate::edge::pages::Pages;
use crate::edge::tls::{self, Certificates};
use crate::ops::clock_steps;
use crate::reload::{Control, socket};
use crate::shared::Shared;

/// Why a gateway did not start: the key of the configuration, and the cause.
#[derive(Debug)]
pub struct StartError {
    what: String,
    cause: io::Error,
}

impl fmt::Display for StartError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.what, self.cause)
    }
}

impl std::error::Error for StartError {}

fn fails(what: impl Into<String>) -> impl FnOnce(io::Error) -> StartError {
    let what = what.into();
    move |cause| StartError { what, cause }
}

/// A gateway that is yet to start.
#[derive(Debug)]
pub struct Gateway;

/// A gateway at work.
#[derive(Debug)]
pub struct Running {
    /// Where it speaks TLS.
    pub https: Option<SocketAddr>,
    /// Where it speaks plain HTTP.
    pub http: Option<SocketAddr>,
    /// Where its CONNECT proxy listens.
    pub proxy: Option<SocketAddr>,
    /// Where its pages are.
    pub pages: Option<SocketAddr>,
    /// Where its metrics are.
    pub admin: Option<SocketAddr>,
    /// The local CA's certificate, if it made one.
    pub ca: Option<PathBuf>,
    control: Arc<Control>,
    stop: watch::Sender<bool>,
    workers: Vec<JoinHandle<()>>,
}

/// Most connections that wait to be accepted; the kernel may hold fewer.
const QUEUE_MAX: i32 = 4_096;

/// How often a worker that ends looks for what is still under way.
const ALIVE_EVERY: Duration = Duration::from_millis(5);

struct Door {
    name: &'static str,
    listener: TcpListener,
    role: Role,
    /// Each has its own: a crowd at the pages keeps no call out.
    crowd: Arc<Crowd>,
}

impl Gateway {
    /// Binds every listener of the configuration, then starts one thread a core.
    ///
    /// # Errors
    /// An address that cannot be bound, a certificate that cannot be read: named, before anything starts.
    pub fn start(
        mut config: Config,
        catalog: Catalog,
        stores: Stores,
        pages: Option<Pages>,
    ) -> Result<Running, StartError> {
        crate::sandbox::settle(&config, &stores)
            .map_err(|cause| fails("data")(io::Error::other(cause)))?;
        // Before any port opens: who sees the port finds the CA's certificate.
        let certificates =
            Certificates::load(&config, tls::names(&config, &catalog)).map_err(fails("tls"))?;
        let acceptor = certificates.acceptor().map_err(fails("tls"))?;
        let ca = tls::ca(&config);
        let bind = |key: &str,
                    address: Option<SocketAddr>|
         -> Result<Option<(TcpListener, SocketAddr)>, StartError> {
            let Some(address) = address else { return Ok(None) };
            let failed = || fails(format!("listen.{key} = \"{address}\""));
            let listener = listen(address).map_err(failed())?;
            let bound = listener.local_addr().map_err(failed())?;
            Ok(Some((listener, bound)))
        };
        let (https, http) =
            (bind("https", config.listen.https)?, bind("http", config.listen.http)?);
        let (proxy, page) =
            (bind("proxy", config.listen.proxy)?, bind("pages", config.listen.pages)?);
        let admin = bind("admin", config.listen.admin)?;
        let at =
            |door: &Option<(TcpListener, SocketAddr)>| door.as_ref().map(|(_, address)| *address);
        let addresses = (at(&https), at(&http), at(&proxy), at(&page), at(&admin));
        if config.pages_url.is_empty() {
            config.pages_url =
                addresses.3.map(|address| format!("http://{address}")).unwrap_or_default();
        }
        let mut doors: Vec<Door> = Vec::new();
        let mut open = |name, door: Option<(TcpListener, SocketAddr)>, role: Role| {
            let crowd = Arc::default();
            doors.extend(door.map(|(listener, _)| Door { name, listener, role, crowd }));
        };
        open("https", https, Role::Https(acceptor.clone()));
        open("http", http, Role::Http);
        open("proxy", proxy, Role::Proxy(acceptor));
        if let Some(pages) = pages {
            open("pages", page, Role::Pages(pages));
        }
        open("admin", admin, Role::Admin);
        let n_workers = config
            .limits
            .workers
            .unwrap_or_else(|| std::thread::available_parallelism().map_or(1, usize::from));
        let shared = Shared::new(config, catalog, stores).map_err(fails("log.access"))?;
        for door in &doors {
            shared.metrics.door(door.name, &door.crowd);
        }
        let (stop, stopped) = watch::channel(false);
        let control = Arc::new(Control::new(Arc::clone(&shared), certificates));
        shared.controlled_by(&control);
        control.remember("start");
        let mut workers = (0..n_workers.max(1))
            .map(|n| worker(n, &doors, &control, &stopped))
            .collect::<Result<Vec<_>, _>>()?;
        workers.push(doubts::start(&control, &stopped).map_err(fails("the settler of doubts"))?);
        workers.push(socket::start(&control, &stopped).map_err(fails("control"))?);
        Ok(Running {
            https: addresses.0,
            http: addresses.1,
            proxy: addresses.2,
            pages: addresses.3,
            admin: addresses.4,
            ca,
            control,
            stop,
            workers,
        })
    }
}

impl Running {
    /// Reloads what it serves, and tells of it.
    #[must_use]
    pub fn control(&self) -> &Arc<Control> {
        &self.control
    }

    /// How long what is under way may take when it ends, as the configuration says by now.
    #[must_use]
    pub fn deadline(&self) -> Duration {
        let deadline_s = self.control.shared().config.deadline_s;
        Duration::from_secs(u64::try_from(deadline_s).unwrap_or_default())
    }

    /// Accepts nothing more, and waits for what is under way, at most that long.
    ///
    /// False: something was still under way when the time was over.
    pub fn stop(self, deadline: Duration) -> bool {
        // No receiver left means that every worker has ended already.
        let _ = self.stop.send(true);
        let (done, finished) = std::sync::mpsc::channel();
        let waiting = std::thread::spawn(move || {
            for worker in self.workers {
                // A worker that panicked has nothing left to finish.
                let _ = worker.join();
            }
            let _ = done.send(());
        });
        let ended = finished.recv_timeout(deadline).is_ok();
        if ended {
            let _ = waiting.join();
        }
        ended
    }
}

/// A listener with a queue for bursts: the standard library's holds 128 connections.
fn listen(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, Some(Protocol::TCP))?;
    // Connections of the gateway before that are still dying do not keep the next one from starting.
    socket.set_reuse_address(true)?;
    socket.bind(&address.into())?;
    socket.listen(QUEUE_MAX)?;
    socket.set_nonblocking(true)?;
    Ok(socket.into())
}

/// One thread with a runtime of its own, accepting at every door.
fn worker(
    n: usize,
    doors: &[Door],
    control: &Arc<Control>,
    stop: &watch::Receiver<bool>,
) -> Result<JoinHandle<()>, StartError> {
    let (control, stop) = (Arc::clone(control), stop.clone());
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(fails("a worker"))?;
    let mut own = Vec::with_capacity(doors.len());
    for door in doors {
        let _inside = runtime.enter();
        let listener = door.listener.try_clone().and_then(tokio::net::TcpListener::from_std);
        own.push((
            listener.map_err(fails("a listener"))?,
            door.role.clone(),
            Arc::clone(&door.crowd),
        ));
    }
    let run = move || {
        runtime.block_on(async move {
            if n == 0 {
                tokio::spawn(clock_steps::watch(control.shared(), stop.clone()));
            }
            let desk = Desk::new(Driver::new(control.shared()));
            control.seat(&desk);
            drop(control);
            let mut doors = tokio::task::JoinSet::new();
            for (listener, role, crowd) in own {
                doors.spawn(accept(listener, role, Arc::clone(&desk), crowd, stop.clone()));
            }
            while doors.join_next().await.is_some() {}
            // A call whose client went away is still under way, and its money with it. The upstream
            // connections end with the last driver.
            drop(desk);
            while tokio::runtime::Handle::current().metrics().num_alive_tasks() > 0 {
                tokio::time::sleep(ALIVE_EVERY).await;
            }
        });
    };
    std::thread::Builder::new().name(format!("worker-{n}")).spawn(run).map_err(fails("a worker"))
}

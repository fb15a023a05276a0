//! The accept loops: caps before anything is read, and an error in accept that ends nothing.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use faregate_pipeline::call::Transport;
use hyper_util::server::graceful::{GracefulShutdown, Watcher};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, watch};
use tokio_rustls::TlsAcceptor;

use super::admin;
use super::http::{self, Peer};
use super::pages::{self, Pages};
use super::proxy;
use super::sniff::{self, Spoken};
use super::turn_away::{self, turn_away};
use crate::desk::Desk;

/// What a listener is for.
#[derive(Clone)]
pub(crate) enum Role {
    /// TLS, or plain HTTP told apart by its first byte.
    Https(TlsAcceptor),
    /// Plain HTTP, on loopback.
    Http,
    /// CONNECT, in the sandbox.
    Proxy(TlsAcceptor),
    /// Pages for people.
    Pages(Pages),
    /// Metrics and health, for operators.
    Admin,
}

/// How many connections there are, in all and by address; shared by all workers.
#[derive(Debug, Default)]
pub(crate) struct Crowd {
    by_address: Mutex<(usize, HashMap<IpAddr, usize>)>,
}

/// One connection's place in the crowd, given back when dropped.
struct Place {
    crowd: Arc<Crowd>,
    address: IpAddr,
}

impl Crowd {
    /// A place, unless there are too many; loopback addresses are many clients behind one address.
    fn enter(self: &Arc<Self>, address: IpAddr, all_max: usize, each_max: usize) -> Option<Place> {
        let mut crowd = self.by_address.lock().unwrap_or_else(PoisonError::into_inner);
        let (all, by_address) = &mut *crowd;
        let own = by_address.get(&address).copied().unwrap_or(0);
        if *all >= all_max || (own >= each_max && !address.is_loopback()) {
            return None;
        }
        by_address.insert(address, own + 1);
        *all += 1;
        Some(Place { crowd: Arc::clone(self), address })
    }
}

impl Crowd {
    /// How many there are.
    pub(crate) fn count(&self) -> u64 {
        let crowd = self.by_address.lock().unwrap_or_else(PoisonError::into_inner);
        u64::try_from(crowd.0).unwrap_or(u64::MAX)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut crowd = self.crowd.by_address.lock().unwrap_or_else(PoisonError::into_inner);
        let (all, by_address) = &mut *crowd;
        *all = all.saturating_sub(1);
        if let Some(own) = by_address.get_mut(&self.address) {
            *own = own.saturating_sub(1);
            if *own == 0 {
                by_address.remove(&self.address);
            }
        }
    }
}

/// Accepts until told to stop, then lets what is under way finish.
pub(crate) async fn accept(
    listener: TcpListener,
    role: Role,
    desk: Arc<Desk>,
    crowd: Arc<Crowd>,
    mut stop: watch::Receiver<bool>,
) {
    let graceful = GracefulShutdown::new();
    let told = Arc::new(Semaphore::new(turn_away::AT_ONCE_MAX));
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            _ = stop.changed() => break,
        };
        let Ok((stream, peer)) = accepted else {
            // Out of descriptors, or a connection that died in the queue: wait, never end.
            tokio::time::sleep(Duration::from_millis(50)).await;
            continue;
        };
        let address = peer.ip().to_canonical();
        let limits = desk.driver().shared.config.limits;
        let Some(place) =
            crowd.enter(address, limits.connections_max, limits.connections_per_address_max)
        else {
            if let Ok(permit) = Arc::clone(&told).try_acquire_owned() {
                let (role, driver) = (role.clone(), desk.driver());
                tokio::spawn(turn_away(stream, address, role, driver, permit));
            }
            continue;
        };
        let _ = stream.set_nodelay(true);
        let (role, desk, watcher) = (role.clone(), Arc::clone(&desk), graceful.watcher());
        tokio::spawn(async move {
            connection(stream, address, role, desk, watcher).await;
            drop(place);
        });
    }
    drop(listener);
    graceful.shutdown().await;
}

async fn connection(
    mut stream: TcpStream,
    address: IpAddr,
    role: Role,
    desk: Arc<Desk>,
    watcher: Watcher,
) {
    let driver = desk.driver();
    let within = Duration::from_secs(driver.shared.config.limits.header_timeout_s);
    let peer = |transport| Peer { address, transport };
    match role {
        Role::Http => {
            // This listener is on loopback. A sandbox trusts its machine, so that clients which cannot be taught a CA
            // are served here; elsewhere a module that demands https gets https.
            let sandbox = driver.shared.config.sandbox;
            let transport = if sandbox { Transport::Local } else { Transport::Plain };
            http::serve(desk, stream, peer(transport), watcher).await;
        }
        Role::Admin => admin::serve(desk, stream, watcher).await,
        Role::Pages(pages) => pages::serve(pages, desk, stream, address, watcher).await,
        Role::Https(acceptor) => match sniff::sniff(stream, &acceptor, within).await {
            Ok(Spoken::Tls(tls)) => http::serve(desk, tls, peer(Transport::Tls), watcher).await,
            Ok(Spoken::Plain(plain)) => {
                http::serve(desk, plain, peer(Transport::Plain), watcher).await
            }
            Err(_) => {}
        },
        Role::Proxy(acceptor) => {
            if proxy::connect(&mut stream, &driver, within).await.is_err() {
                return;
            }
            // A tunnel to port 443 carries TLS and nothing else.
            if let Ok(Spoken::Tls(tls)) = sniff::sniff(stream, &acceptor, within).await {
                http::serve(desk, tls, peer(Transport::Tls), watcher).await;
            }
        }
    }
}

#[cfg(test)]
mod spec {
    use super::*;

    #[test]
    fn places_are_counted_in_all_and_by_address_and_given_back() {
        let crowd = Arc::new(Crowd::default());
        let (near, far) = (IpAddr::from([127, 0, 0, 1]), IpAddr::from([192, 0, 2, 1]));
        let (connections_max, connections_per_address_max) = (3, 1);
        let enter = |address| crowd.enter(address, connections_max, connections_per_address_max);
        let first = enter(far);
        assert!(first.is_some());
        assert!(enter(far).is_none(), "one of one address");
        let others = [enter(near), enter(near)];
        assert!(others.iter().all(Option::is_some), "loopback is many clients");
        assert!(enter(near).is_none(), "three in all");
        drop((first, others));
        assert!(enter(far).is_some(), "given back");
        assert!(crowd.by_address.lock().unwrap().1.is_empty(), "no address is remembered");
    }
}

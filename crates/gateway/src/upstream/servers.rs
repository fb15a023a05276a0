//! The servers of a module: which of them takes a call, which rest, and which are being emptied.
//!
//! Of two that are drawn the one with fewer calls under way is taken (power of two choices). Health is passive: a
//! server that fails several times in a row, or cannot be reached while others can, rests; then one call tries it. When
//! none is left the module's calls are answered 6200, as with the breaker of a single server, which this is.

use std::collections::HashMap;
use std::fmt;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use faregate_catalog::{Catalog, Upstream};
use faregate_pipeline::availability::breaker::{Breaker, Policy};
use faregate_pipeline::time::Millis;
use serde::Serialize;

/// A server that cannot be reached while others can rests at its first failure.
const AT_ONCE: Policy = Policy { failures: 1, open_ms: 10_000 };

/// One address of a module.
#[derive(Debug)]
pub(crate) struct Server {
    pub(crate) upstream: Upstream,
    in_flight: AtomicUsize,
    is_drained: AtomicBool,
    n_calls: AtomicU64,
    n_ejected: AtomicU64,
    breaker: Mutex<Breaker>,
}

/// What is told of a server.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ServerStatus {
    /// The module's name.
    pub(crate) module: String,
    /// `host:port`.
    pub(crate) server: String,
    /// `up`, `resting` or `trying`.
    pub(crate) health: &'static str,
    /// Does it get no new calls, by an operator's word?
    pub(crate) drained: bool,
    /// Calls under way.
    pub(crate) in_flight: usize,
    /// Calls it was given since the start.
    pub(crate) calls: u64,
    /// How often it was put to rest.
    pub(crate) ejected: u64,
}

impl Server {
    fn new(upstream: Upstream) -> Arc<Self> {
        Arc::new(Self {
            upstream,
            in_flight: AtomicUsize::default(),
            is_drained: AtomicBool::default(),
            n_calls: AtomicU64::default(),
            n_ejected: AtomicU64::default(),
            breaker: Mutex::default(),
        })
    }

    fn breaker(&self) -> MutexGuard<'_, Breaker> {
        // A plain value: a panic over it leaves nothing half done.
        self.breaker.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn is_closed(&self) -> bool {
        matches!(*self.breaker(), Breaker::Closed { .. })
    }

    /// How a call went.
    pub(crate) fn report(&self, is_fault: bool, now: Millis) {
        if is_fault { self.fail(now, Policy::default()) } else { self.breaker().succeeded() }
    }

    fn fail(&self, now: Millis, policy: Policy) {
        let mut breaker = self.breaker();
        let was_open = matches!(*breaker, Breaker::Open { .. });
        breaker.failed(now, policy);
        if !was_open && matches!(*breaker, Breaker::Open { .. }) {
            self.n_ejected.fetch_add(1, Ordering::Relaxed);
        }
    }

    fn status(&self, module: &str) -> ServerStatus {
        ServerStatus {
            module: module.to_owned(),
            server: self.upstream.authority.clone(),
            health: match *self.breaker() {
                Breaker::Closed { .. } => "up",
                Breaker::Open { .. } => "resting",
                Breaker::Probing { .. } => "trying",
            },
            drained: self.is_drained.load(Ordering::Relaxed),
            in_flight: self.in_flight.load(Ordering::Relaxed),
            calls: self.n_calls.load(Ordering::Relaxed),
            ejected: self.n_ejected.load(Ordering::Relaxed),
        }
    }
}

/// A call's server; dropped, the call is no longer under way there.
pub(crate) struct Pick(Arc<Server>);

impl fmt::Debug for Pick {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Pick").field(&self.0.upstream.authority).finish()
    }
}

impl Pick {
    fn of(server: &Arc<Server>) -> Self {
        server.in_flight.fetch_add(1, Ordering::Relaxed);
        server.n_calls.fetch_add(1, Ordering::Relaxed);
        Self(Arc::clone(server))
    }

    pub(crate) fn server(&self) -> &Arc<Server> {
        &self.0
    }

    /// The same server, for one more request of the same call.
    pub(crate) fn again(&self) -> Self {
        Self::of(&self.0)
    }
}

impl Drop for Pick {
    fn drop(&mut self) {
        self.0.in_flight.fetch_sub(1, Ordering::Relaxed);
    }
}

/// Why no server takes a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NoServer {
    /// All that may be asked rest; the first is tried in so many milliseconds.
    Resting(i64),
    /// Every one is drained.
    Drained,
}

/// All servers of one module.
#[derive(Debug)]
pub(crate) struct Target {
    servers: Vec<Arc<Server>>,
    n_draws: AtomicUsize,
}

impl Target {
    /// The server of the next call.
    pub(crate) fn pick(&self, now: Millis) -> Result<Pick, NoServer> {
        if let [only] = self.servers.as_slice() {
            if only.is_drained.load(Ordering::Relaxed) {
                return Err(NoServer::Drained);
            }
            let admitted = only.breaker().admit(now, Policy::default());
            return admitted.map(|()| Pick::of(only)).map_err(NoServer::Resting);
        }
        let mut least_ms: Option<i64> = None;
        let mut closed: Vec<&Arc<Server>> = Vec::with_capacity(self.servers.len());
        for server in self.servers.iter().filter(|it| !it.is_drained.load(Ordering::Relaxed)) {
            if server.is_closed() {
                closed.push(server);
                continue;
            }
            // One that has rested long enough is tried by this call.
            match server.breaker().admit(now, Policy::default()) {
                Ok(()) => return Ok(Pick::of(server)),
                Err(ms) => least_ms = Some(least_ms.map_or(ms, |least| least.min(ms))),
            }
        }
        match self.of_two(&closed) {
            Some(server) => Ok(Pick::of(server)),
            None => Err(least_ms.map_or(NoServer::Drained, NoServer::Resting)),
        }
    }

    /// Another server for a call of which this one has seen nothing; it rests from now on.
    pub(crate) fn instead(&self, failed: &Pick, now: Millis) -> Option<Pick> {
        if self.servers.len() < 2 {
            return None;
        }
        failed.0.fail(now, AT_ONCE);
        self.pick(now).ok().filter(|other| !Arc::ptr_eq(&other.0, &failed.0))
    }

    /// Any server, for a question that no client waits for: one that is up, if there is one.
    fn any(&self) -> Option<&Arc<Server>> {
        let rested = || self.servers.iter().find(|server| server.is_closed());
        rested().or_else(|| self.servers.first())
    }

    fn of_two<'a>(&self, closed: &[&'a Arc<Server>]) -> Option<&'a Arc<Server>> {
        // Draws need not be secret, only spread: steps of the golden ratio (Knuth 6.4).
        let draw = self.n_draws.fetch_add(1, Ordering::Relaxed).wrapping_mul(0x9e37_79b9) >> 7;
        let n = closed.len();
        let first = closed.get(draw.checked_rem(n)?)?;
        let beside = (draw / n).checked_rem(n.saturating_sub(1)).map_or(0, |step| step + 1);
        let second = closed.get((draw % n + beside) % n)?;
        let load = |server: &Server| server.in_flight.load(Ordering::Relaxed);
        Some(if load(second) < load(first) { second } else { first })
    }
}

/// The servers of every module, kept over reloads.
#[derive(Debug, Default)]
pub(crate) struct Targets(HashMap<String, Arc<Target>>);

impl Targets {
    /// For this catalog: a server that was there before keeps its health, and whether it is drained.
    pub(crate) fn after(
        before: &Self,
        catalog: &Catalog,
        further: &HashMap<String, Vec<Upstream>>,
    ) -> Self {
        let modules = catalog.modules().iter().map(|module| {
            let own = std::slice::from_ref(&module.upstream);
            let wanted = further.get(&module.name).map_or(own, Vec::as_slice);
            let known = before.0.get(&module.name);
            let servers = wanted.iter().map(|upstream| {
                let known = known.iter().flat_map(|target| &target.servers);
                let mut same = known.filter(|server| server.upstream == *upstream);
                same.next().cloned().unwrap_or_else(|| Server::new(upstream.clone()))
            });
            let target = Target { servers: servers.collect(), n_draws: AtomicUsize::default() };
            (module.name.clone(), Arc::new(target))
        });
        Self(modules.collect())
    }

    pub(crate) fn of(&self, module: &str) -> Option<&Arc<Target>> {
        self.0.get(module)
    }

    /// Where to ask a module what no client waits for.
    pub(crate) fn any(&self, module: &str) -> Option<&Arc<Server>> {
        self.of(module)?.any()
    }

    /// All servers, by module.
    pub(crate) fn status(&self) -> Vec<ServerStatus> {
        let mut all: Vec<ServerStatus> = self
            .0
            .iter()
            .flat_map(|(module, target)| target.servers.iter().map(|server| server.status(module)))
            .collect();
        all.sort_by(|a, b| (&a.module, &a.server).cmp(&(&b.module, &b.server)));
        all
    }

    /// Drains a server or takes it back; false if the module has no such server.
    pub(crate) fn drain(&self, module: &str, server: &str, is_drained: bool) -> bool {
        let servers = self.of(module).into_iter().flat_map(|target| &target.servers);
        let mut found = false;
        for server in servers.filter(|known| known.upstream.authority == server) {
            server.is_drained.store(is_drained, Ordering::Relaxed);
            if !is_drained {
                // Whoever takes it back says that it is well.
                server.breaker().succeeded();
            }
            found = true;
        }
        found
    }
}

#[cfg(test)]
mod spec {
    use super::*;

    fn target(n: usize) -> Target {
        let at = |n| Upstream::parse(&format!("http://127.0.0.1:{}", 9000 + n), 1_000).unwrap();
        let servers = (0..n).map(|n| Server::new(at(n))).collect();
        Target { servers, n_draws: AtomicUsize::default() }
    }

    fn port(pick: &Pick) -> usize {
        pick.server().upstream.authority.rsplit(':').next().unwrap().parse::<usize>().unwrap()
            - 9000
    }

    #[test]
    fn calls_are_spread_and_a_slow_server_gets_fewer() {
        let (target, now) = (target(3), Millis::new(0));
        let mut slow = Vec::new();
        let mut counts = [0; 3];
        for _ in 0..3_000 {
            let pick = target.pick(now).unwrap();
            counts[port(&pick)] += 1;
            // Calls of the first never end, the others' end at once.
            if port(&pick) == 0 {
                slow.push(pick);
            }
        }
        assert!(counts[0] < 10, "{counts:?}");
        assert!(counts[1] > 1_000 && counts[2] > 1_000, "{counts:?}");
    }

    #[test]
    fn one_that_fails_rests_and_is_tried_by_one_call() {
        let target = target(2);
        let at = Millis::from_secs;
        let failed = loop {
            let pick = target.pick(at(0)).unwrap();
            if port(&pick) == 0 {
                break pick;
            }
        };
        let other = target.instead(&failed, at(0)).unwrap();
        assert_eq!(port(&other), 1, "what was not sent is sent elsewhere");
        drop(failed);
        for second in 1..10 {
            assert_eq!(port(&target.pick(at(second)).unwrap()), 1, "it rests at {second}");
        }
        let trial = target.pick(at(10)).unwrap();
        assert_eq!(port(&trial), 0, "one call tries it");
        assert_eq!(port(&target.pick(at(10)).unwrap()), 1, "and only one");
        trial.server().report(false, at(11));
        let ports: Vec<usize> = (0..20).map(|_| port(&target.pick(at(11)).unwrap())).collect();
        assert!(ports.contains(&0) && ports.contains(&1), "{ports:?}");
        assert_eq!(target.servers[0].status("lb").ejected, 1);
    }

    #[test]
    fn when_none_is_left_it_is_told_for_how_long_or_that_all_are_drained() {
        for n in [1, 2] {
            let target = target(n);
            let now = Millis::new(0);
            for server in &target.servers {
                for _ in 0..5 {
                    server.report(true, now);
                }
            }
            assert_eq!(target.pick(now).unwrap_err(), NoServer::Resting(10_000), "{n}");
            for server in &target.servers {
                server.is_drained.store(true, Ordering::Relaxed);
            }
            assert_eq!(target.pick(now.plus(20_000)).unwrap_err(), NoServer::Drained, "{n}");
        }
    }

    #[test]
    fn a_single_server_that_cannot_be_reached_rests_only_after_five_in_a_row() {
        let target = target(1);
        let now = Millis::new(0);
        for _ in 0..4 {
            let pick = target.pick(now).unwrap();
            assert!(target.instead(&pick, now).is_none());
            pick.server().report(true, now);
        }
        assert!(target.pick(now).is_ok(), "four are not five");
    }

    #[test]
    fn what_is_drained_gets_no_call_and_comes_back_well() {
        let text = "openapi: 3.1.0\ninfo: { title: L, version: '1' }\nservers: [{ url: 'http://127.0.0.1:9000' }]\nx-faregate: { module: lb }\npaths: { /a: { get: { operationId: A } } }\n";
        let source = faregate_catalog::Source { name: "lb.yaml", text, upstream: None };
        let settings = faregate_catalog::Settings { base_domain: "a.b" };
        let catalog = Catalog::load(&[source], &settings).catalog.unwrap();
        let two = ["http://127.0.0.1:9000", "http://127.0.0.1:9001"];
        let two = two.map(|url| Upstream::parse(url, 1_000).unwrap()).to_vec();
        let further = HashMap::from([("lb".to_owned(), two)]);
        let targets = Targets::after(&Targets::default(), &catalog, &further);
        assert!(targets.drain("lb", "127.0.0.1:9000", true));
        assert!(!targets.drain("lb", "127.0.0.1:9002", true) && !targets.drain("cvm", "x", true));
        let targets = Targets::after(&targets, &catalog, &further);
        let lb = targets.of("lb").unwrap();
        assert!((0..20).all(|_| port(&lb.pick(Millis::new(0)).unwrap()) == 1), "over a reload too");
        assert!(targets.drain("lb", "127.0.0.1:9000", false));
        let ports: Vec<usize> = (0..20).map(|_| port(&lb.pick(Millis::new(0)).unwrap())).collect();
        assert!(ports.contains(&0), "{ports:?}");
        assert_eq!(targets.status().len(), 2);
    }
}

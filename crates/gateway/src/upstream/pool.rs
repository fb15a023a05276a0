//! A worker's idle connections, by the address they lead to.

use std::collections::{HashMap, VecDeque};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::connection::Connection;
use crate::clock::Stopwatch;

/// Idle connections that are kept, an address.
const IDLE_MAX: usize = 256;

/// How long one is kept without a request.
const IDLE_FOR: Duration = Duration::from_secs(30);

#[derive(Debug)]
struct Idle {
    connection: Box<Connection>,
    since: Duration,
}

/// Connections that wait for a request. One worker's own: the lock is never contended.
#[derive(Debug)]
pub(super) struct Pool {
    idle: Mutex<HashMap<String, VecDeque<Idle>>>,
    stopwatch: Stopwatch,
}

impl Pool {
    pub(super) fn new(stopwatch: Stopwatch) -> Self {
        Self { idle: Mutex::default(), stopwatch }
    }

    fn idle(&self) -> MutexGuard<'_, HashMap<String, VecDeque<Idle>>> {
        // Every change under the lock is one push or pop: a panic leaves nothing half done.
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The connection that was used last: the others may be let go.
    pub(super) fn take(&self, authority: &str) -> Option<Box<Connection>> {
        loop {
            let Idle { mut connection, since } = self.idle().get_mut(authority)?.pop_back()?;
            if self.idle_for(since) < IDLE_FOR && connection.settle() {
                return Some(connection);
            }
        }
    }

    /// Takes a connection back after a whole answer; one that cannot go on is dropped.
    pub(super) fn put(&self, authority: &str, mut connection: Box<Connection>) {
        if !connection.settle() {
            return;
        }
        let since = self.stopwatch.monotonic();
        let mut idle = self.idle();
        if !idle.contains_key(authority) {
            idle.insert(authority.to_owned(), VecDeque::new());
        }
        let Some(queue) = idle.get_mut(authority) else { return };
        let is_old = |oldest: &Idle| since.saturating_sub(oldest.since) >= IDLE_FOR;
        // Two go for one that comes, so that a burst's connections do not stay.
        for _ in 0..2 {
            if queue.len() >= IDLE_MAX || queue.front().is_some_and(is_old) {
                queue.pop_front();
            }
        }
        queue.push_back(Idle { connection, since });
    }

    /// Drops whatever has waited for too long.
    pub(super) fn sweep(&self) {
        for queue in self.idle().values_mut() {
            queue.retain(|idle| self.idle_for(idle.since) < IDLE_FOR);
        }
    }

    fn idle_for(&self, since: Duration) -> Duration {
        self.stopwatch.monotonic().saturating_sub(since)
    }
}

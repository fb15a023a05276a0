//! The only reader of time.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use faregate_pipeline::time::Millis;

/// The wall clock as the system has it, for certificates.
pub(crate) fn wall() -> SystemTime {
    SystemTime::now()
}

/// The machine's wall clock.
pub(crate) fn machine() -> Millis {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Millis::new(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
}

/// The time by which the runtime's timers ring.
pub(crate) fn of_timers() -> tokio::time::Instant {
    tokio::time::Instant::now()
}

/// Monotonic time, for durations: a copy costs nothing.
#[derive(Clone, Copy, Debug)]
pub struct Stopwatch {
    started: Instant,
}

impl Stopwatch {
    /// How long it runs; never goes backwards.
    #[must_use]
    pub fn monotonic(&self) -> Duration {
        self.started.elapsed()
    }
}

/// Wall time for stamps, monotonic time for durations.
#[derive(Clone, Debug)]
pub struct Clock {
    stopwatch: Stopwatch,
    /// How far a sandbox's clock is ahead of the machine's; nothing else ever is.
    ahead_ms: Arc<AtomicI64>,
}

impl Default for Clock {
    fn default() -> Self {
        Self::new()
    }
}

impl Clock {
    /// A clock that starts now.
    #[must_use]
    pub fn new() -> Self {
        Self::ahead_by(Arc::default())
    }

    /// A sandbox's clock: its wall time is ahead of the machine's by as much as `ahead_ms` says at the time.
    /// Durations are not, for nothing real becomes faster.
    #[must_use]
    pub fn ahead_by(ahead_ms: Arc<AtomicI64>) -> Self {
        Self { stopwatch: Stopwatch { started: Instant::now() }, ahead_ms }
    }

    /// The wall clock.
    #[must_use]
    pub fn now(&self) -> Millis {
        machine().plus(self.ahead_ms.load(Ordering::Relaxed))
    }

    /// How long this clock runs; never goes backwards.
    #[must_use]
    pub fn monotonic(&self) -> Duration {
        self.stopwatch.monotonic()
    }

    /// What measures durations alone.
    #[must_use]
    pub fn stopwatch(&self) -> Stopwatch {
        self.stopwatch
    }
}

#[cfg(test)]
mod spec {
    use super::*;

    #[test]
    fn a_clock_that_is_ahead_moves_stamps_and_not_durations() {
        let ahead_ms = Arc::new(AtomicI64::new(0));
        let (ours, theirs) = (Clock::ahead_by(Arc::clone(&ahead_ms)), Clock::new());
        assert!(ours.now().since(theirs.now()).abs() < 60_000);
        ahead_ms.store(3 * 3_600_000, Ordering::Relaxed);
        let ahead = ours.now().since(theirs.now());
        assert!((3 * 3_600_000 - 60_000..=3 * 3_600_000 + 60_000).contains(&ahead), "{ahead}");
        assert!(ours.monotonic() < Duration::from_secs(60));
    }
}

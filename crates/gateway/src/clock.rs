//! The only reader of time.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use faregate_pipeline::time::Millis;

/// The wall clock as the system has it, for certificates.
pub(crate) fn wall() -> SystemTime {
    SystemTime::now()
}

/// Wall time for stamps, monotonic time for durations.
#[derive(Clone, Copy, Debug)]
pub struct Clock {
    started: Instant,
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
        Self { started: Instant::now() }
    }

    /// The wall clock.
    #[must_use]
    pub fn now(&self) -> Millis {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Millis::new(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
    }

    /// How long this clock runs; never goes backwards.
    #[must_use]
    pub fn monotonic(&self) -> Duration {
        self.started.elapsed()
    }
}

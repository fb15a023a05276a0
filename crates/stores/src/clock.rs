//! The two clocks. Calls bring their own time; only the command line's writes and expiry ask here.

use std::time::{Instant, SystemTime, UNIX_EPOCH};

use faregate_pipeline::time::Millis;

/// The wall clock.
pub(crate) fn wall() -> Millis {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Millis::new(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
}

/// The clock that nobody sets.
pub(crate) fn monotonic() -> Instant {
    Instant::now()
}

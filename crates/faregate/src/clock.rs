//! The only reader of time in the command line.

use std::time::{Instant, SystemTime, UNIX_EPOCH};

/// The time, in milliseconds since 1970.
pub(crate) fn now_ms() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}

/// The clock that nobody sets.
pub(crate) fn monotonic() -> Instant {
    Instant::now()
}

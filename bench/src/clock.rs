//! The clocks of the bench's programs.

use std::time::{Instant, SystemTime};

use faregate_pipeline::time::Millis;

/// Now, for differences.
#[must_use]
pub fn monotonic() -> Instant {
    Instant::now()
}

/// Now, as signatures are stamped.
#[must_use]
pub fn wall() -> Millis {
    let since = SystemTime::UNIX_EPOCH.elapsed().unwrap_or_default();
    Millis::new(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
}

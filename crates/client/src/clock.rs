//! The only reader of time in the client.

use std::time::SystemTime;

/// Seconds since 1970 by this machine's clock; a clock before 1970 is 0, which the server will correct.
pub(crate) fn wall_s() -> i64 {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_secs()).unwrap_or(i64::MAX)
}

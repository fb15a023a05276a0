//! The only reader of time in the command line.

use std::time::{Instant, SystemTime, UNIX_EPOCH};

use faregate_signing::tc3::date_of_days;

/// The time, in milliseconds since 1970.
pub(crate) fn now_ms() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}

/// The UTC date of a moment in seconds since 1970: `2026-11-24`.
pub(crate) fn date(s: i64) -> String {
    date_of_days(s.div_euclid(86_400))
}

/// The same with its time: `2026-11-24 10:00:00`.
pub(crate) fn date_and_time(s: i64) -> String {
    let in_day = s.rem_euclid(86_400);
    let (hour, minute, second) = (in_day / 3_600, in_day / 60 % 60, in_day % 60);
    format!("{} {hour:02}:{minute:02}:{second:02}", date(s))
}

/// The clock that nobody sets.
pub(crate) fn monotonic() -> Instant {
    Instant::now()
}

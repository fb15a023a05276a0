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

/// The first moment of a UTC date, in seconds since 1970; none if there is no such day.
pub(crate) fn start_of(date_text: &str) -> Option<i64> {
    // A year has at most 366 days: from a day that is not behind it, at most that many are looked at.
    let year: i64 = date_text.get(..4)?.parse().ok()?;
    let first = year.checked_sub(1970)?.checked_mul(365)?.checked_mul(86_400)?;
    let days = (0..=1_100).map(|day| first + day * 86_400).filter(|start| *start >= 0);
    days.into_iter().find(|start| date(*start) == date_text)
}

#[cfg(test)]
mod spec {
    use super::*;

    #[test]
    fn a_date_is_read_as_it_is_written_and_no_other() {
        for text in ["1970-01-01", "2024-02-29", "2027-12-31", "2999-06-30"] {
            assert_eq!(start_of(text).map(date).as_deref(), Some(text));
        }
        for text in ["2027-02-29", "2027-2-1", "tomorrow", "", "1969-12-31", "2027-01-01T00"] {
            assert_eq!(start_of(text), None, "{text}");
        }
    }
}

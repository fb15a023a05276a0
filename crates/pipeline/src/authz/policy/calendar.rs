//! Moments as policies write them: RFC 3339, with `Z` or an offset.

use crate::time::{Date, Millis};

/// Reads `2026-11-24T08:00:00Z`, `2026-11-24T16:00:00+08:00`, or a date alone, which is its first moment in UTC.
#[must_use]
pub fn moment(text: &str) -> Option<Millis> {
    let (date, time) = text.split_once(['T', 't', ' ']).map_or((text, None), |(d, t)| (d, Some(t)));
    let days = date_of(date)?.days();
    let Some(time) = time else { return Some(Millis::from_secs(days.checked_mul(86_400)?)) };
    let (clock, offset_s) = match time.strip_suffix(['Z', 'z']) {
        Some(clock) => (clock, 0),
        None => {
            let at = time.rfind(['+', '-'])?;
            let (clock, offset) = time.split_at_checked(at)?;
            let sign = if offset.starts_with('-') { -1 } else { 1 };
            let (hours, minutes) = offset.get(1..)?.split_once(':')?;
            (clock, sign * (number(hours, 2, 23)? * 3600 + number(minutes, 2, 59)? * 60))
        }
    };
    let (whole, fraction) = clock.split_once('.').map_or((clock, "0"), |(w, f)| (w, f));
    let fraction_ms = format!("{:0<3}", fraction.get(..3).unwrap_or(fraction));
    let fraction_ms = number(&fraction_ms, 3, 999)?;
    let mut parts = whole.split(':');
    let mut part = |max| parts.next().and_then(|text| number(text, 2, max));
    let seconds = part(23)? * 3600 + part(59)? * 60 + part(59)?;
    if parts.next().is_some() {
        return None;
    }
    let seconds = days.checked_mul(86_400)?.checked_add(seconds)?.checked_sub(offset_s)?;
    Some(Millis::from_secs(seconds).plus(fraction_ms))
}

/// The moment in UTC, to the second: what [`moment`] reads.
#[must_use]
pub fn show(at: Millis) -> String {
    let seconds = at.as_secs();
    let of_day = seconds.rem_euclid(86_400);
    let (hours, minutes) = (of_day / 3600, of_day / 60 % 60);
    format!("{}T{hours:02}:{minutes:02}:{:02}Z", Date::of(at), of_day % 60)
}

fn date_of(text: &str) -> Option<Date> {
    let mut parts = text.split('-');
    let year = number(parts.next()?, 4, 9999)?;
    let month = number(parts.next()?, 2, 12)?;
    let day = number(parts.next()?, 2, 31)?;
    if parts.next().is_some() {
        return None;
    }
    Date::new(year, u8::try_from(month).ok()?, u8::try_from(day).ok()?)
}

fn number(text: &str, digits: usize, max: i64) -> Option<i64> {
    let plain = text.len() == digits && text.bytes().all(|byte| byte.is_ascii_digit());
    plain.then(|| text.parse().ok()).flatten().filter(|n| *n <= max)
}

#[cfg(test)]
mod spec {
    use super::*;

    #[test]
    fn moments_are_read_in_any_offset_and_shown_in_utc() {
        for (text, shown) in [
            ("2018-05-21T10:00:00Z", Some("2018-05-21T10:00:00Z")),
            ("2018-05-21T10:00:00+08:00", Some("2018-05-21T02:00:00Z")),
            ("2018-05-21 10:00:00.999-01:30", Some("2018-05-21T11:30:00Z")),
            ("2024-02-29", Some("2024-02-29T00:00:00Z")),
            ("1969-12-31T23:59:59Z", Some("1969-12-31T23:59:59Z")),
            ("2023-02-29", None),
            ("2018-13-01", None),
            ("2018-05-21T10:00:00", None),
            ("2018-05-21T24:00:00Z", None),
            ("2018-5-21", None),
            ("yesterday", None),
            ("", None),
        ] {
            assert_eq!(moment(text).map(show).as_deref(), shown, "{text}");
        }
        assert_eq!(moment("2018-05-21T10:00:00.5Z"), Some(Millis::new(1_526_896_800_500)));
    }
}

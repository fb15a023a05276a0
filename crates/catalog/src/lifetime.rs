//! How long something is offered: since when it is deprecated, and when it ends.

/// Since when a version or an action is deprecated and when it ends: each the beginning of a day, UTC, in seconds
/// since the epoch.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Lifetime {
    /// The `Deprecation` header (RFC 9745).
    pub deprecated_s: Option<i64>,
    /// The `Sunset` header (RFC 8594); from then on it is answered 6100.
    pub sunset_s: Option<i64>,
}

impl Lifetime {
    /// Of two that hold at once: the earlier of each day.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        let earlier = |a: Option<i64>, b: Option<i64>| a.into_iter().chain(b).min();
        Self {
            deprecated_s: earlier(self.deprecated_s, other.deprecated_s),
            sunset_s: earlier(self.sunset_s, other.sunset_s),
        }
    }

    /// Is it over.
    #[must_use]
    pub fn is_over(self, now_s: i64) -> bool {
        self.sunset_s.is_some_and(|sunset_s| now_s >= sunset_s)
    }
}

/// The beginning of a day such as `2026-12-31`, UTC.
pub(crate) fn day_s(text: &str) -> Option<i64> {
    let mut parts = text.split('-');
    let mut part = |digits: usize| {
        let part = parts.next().filter(|part| part.len() == digits)?;
        part.bytes().all(|byte| byte.is_ascii_digit()).then(|| part.parse::<i64>().ok())?
    };
    let (year, month, day) = (part(4)?, part(2)?, part(2)?);
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let days_max = match month {
        1 | 3 | 5 | 7 | 8 | 10 | 12 => 31,
        4 | 6 | 9 | 11 => 30,
        2 if leap => 29,
        2 => 28,
        _ => return None,
    };
    if parts.next().is_some() || year < 1970 || !(1..=days_max).contains(&day) {
        return None;
    }
    // Years begin in March, so that the day that some of them have more is their last.
    let year = if month <= 2 { year - 1 } else { year };
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    let days = year * 365 + year / 4 - year / 100 + year / 400 + day_of_year - 719_468;
    Some(days * 86_400)
}

#[cfg(test)]
mod spec {
    use super::*;

    #[test]
    fn a_day_is_its_beginning_in_utc() {
        for (text, seconds) in [
            ("1970-01-01", Some(0)),
            ("2000-02-29", Some(951_782_400)),
            ("2020-01-01", Some(1_577_836_800)),
            ("2026-12-31", Some(1_798_675_200)),
            ("1900-02-29", None),
            ("2026-02-29", None),
            ("2026-13-01", None),
            ("2026-00-01", None),
            ("2026-04-31", None),
            ("2026-1-1", None),
            ("2026-01-01-01", None),
            ("tomorrow", None),
            ("", None),
        ] {
            assert_eq!(day_s(text), seconds, "{text}");
        }
    }

    #[test]
    fn of_two_lifetimes_the_earlier_days_hold() {
        let life = |deprecated_s, sunset_s| Lifetime { deprecated_s, sunset_s };
        assert_eq!(life(Some(3), None).and(life(Some(2), Some(9))), life(Some(2), Some(9)));
        assert_eq!(life(None, Some(1)).and(life(None, Some(2))), life(None, Some(1)));
        for (now_s, over) in [(0, false), (1, true), (2, true)] {
            assert_eq!(life(None, Some(1)).is_over(now_s), over, "{now_s}");
        }
        assert!(!Lifetime::default().is_over(i64::MAX));
    }
}

//! `Millis`: a moment, passed in. Nothing in this crate reads a clock. `Date`: its day in UTC.

use std::fmt;

/// Milliseconds since the Unix epoch.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Millis(i64);

impl Millis {
    /// The moment `ms` milliseconds after the epoch.
    #[must_use]
    pub const fn new(ms: i64) -> Self {
        Self(ms)
    }

    /// The moment `s` seconds after the epoch; saturates.
    #[must_use]
    pub const fn from_secs(s: i64) -> Self {
        Self(s.saturating_mul(1000))
    }

    /// Milliseconds since the epoch.
    #[must_use]
    pub const fn as_ms(self) -> i64 {
        self.0
    }

    /// Whole seconds since the epoch, as a Timestamp has them.
    #[must_use]
    pub const fn as_secs(self) -> i64 {
        self.0.div_euclid(1000)
    }

    /// The moment `ms` later (earlier, if negative); saturates.
    #[must_use]
    pub const fn plus(self, ms: i64) -> Self {
        Self(self.0.saturating_add(ms))
    }

    /// How many milliseconds `self` is after `earlier`; negative if it is before; saturates.
    #[must_use]
    pub const fn since(self, earlier: Self) -> i64 {
        self.0.saturating_sub(earlier.0)
    }
}

impl fmt::Display for Millis {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}

/// A day of the proleptic Gregorian calendar, in UTC.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Date {
    year: i64,
    month: u8,
    day: u8,
}

impl Date {
    /// The day of a moment.
    #[must_use]
    pub fn of(at: Millis) -> Self {
        // The shift to a year that begins in March makes the leap day its last.
        let shifted = at.as_secs().div_euclid(86_400).saturating_add(719_468);
        let (era, day_of_era) = (shifted.div_euclid(146_097), shifted.rem_euclid(146_097));
        let year_of_era =
            (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
        let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
        let of_march = (5 * day_of_year + 2) / 153;
        let small = |n: i64| u8::try_from(n).unwrap_or(u8::MAX);
        let month = small(if of_march < 10 { of_march + 3 } else { of_march - 9 });
        let day = small(day_of_year - (153 * of_march + 2) / 5 + 1);
        Self { year: year_of_era + era * 400 + i64::from(month <= 2), month, day }
    }

    /// The day of that name, if there is one: none is 2023-02-29.
    #[must_use]
    pub fn new(year: i64, month: u8, day: u8) -> Option<Self> {
        let named = Self { year, month, day };
        let seconds = named.days().checked_mul(86_400)?;
        (Self::of(Millis::from_secs(seconds)) == named).then_some(named)
    }

    /// Days since 1970-01-01.
    #[must_use]
    pub fn days(self) -> i64 {
        let month = i64::from(self.month);
        let year = self.year - i64::from(month <= 2);
        let (era, year_of_era) = (year.div_euclid(400), year.rem_euclid(400));
        let of_march = (month + 9) % 12;
        let day_of_year = (153 * of_march + 2) / 5 + i64::from(self.day) - 1;
        let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
        era * 146_097 + day_of_era - 719_468
    }

    /// Months since January of the year 0: two days of one month have the same.
    #[must_use]
    pub fn months(self) -> i64 {
        self.year * 12 + i64::from(self.month) - 1
    }

    /// The first moment of the month after so many months since January of the year 0.
    #[must_use]
    pub fn month_begins(months: i64) -> Millis {
        let month = u8::try_from(months.rem_euclid(12) + 1).unwrap_or(1);
        let first = Self { year: months.div_euclid(12), month, day: 1 };
        Millis::from_secs(first.days().saturating_mul(86_400))
    }
}

impl fmt::Display for Date {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}-{:02}-{:02}", self.year, self.month, self.day)
    }
}

#[cfg(test)]
mod spec {
    use super::*;

    #[test]
    fn every_day_of_five_centuries_has_one_date_and_one_number() {
        let mut last = Date::of(Millis::from_secs((-100_000 - 1) * 86_400));
        for day in -100_000..100_000_i64 {
            let date = Date::of(Millis::from_secs(day * 86_400 + 86_399));
            assert_eq!(date.days(), day, "{date}");
            assert!(date > last && date.months() - last.months() <= 1, "{date} after {last}");
            assert_eq!(Date::new(date.year, date.month, date.day), Some(date));
            last = date;
        }
        assert_eq!(Date::of(Millis::from_secs(951_782_400)).to_string(), "2000-02-29");
        assert_eq!(Date::of(Millis::new(-1)).to_string(), "1969-12-31");
        for (year, month, day) in [(2023, 2, 29), (1900, 2, 29), (2018, 4, 31), (2018, 0, 1)] {
            assert_eq!(Date::new(year, month, day), None);
        }
        let months = Date::of(Millis::from_secs(1_526_896_800)).months();
        let next = Date::month_begins(months + 1);
        assert_eq!(Date::of(next).to_string(), "2018-06-01");
        assert_eq!(Date::of(next.plus(-1)).to_string(), "2018-05-31");
    }
}

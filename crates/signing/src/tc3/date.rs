//! The UTC date of a stamp, as the credential scope writes it.

/// The date of a stamp in UNIX seconds, written in decimal; `None` where the text is no such stamp.
#[must_use]
pub fn utc_date(timestamp: &str) -> Option<String> {
    Some(date_of_days(seconds(timestamp)?.div_euclid(DAY_S)))
}

/// The seconds of a stamp: 1 to 11 digits and nothing else, which ends in the year 5138.
pub(crate) fn seconds(timestamp: &str) -> Option<i64> {
    let digits = (1..=11).contains(&timestamp.len());
    let digits = digits && timestamp.bytes().all(|byte| byte.is_ascii_digit());
    if digits { timestamp.parse().ok() } else { None }
}

/// `YYYY-MM-DD` of a count of days since 1970-01-01, by the proleptic Gregorian calendar. The shift to a year that begins
/// in March makes the leap day its last.
#[must_use]
pub fn date_of_days(days: i64) -> String {
    let shifted = days.saturating_add(719_468);
    let era = shifted.div_euclid(146_097);
    let day_of_era = shifted.rem_euclid(146_097);
    let year_of_era =
        (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_of_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_of_march + 2) / 5 + 1;
    let month = if month_of_march < 10 { month_of_march + 3 } else { month_of_march - 9 };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    format!("{year:04}-{month:02}-{day:02}")
}

/// Whether a text has the form of a date. Which day it is, the stamp says.
pub(super) fn is_date(text: &str) -> bool {
    let pattern = b"dddd-dd-dd";
    text.len() == pattern.len()
        && text.bytes().zip(pattern).all(|(byte, kind)| match kind {
            b'd' => byte.is_ascii_digit(),
            other => byte == *other,
        })
}

pub(crate) const DAY_S: i64 = 86_400;

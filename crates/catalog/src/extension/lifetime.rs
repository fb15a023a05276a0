//! `deprecated` and `sunset`, of a version or of an action.

use super::fields::Fields;
use crate::diagnostic::Report;
use crate::lifetime::{Lifetime, day_s};

/// Reads both days; an end before the warning is an error.
pub(super) fn read(report: &mut Report<'_>, fields: &Fields<'_>) -> Lifetime {
    let mut day = |key: &str| {
        let text = fields.text(report, key)?;
        let day = day_s(text);
        if let (None, Some(spot)) = (day, fields.spot.get(key)) {
            let what = format!("`{text}` is not a day");
            let help = Some("write it as \"2026-12-31\"; it begins at midnight, UTC".to_owned());
            report.error(report.value(&spot), what, help);
        }
        day
    };
    let lifetime = Lifetime { deprecated_s: day("deprecated"), sunset_s: day("sunset") };
    if let (Some(deprecated_s), Some(sunset_s)) = (lifetime.deprecated_s, lifetime.sunset_s)
        && sunset_s < deprecated_s
        && let Some(spot) = fields.spot.get("sunset")
    {
        let what = "it ends before it is deprecated";
        report.error(report.value(&spot), what, Some("a warning comes first".to_owned()));
    }
    lifetime
}

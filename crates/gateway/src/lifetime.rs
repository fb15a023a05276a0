//! The headers of what is on its way out: `Deprecation` (RFC 9745) and `Sunset` (RFC 8594).

use std::time::{Duration, UNIX_EPOCH};

use faregate_catalog::Lifetime;
use http::header::{HeaderName, HeaderValue};

const DEPRECATION: HeaderName = HeaderName::from_static("deprecation");
const SUNSET: HeaderName = HeaderName::from_static("sunset");

/// None, for nearly every action.
pub(crate) fn headers(lifetime: Lifetime) -> impl Iterator<Item = (HeaderName, HeaderValue)> {
    let seconds = |at_s: Option<i64>| at_s.and_then(|at_s| u64::try_from(at_s).ok());
    // One is a date of structured fields (RFC 9651, 3.3.7), the other a date of HTTP (RFC 9110, 5.6.7).
    let deprecation = seconds(lifetime.deprecated_s).map(|at_s| (DEPRECATION, format!("@{at_s}")));
    let sunset = seconds(lifetime.sunset_s)
        .map(|at_s| (SUNSET, httpdate::fmt_http_date(UNIX_EPOCH + Duration::from_secs(at_s))));
    let both = deprecation.into_iter().chain(sunset);
    both.filter_map(|(name, value)| Some((name, HeaderValue::try_from(value).ok()?)))
}

#[cfg(test)]
mod spec {
    use super::*;

    #[test]
    fn each_day_is_written_as_its_header_wants_it() {
        let lifetime =
            Lifetime { deprecated_s: Some(1_577_836_800), sunset_s: Some(1_798_675_200) };
        let told: Vec<_> = headers(lifetime)
            .map(|(name, value)| format!("{name}: {}", value.to_str().unwrap()))
            .collect();
        assert_eq!(told, ["deprecation: @1577836800", "sunset: Thu, 31 Dec 2026 00:00:00 GMT"]);
        assert_eq!(headers(Lifetime::default()).count(), 0);
    }
}

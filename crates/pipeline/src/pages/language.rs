//! In which language a page is read: what was asked for, then what the browser prefers, then English.

use std::cmp::Reverse;

/// The languages that the pages are written in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Language {
    /// English, the language of the contract.
    #[default]
    English,
    /// Simplified Chinese.
    Chinese,
}

impl Language {
    /// The language tag (BCP 47).
    #[must_use]
    pub const fn tag(self) -> &'static str {
        match self {
            Self::English => "en",
            Self::Chinese => "zh",
        }
    }

    /// `?lang=zh` decides, then `Accept-Language` (RFC 9110 12.5.4), then English.
    #[must_use]
    pub fn choose(query: Option<&str>, accept_language: Option<&str>) -> Self {
        query
            .and_then(|query| query.split('&').find_map(|pair| pair.strip_prefix("lang=")))
            .and_then(Self::of_tag)
            .or_else(|| accept_language.and_then(Self::most_welcome))
            .unwrap_or_default()
    }

    /// `zh`, `zh-CN`, `en-GB`: only the primary subtag counts.
    fn of_tag(tag: &str) -> Option<Self> {
        let primary = tag.split(['-', '_']).next().unwrap_or_default();
        [Self::English, Self::Chinese]
            .into_iter()
            .find(|language| primary.eq_ignore_ascii_case(language.tag()))
    }

    /// The greatest weight wins, and the first of equals.
    fn most_welcome(header: &str) -> Option<Self> {
        header
            .split(',')
            .filter_map(|range| {
                let (tag, weight) = range.split_once(';').unwrap_or((range, ""));
                let weight = thousandths(weight).filter(|weight| *weight > 0)?;
                Some((Self::of_tag(tag.trim())?, weight))
            })
            .min_by_key(|(_, weight)| Reverse(*weight))
            .map(|(language, _)| language)
    }
}

/// `q=0.8` is 800; nothing is 1000 (RFC 9110 12.4.2).
fn thousandths(weight: &str) -> Option<u32> {
    let Some(number) = weight.trim().strip_prefix("q=") else {
        return weight.trim().is_empty().then_some(1000);
    };
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    let whole: u32 = whole.parse().ok()?;
    let fraction: u32 = format!("{fraction:0<3}").get(..3)?.parse().ok()?;
    (whole <= 1).then(|| (whole * 1000 + fraction).min(1000))
}

#[cfg(test)]
mod spec {
    use super::*;

    #[test]
    fn the_language_is_the_querys_then_the_headers_then_english() {
        use Language::{Chinese, English};
        for (query, header, language) in [
            (None, None, English),
            (Some("lang=zh"), Some("en"), Chinese),
            (Some("a=b&lang=en"), Some("zh"), English),
            (Some("lang=fr"), Some("zh-CN"), Chinese),
            (None, Some("zh-CN,zh;q=0.9,en;q=0.8"), Chinese),
            (None, Some("fr, en;q=0.2, zh;q=0.9"), Chinese),
            (None, Some("en, zh"), English),
            (None, Some("zh;q=0, en;q=0.1"), English),
            (None, Some("zh;q=0.05, en;q=0.5"), English),
            (None, Some("zh;q=much"), English),
            (None, Some("fr"), English),
        ] {
            assert_eq!(Language::choose(query, header), language, "{query:?} {header:?}");
        }
    }
}

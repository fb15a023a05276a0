//! An object of the extension with the keys it may have, read one by one.

use serde_json::Value;

use crate::diagnostic::Report;
use crate::document::Spot;
use crate::suggestion;

/// An object whose keys are all known.
#[derive(Clone, Debug)]
pub(super) struct Fields<'d> {
    pub(super) spot: Spot<'d>,
}

impl<'d> Fields<'d> {
    /// Opens an object: anything else is an error, and so is every key that is not `known`.
    pub(super) fn open(report: &mut Report<'_>, spot: Spot<'d>, known: &[&str]) -> Option<Self> {
        if !spot.value.is_object() {
            let what = format!("an object with {} is expected here", listed(known));
            report.error(report.value(&spot), what, None);
            return None;
        }
        for (key, member) in spot.members() {
            if !known.contains(&key) {
                let near = suggestion::did_you_mean(key, known.iter().copied());
                let help = near.unwrap_or_else(|| format!("the keys here are {}", listed(known)));
                report.error(report.key(&member), format!("`{key}` is not known here"), Some(help));
            }
        }
        Some(Self { spot })
    }

    /// A text.
    pub(super) fn text(&self, report: &mut Report<'_>, key: &str) -> Option<&'d str> {
        let spot = self.spot.get(key)?;
        let text = spot.value.as_str().filter(|text| !text.is_empty());
        if text.is_none() {
            report.error(report.value(&spot), format!("`{key}` is a text"), quote_it(spot.value));
        }
        text
    }

    /// A text that must be there.
    pub(super) fn needed(&self, report: &mut Report<'_>, key: &str) -> Option<&'d str> {
        if self.spot.get(key).is_none() {
            report.error(report.key(&self.spot), format!("`{key}` is missing here"), None);
        }
        self.text(report, key)
    }

    /// True or false.
    pub(super) fn flag(&self, report: &mut Report<'_>, key: &str) -> Option<bool> {
        let spot = self.spot.get(key)?;
        let flag = spot.value.as_bool();
        if flag.is_none() {
            report.error(report.value(&spot), format!("`{key}` is true or false"), None);
        }
        flag
    }

    /// A whole number between bounds.
    pub(super) fn number(
        &self,
        report: &mut Report<'_>,
        key: &str,
        bounds: std::ops::RangeInclusive<u32>,
    ) -> Option<u32> {
        let spot = self.spot.get(key)?;
        let number = spot.value.as_u64().and_then(|number| u32::try_from(number).ok());
        let number = number.filter(|number| bounds.contains(number));
        if number.is_none() {
            let (low, high) = bounds.into_inner();
            let rule = format!("`{key}` is a whole number from {low} to {high}");
            report.error(report.value(&spot), rule, None);
        }
        number
    }

    /// A list of texts, each with its place.
    pub(super) fn texts(&self, report: &mut Report<'_>, key: &str) -> Vec<(&'d str, Spot<'d>)> {
        let Some(list) = self.spot.get(key) else { return Vec::new() };
        if !list.value.is_array() {
            report.error(report.value(&list), format!("`{key}` is a list of texts"), None);
        }
        let mut texts = Vec::new();
        for item in list.items() {
            match item.value.as_str() {
                Some(text) if !text.is_empty() => texts.push((text, item)),
                _ => {
                    let help = quote_it(item.value);
                    report.error(report.value(&item), format!("`{key}` is a list of texts"), help);
                }
            }
        }
        texts
    }
}

fn quote_it(value: &Value) -> Option<String> {
    let bare = value.is_number() || value.is_boolean();
    bare.then(|| format!("put it between quotes: \"{value}\""))
}

pub(super) fn listed(words: &[&str]) -> String {
    words.iter().map(|word| format!("`{word}`")).collect::<Vec<_>>().join(", ")
}

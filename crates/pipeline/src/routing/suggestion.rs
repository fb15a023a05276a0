//! Wrong domain, or a slip of the pen: what a 6100 can say next.

use std::sync::Arc;

use faregate_catalog::{Catalog, Module};

use crate::call::{Body, RawCall};
use crate::dialect::header;

/// Where the Action is that a call to an unknown domain names. Its parameters are not read yet, and need not
/// be readable: this is a hint, and only an Action that exists here is repeated.
pub(super) fn of_raw(catalog: &Catalog, raw: &RawCall) -> Option<String> {
    let body: &[u8] = match &raw.body {
        Body::Whole(bytes) => bytes,
        Body::TooLarge { .. } | Body::Broken => &[],
    };
    let query = raw.query.as_deref().unwrap_or_default().as_bytes();
    if let Some(action) = header(raw, "X-TC-Action") {
        return at(catalog, action);
    }
    let mut pieces = [query, body].into_iter().flat_map(|text| text.split(|b| *b == b'&'));
    let action = pieces.find_map(|piece| piece.strip_prefix(b"Action="))?;
    at(catalog, std::str::from_utf8(action).ok()?)
}

fn at(catalog: &Catalog, action: &str) -> Option<String> {
    let domains = domains_of(catalog, action);
    (!domains.is_empty()).then(|| format!("`{action}` is at {}.", domains.join(" and at ")))
}

fn domains_of<'a>(catalog: &'a Catalog, action: &str) -> Vec<&'a str> {
    let modules = catalog.modules_with_action(action).iter();
    modules.filter_map(|module| module.domains.first().map(String::as_str)).collect()
}

/// Where the Action is, or which one was probably meant.
pub(super) fn hint(catalog: &Catalog, module: &Arc<Module>, action: &str) -> Option<String> {
    let elsewhere = domains_of(catalog, action);
    if elsewhere.is_empty() {
        nearest(std::slice::from_ref(module), action)
    } else {
        Some(format!("It is at {}.", elsewhere.join(" and at ")))
    }
}

/// The Action nearest in spelling, if one is near.
pub(super) fn nearest(modules: &[Arc<Module>], action: &str) -> Option<String> {
    // Long input cannot be a slip of the pen, and the distance costs its length squared.
    if action.len() > 64 {
        return None;
    }
    modules
        .iter()
        .flat_map(|module| module.operations())
        .map(|operation| (distance(&operation.action, action), operation))
        .filter(|(distance, _)| *distance <= 1 + action.len() / 5)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, operation)| format!("Did you mean `{}`?", operation.action))
}

/// Levenshtein's distance, without regard to case, one row at a time.
fn distance(ours: &str, theirs: &str) -> usize {
    let theirs: Vec<char> = theirs.chars().map(|c| c.to_ascii_lowercase()).collect();
    let mut row: Vec<usize> = (0..=theirs.len()).collect();
    for (n, a) in ours.chars().map(|c| c.to_ascii_lowercase()).enumerate() {
        let mut diagonal = n;
        let mut left = n + 1;
        if let Some(first) = row.first_mut() {
            *first = left;
        }
        for (cell, b) in row.iter_mut().skip(1).zip(&theirs) {
            let replaced = diagonal + usize::from(a != *b);
            diagonal = *cell;
            left = replaced.min(left + 1).min(diagonal + 1);
            *cell = left;
        }
    }
    row.last().copied().unwrap_or_default()
}

#[cfg(test)]
mod spec {
    use super::*;

    #[test]
    fn distances_are_counted_in_letters() {
        for (a, b, d) in [
            ("", "", 0),
            ("abc", "abc", 0),
            ("abc", "ABC", 0),
            ("abc", "abd", 1),
            ("abc", "ab", 1),
            ("", "abc", 3),
            ("kitten", "sitting", 3),
        ] {
            assert_eq!(distance(a, b), d, "{a} {b}");
        }
    }
}

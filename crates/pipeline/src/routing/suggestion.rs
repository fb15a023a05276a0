//! Wrong domain, or a slip of the pen: what a 6100 can say next.

use std::sync::Arc;

use faregate_catalog::{Catalog, Module};

/// Where the Action is, or which one was probably meant.
pub(super) fn hint(catalog: &Catalog, module: &Arc<Module>, action: &str) -> Option<String> {
    let elsewhere: Vec<&str> = catalog
        .modules_with_action(action)
        .iter()
        .filter_map(|other| other.domains.first().map(String::as_str))
        .collect();
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

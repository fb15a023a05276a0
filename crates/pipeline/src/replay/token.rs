//! `ClientToken`: what a client calls one thing to be done, so that asking twice does it once.
//!
//! Looked up before the nonce: an honest client whose answer was lost sends the same bytes again, and shall
//! have the answer, not a 4500. Compared by keyed prints of each parameter: what was sent is not kept.

use faregate_contract::Refusal;

use super::Prints;
use crate::authz::Permitted;
use crate::parameters;
use crate::quota;

/// The most differences that are named.
const NAMED_MAX: usize = 20;

/// A call's token, and what makes another call of this token the same.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Token {
    /// The client's own text.
    pub text: String,
    /// A print of each parameter, by its name, in the order of the names.
    pub prints: Vec<(String, u64)>,
}

/// The token of a call that changes something: its ClientToken, or the header Idempotency-Key.
#[must_use]
pub fn token_text(permitted: &Permitted) -> Option<&str> {
    let mutating = permitted.operation().mutating && !quota::is_dry_run(permitted);
    let key = permitted.raw().idempotency_key.as_deref();
    permitted.common().client_token.as_deref().or(key).filter(|_| mutating)
}

/// The same, with what it is compared by.
///
/// # Errors
/// 4000 when the header is no token, or is not the parameter.
pub fn token(permitted: &Permitted, prints: &Prints) -> Result<Option<Token>, Refusal> {
    let Some(text) = token_text(permitted) else { return Ok(None) };
    if let Some(key) = permitted.raw().idempotency_key.as_deref()
        && (key != text || !parameters::is_token(key))
    {
        return Err(parameters::token_malformed(key));
    }
    Ok(Some(Token { text: text.to_owned(), prints: asked(permitted, prints) }))
}

/// What a call asks: a keyed print of each parameter, by its name.
#[must_use]
pub fn asked(permitted: &Permitted, prints: &Prints) -> Vec<(String, u64)> {
    let action = format!("{}:{}", permitted.module().name, permitted.operation().action);
    let region = permitted.common().region.as_deref();
    let common = [("Action", Some(action.as_str())), ("Region", region)];
    let common = common.into_iter().filter_map(|(name, value)| Some((name, value?)));
    let own = permitted.input().asked();
    let own = own.iter().map(|(name, value)| (*name, &**value));
    let mut all: Vec<(String, u64)> = common
        .chain(own)
        .map(|(name, value)| (name.to_owned(), prints.of_parameter(name, value)))
        .collect();
    all.sort_unstable();
    all
}

/// The names of the parameters in which two calls differ; none if they are the same.
#[must_use]
pub fn differences(ours: &[(String, u64)], theirs: &[(String, u64)]) -> Vec<String> {
    let missing = |of: &[(String, u64)], from: &[(String, u64)]| {
        of.iter().filter(|pair| !from.contains(pair)).map(|(name, _)| name.clone()).collect()
    };
    let mut names: Vec<String> = missing(ours, theirs);
    names.extend::<Vec<String>>(missing(theirs, ours));
    names.sort_unstable();
    names.dedup();
    names.truncate(NAMED_MAX);
    names
}

#[cfg(test)]
mod spec {
    use super::*;

    #[test]
    fn differences_are_named_once_whichever_call_has_them() {
        let call = |pairs: &[(&str, u64)]| -> Vec<(String, u64)> {
            pairs.iter().map(|(name, print)| ((*name).to_owned(), *print)).collect()
        };
        for (title, ours, theirs, names) in [
            ("the same", &[("a", 1), ("b", 2)][..], &[("a", 1), ("b", 2)][..], &[][..]),
            ("another value", &[("a", 1)], &[("a", 2)], &["a"]),
            ("one more", &[("a", 1), ("b", 2)], &[("a", 1)], &["b"]),
            ("one less", &[], &[("a", 1)], &["a"]),
            ("swapped", &[("a", 1), ("b", 2)], &[("a", 2), ("b", 1)], &["a", "b"]),
        ] {
            assert_eq!(differences(&call(ours), &call(theirs)), names, "{title}");
        }
    }
}

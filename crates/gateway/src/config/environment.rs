//! What a configuration takes from the environment: passwords, and nothing else.

/// A variable's text; one that is empty is not set.
pub(super) fn text(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

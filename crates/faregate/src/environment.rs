//! The only reader of the environment, apart from the flags that have a variable each.

use std::path::PathBuf;

/// A variable's text; one that is empty is not set.
pub(crate) fn text(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

/// An absolute path; a relative one is ignored (XDG base directories).
pub(crate) fn path(name: &str) -> Option<PathBuf> {
    std::env::var_os(name).map(PathBuf::from).filter(|path| path.is_absolute())
}

/// Is it set to anything but nothing and `0`.
pub(crate) fn is_set(name: &str) -> bool {
    std::env::var_os(name).is_some_and(|value| !value.is_empty() && value != "0")
}

//! The only reader of the environment in the client.

use std::path::PathBuf;

/// A file that is named; a variable that is empty names none.
pub(crate) fn path(name: &str) -> Option<PathBuf> {
    std::env::var_os(name).filter(|path| !path.is_empty()).map(PathBuf::from)
}

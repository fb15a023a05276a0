//! What the environment says, in builds with debug assertions: where a test wants something to break.
#![cfg(debug_assertions)]

/// The failpoint that is asked for.
pub(crate) fn failpoint() -> Option<String> {
    std::env::var_os("FAREGATE_FAILPOINT")?.into_string().ok()
}

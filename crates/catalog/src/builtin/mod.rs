//! The gateway's own modules: actions that it answers itself, through the same gates.
//!
//! Their documents are made from the Rust types of the gateway's handlers; a test there compares.

use crate::document::Source;

/// Their documents, compiled with the others.
pub(crate) const SOURCES: [Source<'static>; 2] = [
    Source { name: "(built in) account.json", text: include_str!("account.json"), upstream: None },
    Source { name: "(built in) sts.json", text: include_str!("sts.json"), upstream: None },
];

/// Is a document one of ours.
pub(crate) fn is_ours(name: &str) -> bool {
    SOURCES.iter().any(|source| source.name == name)
}

/// Answered at every domain: no module can have one of these names.
pub(crate) const EVERYWHERE: [&str; 1] = ["DescribeRequest"];

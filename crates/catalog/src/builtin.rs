//! The gateway's own module: actions that it answers itself, at every domain, through the same gates.

use crate::document::Source;

/// Its document, compiled with the others.
pub(crate) const SOURCE: Source<'static> =
    Source { name: "(built in)", text: include_str!("builtin.yaml"), upstream: None };

/// Its actions: no module can have one of these names.
pub(crate) const ACTIONS: [&str; 1] = ["DescribeRequest"];

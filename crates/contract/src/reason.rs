//! `Reason`: the machine-readable cause within a code.

use std::fmt;

use serde::Serialize;

/// The stable name of one cause, as in AIP-193's `ErrorInfo.reason`: UPPER_SNAKE, at most 63 bytes.
/// Each stands on its code's page as an anchor.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Serialize, PartialOrd, Ord)]
pub struct Reason(&'static str);

impl Reason {
    /// A reason of this name.
    ///
    /// # Panics
    /// At compile time, when called in a constant with a name that is not UPPER_SNAKE or too long.
    #[must_use]
    pub const fn new(name: &'static str) -> Self {
        let mut rest = name.as_bytes();
        assert!(!rest.is_empty() && rest.len() <= 63, "a reason has 1 to 63 bytes");
        while let [b, tail @ ..] = rest {
            assert!(b.is_ascii_uppercase() || b.is_ascii_digit() || *b == b'_', "UPPER_SNAKE");
            rest = tail;
        }
        Self(name)
    }

    /// The name.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        self.0
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

impl fmt::Debug for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

//! May the client try again, and with which bytes.

/// What the contract advises after a refusal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Retry {
    /// The same request will be refused again: something must change first.
    Never,
    /// A fresh Timestamp and Nonce are enough.
    SignAgain,
    /// The same signed bytes are invited again after that many whole seconds: the nonce was given back.
    SameBytes {
        /// Whole seconds, at least 1 (the `Retry-After` header).
        after_s: u32,
    },
    /// Sign again and try after that many whole seconds.
    After {
        /// Whole seconds, at least 1 (the `Retry-After` header).
        after_s: u32,
    },
}

impl Retry {
    /// `retryable` in the answer.
    #[must_use]
    pub const fn is_advised(self) -> bool {
        match self {
            Self::Never => false,
            Self::SignAgain | Self::SameBytes { .. } | Self::After { .. } => true,
        }
    }

    /// The `Retry-After` header, in whole seconds.
    #[must_use]
    pub const fn after_s(self) -> Option<u32> {
        match self {
            Self::Never | Self::SignAgain => None,
            Self::SameBytes { after_s } | Self::After { after_s } => Some(after_s),
        }
    }
}

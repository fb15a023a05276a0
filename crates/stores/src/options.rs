//! How a data folder is opened, and what was found.

use std::path::PathBuf;

use crate::nonces::Durability;

/// How to open a data folder.
#[derive(Clone, Debug)]
pub struct Options {
    /// The data folder.
    pub data: PathBuf,
    /// What a nonce survives. Money is always on disk before it is answered.
    pub durability: Durability,
    /// `replay.window`: how far ahead a stamp may be.
    pub window_ms: i64,
    /// The longest validity period: a nonce is kept until its stamp and this are over.
    pub retention_ms: i64,
}

impl Options {
    /// A window of two hours, a period of five minutes, nonces that survive the process.
    #[must_use]
    pub fn new(data: impl Into<PathBuf>) -> Self {
        Self {
            data: data.into(),
            durability: Durability::Os,
            window_ms: 7_200_000,
            retention_ms: 300_000,
        }
    }
}

/// What was found when the stores were opened, for the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Opened {
    /// Nonces that are spent.
    pub n_nonces: usize,
    /// Why the fence was raised at this start; none if it was not.
    pub fenced_because: Option<String>,
    /// Holds whose call was never sent: their money is available again.
    pub n_holds_released: usize,
    /// Holds whose call was sent, its answer lost: their money stays held.
    pub n_holds_in_doubt: usize,
}

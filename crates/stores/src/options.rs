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
    /// Where accounts, money and nonces are, if not in the data folder.
    pub shared: Option<SharedAt>,
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
            shared: None,
            window_ms: 7_200_000,
            retention_ms: 300_000,
        }
    }
}

/// The shared home: where it is, and what opens it.
#[derive(Clone, PartialEq, Eq)]
pub struct SharedAt {
    /// `postgres://user@host/database`; with `?sslmode=verify-full` for TLS.
    pub postgres: String,
    /// Its password, if it is not in the URL.
    pub postgres_password: Option<String>,
    /// `redis://host:6379/0`, or `rediss://` for TLS.
    pub redis: String,
    /// Its password, if it is not in the URL.
    pub redis_password: Option<String>,
    /// The authorities that their certificates are of; none are the system's.
    pub ca_file: Option<PathBuf>,
}

impl std::fmt::Debug for SharedAt {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // A URL may hold a password.
        f.write_str("SharedAt(***)")
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

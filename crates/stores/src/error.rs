//! What goes wrong in the store: for the operator, with the fix; for a gate, only "down".

use std::io;
use std::path::{Path, PathBuf};

use faregate_ledger::Refused;
use faregate_pipeline::facts::StoreDown;
use thiserror::Error;

/// What the embedded home has and the shared one does not, yet: refused, never silently missing.
pub(crate) const NOT_CARRIED: &str =
    "only the embedded home keeps this so far, and `[stores]` names another";

/// Why a data folder could not be made or opened. Each says what to do.
#[derive(Debug, Error)]
pub enum OpenError {
    /// There is a store already.
    #[error("`{}` holds a store already: open it, or choose another folder", .0.display())]
    Exists(PathBuf),
    /// There is none.
    #[error("`{}` holds no store: make one with `faregate init`", .0.display())]
    NoStore(PathBuf),
    /// Somebody else has it open.
    #[error(
        "another gateway is running on `{}`: stop it, or choose another data folder", .0.display()
    )]
    InUse(PathBuf),
    /// The sealed keys cannot be opened without it.
    #[error(
        "`{}` is missing beside a store: restore it from the backup, for no key opens without it",
        .0.display()
    )]
    KeyringMissing(PathBuf),
    /// Others could read it.
    #[error("`{}` can be read by others (mode {mode:o}): run `chmod 600` on it", path.display())]
    KeyringExposed {
        /// Where it is.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
    /// It is not a keyring.
    #[error("`{}` is damaged (line {line}): restore it from the backup", path.display())]
    KeyringDamaged {
        /// Where it is.
        path: PathBuf,
        /// The first line that is none.
        line: usize,
    },
    /// A newer Faregate wrote it.
    #[error(
        "the store's schema is version {found}, this Faregate knows {known}: run the newer Faregate"
    )]
    SchemaNewer {
        /// The store's.
        found: u32,
        /// Ours.
        known: u32,
    },
    /// `faregate migrate` was not run.
    #[error(
        "the store's schema is version {found}, this Faregate wants {known}: run `faregate migrate`"
    )]
    SchemaOlder {
        /// The store's.
        found: u32,
        /// Ours.
        known: u32,
    },
    /// A migration is not the one that was applied.
    #[error(
        "migration {0} of the store is not the one this Faregate has: run the Faregate that made it"
    )]
    SchemaChanged(u32),
    /// What a sandbox left behind would reach real clients.
    #[error(
        "this data folder was a sandbox's ({n_faults} faults on purpose, its clock {} s ahead): run \
         `faregate fault clear` and `faregate clock reset` on it, or set `sandbox = true`",
        ahead_ms / 1000
    )]
    SandboxLeft {
        /// How far its clock is ahead.
        ahead_ms: i64,
        /// How many faults it has.
        n_faults: usize,
    },
    /// The shared home cannot be used.
    #[error("{what} cannot be used: {why}")]
    Shared {
        /// PostgreSQL or Redis.
        what: &'static str,
        /// Why, and what to do.
        why: String,
    },
    /// Other gateways seal with another keyring.
    #[error(
        "`{}` is not the keyring of this database: copy that of another gateway of it here", .0.display()
    )]
    KeyringOther(PathBuf),
    /// Only the embedded home has it.
    #[error("{0} needs the embedded home, so far: leave `[stores]` out, or leave that out")]
    NotCarried(&'static str),
    /// The file system said no.
    #[error("cannot use `{}`: {cause}", path.display())]
    Io {
        /// On what.
        path: PathBuf,
        /// Why.
        #[source]
        cause: io::Error,
    },
    /// The database said no.
    #[error("cannot open the database: {0}")]
    Database(String),
}

impl OpenError {
    pub(crate) fn io(path: &Path) -> impl Fn(io::Error) -> Self {
        move |cause| Self::Io { path: path.to_owned(), cause }
    }
}

impl From<Fault> for OpenError {
    fn from(fault: Fault) -> Self {
        Self::Database(fault.to_string())
    }
}

impl From<rusqlite::Error> for OpenError {
    fn from(cause: rusqlite::Error) -> Self {
        Self::Database(cause.to_string())
    }
}

/// Why an administrative write was not done. Nothing changed.
#[derive(Debug, Error)]
pub enum AdminError {
    /// There is no such thing.
    #[error("there is no {what} `{name}`")]
    NotFound {
        /// A word: account, key, hold, switch.
        what: &'static str,
        /// Its name, as given.
        name: String,
    },
    /// There is one already.
    #[error("there is {what} `{name}` already")]
    Exists {
        /// A word with its article: an account, a key.
        what: &'static str,
        /// Its name, as given.
        name: String,
    },
    /// The value cannot be.
    #[error("{0}")]
    Invalid(String),
    /// It may be asked for, and cannot be done as things are.
    #[error("{0}")]
    Refused(String),
    /// Whoever it is for has as many live keys as may be.
    #[error("{0} has two live keys already: delete or disable one first")]
    KeyLimit(String),
    /// The ledger refused.
    #[error(transparent)]
    Money(#[from] Refused),
    /// Only the embedded home has it.
    #[error("{NOT_CARRIED}")]
    NotCarried,
    /// The store failed.
    #[error("the store failed: {0}")]
    Down(#[from] Fault),
}

impl From<tokio_postgres::Error> for AdminError {
    fn from(cause: tokio_postgres::Error) -> Self {
        Self::Down(Fault::Postgres(cause))
    }
}

impl From<rusqlite::Error> for AdminError {
    fn from(cause: rusqlite::Error) -> Self {
        Self::Down(Fault::Sqlite(cause))
    }
}

/// The store failed, or holds what it cannot hold.
#[derive(Debug, Error)]
pub enum Fault {
    /// The database.
    #[error(transparent)]
    Sqlite(#[from] rusqlite::Error),
    /// The shared database.
    #[error("{}", crate::postgres::said(.0))]
    Postgres(#[from] tokio_postgres::Error),
    /// A row that no code of ours writes.
    #[error("{0}")]
    Broken(String),
    /// The operating system's randomness.
    #[error("no randomness: {0}")]
    Random(#[from] getrandom::Error),
}

impl Fault {
    pub(crate) fn down(&self, store: &'static str) -> StoreDown {
        StoreDown { store, cause: self.to_string() }
    }

    pub(crate) fn down_by(cause: &rusqlite::Error, store: &'static str) -> StoreDown {
        StoreDown { store, cause: cause.to_string() }
    }
}

pub(crate) fn broken(what: impl ToString) -> Fault {
    Fault::Broken(what.to_string())
}

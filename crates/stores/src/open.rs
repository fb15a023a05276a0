//! Opening a home: the data folder alone, or a data folder beside PostgreSQL and Redis.

use std::path::Path;
use std::sync::Arc;

use faregate_pipeline::time::Millis;

use crate::cache::Cache;
use crate::changes::Watch;
use crate::error::OpenError;
use crate::home::Home;
use crate::nonces::{Disk, Nonces, Setting};
use crate::options::{Opened, Options, SharedAt};
use crate::quotas::{self, Quotas};
use crate::receipts::Receipts;
use crate::shared::{self, Shared};
use crate::sqlite::readers::Readers;
use crate::sqlite::writer::Writer;
use crate::sqlite::{self, Role, connect};
use crate::{Inner, Stores, clock};

impl Stores {
    /// Makes a data folder: mode 0700, a keyring of mode 0600, an empty database, an empty journal.
    ///
    /// # Errors
    /// There is a store already, or the folder cannot be made.
    pub fn create(data: &Path) -> Result<(), OpenError> {
        Home::at(data).create(clock::wall())
    }

    /// Opens a data folder, alone: reads the nonces back, raises the fence where some may be lost,
    /// gives back what was held for calls that were never sent.
    ///
    /// # Errors
    /// There is none, another gateway has it, or it cannot be believed: each says what to do.
    pub fn open(options: Options, now: Millis) -> Result<Self, OpenError> {
        Self::open_watched(options, now, &mut |_, _| {})
    }

    /// The same, and says while the nonces are read how many records of how many there are.
    ///
    /// # Errors
    /// As [`Self::open`].
    pub fn open_watched(
        options: Options,
        now: Millis,
        progress: &mut dyn FnMut(u64, u64),
    ) -> Result<Self, OpenError> {
        match options.shared.clone() {
            Some(at) => Self::open_shared(options, &at),
            None => Self::open_embedded(options, now, progress),
        }
    }

    fn open_embedded(
        options: Options,
        now: Millis,
        progress: &mut dyn FnMut(u64, u64),
    ) -> Result<Self, OpenError> {
        let Options { data, durability, window_ms, retention_ms, shared: _ } = options;
        let home = Home::at(&data);
        if !home.database().exists() {
            return Err(OpenError::NoStore(data));
        }
        let lock = home.lock()?;
        let (vault, connection) = home.open(now)?;
        let (n_holds_released, n_holds_in_doubt) = sqlite::recover(&connection, &vault, now)?;
        let cache = Arc::new(Cache::default());
        let setting = Setting {
            folder: home.nonces(),
            store_id: vault.store_id(),
            disk: Disk::default(),
            durability,
            retention_ms,
            window_ms,
            ahead_ms: cache.ahead_ms(),
        };
        let nonces =
            Nonces::open(&setting, now, progress).map_err(OpenError::io(&home.nonces()))?;
        let quotas = Arc::new(Quotas::with(sqlite::quotas::read_back(&connection, now)?));
        let followers = (Arc::clone(&cache), Arc::clone(&quotas));
        let watch = Watch::start(connect(&home.database(), Role::Writer)?, followers)?;
        let opened = Opened {
            n_nonces: nonces.recovery.n_nonces,
            fenced_because: nonces.recovery.fenced_because.clone(),
            n_holds_released,
            n_holds_in_doubt,
        };
        let writer = Arc::new(Writer::start(connection).map_err(OpenError::io(&data))?);
        let keeper = quotas::Keeper::start(Arc::clone(&quotas), Arc::clone(&writer));
        let inner = Inner {
            _keeper: Some(keeper.map_err(OpenError::io(&data))?),
            writer,
            _watch: Some(watch),
            readers: Readers::open(&home.database())?,
            nonces: Some(nonces),
            shared: None,
            quotas,
            receipts: Receipts::open(&home.receipts()).map_err(OpenError::io(&home.receipts()))?,
            cache,
            admin: std::sync::Mutex::default(),
            vault: Arc::new(vault),
            window_ms,
            opened,
            database: home.database(),
            _lock: lock,
        };
        Ok(Self { inner: Arc::new(inner) })
    }

    /// The keyring and the receipts are this machine's; all else is PostgreSQL's and Redis's.
    fn open_shared(options: Options, at: &SharedAt) -> Result<Self, OpenError> {
        let Options { data, durability: _, window_ms, retention_ms, shared: _ } = options;
        let home = Home::at(&data);
        let vault = home.vault()?;
        let lock = home.lock()?;
        let cache = Arc::new(Cache::default());
        let setting = shared::Setting { at, vault: &vault, cache: &cache, window_ms, retention_ms };
        let (shared, opened) = Shared::open(&setting)?;
        let inner = Inner {
            _keeper: None,
            writer: Arc::new(Writer::none()),
            _watch: None,
            readers: Readers::none(),
            nonces: None,
            shared: Some(shared),
            quotas: Arc::default(),
            receipts: Receipts::open(&home.receipts()).map_err(OpenError::io(&home.receipts()))?,
            cache,
            admin: std::sync::Mutex::default(),
            vault: Arc::new(vault),
            window_ms,
            opened,
            database: home.database(),
            _lock: lock,
        };
        Ok(Self { inner: Arc::new(inner) })
    }
}

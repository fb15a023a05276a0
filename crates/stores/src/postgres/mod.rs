//! The PostgreSQL home: accounts, keys, resources, switches, money and orders, for many gateways at once.
//!
//! Each move is one statement, or one short transaction where the answer that is saved needs the balance after
//! it. Written for the portable part of PostgreSQL (CRATES 5): no stored code, no LISTEN, no advisory locks.
//! Invariant: a statement that was refused with 40001 or 40P01 is tried again until its deadline; whatever is not
//! known to be done when that is over is [`StoreDown`]. Never: a balance, a hold or an owner from memory.

pub(crate) mod accounts;
pub(crate) mod audit;
pub(crate) mod batches;
pub(crate) mod books;
pub(crate) mod copy;
pub(crate) mod ledger;
pub(crate) mod migrate;
pub(crate) mod nodes;
pub(crate) mod operator;
pub(crate) mod orders;
pub(crate) mod refunds;
pub(crate) mod resources;
#[cfg(test)]
mod spec;
pub(crate) mod switches;

use std::cell::RefCell;
use std::collections::HashMap;
use std::fmt;
use std::future::Future;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use deadpool_postgres::{Manager, ManagerConfig, Object, Pool, RecyclingMethod, Runtime};
use faregate_pipeline::facts::StoreDown;
use tokio_postgres::config::SslMode;
use tokio_postgres::error::SqlState;
use tokio_postgres::{Config, NoTls};

use crate::error::{Fault, OpenError, broken};
use crate::options::SharedAt;
use crate::tls::Tls;

/// What a call waits for the database at most, retries included.
pub(crate) const DEADLINE: Duration = Duration::from_secs(2);
/// A session ends its own statements before the gateway stops waiting, so that "not done" is known to be so.
const SESSION: &str = "-c statement_timeout=1500 -c lock_timeout=1200 \
                       -c idle_in_transaction_session_timeout=3000";
const CONNECT: Duration = Duration::from_millis(800);
/// Connections a worker: a statement pipelines, a transaction has one alone.
const POOL: usize = 4;
/// How often a statement that lost to another is tried again within its deadline.
pub(crate) const TRIES: u32 = 8;

thread_local! {
    /// A pool a worker: a connection's task runs where it was made.
    static POOLS: RefCell<HashMap<u64, Pool>> = RefCell::new(HashMap::new());
}

static NEXT: AtomicU64 = AtomicU64::new(1);

/// The way to the database.
#[derive(Clone)]
pub(crate) struct Postgres {
    id: u64,
    config: Config,
    tls: Option<Tls>,
}

impl fmt::Debug for Postgres {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The configuration holds the password.
        f.debug_struct("Postgres").field("id", &self.id).finish_non_exhaustive()
    }
}

impl Postgres {
    /// The one of a home.
    pub(crate) fn of(at: &SharedAt) -> Result<Self, OpenError> {
        Self::new(&at.postgres, at.postgres_password.as_deref(), at.ca_file.as_deref())
    }

    /// Reads a URL; nothing is connected yet. Where TLS is asked for, the certificate is always checked, and its name.
    fn new(url: &str, password: Option<&str>, ca_file: Option<&Path>) -> Result<Self, OpenError> {
        let unread = |why: String| OpenError::Shared { what: "PostgreSQL", why };
        let url = ["verify-full", "verify-ca"].iter().fold(url.to_owned(), |url, mode| {
            url.replace(&format!("sslmode={mode}"), "sslmode=require")
        });
        let mut config: Config = url.parse().map_err(|cause| unread(said(&cause)))?;
        // A TLS that may be done without (`prefer`) is one that whoever listens does without.
        let is_asked_for = config.get_ssl_mode() == SslMode::Require;
        let tls = is_asked_for.then(|| Tls::new("PostgreSQL", ca_file)).transpose()?;
        if let Some(password) = password {
            config.password(password);
        }
        if config.get_options().is_none() {
            config.options(SESSION);
        }
        config.application_name("faregate").connect_timeout(CONNECT);
        config.tcp_user_timeout(DEADLINE);
        Ok(Self { id: NEXT.fetch_add(1, Ordering::Relaxed), config, tls })
    }

    /// Without limits on a statement: for migrations and copies.
    pub(crate) fn patient(&self) -> Self {
        let mut config = self.config.clone();
        config.options("-c statement_timeout=0");
        Self { id: NEXT.fetch_add(1, Ordering::Relaxed), config, tls: self.tls.clone() }
    }

    /// A connection of this worker's.
    pub(crate) async fn client(&self) -> Result<Object, Fault> {
        let known = POOLS.with(|pools| pools.borrow().get(&self.id).cloned());
        let pool = match known {
            Some(pool) => pool,
            None => {
                let fast = ManagerConfig { recycling_method: RecyclingMethod::Fast };
                let config = self.config.clone();
                let manager = match &self.tls {
                    Some(tls) => Manager::from_config(config, tls.clone(), fast),
                    None => Manager::from_config(config, NoTls, fast),
                };
                let pool = Pool::builder(manager)
                    .max_size(POOL)
                    .runtime(Runtime::Tokio1)
                    .wait_timeout(Some(DEADLINE))
                    .create_timeout(Some(CONNECT))
                    .build()
                    .map_err(broken)?;
                POOLS.with(|pools| pools.borrow_mut().insert(self.id, pool.clone()));
                pool
            }
        };
        pool.get().await.map_err(|cause| {
            let source = std::error::Error::source(&cause);
            let own = source.and_then(|cause| cause.downcast_ref::<tokio_postgres::Error>());
            broken(own.map_or_else(|| cause.to_string(), said))
        })
    }
}

/// Waits for `work` as long as a call may.
pub(crate) async fn within<T>(
    store: &'static str,
    work: impl Future<Output = Result<T, Fault>>,
) -> Result<T, StoreDown> {
    match tokio::time::timeout(DEADLINE, work).await {
        Ok(done) => done.map_err(|fault| fault.down(store)),
        Err(_) => Err(StoreDown { store, cause: "PostgreSQL did not answer in time".to_owned() }),
    }
}

/// Runs a body over a connection, again where it lost to another transaction, within the deadline of a call.
macro_rules! moved {
    ($postgres:expr, $store:expr, |$client:ident| $body:expr) => {
        crate::postgres::within($store, crate::postgres::again!($postgres, |$client| $body)).await
    };
}

/// The same without a deadline of its own.
macro_rules! again {
    ($postgres:expr, |$client:ident| $body:expr) => {
        async {
            let mut tries = 0;
            loop {
                let $client = $postgres.client().await?;
                let done: Result<_, crate::error::Fault> = async { $body }.await;
                match done {
                    Err(fault) if fault.is_conflict() && tries < crate::postgres::TRIES => {
                        tries += 1;
                        tokio::time::sleep(std::time::Duration::from_millis(1 << tries)).await;
                    }
                    done => break done,
                }
            }
        }
    };
}

pub(crate) use {again, moved};

impl Fault {
    /// Lost to another transaction: the same may succeed the next time.
    pub(crate) fn is_conflict(&self) -> bool {
        let lost = [SqlState::T_R_SERIALIZATION_FAILURE, SqlState::T_R_DEADLOCK_DETECTED];
        matches!(self, Self::Postgres(cause) if cause.code().is_some_and(|code| lost.contains(code)))
    }

    /// The constraint that a row would break by being the second of its kind.
    pub(crate) fn twice(&self) -> Option<&str> {
        let Self::Postgres(cause) = self else { return None };
        let error = cause.as_db_error()?;
        (*error.code() == SqlState::UNIQUE_VIOLATION).then(|| error.constraint()).flatten()
    }
}

/// What the database said, with its reason: the error alone says no more than "db error".
pub(crate) fn said(cause: &tokio_postgres::Error) -> String {
    let mut text = cause.to_string();
    if let Some(error) = cause.as_db_error() {
        return format!("{} ({})", error.message(), error.code().code());
    }
    let mut source = std::error::Error::source(cause);
    while let Some(cause) = source {
        text = format!("{text}: {cause}");
        source = cause.source();
    }
    text
}

//! The SQLite home: one writer with group commit, readers of their own, and a statement a question.
//!
//! Every balance, hold and owner is read in the transaction that changes it, never from memory: the
//! command line writes beside a running gateway.

pub(crate) mod accounts;
pub(crate) mod audit;
pub(crate) mod audits;
pub(crate) mod balances;
pub(crate) mod batches;
pub(crate) mod chain;
pub(crate) mod feedback;
pub(crate) mod ledger;
pub(crate) mod orders;
pub(crate) mod policies;
pub(crate) mod quotas;
pub(crate) mod readers;
pub(crate) mod refunds;
pub(crate) mod resources;
pub(crate) mod sandbox;
pub(crate) mod sealed;
pub(crate) mod switches;
pub(crate) mod users;
pub(crate) mod writer;

use std::path::Path;
use std::time::Duration;

use faregate_ledger::Currency;
use faregate_pipeline::time::Millis;
use rusqlite::{Connection, OpenFlags, Transaction, TransactionBehavior};

use crate::error::{Fault, OpenError, broken};
use crate::vault::Vault;

/// How long a writer waits for another process's transaction.
const BUSY: Duration = Duration::from_secs(5);

/// What a connection may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Role {
    Writer,
    Reader,
}

pub(crate) fn connect(path: &Path, role: Role) -> rusqlite::Result<Connection> {
    // Without CREATE: a database that is missing must not come back empty.
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags)?;
    connection.busy_timeout(BUSY)?;
    connection.set_prepared_statement_cache_capacity(64);
    match role {
        // FULL: a commit is on disk when it returns, power cut or not.
        Role::Writer => connection.execute_batch(
            "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON",
        )?,
        Role::Reader => connection.execute_batch("PRAGMA query_only = ON")?,
    }
    Ok(connection)
}

/// Tells a running gateway to read something again. Part of the transaction that changed it.
pub(crate) fn changed(
    connection: &crate::sql::Connection,
    kind: &str,
    key: &str,
    now: Millis,
) -> Result<(), Fault> {
    if connection.is_shared() {
        // Gateways read what is young by the database's clock. Of a key the account is told: what the key asked for ends
        // with it.
        let sql = "INSERT INTO changes (at_ms, kind, key) \
                   SELECT CAST(extract(epoch FROM clock_timestamp()) * 1000 AS BIGINT), \
                   CASE WHEN k.account IS NULL THEN CAST(?1 AS TEXT) ELSE 'account' END, \
                   coalesce(k.account, ?2) \
                   FROM (SELECT 1) AS one LEFT JOIN keys k ON k.id = ?2 AND CAST(?1 AS TEXT) = 'key'";
        connection.prepare_cached(sql)?.execute((kind, key))?;
        return Ok(());
    }
    connection
        .prepare_cached("INSERT INTO changes (at_ms, kind, key) VALUES (?1, ?2, ?3)")?
        .execute((now.as_ms(), kind, key))?;
    Ok(())
}

pub(crate) fn currency(text: &str) -> Result<Currency, Fault> {
    Currency::parse(text).ok_or_else(|| broken(format!("`{text}` is not a currency")))
}

pub(crate) fn list(json: &str) -> Result<Vec<String>, Fault> {
    serde_json::from_str(json).map_err(|e| broken(format!("not a list of texts: {e}")))
}

pub(crate) fn json(list: &[String]) -> Result<String, Fault> {
    serde_json::to_string(list).map_err(broken)
}

/// Ends what the gateway before left behind: so many holds were released, so many are in doubt.
pub(crate) fn recover(
    connection: &Connection,
    vault: &Vault,
    now: Millis,
) -> Result<(usize, usize), OpenError> {
    let transaction = Transaction::new_unchecked(connection, TransactionBehavior::Immediate)?;
    let c: &Connection = &transaction;
    let found = ledger::recover(c, now)?;
    refunds::recover(c)?;
    orders::seal_all(c, vault)?;
    // Every watch that could have missed a change of yesterday is long gone.
    let yesterday = now.plus(-86_400_000).as_ms();
    transaction.execute("DELETE FROM changes WHERE at_ms < ?1", [yesterday])?;
    transaction.commit()?;
    Ok(found)
}

//! The schema: numbered migrations, each applied once, each known by its hash.

use aws_lc_rs::digest::{SHA256, digest};
use faregate_pipeline::time::Millis;
use rusqlite::{Connection, TransactionBehavior};

use crate::error::OpenError;
use crate::sqlite::chain;

/// In order; the first is number 1.
const MIGRATIONS: &[&str] = &[
    include_str!("../migrations/sqlite/0001_first.sql"),
    include_str!("../migrations/sqlite/0100_feedback.sql"),
    include_str!("../migrations/sqlite/0101_entries_of_requests.sql"),
    include_str!("../migrations/sqlite/0102_sandbox.sql"),
    include_str!("../migrations/sqlite/0103_orders.sql"),
    include_str!("../migrations/sqlite/0200_replay_identity.sql"),
    CHAIN,
    include_str!("../migrations/sqlite/0301_min_signature.sql"),
    include_str!("../migrations/sqlite/0302_refunds.sql"),
    include_str!("../migrations/sqlite/0400_policies.sql"),
    include_str!("../migrations/sqlite/0400_audit.sql"),
    include_str!("../migrations/sqlite/0401_quotas.sql"),
    include_str!("../migrations/sqlite/0402_objects.sql"),
    include_str!("../migrations/sqlite/0900_homes.sql"),
    include_str!("../migrations/sqlite/0901_batches.sql"),
    include_str!("../migrations/sqlite/0903_windows.sql"),
    include_str!("../migrations/sqlite/0904_users.sql"),
    include_str!("../migrations/sqlite/0905_refund_nodes.sql"),
];

/// The one that SQL alone cannot do.
const CHAIN: &str = include_str!("../migrations/sqlite/0300_chain.sql");

/// Brings the schema up to date, or refuses a store that is not ours to change.
pub(crate) fn migrate(connection: &mut Connection, now: Millis) -> Result<(), OpenError> {
    apply(connection, MIGRATIONS, now)
}

fn apply(connection: &mut Connection, migrations: &[&str], now: Millis) -> Result<(), OpenError> {
    // Immediate: of two that start at once, one waits, and finds it done.
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    transaction.execute_batch(
        "CREATE TABLE IF NOT EXISTS schema_version (
            n INTEGER PRIMARY KEY, sha256 BLOB NOT NULL, applied_at_ms INTEGER NOT NULL) STRICT",
    )?;
    let applied: Vec<(u32, Vec<u8>)> = transaction
        .prepare("SELECT n, sha256 FROM schema_version ORDER BY n")?
        .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?
        .collect::<Result<_, _>>()?;
    let known = u32::try_from(migrations.len()).unwrap_or(u32::MAX);
    if let Some((found, _)) = applied.iter().find(|(n, _)| *n > known) {
        return Err(OpenError::SchemaNewer { found: *found, known });
    }
    for (n, sql) in (1..).zip(migrations) {
        let hash = digest(&SHA256, sql.as_bytes());
        match applied.iter().find(|(done, _)| *done == n) {
            Some((_, then)) if then == hash.as_ref() => {}
            Some(_) => return Err(OpenError::SchemaChanged(n)),
            None => {
                transaction.execute_batch(sql)?;
                if *sql == CHAIN {
                    chain::begin(&transaction)?;
                }
                transaction.execute(
                    "INSERT INTO schema_version (n, sha256, applied_at_ms) VALUES (?1, ?2, ?3)",
                    (n, hash.as_ref(), now.as_ms()),
                )?;
            }
        }
    }
    Ok(transaction.commit()?)
}

#[cfg(test)]
mod spec {
    use super::*;

    #[test]
    fn a_store_is_migrated_once_and_a_stranger_refused() {
        let now = Millis::new(0);
        let (one, two) = ("CREATE TABLE a (x)", "CREATE TABLE b (x)");
        let mut connection = Connection::open_in_memory().unwrap();
        apply(&mut connection, &[one], now).unwrap();
        apply(&mut connection, &[one], now).unwrap();
        apply(&mut connection, &[one, two], now).unwrap();
        connection.execute_batch("INSERT INTO a VALUES (1); INSERT INTO b VALUES (1)").unwrap();
        let refused = apply(&mut connection, &[one], now).unwrap_err();
        assert!(matches!(refused, OpenError::SchemaNewer { found: 2, known: 1 }), "{refused}");
        let refused = apply(&mut connection, &[one, "CREATE TABLE c (x)"], now).unwrap_err();
        assert!(matches!(refused, OpenError::SchemaChanged(2)), "{refused}");
    }

    #[test]
    fn a_migration_that_fails_leaves_nothing() {
        let mut connection = Connection::open_in_memory().unwrap();
        let bad = "CREATE TABLE a (x); CREATE TABLE a (x)";
        apply(&mut connection, &[bad], Millis::new(0)).unwrap_err();
        apply(&mut connection, &["CREATE TABLE a (x)"], Millis::new(0)).unwrap();
    }
}

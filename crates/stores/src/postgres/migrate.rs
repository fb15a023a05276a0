//! The schema of the shared home: the same numbers as the embedded one's, each applied once, known by its hash.
//!
//! Never done by a gateway that starts: `faregate migrate` does it, so that of two versions side by side none
//! changes the tables under the other.

use aws_lc_rs::digest::{SHA256, digest};
use deadpool_postgres::Object;

use super::Postgres;
use crate::error::{Fault, OpenError};

/// In order; the first is number 1. As many as the embedded home has.
pub(crate) const MIGRATIONS: [&str; 18] = [
    include_str!("../../migrations/postgres/0001_first.sql"),
    include_str!("../../migrations/postgres/0100_feedback.sql"),
    include_str!("../../migrations/postgres/0101_entries_of_requests.sql"),
    include_str!("../../migrations/postgres/0102_sandbox.sql"),
    include_str!("../../migrations/postgres/0103_orders.sql"),
    include_str!("../../migrations/postgres/0200_replay_identity.sql"),
    include_str!("../../migrations/postgres/0300_chain.sql"),
    include_str!("../../migrations/postgres/0301_min_signature.sql"),
    include_str!("../../migrations/postgres/0302_refunds.sql"),
    include_str!("../../migrations/postgres/0400_policies.sql"),
    include_str!("../../migrations/postgres/0400_audit.sql"),
    include_str!("../../migrations/postgres/0401_quotas.sql"),
    include_str!("../../migrations/postgres/0402_objects.sql"),
    include_str!("../../migrations/postgres/0900_homes.sql"),
    include_str!("../../migrations/postgres/0901_batches.sql"),
    include_str!("../../migrations/postgres/0903_windows.sql"),
    include_str!("../../migrations/postgres/0904_users.sql"),
    include_str!("../../migrations/postgres/0905_refund_nodes.sql"),
];

/// How far a schema is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Version {
    pub(crate) applied: u32,
    pub(crate) known: u32,
}

impl Version {
    /// Refuses a schema that this build cannot work on.
    pub(crate) fn is_current(self) -> Result<(), OpenError> {
        if self.applied < self.known {
            return Err(OpenError::SchemaOlder { found: self.applied, known: self.known });
        }
        Ok(())
    }
}

/// Compares what was applied with what this build has.
pub(crate) async fn version(postgres: &Postgres) -> Result<Version, OpenError> {
    let client = postgres.client().await?;
    let known = u32::try_from(MIGRATIONS.len()).unwrap_or(u32::MAX);
    let there = client
        .query_one("SELECT to_regclass('schema_version') IS NOT NULL", &[])
        .await
        .map_err(Fault::from)?;
    if !there.get::<_, bool>(0) {
        return Ok(Version { applied: 0, known });
    }
    compare(&client).await
}

async fn compare(client: &Object) -> Result<Version, OpenError> {
    let rows = client
        .query("SELECT n, sha256 FROM schema_version ORDER BY n", &[])
        .await
        .map_err(Fault::from)?;
    let known = u32::try_from(MIGRATIONS.len()).unwrap_or(u32::MAX);
    let mut applied = 0;
    for row in rows {
        let n = u32::try_from(row.get::<_, i64>(0)).unwrap_or(u32::MAX);
        let Some(sql) = usize::try_from(n).ok().and_then(|n| MIGRATIONS.get(n.checked_sub(1)?))
        else {
            return Err(OpenError::SchemaNewer { found: n, known });
        };
        if row.get::<_, &[u8]>(1) != digest(&SHA256, sql.as_bytes()).as_ref() {
            return Err(OpenError::SchemaChanged(n));
        }
        applied = applied.max(n);
    }
    Ok(Version { applied, known })
}

/// Applies what is missing; how many that were. Two at once wait for each other at the number's row.
pub(crate) async fn migrate(postgres: &Postgres) -> Result<u32, OpenError> {
    let mut client = postgres.client().await?;
    client
        .batch_execute(
            "CREATE TABLE IF NOT EXISTS schema_version (
                n BIGINT PRIMARY KEY, sha256 BYTEA NOT NULL, applied_at_ms BIGINT NOT NULL)",
        )
        .await
        .map_err(Fault::from)?;
    let before = compare(&client).await?;
    let mut n_applied = 0;
    for (n, sql) in (1_i64..).zip(MIGRATIONS).skip(before.applied as usize) {
        let hash = digest(&SHA256, sql.as_bytes());
        let transaction = client.transaction().await.map_err(Fault::from)?;
        let written = transaction
            .execute(
                "INSERT INTO schema_version (n, sha256, applied_at_ms) \
                 VALUES ($1, $2, (extract(epoch FROM clock_timestamp()) * 1000)::bigint) \
                 ON CONFLICT (n) DO NOTHING",
                &[&n, &hash.as_ref()],
            )
            .await
            .map_err(Fault::from)?;
        if written == 1 {
            transaction.batch_execute(sql).await.map_err(Fault::from)?;
            n_applied += 1;
        }
        transaction.commit().await.map_err(Fault::from)?;
    }
    compare(&client).await?.is_current()?;
    Ok(n_applied)
}

//! What the nonce store must not be trusted with: how often it was lost, and which keys stamped ahead of time.
//!
//! An epoch is the time between two losses of Redis. A key that stamps ahead of the clock has a lead: how far, in
//! this epoch, written before its claim is taken. After a loss everybody is fenced at its time, and whoever had a
//! lead in an earlier epoch is fenced at that lead (DESIGN 2, Fence).

use std::collections::HashMap;

use deadpool_postgres::GenericClient;
use faregate_pipeline::time::Millis;

use super::{Postgres, moved};
use crate::error::Fault;
use faregate_pipeline::facts::StoreDown;

/// An epoch: its number, and the fence with which it began.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Epoch {
    pub(crate) number: i64,
    pub(crate) fence_ms: i64,
}

/// The newest epoch; none where there was never any claim.
pub(crate) async fn newest(postgres: &Postgres) -> Result<Option<Epoch>, StoreDown> {
    moved!(postgres, "fences", |c| {
        let row = c
            .query_opt("SELECT epoch, fence_ms FROM fences ORDER BY epoch DESC LIMIT 1", &[])
            .await?;
        row.map(|row| Ok(Epoch { number: row.try_get(0)?, fence_ms: row.try_get(1)? })).transpose()
    })
}

/// Begins an epoch, unless another gateway has begun it already: what it is.
pub(crate) async fn begin(postgres: &Postgres, epoch: Epoch) -> Result<Epoch, StoreDown> {
    moved!(postgres, "fences", |c| {
        c.execute(
            "INSERT INTO fences (epoch, fence_ms, at_ms) \
             VALUES ($1, $2, (extract(epoch FROM clock_timestamp()) * 1000)::bigint) \
             ON CONFLICT (epoch) DO NOTHING",
            &[&epoch.number, &epoch.fence_ms],
        )
        .await?;
        let row =
            c.query_one("SELECT fence_ms FROM fences WHERE epoch = $1", &[&epoch.number]).await?;
        Ok(Epoch { number: epoch.number, fence_ms: row.try_get(0)? })
    })
}

/// How far keys had stamped ahead in the epochs before this one, where that is after the fence.
pub(crate) async fn key_fences(
    postgres: &Postgres,
    epoch: Epoch,
) -> Result<HashMap<u64, Millis>, StoreDown> {
    moved!(postgres, "fences", |c| {
        let rows = c
            .query(
                "SELECT key_print, max(until_ms) FROM leads WHERE epoch < $1 \
                 GROUP BY key_print HAVING max(until_ms) > $2",
                &[&epoch.number, &epoch.fence_ms],
            )
            .await?;
        let mut fences = HashMap::with_capacity(rows.len());
        for row in rows {
            let print: i64 = row.try_get(0)?;
            fences.insert(print.cast_unsigned(), Millis::new(row.try_get(1)?));
        }
        Ok(fences)
    })
}

/// Writes how far ahead a key stamps in this epoch.
pub(crate) async fn lead(
    postgres: &Postgres,
    key_print: u64,
    epoch: i64,
    until: Millis,
) -> Result<(), StoreDown> {
    moved!(postgres, "fences", |c| {
        c.execute(
            "INSERT INTO leads AS l (key_print, epoch, until_ms) VALUES ($1, $2, $3) \
             ON CONFLICT (key_print, epoch) DO UPDATE \
             SET until_ms = greatest(l.until_ms, excluded.until_ms)",
            &[&key_print.cast_signed(), &epoch, &until.as_ms()],
        )
        .await?;
        Ok(())
    })
}

/// Forgets leads that no stamp can reach any more.
pub(crate) async fn forget(c: &impl GenericClient, before: Millis) -> Result<(), Fault> {
    c.execute("DELETE FROM leads WHERE until_ms < $1", &[&before.as_ms()]).await?;
    Ok(())
}

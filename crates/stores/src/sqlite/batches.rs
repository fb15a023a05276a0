//! Batches that were answered, for a day.

use faregate_contract::RequestId;
use faregate_pipeline::facts::KeptBatch;
use faregate_pipeline::time::Millis;

use crate::error::{Fault, broken};
use crate::sql::{Connection, OptionalExtension as _};

/// As long as a receipt.
pub(crate) const KEPT_MS: i64 = 24 * 3_600 * 1_000;

/// Kept once more, it is known better: unless somebody goes on with it.
pub(crate) fn keep(c: &Connection, batch: &KeptBatch) -> Result<(), Fault> {
    c.prepare_cached("DELETE FROM batches WHERE at_ms < ?1")?
        .execute([batch.at.plus(-KEPT_MS).as_ms()])?;
    c.prepare_cached(
        "INSERT INTO batches (request_id, account, module, action, prints, answer, at_ms) \
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7) \
         ON CONFLICT (request_id) DO UPDATE SET answer = excluded.answer WHERE resumed_by IS NULL",
    )?
    .execute((
        batch.request_id.as_bytes(),
        &batch.account,
        &batch.module,
        &batch.action,
        serde_json::to_string(&batch.prints).map_err(broken)?,
        &batch.answer,
        batch.at.as_ms(),
    ))?;
    Ok(())
}

pub(crate) fn find(c: &Connection, id: RequestId) -> Result<Option<KeptBatch>, Fault> {
    let row = c
        .prepare_cached(
            "SELECT account, module, action, prints, answer, resumed_by, at_ms FROM batches \
             WHERE request_id = ?1",
        )?
        .query_row([id.as_bytes()], |row| {
            let resumed_by: Option<[u8; 16]> = row.get(5)?;
            let prints: String = row.get(3)?;
            let batch = KeptBatch {
                request_id: id,
                account: row.get(0)?,
                module: row.get(1)?,
                action: row.get(2)?,
                prints: Vec::new(),
                answer: row.get(4)?,
                resumed_by: resumed_by.map(RequestId::from_bytes),
                at: Millis::new(row.get(6)?),
            };
            Ok((batch, prints))
        })
        .optional()?;
    row.map(|(batch, prints)| {
        Ok(KeptBatch { prints: serde_json::from_str(&prints).map_err(broken)?, ..batch })
    })
    .transpose()
}

/// Of all that come, one goes on.
pub(crate) fn resume(c: &Connection, id: RequestId, by: RequestId) -> Result<bool, Fault> {
    let n = c
        .prepare_cached(
            "UPDATE batches SET resumed_by = ?2 WHERE request_id = ?1 AND resumed_by IS NULL",
        )?
        .execute((id.as_bytes(), by.as_bytes()))?;
    Ok(n == 1)
}

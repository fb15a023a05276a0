//! Batches that were answered, as rows of PostgreSQL.

use deadpool_postgres::GenericClient;
use faregate_contract::RequestId;
use faregate_pipeline::facts::KeptBatch;
use faregate_pipeline::time::Millis;

use crate::error::{Fault, broken};
use crate::sqlite::batches::KEPT_MS;

pub(crate) async fn keep(c: &impl GenericClient, batch: &KeptBatch) -> Result<(), Fault> {
    let prints = serde_json::to_string(&batch.prints).map_err(broken)?;
    let statement = c
        .prepare_cached(
            "WITH old AS (DELETE FROM batches WHERE at_ms < $8) \
             INSERT INTO batches (request_id, account, module, action, prints, answer, at_ms) \
             VALUES ($1, $2, $3, $4, $5, $6, $7) \
             ON CONFLICT (request_id) DO UPDATE SET answer = excluded.answer \
             WHERE batches.resumed_by IS NULL",
        )
        .await?;
    let (id, oldest) = (batch.request_id.as_bytes().as_slice(), batch.at.plus(-KEPT_MS).as_ms());
    c.execute(
        &statement,
        &[
            &id,
            &batch.account,
            &batch.module,
            &batch.action,
            &prints,
            &batch.answer,
            &batch.at.as_ms(),
            &oldest,
        ],
    )
    .await?;
    Ok(())
}

pub(crate) async fn find(
    c: &impl GenericClient,
    id: RequestId,
) -> Result<Option<KeptBatch>, Fault> {
    let statement = c
        .prepare_cached(
            "SELECT account, module, action, prints, answer, resumed_by, at_ms FROM batches \
             WHERE request_id = $1",
        )
        .await?;
    let Some(row) = c.query_opt(&statement, &[&id.as_bytes().as_slice()]).await? else {
        return Ok(None);
    };
    let by: Option<&[u8]> = row.try_get(5)?;
    let by = by.map(|by| <[u8; 16]>::try_from(by).map_err(broken)).transpose()?;
    Ok(Some(KeptBatch {
        request_id: id,
        account: row.try_get(0)?,
        module: row.try_get(1)?,
        action: row.try_get(2)?,
        prints: serde_json::from_str(row.try_get(3)?).map_err(broken)?,
        answer: row.try_get(4)?,
        resumed_by: by.map(RequestId::from_bytes),
        at: Millis::new(row.try_get(6)?),
    }))
}

/// Of all that come, one goes on.
pub(crate) async fn resume(
    c: &impl GenericClient,
    id: RequestId,
    by: RequestId,
) -> Result<bool, Fault> {
    let statement = c
        .prepare_cached(
            "UPDATE batches SET resumed_by = $2 WHERE request_id = $1 \
             AND (resumed_by IS NULL OR resumed_by = $2)",
        )
        .await?;
    let n = c.execute(&statement, &[&id.as_bytes().as_slice(), &by.as_bytes().as_slice()]).await?;
    Ok(n == 1)
}

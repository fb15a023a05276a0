//! What is given back of purchases, as rows of PostgreSQL: once, whichever gateway is killed in between.

use deadpool_postgres::GenericClient;
use faregate_contract::RequestId;
use faregate_ledger::{LedgerAccount, Money};
use faregate_pipeline::facts::{Lesson, Order, Purchased, Refund, ResourceRef, Settlement};
use faregate_pipeline::time::Millis;
use tokio_postgres::Row;

use super::{ledger, orders};
use crate::error::{Fault, broken};
use crate::sqlite::currency;
use crate::sqlite::orders::KeptOrder;
use crate::vault::Vault;

/// What each resource was last bought for, in the order asked; none if nobody bought it, or it was refunded.
pub(crate) async fn purchased(
    c: &impl GenericClient,
    wanted: &[ResourceRef],
) -> Result<Vec<Option<Purchased>>, Fault> {
    let statement = c
        .prepare_cached(
            "SELECT request_id, account, price, currency, period_s, at_ms FROM purchases \
             WHERE module = $1 AND kind = $2 AND id = $3 AND refunded_by IS NULL",
        )
        .await?;
    let mut found = Vec::with_capacity(wanted.len());
    for ResourceRef { module, kind, id } in wanted {
        let row = c.query_opt(&statement, &[module, kind, id]).await?;
        found.push(row.as_ref().map(purchase).transpose()?);
    }
    Ok(found)
}

fn purchase(row: &Row) -> Result<Purchased, Fault> {
    Ok(Purchased {
        request_id: ledger::request_id(row)?,
        account: row.try_get("account")?,
        price: Money::from_micros(row.try_get("price")?, currency(row.try_get("currency")?)?),
        period_s: row.try_get("period_s")?,
        at: Millis::new(row.try_get("at_ms")?),
    })
}

/// Writes down what a return gives back if it is done, in the transaction of its order.
pub(crate) async fn begin(
    c: &impl GenericClient,
    order: &Order,
    node: &[u8],
    now: Millis,
) -> Result<(), Fault> {
    let id = order.request_id.as_bytes().as_slice();
    for Refund { resource, purchase, amount } in &order.refunds {
        let statement = c
            .prepare_cached(
                "INSERT INTO refunds (request_id, module, kind, id, purchase, account, amount, currency, \
                 state, at_ms, node) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 'begun', $9, $10)",
            )
            .await?;
        c.execute(
            &statement,
            &[
                &id,
                &resource.module,
                &resource.kind,
                &resource.id,
                &purchase.as_bytes().as_slice(),
                &order.account,
                &amount.micros(),
                &amount.currency().as_str(),
                &now.as_ms(),
                &node,
            ],
        )
        .await?;
    }
    Ok(())
}

/// A refund that is not paid yet, and may never be.
struct Open {
    account: String,
    refund: Refund,
}

/// They stay this transaction's: two gateways may find out about one doubt.
async fn open_of(c: &impl GenericClient, id: RequestId) -> Result<Vec<Open>, Fault> {
    let statement = c
        .prepare_cached(
            "SELECT module, kind, id, purchase, account, amount, currency FROM refunds \
             WHERE request_id = $1 AND state IN ('begun', 'in-doubt') ORDER BY kind, id FOR UPDATE",
        )
        .await?;
    let open = |row: &Row| {
        let purchase: &[u8] = row.try_get("purchase")?;
        let purchase = RequestId::from_bytes(purchase.try_into().map_err(broken)?);
        let amount =
            Money::from_micros(row.try_get("amount")?, currency(row.try_get("currency")?)?);
        let resource = ResourceRef {
            module: row.try_get("module")?,
            kind: row.try_get("kind")?,
            id: row.try_get("id")?,
        };
        let refund = Refund { resource, purchase, amount };
        Ok(Open { account: row.try_get("account")?, refund })
    };
    c.query(&statement, &[&id.as_bytes().as_slice()]).await?.iter().map(open).collect()
}

/// Ends the refunds of a call as it ended, in the caller's transaction: pays those of what was given back. What was paid,
/// if anything. Said again it changes nothing.
pub(crate) async fn settle(
    c: &impl GenericClient,
    id: RequestId,
    (settlement, lessons): (Settlement, &[Lesson]),
    note: &str,
    now: Millis,
) -> Result<Option<Money>, Fault> {
    if settlement == Settlement::InDoubt {
        doubt(c, id).await?;
        return Ok(None);
    }
    let by = id.as_bytes().as_slice();
    let mut paid: Option<Money> = None;
    for open in open_of(c, id).await? {
        let Refund { resource, purchase, amount } = &open.refund;
        let ResourceRef { module, kind, id: of } = resource;
        let done = settlement == Settlement::Commit
            && lessons.contains(&Lesson::Returned(resource.clone()));
        // Of two returns of one purchase the first that was done is paid.
        let pays = done && {
            let statement = c
                .prepare_cached(
                    "UPDATE purchases SET refunded_by = $5 WHERE module = $1 AND kind = $2 \
                     AND id = $3 AND request_id = $4 AND refunded_by IS NULL",
                )
                .await?;
            let bought = purchase.as_bytes().as_slice();
            c.execute(&statement, &[module, kind, of, &bought, &by]).await? == 1
        };
        if pays {
            pay(c, id, &open, note, now).await?;
            let sum = paid.map_or(Some(*amount), |sum| sum.checked_add(*amount));
            paid = Some(sum.ok_or_else(|| broken("the refunds of one call do not fit"))?);
        }
        let sql = "UPDATE refunds SET state = $4 WHERE request_id = $1 AND kind = $2 AND id = $3";
        let statement = c.prepare_cached(sql).await?;
        let state = if pays { "paid" } else { "void" };
        c.execute(&statement, &[&by, kind, of, &state]).await?;
    }
    Ok(paid)
}

async fn pay(
    c: &impl GenericClient,
    id: RequestId,
    open: &Open,
    note: &str,
    now: Millis,
) -> Result<(), Fault> {
    let Refund { resource, purchase, amount } = &open.refund;
    let found = ledger::books(c, &open.account, true).await?;
    let (mut after, _) = found.ok_or_else(|| broken("a refund without a balance"))?;
    let entry = after.refund(*amount).map_err(broken)?;
    let more = if note.is_empty() { String::new() } else { format!("; {note}") };
    let note = format!("{} {} of {purchase}{more}", resource.kind, resource.id);
    let statement = c
        .prepare_cached(
            "WITH b AS (UPDATE balances SET available = $2, held = $3, revenue = $4, lent = $5 \
             WHERE account = $1) INSERT INTO entries \
             (at_ms, request_id, debit, credit, account, amount, currency, note, way) \
             VALUES ($6, $7, $8, $9, $1, $10, $11, $12, $13)",
        )
        .await?;
    c.execute(
        &statement,
        &[
            &open.account,
            &after.available().micros(),
            &after.held().micros(),
            &after.of(LedgerAccount::Revenue).micros(),
            &after.credit().micros(),
            &now.as_ms(),
            &id.as_bytes().as_slice(),
            &entry.debit().as_str(),
            &entry.credit().as_str(),
            &entry.amount.micros(),
            &entry.amount.currency().as_str(),
            &note,
            &entry.way.as_str(),
        ],
    )
    .await?;
    Ok(())
}

/// Nobody knows whether the return was done.
pub(crate) async fn doubt(c: &impl GenericClient, id: RequestId) -> Result<(), Fault> {
    let sql = "UPDATE refunds SET state = 'in-doubt' WHERE request_id = $1 AND state = 'begun'";
    let statement = c.prepare_cached(sql).await?;
    c.execute(&statement, &[&id.as_bytes().as_slice()]).await?;
    Ok(())
}

/// Whatever a gateway that died had begun may have been done.
pub(crate) async fn sweep(c: &impl GenericClient, alive_ms: i64) -> Result<(), Fault> {
    c.execute(
        "UPDATE refunds SET state = 'in-doubt' WHERE state = 'begun' AND NOT EXISTS ( \
         SELECT 1 FROM nodes n WHERE n.node = refunds.node AND n.seen_at_ms > \
         (extract(epoch FROM clock_timestamp()) * 1000)::bigint - $1)",
        &[&alive_ms],
    )
    .await?;
    Ok(())
}

/// The orders of returns whose refunds are in doubt, oldest first.
pub(crate) async fn doubted(
    c: &impl GenericClient,
    vault: &Vault,
) -> Result<Vec<KeptOrder>, Fault> {
    let statement = c
        .prepare_cached(
            "SELECT request_id FROM refunds WHERE state = 'in-doubt' \
             GROUP BY request_id ORDER BY min(at_ms), request_id",
        )
        .await?;
    let mut found = Vec::new();
    for row in c.query(&statement, &[]).await? {
        found.extend(orders::by_id(c, vault, ledger::request_id(&row)?).await?);
    }
    Ok(found)
}

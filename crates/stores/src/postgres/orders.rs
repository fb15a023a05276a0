//! Orders, as rows of PostgreSQL, and the end of a call.

use deadpool_postgres::GenericClient;
use faregate_contract::RequestId;
use faregate_ledger::HoldState;
use faregate_pipeline::facts::{Bought, Order, ResourceRef, Settlement};
use faregate_pipeline::time::Millis;
use tokio_postgres::Row;

use super::{ledger, refunds, resources};
use crate::error::{Fault, broken};
use crate::orders::{Booked, Ending};
use crate::sqlite::orders::{Doubt, KEEP_MS, KeptOrder, OrderEnd, opened};
use crate::vault::Vault;

/// Writes down the order of a call that costs nothing; its refunds are written behind it.
pub(crate) async fn insert(
    c: &impl GenericClient,
    order: &Order,
    now: Millis,
) -> Result<(), Fault> {
    let Order { request_id, account, module, action, token, prints, refunds: _, sending } = order;
    let prints = serde_json::to_string(prints).map_err(broken)?;
    let statement = c
        .prepare_cached(
            "INSERT INTO orders (request_id, account, module, action, token, prints, sending, at_ms) \
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
        )
        .await?;
    let id = request_id.as_bytes().as_slice();
    let sending = sending.as_slice();
    for _ in 0..2 {
        let written = c
            .execute(
                &statement,
                &[&id, account, module, action, token, &prints, &sending, &now.as_ms()],
            )
            .await
            .map_err(Fault::from);
        match written {
            Ok(_) => return Ok(()),
            // One that is past its time makes room.
            Err(fault) if fault.twice() == Some("orders_by_token") => {
                if !ledger::clear(c, i64::MIN, now).await? {
                    return Err(fault);
                }
            }
            Err(fault) => return Err(fault),
        }
    }
    Err(broken("a call of the same token is under way"))
}

const ORDER: &str = "SELECT request_id, account, module, action, token, prints, sending, answer, \
                     at_ms FROM orders";

/// The order of a token, if it is not a day old; one whose end is not known never is.
pub(crate) async fn by_token(
    c: &impl GenericClient,
    vault: &Vault,
    account: &str,
    token: &str,
    now: Millis,
) -> Result<Option<KeptOrder>, Fault> {
    let read = |row: &Row| read(vault, row);
    let sql = format!("{ORDER} WHERE account = $1 AND token = $2");
    let statement = c.prepare_cached(&sql).await?;
    let found =
        c.query_opt(&statement, &[&account, &token]).await?.as_ref().map(read).transpose()?;
    let oldest = now.plus(-KEEP_MS);
    Ok(found.filter(|order| order.answer.is_none() || order.at >= oldest))
}

/// The order of this name.
pub(crate) async fn by_id(
    c: &impl GenericClient,
    vault: &Vault,
    id: RequestId,
) -> Result<Option<KeptOrder>, Fault> {
    let read = |row: &Row| read(vault, row);
    let statement = c.prepare_cached(&format!("{ORDER} WHERE request_id = $1")).await?;
    c.query_opt(&statement, &[&id.as_bytes().as_slice()]).await?.as_ref().map(read).transpose()
}

fn read(vault: &Vault, row: &Row) -> Result<KeptOrder, Fault> {
    let (request_id, account) = (ledger::request_id(row)?, row.try_get::<_, String>("account")?);
    let sending: Option<&[u8]> = row.try_get("sending")?;
    let sending = sending.map(|sealed| opened(vault, &account, request_id, sealed)).transpose()?;
    Ok(KeptOrder {
        request_id,
        account,
        module: row.try_get("module")?,
        action: row.try_get("action")?,
        token: row.try_get("token")?,
        prints: serde_json::from_str(row.try_get("prints")?).map_err(broken)?,
        sending,
        answer: row.try_get("answer")?,
        at: Millis::new(row.try_get("at_ms")?),
    })
}

/// Ends a call in the caller's transaction: hold, order and what its answer taught. The balance after it.
pub(crate) async fn conclude(
    c: &impl GenericClient,
    ending: &mut Ending,
    now: Millis,
) -> Result<Booked, Fault> {
    let Ending { hold, settlement, account, lessons, bought, refunds: returned, order, note } =
        ending;
    let mut booked = Booked::default();
    if let Some(id) = *hold {
        ledger::settle(c, id, *settlement, note, now).await?;
        if *settlement == Settlement::Commit {
            purchased(c, id, account, bought, now).await?;
        }
    }
    if let Some(id) = *returned {
        let how = (*settlement, lessons.as_slice());
        booked.refunded = refunds::settle(c, id, how, note, now).await?;
    }
    if hold.is_some() || booked.refunded.is_some() {
        let balance = ledger::balance(c, account).await?;
        booked.available = balance.map(|balance| balance.available());
    }
    resources::learn(c, account, lessons, now).await?;
    if let Some((id, end)) = order.take() {
        let id = id.as_bytes().as_slice();
        match end {
            OrderEnd::Keep => {}
            OrderEnd::Forget => {
                let sql = "DELETE FROM orders WHERE request_id = $1 AND answer IS NULL";
                let statement = c.prepare_cached(sql).await?;
                c.execute(&statement, &[&id]).await?;
            }
            OrderEnd::Save(save) => {
                // Two may find out about one doubt: the first answer that was kept is the answer.
                let statement = c
                    .prepare_cached(
                        "UPDATE orders SET answer = $2, sending = NULL \
                         WHERE request_id = $1 AND answer IS NULL",
                    )
                    .await?;
                c.execute(&statement, &[&id, &save(booked)]).await?;
            }
        }
    }
    Ok(booked)
}

/// Writes down what resources were bought for. The last purchase counts.
async fn purchased(
    c: &impl GenericClient,
    id: RequestId,
    account: &str,
    bought: &[Bought],
    now: Millis,
) -> Result<(), Fault> {
    for Bought { resource, price, period_s } in bought {
        let statement = c
            .prepare_cached(
                "INSERT INTO purchases AS p (module, kind, id, request_id, account, price, currency, \
                 period_s, at_ms) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) \
                 ON CONFLICT (module, kind, id) DO UPDATE SET request_id = excluded.request_id, \
                 account = excluded.account, price = excluded.price, currency = excluded.currency, \
                 period_s = excluded.period_s, at_ms = excluded.at_ms, refunded_by = NULL \
                 WHERE p.request_id <> excluded.request_id",
            )
            .await?;
        let id = id.as_bytes().as_slice();
        let ResourceRef { module, kind, id: of } = resource;
        c.execute(
            &statement,
            &[
                module,
                kind,
                of,
                &id,
                &account,
                &price.micros(),
                &price.currency().as_str(),
                period_s.max(&0),
                &now.as_ms(),
            ],
        )
        .await?;
    }
    Ok(())
}

/// Every hold in doubt, oldest first.
pub(crate) async fn doubts(c: &impl GenericClient, vault: &Vault) -> Result<Vec<Doubt>, Fault> {
    let mut doubts = Vec::new();
    for hold in ledger::open_holds(c).await? {
        if hold.state == HoldState::InDoubt {
            doubts.push(Doubt { order: by_id(c, vault, hold.request_id).await?, hold });
        }
    }
    Ok(doubts)
}

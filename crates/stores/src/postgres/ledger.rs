//! Money, as rows of PostgreSQL: one statement a move, so that no lock waits for a gateway.
//!
//! The moves are those of `faregate-ledger`; a statement's conditions are its states and its balance.

use deadpool_postgres::GenericClient;
use faregate_contract::RequestId;
use faregate_ledger::{Balance, Capped, Currency, Daily, Entry, HoldState, Money, Move, Refused};
use faregate_pipeline::facts::{HoldOutcome, Intent, Order, Settlement};
use faregate_pipeline::time::Millis;
use tokio_postgres::Row;

use crate::error::{Fault, broken};
use crate::sqlite::currency;
use crate::sqlite::ledger::{OpenHold, unknown};
use crate::sqlite::orders::KEEP_MS;

/// Sets a price aside, with its claim, its entry and its order, all or nothing. Two that race for the same call or
/// the same bytes meet at a key, and the second changes nothing.
const RESERVE: &str = "
WITH seen AS (
    SELECT 1 FROM holds WHERE request_id = $1
    UNION ALL SELECT 1 FROM claims WHERE print = $2 AND at_ms >= $3
), moved AS (
    UPDATE balances SET available = available - $5, held = held + $5, spent_day = greatest(spent_day, $14),
        spent = CASE WHEN spent_day >= $14 THEN spent ELSE 0 END + $5
    WHERE account = $4 AND currency = $6 AND available >= $5 AND NOT EXISTS (SELECT 1 FROM seen)
        AND (daily_cap IS NULL OR daily_cap >= CASE WHEN spent_day >= $14 THEN spent ELSE 0 END + $5)
    RETURNING account
), h AS (
    INSERT INTO holds (request_id, account, amount, currency, state, module, action, print, at_ms, node)
    SELECT $1, $4, $5, $6, 'reserved', $7, $8, $2, $9, $10 FROM moved
), c AS (
    INSERT INTO claims (print, request_id, at_ms) SELECT $2, $1, $9 FROM moved
), e AS (
    INSERT INTO entries (at_ms, request_id, debit, credit, account, amount, currency, note, way)
    SELECT $9, $1, 'available', 'held', $4, $5, $6, '', 'reserve' FROM moved
), o AS (
    INSERT INTO orders (request_id, account, module, action, token, prints, sending, at_ms)
    SELECT $1, $4, $7, $8, $11, $12, $13, $9 FROM moved WHERE $12::text IS NOT NULL
)
SELECT (SELECT count(*) FROM moved) AS n, EXISTS (SELECT 1 FROM seen) AS seen,
    b.available, b.lent, b.daily_cap, b.spent_day, b.spent
FROM (SELECT 1) AS one LEFT JOIN balances b ON b.account = $4 AND b.currency = $6";

/// Ends a hold, or leaves it in doubt: the hold, the balance, the entry, and, of a call that was never sent, its claim
/// and its order. $2 is the settlement, $3 the time, $4 the states from which a sent one may move, $5 a note.
const SETTLE: &str = "
WITH unsent AS (
    UPDATE holds SET state = 'released', ended_at_ms = $3
    WHERE request_id = $1 AND state = 'reserved' AND $2 <> 'commit'
    RETURNING request_id, account, amount, currency, at_ms, 'release'::text AS how
), sent AS (
    UPDATE holds SET
        state = CASE $2 WHEN 'commit' THEN 'committed' WHEN 'release' THEN 'released' ELSE 'in-doubt' END,
        ended_at_ms = $3
    WHERE request_id = $1 AND state = ANY ($4::text[])
    RETURNING request_id, account, amount, currency, at_ms, $2 AS how
), ended AS (
    SELECT * FROM unsent UNION ALL SELECT * FROM sent WHERE how <> 'doubt'
), moved AS (
    UPDATE balances b SET
        available = b.available + CASE e.how WHEN 'release' THEN e.amount ELSE 0 END,
        held = b.held - e.amount,
        revenue = b.revenue + CASE e.how WHEN 'commit' THEN e.amount ELSE 0 END,
        spent = CASE WHEN e.how = 'release' AND e.at_ms / 86400000 = b.spent_day
            THEN greatest(b.spent - e.amount, 0) ELSE b.spent END
    FROM ended e WHERE b.account = e.account
    RETURNING b.account
), booked AS (
    INSERT INTO entries (at_ms, request_id, debit, credit, account, amount, currency, note, way)
    SELECT $3, request_id, 'held', CASE how WHEN 'commit' THEN 'revenue' ELSE 'available' END,
        account, amount, currency, $5, how FROM ended
), freed AS (
    DELETE FROM claims WHERE request_id IN (SELECT request_id FROM unsent)
), forgotten AS (
    DELETE FROM orders WHERE request_id IN (SELECT request_id FROM unsent) AND answer IS NULL
)
SELECT (SELECT count(*) FROM unsent) + (SELECT count(*) FROM sent) AS n,
    (SELECT state FROM holds WHERE request_id = $1) AS before";

const DAY_MS: i64 = 86_400_000;

/// How often a statement is asked again after it saw one state and met another.
const LOOKS: usize = 8;

/// The balance, none if there is no such account.
pub(crate) async fn balance(
    c: &impl GenericClient,
    account: &str,
) -> Result<Option<Balance>, Fault> {
    Ok(books(c, account, false).await?.map(|(balance, _)| balance))
}

/// What an account has and what it has spent today; locked, if it is to be changed.
pub(crate) async fn books(
    c: &impl GenericClient,
    account: &str,
    lock: bool,
) -> Result<Option<(Balance, Daily)>, Fault> {
    let lock = if lock { " FOR UPDATE" } else { "" };
    let sql = format!(
        "SELECT currency, available, held, revenue, lent, daily_cap, spent_day, spent \
         FROM balances WHERE account = $1{lock}"
    );
    let statement = c.prepare_cached(&sql).await?;
    let Some(row) = c.query_opt(&statement, &[&account]).await? else { return Ok(None) };
    let of = currency(row.try_get("currency")?)?;
    let balance = Balance::restore(
        of,
        row.try_get("available")?,
        row.try_get("held")?,
        row.try_get("revenue")?,
        row.try_get("lent")?,
    );
    Ok(Some((balance.map_err(broken)?, daily(&row, of)?)))
}

fn daily(row: &Row, of: Currency) -> Result<Daily, Fault> {
    let money = |micros| Money::from_micros(micros, of);
    let cap: Option<i64> = row.try_get("daily_cap")?;
    let spent: Option<i64> = row.try_get("spent")?;
    let day: Option<i64> = row.try_get("spent_day")?;
    Ok(Daily::restore(cap.map(money), day.unwrap_or(0), money(spent.unwrap_or(0))))
}

/// Sets the intent's price aside, unless this call, or these bytes, did so before.
pub(crate) async fn reserve(
    c: &impl GenericClient,
    intent: &Intent,
    order: Option<&Order>,
    (node, window_ms, now): (&[u8; 16], i64, Millis),
) -> Result<HoldOutcome, Fault> {
    // Every field by its name: one that is new is carried over here, or does not compile.
    let Intent { request_id, account, amount, module, action, print } = intent;
    if !amount.is_positive() {
        return Err(broken(Refused::NotPositive(*amount)));
    }
    let (id, print) = (request_id.as_bytes().as_slice(), print.to_be_bytes());
    let kept_since = now.plus(window_ms.saturating_mul(-2)).as_ms();
    let prints = order.map(|order| serde_json::to_string(&order.prints)).transpose();
    let prints = prints.map_err(broken)?;
    let statement = c.prepare_cached(RESERVE).await?;
    for _ in 0..LOOKS {
        let reserved = c
            .query_one(
                &statement,
                &[
                    &id,
                    &print.as_slice(),
                    &kept_since,
                    account,
                    &amount.micros(),
                    &amount.currency().as_str(),
                    module,
                    action,
                    &now.as_ms(),
                    &node.as_slice(),
                    &order.and_then(|order| order.token.as_deref()),
                    &prints,
                    &order.map(|order| order.sending.as_slice()),
                    &now.as_ms().div_euclid(DAY_MS),
                ],
            )
            .await
            .map_err(Fault::from);
        let row = match reserved {
            Ok(row) => row,
            Err(fault) => match fault.twice() {
                Some("claims_pkey" | "orders_by_token") if clear(c, kept_since, now).await? => {
                    continue;
                }
                Some("claims_pkey" | "holds_pkey") => return Ok(HoldOutcome::Duplicate),
                // A call of the same token is under way at another gateway.
                Some(_) | None => return Err(fault),
            },
        };
        if row.try_get::<_, i64>("n")? == 1 {
            return Ok(HoldOutcome::Held);
        }
        if row.try_get("seen")? {
            return Ok(HoldOutcome::Duplicate);
        }
        if let Some(refused) = refused(&row, *amount, now)? {
            return Ok(refused);
        }
        // It was enough when the statement began, and not any more when it had the row: how much is it now?
    }
    Err(broken("the balance changes as often as it is read"))
}

/// Why nothing was set aside, as far as the statement's beginning shows.
fn refused(row: &Row, amount: Money, now: Millis) -> Result<Option<HoldOutcome>, Fault> {
    let of = amount.currency();
    let money = |micros: Option<i64>| Money::from_micros(micros.unwrap_or(0), of);
    let available = money(row.try_get("available")?);
    if available.micros() < amount.micros() {
        let credit = money(row.try_get("lent")?);
        return Ok(Some(HoldOutcome::Insufficient { available, credit }));
    }
    let capped = daily(row, of)?.spend(amount, now.as_ms()).err();
    Ok(capped.map(|Capped { cap, spent, resets_at_ms }| HoldOutcome::Capped {
        cap,
        spent,
        resets_at: Millis::new(resets_at_ms),
    }))
}

/// Removes claims and orders that are past their time; true if there were any.
pub(crate) async fn clear(
    c: &impl GenericClient,
    claims_before: i64,
    now: Millis,
) -> Result<bool, Fault> {
    let n_claims = c.execute("DELETE FROM claims WHERE at_ms < $1", &[&claims_before]).await?;
    let n_orders = c
        .execute(
            "DELETE FROM orders WHERE at_ms < $1 AND NOT EXISTS ( \
             SELECT 1 FROM holds WHERE holds.request_id = orders.request_id \
             AND holds.state NOT IN ('committed', 'released')) AND NOT EXISTS ( \
             SELECT 1 FROM refunds WHERE refunds.request_id = orders.request_id \
             AND refunds.state IN ('begun', 'in-doubt'))",
            &[&now.plus(-KEEP_MS).as_ms()],
        )
        .await?;
    Ok(n_claims + n_orders > 0)
}

/// The mark that the first byte may go upstream.
pub(crate) async fn mark_sending(c: &impl GenericClient, id: RequestId) -> Result<(), Fault> {
    let statement = c
        .prepare_cached(
            "UPDATE holds SET state = 'sending' WHERE request_id = $1 AND state = 'reserved'",
        )
        .await?;
    if c.execute(&statement, &[&id.as_bytes().as_slice()]).await? == 1 {
        return Ok(());
    }
    match hold_of(c, id).await? {
        None => Err(unknown(id)),
        Some(hold) => Err(broken(format!("the hold of {id} is {}: it cannot be sent", hold.state))),
    }
}

/// Ends a hold as the call went, or leaves it in doubt. Said again, it changes nothing; said otherwise after the
/// end, it is refused.
pub(crate) async fn settle(
    c: &impl GenericClient,
    id: RequestId,
    settlement: Settlement,
    note: &str,
    now: Millis,
) -> Result<(), Fault> {
    let (how, from): (&str, &[&str]) = match settlement {
        Settlement::Commit => ("commit", &["sending", "in-doubt", "answered-commit"]),
        Settlement::Release => ("release", &["sending", "in-doubt", "answered-release"]),
        Settlement::InDoubt => ("doubt", &["sending"]),
    };
    let statement = c.prepare_cached(SETTLE).await?;
    for _ in 0..LOOKS {
        let id_bytes = id.as_bytes().as_slice();
        let row = c.query_one(&statement, &[&id_bytes, &how, &now.as_ms(), &from, &note]).await?;
        if row.try_get::<_, i64>("n")? > 0 {
            return Ok(());
        }
        let Some(before) = row.try_get::<_, Option<&str>>("before")? else {
            return Err(unknown(id));
        };
        let state = HoldState::parse(before).map_err(broken)?;
        match (state, settlement) {
            (HoldState::Committed, Settlement::Commit | Settlement::InDoubt)
            | (HoldState::Released, Settlement::Release | Settlement::InDoubt)
            | (HoldState::InDoubt, Settlement::InDoubt) => return Ok(()),
            // It moved between the look and the lock.
            (HoldState::Reserved, Settlement::Release | Settlement::InDoubt)
            | (HoldState::Sending | HoldState::InDoubt, _) => {}
            (HoldState::Reserved, Settlement::Commit)
            | (HoldState::Answered(_) | HoldState::Committed | HoldState::Released, _) => {
                return Err(broken(format!(
                    "the hold of {id} is {state}: it cannot {settlement:?}"
                )));
            }
        }
    }
    Err(broken(format!("the hold of {id} changes as often as it is read")))
}

const HOLD: &str = "SELECT request_id, account, amount, currency, state, module, action, at_ms, ended_at_ms FROM holds";

/// Holds that have not ended, oldest first.
pub(crate) async fn open_holds(c: &impl GenericClient) -> Result<Vec<OpenHold>, Fault> {
    let sql =
        format!("{HOLD} WHERE state NOT IN ('committed', 'released') ORDER BY at_ms, request_id");
    let statement = c.prepare_cached(&sql).await?;
    c.query(&statement, &[]).await?.iter().map(hold).collect()
}

/// The hold of a call, whatever became of it.
pub(crate) async fn hold_of(
    c: &impl GenericClient,
    id: RequestId,
) -> Result<Option<OpenHold>, Fault> {
    let statement = c.prepare_cached(&format!("{HOLD} WHERE request_id = $1")).await?;
    c.query_opt(&statement, &[&id.as_bytes().as_slice()]).await?.as_ref().map(hold).transpose()
}

fn hold(row: &Row) -> Result<OpenHold, Fault> {
    let state = HoldState::parse(row.try_get("state")?).map_err(broken)?;
    let left: Option<i64> = row.try_get("ended_at_ms")?;
    Ok(OpenHold {
        doubted_at: left.filter(|_| state == HoldState::InDoubt).map(Millis::new),
        request_id: request_id(row)?,
        account: row.try_get("account")?,
        amount: Money::from_micros(row.try_get("amount")?, currency(row.try_get("currency")?)?),
        state,
        module: row.try_get("module")?,
        action: row.try_get("action")?,
        at: Millis::new(row.try_get("at_ms")?),
    })
}

pub(crate) fn request_id(row: &Row) -> Result<RequestId, Fault> {
    let bytes: &[u8] = row.try_get("request_id")?;
    let bytes = bytes.try_into().map_err(|_| broken("a request id of another width"))?;
    Ok(RequestId::from_bytes(bytes))
}

/// An entry's way and its money.
pub(crate) fn entry(row: &Row) -> Result<Entry, Fault> {
    Ok(Entry {
        way: Move::parse(row.try_get("way")?).map_err(broken)?,
        amount: Money::from_micros(row.try_get("amount")?, currency(row.try_get("currency")?)?),
    })
}

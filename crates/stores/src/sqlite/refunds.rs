//! What was paid for each resource, and what is given back of it: once, whatever is killed in between.

use faregate_contract::RequestId;
use faregate_ledger::Money;
use faregate_pipeline::facts::{Bought, Lesson, Purchased, Refund, ResourceRef, Settlement};
use faregate_pipeline::time::Millis;

use super::balances::{About, balance, book};
use super::currency;
use crate::error::{Fault, broken};
use crate::sql::{Connection, OptionalExtension as _};

/// Writes down what resources were bought for. The last purchase counts.
pub(crate) fn bought(
    c: &Connection,
    id: RequestId,
    account: &str,
    bought: &[Bought],
    now: Millis,
) -> Result<(), Fault> {
    for Bought { resource, price, period_s } in bought {
        c.prepare_cached(
            "INSERT INTO purchases (module, kind, id, request_id, account, price, currency, period_s, \
             at_ms) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9) \
             ON CONFLICT (module, kind, id) DO UPDATE SET request_id = excluded.request_id, \
             account = excluded.account, price = excluded.price, currency = excluded.currency, \
             period_s = excluded.period_s, at_ms = excluded.at_ms, refunded_by = NULL \
             WHERE request_id <> excluded.request_id",
        )?
        .execute((
            &resource.module,
            &resource.kind,
            &resource.id,
            id.as_bytes(),
            account,
            price.micros(),
            price.currency().as_str(),
            period_s.max(&0),
            now.as_ms(),
        ))?;
    }
    Ok(())
}

/// What a resource was last bought for; none if nobody bought it, or it was refunded.
pub(crate) fn purchased(c: &Connection, of: &ResourceRef) -> Result<Option<Purchased>, Fault> {
    let row: Option<([u8; 16], String, i64, String, i64, i64)> = c
        .prepare_cached(
            "SELECT request_id, account, price, currency, period_s, at_ms FROM purchases \
             WHERE module = ?1 AND kind = ?2 AND id = ?3 AND refunded_by IS NULL",
        )?
        .query_row((&of.module, &of.kind, &of.id), |row| {
            Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?, row.get(4)?, row.get(5)?))
        })
        .optional()?;
    row.map(|(id, account, micros, code, period_s, at_ms)| {
        Ok(Purchased {
            request_id: RequestId::from_bytes(id),
            account,
            price: Money::from_micros(micros, currency(&code)?),
            period_s,
            at: Millis::new(at_ms),
        })
    })
    .transpose()
}

/// Writes down what a return gives back if it is done.
pub(crate) fn begin(
    c: &Connection,
    id: RequestId,
    account: &str,
    refunds: &[Refund],
    now: Millis,
) -> Result<(), Fault> {
    for Refund { resource, purchase, amount } in refunds {
        c.prepare_cached(
            "INSERT INTO refunds (request_id, module, kind, id, purchase, account, amount, currency, \
             state, at_ms) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, 'begun', ?9)",
        )?
        .execute((
            id.as_bytes(),
            &resource.module,
            &resource.kind,
            &resource.id,
            purchase.as_bytes(),
            account,
            amount.micros(),
            amount.currency().as_str(),
            now.as_ms(),
        ))?;
    }
    Ok(())
}

/// A refund that is not paid yet, and may never be.
struct Open {
    account: String,
    refund: Refund,
}

fn open_of(c: &Connection, id: RequestId) -> Result<Vec<Open>, Fault> {
    let mut statement = c.prepare_cached(
        "SELECT module, kind, id, purchase, account, amount, currency FROM refunds \
         WHERE request_id = ?1 AND state IN ('begun', 'in-doubt') ORDER BY kind, id",
    )?;
    let (mut rows, mut found) = (statement.query([id.as_bytes()])?, Vec::new());
    while let Some(row) = rows.next()? {
        let code: String = row.get("currency")?;
        let resource =
            ResourceRef { module: row.get("module")?, kind: row.get("kind")?, id: row.get("id")? };
        let amount = Money::from_micros(row.get("amount")?, currency(&code)?);
        let purchase = RequestId::from_bytes(row.get("purchase")?);
        let refund = Refund { resource, purchase, amount };
        found.push(Open { account: row.get("account")?, refund });
    }
    Ok(found)
}

/// Ends the refunds of a call as it ended: pays those of what was given back. What was paid, if anything. Said
/// again it changes nothing.
pub(crate) fn settle(
    c: &Connection,
    id: RequestId,
    settlement: Settlement,
    lessons: &[Lesson],
    note: &str,
    now: Millis,
) -> Result<Option<Money>, Fault> {
    if settlement == Settlement::InDoubt {
        doubt(c, id)?;
        return Ok(None);
    }
    let mut paid: Option<Money> = None;
    for open in open_of(c, id)? {
        let Refund { resource, purchase, amount } = &open.refund;
        let done = settlement == Settlement::Commit
            && lessons.contains(&Lesson::Returned(resource.clone()));
        // Of two returns of one purchase the first that was done is paid.
        let pays = done
            && c.prepare_cached(
                "UPDATE purchases SET refunded_by = ?5 WHERE module = ?1 AND kind = ?2 AND id = ?3 \
                 AND request_id = ?4 AND refunded_by IS NULL",
            )?
            .execute((
                &resource.module,
                &resource.kind,
                &resource.id,
                purchase.as_bytes(),
                id.as_bytes(),
            ))? == 1;
        if pays {
            pay(c, id, &open, note, now)?;
            let sum = paid.map_or(Some(*amount), |sum| sum.checked_add(*amount));
            paid = Some(sum.ok_or_else(|| broken("the refunds of one call do not fit"))?);
        }
        c.prepare_cached(
            "UPDATE refunds SET state = ?4 WHERE request_id = ?1 AND kind = ?2 AND id = ?3",
        )?
        .execute((
            id.as_bytes(),
            &resource.kind,
            &resource.id,
            if pays { "paid" } else { "void" },
        ))?;
    }
    Ok(paid)
}

fn pay(c: &Connection, id: RequestId, open: &Open, note: &str, now: Millis) -> Result<(), Fault> {
    let Refund { resource, purchase, amount } = &open.refund;
    let found = balance(c, &open.account)?;
    let mut after = found.ok_or_else(|| broken("a refund without a balance"))?;
    let entry = after.refund(*amount).map_err(broken)?;
    let more = if note.is_empty() { String::new() } else { format!("; {note}") };
    let note = format!("{} {} of {purchase}{more}", resource.kind, resource.id);
    let about = About { account: &open.account, request_id: Some(id), note: &note };
    book(c, about, entry, &after, now)
}

/// Nobody knows whether the return was done.
pub(crate) fn doubt(c: &Connection, id: RequestId) -> Result<(), Fault> {
    c.prepare_cached(
        "UPDATE refunds SET state = 'in-doubt' WHERE request_id = ?1 AND state = 'begun'",
    )?
    .execute([id.as_bytes()])?;
    Ok(())
}

/// After a crash: whatever was begun may have been done.
pub(crate) fn recover(c: &Connection) -> Result<(), Fault> {
    c.execute("UPDATE refunds SET state = 'in-doubt' WHERE state = 'begun'", [])?;
    Ok(())
}

/// The calls whose refunds are in doubt.
pub(crate) fn in_doubt(c: &Connection) -> Result<Vec<RequestId>, Fault> {
    let mut statement = c.prepare_cached(
        "SELECT DISTINCT request_id FROM refunds WHERE state = 'in-doubt' ORDER BY at_ms, request_id",
    )?;
    let found = statement.query_map([], |row| Ok(RequestId::from_bytes(row.get(0)?)))?;
    found.collect::<Result<_, _>>()
}

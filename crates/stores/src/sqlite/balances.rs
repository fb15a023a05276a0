//! Balances and entries, as rows: what an account has, and how that changes.

use faregate_contract::RequestId;
use faregate_ledger::{Balance, Daily, Entry, LedgerAccount, Money};
use faregate_pipeline::time::Millis;
use rusqlite::types::ValueRef;

use super::chain::{self, Head, Links, ROOT};
use super::currency;
use crate::error::{Fault, broken};
use crate::sql::{Connection, Engine, OptionalExtension as _, Row, text};

/// What an account has and what it has spent today; none if there is no such account.
pub(crate) fn books(c: &Connection, account: &str) -> Result<Option<(Balance, Daily)>, Fault> {
    c.prepare_cached(
        "SELECT currency, available, held, revenue, lent, daily_cap, spent_day, spent \
         FROM balances WHERE account = ?1",
    )?
    .query_row([account], |row| Ok(read(row)))
    .optional()?
    .transpose()
}

fn read(row: &Row<'_>) -> Result<(Balance, Daily), Fault> {
    let of = currency(text(row, "currency")?)?;
    let balance = Balance::restore(
        of,
        row.get("available")?,
        row.get("held")?,
        row.get("revenue")?,
        row.get("lent")?,
    );
    let cap: Option<i64> = row.get("daily_cap")?;
    let money = |micros| Money::from_micros(micros, of);
    let daily = Daily::restore(cap.map(money), row.get("spent_day")?, money(row.get("spent")?));
    Ok((balance.map_err(broken)?, daily))
}

/// The balance, none if there is no such account.
pub(crate) fn balance(c: &Connection, account: &str) -> Result<Option<Balance>, Fault> {
    Ok(books(c, account)?.map(|(balance, _)| balance))
}

/// What an entry is about.
#[derive(Clone, Copy, Debug)]
pub(crate) struct About<'a> {
    pub(crate) account: &'a str,
    pub(crate) request_id: Option<RequestId>,
    pub(crate) note: &'a str,
}

/// The same, to be changed in the caller's transaction.
pub(crate) fn locked(c: &Connection, account: &str) -> Result<Option<(Balance, Daily)>, Fault> {
    c.lock("SELECT 1 FROM balances WHERE account = ?1", [account])?;
    books(c, account)
}

/// Writes an entry, chained to the one before it where there is a chain, and the balance after it.
pub(crate) fn book(
    c: &Connection,
    about: About<'_>,
    entry: Entry,
    after: &Balance,
    now: Millis,
) -> Result<(), Fault> {
    match c.engine() {
        Engine::Sqlite(c) => insert(c, about, entry, now)?,
        Engine::Postgres(_) => insert_unchained(c, about, entry, now)?,
    }
    c.prepare_cached(
        "UPDATE balances SET available = ?2, held = ?3, revenue = ?4, lent = ?5 WHERE account = ?1",
    )?
    .execute((
        about.account,
        after.available().micros(),
        after.held().micros(),
        after.of(LedgerAccount::Revenue).micros(),
        after.credit().micros(),
    ))?;
    Ok(())
}

/// Entries of many gateways are numbered by the database.
fn insert_unchained(
    c: &Connection,
    about: About<'_>,
    entry: Entry,
    now: Millis,
) -> Result<(), Fault> {
    c.prepare_cached(
        "INSERT INTO entries (at_ms, request_id, debit, credit, account, amount, currency, note, way) \
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
    )?
    .execute((
        now.as_ms(),
        about.request_id.map(|id| *id.as_bytes()),
        entry.debit().as_str(),
        entry.credit().as_str(),
        about.account,
        entry.amount.micros(),
        entry.amount.currency().as_str(),
        about.note,
        entry.way.as_str(),
    ))?;
    Ok(())
}

fn insert(
    c: &rusqlite::Connection,
    about: About<'_>,
    entry: Entry,
    now: Millis,
) -> Result<(), Fault> {
    let last = chain::head(c)?.unwrap_or(Head { seq: 0, hash: ROOT });
    let seq = last.seq.checked_add(1).ok_or_else(|| broken("the ledger is full"))?;
    let id = about.request_id.map(|id| *id.as_bytes());
    let (debit, credit) = (entry.debit().as_str(), entry.credit().as_str());
    let (micros, way) = (entry.amount.micros(), entry.way.as_str());
    let of = entry.amount.currency();
    let text = |text: &'static str| ValueRef::Text(text.as_bytes());
    // In the order of `chain::COVERED`.
    let hash = Links::default().hash(
        &last.hash,
        [
            ValueRef::Integer(seq),
            ValueRef::Integer(now.as_ms()),
            id.as_ref().map_or(ValueRef::Null, |id| ValueRef::Blob(id)),
            text(debit),
            text(credit),
            ValueRef::Text(about.account.as_bytes()),
            ValueRef::Integer(micros),
            ValueRef::Text(of.as_str().as_bytes()),
            ValueRef::Text(about.note.as_bytes()),
            text(way),
        ],
    );
    c.prepare_cached(
        "INSERT INTO entries (seq, at_ms, request_id, debit, credit, account, amount, currency, note, \
         way, hash) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)",
    )?
    .execute((
        seq,
        now.as_ms(),
        id,
        debit,
        credit,
        about.account,
        micros,
        of.as_str(),
        about.note,
        way,
        hash,
    ))?;
    Ok(())
}

/// Writes what is spent of a day.
pub(crate) fn set_spent(c: &Connection, account: &str, daily: &Daily) -> Result<(), Fault> {
    c.prepare_cached("UPDATE balances SET spent_day = ?2, spent = ?3 WHERE account = ?1")?
        .execute((account, daily.day(), daily.spent().micros()))?;
    Ok(())
}

/// Bounds what an account may spend in a day, or no longer.
pub(crate) fn set_cap(c: &Connection, account: &str, cap: Option<Money>) -> Result<(), Fault> {
    c.prepare_cached("UPDATE balances SET daily_cap = ?2 WHERE account = ?1")?
        .execute((account, cap.map(Money::micros)))?;
    Ok(())
}

//! The sandbox's clock, seed and faults, as rows.

use crate::error::Fault;
use crate::sql::{Connection, OptionalExtension as _, Row};

/// What a sandbox is told to do wrong.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sandbox {
    /// How far its clock is ahead of the machine's.
    pub ahead_ms: i64,
    /// What its draws begin from.
    pub seed: i64,
    /// Its faults, oldest first.
    pub faults: Vec<StoredFault>,
}

/// Where a fault strikes, and how.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewFault {
    /// The module's name.
    pub module: String,
    /// The action; none is all of them.
    pub action: Option<String>,
    /// The account's id; none is any.
    pub account: Option<String>,
    /// What happens, in the gateway's own grammar.
    pub effect: String,
    /// Which share of the calls, in parts per million.
    pub rate_ppm: u32,
    /// How often; none is as often as it matches.
    pub times: Option<u32>,
}

/// A fault on purpose.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredFault {
    /// Its number, never used twice.
    pub id: i64,
    /// Where it strikes, and how.
    pub what: NewFault,
    /// How often it has struck.
    pub fired: u32,
}

/// None if this is no sandbox's store.
pub(crate) fn read(c: &Connection) -> Result<Option<Sandbox>, Fault> {
    let row = c
        .prepare_cached("SELECT ahead_ms, seed FROM sandbox")?
        .query_row([], |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()?;
    let Some((ahead_ms, seed)) = row else { return Ok(None) };
    Ok(Some(Sandbox { ahead_ms, seed, faults: faults(c)? }))
}

pub(crate) fn faults(c: &Connection) -> Result<Vec<StoredFault>, Fault> {
    let mut statement = c.prepare_cached(
        "SELECT id, module, action, account, effect, rate_ppm, times, fired FROM faults \
         ORDER BY id",
    )?;
    let rows = statement.query_map([], fault_of)?;
    rows.collect::<Result<_, _>>()
}

fn fault_of(row: &Row<'_>) -> rusqlite::Result<StoredFault> {
    let named = |name| -> rusqlite::Result<Option<String>> {
        Ok(Some(row.get(name)?).filter(|text: &String| !text.is_empty()))
    };
    Ok(StoredFault {
        id: row.get("id")?,
        what: NewFault {
            module: row.get("module")?,
            action: named("action")?,
            account: named("account")?,
            effect: row.get("effect")?,
            rate_ppm: row.get("rate_ppm")?,
            times: row.get("times")?,
        },
        fired: row.get("fired")?,
    })
}

/// Makes this a sandbox's store, with this seed if one is given.
pub(crate) fn begin(c: &Connection, seed: Option<i64>) -> Result<(), Fault> {
    c.execute(
        "INSERT INTO sandbox (one, ahead_ms, seed, seen) VALUES (1, 0, coalesce(?1, 0), 0) \
         ON CONFLICT (one) DO UPDATE SET seed = coalesce(?1, seed)",
        [seed],
    )?;
    Ok(())
}

/// It is none any more.
pub(crate) fn end(c: &Connection) -> Result<(), Fault> {
    c.execute("DELETE FROM sandbox", [])?;
    Ok(())
}

/// The new fault's number.
pub(crate) fn add(c: &Connection, fault: &NewFault) -> Result<i64, Fault> {
    c.prepare_cached(
        "INSERT INTO faults (module, action, account, effect, rate_ppm, times, fired) \
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, 0) RETURNING id",
    )?
    .query_row(
        (
            &fault.module,
            fault.action.as_deref().unwrap_or_default(),
            fault.account.as_deref().unwrap_or_default(),
            &fault.effect,
            fault.rate_ppm,
            fault.times,
        ),
        |row| row.get(0),
    )
}

/// False if there was none.
pub(crate) fn remove(c: &Connection, id: i64) -> Result<bool, Fault> {
    Ok(c.execute("DELETE FROM faults WHERE id = ?1", [id])? == 1)
}

/// How many there were.
pub(crate) fn clear(c: &Connection) -> Result<usize, Fault> {
    c.execute("DELETE FROM faults", [])
}

/// Writes down how often a fault has struck; of two that are written late, the higher stands.
pub(crate) fn fired(c: &Connection, id: i64, fired: u32) -> Result<(), Fault> {
    c.prepare_cached("UPDATE faults SET fired = max(fired, ?2) WHERE id = ?1")?
        .execute((id, fired))?;
    Ok(())
}

pub(crate) fn set_ahead(c: &Connection, ahead_ms: i64) -> Result<(), Fault> {
    c.execute("UPDATE sandbox SET ahead_ms = ?1", [ahead_ms])?;
    Ok(())
}

/// Says that the running gateway follows every change up to this one.
pub(crate) fn set_seen(c: &Connection, seq: i64) -> Result<(), Fault> {
    c.prepare_cached("UPDATE sandbox SET seen = ?1")?.execute([seq])?;
    Ok(())
}

/// Does the gateway follow everything that was written.
pub(crate) fn all_seen(c: &Connection) -> Result<bool, Fault> {
    let sql = "SELECT seen >= (SELECT coalesce(max(seq), 0) FROM changes) FROM sandbox";
    Ok(c.prepare_cached(sql)?.query_row([], |row| row.get(0)).optional()?.unwrap_or(false))
}

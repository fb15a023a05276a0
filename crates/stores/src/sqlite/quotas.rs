//! Quotas as rows: what accounts have of their own, and what their cells were when last written.

use std::collections::HashMap;
use std::num::{NonZeroU32, NonZeroU64};

use faregate_pipeline::facts::{CellKey, Limits, OwnQuota, Rate, Scope};
use faregate_pipeline::quota::cells::Kept;
use faregate_pipeline::time::{Date, Millis};

use crate::error::{Fault, broken};
use crate::sql::{Connection, Row};

/// Writes cells.
pub(crate) fn put(c: &Connection, cells: &[(CellKey, Kept)]) -> Result<(), Fault> {
    let mut put = c.prepare_cached(
        "INSERT INTO quota_cells (key, account, at, used) VALUES (?1, ?2, ?3, ?4) \
         ON CONFLICT (key) DO UPDATE SET at = ?3, used = ?4",
    )?;
    let mut forget = c.prepare_cached("DELETE FROM quota_cells WHERE key = ?1")?;
    for (key, kept) in cells {
        let text = key.to_string();
        if *kept == Kept::UNUSED {
            forget.execute([text])?;
            continue;
        }
        let used = i64::try_from(kept.used).unwrap_or(i64::MAX);
        put.execute((text, key.account().unwrap_or(i64::MIN), kept.at, used))?;
    }
    Ok(())
}

/// The cells of the gateway before; those that are over are forgotten.
pub(crate) fn read_back(c: &Connection, now: Millis) -> Result<HashMap<CellKey, Kept>, Fault> {
    let today = Date::of(now);
    c.prepare_cached(
        "DELETE FROM quota_cells WHERE (key LIKE '%/rate' AND at <= ?1) \
         OR (key LIKE '%/day' AND at < ?2) OR (key LIKE '%/month' AND at < ?3)",
    )?
    .execute((now.as_ms().saturating_mul(1000), today.days(), today.months()))?;
    Ok(all(c, None)?.into_iter().collect())
}

/// The cells of an account, or all.
pub(crate) fn all(c: &Connection, account: Option<i64>) -> Result<Vec<(CellKey, Kept)>, Fault> {
    let mut statement = c.prepare_cached(
        "SELECT key, at, used FROM quota_cells WHERE account = ?1 OR ?1 IS NULL ORDER BY key",
    )?;
    let (mut rows, mut cells) = (statement.query([account])?, Vec::new());
    while let Some(row) = rows.next()? {
        let (text, used): (String, i64) = (row.get(0)?, row.get(2)?);
        let key = CellKey::parse(&text).ok_or_else(|| broken(format!("`{text}` is no cell")))?;
        cells.push((key, Kept { at: row.get(1)?, used: u64::try_from(used).unwrap_or(0) }));
    }
    Ok(cells)
}

/// Sets what an account has of its own at a scope; nothing at all forgets it.
pub(crate) fn set(c: &Connection, account: &str, own: &OwnQuota) -> Result<(), Fault> {
    let action = own.action.as_deref().unwrap_or("");
    let Limits { rate, day, month, at_once, in_calls, hidden } = own.limits;
    c.prepare_cached("DELETE FROM quotas WHERE account = ?1 AND scope = ?2 AND action = ?3")?
        .execute((account, own.scope.as_str(), action))?;
    if own.limits == Limits::default() {
        return Ok(());
    }
    c.prepare_cached(
        "INSERT INTO quotas (account, scope, action, rate_per_s, rate_burst, day, month, at_once, \
         in_calls, hidden) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
    )?
    .execute((
        account,
        own.scope.as_str(),
        action,
        rate.map(|rate| rate.per_second.get()),
        rate.map(|rate| rate.burst.get()),
        day.map(total).transpose()?,
        month.map(total).transpose()?,
        at_once.map(NonZeroU32::get),
        in_calls,
        hidden,
    ))?;
    Ok(())
}

fn total(units: NonZeroU64) -> Result<i64, Fault> {
    i64::try_from(units.get()).map_err(broken)
}

/// What an account has of its own.
pub(crate) fn own(c: &Connection, account: &str) -> Result<Vec<OwnQuota>, Fault> {
    let mut statement = c.prepare_cached(
        "SELECT scope, action, rate_per_s, rate_burst, day, month, at_once, in_calls, hidden \
         FROM quotas WHERE account = ?1 ORDER BY scope, action",
    )?;
    let (mut rows, mut found) = (statement.query([account])?, Vec::new());
    while let Some(row) = rows.next()? {
        found.push(own_of(&row)?);
    }
    Ok(found)
}

fn own_of(row: &Row<'_>) -> Result<OwnQuota, Fault> {
    let scope: String = row.get("scope")?;
    let scope = Scope::parse(&scope).ok_or_else(|| broken(format!("`{scope}` is no scope")))?;
    let action: String = row.get("action")?;
    let rate = match (row.get("rate_per_s")?, row.get("rate_burst")?) {
        (Some(per_second), Some(burst)) => Some(Rate { per_second, burst }),
        (None, _) | (_, None) => None,
    };
    let total = |n: Option<i64>| n.and_then(|n| u64::try_from(n).ok()).and_then(NonZeroU64::new);
    let limits = Limits {
        rate,
        day: total(row.get("day")?),
        month: total(row.get("month")?),
        at_once: row.get("at_once")?,
        in_calls: row.get("in_calls")?,
        hidden: row.get("hidden")?,
    };
    Ok(OwnQuota { scope, action: (!action.is_empty()).then_some(action), limits })
}

/// Forgets the cells of an account.
pub(crate) fn forget(c: &Connection, account: i64) -> Result<(), Fault> {
    c.prepare_cached("DELETE FROM quota_cells WHERE account = ?1")?.execute([account])?;
    Ok(())
}

//! What is out of service, as rows.

use faregate_pipeline::facts::{Switch, SwitchState};
use faregate_pipeline::time::Millis;

use super::{json, list};
use crate::error::{Fault, broken};
use crate::sql::{Connection, Row};

pub(crate) fn all(c: &Connection) -> Result<Vec<Switch>, Fault> {
    let mut statement = c.prepare_cached(
        "SELECT module, action, state, from_ms, until_ms, message, testers FROM switches \
         ORDER BY module, action",
    )?;
    let (mut rows, mut switches) = (statement.query([])?, Vec::new());
    while let Some(row) = rows.next()? {
        switches.push(switch_of(&row)?);
    }
    Ok(switches)
}

fn switch_of(row: &Row<'_>) -> Result<Switch, Fault> {
    let action: String = row.get("action")?;
    let state = match (row.get::<_, String>("state")?.as_str(), row.get("until_ms")?) {
        ("withdrawn", None) => SwitchState::Withdrawn,
        ("lasting", None) => SwitchState::Lasting,
        ("until", Some(ms)) => SwitchState::Until(Millis::new(ms)),
        (other, _) => return Err(broken(format!("`{other}` is not a state of a switch"))),
    };
    Ok(Switch {
        module: row.get("module")?,
        action: (!action.is_empty()).then_some(action),
        state,
        from: row.get::<_, Option<i64>>("from_ms")?.map(Millis::new),
        message: row.get("message")?,
        testers: list(&row.get::<_, String>("testers")?)?,
    })
}

/// Writes a switch over whatever was there.
pub(crate) fn put(c: &Connection, switch: &Switch) -> Result<(), Fault> {
    let (state, until) = match switch.state {
        SwitchState::Withdrawn => ("withdrawn", None),
        SwitchState::Lasting => ("lasting", None),
        SwitchState::Until(end) => ("until", Some(end.as_ms())),
    };
    c.prepare_cached(
        "INSERT INTO switches (module, action, state, from_ms, until_ms, message, testers) \
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7) ON CONFLICT (module, action) DO UPDATE \
         SET state = ?3, from_ms = ?4, until_ms = ?5, message = ?6, testers = ?7",
    )?
    .execute((
        &switch.module,
        switch.action.as_deref().unwrap_or_default(),
        state,
        switch.from.map(Millis::as_ms),
        until,
        &switch.message,
        json(&switch.testers)?,
    ))?;
    Ok(())
}

/// False if there was none.
pub(crate) fn remove(c: &Connection, module: &str, action: Option<&str>) -> Result<bool, Fault> {
    let mut statement =
        c.prepare_cached("DELETE FROM switches WHERE module = ?1 AND action = ?2")?;
    Ok(statement.execute((module, action.unwrap_or_default()))? == 1)
}

//! What is out of service, as rows of PostgreSQL.

use deadpool_postgres::GenericClient;
use faregate_pipeline::facts::{Switch, SwitchState};
use faregate_pipeline::time::Millis;
use tokio_postgres::Row;

use crate::error::{Fault, broken};
use crate::sqlite::{json, list};

pub(crate) async fn all(c: &impl GenericClient) -> Result<Vec<Switch>, Fault> {
    let rows = c
        .query(
            "SELECT module, action, state, from_ms, until_ms, message, testers FROM switches \
             ORDER BY module COLLATE \"C\", action COLLATE \"C\"",
            &[],
        )
        .await?;
    rows.iter().map(switch_of).collect()
}

fn switch_of(row: &Row) -> Result<Switch, Fault> {
    let action: String = row.try_get("action")?;
    let state = match (row.try_get::<_, &str>("state")?, row.try_get("until_ms")?) {
        ("withdrawn", None) => SwitchState::Withdrawn,
        ("lasting", None) => SwitchState::Lasting,
        ("until", Some(ms)) => SwitchState::Until(Millis::new(ms)),
        (other, _) => return Err(broken(format!("`{other}` is not a state of a switch"))),
    };
    Ok(Switch {
        module: row.try_get("module")?,
        action: (!action.is_empty()).then_some(action),
        state,
        from: row.try_get::<_, Option<i64>>("from_ms")?.map(Millis::new),
        message: row.try_get("message")?,
        testers: list(row.try_get("testers")?)?,
    })
}

/// Writes a switch over whatever was there.
pub(crate) async fn put(c: &impl GenericClient, switch: &Switch) -> Result<(), Fault> {
    let Switch { module, action, state, from, message, testers } = switch;
    let from = from.map(Millis::as_ms);
    let (state, until) = match state {
        SwitchState::Withdrawn => ("withdrawn", None),
        SwitchState::Lasting => ("lasting", None),
        SwitchState::Until(end) => ("until", Some(end.as_ms())),
    };
    c.execute(
        "WITH s AS (INSERT INTO switches (module, action, state, until_ms, message, testers, from_ms) \
         VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (module, action) DO UPDATE \
         SET state = excluded.state, until_ms = excluded.until_ms, message = excluded.message, \
         testers = excluded.testers, from_ms = excluded.from_ms) \
         INSERT INTO changes (at_ms, kind, key) \
         VALUES ((extract(epoch FROM clock_timestamp()) * 1000)::bigint, 'switch', $1)",
        &[module, &action.as_deref().unwrap_or_default(), &state, &until, message, &json(testers)?, &from],
    )
    .await?;
    Ok(())
}

/// False if there was none.
pub(crate) async fn remove(
    c: &impl GenericClient,
    module: &str,
    action: Option<&str>,
) -> Result<bool, Fault> {
    let n = c
        .execute(
            "WITH s AS (DELETE FROM switches WHERE module = $1 AND action = $2 RETURNING module) \
             INSERT INTO changes (at_ms, kind, key) \
             SELECT (extract(epoch FROM clock_timestamp()) * 1000)::bigint, 'switch', module FROM s",
            &[&module, &action.unwrap_or_default()],
        )
        .await?;
    Ok(n == 1)
}

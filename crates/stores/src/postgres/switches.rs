//! What is out of service, as rows of PostgreSQL.

use deadpool_postgres::GenericClient;
use faregate_pipeline::facts::{Switch, SwitchState};
use faregate_pipeline::time::Millis;
use tokio_postgres::Row;

use crate::error::{Fault, broken};
use crate::sqlite::list;

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

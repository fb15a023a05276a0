//! Projects: names by which an account tells its instances apart. Project 0 is always there.

use rusqlite::{Connection, params};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::answer::{ModuleError, Refusal};

/// The parameters of CreateProject.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct NewProject {
    project_name: String,
}

pub(crate) fn create(
    connection: &Connection,
    account: &str,
    project: &NewProject,
) -> Result<Value, Refusal> {
    if project.project_name.is_empty() {
        return Err(Refusal::Malformed("`projectName` must not be empty".to_owned()));
    }
    // Seven random digits: an account must not learn from its ids how many projects others have.
    let id: i64 = connection
        .prepare_cached(
            "INSERT INTO projects (id, account, name)
             VALUES (1000000 + abs(random() % 9000000), ?1, ?2) RETURNING id",
        )?
        .query_row(params![account, project.project_name], |row| row.get(0))?;
    Ok(json!({ "projectId": id }))
}

pub(crate) fn describe(connection: &Connection, account: &str) -> Result<Value, Refusal> {
    let mut statement = connection
        .prepare_cached("SELECT id, name FROM projects WHERE account = ?1 ORDER BY name, id")?;
    let rows = statement.query_map([account], |row| {
        Ok(json!({ "projectId": row.get::<_, i64>(0)?, "projectName": row.get::<_, String>(1)? }))
    })?;
    let mut project_set = vec![json!({ "projectId": 0, "projectName": "default" })];
    for row in rows {
        project_set.push(row?);
    }
    Ok(json!({ "totalCount": project_set.len(), "projectSet": project_set }))
}

/// Whether the account has this project.
pub(crate) fn check(connection: &Connection, account: &str, id: i64) -> Result<(), Refusal> {
    let there = id == 0
        || connection
            .prepare_cached("SELECT 1 FROM projects WHERE id = ?1 AND account = ?2")?
            .exists(params![id, account])?;
    if there { Ok(()) } else { Err(ModuleError::IncorrectProject.into()) }
}

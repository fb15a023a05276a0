//! Instances that are lent to another account, or given to it.

use rusqlite::{Connection, params};
use serde::Deserialize;

use crate::answer::Refusal;
use crate::instances::{Use, status_of};

/// The parameters of ShareInstances.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Loan {
    instance_ids: Vec<String>,
    account_id: String,
    access: Access,
}

#[derive(Debug, Deserialize, Clone, Copy)]
#[serde(rename_all = "camelCase")]
enum Access {
    Read,
    Write,
    None,
}

/// The parameters of TransferInstances.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Gift {
    instance_ids: Vec<String>,
    account_id: String,
}

pub(crate) fn share(connection: &Connection, account: &str, loan: &Loan) -> Result<(), Refusal> {
    for id in &loan.instance_ids {
        status_of(connection, account, id, Use::Own)?;
        let access = match loan.access {
            Access::Read => "read",
            Access::Write => "write",
            Access::None => {
                connection
                    .prepare_cached("DELETE FROM shares WHERE id = ?1 AND account = ?2")?
                    .execute(params![id, loan.account_id])?;
                continue;
            }
        };
        connection
            .prepare_cached(
                "INSERT INTO shares (id, account, access) VALUES (?1, ?2, ?3)
                 ON CONFLICT (id, account) DO UPDATE SET access = excluded.access",
            )?
            .execute(params![id, loan.account_id, access])?;
    }
    Ok(())
}

/// What is given away is lent to nobody, and belongs to no project of the new owner's.
pub(crate) fn transfer(connection: &Connection, account: &str, gift: &Gift) -> Result<(), Refusal> {
    for id in &gift.instance_ids {
        status_of(connection, account, id, Use::Own)?;
        connection
            .prepare_cached("UPDATE instances SET account = ?2, project_id = 0 WHERE id = ?1")?
            .execute(params![id, gift.account_id])?;
        unlend(connection, id)?;
    }
    Ok(())
}

pub(crate) fn unlend(connection: &Connection, id: &str) -> rusqlite::Result<()> {
    connection.prepare_cached("DELETE FROM shares WHERE id = ?1")?.execute([id])?;
    Ok(())
}

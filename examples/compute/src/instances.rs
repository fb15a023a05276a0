//! Instances that an account has: listing, starting, stopping, moving and returning them.

use rusqlite::{Connection, OptionalExtension, Row, params};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::answer::{ModuleError, Refusal};
use crate::lending;
use crate::parameters::Query;
use crate::projects;
use crate::store::Store;

/// What DescribeInstances shall show.
#[derive(Debug)]
pub(crate) struct Filter {
    offset: i64,
    limit: i64,
    status: Option<Status>,
    project_id: Option<i64>,
    /// Empty means all.
    instance_ids: Vec<String>,
    /// The mistake on purpose: whose they are is not looked at.
    forgets_accounts: bool,
}

/// What a call does with an instance.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Use {
    /// Looks at it.
    Read,
    /// Changes it.
    Write,
    /// Gives it back, gives it away or lends it.
    Own,
}

/// What an instance that is not returned does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Status {
    Running,
    Stopped,
}

impl Status {
    const fn name(self) -> &'static str {
        match self {
            Self::Running => "RUNNING",
            Self::Stopped => "STOPPED",
        }
    }
}

impl std::str::FromStr for Status {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        match text {
            "RUNNING" => Ok(Self::Running),
            "STOPPED" => Ok(Self::Stopped),
            _ => Err(()),
        }
    }
}

impl Filter {
    pub(crate) fn read(query: Option<&str>) -> Result<Self, Refusal> {
        let mut query = Query::parse(query)?;
        let filter = Self {
            offset: query.take_number("offset", (0, i64::MAX))?.unwrap_or(0),
            limit: query.take_number("limit", (1, 100))?.unwrap_or(20),
            status: query.take("status")?,
            project_id: query.take("projectId")?,
            instance_ids: query.take_many("instanceIds"),
            forgets_accounts: query.take("forgetAccounts")?.unwrap_or(false),
        };
        query.finish()?;
        Ok(filter)
    }
}

/// The instances that Start, Stop and RestartInstances act on.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Selection {
    instance_ids: Vec<String>,
}

/// The parameters of ModifyInstanceProject.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Move {
    instance_ids: Vec<String>,
    project_id: i64,
}

pub(crate) fn describe(
    connection: &Connection,
    account: &str,
    filter: &Filter,
) -> Result<Value, Refusal> {
    for id in &filter.instance_ids {
        status_of(connection, account, id, Use::Read)?;
    }
    let instance_ids =
        (!filter.instance_ids.is_empty()).then(|| json!(filter.instance_ids).to_string());
    let matching = params![
        account,
        filter.status.map(Status::name),
        filter.project_id,
        instance_ids,
        filter.forgets_accounts,
        filter.limit,
        filter.offset
    ];
    // Counted without the page: SQLite numbers its parameters, and six and seven are not named there.
    let total: i64 = connection
        .prepare_cached(
            "SELECT count(*) FROM instances
             WHERE (?5 OR account = ?1 OR id IN (SELECT id FROM shares WHERE account = ?1))
               AND status <> 'RETURNED' AND (?2 IS NULL OR status = ?2) AND (?3 IS NULL OR project_id = ?3)
               AND (?4 IS NULL OR id IN (SELECT value FROM json_each(?4)))",
        )?
        .query_row(matching.get(..5).unwrap_or_default(), |row| row.get(0))?;
    let mut page = connection.prepare_cached(
        "SELECT id, zone, instance_type, image_id, project_id, status, created_at, expires_at
         FROM instances
         WHERE (?5 OR account = ?1 OR id IN (SELECT id FROM shares WHERE account = ?1))
           AND status <> 'RETURNED' AND (?2 IS NULL OR status = ?2) AND (?3 IS NULL OR project_id = ?3)
           AND (?4 IS NULL OR id IN (SELECT value FROM json_each(?4)))
         ORDER BY seq LIMIT ?6 OFFSET ?7",
    )?;
    let instance_set = page.query_map(matching, shown)?.collect::<Result<Vec<_>, _>>()?;
    Ok(json!({ "totalCount": total, "instanceSet": instance_set }))
}

fn shown(row: &Row<'_>) -> rusqlite::Result<Value> {
    Ok(json!({
        "instanceId": row.get::<_, String>(0)?,
        "zone": row.get::<_, String>(1)?,
        "instanceType": row.get::<_, String>(2)?,
        "imageId": row.get::<_, String>(3)?,
        "projectId": row.get::<_, i64>(4)?,
        "status": row.get::<_, String>(5)?,
        "createdAt": row.get::<_, String>(6)?,
        "expiresAt": row.get::<_, String>(7)?,
    }))
}

/// The status of an instance that this account may use so; a foreign or returned one is as absent as one that
/// never was.
pub(crate) fn status_of(
    connection: &Connection,
    account: &str,
    id: &str,
    used: Use,
) -> Result<Status, Refusal> {
    let (reads, writes) = (used == Use::Read, used != Use::Own);
    let status: Option<String> = connection
        .prepare_cached(
            "SELECT status FROM instances WHERE id = ?1 AND (account = ?2 OR EXISTS (
             SELECT 1 FROM shares WHERE id = ?1 AND account = ?2
             AND (access = 'read' AND ?3 OR access = 'write' AND ?4)))",
        )?
        .query_row(params![id, account, reads, writes], |row| row.get(0))
        .optional()?;
    status.and_then(|status| status.parse().ok()).ok_or(Refusal::Absent)
}

pub(crate) fn start(
    connection: &Connection,
    account: &str,
    selection: &Selection,
) -> Result<(), Refusal> {
    for id in &selection.instance_ids {
        match status_of(connection, account, id, Use::Write)? {
            Status::Running => return Err(ModuleError::Running.into()),
            Status::Stopped => set_status(connection, id, Status::Running.name())?,
        }
    }
    Ok(())
}

pub(crate) fn stop(
    connection: &Connection,
    account: &str,
    selection: &Selection,
) -> Result<(), Refusal> {
    for id in &selection.instance_ids {
        match status_of(connection, account, id, Use::Write)? {
            Status::Running => set_status(connection, id, Status::Stopped.name())?,
            Status::Stopped => return Err(ModuleError::AlreadyStopped.into()),
        }
    }
    Ok(())
}

/// A restart leaves the instance running, as it was before.
pub(crate) fn restart(
    connection: &Connection,
    account: &str,
    selection: &Selection,
) -> Result<(), Refusal> {
    for id in &selection.instance_ids {
        match status_of(connection, account, id, Use::Write)? {
            Status::Running => {}
            Status::Stopped => return Err(ModuleError::Stopped.into()),
        }
    }
    Ok(())
}

pub(crate) fn change_project(
    connection: &Connection,
    account: &str,
    change: &Move,
) -> Result<(), Refusal> {
    projects::check(connection, account, change.project_id)?;
    for id in &change.instance_ids {
        status_of(connection, account, id, Use::Write)?;
        connection
            .prepare_cached("UPDATE instances SET project_id = ?2 WHERE id = ?1")?
            .execute(params![id, change.project_id])?;
    }
    Ok(())
}

pub(crate) fn give_back(connection: &Connection, account: &str, id: &str) -> Result<(), Refusal> {
    status_of(connection, account, id, Use::Own)?;
    lending::unlend(connection, id)?;
    Ok(set_status(connection, id, "RETURNED")?)
}

fn set_status(connection: &Connection, id: &str, status: &str) -> rusqlite::Result<()> {
    connection
        .prepare_cached("UPDATE instances SET status = ?2 WHERE id = ?1")?
        .execute(params![id, status])?;
    Ok(())
}

/// The answer of DescribeInternalUsage: counts over all accounts.
pub(crate) fn usage(connection: &Connection) -> Result<Value, Refusal> {
    let usage = connection
        .prepare_cached(
            "SELECT count(DISTINCT account), count(*) FILTER (WHERE status = 'RUNNING'),
                    count(*) FILTER (WHERE status = 'STOPPED'),
                    count(*) FILTER (WHERE status = 'RETURNED'),
                    (SELECT count(*) FROM deals)
             FROM instances",
        )?
        .query_row([], |row| {
            Ok(json!({
                "accounts": row.get::<_, i64>(0)?,
                "running": row.get::<_, i64>(1)?,
                "stopped": row.get::<_, i64>(2)?,
                "returned": row.get::<_, i64>(3)?,
                "deals": row.get::<_, i64>(4)?,
            }))
        })?;
    Ok(usage)
}

/// Puts a running instance there that nobody bought.
pub(crate) fn seed(store: &Store, account: &str, id: &str) -> rusqlite::Result<()> {
    store.connection().execute(
        "INSERT INTO instances (id, account, zone, instance_type, image_id, project_id, status,
                                created_at, expires_at)
         VALUES (?1, ?2, 'gz-1', 'S1.SMALL1', 'img-debian-12', 0, 'RUNNING',
                 strftime('%Y-%m-%dT%H:%M:%SZ', 'now'),
                 strftime('%Y-%m-%dT%H:%M:%SZ', 'now', '+12 months'))
         ON CONFLICT (id) DO NOTHING",
        params![id, account],
    )?;
    Ok(())
}

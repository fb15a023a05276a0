//! The shared home made ready, and looked at, for the command line: schema, rights, versions, settings.

use std::path::Path;
use std::time::Duration;

use crate::error::{Fault, OpenError};
use crate::home::Home;
use crate::options::SharedAt;
use crate::postgres::operator::Operator;
use crate::postgres::{Postgres, migrate, said};
use crate::redis::{self, inspect};

/// What `faregate migrate` did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Migrated {
    /// Migrations that were applied now.
    pub n_applied: u32,
    /// The schema's version after it.
    pub version: u32,
}

/// Brings the schema up to date, makes the data folder with its keyring if it is missing, and says whose keyring the
/// database's keys are sealed with.
///
/// # Errors
/// The database cannot be reached, is newer, was changed by hand, or belongs to another keyring.
pub fn migrate(data: &Path, at: &SharedAt) -> Result<Migrated, OpenError> {
    let operator = Operator::new(at)?;
    let home = Home::at(data);
    let postgres = operator.postgres().patient();
    let owner = operator.wait(async { owner(&postgres).await })?;
    let vault = match owner {
        // A database that has an owner is not given another by a keyring that was just made.
        Some(_) => home.vault()?,
        None => home.prepare()?,
    };
    let keyring = vault.store_id().cast_signed();
    if owner.is_some_and(|owner| owner != keyring) {
        return Err(OpenError::KeyringOther(home.keyring()));
    }
    operator.wait(async {
        let n_applied = migrate::migrate(&postgres).await?;
        let c = postgres.client().await?;
        c.execute(
            "INSERT INTO home (one, keyring) VALUES (1, $1) ON CONFLICT (one) DO NOTHING",
            &[&keyring],
        )
        .await
        .map_err(Fault::from)?;
        let version = migrate::version(&postgres).await?;
        Ok(Migrated { n_applied, version: version.applied })
    })
}

/// Whose keyring it is, if it is anybody's.
async fn owner(postgres: &Postgres) -> Result<Option<i64>, OpenError> {
    let c = postgres.client().await?;
    let there = c.query_one("SELECT to_regclass('home') IS NOT NULL", &[]).await;
    if !there.map_err(Fault::from)?.get::<_, bool>(0) {
        return Ok(None);
    }
    let row = c.query_opt("SELECT keyring FROM home", &[]).await.map_err(Fault::from)?;
    Ok(row.map(|row| row.get(0)))
}

/// What is wrong with the shared home, a sentence each, with what to do; empty is good. Nothing is changed.
///
/// # Errors
/// An address cannot be read.
pub fn examine(data: &Path, at: &SharedAt) -> Result<Vec<String>, OpenError> {
    let operator = Operator::new(at)?;
    let home = Home::at(data);
    let mut problems = Vec::new();
    let keyring = match home.vault() {
        Ok(vault) => Some(vault.store_id().cast_signed()),
        Err(OpenError::KeyringMissing(path)) => {
            problems.push(format!(
                "`{}` is missing: `faregate migrate` makes it for the first gateway; for another, copy it from there",
                path.display()
            ));
            None
        }
        Err(cause) => return Err(cause),
    };
    let setting = redis::Setting::new(at, String::new())?;
    let found: Result<Vec<String>, OpenError> = operator.wait(async {
        let mut found = match tokio::time::timeout(
            Duration::from_secs(10),
            of_postgres(operator.postgres(), keyring),
        )
        .await
        {
            Ok(Ok(found)) => found,
            Ok(Err(cause)) => vec![format!("PostgreSQL: {cause}")],
            Err(_) => vec!["PostgreSQL does not answer".to_owned()],
        };
        found.extend(inspect::examine(&setting).await);
        Ok(found)
    });
    problems.extend(found?);
    Ok(problems)
}

async fn of_postgres(postgres: &Postgres, keyring: Option<i64>) -> Result<Vec<String>, OpenError> {
    let c = postgres.client().await?;
    let mut problems = Vec::new();
    let row = c
        .query_one(
            "SELECT current_setting('server_version_num')::bigint, \
             current_setting('synchronous_commit'), current_setting('fsync'), \
             pg_is_in_recovery(), current_user::text",
            &[],
        )
        .await
        .map_err(Fault::from)?;
    if row.get::<_, i64>(0) < 130_000 {
        problems.push("PostgreSQL is older than 13: upgrade it".to_owned());
    }
    for (at, name) in [(1, "synchronous_commit"), (2, "fsync")] {
        if row.get::<_, &str>(at) == "off" {
            problems.push(format!(
                "PostgreSQL's {name} is off: money that was answered for could be lost; set it to on"
            ));
        }
    }
    if row.get(3) {
        problems.push("this PostgreSQL is a standby: name the primary".to_owned());
    }
    match migrate::version(postgres).await?.is_current() {
        Ok(()) => {}
        Err(cause @ OpenError::SchemaOlder { .. }) => {
            problems.push(format!("PostgreSQL: {cause}"));
            return Ok(problems);
        }
        Err(cause) => return Err(cause),
    }
    rights(&c, row.get(4), &mut problems).await?;
    if let (Some(ours), Some(theirs)) = (keyring, owner(postgres).await?)
        && ours != theirs
    {
        problems.push(
            "the keyring in the data folder is not that of this database: copy that of another gateway".to_owned(),
        );
    }
    Ok(problems)
}

async fn rights(
    c: &deadpool_postgres::Object,
    user: &str,
    problems: &mut Vec<String>,
) -> Result<(), OpenError> {
    let rows = c
        .query(
            "SELECT t.name, p.name FROM unnest(ARRAY['accounts', 'audit', 'audit_head', 'balances', 'batches', \
             'changes', 'claims', 'entries', 'feedback', 'fences', 'group_members', 'holds', 'home', 'imports', \
             'key_limits', 'key_uses', 'keys', 'leads', 'nodes', 'object_faults', 'orders', 'policies', \
             'policy_attachments', 'purchases', 'quota_cells', 'quotas', 'refunds', 'resources', 'shares', \
             'switches', 'user_groups', 'users']) AS t(name), \
             unnest(ARRAY['SELECT', 'INSERT', 'UPDATE', 'DELETE']) AS p(name) \
             WHERE NOT has_table_privilege(t.name, p.name) \
             AND NOT (t.name IN ('accounts', 'audit', 'audit_head', 'balances', 'entries', 'feedback', 'fences', \
             'home', 'imports', 'object_faults', 'purchases', 'refunds') AND p.name = 'DELETE') \
             AND NOT (t.name IN ('audit', 'entries', 'fences', 'changes') AND p.name = 'UPDATE')",
            &[],
        )
        .await
        .map_err(|cause| OpenError::Shared { what: "PostgreSQL", why: said(&cause) })?;
    for row in rows {
        let (table, right): (&str, &str) = (row.get(0), row.get(1));
        problems
            .push(format!("`{user}` may not {right} {table}: GRANT {right} ON {table} TO {user}"));
    }
    Ok(())
}

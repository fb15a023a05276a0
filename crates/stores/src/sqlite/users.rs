//! Users, groups and what keys are for whom, as rows.

use faregate_pipeline::time::Millis;

use super::policies::Principal;
use super::{json, list, policies};
use crate::error::Fault;
use crate::sql::{Connection, OptionalExtension as _, Row};

/// A user of an account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct User {
    /// Whose user it is.
    pub account: String,
    /// Its name within the account.
    pub name: String,
    /// The keys of a disabled user are refused.
    pub enabled: bool,
    /// Accounts, and users as `account/user`, that may act as it.
    pub trusted: Vec<String>,
    /// The groups that it is in.
    pub groups: Vec<String>,
    /// When it was made.
    pub created_at: Millis,
}

fn user_of(row: &Row<'_>) -> Result<User, Fault> {
    Ok(User {
        account: row.get("account")?,
        name: row.get("name")?,
        enabled: row.get("enabled")?,
        trusted: list(&row.get::<_, String>("trusted")?)?,
        groups: Vec::new(),
        created_at: Millis::new(row.get("created_at_ms")?),
    })
}

/// The users of an account, by name; one of them, if it is named.
pub(crate) fn users(c: &Connection, account: &str, name: Option<&str>) -> Result<Vec<User>, Fault> {
    let mut statement = c.prepare_cached(
        "SELECT account, name, enabled, trusted, created_at_ms FROM users \
         WHERE account = ?1 AND (name = ?2 OR ?2 IS NULL) ORDER BY name",
    )?;
    let (mut rows, mut users) = (statement.query((account, name))?, Vec::new());
    while let Some(row) = rows.next()? {
        let mut user = user_of(&row)?;
        user.groups = groups_of(c, account, &user.name)?;
        users.push(user);
    }
    Ok(users)
}

pub(crate) fn user(c: &Connection, account: &str, name: &str) -> Result<Option<User>, Fault> {
    Ok(users(c, account, Some(name))?.into_iter().next())
}

/// Writes a user, new or changed.
pub(crate) fn put_user(c: &Connection, user: &User) -> Result<(), Fault> {
    c.prepare_cached(
        "INSERT INTO users (account, name, enabled, trusted, created_at_ms) VALUES (?1, ?2, ?3, ?4, ?5) \
         ON CONFLICT (account, name) DO UPDATE SET enabled = ?3, trusted = ?4",
    )?
    .execute((
        &user.account,
        &user.name,
        user.enabled,
        json(&user.trusted)?,
        user.created_at.as_ms(),
    ))?;
    Ok(())
}

pub(crate) fn delete_user(c: &Connection, account: &str, name: &str) -> Result<(), Fault> {
    c.prepare_cached("DELETE FROM users WHERE account = ?1 AND name = ?2")?
        .execute((account, name))?;
    policies::detach_all(c, account, &Principal::User(name.to_owned()))
}

/// How many keys a user has, live or not.
pub(crate) fn keys_of_user(c: &Connection, account: &str, name: &str) -> Result<i64, Fault> {
    let mut statement =
        c.prepare_cached("SELECT count(*) FROM keys WHERE account = ?1 AND user_name = ?2")?;
    statement.query_row((account, name), |row| row.get(0))
}

/// The groups of a user, by name.
pub(crate) fn groups_of(c: &Connection, account: &str, user: &str) -> Result<Vec<String>, Fault> {
    names(
        c,
        "SELECT user_group FROM group_members WHERE account = ?1 AND user_name = ?2 ORDER BY 1",
        (account, user),
    )
}

/// The members of a group, by name.
pub(crate) fn members(c: &Connection, account: &str, group: &str) -> Result<Vec<String>, Fault> {
    names(
        c,
        "SELECT user_name FROM group_members WHERE account = ?1 AND user_group = ?2 ORDER BY 1",
        (account, group),
    )
}

/// The groups of an account, by name.
pub(crate) fn groups(c: &Connection, account: &str) -> Result<Vec<String>, Fault> {
    names(
        c,
        "SELECT name FROM user_groups WHERE account = ?1 AND ?2 = ?2 ORDER BY 1",
        (account, ""),
    )
}

fn names(c: &Connection, sql: &str, of: (&str, &str)) -> Result<Vec<String>, Fault> {
    let mut statement = c.prepare_cached(sql)?;
    let names = statement.query_map(of, |row| row.get(0))?;
    names.collect::<Result<_, _>>()
}

/// Makes a group that is not there yet.
pub(crate) fn insert_group(
    c: &Connection,
    account: &str,
    name: &str,
    now: Millis,
) -> Result<(), Fault> {
    c.prepare_cached("INSERT INTO user_groups (account, name, created_at_ms) VALUES (?1, ?2, ?3)")?
        .execute((account, name, now.as_ms()))?;
    Ok(())
}

pub(crate) fn delete_group(c: &Connection, account: &str, name: &str) -> Result<(), Fault> {
    c.prepare_cached("DELETE FROM user_groups WHERE account = ?1 AND name = ?2")?
        .execute((account, name))?;
    policies::detach_all(c, account, &Principal::Group(name.to_owned()))
}

/// Says who is in a group, and nobody else is.
pub(crate) fn set_members(
    c: &Connection,
    account: &str,
    group: &str,
    users: &[String],
) -> Result<(), Fault> {
    c.prepare_cached("DELETE FROM group_members WHERE account = ?1 AND user_group = ?2")?
        .execute((account, group))?;
    let mut insert = c.prepare_cached(
        "INSERT INTO group_members (account, user_group, user_name) VALUES (?1, ?2, ?3) \
         ON CONFLICT DO NOTHING",
    )?;
    for user in users {
        insert.execute((account, group, user))?;
    }
    Ok(())
}

/// What is known of a key beside its secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct KeyRow {
    pub(crate) account: String,
    pub(crate) user: Option<String>,
    pub(crate) enabled: bool,
    pub(crate) temporary: bool,
    pub(crate) expires_at: Option<Millis>,
}

impl KeyRow {
    pub(crate) fn is_live(&self, now: Millis) -> bool {
        self.enabled && self.expires_at.is_none_or(|end| end > now)
    }
}

pub(crate) fn key_row(c: &Connection, id: &str) -> Result<Option<KeyRow>, Fault> {
    let mut statement = c.prepare_cached(
        "SELECT account, user_name, enabled, token IS NOT NULL, expires_at_ms FROM keys WHERE id = ?1",
    )?;
    let row = statement.query_row([id], |row| {
        Ok(KeyRow {
            account: row.get(0)?,
            user: row.get(1)?,
            enabled: row.get(2)?,
            temporary: row.get(3)?,
            expires_at: row.get::<_, Option<i64>>(4)?.map(Millis::new),
        })
    });
    row.optional()
}

/// How many lasting keys of a user, or of the account itself, would be taken now.
pub(crate) fn n_live(
    c: &Connection,
    account: &str,
    user: Option<&str>,
    now: Millis,
) -> Result<usize, Fault> {
    let mut statement = c.prepare_cached(
        "SELECT count(*) FROM keys WHERE account = ?1 AND user_name IS NOT DISTINCT FROM ?2 AND enabled \
         AND token IS NULL AND (expires_at_ms IS NULL OR expires_at_ms > ?3)",
    )?;
    let n: u32 = statement.query_row((account, user, now.as_ms()), |row| row.get(0))?;
    Ok(usize::try_from(n).unwrap_or(usize::MAX))
}

/// Whose a new key is, and for how long.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Terms<'a> {
    pub(crate) user: Option<&'a str>,
    pub(crate) expires_at: Option<Millis>,
    pub(crate) issuer: Option<&'a str>,
    pub(crate) session: Option<&'a str>,
}

pub(crate) fn set_terms(c: &Connection, id: &str, terms: Terms<'_>) -> Result<(), Fault> {
    c.prepare_cached(
        "UPDATE keys SET user_name = ?2, expires_at_ms = ?3, issuer = ?4, session = ?5 WHERE id = ?1",
    )?
    .execute((
        id,
        terms.user,
        terms.expires_at.map(Millis::as_ms),
        terms.issuer,
        terms.session,
    ))?;
    Ok(())
}

pub(crate) fn set_end(c: &Connection, id: &str, end: Millis) -> Result<(), Fault> {
    c.prepare_cached("UPDATE keys SET expires_at_ms = ?2 WHERE id = ?1")?
        .execute((id, end.as_ms()))?;
    Ok(())
}

/// Forgets sessions that ended before this moment.
pub(crate) fn forget_sessions(c: &Connection, before: Millis) -> Result<(), Fault> {
    c.prepare_cached("DELETE FROM keys WHERE token IS NOT NULL AND expires_at_ms < ?1")?
        .execute([before.as_ms()])?;
    Ok(())
}

/// When a key was last used, from where, for what.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyUse {
    /// When, to a minute.
    pub at: Millis,
    /// The client's address.
    pub address: String,
    /// What was called: `cvm:RunInstances`.
    pub action: String,
}

pub(crate) fn used(c: &Connection, id: &str, last: &KeyUse) -> Result<(), Fault> {
    // A key that was deleted in the meantime was not used by anybody.
    c.prepare_cached(
        "INSERT INTO key_uses (key, at_ms, address, action) SELECT id, ?2, ?3, ?4 FROM keys WHERE id = ?1 \
         ON CONFLICT (key) DO UPDATE SET at_ms = ?2, address = ?3, action = ?4",
    )?
    .execute((id, last.at.as_ms(), &last.address, &last.action))?;
    Ok(())
}

/// Sealed under an older epoch than this one: a few of them, to be sealed again.
pub(crate) fn older_than(
    c: &Connection,
    epoch: u32,
    n_max: u32,
) -> Result<Vec<(String, String)>, Fault> {
    let mut statement =
        c.prepare_cached("SELECT id, account FROM keys WHERE epoch < ?1 ORDER BY id LIMIT ?2")?;
    let found = statement.query_map((epoch, n_max), |row| Ok((row.get(0)?, row.get(1)?)))?;
    found.collect::<Result<_, _>>()
}

//! Policies and what they are attached to, as rows; and what a key is under, compiled.

use std::fmt;

use faregate_pipeline::authz::policy::{Bundle, Policy, read_kept};
use faregate_pipeline::facts::Network;
use faregate_pipeline::time::Millis;

use super::{json, list};
use crate::error::{Fault, broken};
use crate::sql::{Connection, OptionalExtension as _};

/// Whom a policy limits.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Principal {
    /// A key, by its SecretId.
    Key(String),
    /// A user of the account, by name.
    User(String),
    /// A group of users of the account, by name.
    Group(String),
}

impl Principal {
    /// The word that stands before its name.
    #[must_use]
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Key(_) => "key",
            Self::User(_) => "user",
            Self::Group(_) => "group",
        }
    }

    /// Its name within its kind.
    #[must_use]
    pub fn name(&self) -> &str {
        match self {
            Self::Key(name) | Self::User(name) | Self::Group(name) => name,
        }
    }

    /// Reads what [`fmt::Display`] writes.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (kind, name) = text.split_once('/').filter(|(_, name)| !name.is_empty())?;
        let name = name.to_owned();
        match kind {
            "key" => Some(Self::Key(name)),
            "user" => Some(Self::User(name)),
            "group" => Some(Self::Group(name)),
            _ => None,
        }
    }
}

impl fmt::Display for Principal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.kind(), self.name())
    }
}

/// A policy as the list of policies shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PolicyEntry {
    /// Whose it is.
    pub account: String,
    /// Its name.
    pub name: String,
    /// Its text, as it was put.
    pub document: String,
    /// When it was put.
    pub changed_at: Millis,
    /// Whom it limits.
    pub attached: Vec<Principal>,
}

/// Writes a policy, or another text of it.
pub(crate) fn put(
    c: &Connection,
    account: &str,
    (name, document): (&str, &str),
    now: Millis,
) -> Result<(), Fault> {
    c.prepare_cached(
        "INSERT INTO policies (account, name, document, changed_at_ms) VALUES (?1, ?2, ?3, ?4) \
         ON CONFLICT (account, name) DO UPDATE SET document = ?3, changed_at_ms = ?4",
    )?
    .execute((account, name, document, now.as_ms()))?;
    Ok(())
}

/// The policies of an account, or of all; of one name, if it is given.
pub(crate) fn all(
    c: &Connection,
    account: Option<&str>,
    name: Option<&str>,
) -> Result<Vec<PolicyEntry>, Fault> {
    let mut statement = c.prepare_cached(
        "SELECT account, name, document, changed_at_ms FROM policies \
         WHERE (account = ?1 OR ?1 IS NULL) AND (name = ?2 OR ?2 IS NULL) ORDER BY account, name",
    )?;
    let (mut rows, mut entries) = (statement.query((account, name))?, Vec::new());
    while let Some(row) = rows.next()? {
        let (account, name): (String, String) = (row.get(0)?, row.get(1)?);
        let (document, at_ms) = (row.get(2)?, row.get(3)?);
        let attached = attached(c, &account, &name)?;
        let changed_at = Millis::new(at_ms);
        entries.push(PolicyEntry { account, name, document, changed_at, attached });
    }
    Ok(entries)
}

fn attached(c: &Connection, account: &str, policy: &str) -> Result<Vec<Principal>, Fault> {
    let mut statement = c.prepare_cached(
        "SELECT kind || '/' || principal FROM policy_attachments \
         WHERE account = ?1 AND policy = ?2 ORDER BY kind, principal",
    )?;
    let (mut rows, mut attached) = (statement.query((account, policy))?, Vec::new());
    while let Some(row) = rows.next()? {
        let text: String = row.get(0)?;
        let principal = Principal::parse(&text);
        attached.push(principal.ok_or_else(|| broken(format!("`{text}` is no principal")))?);
    }
    Ok(attached)
}

/// False if there is none of that name.
pub(crate) fn delete(c: &Connection, account: &str, name: &str) -> Result<bool, Fault> {
    let mut statement =
        c.prepare_cached("DELETE FROM policies WHERE account = ?1 AND name = ?2")?;
    Ok(statement.execute((account, name))? == 1)
}

/// Attaches a policy; once more changes nothing.
pub(crate) fn attach(
    c: &Connection,
    account: &str,
    policy: &str,
    to: &Principal,
) -> Result<(), Fault> {
    c.prepare_cached(
        "INSERT INTO policy_attachments (account, kind, principal, policy) \
         VALUES (?1, ?2, ?3, ?4) ON CONFLICT DO NOTHING",
    )?
    .execute((account, to.kind(), to.name(), policy))?;
    Ok(())
}

/// False if it was not attached.
pub(crate) fn detach(
    c: &Connection,
    account: &str,
    policy: &str,
    from: &Principal,
) -> Result<bool, Fault> {
    let mut statement = c.prepare_cached(
        "DELETE FROM policy_attachments \
         WHERE account = ?1 AND kind = ?2 AND principal = ?3 AND policy = ?4",
    )?;
    Ok(statement.execute((account, from.kind(), from.name(), policy))? == 1)
}

/// How many policies limit a principal.
pub(crate) fn count_of(c: &Connection, account: &str, of: &Principal) -> Result<i64, Fault> {
    let mut statement = c.prepare_cached(
        "SELECT count(*) FROM policy_attachments \
         WHERE account = ?1 AND kind = ?2 AND principal = ?3",
    )?;
    statement.query_row((account, of.kind(), of.name()), |row| row.get(0))
}

/// The account of a key.
pub(crate) fn account_of_key(c: &Connection, key: &str) -> Result<Option<String>, Fault> {
    let mut statement = c.prepare_cached("SELECT account FROM keys WHERE id = ?1")?;
    statement.query_row([key], |row| row.get(0)).optional()
}

/// Sets the list of sources of a key.
pub(crate) fn set_sources(c: &Connection, key: &str, sources: &[Network]) -> Result<(), Fault> {
    let sources: Vec<String> = sources.iter().map(ToString::to_string).collect();
    c.prepare_cached(
        "INSERT INTO key_limits (key, sources) VALUES (?1, ?2) \
         ON CONFLICT (key) DO UPDATE SET sources = ?2",
    )?
    .execute((key, json(&sources)?))?;
    Ok(())
}

/// Sets a session's own policy.
pub(crate) fn set_session(c: &Connection, key: &str, document: &str) -> Result<(), Fault> {
    c.prepare_cached(
        "INSERT INTO key_limits (key, sources, session) VALUES (?1, '[]', ?2) \
         ON CONFLICT (key) DO UPDATE SET session = ?2",
    )?
    .execute((key, document))?;
    Ok(())
}

/// Is something attached to the key itself, beside what its user is under.
pub(crate) fn is_limited(c: &Connection, key: &str) -> Result<bool, Fault> {
    let mut statement = c.prepare_cached(
        "SELECT EXISTS (SELECT 1 FROM key_limits WHERE key = ?1) \
         OR EXISTS (SELECT 1 FROM policy_attachments WHERE kind = 'key' AND principal = ?1)",
    )?;
    statement.query_row([key], |row| row.get(0))
}

/// Puts a key under all that another one is under, and lets it be used from where that one may.
pub(crate) fn limit_alike(c: &Connection, key: &str, like: &str) -> Result<(), Fault> {
    c.prepare_cached(
        "INSERT INTO policy_attachments (account, kind, principal, policy) \
         SELECT account, kind, ?1, policy FROM policy_attachments WHERE kind = 'key' AND principal = ?2",
    )?
    .execute((key, like))?;
    c.prepare_cached(
        "INSERT INTO key_limits (key, sources, session) \
         SELECT ?1, sources, session FROM key_limits WHERE key = ?2",
    )?
    .execute((key, like))?;
    Ok(())
}

/// Lets a principal go of everything, for it is no more.
pub(crate) fn detach_all(c: &Connection, account: &str, from: &Principal) -> Result<(), Fault> {
    c.prepare_cached(
        "DELETE FROM policy_attachments WHERE account = ?1 AND kind = ?2 AND principal = ?3",
    )?
    .execute((account, from.kind(), from.name()))?;
    Ok(())
}

/// From where a key may be used, and what policies it is under.
#[derive(Debug, Default)]
pub(crate) struct Limits {
    pub(crate) sources: Vec<Network>,
    pub(crate) policies: Option<Bundle>,
}

/// The limits of a key. A session is under the limits of the key that asked for it, of the same user. `principals` are those that it speaks for beside itself: a key of the account's own has none,
/// and without a policy it may do all; any other may then do nothing.
pub(crate) fn limits(
    c: &Connection,
    account: &str,
    (key, issuer): (&str, Option<&str>),
    principals: &[Principal],
) -> Result<Limits, Fault> {
    let mut statement =
        c.prepare_cached("SELECT sources, session FROM key_limits WHERE key = ?1")?;
    let own = statement.query_row([key], |row| Ok((row.get(0)?, row.get(1)?))).optional()?;
    let (sources, session): (String, Option<String>) = own.unwrap_or(("[]".to_owned(), None));
    let network = |text: &String| {
        Network::parse(text).ok_or_else(|| broken(format!("`{text}` is not a block of addresses")))
    };
    let mut sources = list(&sources)?;
    let mut policies = of(c, account, &Principal::Key(key.to_owned()))?;
    if let Some(issuer) = issuer {
        policies.extend(of(c, account, &Principal::Key(issuer.to_owned()))?);
        let theirs = statement.query_row([issuer], |row| row.get::<_, String>(0)).optional()?;
        if sources.is_empty() {
            sources = theirs.map(|text| list(&text)).transpose()?.unwrap_or_default();
        }
    }
    let sources = sources.iter().map(network).collect::<Result<_, _>>()?;
    for principal in principals {
        policies.extend(of(c, account, principal)?);
    }
    let session = session.map(|text| read("session", &text)).transpose()?;
    let unlimited = policies.is_empty() && principals.is_empty();
    let policies = match session {
        None if unlimited => None,
        None => Some(Bundle::new(policies, None)),
        Some(session) if unlimited => Some(Bundle::new(vec![session], None)),
        Some(session) => Some(Bundle::new(policies, Some(vec![session]))),
    };
    Ok(Limits { sources, policies })
}

fn of(c: &Connection, account: &str, principal: &Principal) -> Result<Vec<Policy>, Fault> {
    let mut statement = c.prepare_cached(
        "SELECT p.name, p.document FROM policy_attachments a \
         JOIN policies p ON p.account = a.account AND p.name = a.policy \
         WHERE a.account = ?1 AND a.kind = ?2 AND a.principal = ?3 ORDER BY p.name",
    )?;
    let mut rows = statement.query((account, principal.kind(), principal.name()))?;
    let mut policies = Vec::new();
    while let Some(row) = rows.next()? {
        let (name, document): (String, String) = (row.get(0)?, row.get(1)?);
        policies.push(read(&name, &document)?);
    }
    Ok(policies)
}

fn read(name: &str, document: &str) -> Result<Policy, Fault> {
    read_kept(name, document).map_err(|why| broken(format!("the policy `{name}`: {why}")))
}

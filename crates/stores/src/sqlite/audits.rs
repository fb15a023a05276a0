//! The audit log, as rows: a chain of hashes whose last link the keyring has witnessed.

use aws_lc_rs::digest::{Context, SHA256};
use faregate_contract::RequestId;
use faregate_pipeline::time::Millis;
use serde_json::Value;

use crate::error::{Fault, broken};
use crate::sql::{Connection, OptionalExtension as _, Row};
use crate::vault::Vault;

/// What the first record has for the hash of the one before it.
const GENESIS: [u8; 32] = [0; 32];

/// Who changes something, and from where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Actor {
    /// `account:100000001`, `account:100000001/user:ann`, or `local:root` for who has the data folder itself.
    pub who: String,
    /// The SecretId that signed the call.
    pub key_id: Option<String>,
    /// The address that the call came from.
    pub address: Option<String>,
    /// The call.
    pub request_id: Option<RequestId>,
}

impl Actor {
    /// Somebody at the data folder itself.
    #[must_use]
    pub fn local(user: Option<&str>) -> Self {
        let who = format!("local:{}", user.unwrap_or("operator"));
        Self { who, key_id: None, address: None, request_id: None }
    }
}

/// What was changed. `before` and `after` never hold a secret.
#[derive(Clone, Debug)]
pub(crate) struct Change {
    pub(crate) action: &'static str,
    /// `account/100000001`, `key/AKID…`, `maintenance/cvm:RunInstances`.
    pub(crate) subject: String,
    pub(crate) before: Option<Value>,
    pub(crate) after: Option<Value>,
}

/// One record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditRecord {
    /// Its number; they have no gaps.
    pub seq: i64,
    /// When.
    pub at: Millis,
    /// Who, and from where.
    pub actor: Actor,
    /// What was done: the name of the action.
    pub action: String,
    /// To what.
    pub subject: String,
    /// What it was, as JSON; none for what is new.
    pub before: Option<String>,
    /// What it is, as JSON; none for what is gone.
    pub after: Option<String>,
    /// The hash of the record before it.
    pub previous: Vec<u8>,
    /// Its own.
    pub hash: Vec<u8>,
}

/// Which records are wanted, newest first.
#[derive(Clone, Debug, Default)]
pub struct AuditFilter {
    /// Before this number.
    pub before_seq: Option<i64>,
    /// Of this subject, or of those whose name begins with it and a slash.
    pub subject: Option<String>,
    /// Of this action.
    pub action: Option<String>,
    /// By this actor.
    pub who: Option<String>,
    /// So many at most.
    pub limit: u32,
}

/// What `verify` found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditCheck {
    /// Records that fit.
    pub n_records: i64,
    /// The first that does not, and why.
    pub bad: Option<(i64, String)>,
}

const COLUMNS: &str = "seq, at_ms, who, key_id, address, request_id, action, subject, before, after, previous, \
                       hash FROM audit";

fn record_of(row: &Row<'_>) -> rusqlite::Result<AuditRecord> {
    let request_id: Option<[u8; 16]> = row.get("request_id")?;
    Ok(AuditRecord {
        seq: row.get("seq")?,
        at: Millis::new(row.get("at_ms")?),
        actor: Actor {
            who: row.get("who")?,
            key_id: row.get("key_id")?,
            address: row.get("address")?,
            request_id: request_id.map(RequestId::from_bytes),
        },
        action: row.get("action")?,
        subject: row.get("subject")?,
        before: row.get("before")?,
        after: row.get("after")?,
        previous: row.get("previous")?,
        hash: row.get("hash")?,
    })
}

/// The hash of a record: over the one before it and every column, each behind its length, so that no two records
/// have one text.
fn hash(record: &AuditRecord) -> [u8; 32] {
    let mut context = Context::new(&SHA256);
    let mut field = |bytes: Option<&[u8]>| {
        let length = bytes.map_or(-1, |bytes| i64::try_from(bytes.len()).unwrap_or(i64::MAX));
        context.update(&length.to_be_bytes());
        context.update(bytes.unwrap_or_default());
    };
    let AuditRecord { seq, at, actor, action, subject, before, after, previous, hash: _ } = record;
    field(Some(previous));
    field(Some(&seq.to_be_bytes()));
    field(Some(&at.as_ms().to_be_bytes()));
    field(Some(actor.who.as_bytes()));
    field(actor.key_id.as_deref().map(str::as_bytes));
    field(actor.address.as_deref().map(str::as_bytes));
    field(actor.request_id.as_ref().map(|id| id.as_bytes().as_slice()));
    field(Some(action.as_bytes()));
    field(Some(subject.as_bytes()));
    field(before.as_deref().map(str::as_bytes));
    field(after.as_deref().map(str::as_bytes));
    let mut out = [0; 32];
    out.copy_from_slice(context.finish().as_ref());
    out
}

/// Appends a change, in the transaction that makes it.
pub(crate) fn append(
    c: &Connection,
    vault: &Vault,
    actor: &Actor,
    change: Change,
    now: Millis,
) -> Result<(), Fault> {
    let last: Option<(i64, Vec<u8>)> = c
        .prepare_cached("SELECT seq, hash FROM audit ORDER BY seq DESC LIMIT 1")?
        .query_row([], |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()?;
    let (seq, previous) = last.unwrap_or((0, GENESIS.to_vec()));
    let mut record = AuditRecord {
        seq: seq.saturating_add(1),
        at: now,
        actor: actor.clone(),
        action: change.action.to_owned(),
        subject: change.subject,
        before: change.before.map(|value| value.to_string()),
        after: change.after.map(|value| value.to_string()),
        previous,
        hash: Vec::new(),
    };
    record.hash = hash(&record).to_vec();
    c.prepare_cached(
        "INSERT INTO audit (seq, at_ms, who, key_id, address, request_id, action, subject, before, after, \
         previous, hash) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)",
    )?
    .execute((
        record.seq,
        record.at.as_ms(),
        &record.actor.who,
        &record.actor.key_id,
        &record.actor.address,
        record.actor.request_id.as_ref().map(RequestId::as_bytes),
        &record.action,
        &record.subject,
        &record.before,
        &record.after,
        &record.previous,
        &record.hash,
    ))?;
    c.prepare_cached(
        "INSERT INTO audit_head (one, seq, witness) VALUES (1, ?1, ?2) \
         ON CONFLICT (one) DO UPDATE SET seq = ?1, witness = ?2",
    )?
    .execute((record.seq, witness(vault, record.seq, &record.hash).as_slice()))?;
    Ok(())
}

fn witness(vault: &Vault, seq: i64, hash: &[u8]) -> [u8; 32] {
    vault.witness(&[b"audit head", seq.to_be_bytes().as_slice(), hash])
}

/// The newest records that the filter lets through, newest first.
pub(crate) fn list(c: &Connection, filter: &AuditFilter) -> Result<Vec<AuditRecord>, Fault> {
    let mut statement = c.prepare_cached(&format!(
        "SELECT {COLUMNS} WHERE (seq < ?1 OR ?1 IS NULL) \
         AND (subject = ?2 OR substr(subject, 1, length(?2) + 1) = ?2 || '/' OR ?2 IS NULL) \
         AND (action = ?3 OR ?3 IS NULL) AND (who = ?4 OR ?4 IS NULL) ORDER BY seq DESC LIMIT ?5"
    ))?;
    let AuditFilter { before_seq, subject, action, who, limit } = filter;
    let rows = statement.query_map((before_seq, subject, action, who, limit), record_of)?;
    rows.collect::<Result<_, _>>()
}

/// Hands every record over, oldest first; ends when `each` says so.
pub(crate) fn each(c: &Connection, mut each: impl FnMut(AuditRecord) -> bool) -> Result<(), Fault> {
    let mut statement = c.prepare_cached(&format!("SELECT {COLUMNS} ORDER BY seq"))?;
    for record in statement.query_map([], record_of)? {
        if !each(record?) {
            break;
        }
    }
    Ok(())
}

/// Follows the chain from its beginning.
pub(crate) fn verify(c: &Connection, vault: &Vault) -> Result<AuditCheck, Fault> {
    let (mut last, mut bad) = ((0_i64, GENESIS.to_vec()), None);
    each(c, |record| {
        let next = last.0.saturating_add(1);
        let fault = if record.seq != next {
            Some((next, "it is missing".to_owned()))
        } else if record.previous != last.1 {
            Some((record.seq, "it does not follow the one before it".to_owned()))
        } else if hash(&record).as_slice() != record.hash {
            Some((record.seq, "it was changed".to_owned()))
        } else {
            None
        };
        bad = fault;
        if bad.is_none() {
            last = (record.seq, record.hash);
        }
        bad.is_none()
    })?;
    let head: Option<(i64, Vec<u8>)> = c
        .query_row("SELECT seq, witness FROM audit_head", [], |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()?;
    let (seq, hash) = &last;
    bad = bad.or_else(|| match head {
        None if *seq == 0 => None,
        None => Some((*seq, "nothing witnesses that it is the last".to_owned())),
        Some((kept, _)) if kept > *seq => {
            Some((seq.saturating_add(1), format!("it is missing: there were {kept}")))
        }
        Some((_, tag)) if tag != witness(vault, *seq, hash) => {
            Some((*seq, "the keyring did not witness it".to_owned()))
        }
        Some(_) => None,
    });
    let n_records = match &bad {
        Some((at, _)) => at.saturating_sub(1).min(*seq),
        None => *seq,
    };
    if n_records < 0 {
        return Err(broken("a record below the first"));
    }
    Ok(AuditCheck { n_records, bad })
}

//! `compute.db`: opened once, one transaction a call.
//!
//! Invariant: what a call changed, its row in `executions` and its saved answer are written together or not at all.

use std::path::Path;
use std::time::Duration;

use bytes::Bytes;
use hyper::StatusCode;
use rusqlite::{Connection, OptionalExtension, Transaction, TransactionBehavior, params};
use serde_json::{Value, json};

use crate::answer::{Answer, Refusal};
use crate::parameters::Caller;
use crate::purchases::Question;

const SCHEMA: &str = "
    CREATE TABLE IF NOT EXISTS instances (
        seq INTEGER PRIMARY KEY,
        id TEXT NOT NULL UNIQUE,
        account TEXT NOT NULL,
        zone TEXT NOT NULL,
        instance_type TEXT NOT NULL,
        image_id TEXT NOT NULL,
        project_id INTEGER NOT NULL,
        status TEXT NOT NULL CHECK (status IN ('RUNNING', 'STOPPED', 'RETURNED')),
        created_at TEXT NOT NULL,
        expires_at TEXT NOT NULL
    ) STRICT;
    CREATE INDEX IF NOT EXISTS instances_by_account ON instances (account)
        WHERE status <> 'RETURNED';
    CREATE INDEX IF NOT EXISTS instances_by_type ON instances (instance_type)
        WHERE status <> 'RETURNED';
    CREATE TABLE IF NOT EXISTS shares (
        id TEXT NOT NULL,
        account TEXT NOT NULL,
        access TEXT NOT NULL CHECK (access IN ('read', 'write')),
        PRIMARY KEY (id, account)
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX IF NOT EXISTS shares_by_account ON shares (account);
    CREATE TABLE IF NOT EXISTS projects (
        id INTEGER PRIMARY KEY,
        account TEXT NOT NULL,
        name TEXT NOT NULL
    ) STRICT;
    CREATE INDEX IF NOT EXISTS projects_by_account ON projects (account);
    CREATE TABLE IF NOT EXISTS deals (
        id TEXT PRIMARY KEY,
        account TEXT NOT NULL,
        action TEXT NOT NULL,
        period INTEGER NOT NULL
    ) STRICT;
    CREATE TABLE IF NOT EXISTS answers (
        account TEXT NOT NULL,
        action TEXT NOT NULL,
        key TEXT NOT NULL,
        parameters BLOB NOT NULL,
        status INTEGER NOT NULL,
        body BLOB NOT NULL,
        PRIMARY KEY (account, action, key)
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE IF NOT EXISTS executions (
        request_id TEXT NOT NULL,
        account TEXT NOT NULL,
        action TEXT NOT NULL,
        at_ms INTEGER NOT NULL
    ) STRICT;
    CREATE INDEX IF NOT EXISTS executions_by_action ON executions (action);";

/// The answer of a call that buys or makes something: given now, or long ago to the same key.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Told {
    Now(Answer),
    Again(Answer),
}

impl Told {
    pub(crate) fn answer(self) -> Answer {
        match self {
            Self::Now(answer) | Self::Again(answer) => answer,
        }
    }
}

#[derive(Debug)]
pub(crate) struct Store {
    connection: Connection,
}

impl Store {
    pub(crate) fn open(data: &Path) -> Result<Self, crate::Error> {
        std::fs::create_dir_all(data)?;
        let connection = Connection::open(data.join("compute.db"))?;
        // `seed` may write beside a running service.
        connection.busy_timeout(Duration::from_secs(5))?;
        connection.pragma_update(None, "journal_mode", "WAL")?;
        connection.pragma_update(None, "synchronous", "NORMAL")?;
        connection.execute_batch(SCHEMA)?;
        Ok(Self { connection })
    }

    /// For what only reads.
    pub(crate) const fn connection(&self) -> &Connection {
        &self.connection
    }

    /// Does a call that changes something, every time it comes.
    pub(crate) fn execute(
        &mut self,
        caller: &Caller,
        work: impl FnOnce(&Connection) -> Result<(), Refusal>,
    ) -> Result<(), Refusal> {
        let transaction = self.begin()?;
        work(&transaction)?;
        record(&transaction, caller)?;
        Ok(transaction.commit()?)
    }

    /// Does a call at most once for its `Idempotency-Key`; the same key again gets the same answer.
    ///
    /// An error of the module is saved too: the caller that asks again after a lost answer wants to know what
    /// became of the first call, and a "sold out" must not turn into a purchase because stock came back.
    pub(crate) fn execute_once(
        &mut self,
        caller: &Caller,
        parameters: &[u8],
        work: impl FnOnce(&Connection) -> Result<Value, Refusal>,
    ) -> Result<Told, Refusal> {
        let transaction = self.begin()?;
        if let Some(answer) = saved(&transaction, caller, parameters)? {
            return Ok(Told::Again(answer));
        }
        let answer = match work(&transaction) {
            Ok(value) => {
                record(&transaction, caller)?;
                Answer::result(&value)
            }
            // Such a refusal comes before the first write, so there is nothing to take back.
            Err(Refusal::Module(error)) => error.answer(),
            Err(refusal) => return Err(refusal),
        };
        save(&transaction, caller, parameters, &answer)?;
        transaction.commit()?;
        Ok(Told::Now(answer))
    }

    /// What a purchase of this account was answered, in the very bytes; absent if it never came here, and then
    /// it never will be done: a purchase and its saved answer are one transaction.
    pub(crate) fn answered(&self, account: &str, question: &Question) -> Result<Answer, Refusal> {
        let row: Option<(u16, Vec<u8>)> = self
            .connection
            .prepare_cached(
                "SELECT status, body FROM answers WHERE account = ?1 AND action = ?2 AND key = ?3",
            )?
            .query_row(params![account, question.action, question.idempotency_key], |row| {
                Ok((row.get(0)?, row.get(1)?))
            })
            .optional()?;
        let (status, body) = row.ok_or(Refusal::Absent)?;
        let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        Ok(Answer::saved(status, Bytes::from(body)))
    }

    fn begin(&mut self) -> rusqlite::Result<Transaction<'_>> {
        self.connection.transaction_with_behavior(TransactionBehavior::Immediate)
    }

    /// How often each action was executed, since the database was made.
    pub(crate) fn executions(&self) -> rusqlite::Result<(i64, Value)> {
        let mut statement = self
            .connection
            .prepare_cached("SELECT action, count(*) FROM executions GROUP BY action")?;
        let rows = statement.query_map([], |row| Ok((row.get::<_, String>(0)?, row.get(1)?)))?;
        let mut by_action = serde_json::Map::new();
        let mut total = 0;
        for row in rows {
            let (action, n): (String, i64) = row?;
            total += n;
            by_action.insert(action, json!(n));
        }
        Ok((total, Value::Object(by_action)))
    }
}

fn record(transaction: &Transaction<'_>, caller: &Caller) -> rusqlite::Result<()> {
    transaction
        .prepare_cached(
            "INSERT INTO executions (request_id, account, action, at_ms)
             VALUES (?1, ?2, ?3, CAST(unixepoch('subsec') * 1000 AS INTEGER))",
        )?
        .execute(params![caller.request_id, caller.account, caller.route.name])?;
    Ok(())
}

fn saved(
    transaction: &Transaction<'_>,
    caller: &Caller,
    parameters: &[u8],
) -> Result<Option<Answer>, Refusal> {
    let row: Option<(Vec<u8>, u16, Vec<u8>)> = transaction
        .prepare_cached(
            "SELECT parameters, status, body FROM answers
             WHERE account = ?1 AND action = ?2 AND key = ?3",
        )?
        .query_row(params![caller.account, caller.route.name, caller.idempotency_key], |row| {
            Ok((row.get(0)?, row.get(1)?, row.get(2)?))
        })
        .optional()?;
    let Some((first, status, body)) = row else { return Ok(None) };
    if first != parameters {
        return Err(Refusal::KeyReused);
    }
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    Ok(Some(Answer::saved(status, Bytes::from(body))))
}

fn save(
    transaction: &Transaction<'_>,
    caller: &Caller,
    parameters: &[u8],
    answer: &Answer,
) -> rusqlite::Result<()> {
    let Some(key) = &caller.idempotency_key else { return Ok(()) };
    transaction
        .prepare_cached(
            "INSERT INTO answers (account, action, key, parameters, status, body)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
        )?
        .execute(params![
            caller.account,
            caller.route.name,
            key,
            parameters,
            answer.status.as_u16(),
            answer.body.as_ref()
        ])?;
    Ok(())
}

/// A new id: the prefix and eight characters of Crockford's base 32 in lower case, 40 random bits.
pub(crate) fn new_id(connection: &Connection, prefix: &str) -> rusqlite::Result<String> {
    const ALPHABET: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";
    let random: Vec<u8> =
        connection.prepare_cached("SELECT randomblob(8)")?.query_row([], |row| row.get(0))?;
    let characters = random.iter().filter_map(|byte| ALPHABET.get(usize::from(byte % 32))).copied();
    Ok(prefix.chars().chain(characters.map(char::from)).collect())
}

//! A session of PostgreSQL for whoever may wait: on a thread of its own, so that nobody's runtime is blocked twice.

use std::future::Future;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use deadpool_postgres::Object;
use rusqlite::types::Value;
use tokio::runtime::Handle;
use tokio::sync::oneshot;
use tokio_postgres::error::SqlState;
use tokio_postgres::types::private::BytesMut;
use tokio_postgres::types::{IsNull, ToSql, Type, to_sql_checked};

use super::Connection;
use crate::error::{Fault, OpenError, broken};
use crate::postgres::Postgres;

/// What a statement is waited for at most; the session itself ends it before.
const PATIENCE: Duration = Duration::from_secs(5);
/// How often a transaction waits for another operator's to end, a lock's time each.
const TURNS: usize = 10;

/// One connection; dropped, its thread ends.
pub(crate) struct Session {
    postgres: Postgres,
    handle: Handle,
    _stop: oneshot::Sender<()>,
    client: Mutex<Option<Arc<Object>>>,
    is_in_transaction: AtomicBool,
}

impl std::fmt::Debug for Session {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Session").field("postgres", &self.postgres).finish_non_exhaustive()
    }
}

/// A row that was fetched.
#[derive(Debug)]
pub(crate) struct Fetched {
    pub(super) names: Arc<[String]>,
    pub(super) values: Vec<Value>,
}

impl Session {
    /// Nothing is connected yet.
    pub(crate) fn new(postgres: Postgres) -> Result<Self, OpenError> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        let runtime = runtime.map_err(broken)?;
        let handle = runtime.handle().clone();
        let (stop, stopped) = oneshot::channel();
        let run = move || drop(runtime.block_on(stopped));
        std::thread::Builder::new().name("desk".to_owned()).spawn(run).map_err(broken)?;
        let is_in_transaction = AtomicBool::new(false);
        Ok(Self { postgres, handle, _stop: stop, client: Mutex::default(), is_in_transaction })
    }

    pub(crate) const fn postgres(&self) -> &Postgres {
        &self.postgres
    }

    /// Waits for `work` on the session's thread.
    pub(crate) fn wait<T: Send + 'static>(
        &self,
        work: impl Future<Output = Result<T, Fault>> + Send + 'static,
    ) -> Result<T, Fault> {
        let (tell, told) = std::sync::mpsc::sync_channel(1);
        self.handle.spawn(async move { drop(tell.send(Box::pin(work).await)) });
        told.recv().map_err(|_| broken("the session's thread is gone"))?
    }

    /// The same, for as long as a statement may take. What is late is given up with its connection.
    fn ask<T: Send + 'static>(
        &self,
        work: impl Future<Output = Result<T, Fault>> + Send + 'static,
    ) -> Result<T, Fault> {
        let asked = self.wait(async move { Ok(tokio::time::timeout(PATIENCE, work).await) })?;
        asked.unwrap_or_else(|_| {
            *self.kept() = None;
            Err(broken("PostgreSQL did not answer in time"))
        })
    }

    fn kept(&self) -> std::sync::MutexGuard<'_, Option<Arc<Object>>> {
        self.client.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The connection; another one, if it was lost outside of a transaction.
    pub(crate) fn client(&self) -> Result<Arc<Object>, Fault> {
        if let Some(client) = self.kept().as_ref().filter(|client| !client.is_closed()) {
            return Ok(Arc::clone(client));
        }
        if self.is_in_transaction.load(Ordering::Relaxed) {
            return Err(broken("the connection to PostgreSQL was lost: nothing was changed"));
        }
        let postgres = self.postgres.clone();
        let client = Arc::new(self.ask(async move { postgres.client().await })?);
        *self.kept() = Some(Arc::clone(&client));
        Ok(client)
    }

    pub(crate) fn execute(&self, sql: &str, values: Vec<Value>) -> Result<usize, Fault> {
        let (client, sql) = (self.client()?, sql.to_owned());
        let n = self.ask(async move {
            let statement = client.prepare_cached(&sql).await?;
            let values = values.into_iter().map(Own).collect::<Vec<_>>();
            Ok(client.execute_raw(&statement, values).await?)
        })?;
        usize::try_from(n).map_err(broken)
    }

    pub(crate) fn query(&self, sql: &str, values: Vec<Value>) -> Result<Vec<Fetched>, Fault> {
        let (client, sql) = (self.client()?, sql.to_owned());
        self.ask(async move {
            let statement = client.prepare_cached(&sql).await?;
            let names: Arc<[String]> =
                statement.columns().iter().map(|column| column.name().to_owned()).collect();
            let values = values.into_iter().map(Own).collect::<Vec<_>>();
            let values: Vec<&(dyn ToSql + Sync)> =
                values.iter().map(|value| value as &(dyn ToSql + Sync)).collect();
            let rows = client.query(&statement, &values).await?;
            let fetched = |row: &tokio_postgres::Row| {
                let values = (0..row.len()).map(|at| column(row, at)).collect::<Result<_, _>>()?;
                Ok(Fetched { names: Arc::clone(&names), values })
            };
            rows.iter().map(fetched).collect()
        })
    }

    fn batch(&self, sql: &'static str) -> Result<(), Fault> {
        let client = self.client()?;
        self.ask(async move { Ok(client.batch_execute(sql).await?) })
    }

    /// One transaction, alone among operators: done as a whole, or not at all. The row of the home is their turn; no
    /// gateway takes it.
    pub(crate) fn transaction<T, E: From<Fault>>(
        &self,
        work: impl FnOnce(&Connection) -> Result<T, E>,
    ) -> Result<T, E> {
        self.begin()?;
        let mut open = Open { session: self, is_done: false };
        let done = work(self)?;
        self.batch("COMMIT")?;
        open.is_done = true;
        Ok(done)
    }

    fn begin(&self) -> Result<(), Fault> {
        let mut turn = 0;
        loop {
            self.batch("BEGIN")?;
            self.is_in_transaction.store(true, Ordering::Relaxed);
            match self.query("SELECT one FROM home FOR UPDATE", Vec::new()) {
                Ok(_) => return Ok(()),
                Err(fault) => {
                    drop(Open { session: self, is_done: false });
                    turn += 1;
                    if turn == TURNS || !fault.is_late_lock() {
                        return Err(fault);
                    }
                }
            }
        }
    }
}

/// Rolls back what was not committed, panics included.
struct Open<'s> {
    session: &'s Session,
    is_done: bool,
}

impl Drop for Open<'_> {
    fn drop(&mut self) {
        if !self.is_done && self.session.batch("ROLLBACK").is_err() {
            // The end of its connection ends it too.
            *self.session.kept() = None;
        }
        self.session.is_in_transaction.store(false, Ordering::Relaxed);
    }
}

impl Fault {
    fn is_late_lock(&self) -> bool {
        matches!(self, Self::Postgres(cause) if cause.code() == Some(&SqlState::LOCK_NOT_AVAILABLE))
    }
}

/// The parameters as PostgreSQL writes them: `$1`.
pub(super) fn dollars(sql: &str) -> String {
    let mut written = String::with_capacity(sql.len());
    let mut letters = sql.chars().peekable();
    while let Some(letter) = letters.next() {
        let is_parameter = letter == '?' && letters.peek().is_some_and(char::is_ascii_digit);
        written.push(if is_parameter { '$' } else { letter });
    }
    written
}

fn column(row: &tokio_postgres::Row, at: usize) -> Result<Value, Fault> {
    let kind = row.columns().get(at).map(tokio_postgres::Column::type_);
    let of = |found: Option<Value>| found.unwrap_or(Value::Null);
    Ok(match kind {
        Some(&Type::INT8) => of(row.try_get::<_, Option<i64>>(at)?.map(Value::Integer)),
        Some(&Type::INT4) => {
            of(row.try_get::<_, Option<i32>>(at)?.map(|n| Value::Integer(i64::from(n))))
        }
        Some(&Type::BOOL) => {
            of(row.try_get::<_, Option<bool>>(at)?.map(|is| Value::Integer(i64::from(is))))
        }
        Some(&Type::TEXT | &Type::VARCHAR) => {
            of(row.try_get::<_, Option<String>>(at)?.map(Value::Text))
        }
        Some(&Type::BYTEA) => of(row.try_get::<_, Option<Vec<u8>>>(at)?.map(Value::Blob)),
        other => return Err(broken(format!("a column of the type {other:?}"))),
    })
}

/// A value that takes the type that its parameter has: SQLite's booleans are numbers.
#[derive(Debug)]
struct Own(Value);

impl ToSql for Own {
    fn to_sql(
        &self,
        kind: &Type,
        out: &mut BytesMut,
    ) -> Result<IsNull, Box<dyn std::error::Error + Sync + Send>> {
        match (&self.0, kind) {
            (Value::Null, _) => Ok(IsNull::Yes),
            (Value::Integer(n), &Type::BOOL) => (*n != 0).to_sql(kind, out),
            (Value::Integer(n), &Type::INT4) => i32::try_from(*n)?.to_sql(kind, out),
            (Value::Integer(n), &Type::INT8) => n.to_sql(kind, out),
            (Value::Text(text), &Type::TEXT | &Type::VARCHAR) => text.to_sql(kind, out),
            (Value::Blob(bytes), &Type::BYTEA) => bytes.to_sql(kind, out),
            (value, kind) => Err(format!("{value:?} where a {kind} must be").into()),
        }
    }

    fn accepts(_: &Type) -> bool {
        true
    }

    to_sql_checked!();
}

#[cfg(test)]
mod spec {
    use super::*;

    #[test]
    fn parameters_are_written_as_postgresql_writes_them() {
        for (sql, written) in [
            ("SELECT ?1, ?12 WHERE a = ?1", "SELECT $1, $12 WHERE a = $1"),
            ("SELECT 'why?' || ?2", "SELECT 'why?' || $2"),
            ("", ""),
        ] {
            assert_eq!(dollars(sql), written);
        }
    }
}

//! The watch: reads what the command line changed, five times a second, and makes the cache forget.
//!
//! SQLite's `data_version` says for nearly nothing whether anybody wrote; only then is the `changes`
//! table read.

use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread::JoinHandle;
use std::time::Duration;

use rusqlite::Connection;

use crate::cache::Cache;
use crate::error::Fault;
use crate::quotas::Quotas;
use crate::sqlite::{sandbox, switches};

const ROUND: Duration = Duration::from_millis(200);

/// Dropped, it ends the thread.
#[derive(Debug)]
pub(crate) struct Watch {
    stop: Option<Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Watch {
    /// Fills the cache's switches and sandbox, then keeps it fresh.
    pub(crate) fn start(
        connection: Connection,
        (cache, quotas): (Arc<Cache>, Arc<Quotas>),
    ) -> Result<Self, Fault> {
        let mut seen = Seen { version: version(&connection)?, seq: last_seq(&connection)? };
        cache.set_switches(switches::all(&connection)?);
        cache.set_sandbox(sandbox::read(&connection)?);
        let (stop, stopped) = channel();
        let run = move || run(&connection, (&cache, &quotas), &mut seen, &stopped);
        let thread = std::thread::Builder::new().name("changes".to_owned()).spawn(run);
        let thread = thread.map_err(crate::error::broken)?;
        Ok(Self { stop: Some(stop), thread: Some(thread) })
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        self.stop = None;
        if let Some(thread) = self.thread.take() {
            // A watch that panicked has nothing left to do.
            drop(thread.join());
        }
    }
}

struct Seen {
    version: i64,
    seq: i64,
}

fn run(
    connection: &Connection,
    (cache, quotas): (&Cache, &Quotas),
    seen: &mut Seen,
    stopped: &Receiver<()>,
) {
    while let Err(RecvTimeoutError::Timeout) = stopped.recv_timeout(ROUND) {
        if look(connection, (cache, quotas), seen).is_err() {
            // What cannot be checked is not trusted: the next call asks the database itself.
            cache.forget_keys();
        }
    }
}

fn look(
    connection: &Connection,
    (cache, quotas): (&Cache, &Quotas),
    seen: &mut Seen,
) -> Result<(), Fault> {
    let version = version(connection)?;
    if version == seen.version {
        return Ok(());
    }
    let mut statement = connection
        .prepare_cached("SELECT seq, kind, key FROM changes WHERE seq > ?1 ORDER BY seq")?;
    let (mut rows, mut seq) = (statement.query([seen.seq])?, seen.seq);
    let (mut keys, mut service, mut faults) = (false, false, false);
    while let Some(row) = rows.next()? {
        seq = row.get(0)?;
        match row.get::<_, String>(1)?.as_str() {
            "switch" => service = true,
            "sandbox" => faults = true,
            // An account whose cells are to be new, by its slot.
            "quota" => quotas.reset(row.get::<_, String>(2)?.parse().unwrap_or(0)),
            _ => keys = true,
        }
    }
    drop(rows);
    if keys {
        cache.forget_keys();
    }
    if service {
        cache.set_switches(switches::all(connection)?);
    }
    // Whether it is a sandbox only the gateway's own start decides.
    if faults && cache.is_sandbox() {
        cache.set_sandbox(sandbox::read(connection)?);
    }
    if seq != seen.seq && cache.is_sandbox() {
        sandbox::set_seen(connection, seq)?;
    }
    *seen = Seen { version, seq };
    Ok(())
}

fn version(connection: &Connection) -> Result<i64, Fault> {
    let version = connection.prepare_cached("PRAGMA data_version")?.query_row([], |r| r.get(0));
    Ok(version?)
}

/// The number of the last change.
pub(crate) fn last_seq(connection: &Connection) -> Result<i64, Fault> {
    let seq = connection.query_row("SELECT coalesce(max(seq), 0) FROM changes", [], |r| r.get(0));
    Ok(seq?)
}

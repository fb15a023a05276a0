//! The writer: one thread, one connection, many calls a commit.
//!
//! Whatever waits, up to 256 jobs, goes into one transaction, each in a savepoint of its own, so that
//! one that fails undoes nothing but itself. Nobody is answered before the commit is on disk.

use std::fmt;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread::JoinHandle;

use faregate_pipeline::facts::StoreDown;
use rusqlite::{Connection, ErrorCode};
use tokio::sync::oneshot;

use crate::error::{Fault, NOT_CARRIED};
use crate::failpoint;

/// Most jobs in one transaction.
const GROUP: usize = 256;

type Answer = Box<dyn FnOnce(Result<(), StoreDown>) + Send>;
type Job = Box<dyn FnOnce(&Connection) -> Answer + Send>;

/// The way to the writer's thread. Dropped, it lets the thread finish what waits, and joins it.
pub(crate) struct Writer {
    jobs: Option<Sender<Job>>,
    thread: Option<JoinHandle<()>>,
}

impl fmt::Debug for Writer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Writer").finish_non_exhaustive()
    }
}

impl Writer {
    pub(crate) fn start(connection: Connection) -> std::io::Result<Self> {
        let (jobs, queue) = channel();
        let thread = std::thread::Builder::new().name("writer".to_owned());
        let thread = thread.spawn(move || run(&connection, &queue))?;
        Ok(Self { jobs: Some(jobs), thread: Some(thread) })
    }

    /// Queues `work`, whether or not anybody waits for the answer, which comes after the commit.
    pub(crate) fn submit<T: Send + 'static>(
        &self,
        store: &'static str,
        work: impl FnOnce(&Connection) -> Result<T, Fault> + Send + 'static,
    ) -> Pending<T> {
        let (done, answer) = oneshot::channel();
        let job: Job = Box::new(move |connection| {
            let outcome = in_savepoint(connection, work);
            Box::new(move |committed| {
                let outcome = committed.and_then(|()| outcome.map_err(|fault| fault.down(store)));
                // Whoever asked may be gone; the work is done all the same.
                drop(done.send(outcome));
            })
        });
        let Some(jobs) = &self.jobs else {
            return Pending { store, answer, is_elsewhere: true };
        };
        // A thread that is gone drops the job, and with it the other end of `answer`.
        drop(jobs.send(job));
        Pending { store, answer, is_elsewhere: false }
    }
}

impl Writer {
    /// Of a home without this database: whatever is asked of it is refused, and says why.
    pub(crate) const fn none() -> Self {
        Self { jobs: None, thread: None }
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        self.jobs = None;
        if let Some(thread) = self.thread.take() {
            // A writer that panicked has nothing left to wait for.
            drop(thread.join());
        }
    }
}

/// An answer that comes after the commit. Dropped, the work is done all the same.
#[derive(Debug)]
pub(crate) struct Pending<T> {
    store: &'static str,
    answer: oneshot::Receiver<Result<T, StoreDown>>,
    is_elsewhere: bool,
}

impl<T> Pending<T> {
    pub(crate) async fn done(self) -> Result<T, StoreDown> {
        let cause = if self.is_elsewhere { NOT_CARRIED } else { "the writer stopped" };
        let gone = StoreDown { store: self.store, cause: cause.to_owned() };
        self.answer.await.map_err(|_| gone)?
    }
}

fn in_savepoint<T>(
    connection: &Connection,
    work: impl FnOnce(&Connection) -> Result<T, Fault>,
) -> Result<T, Fault> {
    let run = |sql| connection.prepare_cached(sql)?.execute([]);
    run("SAVEPOINT job")?;
    let outcome = work(connection);
    if outcome.is_err() && !connection.is_autocommit() {
        run("ROLLBACK TO job")?;
    }
    if !connection.is_autocommit() {
        run("RELEASE job")?;
    }
    outcome
}

fn run(connection: &Connection, queue: &Receiver<Job>) {
    while let Ok(first) = queue.recv() {
        let group = std::iter::once(first).chain(queue.try_iter().take(GROUP - 1));
        if let Err(Stop) = commit(connection, group.collect()) {
            return;
        }
    }
}

/// The disk failed: whatever it says from now on cannot be believed (fsyncgate, RELIABILITY 4).
struct Stop;

fn commit(connection: &Connection, group: Vec<Job>) -> Result<(), Stop> {
    let run = |sql| connection.prepare_cached(sql).and_then(|mut s| s.execute([])).map(drop);
    let mut answers: Vec<Answer> = Vec::with_capacity(group.len());
    let committed = run("BEGIN IMMEDIATE").and_then(|()| {
        for job in group {
            answers.push(job(connection));
            // A full disk or a failed read ends the whole transaction, not the savepoint alone.
            if connection.is_autocommit() {
                return Err(rusqlite::Error::SqliteFailure(
                    rusqlite::ffi::Error::new(rusqlite::ffi::SQLITE_ABORT_ROLLBACK),
                    Some("the transaction was rolled back".to_owned()),
                ));
            }
        }
        failpoint::at("commit.before")?;
        run("COMMIT")?;
        failpoint::pass("commit.after");
        Ok(())
    });
    if committed.is_err() && !connection.is_autocommit() {
        // If this fails too, so does the next BEGIN.
        drop(run("ROLLBACK"));
    }
    let outcome = committed.as_ref().copied().map_err(|e| Fault::down_by(e, "database"));
    for answer in answers {
        answer(outcome.clone());
    }
    match committed.err().and_then(|e| e.sqlite_error_code()) {
        Some(ErrorCode::SystemIoFailure | ErrorCode::DatabaseCorrupt) => Err(Stop),
        Some(_) | None => Ok(()),
    }
}

#[cfg(test)]
mod spec {
    use super::*;
    use crate::error::broken;
    use crate::sqlite::{Role, connect};

    #[tokio::test]
    async fn one_that_fails_undoes_itself_alone_and_all_are_answered() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("db");
        std::fs::write(&path, []).unwrap();
        let connection = connect(&path, Role::Writer).unwrap();
        connection.execute_batch("CREATE TABLE t (n INTEGER PRIMARY KEY)").unwrap();
        let writer = Writer::start(connection).unwrap();
        let insert = |n: i64| {
            writer.submit("t", move |connection| {
                connection.execute("INSERT INTO t VALUES (?1)", [n])?;
                if n % 3 == 0 { Err(broken("thirds fail late")) } else { Ok(n) }
            })
        };
        let pending: Vec<_> = (0..600).map(insert).collect();
        for (n, pending) in (0..).zip(pending) {
            let answer = pending.done().await;
            assert_eq!(answer.is_ok(), n % 3 != 0, "{n}: {answer:?}");
        }
        drop(insert(1_000));
        drop(writer);
        let reader = connect(&path, Role::Reader).unwrap();
        let n_rows: i64 = reader.query_row("SELECT count(*) FROM t", [], |row| row.get(0)).unwrap();
        assert_eq!(n_rows, 401, "what nobody waited for is done too");
    }

    #[tokio::test]
    async fn a_job_that_ends_the_transaction_takes_nobody_with_it_unsaid() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("db");
        std::fs::write(&path, []).unwrap();
        let connection = connect(&path, Role::Writer).unwrap();
        connection.execute_batch("CREATE TABLE t (n INTEGER PRIMARY KEY)").unwrap();
        let writer = Writer::start(connection).unwrap();
        let bad = writer.submit("t", |connection| Ok(connection.execute_batch("ROLLBACK")?));
        assert!(bad.done().await.is_err(), "no commit, so no success");
        let good = writer.submit("t", |c| Ok(c.execute("INSERT INTO t VALUES (1)", [])?));
        assert_eq!(good.done().await, Ok(1));
    }
}

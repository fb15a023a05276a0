//! Receipts: what became of every call of the last day, bounded, on disk, off the hot path.
//!
//! A call appends its receipt to a buffer in memory, which a thread of its own writes away every few
//! milliseconds. So a receipt costs a call no system call; a killed gateway loses the receipts of its last
//! moments, never money: a priced call stands in the ledger before it is sent. When the disk does not
//! keep up, receipts are dropped and counted, calls are not.

mod record;
mod segment;

use std::fs;
use std::io;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use faregate_contract::RequestId;

pub use record::{Charge, ChargeState, Receipt};
use segment::{Name, Open};

use crate::clock;

/// How long a receipt waits in memory.
const ROUND: Duration = Duration::from_millis(50);

/// A buffer that is written before its turn.
const EARLY_BYTES: usize = 256 * 1024;

/// The most that waits in memory, when the disk does not keep up.
const WAITING_BYTES_MAX: usize = 16 * 1024 * 1024;

/// How long receipts are kept.
const KEEP_MS: i64 = 24 * 3_600_000;

/// How large a file grows, and for how long.
const SEGMENT_BYTES: u64 = 8 * 1024 * 1024;
const SEGMENT_MS: i64 = 3_600_000;

/// How much all files may hold: the oldest go first.
const ALL_BYTES_MAX: u64 = 1024 * 1024 * 1024;

/// How far a clock may have been set back between two files.
const CLOCK_SLACK_MS: i64 = 2_000;

/// A receipt as it was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Kept(Vec<u8>);

impl Kept {
    /// What it says; none if another version of the gateway wrote it.
    #[must_use]
    pub fn receipt(&self) -> Option<Receipt<'_>> {
        Receipt::read(&self.0)
    }
}

/// Writes receipts. Dropped, it writes what waits.
#[derive(Debug)]
pub struct Receipts {
    folder: PathBuf,
    waiting: Arc<Waiting>,
    orders: Option<Sender<Order>>,
    thread: Option<JoinHandle<()>>,
}

#[derive(Debug, Default)]
struct Waiting {
    records: Mutex<Vec<u8>>,
    n_dropped: AtomicU64,
}

/// What the thread is told before its turn.
enum Order {
    Write,
    /// Write, then say so.
    Flush(Sender<()>),
}

impl Receipts {
    /// Takes over the folder of a gateway that ended, or makes one.
    pub(crate) fn open(folder: &Path) -> io::Result<Self> {
        fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
        for name in segment::list(folder)? {
            segment::seal_left(&name)?;
        }
        let waiting = Arc::<Waiting>::default();
        let (orders, told) = channel();
        let mut writer = Writing { folder: folder.to_owned(), open: None };
        let theirs = Arc::clone(&waiting);
        let run = move || writer.run(&theirs, &told);
        let thread = std::thread::Builder::new().name("receipts".to_owned()).spawn(run)?;
        let folder = folder.to_owned();
        Ok(Self { folder, waiting, orders: Some(orders), thread: Some(thread) })
    }

    /// Takes a receipt; it is on disk some milliseconds later.
    pub fn write(&self, receipt: &Receipt<'_>) {
        let early = {
            let mut records = self.lock();
            let before = records.len();
            if before >= WAITING_BYTES_MAX {
                self.waiting.n_dropped.fetch_add(1, Ordering::Relaxed);
                return;
            }
            receipt.write(&mut records);
            before < EARLY_BYTES && records.len() >= EARLY_BYTES
        };
        if early {
            self.tell(Order::Write);
        }
    }

    /// Every receipt of a call, oldest first: its own, and one for each later settlement. Reads files: not
    /// for a worker's own thread.
    ///
    /// # Errors
    /// They cannot be read.
    pub fn find(&self, id: RequestId) -> io::Result<Vec<Kept>> {
        self.flush();
        find(&self.folder, id)
    }

    /// Waits until everything that was taken is in its file: not for a worker's own thread.
    pub fn flush(&self) {
        let (done, written) = channel();
        self.tell(Order::Flush(done));
        // A thread that is gone has written what it could.
        let _ = written.recv();
    }

    /// How many were dropped because the disk did not keep up.
    #[must_use]
    pub fn n_dropped(&self) -> u64 {
        self.waiting.n_dropped.load(Ordering::Relaxed)
    }

    fn tell(&self, order: Order) {
        if let Some(orders) = &self.orders {
            // A thread that is gone drops the order, and with it the other end of a flush.
            drop(orders.send(order));
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Vec<u8>> {
        // Records are appended whole; a panic over one leaves at most a torn end, which readers skip.
        self.waiting.records.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Receipts {
    fn drop(&mut self) {
        self.orders = None;
        if let Some(thread) = self.thread.take() {
            // One that panicked has nothing left to write.
            drop(thread.join());
        }
    }
}

/// The thread's side.
struct Writing {
    folder: PathBuf,
    open: Option<Open>,
}

impl Writing {
    fn run(&mut self, waiting: &Waiting, told: &Receiver<Order>) {
        loop {
            let order = told.recv_timeout(ROUND);
            let records = {
                let mut records = waiting.records.lock().unwrap_or_else(PoisonError::into_inner);
                std::mem::take(&mut *records)
            };
            if !records.is_empty() && self.append(&records).is_err() {
                // What cannot be written is lost, as it would be with the process; the next try is a new file.
                waiting.n_dropped.fetch_add(1, Ordering::Relaxed);
                self.open = None;
            }
            match order {
                Ok(Order::Write) | Err(RecvTimeoutError::Timeout) => {}
                Ok(Order::Flush(done)) => drop(done.send(())),
                Err(RecvTimeoutError::Disconnected) => return,
            }
        }
    }

    fn append(&mut self, records: &[u8]) -> io::Result<()> {
        let now = clock::wall().as_ms();
        let full = |open: &Open| {
            open.n_bytes >= SEGMENT_BYTES || now.saturating_sub(open.began_ms) >= SEGMENT_MS
        };
        if let Some(open) = self.open.take_if(|open| full(open)) {
            open.seal()?;
        }
        let open = match &mut self.open {
            Some(open) => open,
            None => {
                forget(&self.folder, now)?;
                let began = fresh(&self.folder, now)?;
                self.open.insert(Open::create(&self.folder, began)?)
            }
        };
        open.append(records)
    }
}

/// A name after every other: the clock may have been set back, and two files may begin at once.
fn fresh(folder: &Path, now: i64) -> io::Result<i64> {
    let last = segment::list(folder)?.last().map_or(0, |name| name.began_ms);
    Ok(now.max(last.saturating_add(1)))
}

/// Deletes what is older than a day, and the oldest of what is too much.
fn forget(folder: &Path, now: i64) -> io::Result<()> {
    let names = segment::list(folder)?;
    let mut left = 0_u64;
    for (n, name) in names.iter().enumerate().rev() {
        left = left.saturating_add(fs::metadata(&name.path)?.len());
        // It ended when the next one began.
        let ended = names.get(n.saturating_add(1)).map_or(now, |next| next.began_ms);
        if left > ALL_BYTES_MAX || now.saturating_sub(ended) > KEEP_MS {
            fs::remove_file(&name.path)?;
        }
    }
    Ok(())
}

/// How many bytes of receipts one look through them reads at most.
const LOOK_BYTES_MAX: u64 = 64 * 1024 * 1024;

/// Hands receipts over, newest first, until `each` answers false or enough was read.
pub(crate) fn newest(folder: &Path, mut each: impl FnMut(&Receipt<'_>) -> bool) -> io::Result<()> {
    let names = match segment::list(folder) {
        Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(()),
        names => names?,
    };
    let mut n_read = 0_u64;
    for name in names.iter().rev() {
        let bytes = match fs::read(&name.path) {
            // Deleted while we looked: it was a day old.
            Err(e) if e.kind() == io::ErrorKind::NotFound => continue,
            bytes => bytes?,
        };
        let bodies: Vec<&[u8]> = record::Records::of(&bytes).map(|(_, body)| body).collect();
        let receipts = bodies.iter().rev().filter_map(|body| Receipt::read(body));
        for receipt in receipts {
            if !each(&receipt) {
                return Ok(());
            }
        }
        n_read = n_read.saturating_add(u64::try_from(bytes.len()).unwrap_or(u64::MAX));
        if n_read >= LOOK_BYTES_MAX {
            return Ok(());
        }
    }
    Ok(())
}

/// Every receipt of a call in a folder, whether or not a gateway is writing there.
pub(crate) fn find(folder: &Path, id: RequestId) -> io::Result<Vec<Kept>> {
    let names = match segment::list(folder) {
        Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        names => names?,
    };
    let [t0, t1, t2, t3, t4, t5, ..] = *id.as_bytes();
    let arrived = i64::from_be_bytes([0, 0, t0, t1, t2, t3, t4, t5]);
    let mut found = Vec::new();
    for (n, name) in names.iter().enumerate() {
        let ended = names.get(n.saturating_add(1)).map_or(i64::MAX, |next: &Name| next.began_ms);
        if ended.saturating_add(CLOCK_SLACK_MS) < arrived {
            continue;
        }
        match segment::find(name, id) {
            Ok(kept) => found.extend(kept),
            // Deleted while we looked: it was a day old.
            Err(e) if e.kind() == io::ErrorKind::NotFound => {}
            Err(e) => return Err(e),
        }
    }
    Ok(found)
}

#[cfg(test)]
mod spec;

//! Nonces: each claim is spent once, and no restart forgets it.
//!
//! A claim lies in the bucket of its own stamp's minute and in the journal's segment of ten minutes.
//! It is written to the journal before anybody hears that it was new, and forgotten when both clocks
//! say that its stamp is beyond the window. What may have been lost is fenced ([`recovery`]).
//!
//! Invariant: whoever is told [`Claim::New`] is the only one, for as long as the stamp is good or
//! fenced. Never: answers "new" when anything could not be written or read.
//!
//! One thread, the keeper, does what takes time: syncs (in groups), the high-water mark, expiry.

mod book;
mod bucket;
mod keeper;
mod marks;
mod record;
pub(crate) mod recovery;
mod segment;
#[cfg(test)]
mod spec;

use std::path::Path;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::mpsc::Sender;
use std::sync::{Arc, Mutex, MutexGuard};
use std::thread::JoinHandle;
use std::time::Instant;

use faregate_pipeline::facts::{Claim, ClaimRequest, StoreDown, Verdict};
use faregate_pipeline::time::Millis;
use tokio::sync::oneshot;

use book::Book;
pub use book::Ticket;
use keeper::Errand;
pub use marks::Durability;
use recovery::Recovery;

use crate::clock;
use crate::disk::Lasting;

/// A stamp so little ahead of the clock needs no high-water mark: the fence at a loss covers it.
const AHEAD_MS: i64 = 1_000;
/// The mark is raised in steps, so that a client whose clock is ahead pays for a sync once a minute.
const STEP_MS: i64 = 60_000;
/// The mark of "no fence" in an atomic.
const NONE: i64 = i64::MIN;

/// What the callers and the keeper share.
#[derive(Debug)]
struct Shared {
    book: Mutex<Book>,
    fence: AtomicI64,
    high_water: AtomicI64,
}

/// The embedded nonce store.
#[derive(Debug)]
pub(crate) struct Nonces {
    shared: Arc<Shared>,
    durability: Durability,
    /// How far the clock that calls are judged by is ahead of the machine's.
    ahead_ms: Arc<AtomicI64>,
    errands: Option<Sender<Errand>>,
    keeper: Option<JoinHandle<()>>,
    pub(crate) recovery: Recovery,
}

/// What entering gave.
pub(crate) enum Entered {
    /// The claim was not new.
    Refused(Claim),
    /// The claim was new, but the quota said no: nothing was spent.
    NotTaken(Verdict),
    /// Spent.
    Taken(Verdict, Ticket),
}

impl Nonces {
    pub(crate) fn open(
        folder: &Path,
        durability: Durability,
        retention_ms: i64,
        (now, ahead_ms): (Millis, Arc<AtomicI64>),
    ) -> std::io::Result<Self> {
        let (book, mark, recovery) =
            recovery::open(folder, durability, retention_ms, now, clock::monotonic())?;
        let shared = Arc::new(Shared {
            fence: AtomicI64::new(book.fence().map_or(NONE, Millis::as_ms)),
            high_water: AtomicI64::new(mark.as_ms()),
            book: Mutex::new(book),
        });
        let (errands, keeper) = keeper::start(Arc::clone(&shared))?;
        Ok(Self {
            shared,
            durability,
            ahead_ms,
            errands: Some(errands),
            keeper: Some(keeper),
            recovery,
        })
    }

    /// Stamps at or before it are refused.
    pub(crate) fn fence(&self) -> Option<Millis> {
        let ms = self.shared.fence.load(Ordering::Acquire);
        (ms != NONE).then_some(Millis::new(ms))
    }

    /// Claims, unless the claim is not new or `take` refuses. Under one lock: of two copies that
    /// race, one is the first, and only that one asks `take`.
    ///
    /// A refused `take` writes nothing, so a flood over its quota costs no disk.
    pub(crate) async fn enter(
        &self,
        claim: &ClaimRequest,
        now: Millis,
        take: impl FnOnce() -> Result<Verdict, StoreDown>,
    ) -> Result<Entered, StoreDown> {
        self.cover(claim.stamp, now).await?;
        let entered = self.enter_book(claim, now, take)?;
        if self.durability == Durability::Disk && matches!(entered, Entered::Taken(..)) {
            self.errand(Errand::Sync).await?;
        }
        Ok(entered)
    }

    fn enter_book(
        &self,
        claim: &ClaimRequest,
        now: Millis,
        take: impl FnOnce() -> Result<Verdict, StoreDown>,
    ) -> Result<Entered, StoreDown> {
        let mut book = self.shared.book()?;
        match book.judge(claim) {
            Claim::New => {}
            refused @ (Claim::Seen | Claim::SameAsLast) => return Ok(Entered::Refused(refused)),
        }
        // Whoever was let in before the fence rose, and comes after, must not be first here.
        if book.fence().is_some_and(|fence| claim.stamp <= fence) {
            return Err(down("the stamp fell behind the fence while the call was under way"));
        }
        let verdict = take()?;
        if verdict.refused().is_some() {
            return Ok(Entered::NotTaken(verdict));
        }
        let ticket = book.spend(claim, now, clock::monotonic()).map_err(down)?;
        Ok(Entered::Taken(verdict, ticket))
    }

    /// Makes a claim unspent, for the same bytes are invited again.
    pub(crate) fn give_back(&self, ticket: &Ticket) -> Result<(), StoreDown> {
        self.shared.book()?.give_back(ticket).map_err(down)
    }

    /// Answers if claims can be taken.
    pub(crate) fn healthy(&self) -> Result<(), StoreDown> {
        self.shared.book().map(drop)
    }

    /// Raises the high-water mark, and waits until it lasts, before a stamp ahead of the clock is
    /// accepted.
    async fn cover(&self, stamp: Millis, now: Millis) -> Result<(), StoreDown> {
        // A loss is fenced by the machine's own clock, so a sandbox's that is ahead counts as ahead.
        let now = now.plus(self.ahead_ms.load(Ordering::Relaxed).saturating_neg());
        let covered = stamp.since(now) <= AHEAD_MS
            || stamp.as_ms() <= self.shared.high_water.load(Ordering::Acquire);
        if covered {
            return Ok(());
        }
        self.errand(|done| Errand::Raise(stamp.plus(STEP_MS), done)).await
    }

    async fn errand(
        &self,
        errand: impl FnOnce(oneshot::Sender<Result<(), StoreDown>>) -> Errand,
    ) -> Result<(), StoreDown> {
        let (done, answer) = oneshot::channel();
        let errands = self.errands.as_ref().ok_or_else(|| down("closed"))?;
        errands.send(errand(done)).map_err(|_| down("the keeper is gone"))?;
        answer.await.map_err(|_| down("the keeper is gone"))?
    }
}

impl Drop for Nonces {
    /// Closes properly, so that a restart of the machine after this needs no fence.
    fn drop(&mut self) {
        self.errands = None;
        if self.keeper.take().is_some_and(|keeper| keeper.join().is_ok()) {
            self.shared.close();
        }
    }
}

impl Shared {
    fn book(&self) -> Result<MutexGuard<'_, Book>, StoreDown> {
        // A panic while the book was open leaves memory and journal apart: nothing is new any more.
        let book = self.book.lock().map_err(|_| down("a call panicked over the book"))?;
        match &book.broken {
            Some(cause) => Err(down(cause)),
            None => Ok(book),
        }
    }

    /// After a failed sync the kernel may have dropped what was to be written and say "done" next
    /// time, so the store stops for good (fsyncgate, RELIABILITY 4).
    fn break_down(&self, cause: &std::io::Error) -> StoreDown {
        if let Ok(mut book) = self.book.lock() {
            book.broken.get_or_insert_with(|| cause.to_string());
        }
        down(cause)
    }

    /// Syncs everything written so far.
    fn sync(&self) -> Result<(), StoreDown> {
        let (files, state_dirty, folder) = {
            let mut book = self.book()?;
            let (files, state_dirty) = book.take_dirty();
            (files, state_dirty, book.folder.clone())
        };
        let synced = || -> std::io::Result<()> {
            for file in &files {
                file.sync_data()?;
            }
            if state_dirty {
                std::fs::File::open(folder.join("state"))?.sync_all()?;
                crate::disk::sync_folder(&folder)?;
            }
            Ok(())
        };
        synced().map_err(|cause| self.break_down(&cause))
    }

    fn raise(&self, mark: Millis) -> Result<(), StoreDown> {
        if mark.as_ms() <= self.high_water.load(Ordering::Acquire) {
            return Ok(());
        }
        let folder = self.book()?.folder.clone();
        marks::write_high_water(&folder, mark).map_err(down)?;
        self.high_water.store(mark.as_ms(), Ordering::Release);
        Ok(())
    }

    /// Lets go of the segments whose time is over.
    fn forget(&self, monotonic: Instant) -> Result<(), StoreDown> {
        let (gone, folder) = {
            let mut book = self.book()?;
            let gone = book.forget(monotonic).map_err(down)?;
            self.fence.store(book.fence().map_or(NONE, Millis::as_ms), Ordering::Release);
            (gone, book.folder.clone())
        };
        if gone.is_empty() {
            return Ok(());
        }
        // First that they are fenced, then that they are gone.
        self.sync()?;
        for segment in &gone {
            std::fs::remove_file(segment.path(&folder)).map_err(down)?;
        }
        Ok(())
    }

    fn close(&self) {
        if self.sync().is_err() {
            return;
        }
        if let Ok(mut book) = self.book() {
            book.state.closed = true;
            // Not said, it was not closed: the next start does the careful thing.
            drop(book.state.write(&book.folder, Lasting::Power));
        }
    }
}

fn down(cause: impl ToString) -> StoreDown {
    StoreDown { store: "nonces", cause: cause.to_string() }
}

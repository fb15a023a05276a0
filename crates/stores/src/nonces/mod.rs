//! Nonces: each claim is spent once, and no restart forgets it.
//!
//! A claim lies in the bucket of its own stamp's second and in the journal's segment of ten minutes.
//! It is written to the journal before anybody hears that it was new, and forgotten when both clocks
//! say that its stamp is over. What may have been lost is fenced ([`recovery`]).
//!
//! Invariant: whoever is told [`Claim::New`] is the only one, for as long as the stamp is good or
//! fenced. Never: answers "new" when anything could not be written or read.
//!
//! One thread, the keeper, does what takes time: syncs (in groups), leads, expiry, repair.

mod book;
mod bucket;
mod disk_io;
#[cfg(test)]
mod faults;
pub(crate) mod inspect;
mod keeper;
mod keys;
mod leads;
mod load;
mod record;
pub(crate) mod recovery;
mod segment;
mod shared;
#[cfg(test)]
mod spec;
mod state;

use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::sync::mpsc::Sender;
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;

use faregate_pipeline::facts::{Claim, ClaimRequest, StoreDown, Verdict};
use faregate_pipeline::time::Millis;
use tokio::sync::oneshot;

use book::Judged;
pub(crate) use book::Ticket;
pub(crate) use disk_io::Disk;
use keeper::Errand;
use recovery::Recovery;
pub(crate) use recovery::Setting;
use shared::{Files, Shared};
pub use state::Durability;

use crate::clock;

/// A stamp so little ahead of the clock needs no lead: the fence at a loss covers it.
const AHEAD_MS: i64 = 1_000;
/// Leads reach so much further than the stamp that asked for them.
const STEP_MS: i64 = 60_000;
/// The mark of "no fence" in an atomic.
const NONE: i64 = i64::MIN;
/// How often a claim may find that something is yet to be made for it.
const TRIES: usize = 8;

/// The embedded nonce store.
#[derive(Debug)]
pub(crate) struct Nonces {
    shared: Arc<Shared>,
    durability: Durability,
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

/// One look at the book.
enum Look {
    Entered(Entered),
    NeedsSegment(i64),
    NeedsLead,
}

impl Nonces {
    pub(crate) fn open(
        setting: &Setting,
        now: Millis,
        progress: &mut dyn FnMut(u64, u64),
    ) -> std::io::Result<Self> {
        let (book, leads, base, recovery) =
            recovery::open(setting, now, clock::monotonic(), progress)?;
        let long_ago = Millis::new(0);
        let shared = Arc::new(Shared {
            fence: AtomicI64::new(book.fence().map_or(NONE, Millis::as_ms)),
            has_key_fences: AtomicBool::new(!book.key_fences.is_empty()),
            files: Mutex::new(Files { leads, base, beaten: (0, long_ago), clock_synced: long_ago }),
            folder: setting.folder.clone(),
            disk: setting.disk.clone(),
            ahead_ms: Arc::clone(&setting.ahead_ms),
            window_ms: setting.window_ms,
            book: Mutex::new(book),
        });
        // What cannot be made now is made for the first call, or refuses it.
        drop(shared.prepare());
        let (errands, keeper) = keeper::start(Arc::clone(&shared))?;
        let (errands, keeper) = (Some(errands), Some(keeper));
        Ok(Self { shared, durability: setting.durability, errands, keeper, recovery })
    }

    /// Stamps of this key at or before it are refused.
    pub(crate) fn fence(&self, key_print: impl FnOnce() -> u64) -> Option<Millis> {
        let ms = self.shared.fence.load(Ordering::Acquire);
        let all = (ms != NONE).then_some(Millis::new(ms));
        if !self.shared.has_key_fences.load(Ordering::Acquire) {
            return all;
        }
        // Not to be asked now, it is asked again when the nonce is claimed.
        self.shared.book().map_or(all, |book| book.fence_of(key_print()))
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
        let mut take = Some(take);
        for _ in 0..TRIES {
            match self.look(claim, now, &mut take)? {
                Look::Entered(entered) => {
                    if let (Durability::Disk, Entered::Taken(_, ticket)) =
                        (self.durability, &entered)
                    {
                        let ticket = *ticket;
                        self.errand(|done| Errand::Sync(ticket, done)).await?;
                    }
                    return Ok(entered);
                }
                Look::NeedsSegment(number) => self.shared.make_segment(number, now)?,
                Look::NeedsLead => {
                    let (key, stamp) = (claim.key_print, claim.stamp);
                    self.errand(|done| Errand::Lead(key, stamp, done)).await?;
                }
            }
        }
        Err(down("a segment or a lead goes away as often as it is made"))
    }

    fn look(
        &self,
        claim: &ClaimRequest,
        now: Millis,
        take: &mut Option<impl FnOnce() -> Result<Verdict, StoreDown>>,
    ) -> Result<Look, StoreDown> {
        let machine = self.shared.machine(now);
        let mut book = self.shared.book()?;
        match book.judge(claim, now, machine) {
            Judged::Is(Claim::New) => {}
            Judged::Is(refused) => return Ok(Look::Entered(Entered::Refused(refused))),
            Judged::NeedsSegment(number) => return Ok(Look::NeedsSegment(number)),
            Judged::NeedsLead => return Ok(Look::NeedsLead),
        }
        let verdict = take.take().map_or_else(|| Ok(Verdict::default()), |take| take())?;
        if verdict.refused().is_some() {
            return Ok(Look::Entered(Entered::NotTaken(verdict)));
        }
        let ticket = book.spend(claim, now, machine).map_err(down)?;
        Ok(Look::Entered(Entered::Taken(verdict, ticket)))
    }

    /// Makes a claim unspent, for the same bytes are invited again.
    pub(crate) fn give_back(&self, ticket: &Ticket) -> Result<(), StoreDown> {
        self.shared.book()?.give_back(ticket).map_err(down)
    }

    /// Answers if claims can be taken.
    pub(crate) fn healthy(&self) -> Result<(), StoreDown> {
        self.shared.book().map(drop)
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
            drop(self.shared.close());
        }
    }
}

/// What a start would make of the fences, as far as the state tells: none if it cannot be believed, as that of a copy;
/// else the fence for all keys, if there is one.
pub(crate) fn fence_of(folder: &Path, store_id: u64) -> Option<Option<Millis>> {
    Some(state::State::read(folder, store_id).ok()??.fence)
}

/// How far ahead of the clock keys of this folder have stamped.
pub(crate) fn marks(folder: &Path, store_id: u64) -> std::io::Result<Vec<(u64, Millis)>> {
    let said = leads::Leads::read(folder, store_id, None)?;
    Ok(said.map_or_else(Vec::new, |said| said.marks.into_iter().collect()))
}

/// When a gateway on this folder last looked at the clock.
pub(crate) fn clock_seen(folder: &Path, store_id: u64) -> Option<Millis> {
    let said = leads::Leads::read(folder, store_id, None).ok().flatten()?;
    (said.clock > Millis::new(0)).then_some(said.clock)
}

fn down(cause: impl ToString) -> StoreDown {
    StoreDown { store: "nonces", cause: cause.to_string() }
}

//! Quotas: exact cells in memory, taken from all or from none, and written behind.
//!
//! A call touches memory alone. What changed is written five times a second by the writer's thread, and all of it when
//! the gateway stops: a stop loses nothing, `kill -9` at most what the last fifth of a second used.

use std::collections::{HashMap, HashSet};
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use faregate_pipeline::facts::{
    Cell, CellKey, CellVerdict, Kind, Leave, Place, StoreDown, Verdict,
};
use faregate_pipeline::quota::cells::{Kept, decide};
use faregate_pipeline::time::Millis;
use smallvec::SmallVec;

use crate::sqlite::quotas as rows;
use crate::sqlite::writer::Writer;

/// Cells, above which those that are as good as new are let go of.
const SWEEP_AT: usize = 4_096;
/// How often what changed is written.
const ROUND: Duration = Duration::from_millis(200);

#[derive(Debug, Default)]
pub(crate) struct Quotas {
    cells: Mutex<Cells>,
}

#[derive(Debug, Default)]
struct Cells {
    kept: HashMap<CellKey, (Kept, Cell)>,
    /// Of cells that were read back and that no call has touched yet, the limit is not known.
    before: HashMap<CellKey, Kept>,
    changed: HashSet<CellKey>,
    sweep_at: usize,
}

impl Quotas {
    /// With the cells of the gateway before.
    pub(crate) fn with(before: HashMap<CellKey, Kept>) -> Self {
        Self { cells: Mutex::new(Cells { before, ..Cells::default() }) }
    }

    /// What [`Self::take`] would say; nothing is taken.
    pub(crate) fn peek(&self, cells: &[Cell], now: Millis) -> Result<Verdict, StoreDown> {
        let kept = self.cells.lock().map_err(gone)?;
        let look = |cell: &Cell| decide(kept.of(&cell.key), now, cell, cell.cost).0;
        Ok(Verdict { cells: cells.iter().map(look).collect(), place: None })
    }

    /// Takes the call's units from every cell, or none from any and says which refused.
    pub(crate) fn take(
        self: &Arc<Self>,
        cells: &[Cell],
        now: Millis,
    ) -> Result<Verdict, StoreDown> {
        if cells.is_empty() {
            return Ok(Verdict::default());
        }
        let mut kept = self.cells.lock().map_err(gone)?;
        let decisions: SmallVec<[(CellVerdict, Kept); 4]> =
            cells.iter().map(|cell| decide(kept.of(&cell.key), now, cell, cell.cost)).collect();
        let refused = decisions.iter().any(|(verdict, _)| verdict.refused_for_s.is_some());
        let mut verdicts = SmallVec::new();
        let mut under_way = SmallVec::new();
        for (cell, (verdict, then)) in cells.iter().zip(decisions) {
            if refused && verdict.refused_for_s.is_none() {
                // Those that would have let it pass keep their units, and say so.
                verdicts.push(decide(kept.of(&cell.key), now, cell, 0).0);
                continue;
            }
            // A cell that refuses keeps its units too, but not the time of a clock that was set back.
            kept.put(cell, then);
            verdicts.push(verdict);
            if !refused && cell.key.kind == Kind::AtOnce {
                under_way.push(cell.key);
            }
        }
        kept.sweep(now);
        drop(kept);
        let place = (!under_way.is_empty())
            .then(|| Place::new(under_way, Arc::clone(self) as Arc<dyn Leave>));
        Ok(Verdict { cells: verdicts, place })
    }

    /// Makes the cells of an account new.
    pub(crate) fn reset(&self, account: i64) {
        let mut cells = self.cells.lock().unwrap_or_else(PoisonError::into_inner);
        let Cells { kept, before, changed, .. } = &mut *cells;
        let own = |key: &CellKey| key.account() == Some(account) && key.kind != Kind::AtOnce;
        for (key, (kept, _)) in kept.iter_mut().filter(|(key, _)| own(key)) {
            *kept = Kept::UNUSED;
            changed.insert(*key);
        }
        before.retain(|key, _| !own(key));
    }

    /// What changed since the last time.
    fn changed(&self) -> Vec<(CellKey, Kept)> {
        let mut cells = self.cells.lock().unwrap_or_else(PoisonError::into_inner);
        let changed = std::mem::take(&mut cells.changed);
        changed.into_iter().map(|key| (key, cells.of(&key))).collect()
    }
}

fn gone<T>(_: PoisonError<T>) -> StoreDown {
    StoreDown { store: "quotas", cause: "a call panicked over the cells".to_owned() }
}

impl Leave for Quotas {
    fn leave(&self, keys: &[CellKey]) {
        let mut cells = self.cells.lock().unwrap_or_else(PoisonError::into_inner);
        for key in keys {
            if let Some((kept, _)) = cells.kept.get_mut(key) {
                kept.used = kept.used.saturating_sub(1);
            }
        }
    }
}

impl Cells {
    fn of(&self, key: &CellKey) -> Kept {
        let kept = self.kept.get(key).map(|(kept, _)| *kept);
        kept.or_else(|| self.before.get(key).copied()).unwrap_or(Kept::UNUSED)
    }

    fn put(&mut self, cell: &Cell, then: Kept) {
        self.kept.insert(cell.key, (then, *cell));
        self.before.remove(&cell.key);
        // Calls under way end with their gateway.
        if cell.key.kind != Kind::AtOnce {
            self.changed.insert(cell.key);
        }
    }

    fn sweep(&mut self, now: Millis) {
        if self.kept.len() > self.sweep_at.max(SWEEP_AT) {
            let changed = &self.changed;
            self.kept.retain(|key, (kept, cell)| {
                changed.contains(key) || !kept.is_over(cell.limit, now)
            });
            self.sweep_at = self.kept.len().saturating_mul(2);
        }
    }
}

/// Writes behind what changed. Dropped, it writes what is left, and ends.
#[derive(Debug)]
pub(crate) struct Keeper {
    stop: Option<Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Keeper {
    pub(crate) fn start(quotas: Arc<Quotas>, writer: Arc<Writer>) -> std::io::Result<Self> {
        let (stop, stopped) = channel::<()>();
        let run = move || {
            let mut goes_on = true;
            while goes_on {
                goes_on = matches!(stopped.recv_timeout(ROUND), Err(RecvTimeoutError::Timeout));
                let changed = quotas.changed();
                if !changed.is_empty() {
                    // What could not be written is written when it changes again.
                    drop(writer.submit("quotas", move |c| rows::put(c, &changed)));
                }
            }
        };
        let thread = std::thread::Builder::new().name("quotas".to_owned()).spawn(run)?;
        Ok(Self { stop: Some(stop), thread: Some(thread) })
    }
}

impl Drop for Keeper {
    fn drop(&mut self) {
        self.stop = None;
        if let Some(thread) = self.thread.take() {
            // A keeper that panicked has nothing left to write.
            drop(thread.join());
        }
    }
}

//! What one worker counts: cells that nobody else writes, found once and kept by the handle.
//!
//! A call costs a few additions to memory that its own core has. Whoever reads the metrics adds up the workers.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use faregate_catalog::Catalog;
use faregate_contract::{Answer, Code};
use faregate_pipeline::order::{Gate, ORDER};

use crate::in_flight::InFlight;

/// All codes of the page, and one place for any other.
pub(super) const CODES: usize = Code::ALL.len() + 1;

/// The upper bounds of the buckets, in microseconds: from what a refusal costs to the longest patience.
pub(super) const BOUNDS_US: [u64; 16] = [
    100, 250, 500, 1_000, 2_500, 5_000, 10_000, 25_000, 50_000, 100_000, 250_000, 500_000,
    1_000_000, 2_500_000, 5_000_000, 10_000_000,
];

/// How calls ended, by code.
#[derive(Debug, Default)]
pub(super) struct Ends([AtomicU64; CODES]);

impl Ends {
    fn add(&self, place: usize) {
        if let Some(cell) = self.0.get(place) {
            cell.fetch_add(1, Ordering::Relaxed);
        }
    }

    pub(super) fn read(&self) -> [u64; CODES] {
        self.0.each_ref().map(|cell| cell.load(Ordering::Relaxed))
    }
}

/// The place of a code; the last is that of codes the page does not have.
fn place(code: Code) -> usize {
    Code::ALL.iter().position(|known| *known == code).unwrap_or(Code::ALL.len())
}

/// How long something took, in buckets.
#[derive(Debug, Default)]
pub(super) struct Times {
    buckets: [AtomicU64; BOUNDS_US.len() + 1],
    sum_us: AtomicU64,
}

/// The same, added up.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct TimesRead {
    /// Each bucket's own count, the last without a bound.
    pub(super) buckets: [u64; BOUNDS_US.len() + 1],
    pub(super) sum_us: u64,
}

impl Times {
    fn add(&self, took: Duration) {
        let us = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
        let bucket = BOUNDS_US.iter().position(|bound| us <= *bound).unwrap_or(BOUNDS_US.len());
        if let Some(cell) = self.buckets.get(bucket) {
            cell.fetch_add(1, Ordering::Relaxed);
        }
        self.sum_us.fetch_add(us, Ordering::Relaxed);
    }
}

impl TimesRead {
    pub(super) fn add(&mut self, of: &Times) {
        for (sum, cell) in self.buckets.iter_mut().zip(&of.buckets) {
            *sum = sum.saturating_add(cell.load(Ordering::Relaxed));
        }
        self.sum_us = self.sum_us.saturating_add(of.sum_us.load(Ordering::Relaxed));
    }
}

/// How long the calls of a module took, in all and in the module.
#[derive(Debug, Default)]
pub(super) struct ModuleTimes {
    pub(super) whole: Times,
    pub(super) upstream: Times,
}

/// A module and one of its actions.
pub(super) type Action = (String, String);

/// All that one worker counts.
#[derive(Debug, Default)]
pub(super) struct Book {
    pub(super) actions: Mutex<HashMap<Action, Arc<Ends>>>,
    pub(super) modules: Mutex<HashMap<String, Arc<ModuleTimes>>>,
    /// Calls that came to no action.
    pub(super) strays: Ends,
    /// Refusals, by gate.
    pub(super) gates: [Ends; ORDER.len()],
    /// The gateway's own part of every call.
    pub(super) own: Times,
    pub(super) in_flight: Arc<InFlight>,
}

/// What a call is counted with: resolved when a catalog is taken over, by the number of the action.
#[derive(Debug)]
struct Handle {
    ends: Arc<Ends>,
    times: Arc<ModuleTimes>,
}

/// A worker's handles for one catalog.
#[derive(Debug)]
pub(crate) struct Meters {
    book: Arc<Book>,
    handles: Vec<Option<Handle>>,
}

impl Meters {
    /// Finds the cells of each action; those of an action that was there before go on counting.
    pub(super) fn new(book: Arc<Book>, catalog: &Catalog) -> Self {
        let mut handles: Vec<Option<Handle>> = Vec::new();
        handles.resize_with(catalog.operation_count(), || None);
        {
            let mut actions = book.actions.lock().unwrap_or_else(PoisonError::into_inner);
            let mut modules = book.modules.lock().unwrap_or_else(PoisonError::into_inner);
            for module in catalog.modules().iter().chain(catalog.own()) {
                let times = Arc::clone(modules.entry(module.name.clone()).or_default());
                for operation in module.operations() {
                    let key = (module.name.clone(), operation.action.clone());
                    let ends = Arc::clone(actions.entry(key).or_default());
                    if let Some(place) = handles.get_mut(operation.ordinal) {
                        *place = Some(Handle { ends, times: Arc::clone(&times) });
                    }
                }
            }
        }
        Self { book, handles }
    }

    /// Counts a call that has ended: no lock, no allocation.
    pub(crate) fn count(&self, answer: &Answer, ordinal: Option<usize>, gate: Gate, spent: Spent) {
        let code = place(answer.code());
        let known = ordinal.and_then(|ordinal| self.handles.get(ordinal)?.as_ref());
        match known {
            Some(handle) => {
                handle.ends.add(code);
                handle.times.whole.add(spent.whole);
                if spent.upstream > Duration::ZERO {
                    handle.times.upstream.add(spent.upstream);
                }
            }
            None => self.book.strays.add(code),
        }
        self.book.own.add(spent.whole.saturating_sub(spent.upstream));
        if let (Some(_), Some(gate)) = (answer.refusal(), self.book.gates.get(gate.place)) {
            gate.add(code);
        }
    }
}

/// What a call took.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Spent {
    pub(crate) whole: Duration,
    /// Nothing, where no module was asked.
    pub(crate) upstream: Duration,
}

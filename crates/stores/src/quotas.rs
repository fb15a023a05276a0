//! Quotas: exact cells in memory, taken from all or from none.
//!
//! They begin full at a start: a quota protects the module from rates, and a restart is slower than
//! any burst.

use std::collections::HashMap;
use std::sync::Mutex;

use faregate_pipeline::facts::{Cell, CellKey, CellVerdict, StoreDown, Verdict};
use faregate_pipeline::quota::gcra::{Decision, decide, emptiest};
use faregate_pipeline::time::Millis;

/// Cells, above which those that are full again are let go of: a full cell is as good as none.
const SWEEP_AT: usize = 4_096;

#[derive(Debug, Default)]
pub(crate) struct Quotas {
    /// When each cell would be full again, in microseconds: GCRA's theoretical arrival time.
    cells: Mutex<Cells>,
}

#[derive(Debug, Default)]
struct Cells {
    tats: HashMap<CellKey, i64>,
    sweep_at: usize,
}

impl Quotas {
    /// What [`Self::take`] would say; nothing is taken.
    pub(crate) fn peek(&self, cells: &[Cell], now: Millis) -> Result<Verdict, StoreDown> {
        let gone =
            |_| StoreDown { store: "quotas", cause: "a call panicked over the cells".to_owned() };
        let kept = self.cells.lock().map_err(gone)?;
        let now_us = now.as_ms().saturating_mul(1000);
        let look = |cell: &Cell| {
            let tat_us = kept.tats.get(&cell.key).copied().unwrap_or(i64::MIN);
            verdict(cell, decide(tat_us, now_us, cell.rate, cell.cost))
        };
        Ok(Verdict { cells: cells.iter().map(look).collect() })
    }

    /// Takes the call's units from every cell, or none from any and says which refused.
    pub(crate) fn take(&self, cells: &[Cell], now: Millis) -> Result<Verdict, StoreDown> {
        if cells.is_empty() {
            return Ok(Verdict::default());
        }
        let gone =
            |_| StoreDown { store: "quotas", cause: "a call panicked over the cells".to_owned() };
        let mut kept = self.cells.lock().map_err(gone)?;
        let now_us = now.as_ms().saturating_mul(1000);
        let decide = |cell: &Cell, cost| {
            decide(kept.tats.get(&cell.key).copied().unwrap_or(i64::MIN), now_us, cell.rate, cost)
        };
        let decisions: Vec<_> = cells.iter().map(|cell| (cell, decide(cell, cell.cost))).collect();
        let refused = |decision: &Decision| matches!(decision, Decision::Refused { .. });
        if decisions.iter().any(|(_, decision)| refused(decision)) {
            // Those that would have let it pass keep their units, and say so.
            let left = |(cell, decision): (&Cell, Decision)| {
                let decision = if refused(&decision) { decision } else { decide(cell, 0) };
                verdict(cell, decision)
            };
            let verdict = Verdict { cells: decisions.into_iter().map(left).collect() };
            for cell in cells {
                let most = emptiest(now_us, cell.rate);
                kept.tats.entry(cell.key).and_modify(|tat_us| *tat_us = (*tat_us).min(most));
            }
            return Ok(verdict);
        }
        let cells = decisions.into_iter().map(|(cell, decision)| {
            if let Decision::Allowed { tat_us, .. } = decision {
                kept.tats.insert(cell.key, tat_us);
            }
            verdict(cell, decision)
        });
        let verdict = Verdict { cells: cells.collect() };
        kept.sweep(now_us);
        Ok(verdict)
    }
}

impl Cells {
    fn sweep(&mut self, now_us: i64) {
        if self.tats.len() > self.sweep_at.max(SWEEP_AT) {
            self.tats.retain(|_, tat_us| *tat_us > now_us);
            self.sweep_at = self.tats.len().saturating_mul(2);
        }
    }
}

fn verdict(cell: &Cell, decision: Decision) -> CellVerdict {
    let (remaining, reset_s, refused_for_s) = match decision {
        Decision::Allowed { remaining, reset_s, .. } => (remaining, reset_s, None),
        Decision::Refused { retry_after_s, remaining, reset_s } => {
            (remaining, reset_s, Some(retry_after_s))
        }
    };
    CellVerdict { name: cell.name, rate: cell.rate, remaining, reset_s, refused_for_s }
}

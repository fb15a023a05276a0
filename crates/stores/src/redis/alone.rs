//! While Redis is away: reads are judged by this gateway alone, and quotas by its share of them.
//!
//! Whatever changes something is refused (6200) for as long as the store of claims is not there. What a gateway let in
//! by itself is fenced when Redis is back: no other gateway knows that it was spent. So a Redis that only stumbles is
//! waited for, and reads wait with it.

use std::collections::HashMap;
use std::num::NonZeroU32;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use faregate_pipeline::facts::{Cell, Claim, ClaimRequest, Kind, Limit, StoreDown, Verdict};
use faregate_pipeline::time::Millis;

use super::{AHEAD_MS, Entered, down};
use crate::clock;
use crate::quotas::Quotas;

/// For how long Redis must be away before a gateway judges alone.
const PATIENCE: Duration = Duration::from_millis(700);
/// Claims that one gateway remembers by itself; beyond them it refuses.
const CLAIMS: usize = 1_000_000;

#[derive(Debug, Default)]
pub(crate) struct Alone {
    n_nodes: AtomicU32,
    is_away: AtomicBool,
    quotas: Arc<Quotas>,
    spent: Mutex<Spent>,
}

#[derive(Debug, Default)]
struct Spent {
    away_since: Option<Instant>,
    prints: HashMap<u128, Millis>,
    lasts: HashMap<u64, u64>,
    furthest: Option<Millis>,
}

impl Alone {
    pub(crate) fn set_nodes(&self, n: u32) {
        self.n_nodes.store(n.max(1), Ordering::Relaxed);
    }

    /// Redis did not answer.
    pub(crate) fn away(&self) {
        self.spent().away_since.get_or_insert_with(clock::monotonic);
        self.is_away.store(true, Ordering::Release);
    }

    /// Redis answered.
    pub(crate) fn back(&self) {
        if self.is_away.swap(false, Ordering::AcqRel) {
            self.spent().away_since = None;
        }
    }

    pub(crate) fn is_long_enough(&self) -> bool {
        self.spent().away_since.is_some_and(|since| since.elapsed() >= PATIENCE)
    }

    /// Up to which stamp calls were let in here alone: to be fenced.
    pub(crate) fn furthest(&self) -> Option<Millis> {
        self.spent().furthest
    }

    /// What was let in up to this stamp is fenced now.
    pub(crate) fn is_fenced(&self, up_to: Millis) {
        let mut spent = self.spent();
        spent.prints.retain(|_, stamp| *stamp > up_to);
        if spent.furthest.is_some_and(|furthest| furthest <= up_to) {
            spent.furthest = None;
        }
    }

    pub(crate) fn enter(
        &self,
        claim: &ClaimRequest,
        cells: &[Cell],
        now: Millis,
    ) -> Result<Entered, StoreDown> {
        if claim.stamp.since(now) > AHEAD_MS {
            return Err(down("a stamp from the future needs Redis"));
        }
        let mut spent = self.spent();
        if spent.prints.contains_key(&claim.print) {
            return Ok(Entered::Refused(Claim::Seen));
        }
        if claim.refuse_last_nonce && spent.lasts.get(&claim.key_print) == Some(&claim.nonce) {
            return Ok(Entered::Refused(Claim::SameAsLast));
        }
        if spent.prints.len() >= CLAIMS {
            return Err(down("Redis is away for longer than this gateway can remember"));
        }
        let verdict = self.take(cells, now, true)?;
        if verdict.refused().is_some() {
            return Ok(Entered::NotTaken(verdict));
        }
        spent.prints.insert(claim.print, claim.stamp);
        spent.lasts.insert(claim.key_print, claim.nonce);
        spent.furthest = spent.furthest.max(Some(claim.stamp));
        Ok(Entered::Taken(verdict, None))
    }

    /// Takes from this gateway's share: a call costs as many units as there are gateways.
    pub(crate) fn take(
        &self,
        cells: &[Cell],
        now: Millis,
        is_taken: bool,
    ) -> Result<Verdict, StoreDown> {
        let n = self.n_nodes.load(Ordering::Relaxed).max(1);
        let share = |cell: &Cell| Cell {
            cost: cell.cost.saturating_mul(n),
            limit: match cell.limit {
                // What a call costs is one place, whatever it costs.
                Limit::AtOnce(most) => {
                    let share = NonZeroU32::new(most.get() / n).unwrap_or(NonZeroU32::MIN);
                    Limit::AtOnce(share)
                }
                other @ (Limit::Rate(_) | Limit::Day(_) | Limit::Month(_)) => other,
            },
            // Told in the RateLimit header, and in the words of a 4400.
            name: of_share(cell.name),
            ..*cell
        };
        let shares: Vec<Cell> = cells.iter().map(share).collect();
        let mut verdict = if is_taken {
            self.quotas.take(&shares, now)?
        } else {
            self.quotas.peek(&shares, now)?
        };
        for cell in verdict.cells.iter_mut().filter(|cell| Kind::of(cell.limit) != Kind::AtOnce) {
            cell.remaining /= u64::from(n);
        }
        Ok(verdict)
    }

    fn spent(&self) -> std::sync::MutexGuard<'_, Spent> {
        self.spent.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The name of a gateway's share of a limit.
fn of_share(name: &'static str) -> &'static str {
    match name {
        "account" => "account-share",
        "account-day" => "account-day-share",
        "account-month" => "account-month-share",
        "account-at-once" => "account-at-once-share",
        "action" => "action-share",
        "action-day" => "action-day-share",
        "action-month" => "action-month-share",
        "action-at-once" => "action-at-once-share",
        "key" => "key-share",
        "key-day" => "key-day-share",
        "key-month" => "key-month-share",
        "key-at-once" => "key-at-once-share",
        "address" => "address-share",
        "address-day" => "address-day-share",
        "address-month" => "address-month-share",
        "address-at-once" => "address-at-once-share",
        other => other,
    }
}

//! 4400 Quota exceed: a rate of an account, or of an account at one action, is used up.
//!
//! After the claim, so that copies cost the victim nothing; before the parameters, so that a flood of
//! malformed calls is a flood too. What this gate refuses costs nothing, and its nonce is unspent again:
//! the Go SDK sends the same bytes after a `RequestLimitExceeded` (RELIABILITY 0.6). Whatever passes it has
//! used its units.
//! Invariant: an `Admitted` has taken its units from every cell it touches. Never: counts in two places.

pub mod gcra;
pub mod headers;

use std::num::NonZeroU32;

use faregate_contract::{Code, Origin, Public, Reason, Refusal, Retry};
use smallvec::SmallVec;

use crate::authz::Permitted;
use crate::facts::{Cell, CellKey, CellVerdict, Rate, Verdict};
use crate::replay::Claimed;

/// A call within its quotas.
#[derive(Debug)]
pub struct Admitted {
    of: Claimed,
}

owns!(Admitted => Claimed);

/// The reasons of this room.
pub const REASONS: &[Reason] = &[RATE, NONCES_LIVE];
const RATE: Reason = Reason::new("RATE");
const NONCES_LIVE: Reason = Reason::new("NONCES_LIVE");

/// Why a call is one too many.
#[derive(Debug, PartialEq, Eq)]
pub enum Refused {
    /// The rate of this cell is used up.
    Rate {
        /// Which cell.
        cell: CellVerdict,
        /// Whole seconds to wait.
        after_s: u32,
    },
    /// The key has more nonces that must be remembered than its rate makes in a window.
    NoncesLive {
        /// Whole seconds to wait.
        after_s: u32,
    },
}

impl From<Refused> for Refusal {
    fn from(refused: Refused) -> Self {
        let (reason, after_s, say) = match refused {
            Refused::Rate { cell, after_s } => (
                RATE,
                after_s,
                format!(
                    "the rate of this {} is {} a second with a burst of {}; try again in {after_s} s.",
                    cell.name, cell.rate.per_second, cell.rate.burst
                ),
            ),
            Refused::NoncesLive { after_s } => (
                NONCES_LIVE,
                after_s,
                format!(
                    "this key has used as many Nonces as its rate makes in a whole window; stamp requests with the time of now, or try again in {after_s} s."
                ),
            ),
        };
        Refusal::new(Code::QuotaExceeded, reason, Origin::Client, Public::new(say))
            .retry(Retry::SameBytes { after_s })
    }
}

/// How often an account may rehearse: a dry run uses none of its quotas, and is not for nothing.
const DRY_RUNS: Rate = Rate {
    per_second: NonZeroU32::MIN.saturating_add(9),
    burst: NonZeroU32::MIN.saturating_add(49),
};

/// Is the call only rehearsed. An action that declares a DryRun of its own does so itself.
#[must_use]
pub fn is_dry_run(permitted: &Permitted) -> bool {
    permitted.common().dry_run
        && !permitted.operation().parameters.describe().iter().any(|own| own.name == "DryRun")
}

/// The cells that a call takes from: those of [`of_the_call`], or that of dry runs alone.
#[must_use]
pub fn cells(permitted: &Permitted, default_rate: Option<Rate>) -> SmallVec<[Cell; 2]> {
    if !is_dry_run(permitted) {
        return of_the_call(permitted, default_rate);
    }
    // No operation has this number.
    let key = CellKey { account: permitted.account().slot, action: Some(usize::MAX) };
    SmallVec::from_iter([Cell { key, rate: DRY_RUNS, cost: 1, name: "dry-run" }])
}

/// The cells that a call touches: its account's, and its account's at this action.
#[must_use]
pub fn of_the_call(permitted: &Permitted, default_rate: Option<Rate>) -> SmallVec<[Cell; 2]> {
    let operation = permitted.operation();
    let account = permitted.account();
    let cost = match &operation.batch {
        None => 1,
        Some(batch) => {
            let items = permitted.input().count_items(&operation.parameters, &batch.over);
            u32::try_from(items).unwrap_or(u32::MAX).clamp(1, batch.max)
        }
    };
    let own = account.rate.or(default_rate).map(|rate| Cell {
        key: CellKey { account: account.slot, action: None },
        rate,
        cost,
        name: "account",
    });
    let action = operation.quota.map(|rate| Cell {
        key: CellKey { account: account.slot, action: Some(operation.ordinal) },
        rate: Rate { per_second: rate.per_second, burst: rate.burst },
        cost,
        name: "action",
    });
    own.into_iter().chain(action).collect()
}

/// The verdict of cells of which the first is used up; without any, of an account's. For a fault on purpose.
#[must_use]
pub fn used_up(cells: &[Cell]) -> Verdict {
    let one = NonZeroU32::MIN;
    let account = ("account", Rate { per_second: one, burst: one });
    let (name, rate) = cells.first().map_or(account, |cell| (cell.name, cell.rate));
    let reset_s = rate.burst.get().div_ceil(rate.per_second.get());
    let cell = CellVerdict { name, rate, remaining: 0, reset_s, refused_for_s: Some(1) };
    Verdict { cells: [cell].into_iter().collect() }
}

/// 4400 for a key with too many live nonces; asked for by `replay`.
#[must_use]
pub fn too_many_live(after_s: u32) -> Refusal {
    Refused::NoncesLive { after_s }.into()
}

/// What these cells would refuse a call with.
#[must_use]
pub fn would(verdict: &Verdict) -> Option<Refusal> {
    refused(verdict).map(Refusal::from)
}

fn refused(verdict: &Verdict) -> Option<Refused> {
    let (cell, after_s) =
        verdict.cells.iter().find_map(|cell| Some((*cell, cell.refused_for_s?)))?;
    Some(Refused::Rate { cell, after_s })
}

/// Judges what the cells answered.
///
/// # Errors
/// 4400 with Retry-After when one of them refused.
pub fn check(claimed: Claimed, verdict: &Verdict) -> Result<Admitted, Refused> {
    match refused(verdict) {
        Some(refused) => Err(refused),
        None => Ok(Admitted { of: claimed }),
    }
}

#[cfg(test)]
mod spec {
    use super::*;

    #[test]
    fn a_refusal_names_the_cell_its_rate_and_when_to_come_back_with_the_same_bytes() {
        let rate =
            Rate { per_second: NonZeroU32::new(5).unwrap(), burst: NonZeroU32::new(7).unwrap() };
        let cell =
            CellVerdict { name: "account", rate, remaining: 0, reset_s: 1, refused_for_s: Some(2) };
        let refusal = Refusal::from(Refused::Rate { cell, after_s: 2 });
        assert_eq!((refusal.code, refusal.reason), (Code::QuotaExceeded, RATE));
        assert_eq!(refusal.retry, Retry::SameBytes { after_s: 2 });
        let message = refusal.message();
        assert!(
            message.contains("this account is 5 a second with a burst of 7; try again in 2 s"),
            "{message}"
        );
    }
}

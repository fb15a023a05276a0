//! 4400 Quota exceed: a rate or a total of an account, an action, a key or an address is used up, or as many calls are
//! under way as may be.
//!
//! After the claim, so that copies cost the victim nothing; before the parameters, so that a flood of
//! malformed calls is a flood too. What this gate refuses costs nothing, and its nonce is unspent again:
//! the Go SDK sends the same bytes after a `RequestLimitExceeded` (RELIABILITY 0.6). Whatever passes it has
//! used its units.
//! Invariant: an `Admitted` has taken its units from every cell it touches. Never: counts in two places.

pub mod cells;
pub mod gcra;
pub mod headers;
mod touched;

use std::num::NonZeroU32;

use faregate_contract::{Code, Origin, Public, Reason, Refusal, Retry};

pub use self::touched::{Cells, at_no_cost, cells, of_the_call, print};
use crate::authn::Authenticated;
use crate::facts::{Cell, CellVerdict, Limit, Rate, Verdict};
use crate::replay::Claimed;

/// A call within its quotas.
#[derive(Debug)]
pub struct Admitted {
    of: Claimed,
}

owns!(Admitted => Claimed);

/// The reasons of this room.
pub const REASONS: &[Reason] = &[RATE, DAILY, MONTHLY, CONCURRENCY, NONCES_LIVE];
const RATE: Reason = Reason::new("RATE");
const DAILY: Reason = Reason::new("DAILY");
const MONTHLY: Reason = Reason::new("MONTHLY");
const CONCURRENCY: Reason = Reason::new("CONCURRENCY");
const NONCES_LIVE: Reason = Reason::new("NONCES_LIVE");

/// Why a call is one too many.
#[derive(Debug, PartialEq, Eq)]
pub enum Refused {
    /// This cell is used up.
    UsedUp {
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
            Refused::UsedUp { cell, after_s } => {
                let (reason, say) = used_up_words(&cell, after_s);
                (reason, after_s, say)
            }
            Refused::NoncesLive { after_s } => (
                NONCES_LIVE,
                after_s,
                format!(
                    "this key has used as many Nonces as its rate makes in a whole window; stamp requests with the time of now, or try again in {after_s} s."
                ),
            ),
        };
        Refusal::new(Code::QuotaExceeded, reason, Origin::Client, Public::new(say)).retry(
            if after_s <= SAME_BYTES_S {
                Retry::SameBytes { after_s }
            } else {
                Retry::After { after_s }
            },
        )
    }
}

/// How long the same bytes may be told to wait: later their Timestamp is too old.
const SAME_BYTES_S: u32 = 60;

/// The reason and the sentence of a cell that is used up. Of a hidden one only the reason of all of them, and when.
fn used_up_words(cell: &CellVerdict, after_s: u32) -> (Reason, String) {
    if cell.hidden {
        return (RATE, format!("there are too many calls at once; try again in {after_s} s."));
    }
    let whose = cell.name.split('-').next().unwrap_or(cell.name);
    let units = if cell.in_calls { "calls" } else { "units" };
    match cell.limit {
        Limit::Rate(rate) => (
            RATE,
            format!(
                "the rate of this {whose} is {} a second with a burst of {}; try again in {after_s} s.",
                rate.per_second, rate.burst
            ),
        ),
        Limit::Day(total) => (
            DAILY,
            format!(
                "this {whose} has {total} {units} a day; the next day, in UTC, begins in {after_s} s."
            ),
        ),
        Limit::Month(total) => (
            MONTHLY,
            format!(
                "this {whose} has {total} {units} a month; the next month, in UTC, begins in {after_s} s."
            ),
        ),
        Limit::AtOnce(most) => (
            CONCURRENCY,
            format!(
                "this {whose} has {most} calls under way, as many as it may; try again in {after_s} s."
            ),
        ),
    }
}

/// Is the call only rehearsed. An action that declares a DryRun of its own does so itself.
#[must_use]
pub fn is_dry_run(call: &Authenticated) -> bool {
    call.common().dry_run
        && !call.operation().parameters.describe().iter().any(|own| own.name == "DryRun")
}

/// The verdict of cells of which the first is used up; without any, of an account's. For a fault on purpose.
#[must_use]
pub fn used_up(cells: &[Cell]) -> Verdict {
    let one = NonZeroU32::MIN;
    let account = ("account", Limit::Rate(Rate { per_second: one, burst: one }));
    let (name, limit) = cells.first().map_or(account, |cell| (cell.name, cell.limit));
    let reset_s = match limit {
        Limit::Rate(rate) => rate.burst.get().div_ceil(rate.per_second.get()),
        Limit::Day(_) | Limit::Month(_) | Limit::AtOnce(_) => 1,
    };
    let cell = CellVerdict {
        name,
        limit,
        window_s: 1,
        hidden: false,
        in_calls: false,
        remaining: 0,
        reset_s,
        refused_for_s: Some(1),
    };
    Verdict { cells: [cell].into_iter().collect(), place: None }
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
    Some(Refused::UsedUp { cell, after_s })
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
        let cell = CellVerdict {
            name: "account",
            limit: Limit::Rate(rate),
            window_s: 2,
            hidden: false,
            in_calls: false,
            remaining: 0,
            reset_s: 1,
            refused_for_s: Some(2),
        };
        let refusal = Refusal::from(Refused::UsedUp { cell, after_s: 2 });
        assert_eq!((refusal.code, refusal.reason), (Code::QuotaExceeded, RATE));
        assert_eq!(refusal.retry, Retry::SameBytes { after_s: 2 });
        let message = refusal.message();
        assert!(
            message.contains("this account is 5 a second with a burst of 7; try again in 2 s"),
            "{message}"
        );
    }

    #[test]
    fn each_limit_has_its_reason_and_a_hidden_one_tells_nothing() {
        let n = std::num::NonZeroU64::new(9).unwrap();
        let cell = |name, limit, hidden| CellVerdict {
            name,
            limit,
            window_s: 86_400,
            hidden,
            in_calls: false,
            remaining: 0,
            reset_s: 1,
            refused_for_s: Some(7),
        };
        let two = NonZeroU32::new(2).unwrap();
        for (cell, reason, said) in [
            (cell("action-day", Limit::Day(n), false), "DAILY", "this action has 9 units a day"),
            (cell("key-month", Limit::Month(n), false), "MONTHLY", "this key has 9 units a month"),
            (
                cell("address-at-once", Limit::AtOnce(two), false),
                "CONCURRENCY",
                "this address has 2 calls under way",
            ),
            (cell("address-day", Limit::Day(n), true), "RATE", "too many calls at once"),
        ] {
            let refusal = Refusal::from(Refused::UsedUp { cell, after_s: 7 });
            assert_eq!(refusal.reason.as_str(), reason);
            assert!(refusal.message().contains(said), "{}", refusal.message());
            assert!(!cell.hidden || !refusal.message().contains('9'), "{}", refusal.message());
        }
        let tomorrow =
            Refused::UsedUp { cell: cell("account-day", Limit::Day(n), false), after_s: 9_000 };
        assert_eq!(Refusal::from(tomorrow).retry, Retry::After { after_s: 9_000 });
    }
}

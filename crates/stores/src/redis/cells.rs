//! Which cells Redis keeps, and by which numbers its script decides.

use faregate_pipeline::facts::{Cell, Limit, Rate, StoreDown, Subject};
use faregate_pipeline::quota::gcra::emptiest;

use super::down;
use crate::error::NOT_CARRIED;

/// What the script decides by, and the account in whose slot it lies. Only rates are kept here so far.
pub(super) struct Known {
    pub(super) account: i64,
    pub(super) name: String,
    pub(super) burst_us: i64,
    pub(super) cost_us: i64,
}

/// Refuses, with a word, what is kept by the embedded home alone: totals, calls under way, addresses.
pub(super) fn known(cell: &Cell) -> Result<Known, StoreDown> {
    // Every field by its name: one that is new is carried over here, or does not compile.
    let Cell { key, limit, cost, name: _, hidden: _, in_calls: _ } = cell;
    let Limit::Rate(rate) = limit else { return Err(down(NOT_CARRIED)) };
    let (account, name) = match key.subject {
        Subject::Account(account) => (account, "q".to_owned()),
        Subject::Action(account, print) => (account, format!("q{print:x}")),
        Subject::Key(account, print) => (account, format!("qk{print:x}")),
        Subject::Rehearsal(account) => (account, "qr".to_owned()),
        Subject::Address(_) => return Err(down(NOT_CARRIED)),
    };
    let most = (*cost).min(rate.burst.get());
    let of = |units| emptiest(0, Rate { burst: units, ..*rate });
    let cost_us = std::num::NonZeroU32::new(most).map_or(0, of);
    Ok(Known { account, name, burst_us: emptiest(0, *rate), cost_us })
}

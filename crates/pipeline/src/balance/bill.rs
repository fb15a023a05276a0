//! What a call wants to hold: one price, or, of a batch whose items are paid by themselves, one an item.
//!
//! An item that cannot be paid is refused alone: those before it in the call have had their turn, and the rest have theirs.
//! Invariant: of a batch no item that goes on is without its lot.

use faregate_contract::{Refusal, RequestId};
use faregate_ledger::Money;

use crate::facts::{HoldOutcome, Intent, Refund};
use crate::fault::Fault;
use crate::replay;
use crate::verification::Verified;

use super::{Funded, judge};

/// What a call wants to hold.
#[derive(Debug)]
pub enum Bill {
    /// The price of the call, if it has one.
    Whole(Option<Intent>),
    /// What each item of the batch wants, in the order of the call.
    Items(Vec<Lot>),
}

/// One item of a batch, as far as money goes.
#[derive(Debug)]
pub struct Lot {
    /// Its place in the call.
    pub place: usize,
    /// The item.
    pub item: String,
    /// The name of its hold, its order and its receipt.
    pub id: RequestId,
    /// What it holds and gives back, or why it is refused.
    pub wants: Result<Wants, Refusal>,
}

/// What one item holds and gives back.
#[derive(Debug, Default)]
pub struct Wants {
    /// Its price; none if it costs nothing.
    pub intent: Option<Intent>,
    /// What is paid back once it is done.
    pub refunds: Vec<Refund>,
}

/// What a call of this price wants to hold; none if it costs nothing.
#[must_use]
pub fn intent(verified: &Verified, price: Option<Money>) -> Option<Intent> {
    wanted(verified, verified.raw().request_id, verified.print(), price)
}

/// The same for one item of its batch, by a name of its own.
#[must_use]
pub fn intent_of(
    verified: &Verified,
    (place, id): (usize, RequestId),
    price: Option<Money>,
) -> Option<Intent> {
    // Prints are keyed and 128 bits wide: those of the next items are nobody else's.
    let print = verified.print().wrapping_add(u128::try_from(place).unwrap_or(u128::MAX));
    wanted(verified, id, print, price)
}

fn wanted(
    verified: &Verified,
    request_id: RequestId,
    print: u128,
    price: Option<Money>,
) -> Option<Intent> {
    let amount = price.filter(|price| price.is_positive())?;
    Some(Intent {
        request_id,
        account: verified.account().id.clone(),
        amount,
        module: verified.module().name.clone(),
        action: verified.operation().action.clone(),
        print,
    })
}

/// Judges what the ledger answered: one outcome for the call, or one for each item of its bill.
///
/// # Errors
/// 5300 when there is not enough for the call; 4500 when the ledger has seen its claim before. An item of a batch that
/// cannot be paid is refused alone.
pub fn check(verified: Verified, bill: &Bill, outcomes: &[HoldOutcome]) -> Result<Funded, Refusal> {
    let lots = match bill {
        Bill::Whole(None) => return Ok(Funded { of: verified, held: None, lots: Vec::new() }),
        Bill::Whole(Some(intent)) => {
            let outcome = outcomes.first().ok_or_else(unasked)?;
            let held = judge(intent, outcome, verified.now().as_secs())?;
            return Ok(Funded { of: verified, held, lots: Vec::new() });
        }
        Bill::Items(lots) => lots,
    };
    if outcomes.len() != lots.len() {
        return Err(unasked());
    }
    // The same bytes are being done somewhere: none of it is done here.
    if outcomes.contains(&HoldOutcome::Duplicate) {
        return Err(replay::seen(verified.now().as_secs()));
    }
    let now_s = verified.now().as_secs();
    let judged = lots.iter().zip(outcomes).map(|(lot, outcome)| {
        let refusal = match &lot.wants {
            Err(refusal) => Some(refusal.clone()),
            Ok(Wants { intent: Some(intent), .. }) => judge(intent, outcome, now_s).err(),
            Ok(Wants { intent: None, .. }) => None,
        };
        Judged { place: lot.place, id: lot.id, refusal }
    });
    Ok(Funded { lots: judged.collect(), of: verified, held: None })
}

/// An item of a batch that was judged here.
#[derive(Debug)]
pub(super) struct Judged {
    pub(super) place: usize,
    pub(super) id: RequestId,
    pub(super) refusal: Option<Refusal>,
}

fn unasked() -> Refusal {
    Fault::Internal("the ledger was not asked about all that is to be held".to_owned()).into()
}

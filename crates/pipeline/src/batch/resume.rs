//! A ResumeToken: the same call once more, for those items alone that failed.
//!
//! It is good for one call of the same account with the same parameters. What was done is not done again, nor is what
//! may have been done: an item whose outcome nobody knows keeps its answer.

use faregate_contract::{Effect, Item, Outcome, Refusal, RequestId};

use crate::facts::KeptBatch;
use crate::parameters::{self, Valid};
use crate::replay::{self, Prints};
use crate::saved;
use crate::time::Millis;

/// How long a token is good: as long as a receipt.
const GOOD_MS: i64 = 24 * 3_600 * 1_000;

/// What an earlier call settled.
#[derive(Clone, Debug)]
pub struct Resumed {
    /// That call.
    pub of: RequestId,
    /// Its items that are not done again, with what they answered.
    pub settled: Vec<Item>,
}

impl Resumed {
    /// What the item answered then; none if it is done again.
    #[must_use]
    pub fn settled(&self, id: &str) -> Option<&Item> {
        self.settled.iter().find(|item| item.id == id)
    }
}

/// What this call goes on with.
///
/// # Errors
/// 4000 when the token is of no such call, was used, or is too old.
pub fn resume(
    valid: &Valid,
    kept: Option<KeptBatch>,
    prints: &Prints,
    now: Millis,
) -> Result<Resumed, Refusal> {
    let unknown = || {
        parameters::resume("it is of no call that this account made of this action within a day")
    };
    let of_ours = |kept: &KeptBatch| {
        kept.account == valid.account().id
            && kept.module == valid.module().name
            && kept.action == valid.operation().action
            && now.since(kept.at) <= GOOD_MS
    };
    let kept = kept.filter(of_ours).ok_or_else(unknown)?;
    let differs = replay::differences(&replay::asked(valid, prints), &kept.prints);
    if !differs.is_empty() {
        let why = format!("its call had other parameters: {}", differs.join(", "));
        return Err(parameters::resume(&why));
    }
    if kept.resumed_by.is_some() {
        return Err(used());
    }
    match saved::read(&kept.answer) {
        Some(Ok(Outcome::Batch(items))) => {
            let settled = items.into_iter().filter(is_settled).collect();
            Ok(Resumed { of: kept.request_id, settled })
        }
        Some(_) | None => Err(unknown()),
    }
}

/// 4000 for a token that another call was quicker with.
#[must_use]
pub fn used() -> Refusal {
    parameters::resume(
        "it was used; the answer of that call has the one that goes on from there, if any",
    )
}

fn is_settled(item: &Item) -> bool {
    match &item.result {
        Ok(_) => true,
        Err(refusal) => refusal.effect == Effect::Unknown,
    }
}

//! 5400 Part of operations performed successfully: one call over many items, told item by item.
//!
//! Gates 11 to 13 judge each item: those that they refuse never go upstream, the rest run on their own, some at once.
//! Where the document says so, the rest is left when a gate refuses an item.
//! Invariant: `detail` has every item once, in the order the client sent them. Never: hides an item, does one again
//! that was done.

mod resume;

use faregate_catalog::Rest;
use faregate_contract::{Item, Outcome, Reason};

use crate::operation::{self, Done, Sent};
use crate::ownership::{self, Owned};
use crate::parameters::Requests;

pub use resume::{Resumed, resume, used};

/// The reasons of this room.
pub const REASONS: &[Reason] = &[SOME_FAILED];
/// Some items were done, and some were refused.
pub const SOME_FAILED: Reason = Reason::new("SOME_FAILED");

/// The items that go upstream, by their place in the call.
#[must_use]
pub fn plan(sent: &Sent) -> Vec<usize> {
    let left = sent.operation().batch.as_ref().is_some_and(|batch| batch.rest == Rest::Left);
    if left && sent.has_unfunded() {
        return Vec::new();
    }
    let owned = due(sent).into_iter().map(|(place, _)| place);
    owned.filter(|place| sent.unfunded(*place).is_none()).collect()
}

/// The items that are to be paid and done, as far as their owners go: by place and id.
#[must_use]
pub fn due(owned: &Owned) -> Vec<(usize, &str)> {
    let Requests::Each(items) = owned.requests() else { return Vec::new() };
    if is_left(owned, items.iter().map(|(id, _)| id.as_str())) {
        return Vec::new();
    }
    let runs = items.iter().enumerate().filter(|(_, (id, _))| is_open(owned, id));
    let runs = runs.filter(|(_, (id, _))| !owned.is_refused(id));
    runs.map(|(place, (id, _))| (place, id.as_str())).collect()
}

/// Of those that do not go upstream, how each ends: by place.
#[must_use]
pub fn told_before(sent: &Sent) -> Vec<(usize, Item)> {
    let Requests::Each(items) = sent.requests() else { return Vec::new() };
    let plan = plan(sent);
    let rest = items.iter().enumerate().filter(|(place, _)| !plan.contains(place));
    rest.map(|(place, (id, _))| (place, untried(sent, place, id))).collect()
}

/// How an item ends that nothing was sent for.
fn untried(sent: &Sent, place: usize, id: &str) -> Item {
    if let Some(settled) = sent.resumed().and_then(|resumed| resumed.settled(id)) {
        return settled.clone();
    }
    let refusal = if sent.is_refused(id) {
        ownership::absent()
    } else {
        sent.unfunded(place).cloned().unwrap_or_else(operation::not_attempted)
    };
    Item { id: id.to_owned(), result: Err(refusal), request_id: sent.name_at(place) }
}

/// Is the item one that is done now: no earlier call settled it.
fn is_open(owned: &Owned, id: &str) -> bool {
    owned.resumed().is_none_or(|resumed| resumed.settled(id).is_none())
}

/// Is nothing sent, because a gate refused an item.
fn is_left<'i>(owned: &Owned, mut ids: impl Iterator<Item = &'i str>) -> bool {
    let batch = owned.operation().batch.as_ref();
    batch.is_some_and(|batch| batch.rest == Rest::Left)
        && ids.any(|id| owned.is_refused(id) && is_open(owned, id))
}

/// One outcome of many: what ran by what it answered, the rest by why it was refused.
#[must_use]
pub fn merge(sent: &Sent, mut done: Vec<(usize, Done)>) -> Outcome {
    let Requests::Each(items) = sent.requests() else { return Outcome::Batch(Vec::new()) };
    let judged = items.iter().enumerate().map(|(place, (id, _))| {
        let ran = done.iter().position(|(ran, _)| *ran == place).map(|at| done.swap_remove(at).1);
        match ran {
            Some(Done { result, .. }) => {
                Item { id: id.clone(), result, request_id: sent.name_at(place) }
            }
            None => untried(sent, place, id),
        }
    });
    Outcome::Batch(judged.collect())
}

#[cfg(test)]
mod spec {
    use super::*;

    #[test]
    fn the_reason_of_a_partial_success_is_the_one_that_the_envelope_writes() {
        assert_eq!(SOME_FAILED.as_str(), "SOME_FAILED");
        assert_eq!(REASONS, [SOME_FAILED]);
    }
}

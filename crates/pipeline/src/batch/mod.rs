//! 5400 Part of operations performed successfully: one call over many items, told item by item.
//!
//! Gates 11 to 13 judge each item: those that they refuse never go upstream, the rest run on their own.
//! Invariant: `detail` has every item once, in the order the client sent them. Never: hides an item.

use faregate_contract::{Item, Outcome, Reason};

use crate::operation::{Done, Sent};
use crate::ownership;
use crate::parameters::Requests;

/// The reasons of this room.
pub const REASONS: &[Reason] = &[SOME_FAILED];
/// Some items were done, and some were refused.
pub const SOME_FAILED: Reason = Reason::new("SOME_FAILED");

/// The items that go upstream, by their place in the call.
#[must_use]
pub fn plan(sent: &Sent) -> Vec<usize> {
    match sent.requests() {
        Requests::One(_) => Vec::new(),
        Requests::Each(items) => {
            let runs = items.iter().enumerate().filter(|(_, (id, _))| !sent.is_refused(id));
            runs.map(|(place, _)| place).collect()
        }
    }
}

/// One outcome of many: what ran by what it answered, the rest by why it was refused.
#[must_use]
pub fn merge(sent: &Sent, mut done: Vec<(usize, Done)>) -> Outcome {
    let Requests::Each(items) = sent.requests() else { return Outcome::Batch(Vec::new()) };
    let request_id = sent.raw().request_id;
    let judged = items.iter().enumerate().map(|(place, (id, _))| {
        let ran = done.iter().position(|(ran, _)| *ran == place).map(|at| done.swap_remove(at).1);
        let result = ran.map_or_else(|| Err(ownership::absent()), |done| done.result);
        Item { id: id.clone(), result, request_id }
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

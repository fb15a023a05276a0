//! Names for calls: one trip to the kernel's randomness for a hundred of them.

use std::sync::{Mutex, PoisonError};

use faregate_contract::RequestId;
use faregate_pipeline::time::Millis;

/// Random bytes of one id (`RequestId::new`).
const ID_BYTES: usize = 10;

/// Ids that one trip is good for.
const IDS: usize = 100;

/// Makes request ids. One a worker: the lock is never contended.
#[derive(Debug)]
pub(crate) struct Ids {
    spare: Mutex<Spare>,
}

#[derive(Debug)]
struct Spare {
    bytes: [[u8; ID_BYTES]; IDS],
    left: usize,
}

impl Ids {
    pub(crate) fn new() -> Self {
        Self { spare: Mutex::new(Spare { bytes: [[0; ID_BYTES]; IDS], left: 0 }) }
    }

    /// The id of a call that arrives now.
    pub(crate) fn next(&self, now: Millis) -> RequestId {
        let mut spare = self.spare.lock().unwrap_or_else(PoisonError::into_inner);
        if spare.left == 0 {
            // Without the kernel's randomness ids still sort by time; keys are never made here.
            let _ = getrandom::fill(spare.bytes.as_flattened_mut());
            spare.left = IDS;
        }
        spare.left -= 1;
        let at = spare.left;
        let entropy = spare.bytes.get_mut(at).map(std::mem::take).unwrap_or_default();
        RequestId::new(u64::try_from(now.as_ms()).unwrap_or_default(), entropy)
    }
}

#[cfg(test)]
mod spec {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn no_id_is_given_twice() {
        let (ids, now) = (Ids::new(), Millis::from_secs(1_500_000_000));
        let given: HashSet<RequestId> = (0..5 * IDS).map(|_| ids.next(now)).collect();
        assert_eq!(given.len(), 5 * IDS);
    }
}

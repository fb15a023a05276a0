//! `Bucket`: the prints of one stamp-minute, in about 14 bytes each.
//!
//! Open addressing with 12-byte slots (CRATES 6: half of what a hash set takes). Sixty-four parts
//! grow apart from each other by a tenth, so that no call waits while a whole minute is moved.

/// 96 bits of a claim's keyed print: a false match in a bucket of 600,000 has chance 1e-23 a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Print([u32; 3]);

/// An empty slot, therefore never a print.
const EMPTY: Print = Print([0; 3]);
/// A part is at most eleven twelfths full: beyond, the searches get long.
const FULL_TWELFTHS: usize = 11;
const SLOTS_MIN: usize = 8;
const N_PARTS: usize = 64;

impl Print {
    pub(crate) fn of(print: u128) -> Self {
        let [_, _, _, _, bytes @ ..] = print.to_be_bytes();
        Self::from_bytes(bytes)
    }

    pub(crate) fn from_bytes(bytes: [u8; 12]) -> Self {
        let [a, b, c, d, e, f, g, h, i, j, k, l] = bytes;
        let words = [[a, b, c, d], [e, f, g, h], [i, j, k, l]].map(u32::from_be_bytes);
        if words == EMPTY.0 { Self([0, 0, 1]) } else { Self(words) }
    }

    pub(crate) fn to_bytes(self) -> [u8; 12] {
        let [[a, b, c, d], [e, f, g, h], [i, j, k, l]] = self.0.map(u32::to_be_bytes);
        [a, b, c, d, e, f, g, h, i, j, k, l]
    }
}

#[derive(Debug, Default)]
struct Part {
    slots: Vec<Print>,
    n_prints: usize,
}

impl Part {
    /// Where the search for `print` begins: its first word scaled to the number of slots, so that
    /// any number of slots will do.
    fn home(&self, print: Print) -> usize {
        let [word, _, _] = print.0;
        let slots = u64::try_from(self.slots.len()).unwrap_or(0);
        usize::try_from((u64::from(word) * slots) >> 32).unwrap_or(0)
    }

    fn at(&self, slot_idx: usize) -> Print {
        self.slots.get(slot_idx).copied().unwrap_or(EMPTY)
    }

    fn put(&mut self, slot_idx: usize, print: Print) {
        if let Some(slot) = self.slots.get_mut(slot_idx) {
            *slot = print;
        }
    }

    fn next(&self, slot_idx: usize) -> usize {
        if slot_idx + 1 < self.slots.len() { slot_idx + 1 } else { 0 }
    }

    /// The slot that holds `print`, or the empty one where it belongs.
    fn find(&self, print: Print) -> usize {
        let mut slot_idx = self.home(print);
        // A part always has an empty slot (or none at all), so this ends.
        while self.at(slot_idx) != print && self.at(slot_idx) != EMPTY {
            slot_idx = self.next(slot_idx);
        }
        slot_idx
    }

    fn contains(&self, print: Print) -> bool {
        self.at(self.find(print)) == print
    }

    fn insert(&mut self, print: Print) -> bool {
        if self.contains(print) {
            return false;
        }
        if (self.n_prints + 1) * 12 > self.slots.len() * FULL_TWELFTHS {
            self.grow();
        }
        let slot_idx = self.find(print);
        self.put(slot_idx, print);
        self.n_prints += 1;
        true
    }

    fn grow(&mut self) {
        let n_slots = (self.slots.len() + self.slots.len() / 10 + 1).max(SLOTS_MIN);
        let mut grown = Self { slots: vec![EMPTY; n_slots], n_prints: self.n_prints };
        for print in self.slots.iter().filter(|print| **print != EMPTY) {
            let slot_idx = grown.find(*print);
            grown.put(slot_idx, *print);
        }
        *self = grown;
    }

    /// Removes by shifting back what was pushed on by it (Knuth, TAOCP 6.4, algorithm R), so that
    /// no tombstones remain.
    fn remove(&mut self, print: Print) -> bool {
        let mut hole = self.find(print);
        if self.at(hole) != print {
            return false;
        }
        self.n_prints -= 1;
        let mut slot_idx = hole;
        loop {
            self.put(hole, EMPTY);
            loop {
                slot_idx = self.next(slot_idx);
                let candidate = self.at(slot_idx);
                if candidate == EMPTY {
                    return true;
                }
                let home = self.home(candidate);
                // It may move into the hole unless its home lies cyclically in (hole, slot].
                let stays = if hole <= slot_idx {
                    hole < home && home <= slot_idx
                } else {
                    hole < home || home <= slot_idx
                };
                if !stays {
                    self.put(hole, candidate);
                    hole = slot_idx;
                    break;
                }
            }
        }
    }
}

/// The spent prints of one minute of stamps.
#[derive(Debug)]
pub(crate) struct Bucket {
    parts: Vec<Part>,
}

impl Bucket {
    pub(crate) fn new() -> Self {
        Self { parts: (0..N_PARTS).map(|_| Part::default()).collect() }
    }

    /// Another word than the one that chooses the slot.
    fn part_idx(print: Print) -> usize {
        let [_, word, _] = print.0;
        usize::try_from(word).unwrap_or(0) % N_PARTS
    }

    pub(crate) fn contains(&self, print: Print) -> bool {
        self.parts.get(Self::part_idx(print)).is_some_and(|part| part.contains(print))
    }

    /// False if it was there already.
    pub(crate) fn insert(&mut self, print: Print) -> bool {
        self.parts.get_mut(Self::part_idx(print)).is_some_and(|part| part.insert(print))
    }

    /// False if it was not there.
    pub(crate) fn remove(&mut self, print: Print) -> bool {
        self.parts.get_mut(Self::part_idx(print)).is_some_and(|part| part.remove(print))
    }

    pub(crate) fn n_prints(&self) -> usize {
        self.parts.iter().map(|part| part.n_prints).sum()
    }

    #[cfg(test)]
    pub(crate) fn n_slots(&self) -> usize {
        self.parts.iter().map(|part| part.slots.len()).sum()
    }
}

#[cfg(test)]
mod spec {
    use std::collections::HashSet;

    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_minute_of_many_calls_takes_at_most_14_bytes_a_nonce_on_average() {
        let (mut bucket, mut bytes_per_print) = (Bucket::new(), Vec::new());
        for n in 0..200_000_u64 {
            let print = u128::from(n.wrapping_mul(0x9e37_79b9_7f4a_7c15)) << 32 | u128::from(n);
            assert!(bucket.insert(Print::of(print)));
            if n > 100_000 && n.is_multiple_of(10_000) {
                bytes_per_print.push(bucket.n_slots() * 12 * 100 / bucket.n_prints());
            }
        }
        let mean = bytes_per_print.iter().sum::<usize>() / bytes_per_print.len();
        assert!(mean <= 1_400, "{mean} hundredths of a byte a nonce");
    }

    proptest! {
        #[test]
        fn a_bucket_is_a_set(ops in proptest::collection::vec((any::<bool>(), 0..60_u32), 0..400)) {
            let (mut bucket, mut naive) = (Bucket::new(), HashSet::new());
            for (insert, n) in ops {
                // Few parts and few homes, the last ones among them: chains collide and wrap.
                let print = Print([u32::MAX - (n % 3) * 0x1000_0000, 64 * (n % 2), n + 1]);
                if insert {
                    prop_assert_eq!(bucket.insert(print), naive.insert(n));
                } else {
                    prop_assert_eq!(bucket.remove(print), naive.remove(&n));
                }
                prop_assert_eq!(bucket.n_prints(), naive.len());
                for n in 0..60 {
                    let print = Print([u32::MAX - (n % 3) * 0x1000_0000, 64 * (n % 2), n + 1]);
                    prop_assert_eq!(bucket.contains(print), naive.contains(&n));
                }
            }
        }
    }
}

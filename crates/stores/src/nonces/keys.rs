//! `Keys`: what is known of each key: its last nonce, how far ahead it may stamp, how much it has live.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};

use faregate_pipeline::time::Millis;
use smallvec::SmallVec;

use super::load::Found;

/// A key's last nonce, and which claim made it the last.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Last {
    pub(crate) nonce: u64,
    pub(crate) seq: u64,
}

/// Key prints are keyed hashes already.
#[derive(Debug, Default)]
pub(crate) struct AsItIs(u64);

impl Hasher for AsItIs {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        bytes.iter().for_each(|byte| self.0 = self.0.rotate_left(8) ^ u64::from(*byte));
    }

    fn write_u64(&mut self, print: u64) {
        self.0 = print;
    }
}

pub(crate) type ByPrint = BuildHasherDefault<AsItIs>;

#[derive(Clone, Debug, Default)]
pub(crate) struct KeyState {
    pub(crate) last: Option<Last>,
    /// Stamps up to here may be accepted: it lasts on disk that they may.
    pub(crate) lead: Option<Millis>,
    /// Claims by segment, the newest last touched at the end.
    live: SmallVec<[(i64, u32); 2]>,
}

impl KeyState {
    /// Claims that are live while segments from `oldest` on are.
    pub(crate) fn n_live(&self, oldest: i64) -> u64 {
        self.live.iter().filter(|(number, _)| *number >= oldest).map(|(_, n)| u64::from(*n)).sum()
    }

    /// The first of its segments that still count.
    pub(crate) fn oldest(&self, oldest: i64) -> Option<i64> {
        self.live.iter().map(|(number, _)| *number).filter(|number| *number >= oldest).min()
    }

    pub(crate) fn claimed(&mut self, number: i64, oldest: i64) {
        match self.live.iter_mut().rev().find(|(known, _)| *known == number) {
            Some((_, n)) => *n = n.saturating_add(1),
            None => {
                self.live.retain(|(known, _)| *known >= oldest);
                self.live.push((number, 1));
            }
        }
    }

    pub(crate) fn unclaimed(&mut self, number: i64) {
        if let Some((_, n)) = self.live.iter_mut().find(|(known, _)| *known == number) {
            *n = n.saturating_sub(1);
        }
    }
}

const N_SHARDS: usize = 64;

/// In shards that grow apart from each other, so that no call waits while all keys are moved.
#[derive(Debug)]
pub(crate) struct Keys {
    shards: Vec<HashMap<u64, KeyState, ByPrint>>,
}

impl Default for Keys {
    fn default() -> Self {
        Self { shards: (0..N_SHARDS).map(|_| HashMap::default()).collect() }
    }
}

/// Other bits than a table chooses its places by.
fn shard_idx(key_print: u64) -> usize {
    usize::from(key_print.to_be_bytes().get(3).copied().unwrap_or(0)) % N_SHARDS
}

impl Keys {
    pub(crate) fn get(&self, key_print: u64) -> Option<&KeyState> {
        self.shards.get(shard_idx(key_print))?.get(&key_print)
    }

    pub(crate) fn entry(&mut self, key_print: u64) -> Option<&mut KeyState> {
        Some(self.shards.get_mut(shard_idx(key_print))?.entry(key_print).or_default())
    }

    /// Adds what a segment knows; in any order of segments.
    pub(crate) fn add(&mut self, number: i64, found: impl IntoIterator<Item = (u64, Found)>) {
        for (key_print, found) in found {
            let Some(key) = self.entry(key_print) else { continue };
            key.live.push((number, found.n_live));
        }
    }

    /// Each with its lead, if that is after `now`: an older one covers nothing any more.
    pub(crate) fn leads(&self, now: Millis) -> Vec<(u64, Millis)> {
        let all = self.shards.iter().flatten();
        all.filter_map(|(print, key)| Some((*print, key.lead.filter(|lead| *lead > now)?)))
            .collect()
    }

    pub(crate) fn lasts(&self) -> Vec<(u64, Last)> {
        let all = self.shards.iter().flatten();
        all.filter_map(|(print, key)| Some((*print, key.last?))).collect()
    }
}

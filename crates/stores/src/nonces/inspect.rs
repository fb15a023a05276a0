//! What the journal tells of each key, read beside a running gateway or without one; nothing is written.

use std::collections::HashMap;
use std::io;
use std::path::Path;

use super::keys::ByPrint;
use super::load::each_record;
use super::record::{Kind, Record};
use super::segment;

/// How a key draws its Nonces, from those that are remembered.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Draws {
    /// Claims seen.
    pub n_claims: u64,
    /// The highest Nonce among them.
    pub nonce_max: u64,
    /// Pairs of claims with the same Timestamp: each is a chance for the same Nonce.
    pub n_pairs: u64,
}

impl Draws {
    /// From how many values the Nonces seem to be drawn: the power of two above the highest.
    #[must_use]
    pub fn range(&self) -> f64 {
        2_f64.powi(i32::try_from(64 - self.nonce_max.leading_zeros()).unwrap_or(64))
    }

    /// The chance that an honest call is answered 4500: its Nonce was drawn before in the same second, or
    /// is the last one again.
    #[must_use]
    pub fn false_replay(&self, refuse_last_nonce: bool) -> f64 {
        if self.n_claims == 0 {
            return 0.0;
        }
        let pairs_a_call = self.n_pairs as f64 / self.n_claims as f64;
        let last = if refuse_last_nonce { 1.0 } else { 0.0 };
        (pairs_a_call + last) / self.range()
    }
}

/// By key print; a segment that cannot be read is left out, for the start has its own words on it.
pub(crate) fn draws(folder: &Path, store_id: u64) -> io::Result<HashMap<u64, Draws>> {
    let mut all: HashMap<u64, Draws> = HashMap::new();
    for entry in std::fs::read_dir(folder)? {
        let Some(number) = segment::number_of(&entry?.path()) else { continue };
        // Claims by key and second of this segment.
        let mut seconds: HashMap<u64, u64, ByPrint> = HashMap::default();
        each_record(folder, number, store_id, &mut |record: &Record| {
            if record.kind != Kind::Claim {
                return;
            }
            let draws = all.entry(record.key_print).or_default();
            draws.n_claims += 1;
            draws.nonce_max = draws.nonce_max.max(record.nonce);
            // Two keys that meet here by chance add a pair that is none: one in 2^64.
            let second = record.key_print.rotate_left(13) ^ u64::from(record.offset_ms / 1000);
            let before = seconds.entry(second).or_default();
            draws.n_pairs += *before;
            *before += 1;
        })?;
    }
    Ok(all)
}

#[cfg(test)]
mod spec {
    use super::*;

    #[test]
    fn the_chance_of_a_false_replay_is_the_pairs_and_the_last_over_the_range() {
        let draws = Draws { n_claims: 100, nonce_max: 65_500, n_pairs: 450 };
        assert_eq!(draws.range(), 65_536.0);
        assert!((draws.false_replay(true) - 5.5 / 65_536.0).abs() < 1e-12);
        assert!((draws.false_replay(false) - 4.5 / 65_536.0).abs() < 1e-12);
        assert_eq!(Draws { nonce_max: u64::MAX, ..draws }.range(), 2_f64.powi(64));
        assert_eq!(Draws::default().false_replay(true), 0.0);
    }
}

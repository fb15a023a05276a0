//! Many worlds, each by a seed of its own: what is run, and what has to have happened in it.
#![expect(clippy::arithmetic_side_effects, reason = "tests may overflow: they then fail")]

use super::World;

/// splitmix64.
pub(super) struct Dice(pub(super) u64);

impl Dice {
    pub(super) fn below(&mut self, n: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % n
    }

    /// A place in a list of so many.
    pub(super) fn place(&mut self, n: usize) -> usize {
        usize::try_from(self.below(u64::try_from(n).unwrap())).unwrap()
    }

    /// Micro-units below so many.
    pub(super) fn amount(&mut self, n: u64) -> i64 {
        i64::try_from(self.below(n)).unwrap()
    }
}

/// The seed that is named, or the usual one; printed.
fn seed() -> u64 {
    let named = std::env::var_os("FAREGATE_SEED").and_then(|seed| seed.to_str()?.parse().ok());
    let seed = named.unwrap_or(20_180_614);
    println!("FAREGATE_SEED={seed}");
    seed
}

#[test]
fn whatever_is_killed_every_account_pays_exactly_what_the_module_did() {
    let soak = std::env::var_os("FAREGATE_SOAK").is_some();
    let n_all: u64 = if soak { 100_000_000 } else { 600_000 };
    let n_each = if soak { 1_000_000 } else { 60_000 };
    let first = seed();
    let (mut n_crashes, mut n_doubts, mut n_refunds, mut n_entries, mut n_executed) =
        (0, 0, 0, 0, 0);
    let mut n_batches = 0;
    for round in 0..n_all / n_each {
        let mut world = World::new(first.wrapping_add(round));
        for n in 0..n_each {
            world.operate();
            if n % 5_000 == 4_999 {
                world.rest();
            }
        }
        world.rest();
        n_crashes += world.n_crashes;
        n_doubts += world.n_doubts;
        n_refunds += world.n_refunds;
        n_batches += world.n_batches;
        n_entries += world.disk.n_entries;
        n_executed += world.module.n_executed;
    }
    println!(
        "{n_all} operations: {n_entries} entries, {n_executed} executions, {n_batches} batches, {n_refunds} refunds, \
         {n_doubts} doubts, {n_crashes} crashes"
    );
    // A simulation in which nothing goes wrong shows nothing.
    assert!(n_crashes > 500 && n_doubts > 500 && n_refunds > 500 && n_executed > 5_000);
    assert!(n_batches > 500);
}

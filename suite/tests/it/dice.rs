//! Chance that can be repeated: by the printed seed.

use std::time::{Duration, Instant};

pub(crate) fn soak() -> bool {
    std::env::var_os("FAREGATE_SOAK").is_some()
}

/// splitmix64: where the kills fall depends on the printed seed alone.
pub(crate) struct Dice(u64);

impl From<u64> for Dice {
    fn from(seed: u64) -> Self {
        Self(seed)
    }
}

impl Dice {
    pub(crate) fn from_environment() -> Self {
        let seed = std::env::var("FAREGATE_SEED")
            .ok()
            .and_then(|seed| seed.parse().ok())
            .unwrap_or(20180614);
        println!("FAREGATE_SEED={seed}");
        Self(seed)
    }

    pub(crate) fn below(&mut self, n: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % n
    }
}

/// How many rounds of a campaign: few, or in a soak as many as the time allows, 10 minutes unless
/// `FAREGATE_SOAK_SECONDS` says otherwise.
pub(crate) fn rounds(few: usize, many: usize) -> impl Iterator<Item = usize> {
    let seconds = std::env::var("FAREGATE_SOAK_SECONDS").ok().and_then(|text| text.parse().ok());
    let end = Instant::now() + Duration::from_secs(seconds.unwrap_or(600));
    let n_rounds = if soak() { many } else { few };
    (1..=n_rounds).take_while(move |_| !soak() || Instant::now() < end)
}

//! The cell, as mathematics: the Generic Cell Rate Algorithm (ITU-T I.371), exact in microseconds.
//!
//! A cell is one number, the theoretical arrival time (TAT): when it would be full again. A call of cost
//! `c` moves it by `c` intervals and is refused if it would then lie more than a burst ahead of now.

use crate::facts::Rate;

const SECOND_US: i64 = 1_000_000;

/// What a cell says to a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decision {
    /// It may go on, and the cell moves.
    Allowed {
        /// The cell's new value.
        tat_us: i64,
        /// Units left after this call.
        remaining: u32,
        /// Whole seconds until the cell is full again, rounded up.
        reset_s: u32,
    },
    /// It may not, and the cell stays.
    Refused {
        /// Whole seconds until this very call would pass, rounded up, at least 1.
        retry_after_s: u32,
        /// Units left, fewer than the call wants.
        remaining: u32,
        /// Whole seconds until the cell is full again, rounded up.
        reset_s: u32,
    },
}

/// Decides for a call of `cost` units at `now_us`. A cell that was never used is `i64::MIN`. A cost above
/// the burst is taken for the burst: it would never pass otherwise.
#[must_use]
pub fn decide(tat_us: i64, now_us: i64, rate: Rate, cost: u32) -> Decision {
    let interval_us = SECOND_US.saturating_div(i64::from(rate.per_second.get())).max(1);
    let burst_us = interval_us.saturating_mul(i64::from(rate.burst.get()));
    let cost_us = interval_us.saturating_mul(i64::from(cost.min(rate.burst.get())));
    // A TAT further ahead than a burst is a clock that was set back: it heals instead of locking out.
    let from = tat_us.clamp(now_us, now_us.saturating_add(burst_us));
    let to = from.saturating_add(cost_us);
    let over_us = to.saturating_sub(now_us.saturating_add(burst_us));
    let left = |tat: i64| {
        let room = now_us.saturating_add(burst_us).saturating_sub(tat).max(0);
        u32::try_from(room.saturating_div(interval_us)).unwrap_or(u32::MAX)
    };
    let reset_s = |tat: i64| seconds_up(tat.saturating_sub(now_us));
    if over_us > 0 {
        let retry_after_s = seconds_up(over_us).max(1);
        Decision::Refused { retry_after_s, remaining: left(from), reset_s: reset_s(from) }
    } else {
        Decision::Allowed { tat_us: to, remaining: left(to), reset_s: reset_s(to) }
    }
}

/// The furthest ahead that a TAT can be at `now_us`: that of an empty cell. One beyond it is from a clock that
/// was set back, and whoever keeps it brings it down to this, or the cell refuses until that time comes again.
#[must_use]
pub fn emptiest(now_us: i64, rate: Rate) -> i64 {
    let interval_us = SECOND_US.saturating_div(i64::from(rate.per_second.get())).max(1);
    now_us.saturating_add(interval_us.saturating_mul(i64::from(rate.burst.get())))
}

fn seconds_up(us: i64) -> u32 {
    let up = us.max(0).saturating_add(SECOND_US.saturating_sub(1)).saturating_div(SECOND_US);
    u32::try_from(up).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod spec {
    use std::num::NonZeroU32;

    use proptest::prelude::*;

    use super::*;

    fn rate(per_second: u32, burst: u32) -> Rate {
        Rate {
            per_second: NonZeroU32::new(per_second).unwrap(),
            burst: NonZeroU32::new(burst).unwrap(),
        }
    }

    #[test]
    fn a_burst_passes_then_one_an_interval() {
        let mut tat = i64::MIN;
        for (n, (at_ms, cost, passes)) in [
            (0, 1, true),
            (0, 1, true),
            (0, 1, true),
            (0, 1, false),
            (99, 1, false),
            (100, 1, true),
            (100, 1, false),
            (10_000, 3, true),
            (10_000, 1, false),
            (10_100, 2, false),
            (10_200, 2, true),
            (30_000, 4, true), // more than the burst counts as the burst
            (30_000, 0, true), // nothing is always there
        ]
        .into_iter()
        .enumerate()
        {
            let decision = decide(tat, at_ms * 1000, rate(10, 3), cost);
            assert_eq!(
                matches!(decision, Decision::Allowed { .. }),
                passes,
                "row {n}: {decision:?}"
            );
            if let Decision::Allowed { tat_us, .. } = decision {
                tat = tat_us
            }
        }
    }

    proptest! {
        /// Over any time, no more units pass than the burst and what the rate gives back.
        #[test]
        fn no_trace_gets_more_than_burst_plus_rate_times_time(
            steps in prop::collection::vec((0_i64..500_000, 0_u32..4), 1..200), per_second in 1_u32..50, burst in 1_u32..20,
        ) {
            let (mut tat, mut now, mut passed) = (i64::MIN, 0_i64, 0_i64);
            let rate = rate(per_second, burst);
            for (wait, cost) in steps {
                now += wait;
                if let Decision::Allowed { tat_us, remaining, .. } = decide(tat, now, rate, cost) {
                    tat = tat_us;
                    passed += i64::from(cost.min(burst));
                    prop_assert!(remaining <= burst);
                }
                let interval = 1_000_000 / i64::from(per_second);
                prop_assert!(passed <= i64::from(burst) + now / interval);
            }
        }

        /// Who waits as long as told passes.
        #[test]
        fn retry_after_is_enough(tat in 0_i64..100_000_000, cost in 1_u32..5, per_second in 1_u32..20, burst in 5_u32..20) {
            let rate = rate(per_second, burst);
            if let Decision::Refused { retry_after_s, .. } = decide(tat, 50_000_000, rate, cost) {
                let later = 50_000_000 + i64::from(retry_after_s) * 1_000_000;
                prop_assert!(matches!(decide(tat.min(50_000_000 + i64::from(burst) * (1_000_000 / i64::from(per_second))), later, rate, cost), Decision::Allowed { .. }), "not allowed");
            }
        }
    }
}

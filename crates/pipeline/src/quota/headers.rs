//! `RateLimit` and `RateLimit-Policy`, as the httpapi working group's draft has them (CRATES 7).

use std::fmt::Write as _;

use crate::facts::{CellVerdict, Limit, Verdict};

/// The two headers for what the cells answered; none if the call touches no cell.
#[must_use]
pub fn of(verdict: &Verdict) -> Option<(String, String)> {
    let mut limit = String::new();
    let mut policy = String::new();
    // Of a protective limit nothing is told.
    for cell in verdict.cells.iter().filter(|cell| !cell.hidden) {
        if !limit.is_empty() {
            limit.push_str(", ");
            policy.push_str(", ");
        }
        let CellVerdict { name, window_s, remaining, reset_s, .. } = cell;
        // Writing to a string cannot fail.
        let _ = match cell.limit {
            Limit::Rate(rate) => write!(policy, "\"{name}\";q={};w={window_s}", rate.burst),
            Limit::Day(total) | Limit::Month(total) => {
                write!(policy, "\"{name}\";q={total};w={window_s}")
            }
            // It has no window: what is over is free again.
            Limit::AtOnce(most) => {
                write!(policy, "\"{name}\";q={most};qu=\"concurrent-requests\"")
            }
        };
        let _ = match cell.limit {
            Limit::Rate(_) | Limit::Day(_) | Limit::Month(_) => {
                write!(limit, "\"{name}\";r={remaining};t={reset_s}")
            }
            Limit::AtOnce(_) => write!(limit, "\"{name}\";r={remaining}"),
        };
    }
    (!limit.is_empty()).then_some((limit, policy))
}

#[cfg(test)]
mod spec {
    use std::num::NonZeroU32;

    use super::*;
    use crate::facts::Rate;

    #[test]
    fn each_cell_is_an_item_of_both_lists() {
        let n = |n| NonZeroU32::new(n).unwrap();
        let rate = Limit::Rate(Rate { per_second: n(5), burst: n(12) });
        let cell = |name, limit, remaining| CellVerdict {
            name,
            limit,
            window_s: 3,
            hidden: false,
            in_calls: false,
            remaining,
            reset_s: 2,
            refused_for_s: None,
        };
        let verdict = |cells: &[CellVerdict]| Verdict { cells: cells.into(), place: None };
        assert_eq!(of(&Verdict::default()), None);
        let two = verdict(&[cell("account", rate, 3), cell("action", rate, 0)]);
        let (limit, policy) = of(&two).unwrap();
        assert_eq!(limit, r#""account";r=3;t=2, "action";r=0;t=2"#);
        assert_eq!(policy, r#""account";q=12;w=3, "action";q=12;w=3"#);
        let hidden = CellVerdict { hidden: true, ..cell("address", rate, 3) };
        assert_eq!(of(&verdict(&[hidden])), None, "a protective limit shows nothing");
        let three = verdict(&[hidden, cell("key-at-once", Limit::AtOnce(n(4)), 1)]);
        let (limit, policy) = of(&three).unwrap();
        assert_eq!(limit, r#""key-at-once";r=1"#);
        assert_eq!(policy, r#""key-at-once";q=4;qu="concurrent-requests""#);
    }
}

//! `RateLimit` and `RateLimit-Policy`, as the httpapi working group's draft has them (CRATES 7).

use std::fmt::Write as _;

use crate::facts::Verdict;

/// The two headers for what the cells answered; none if the call touches no cell.
#[must_use]
pub fn of(verdict: &Verdict) -> Option<(String, String)> {
    let mut limit = String::new();
    let mut policy = String::new();
    for cell in &verdict.cells {
        if !limit.is_empty() {
            limit.push_str(", ");
            policy.push_str(", ");
        }
        // The window is the time in which a burst comes back, in whole seconds.
        let window_s = cell.rate.burst.get().div_ceil(cell.rate.per_second.get());
        // Writing to a string cannot fail.
        let _ = write!(limit, "\"{}\";r={};t={}", cell.name, cell.remaining, cell.reset_s);
        let _ = write!(policy, "\"{}\";q={};w={window_s}", cell.name, cell.rate.burst);
    }
    (!limit.is_empty()).then_some((limit, policy))
}

#[cfg(test)]
mod spec {
    use std::num::NonZeroU32;

    use super::*;
    use crate::facts::{CellVerdict, Rate};

    #[test]
    fn each_cell_is_an_item_of_both_lists() {
        let n = |n| NonZeroU32::new(n).unwrap();
        let cell = |name, remaining| CellVerdict {
            name,
            rate: Rate { per_second: n(5), burst: n(12) },
            remaining,
            reset_s: 2,
            refused_for_s: None,
        };
        assert_eq!(of(&Verdict::default()), None);
        let two = Verdict { cells: [cell("account", 3), cell("action", 0)].into_iter().collect() };
        let (limit, policy) = of(&two).unwrap();
        assert_eq!(limit, r#""account";r=3;t=2, "action";r=0;t=2"#);
        assert_eq!(policy, r#""account";q=12;w=3, "action";q=12;w=3"#);
    }
}

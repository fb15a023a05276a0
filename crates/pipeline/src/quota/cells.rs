//! Every kind of cell: rates, totals of a day and of a month, calls under way. One state, one decision.

use crate::facts::{Cell, CellVerdict, Limit};
use crate::quota::gcra::{self, Decision};
use crate::time::{Date, Millis};

/// What is kept of a cell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Kept {
    /// Of a rate: when the cell would be full again, in microseconds. Of a total: its day or month.
    pub at: i64,
    /// Of a total: the units used in it. Of calls under way: how many.
    pub used: u64,
}

impl Kept {
    /// A cell that was never used.
    pub const UNUSED: Self = Self { at: i64::MIN, used: 0 };

    /// Is the cell as good as one that was never used.
    #[must_use]
    pub fn is_over(&self, limit: Limit, now: Millis) -> bool {
        match limit {
            Limit::Rate(_) => self.at <= now.as_ms().saturating_mul(1000),
            Limit::Day(_) => self.at < Date::of(now).days(),
            Limit::Month(_) => self.at < Date::of(now).months(),
            Limit::AtOnce(_) => self.used == 0,
        }
    }
}

/// Decides for a call of `cost` units: the verdict, and what is kept if all other cells agree.
#[must_use]
pub fn decide(kept: Kept, now: Millis, cell: &Cell, cost: u32) -> (CellVerdict, Kept) {
    let now_us = now.as_ms().saturating_mul(1000);
    let verdict = |window_s, remaining, reset_s, refused_for_s| CellVerdict {
        window_s,
        name: cell.name,
        limit: cell.limit,
        hidden: cell.hidden,
        in_calls: cell.in_calls,
        remaining,
        reset_s,
        refused_for_s,
    };
    match cell.limit {
        Limit::Rate(rate) => {
            // The time in which a burst comes back, in whole seconds.
            let window_s = rate.burst.get().div_ceil(rate.per_second.get());
            match gcra::decide(kept.at, now_us, rate, cost) {
                Decision::Allowed { tat_us, remaining, reset_s } => (
                    verdict(window_s, remaining.into(), reset_s, None),
                    Kept { at: tat_us, used: 0 },
                ),
                Decision::Refused { retry_after_s, remaining, reset_s } => {
                    // A clock that was set back would refuse until that time comes again.
                    let at = kept.at.min(gcra::emptiest(now_us, rate));
                    (
                        verdict(window_s, remaining.into(), reset_s, Some(retry_after_s)),
                        Kept { at, used: 0 },
                    )
                }
            }
        }
        Limit::Day(total) => {
            let day = Date::of(now).days();
            let end = Millis::from_secs(day.saturating_add(1).saturating_mul(86_400));
            let (left, used) = of_period(kept, day, total.get(), cost);
            let wait_s = seconds_until(end, now);
            let refused = left.is_none().then_some(wait_s);
            let remaining = total.get().saturating_sub(used);
            (verdict(86_400, remaining, wait_s, refused), Kept { at: day, used })
        }
        Limit::Month(total) => {
            let month = Date::of(now).months();
            let end = Date::month_begins(month.saturating_add(1));
            let (left, used) = of_period(kept, month, total.get(), cost);
            let wait_s = seconds_until(end, now);
            let refused = left.is_none().then_some(wait_s);
            let remaining = total.get().saturating_sub(used);
            let window_s = seconds_until(end, Date::month_begins(month));
            (verdict(window_s, remaining, wait_s, refused), Kept { at: month, used })
        }
        Limit::AtOnce(most) => {
            let most = u64::from(most.get());
            let wanted = kept.used.saturating_add(u64::from(cost.min(1)));
            if wanted > most {
                (verdict(0, most.saturating_sub(kept.used), 1, Some(1)), kept)
            } else {
                (verdict(0, most.saturating_sub(wanted), 1, None), Kept { at: 0, used: wanted })
            }
        }
    }
}

/// Whether a period has room for a call, and what of it is used then. A cost above the total is taken for the total: it
/// would never pass otherwise. A period that lies ahead is from a clock that was set back: what was used stays used.
fn of_period(kept: Kept, period: i64, total: u64, cost: u32) -> (Option<()>, u64) {
    let used = if kept.at >= period { kept.used } else { 0 };
    let wanted = used.saturating_add(u64::from(cost).min(total));
    if wanted > total { (None, used) } else { (Some(()), wanted) }
}

fn seconds_until(end: Millis, now: Millis) -> u32 {
    let seconds = end.since(now).max(0).saturating_add(999) / 1000;
    u32::try_from(seconds.max(1)).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod spec {
    use std::num::{NonZeroU32, NonZeroU64};

    use super::*;
    use crate::authz::policy::moment;
    use crate::facts::{CellKey, Kind, Subject};

    fn cell(limit: Limit) -> Cell {
        let key = CellKey { subject: Subject::Account(1), kind: Kind::of(limit) };
        Cell { key, limit, cost: 1, name: "account", hidden: false, in_calls: false }
    }

    #[test]
    fn totals_are_of_the_calendar_in_utc_and_begin_anew_with_it() {
        let total = NonZeroU64::new(5).unwrap();
        for (title, limit, steps) in [
            (
                "a day",
                Limit::Day(total),
                &[
                    ("2018-05-21T23:59:58Z", 4, None, 1),
                    ("2018-05-21T23:59:58.5Z", 2, Some(2), 1),
                    ("2018-05-21T23:59:59Z", 1, None, 0),
                    ("2018-05-21T23:59:59.999Z", 1, Some(1), 0),
                    ("2018-05-22T00:00:00Z", 9, None, 0),
                    ("2018-05-22T12:00:00Z", 1, Some(43_200), 0),
                    // A clock that was set back gives nothing back.
                    ("2018-05-20T23:00:00Z", 1, Some(3_600), 0),
                    ("2018-05-21T00:00:00Z", 1, None, 4),
                ][..],
            ),
            (
                "a month",
                Limit::Month(total),
                &[
                    ("2018-02-28T23:00:00Z", 5, None, 0),
                    ("2018-02-28T23:00:00Z", 1, Some(3_600), 0),
                    ("2018-03-01T00:00:00Z", 1, None, 4),
                    ("2018-12-31T23:59:59Z", 5, None, 0),
                    ("2019-01-01T00:00:00Z", 5, None, 0),
                ],
            ),
        ] {
            let mut kept = Kept::UNUSED;
            for (at, cost, refused, remaining) in steps {
                let (verdict, then) = decide(kept, moment(at).unwrap(), &cell(limit), *cost);
                assert_eq!(
                    (verdict.refused_for_s, verdict.remaining),
                    (*refused, *remaining),
                    "{title} {at}"
                );
                kept = then;
            }
        }
    }

    #[test]
    fn calls_under_way_are_as_many_as_may_be_whatever_they_cost() {
        let limit = Limit::AtOnce(NonZeroU32::new(2).unwrap());
        let now = Millis::new(0);
        let (one, kept) = decide(Kept::UNUSED, now, &cell(limit), 100);
        let (two, kept) = decide(kept, now, &cell(limit), 1);
        let (three, after) = decide(kept, now, &cell(limit), 1);
        assert_eq!([one.remaining, two.remaining, three.remaining], [1, 0, 0]);
        assert_eq!(three.refused_for_s, Some(1));
        assert_eq!(after, kept);
    }
}

//! A naive model of quotas, compared with the store over random traces, restarts among them: as many calls are let in,
//! and the same ones.

use std::collections::HashMap;
use std::num::{NonZeroU32, NonZeroU64};

use faregate_pipeline::facts::{Cell, CellKey, Kind, Limit, Rate, Subject};
use faregate_pipeline::time::Millis;
use proptest::prelude::*;

use super::TEN;
use crate::{Options, Stores};

/// Every call that was let in, and nothing else: each question is answered from the list.
#[derive(Default)]
struct Model {
    let_in: HashMap<CellKey, Vec<(i64, u64)>>,
}

impl Model {
    fn room(&self, cell: &Cell, at_ms: i64) -> bool {
        let taken = self.let_in.get(&cell.key).map(Vec::as_slice).unwrap_or_default();
        let cost = u64::from(cell.cost);
        match cell.limit {
            Limit::Day(total) => {
                let day = |ms: i64| ms.div_euclid(86_400_000);
                let used: u64 =
                    taken.iter().filter(|(t, _)| day(*t) == day(at_ms)).map(|(_, n)| n).sum();
                used + cost.min(total.get()) <= total.get()
            }
            // A bucket of whole units in exact time: it fills by `per_second`, at most to `burst`.
            Limit::Rate(rate) => {
                let (unit, most) = (1_000_i128, i128::from(rate.burst.get()) * 1_000);
                let (mut level, mut last) = (most, i64::MIN);
                for (t, n) in taken {
                    level = refill(level, last, *t, rate, most) - i128::from(*n) * unit;
                    last = *t;
                }
                refill(level, last, at_ms, rate, most)
                    >= i128::from(cost.min(u64::from(rate.burst.get()))) * unit
            }
            Limit::Month(_) | Limit::AtOnce(_) => true,
        }
    }

    fn take(&mut self, cells: &[Cell], at_ms: i64) -> bool {
        let is_let_in = cells.iter().all(|cell| self.room(cell, at_ms));
        for cell in cells.iter().filter(|_| is_let_in) {
            let most = match cell.limit {
                Limit::Rate(rate) => u64::from(rate.burst.get()),
                Limit::Day(total) | Limit::Month(total) => total.get(),
                Limit::AtOnce(most) => u64::from(most.get()),
            };
            let taken = self.let_in.entry(cell.key).or_default();
            taken.push((at_ms, u64::from(cell.cost).min(most)));
        }
        is_let_in
    }
}

/// In thousandths of a unit: a rate that divides 1,000 gives whole ones each millisecond.
fn refill(level: i128, last: i64, now: i64, rate: Rate, most: i128) -> i128 {
    if last == i64::MIN {
        return most;
    }
    (level + i128::from(now - last) * i128::from(rate.per_second.get())).min(most)
}

#[derive(Clone, Debug)]
struct Call {
    wait_ms: i64,
    account: i64,
    action: u64,
    key: u64,
    cost: u32,
    restarts: bool,
}

fn calls() -> impl Strategy<Value = Vec<Call>> {
    let waits = prop_oneof![6 => 0_i64..40, 3 => 0_i64..2_000, 1 => 0_i64..40_000_000];
    let call = (waits, 1_i64..3, 0_u64..2, 0_u64..3, 1_u32..6, prop::bool::weighted(0.04));
    let call = call.prop_map(|(wait_ms, account, action, key, cost, restarts)| Call {
        wait_ms,
        account,
        action,
        key,
        cost,
        restarts,
    });
    prop::collection::vec(call, 1..120)
}

fn cells(call: &Call, limits: (u32, u32, u64)) -> Vec<Cell> {
    let (per_second, burst, day) = limits;
    let n = |n| NonZeroU32::new(n).unwrap();
    let rate = |times| Limit::Rate(Rate { per_second: n(per_second), burst: n(burst * times) });
    let day = Limit::Day(NonZeroU64::new(day).unwrap());
    let of = |subject, limit, cost| {
        let key = CellKey { subject, kind: Kind::of(limit) };
        Cell { key, limit, cost, name: "cell", hidden: false, in_calls: false }
    };
    let Call { account, action, key, cost, .. } = *call;
    vec![
        of(Subject::Account(account), rate(2), cost),
        of(Subject::Account(account), day, cost),
        of(Subject::Action(account, action), rate(1), cost),
        of(Subject::Key(account, key), rate(1), 1),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(if std::env::var_os("FAREGATE_SOAK").is_some() { 2_000 } else { 24 }))]

    #[test]
    fn as_many_calls_are_let_in_as_the_model_lets_in_restarts_or_not(
        calls in calls(),
        per_second in prop::sample::select(vec![1_u32, 2, 5, 10, 20, 50, 100]), burst in 1_u32..12, day in 5_u64..120,
    ) {
        let folder = tempfile::tempdir().unwrap();
        let data = folder.path().join("data");
        Stores::create(&data).unwrap();
        let mut stores = Stores::open(Options::new(&data), TEN).unwrap();
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let (mut model, mut now) = (Model::default(), TEN);
        for call in &calls {
            now = now.plus(call.wait_ms);
            if call.restarts {
                drop(stores);
                stores = Stores::open(Options::new(&data), now).unwrap();
            }
            let cells = cells(call, (per_second, burst, day));
            let ours = runtime.block_on(stores.take(&cells, now)).unwrap().refused().is_none();
            prop_assert_eq!(ours, model.take(&cells, Millis::as_ms(now)), "{:?} at {}", call, now);
        }
    }
}

//! What money does and refuses: tables, and random histories against the naive model.
#![expect(clippy::arithmetic_side_effects, reason = "tests may overflow: they then fail")]

use proptest::prelude::*;

use crate::model::Model;
use crate::*;

const CNY: Currency = Currency::CNY;

fn cny(text: &str) -> Money {
    Money::parse(text, CNY).unwrap()
}

#[test]
fn decimal_strings_are_read_exactly_and_written_shortest() {
    for (text, micros, shown) in [
        ("30.00", 30_000_000, "30.00"),
        ("30", 30_000_000, "30.00"),
        ("30.5", 30_500_000, "30.50"),
        ("0.000001", 1, "0.000001"),
        ("0.120", 120_000, "0.12"),
        ("-0.05", -50_000, "-0.05"),
        ("007", 7_000_000, "7.00"),
        ("10000.00", 10_000_000_000, "10000.00"),
        ("9223372036854.775807", i64::MAX, "9223372036854.775807"),
        ("-9223372036854.775808", i64::MIN, "-9223372036854.775808"),
    ] {
        let money = cny(text);
        assert_eq!((money.micros(), money.to_string().as_str()), (micros, shown), "{text}");
    }
}

#[test]
fn other_texts_are_not_money() {
    for (text, why) in [
        ("", NotMoney::Form),
        ("-", NotMoney::Form),
        (".5", NotMoney::Form),
        ("5.", NotMoney::Form),
        ("+5", NotMoney::Form),
        ("1e3", NotMoney::Form),
        ("1.2.3", NotMoney::Form),
        (" 1", NotMoney::Form),
        ("1,000", NotMoney::Form),
        ("٣", NotMoney::Form),
        ("0.0000001", NotMoney::Decimals),
        ("9223372036854.775808", NotMoney::Range),
        ("99999999999999999999", NotMoney::Range),
    ] {
        assert_eq!(Money::parse(text, CNY), Err(why), "{text}");
    }
}

#[test]
fn a_currency_is_three_capital_letters() {
    assert_eq!(Currency::parse("USD").unwrap().to_string(), "USD");
    for text in ["", "CN", "cny", "CNYY", "C1Y", "元"] {
        assert_eq!(Currency::parse(text), None, "{text}");
    }
}

#[test]
fn currencies_neither_mix_nor_compare() {
    let (ours, theirs) = (cny("1"), Money::parse("1", Currency::parse("USD").unwrap()).unwrap());
    assert_eq!(ours.partial_cmp(&theirs), None);
    assert_eq!((ours.checked_add(theirs), ours.checked_sub(theirs)), (None, None));
    assert!(cny("1.01") > ours);
    assert_eq!(ours.checked_add(cny("0.5")), Some(cny("1.5")));
    assert_eq!(ours.checked_sub(cny("2")), Some(cny("-1")));
    assert_eq!(cny("30").checked_mul(3), Some(cny("90")));
    assert_eq!(Money::from_micros(i64::MAX, CNY).checked_add(cny("0.000001")), None);
    let mut balance = Balance::empty(CNY);
    let usd = theirs.currency();
    assert_eq!(balance.top_up(theirs), Err(Refused::Currency { ours: CNY, theirs: usd }));
}

/// `give` is topped up, `price` reserved, then the steps run. `end` is the answer of the last one
/// and what is available and held after it.
#[track_caller]
fn verify(give: &str, price: &str, steps: &[Step], end: (Result<HoldState, ()>, &str, &str)) {
    let mut balance = Balance::empty(CNY);
    balance.top_up(cny(give)).unwrap();
    let outcome = Hold::reserve(&mut balance, cny(price)).map_err(drop).and_then(|(hold, _)| {
        let mut hold = hold;
        for step in steps {
            hold.step(&mut balance, *step).map_err(drop)?;
        }
        Ok(hold.state())
    });
    let shown = (outcome, balance.available().to_string(), balance.held().to_string());
    let (state, available, held) = end;
    assert_eq!(shown, (state, available.to_owned(), held.to_owned()), "{give} {price} {steps:?}");
    assert_eq!(balance.sum_micros(), 0);
}

#[test]
fn a_hold_ends_once_and_by_a_commit_only_if_it_was_sent() {
    use Ending::{Commit, Release};
    use HoldState::{Answered, Committed, InDoubt, Released, Reserved, Sending};
    use Step::{Answer, Doubt, GiveBack, Judge, Send, Settle};
    let rows: [(&[Step], _); 16] = [
        (&[], (Ok(Reserved), "70.00", "30.00")),
        (&[GiveBack], (Ok(Released), "100.00", "0.00")),
        (&[GiveBack, GiveBack], (Err(()), "100.00", "0.00")),
        (&[GiveBack, Send], (Err(()), "100.00", "0.00")),
        (&[Settle], (Err(()), "70.00", "30.00")),
        (&[Answer(Commit)], (Err(()), "70.00", "30.00")),
        (&[Send], (Ok(Sending), "70.00", "30.00")),
        (&[Send, GiveBack], (Err(()), "70.00", "30.00")),
        (&[Send, Answer(Commit)], (Ok(Answered(Commit)), "70.00", "30.00")),
        (&[Send, Answer(Commit), Settle], (Ok(Committed), "70.00", "0.00")),
        (&[Send, Answer(Release), Settle], (Ok(Released), "100.00", "0.00")),
        (&[Send, Answer(Release), Settle, Settle], (Err(()), "100.00", "0.00")),
        (&[Send, Doubt], (Ok(InDoubt), "70.00", "30.00")),
        (&[Send, Doubt, Settle], (Err(()), "70.00", "30.00")),
        (&[Send, Doubt, Judge(Commit)], (Ok(Committed), "70.00", "0.00")),
        (&[Send, Doubt, Judge(Release), Judge(Commit)], (Err(()), "100.00", "0.00")),
    ];
    for (steps, end) in rows {
        verify("100", "30", steps, end);
    }
}

#[test]
fn a_price_beyond_the_balance_holds_nothing() {
    verify("29.999999", "30", &[], (Err(()), "29.999999", "0.00"));
    verify("30", "30", &[], (Ok(HoldState::Reserved), "0.00", "30.00"));
    verify("30", "0", &[], (Err(()), "30.00", "0.00"));
    verify("30", "-1", &[], (Err(()), "30.00", "0.00"));
}

#[test]
fn after_a_crash_only_the_unsent_are_given_back() {
    for (state, ends) in [
        (HoldState::Reserved, HoldState::Released),
        (HoldState::Sending, HoldState::InDoubt),
        (HoldState::Answered(Ending::Commit), HoldState::Committed),
        (HoldState::Answered(Ending::Release), HoldState::Released),
        (HoldState::InDoubt, HoldState::InDoubt),
        (HoldState::Committed, HoldState::Committed),
        (HoldState::Released, HoldState::Released),
    ] {
        let after = state.on_restart().map_or(Some(state), |step| state.after(step));
        assert_eq!(after, Some(ends), "{state}");
        assert_eq!(HoldState::parse(state.as_str()), Ok(state));
    }
}

#[test]
fn a_false_entry_is_found_where_it_stands() {
    let good = [Entry::of(Move::TopUp, cny("10")), Entry::of(Move::Reserve, cny("4"))];
    let balance = recompute(CNY, good).unwrap();
    assert_eq!(Balance::restore(CNY, 6_000_000, 4_000_000, 0, 0), Ok(balance));
    let [first, second] = good;
    assert_eq!(recompute(CNY, [second, first]).map_err(|(at, _)| at), Err(0));
    let stolen = [first, second, Entry::of(Move::Release, cny("4.01"))];
    assert_eq!(recompute(CNY, stolen), Err((2, Refused::NotHeld { held: cny("4") })));
    assert!(Balance::restore(CNY, -1, 0, 0, 0).is_err());
    let mut full = Balance::restore(CNY, 0, 0, i64::MAX, 0).unwrap();
    assert_eq!(full.top_up(cny("0.000001")), Err(Refused::Overflow));
}

#[test]
fn a_correction_takes_what_is_available_and_credit_what_was_not_spent() {
    let mut balance = Balance::empty(CNY);
    balance.top_up(cny("10")).unwrap();
    // What is done, whether it is, and what is available, lent and the account's own after it.
    type Act = fn(&mut Balance, Money) -> bool;
    let rows: [(&str, Act, &str, bool, [&str; 3]); 9] = [
        (
            "take more than there is",
            |b, m| b.adjust(m).is_ok(),
            "-10.000001",
            false,
            ["10.00", "0.00", "10.00"],
        ),
        ("take", |b, m| b.adjust(m).is_ok(), "-4", true, ["6.00", "0.00", "6.00"]),
        ("give", |b, m| b.adjust(m).is_ok(), "1.5", true, ["7.50", "0.00", "7.50"]),
        ("nothing", |b, m| b.adjust(m).is_ok(), "0", false, ["7.50", "0.00", "7.50"]),
        ("lend", |b, m| b.set_credit(m).is_ok(), "20", true, ["27.50", "20.00", "7.50"]),
        ("lend the same", |b, m| b.set_credit(m).is_ok(), "20", true, ["27.50", "20.00", "7.50"]),
        (
            "take what is lent",
            |b, m| b.adjust(m).is_ok(),
            "-17.5",
            true,
            ["10.00", "20.00", "-10.00"],
        ),
        (
            "lend less than was spent",
            |b, m| b.set_credit(m).is_ok(),
            "9",
            false,
            ["10.00", "20.00", "-10.00"],
        ),
        (
            "lend what was spent",
            |b, m| b.set_credit(m).is_ok(),
            "10",
            true,
            ["0.00", "10.00", "-10.00"],
        ),
    ];
    for (what, act, amount, done, sums) in rows {
        assert_eq!(act(&mut balance, cny(amount)), done, "{what}");
        let shown = [balance.available(), balance.credit(), balance.own()].map(|m| m.to_string());
        assert_eq!(shown, sums.map(str::to_owned), "{what}");
        assert_eq!(balance.sum_micros(), 0);
    }
    assert_eq!(balance.refund(cny("1")), Err(Refused::NotSpent { spent: cny("0") }));
}

#[test]
fn a_day_has_its_cap_and_what_is_given_back_may_be_spent_again() {
    const DAY: i64 = 86_400_000;
    let mut daily = Daily::restore(Some(cny("10")), 0, cny("0"));
    // When, how much, whether it may be, and what is spent of the day after it.
    for (at, amount, may, spent) in [
        (5 * DAY, "6", true, "6.00"),
        (5 * DAY + 1, "4.000001", false, "6.00"),
        (5 * DAY + 1, "4", true, "10.00"),
        (4 * DAY, "1", false, "10.00"), // the clock went back
        (6 * DAY - 1, "1", false, "10.00"),
        (6 * DAY, "1", true, "1.00"),
    ] {
        let done = daily.spend(cny(amount), at);
        assert_eq!(
            (done.is_ok(), daily.spent().to_string().as_str()),
            (may, spent),
            "{at} {amount}"
        );
        if let Err(capped) = done {
            assert_eq!((capped.cap, capped.resets_at_ms), (cny("10"), 6 * DAY));
        }
    }
    daily.give_back(cny("6"), 5 * DAY);
    assert_eq!(daily.spent(), cny("1"), "yesterday's");
    daily.give_back(cny("1"), 6 * DAY);
    assert_eq!((daily.spent(), daily.spent_at(7 * DAY)), (cny("0"), cny("0")));
    let mut free = Daily::restore(None, 0, cny("0"));
    assert_eq!(free.spend(cny("9000000000000"), 0), Ok(()));
    assert_eq!(free.spend(cny("9000000000000"), 0), Ok(()), "no cap, no bound");
}

#[test]
fn a_move_has_one_name() {
    for way in Move::ALL {
        assert_eq!(Move::parse(way.as_str()), Ok(way));
    }
    assert!(Move::parse("theft").is_err());
}

#[derive(Clone, Debug)]
enum Op {
    TopUp(i64),
    Adjust(i64),
    Credit(i64),
    Refund(i64),
    Reserve(i64),
    Step(usize, Step),
}

fn any_op() -> impl Strategy<Value = Op> {
    let ending = prop_oneof![Just(Ending::Commit), Just(Ending::Release)];
    let step = prop_oneof![
        Just(Step::Send),
        ending.clone().prop_map(Step::Answer),
        Just(Step::Settle),
        Just(Step::GiveBack),
        Just(Step::Doubt),
        ending.prop_map(Step::Judge),
    ];
    let amount = prop_oneof![8 => -3..1000_i64, 1 => Just(i64::MAX), 1 => Just(i64::MIN)];
    prop_oneof![
        1 => amount.clone().prop_map(Op::TopUp),
        1 => amount.clone().prop_map(Op::Adjust),
        1 => amount.clone().prop_map(Op::Credit),
        1 => amount.clone().prop_map(Op::Refund),
        2 => amount.prop_map(Op::Reserve),
        6 => (any::<usize>(), step).prop_map(|(at, step)| Op::Step(at, step)),
    ]
}

proptest! {
    #[test]
    fn every_history_keeps_the_promises(ops in proptest::collection::vec(any_op(), 0..120)) {
        let (mut balance, mut model) = (Balance::empty(CNY), Model::default());
        let (mut holds, mut entries) = (Vec::new(), Vec::new());
        for op in ops {
            let before = balance;
            let (done, expected) = match op {
                Op::TopUp(n) => {
                    let entry = balance.top_up(Money::from_micros(n, CNY));
                    entries.extend(entry);
                    (entry.is_ok(), model.top_up(n))
                }
                Op::Adjust(n) => {
                    let entry = balance.adjust(Money::from_micros(n, CNY));
                    entries.extend(entry);
                    (entry.is_ok(), model.adjust(n))
                }
                Op::Credit(n) => {
                    let entry = balance.set_credit(Money::from_micros(n, CNY));
                    entries.extend(entry.ok().flatten());
                    (entry.is_ok(), model.credit(n))
                }
                Op::Refund(n) => {
                    let entry = balance.refund(Money::from_micros(n, CNY));
                    entries.extend(entry);
                    (entry.is_ok(), model.refund(n))
                }
                Op::Reserve(n) => {
                    let held = Hold::reserve(&mut balance, Money::from_micros(n, CNY));
                    entries.extend(held.map(|(_, entry)| entry));
                    holds.extend(held.map(|(hold, _)| hold));
                    (held.is_ok(), model.reserve(n))
                }
                Op::Step(_, _) if holds.is_empty() => continue,
                Op::Step(at, step) => {
                    let at = at % holds.len();
                    let booked = holds[at].step(&mut balance, step);
                    entries.extend(booked.ok().flatten());
                    (booked.is_ok(), model.step(at, step))
                }
            };
            prop_assert_eq!(done, expected);
            prop_assert!(done || balance == before, "a refused step changed {:?}", before);
            let sums = [LedgerAccount::Available, LedgerAccount::Held, LedgerAccount::Revenue]
                .map(|account| i128::from(balance.of(account).micros()));
            prop_assert_eq!(sums, [model.available(), model.held(), model.spent()]);
            prop_assert_eq!(i128::from(balance.credit().micros()), model.lent());
            prop_assert!(balance.sum_micros() == 0 && sums.iter().all(|sum| *sum >= 0));
            prop_assert_eq!(recompute(CNY, entries.iter().copied()), Ok(balance));
        }
    }

    #[test]
    fn what_is_shown_is_read_back(micros: i64) {
        let money = Money::from_micros(micros, CNY);
        prop_assert_eq!(Money::parse(&money.to_string(), CNY), Ok(money));
    }
}

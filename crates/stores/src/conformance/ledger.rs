//! Money is held once, ends once, and no number of callers gets more than there is.

use faregate_ledger::{Currency, Ending, Money};
use faregate_pipeline::facts::{Account, HoldOutcome, Intent, Settlement};

use super::{TEN, World, id, intent, money, world};

fn sums_are_right(world: &mut World) {
    let check = world.admin.verify_ledger(None, &mut |_, _| {}).unwrap();
    assert!(check.is_good(), "{check:?}");
}

/// What is done with a hold of 4 out of 10.
#[derive(Clone, Copy, Debug)]
enum Do {
    Send,
    Settle(Settlement),
    Judge(Ending),
}

#[tokio::test]
pub(super) async fn a_hold_ends_once_whoever_says_so() {
    use Do::{Judge, Send, Settle};
    use Settlement::{Commit, InDoubt, Release};
    // Whether the last step is done, and what is available and held after it.
    let rows: [(&[Do], bool, &str, &str); 16] = [
        (&[], true, "6.00", "4.00"),
        (&[Settle(Commit)], false, "6.00", "4.00"),
        (&[Settle(Release)], true, "10.00", "0.00"),
        (&[Settle(InDoubt)], true, "10.00", "0.00"),
        (&[Settle(Release), Send], false, "10.00", "0.00"),
        (&[Send, Send], false, "6.00", "4.00"),
        (&[Send, Settle(Commit)], true, "6.00", "0.00"),
        (&[Send, Settle(Commit), Settle(Commit)], true, "6.00", "0.00"),
        (&[Send, Settle(Commit), Settle(Release)], false, "6.00", "0.00"),
        (&[Send, Settle(Commit), Settle(InDoubt)], true, "6.00", "0.00"),
        (&[Send, Settle(Release), Settle(Commit)], false, "10.00", "0.00"),
        (&[Send, Judge(Ending::Commit)], false, "6.00", "4.00"),
        (&[Send, Settle(InDoubt)], true, "6.00", "4.00"),
        (&[Send, Settle(InDoubt), Settle(Commit)], true, "6.00", "0.00"),
        (&[Send, Settle(InDoubt), Judge(Ending::Release)], true, "10.00", "0.00"),
        (&[Send, Settle(InDoubt), Judge(Ending::Commit), Settle(Release)], false, "6.00", "0.00"),
    ];
    let mut world = world();
    for (n, (steps, done, available, held)) in (0..).zip(rows) {
        let ann = world.account("10");
        let held_now = world.stores.reserve(&intent(n, &ann, "4"), TEN).await;
        assert_eq!(held_now, Ok(HoldOutcome::Held));
        let mut last = true;
        for step in steps {
            last = match *step {
                Send => world.stores.mark_sending(id(n)).await.is_ok(),
                Settle(s) => world.stores.settle(Some(id(n)), s, &ann.id, &[], TEN).await.is_ok(),
                Judge(ending) => world.admin.settle_hold(id(n), ending, "asked them").is_ok(),
            };
        }
        let sums = (available.to_owned(), held.to_owned());
        assert_eq!((last, world.balance(&ann)), (done, sums), "{steps:?}");
        sums_are_right(&mut world);
    }
    let unknown = world.stores.settle(Some(id(99)), Commit, "nobody", &[], TEN).await;
    assert!(unknown.is_err());
    assert!(world.stores.mark_sending(id(99)).await.is_err());
    assert!(world.admin.settle_hold(id(99), Ending::Commit, "").is_err());
}

#[tokio::test]
pub(super) async fn nothing_is_held_beyond_the_balance_twice_or_in_another_currency() {
    let mut world = world();
    let ann = world.account("10");
    let usd = Money::parse("1", Currency::parse("USD").unwrap()).unwrap();
    let short =
        |left: &str| HoldOutcome::Insufficient { available: money(left), credit: money("0") };
    let stranger = Account { id: "nobody".into(), ..ann.clone() };
    let rows = [
        ("free", intent(1, &ann, "0"), HoldOutcome::NothingToPay),
        ("a millionth too much", intent(2, &ann, "10.000001"), short("10")),
        ("all", intent(2, &ann, "10"), HoldOutcome::Held),
        ("the same call", intent(2, &ann, "10"), HoldOutcome::Duplicate),
        ("the same bytes", Intent { print: 2, ..intent(3, &ann, "1") }, HoldOutcome::Duplicate),
        ("nothing left", intent(4, &ann, "1"), short("0")),
        (
            "another currency",
            Intent { amount: usd, ..intent(5, &ann, "1") },
            HoldOutcome::Insufficient {
                available: Money::zero(usd.currency()),
                credit: Money::zero(usd.currency()),
            },
        ),
        ("nobody", intent(6, &stranger, "1"), short("0")),
    ];
    for (what, intent, outcome) in rows {
        assert_eq!(world.stores.reserve(&intent, TEN).await, Ok(outcome), "{what}");
    }
    assert!(world.stores.reserve(&intent(7, &ann, "-1"), TEN).await.is_err());
    assert_eq!(world.balance(&ann), ("0.00".into(), "10.00".into()));
    sums_are_right(&mut world);
}

#[tokio::test]
pub(super) async fn bytes_that_were_never_sent_may_come_again_and_sent_ones_not() {
    let mut world = world();
    let ann = world.account("10");
    let first = intent(1, &ann, "4");
    let again = Intent { request_id: id(2), ..first.clone() };
    assert_eq!(world.stores.reserve(&first, TEN).await, Ok(HoldOutcome::Held));
    world.stores.settle(Some(id(1)), Settlement::Release, &ann.id, &[], TEN).await.unwrap();
    assert_eq!(world.stores.reserve(&again, TEN).await, Ok(HoldOutcome::Held));
    world.stores.mark_sending(id(2)).await.unwrap();
    world.stores.settle(Some(id(2)), Settlement::Release, &ann.id, &[], TEN).await.unwrap();
    let third = Intent { request_id: id(3), ..first.clone() };
    assert_eq!(world.stores.reserve(&third, TEN).await, Ok(HoldOutcome::Duplicate));
    let much_later = TEN.plus(2 * 7_200_000 + 1);
    assert_eq!(world.stores.reserve(&third, much_later).await, Ok(HoldOutcome::Held), "too old");
}

#[test]
pub(super) fn sixty_four_at_once_with_money_for_ten_get_exactly_ten() {
    let mut world = world();
    let ann = world.account("30");
    // Each has a connection of its own there.
    let n_threads = if world.at.is_some() { 24 } else { 64 };
    let n_held: usize = std::thread::scope(|scope| {
        let buy = |n: u8| {
            let (stores, ann) = (world.stores.clone(), &ann);
            scope.spawn(move || {
                let runtime =
                    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
                let outcome = runtime.block_on(stores.reserve(&intent(n, ann, "3"), TEN)).unwrap();
                usize::from(outcome == HoldOutcome::Held)
            })
        };
        let threads: Vec<_> = (0..n_threads).map(buy).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).sum()
    });
    assert_eq!(n_held, 10);
    assert_eq!(world.balance(&ann), ("0.00".into(), "30.00".into()));
    sums_are_right(&mut world);
}

#[tokio::test]
pub(super) async fn a_restart_gives_back_the_unsent_and_doubts_the_sent() {
    let mut world = world();
    let ann = world.account("10");
    for n in 1..=3 {
        world.stores.reserve(&intent(n, &ann, "2"), TEN).await.unwrap();
    }
    world.stores.mark_sending(id(2)).await.unwrap();
    world.stores.mark_sending(id(3)).await.unwrap();
    world.stores.settle_later(id(3), Settlement::Commit, TEN);
    let mut world = world.reopened();
    let opened = world.stores.opened();
    assert_eq!((opened.n_holds_released, opened.n_holds_in_doubt), (1, 1));
    assert_eq!(world.balance(&ann), ("6.00".into(), "2.00".into()));
    let holds = world.admin.holds().unwrap();
    let doubted: Vec<_> = holds.iter().map(|hold| (hold.request_id, hold.amount)).collect();
    assert_eq!(doubted, [(id(2), money("2"))]);
    world.admin.settle_hold(id(2), Ending::Release, "the module never saw it").unwrap();
    assert_eq!(world.balance(&ann), ("8.00".into(), "0.00".into()));
    sums_are_right(&mut world);
}

#[test]
pub(super) fn the_sum_check_finds_what_was_changed_by_hand() {
    let mut world = world();
    let ann = world.account("10");
    let by_hand = rusqlite::Connection::open(world.folder.path().join("data/faregate.db")).unwrap();
    by_hand.execute("UPDATE balances SET available = available + 1", []).unwrap();
    let problems = world.admin.verify_ledger(None, &mut |_, _| {}).unwrap().problems;
    assert_eq!(problems.len(), 1, "{problems:?}");
    assert!(problems[0].contains(&ann.id), "{problems:?}");
    assert!(by_hand.execute("DELETE FROM entries", []).is_err(), "entries stay");
    assert!(by_hand.execute("UPDATE balances SET available = -1", []).is_err());
}

#[tokio::test]
pub(super) async fn only_positive_money_of_the_accounts_currency_comes_in() {
    let mut world = world();
    let ann = world.account("10");
    let usd = Money::parse("1", Currency::parse("USD").unwrap()).unwrap();
    for amount in [money("0"), money("-1"), usd] {
        assert!(world.admin.topup(&ann.id, amount, "").is_err(), "{amount:?}");
    }
    assert!(world.admin.topup("nobody", money("1"), "").is_err());
    assert_eq!(world.admin.topup(&ann.id, money("5"), "more").unwrap().available(), money("15"));
    world.stores.healthy().await.unwrap();
}

//! Cells give all or nothing, and a call they refuse leaves its nonce unspent.

use faregate_pipeline::facts::{Cell, CellKey, Claim, Kind, Limit, Rate, Subject};
use faregate_pipeline::time::Millis;

use super::nonces::claim;
use super::{TEN, World, rate, world};

fn cell(action: Option<u64>, rate: Rate, name: &'static str) -> Cell {
    let subject = action.map_or(Subject::Account(1), |action| Subject::Action(1, action));
    of(subject, Limit::Rate(rate), name)
}

fn of(subject: Subject, limit: Limit, name: &'static str) -> Cell {
    let key = CellKey { subject, kind: Kind::of(limit) };
    Cell { key, limit, cost: 1, name, hidden: false, in_calls: false }
}

/// Enters with a nonce, and gives which cell refused, for how long.
async fn enter(
    world: &World,
    nonce: u64,
    cells: &[Cell],
    now: Millis,
) -> (Claim, Option<(&'static str, u32)>, Vec<u64>) {
    let (claim, verdict, ticket) =
        world.stores.enter(&claim(1, nonce, now), cells, now).await.unwrap();
    let refused = verdict.refused().map(|cell| (cell.name, cell.refused_for_s.unwrap()));
    assert_eq!(ticket.is_some(), claim == Claim::New && refused.is_none());
    (claim, refused, verdict.cells.iter().map(|cell| cell.remaining).collect())
}

#[tokio::test]
pub(super) async fn a_clock_that_was_set_back_locks_nobody_out() {
    let world = world();
    let cells = [cell(None, rate(1, 2), "account")];
    let later = TEN.plus(7_200_000);
    assert_eq!(enter(&world, 1, &cells, later).await.1, None);
    assert_eq!(enter(&world, 2, &cells, TEN).await.1, Some(("account", 1)), "empty, at worst");
    assert_eq!(enter(&world, 2, &cells, TEN.plus(1_000)).await.1, None, "and filling again");
}

#[tokio::test]
pub(super) async fn a_cell_that_refuses_takes_from_none_and_spends_no_nonce() {
    let world = world();
    let cells = [cell(None, rate(1, 5), "account"), cell(Some(3), rate(1, 2), "action")];
    assert_eq!(enter(&world, 1, &cells, TEN).await, (Claim::New, None, vec![4, 1]));
    assert_eq!(enter(&world, 2, &cells, TEN).await, (Claim::New, None, vec![3, 0]));
    let refused = (Claim::New, Some(("action", 1)), vec![3, 0]);
    assert_eq!(enter(&world, 3, &cells, TEN).await, refused);
    assert_eq!(enter(&world, 3, &cells, TEN).await, refused, "the same bytes are invited again");
    // The account's cell was left alone: it has three for other actions.
    let others = [cell(None, rate(1, 5), "account")];
    for (nonce, left) in [(4, 2), (5, 1), (6, 0)] {
        assert_eq!(enter(&world, nonce, &others, TEN).await, (Claim::New, None, vec![left]));
    }
    let full = enter(&world, 7, &others, TEN).await;
    assert_eq!(full, (Claim::New, Some(("account", 1)), vec![0]));
    let later = TEN.plus(1_000);
    assert_eq!(enter(&world, 7, &others, later).await, (Claim::New, None, vec![0]));
}

#[tokio::test]
pub(super) async fn copies_of_a_spent_claim_cost_nothing() {
    let world = world();
    let cells = [cell(None, rate(1, 3), "account")];
    assert_eq!(enter(&world, 1, &cells, TEN).await, (Claim::New, None, vec![2]));
    for _ in 0..50 {
        assert_eq!(enter(&world, 1, &cells, TEN).await, (Claim::Seen, None, vec![]));
    }
    assert_eq!(enter(&world, 2, &cells, TEN).await, (Claim::New, None, vec![1]));
}

#[tokio::test]
pub(super) async fn a_burst_passes_and_then_the_rate_does() {
    let world = world();
    let (cells, mut n_passed) = ([cell(None, rate(5, 5), "account")], 0);
    for n in 0..1_000_i64 {
        let now = TEN.plus(n * 10);
        let nonce = u64::try_from(n).unwrap();
        n_passed += usize::from(enter(&world, nonce, &cells, now).await.1.is_none());
    }
    // Ten seconds, less the last hundredth: 5 at once and 5 a second.
    assert_eq!(n_passed, 5 + 49);
}

#[tokio::test]
async fn what_was_used_is_used_after_a_restart_and_given_back_by_a_reset() {
    let World { folder, stores, mut admin, .. } = world();
    let total = |n| Limit::Day(std::num::NonZeroU64::new(n).unwrap());
    let ann = admin.create_account(crate::NewAccount {
        id: None,
        name: "Ann".into(),
        groups: Vec::new(),
        currency: faregate_ledger::Currency::CNY,
    });
    let slot = ann.unwrap().slot;
    let subject = Subject::Account(slot);
    let cells =
        [of(subject, total(5), "account-day"), of(subject, Limit::Rate(rate(1, 100)), "account")];
    let left = |stores: crate::Stores, now| async move {
        let verdict = stores.take(&cells, now).await.unwrap();
        (
            verdict.refused().map(|cell| cell.name),
            verdict.cells.iter().map(|c| c.remaining).collect::<Vec<_>>(),
        )
    };
    for n in [4, 3] {
        assert_eq!(left(stores.clone(), TEN).await, (None, vec![n, 95 + n]));
    }
    drop(stores);
    let data = folder.path().join("data");
    let open = |now| crate::Stores::open(crate::Options::new(&data), now).unwrap();
    let stores = open(TEN.plus(1_000));
    assert_eq!(
        left(stores.clone(), TEN.plus(1_000)).await,
        (None, vec![2, 98]),
        "a clean stop loses nothing"
    );
    drop(stores);
    let stores = open(TEN);
    assert_eq!(left(stores.clone(), TEN).await, (None, vec![1, 96]));
    assert_eq!(left(stores.clone(), TEN).await, (None, vec![0, 95]));
    assert_eq!(left(stores.clone(), TEN).await, (Some("account-day"), vec![0, 95]));
    let end = std::time::Instant::now() + std::time::Duration::from_secs(10);
    admin.reset_quotas("100000001").unwrap();
    while left(stores.clone(), TEN).await.0.is_some() {
        assert!(std::time::Instant::now() < end, "the reset was not seen");
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    let tomorrow = TEN.plus(86_400_000);
    assert_eq!(left(stores, tomorrow).await, (None, vec![4, 99]), "a new day");
}

#[tokio::test]
pub(super) async fn calls_under_way_are_counted_until_they_are_over_by_whatever_way() {
    let world = world();
    let most = std::num::NonZeroU32::new(2).unwrap();
    let cells = [of(Subject::Account(1), Limit::AtOnce(most), "account-at-once")];
    let take = || async { world.stores.take(&cells, TEN).await.unwrap() };
    let (one, two) = (take().await, take().await);
    let three = take().await;
    assert_eq!(
        three.refused().map(|cell| (cell.name, cell.refused_for_s)),
        Some(("account-at-once", Some(1)))
    );
    assert!(three.place.is_none() && one.place.is_some());
    let copy = two.clone();
    drop(two);
    assert!(take().await.refused().is_some(), "the same call still");
    drop(copy);
    // On the shared home it is counted out in a trip that nobody waits for.
    let is_left = async |n| {
        let end = std::time::Instant::now() + std::time::Duration::from_secs(5);
        loop {
            let seen = world.stores.peek(&cells, TEN).await.unwrap();
            if seen.refused().is_none() && seen.cells[0].remaining == n {
                break;
            }
            assert!(std::time::Instant::now() < end, "calls that are over are counted");
            tokio::time::sleep(std::time::Duration::from_millis(5)).await;
        }
    };
    is_left(0).await;
    let four = take().await;
    assert!(four.refused().is_none());
    assert_eq!(world.stores.peek(&cells, TEN).await.unwrap().cells[0].remaining, 0);
    drop((one, four));
    is_left(1).await;
    assert_eq!(take().await.cells[0].remaining, 1);
}

#[tokio::test]
pub(super) async fn totals_addresses_and_rates_give_all_or_nothing_and_are_made_new_together() {
    let mut world = world();
    let slot = world.account("0").slot;
    let total = |n| Limit::Day(std::num::NonZeroU64::new(n).unwrap());
    let month = Limit::Month(std::num::NonZeroU64::new(5).unwrap());
    let account = Subject::Account(slot);
    let cells = [
        of(Subject::Address(0x0a00_0001), Limit::Rate(rate(1, 4)), "address"),
        of(account, total(3), "account-day"),
        of(account, month, "account-month"),
        of(Subject::Key(slot, 9), Limit::Rate(rate(1, 100)), "key"),
    ];
    let left = async |at| {
        let verdict = world.stores.take(&cells, at).await.unwrap();
        let left: Vec<u64> = verdict.cells.iter().map(|cell| cell.remaining).collect();
        (verdict.refused().map(|cell| (cell.name, cell.refused_for_s.unwrap())), left)
    };
    for n in 1..=3 {
        assert_eq!(left(TEN).await, (None, vec![4 - n, 3 - n, 5 - n, 100 - n]));
    }
    // Fourteen hours are left of the day. Nothing is taken, of the address neither.
    let over = (Some(("account-day", 14 * 3_600)), vec![1, 0, 2, 97]);
    assert_eq!(left(TEN).await, over);
    assert_eq!(left(TEN).await, over);
    let tomorrow = TEN.plus(86_400_000);
    assert_eq!(left(tomorrow).await, (None, vec![3, 2, 1, 99]));
    assert_eq!(left(tomorrow).await, (None, vec![2, 1, 0, 98]));
    let day_after = tomorrow.plus(86_400_000);
    assert_eq!(left(day_after).await.0.unwrap().0, "account-month");
    let june = TEN.plus(11 * 86_400_000);
    assert_eq!(left(june).await, (None, vec![3, 2, 4, 99]), "a new month");
    // The address refuses: nothing is taken of the account, and the Nonce is not spent.
    let poor = [of(Subject::Address(7), Limit::Rate(rate(1, 1)), "address"), cells[1]];
    let enter = async |nonce| {
        let claim =
            faregate_pipeline::facts::ClaimRequest { account: slot, ..claim(1, nonce, june) };
        let (claim, verdict, _) = world.stores.enter(&claim, &poor, june).await.unwrap();
        let left = verdict.cells.get(1).map(|cell| cell.remaining);
        (claim, verdict.refused().map(|cell| cell.name), left)
    };
    assert_eq!(enter(1).await, (Claim::New, None, Some(1)));
    for _ in 0..2 {
        assert_eq!(enter(2).await, (Claim::New, Some("address"), Some(1)));
    }
    assert_eq!(enter(1).await.0, Claim::Seen);
}

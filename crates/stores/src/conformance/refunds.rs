//! A refund is paid once, to whoever paid, and what an order sends is not kept in the clear.

use faregate_contract::RequestId;
use faregate_pipeline::facts::{
    Account, Bought, HoldOutcome, Lesson, Order, Refund, ResourceRef, Settlement,
};

use super::{TEN, World, id, intent, money, world};
use crate::{Booked, Ending, Options, OrderEnd, Stores};

fn machine() -> ResourceRef {
    ResourceRef { module: "cvm".into(), kind: "instance".into(), id: "ins-1".into() }
}

fn order(request_id: RequestId, account: &Account, refunds: Vec<Refund>) -> Order {
    Order {
        request_id,
        account: account.id.clone(),
        module: "cvm".into(),
        action: "Act".into(),
        token: None,
        prints: Vec::new(),
        refunds,
        sending: br#"{"password":"hunter2"}"#.to_vec(),
    }
}

fn ending(account: &Account, settlement: Settlement) -> Ending {
    Ending {
        hold: None,
        settlement,
        account: account.id.clone(),
        lessons: Vec::new(),
        bought: Vec::new(),
        refunds: None,
        order: None,
        note: String::new(),
    }
}

/// Buys the machine for 4 of 10, by call 1.
async fn bought(world: &mut World) -> Account {
    let ann = world.account("10");
    let (intent, order) = (intent(1, &ann, "4"), order(id(1), &ann, Vec::new()));
    let held = world.stores.reserve_for(&intent, &order, TEN).await;
    assert_eq!(held, Ok(HoldOutcome::Held));
    world.stores.mark_sending(id(1)).await.unwrap();
    let end = Ending {
        hold: Some(id(1)),
        bought: vec![Bought { resource: machine(), price: money("4"), period_s: 60 }],
        lessons: vec![Lesson::Created(machine())],
        order: Some((id(1), OrderEnd::Forget)),
        ..ending(&ann, Settlement::Commit)
    };
    world.stores.conclude(end, TEN).await.unwrap();
    ann
}

/// Begins to give it back for 3, by call `n`.
async fn begin(world: &World, ann: &Account, n: u8) {
    let refund = Refund { resource: machine(), purchase: id(1), amount: money("3") };
    world.stores.begin(&order(id(n), ann, vec![refund]), TEN).await.unwrap();
}

async fn end(world: &World, ann: &Account, n: u8, settlement: Settlement) -> Booked {
    let done = settlement == Settlement::Commit;
    let lessons = if done { vec![Lesson::Returned(machine())] } else { Vec::new() };
    let end = Ending { lessons, refunds: Some(id(n)), ..ending(ann, settlement) };
    world.stores.conclude(end, TEN).await.unwrap()
}

#[tokio::test]
pub(super) async fn of_two_returns_of_one_purchase_one_is_paid_and_only_if_it_was_done() {
    use Settlement::{Commit, InDoubt, Release};
    // How two returns, both begun, end one after the other; what each is paid.
    for (first, second, paid) in [
        (Commit, Commit, [true, false]),
        (Commit, Release, [true, false]),
        (Release, Commit, [false, true]),
        (InDoubt, Commit, [false, true]),
        (Release, Release, [false, false]),
    ] {
        let mut world = world();
        let ann = bought(&mut world).await;
        begin(&world, &ann, 2).await;
        begin(&world, &ann, 3).await;
        for (n, settlement, paid) in [(2, first, paid[0]), (3, second, paid[1])] {
            let booked = end(&world, &ann, n, settlement).await;
            assert_eq!(booked.refunded, paid.then(|| money("3")), "{first:?} {second:?}: {n}");
            // Said again, it changes nothing.
            assert_eq!(end(&world, &ann, n, settlement).await.refunded, None);
        }
        if first == InDoubt {
            assert_eq!(end(&world, &ann, 2, Commit).await.refunded, None, "found out too late");
        }
        let left = if paid.contains(&true) { "9.00" } else { "6.00" };
        assert_eq!(world.balance(&ann), (left.to_owned(), "0.00".to_owned()));
        let kept = world.stores.purchased(&[machine()]).await.unwrap();
        assert_eq!(kept[0].is_none(), paid.contains(&true), "a refunded purchase is no more");
        assert!(world.admin.verify_ledger(None, &mut |_, _| {}).unwrap().is_good());
    }
}

#[tokio::test]
async fn a_return_that_was_begun_is_in_doubt_after_a_crash_and_keeps_its_order_sealed() {
    let mut world = world();
    let ann = bought(&mut world).await;
    begin(&world, &ann, 2).await;
    let data = world.folder.path().join("data");
    let by_hand = rusqlite::Connection::open(data.join("faregate.db")).unwrap();
    let sending = || -> Vec<u8> {
        by_hand.query_row("SELECT sending FROM orders", [], |row| row.get(0)).unwrap()
    };
    let sealed = sending();
    let word = b"hunter2";
    assert!(!sealed.windows(word.len()).any(|window| window == word), "it is not in the clear");
    // An order of before orders were sealed is sealed at the next start.
    let text = br#"{"password":"hunter2"}"#.to_vec();
    by_hand.execute("UPDATE orders SET sending = ?1", [&text]).unwrap();
    assert!(world.stores.doubted_returns().await.unwrap().is_empty(), "it is under way");
    let World { folder, stores, admin, at } = world;
    drop(stores);
    let stores = Stores::open(Options::new(&data), TEN).unwrap();
    let world = World { folder, stores, admin, at };
    let doubted = world.stores.doubted_returns().await.unwrap();
    let kept: Vec<_> = doubted.iter().map(|it| (it.request_id, it.sending.as_deref())).collect();
    assert_eq!(kept, [(id(2), Some(text.as_slice()))]);
    assert!(!sending().windows(word.len()).any(|window| window == word));
    assert_eq!(end(&world, &ann, 2, Settlement::Commit).await.refunded, Some(money("3")));
    assert!(world.stores.doubted_returns().await.unwrap().is_empty());
    // Another's order does not open in its place.
    by_hand
        .execute(
            "UPDATE orders SET sending = ?1, request_id = x'00112233445566778899aabbccddeeff'",
            [&sealed],
        )
        .unwrap();
    by_hand.execute("UPDATE refunds SET state = 'in-doubt', request_id = x'00112233445566778899aabbccddeeff'", []).unwrap();
    let refused = world.stores.doubted_returns().await.unwrap_err();
    assert!(refused.cause.contains("does not open"), "{refused:?}");
}

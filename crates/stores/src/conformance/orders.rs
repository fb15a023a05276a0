//! One call that two find out about has one answer.

use faregate_pipeline::facts::{HoldOutcome, Order, Settlement};

use super::{TEN, id, intent, world};
use crate::{Booked, Ending, OrderEnd};

#[tokio::test]
pub(super) async fn the_first_answer_that_is_kept_stays_whoever_finds_out_next() {
    let mut world = world();
    let ann = world.account("10");
    let order = Order {
        request_id: id(1),
        account: ann.id.clone(),
        module: "cvm".into(),
        action: "RunInstances".into(),
        token: Some("mine".into()),
        prints: Default::default(),
        refunds: Vec::new(),
        sending: b"{}".to_vec(),
    };
    world.stores.reserve_for(&intent(1, &ann, "4"), &order, TEN).await.unwrap();
    world.stores.mark_sending(id(1)).await.unwrap();
    let save = |booked: Booked| {
        booked.available.map_or("unknown".to_owned(), |m| m.to_string()).into_bytes()
    };
    let ends: [fn(_) -> OrderEnd; 3] =
        [|save| OrderEnd::Save(save), |save| OrderEnd::Save(save), |_| OrderEnd::Forget];
    for (n, (hold, end)) in [Some(id(1)), None, None].into_iter().zip(ends).enumerate() {
        let ending = Ending {
            hold,
            settlement: Settlement::Commit,
            account: ann.id.clone(),
            lessons: Vec::new(),
            bought: Vec::new(),
            refunds: None,
            order: Some((id(1), end(Box::new(save)))),
            note: String::new(),
        };
        world.stores.conclude(ending, TEN).await.unwrap();
        let kept = world.stores.order(&ann.id, "mine", TEN).await.unwrap().unwrap();
        assert_eq!(kept.answer.as_deref(), Some(&b"6.00"[..]), "end {n}");
    }
}

#[tokio::test]
pub(super) async fn of_what_there_is_the_first_items_of_a_batch_have_theirs() {
    let mut world = world();
    let ann = world.account("10");
    let order = |n| Order {
        request_id: id(n),
        account: ann.id.clone(),
        module: "cvm".into(),
        action: "RenewInstances".into(),
        token: None,
        prints: Default::default(),
        refunds: Vec::new(),
        sending: b"{}".to_vec(),
    };
    let item = |n, price| (intent(n, &ann, price), order(n));
    let all = [item(1, "4"), item(2, "7"), item(3, "6"), item(1, "0.01")];
    let outcomes = world.stores.reserve_each(&all, TEN).await.unwrap();
    let held: Vec<bool> = outcomes.iter().map(|it| *it == HoldOutcome::Held).collect();
    assert_eq!(held, [true, false, true, false], "{outcomes:?}");
    assert!(matches!(outcomes[1], HoldOutcome::Insufficient { .. }), "{outcomes:?}");
    assert_eq!(outcomes[3], HoldOutcome::Duplicate);
    assert_eq!(world.balance(&ann), ("0.00".to_owned(), "10.00".to_owned()));
    for (n, kept) in [(1, true), (2, false), (3, true)] {
        let order = world.stores.order_of(id(n)).await.unwrap();
        assert_eq!(order.is_some(), kept, "{n}");
    }
    // One that is never sent leaves nothing; the others keep theirs.
    world.stores.settle(Some(id(1)), Settlement::Release, &ann.id, &[], TEN).await.unwrap();
    assert!(world.stores.order_of(id(1)).await.unwrap().is_none());
    assert_eq!(world.balance(&ann), ("4.00".to_owned(), "6.00".to_owned()));
}

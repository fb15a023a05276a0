//! One call that two find out about has one answer.

use faregate_pipeline::facts::{Order, Settlement};

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

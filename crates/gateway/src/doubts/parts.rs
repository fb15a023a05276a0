//! A batch whose items are paid by themselves: each has an order, and the batch has the list of them.
//!
//! A gateway that dies in the middle leaves some done, some in doubt and some unsent. Each is found out by itself; once
//! all are known, the batch has an answer for its token.

use faregate_contract::{Item, Outcome, Refusal, RequestId};
use faregate_pipeline::balance::Lot;
use faregate_pipeline::facts::{KeptBatch, Order, Refund, Settlement};
use faregate_pipeline::operation::{self, Sent};
use faregate_pipeline::parameters::{Requests, Valid};
use faregate_pipeline::{batch, saved};
use faregate_stores::{Ending, KeptOrder, OrderEnd};

use super::Wish;
use super::sending::{Part, Sending};
use crate::driver::Driver;
use crate::lots::members;
use crate::tokens::Turn;

/// What one item is about to send.
pub(crate) fn order_of_item(valid: &Valid, lot: &Lot, refunds: Vec<Refund>, keep: bool) -> Order {
    Order {
        request_id: lot.id,
        account: valid.account().id.clone(),
        module: valid.module().name.clone(),
        action: valid.operation().action.clone(),
        token: None,
        prints: Vec::new(),
        refunds,
        sending: Sending::of_item(valid, (lot.place, &lot.item), keep).bytes(),
    }
}

/// The batch of those items, by its token.
pub(crate) fn order_in_parts(sent: &Sent, turn: &Turn) -> Order {
    let order = super::order(sent, Some(turn), Vec::new());
    let before = batch::told_before(sent);
    let items: &[_] = match sent.requests() {
        Requests::Each(items) => items,
        Requests::One(_) => &[],
    };
    let parts = items.iter().enumerate().map(|(place, (item, _))| {
        let told = before.iter().find(|(at, _)| *at == place).map(|(_, told)| told);
        let ended = told.map(|told| {
            let ended = told.result.clone().map(Outcome::Success);
            String::from_utf8_lossy(&saved::write(&ended)).into_owned()
        });
        let name = told.map_or_else(|| sent.name_at(place), |told| told.request_id).to_string();
        Part { item: item.clone(), name, ended }
    });
    let sending = Sending::of(sent, String::new()).in_parts(parts.collect());
    Order { sending: sending.bytes(), ..order }
}

/// The items of a batch that was sent in parts; none of any other order.
pub(super) fn of(kept: &KeptOrder) -> Option<Vec<Part>> {
    let sending = Sending::read(kept.sending.as_deref()?)?;
    Some(sending.parts).filter(|parts| !parts.is_empty())
}

impl Driver {
    /// Finds out what became of each item, and answers the batch if that is known of all.
    pub(super) async fn put_together(
        &self,
        kept: &KeptOrder,
        parts: Vec<Part>,
        wish: Wish,
    ) -> bool {
        let mut items = Vec::with_capacity(parts.len());
        for part in parts {
            let Some(request_id) = RequestId::parse(&part.name) else { return false };
            let result = match part.ended {
                Some(ended) => saved::read(ended.as_bytes()),
                None => self.part(request_id, wish).await,
            };
            let Some(ended) = result else { return false };
            items.push(Item { id: part.item, result: members(ended), request_id });
        }
        let answer = saved::write(&Ok(Outcome::Batch(items)));
        let batch = KeptBatch {
            request_id: kept.request_id,
            account: kept.account.clone(),
            module: kept.module.clone(),
            action: kept.action.clone(),
            prints: kept.prints.clone(),
            answer: answer.clone(),
            resumed_by: None,
            at: self.shared.clock.now(),
        };
        let save = OrderEnd::Save(Box::new(move |_| answer));
        let ending = Ending {
            hold: None,
            settlement: Settlement::Commit,
            account: kept.account.clone(),
            lessons: Vec::new(),
            bought: Vec::new(),
            refunds: None,
            order: Some((kept.request_id, save)),
            note: String::new(),
        };
        let stores = &self.shared.stores;
        // Without its row, only the ResumeToken is good for nothing.
        let _ = stores.keep_batch(batch).await;
        stores.conclude(ending, self.shared.clock.now()).await.is_ok()
    }

    /// How one item ended; none if nobody can say yet.
    async fn part(&self, id: RequestId, wish: Wish) -> Option<Result<Outcome, Refusal>> {
        for _ in 0..2 {
            let Some(order) = self.shared.stores.order_of(id).await.ok()? else {
                // Its hold was given back unsent, or nothing was done: it may be asked for again.
                return Some(Err(operation::not_sent()));
            };
            if let Some(answer) = &order.answer {
                return saved::read(answer);
            }
            if !Box::pin(self.find_out(&order, wish)).await {
                return None;
            }
        }
        None
    }
}

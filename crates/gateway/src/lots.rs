//! Items of a batch that are paid, or paid back, by themselves: each is marked, sent and settled as a call of its own.
//!
//! What one item comes to is written before the next of its turn is sent, and whatever is killed in between, the others
//! keep what they were told.

use std::borrow::Cow;

use faregate_catalog::UpstreamRequest;
use faregate_contract::{Code, Effect, Members, Outcome, Refusal};
use faregate_pipeline::balance::{self, Bill, Lot, Wants};
use faregate_pipeline::facts::{Purchased, ResourceRef, Settlement, StoreDown};
use faregate_pipeline::fault::Fault;
use faregate_pipeline::operation::{Done, Sent};
use faregate_pipeline::parameters::Valid;
use faregate_pipeline::verification::Verified;
use faregate_pipeline::{batch, purchase};
use faregate_stores::{Receipt, Ticket, failpoint};
use futures_util::StreamExt as _;

use crate::driver::Driver;
use crate::hold::{Hold, LotHold, Seen};
use crate::ops::receipts;
use crate::perform::Part;
use crate::sandbox::Faked;

impl Driver {
    /// What the call wants to hold. The ticket is given back where nothing was asked.
    ///
    /// # Errors
    /// It cannot be worked out, or the module does not say.
    pub(crate) async fn bill(
        &self,
        verified: &Verified,
        ticket: Option<&Ticket>,
    ) -> Result<Bill, Refusal> {
        if verified.operation().settles_items() {
            return Box::pin(self.lots(verified, ticket)).await.map(Bill::Items);
        }
        let price = self.price(verified, verified.arguments(), ticket).await?;
        Ok(Bill::Whole(balance::intent(verified, price)))
    }

    /// What each item that is due wants. One that has no price to be told is refused alone; a module that is away,
    /// or a store, refuses all.
    async fn lots(
        &self,
        verified: &Verified,
        ticket: Option<&Ticket>,
    ) -> Result<Vec<Lot>, Refusal> {
        let due = batch::due(verified);
        let refunds = self.refunds(verified, &due).await?;
        let prices = self.prices(verified, due.iter().map(|(_, item)| *item)).await;
        let mut lots = Vec::with_capacity(due.len());
        for (((place, item), price), refunds) in due.into_iter().zip(prices).zip(refunds) {
            let id = self.request_id(verified.now());
            let wants = match (price, refunds) {
                (Err(away), _) if away.code == Code::ServiceUnavailable => {
                    if let Some(ticket) = ticket {
                        self.shared.stores.give_back(ticket).await?;
                    }
                    return Err(away);
                }
                (Err(refusal), _) | (_, Err(refusal)) => Err(refusal),
                (Ok(price), Ok(refunds)) => {
                    let intent = balance::intent_of(verified, (place, id), price);
                    Ok(Wants { intent, refunds })
                }
            };
            lots.push(Lot { place, item: item.to_owned(), id, wants });
        }
        Ok(lots)
    }

    /// What each of these items costs, in their order; where the module is asked, some at once.
    pub(crate) async fn prices<'i>(
        &self,
        valid: &Valid,
        items: impl Iterator<Item = &'i str>,
    ) -> Vec<Result<Option<faregate_ledger::Money>, Refusal>> {
        let operation = valid.operation();
        let at_once = operation.batch.as_ref().map_or(1, |batch| batch.concurrency);
        let asked = items.map(|item| async move {
            let arguments = operation.for_item(valid.arguments(), item);
            self.price(valid, &arguments, None).await
        });
        let asked: Vec<_> = asked.collect();
        let at_once = usize::try_from(at_once).unwrap_or(1);
        futures_util::stream::iter(asked).buffered(at_once).collect().await
    }

    /// What each of these items gives back if it is done.
    async fn refunds(
        &self,
        valid: &Valid,
        due: &[(usize, &str)],
    ) -> Result<Vec<Result<Vec<faregate_pipeline::facts::Refund>, Refusal>>, StoreDown> {
        let (operation, arguments) = (valid.operation(), valid.arguments());
        let returned = due
            .iter()
            .map(|(_, item)| purchase::refundable(valid, &operation.over_item(arguments, item)));
        let returned: Vec<Vec<ResourceRef>> = returned.collect();
        let all: Vec<ResourceRef> = returned.iter().flatten().cloned().collect();
        let purchased: Vec<Option<Purchased>> =
            if all.is_empty() { Vec::new() } else { self.shared.stores.purchased(&all).await? };
        let mut purchased = purchased.into_iter();
        let each = due.iter().zip(returned).map(|((_, item), returned)| {
            let known: Vec<_> = purchased.by_ref().take(returned.len()).collect();
            purchase::refunds(valid, &operation.for_item(arguments, item), returned, &known)
        });
        Ok(each.collect())
    }

    /// Sends one item and settles it.
    pub(crate) async fn lot(
        &self,
        sent: &Sent,
        request: &UpstreamRequest,
        (place, item): (usize, &str),
        mut lot: LotHold,
        seen: &mut Seen,
        faked: Option<&Faked>,
    ) -> Done {
        if let Err(down) = self.mark(&mut lot.hold).await {
            let (settlement, lessons) = (Settlement::Release, Vec::new());
            return Done { result: Err(down.into()), settlement, lessons };
        }
        lot.hold.sending();
        failpoint::pass("send.before");
        let price = lot.hold.held().and(lot.price);
        // Until its end is written, nobody knows.
        seen.charge = price.map(|amount| receipts::charge(amount, Settlement::InDoubt));
        let Done { result, settlement, lessons } =
            self.exchange(sent, request, Some((place, item)), seen, faked).await;
        let arguments = Cow::Owned(sent.operation().over_item(sent.arguments(), item));
        let part = Part { id: lot.id, price, keeps: lot.keeps, arguments };
        let (ended, learnt) = (result.map(Outcome::Success), (settlement, lessons));
        let told = self.settle(sent, &mut lot.hold, seen, &part, learnt, ended).await;
        let result = members(told);
        self.receipt(sent, &lot, seen, &result);
        let unknown = result.as_ref().is_err_and(|refusal| refusal.effect == Effect::Unknown);
        let settlement = if unknown { Settlement::InDoubt } else { settlement };
        Done { result, settlement, lessons: Vec::new() }
    }

    /// On disk before the item's first byte goes out.
    async fn mark(&self, hold: &mut Hold) -> Result<(), StoreDown> {
        if let Some(id) = hold.held() {
            self.shared.stores.mark_sending(id).await?;
        }
        match hold.order.take() {
            Some(order) => self.shared.stores.begin(&order, self.shared.clock.now()).await,
            None => Ok(()),
        }
    }

    /// An item's money can be asked about by the item's own name.
    fn receipt(&self, sent: &Sent, lot: &LotHold, seen: &Seen, result: &Result<Members, Refusal>) {
        if seen.charge.is_none() {
            return;
        }
        let code = result.as_ref().map_or_else(|refusal| refusal.code, |_| Code::Success);
        self.shared.stores.receipts().write(&Receipt {
            account: Some(&sent.account().id),
            module: Some(&sent.module().name),
            action: Some(&sent.operation().action),
            upstream_status: seen.status,
            charge: seen.charge,
            ..Receipt::new(lot.id, code.number())
        });
    }
}

/// What one item answered.
pub(crate) fn members(told: Result<Outcome, Refusal>) -> Result<Members, Refusal> {
    match told? {
        Outcome::Success(members) => Ok(members),
        Outcome::Refused(refusal) => Err(*refusal),
        Outcome::Batch(_) => Err(Fault::Internal("an item was answered as a batch".into()).into()),
    }
}

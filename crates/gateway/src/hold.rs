//! What a call holds while it is under way: its price, its order, and those of its items where each is paid by itself.
//!
//! Dropped, a hold goes back by itself, or stays in doubt once the call was sent (DESIGN 2, Sent).

use std::time::Duration;

use faregate_catalog::Rest;
use faregate_contract::{Refusal, RequestId};
use faregate_ledger::Money;
use faregate_pipeline::balance::{Bill, Lot, Wants};
use faregate_pipeline::facts::{HoldOutcome, Intent, Order, Settlement};
use faregate_pipeline::purchase;
use faregate_pipeline::time::Millis;
use faregate_pipeline::verification::Verified;
use faregate_stores::{Booked, Charge, ChargeState, Stores};

use crate::doubts;
use crate::driver::{Driver, Trail};
use crate::ops::receipts;
use crate::tokens::Turn;
use crate::upstream::servers::Pick;

/// Money that a call holds, or one item of its batch.
#[derive(Debug)]
pub(crate) struct Hold {
    /// The hold's name while it is ours to end.
    id: Option<RequestId>,
    on_drop: Settlement,
    stores: Stores,
    at: Millis,
    /// What a call that costs nothing and has a token is about to send: written down when it is sent.
    pub(crate) order: Option<Order>,
    /// The call, if it gives money back when it is done.
    pub(crate) refunds: Option<RequestId>,
    /// Kept until the call's end is written: others of its token wait for that.
    pub(crate) turn: Option<Turn>,
    /// Those of its items.
    pub(crate) lots: Vec<LotHold>,
}

/// What one item of a batch holds.
#[derive(Debug)]
pub(crate) struct LotHold {
    pub(crate) place: usize,
    /// The name of its hold, its order and its receipt.
    pub(crate) id: RequestId,
    pub(crate) price: Option<Money>,
    /// Is its answer kept until its batch has one.
    pub(crate) keeps: bool,
    pub(crate) hold: Hold,
}

impl Hold {
    fn new(stores: &Stores, at: Millis, turn: Option<Turn>) -> Self {
        let (stores, on_drop) = (stores.clone(), Settlement::Release);
        Self { id: None, on_drop, stores, at, order: None, refunds: None, turn, lots: Vec::new() }
    }

    pub(crate) const fn held(&self) -> Option<RequestId> {
        self.id
    }

    /// From here on a drop gives nothing back.
    pub(crate) const fn sending(&mut self) {
        self.on_drop = Settlement::InDoubt;
    }

    /// The hold's end is written: nothing is left to do at a drop.
    pub(crate) const fn ended(&mut self) {
        self.id = None;
        self.refunds = None;
    }
}

impl Drop for Hold {
    fn drop(&mut self) {
        if let Some(id) = self.id {
            self.stores.settle_later(id, self.on_drop, self.at);
        }
        // Before it is sent there is nothing to doubt: the refund is written down with the order.
        if let Some(id) = self.refunds.filter(|_| self.on_drop == Settlement::InDoubt) {
            self.stores.doubt_refunds_later(id);
        }
    }
}

/// What only the sending knows, for the receipt.
#[derive(Debug, Default)]
pub(crate) struct Seen {
    /// The server that is asked: under way there until all is seen.
    pub(crate) pick: Option<Pick>,
    pub(crate) took: Duration,
    pub(crate) status: Option<u16>,
    pub(crate) charge: Option<Charge>,
}

impl Seen {
    pub(crate) fn settled(&mut self, settlement: Settlement, booked: Booked) {
        let refunded =
            booked.refunded.map(|amount| Charge { amount, state: ChargeState::Refunded });
        self.charge = self.charge.map(|it| receipts::charge(it.amount, settlement)).or(refunded);
    }

    /// What an item of a batch sees by itself, beside the others.
    pub(crate) fn beside(&self) -> Self {
        Self { pick: self.pick.as_ref().map(Pick::again), ..Self::default() }
    }

    /// Of a batch, the status of the last one, for `detail` has what each answered; and the money of all.
    pub(crate) fn answered_as(&mut self, item: &Self) {
        self.status = item.status.or(self.status);
        self.charge = match (self.charge, item.charge) {
            (Some(all), Some(one)) => Some(sum(all, one)),
            (all, one) => all.or(one),
        };
    }
}

/// Money that is one thing in all: what nobody knows yet says more than what is done, and that more than what is not.
fn sum(all: Charge, one: Charge) -> Charge {
    let weight = |charge: Charge| match charge.state {
        ChargeState::InDoubt => 3,
        ChargeState::Committed => 2,
        ChargeState::Refunded => 1,
        ChargeState::Released => 0,
    };
    let (more, less) = if weight(all) >= weight(one) { (all, one) } else { (one, all) };
    let together = match (more.state, less.state) {
        (ChargeState::InDoubt, ChargeState::InDoubt | ChargeState::Committed)
        | (ChargeState::Committed, ChargeState::Committed)
        | (ChargeState::Refunded, ChargeState::Refunded)
        | (ChargeState::Released, ChargeState::Released) => more.amount.checked_add(less.amount),
        (
            ChargeState::InDoubt
            | ChargeState::Committed
            | ChargeState::Refunded
            | ChargeState::Released,
            _,
        ) => None,
    };
    Charge { amount: together.unwrap_or(more.amount), state: more.state }
}

impl Driver {
    /// Holds what the bill says, and writes down what is about to be sent; a call that costs nothing makes no trip.
    pub(crate) async fn hold(
        &self,
        verified: &Verified,
        bill: &Bill,
        turn: Option<Turn>,
        trail: &mut Trail,
    ) -> Result<(Hold, Vec<HoldOutcome>), Refusal> {
        let hold = Hold::new(&self.shared.stores, verified.now(), turn);
        match bill {
            Bill::Whole(intent) => self.hold_whole(verified, intent.as_ref(), hold, trail).await,
            // Boxed: few calls are paid so, and every call's future would be as large.
            Bill::Items(lots) => Box::pin(self.hold_items(verified, lots, hold, trail)).await,
        }
    }

    async fn hold_whole(
        &self,
        verified: &Verified,
        intent: Option<&Intent>,
        mut hold: Hold,
        trail: &mut Trail,
    ) -> Result<(Hold, Vec<HoldOutcome>), Refusal> {
        // Before the trip: if this future is dropped while it waits, the hold may still be written.
        hold.id = intent.map(|intent| intent.request_id);
        let arguments = verified.arguments();
        let returned = purchase::refundable(verified, arguments);
        let refunds = if returned.is_empty() {
            Vec::new()
        } else {
            let purchased = self.shared.stores.purchased(&returned).await?;
            purchase::refunds(verified, arguments, returned, &purchased)?
        };
        hold.refunds = (!refunds.is_empty()).then(|| verified.raw().request_id);
        let mut outcome = HoldOutcome::NothingToPay;
        if let Some(struck) = intent.and_then(|intent| trail.no_funds(intent)) {
            outcome = struck;
        } else if let Some(intent) = intent {
            let order = doubts::order(verified, hold.turn.as_ref(), refunds);
            outcome = self.shared.stores.reserve_for(intent, &order, verified.now()).await?;
        } else if hold.turn.is_some() || hold.refunds.is_some() {
            hold.order = Some(doubts::order(verified, hold.turn.as_ref(), refunds));
        }
        if outcome != HoldOutcome::Held {
            hold.id = None;
        }
        Ok((hold, vec![outcome]))
    }

    /// Of what there is, the first items have theirs.
    async fn hold_items(
        &self,
        verified: &Verified,
        lots: &[Lot],
        mut hold: Hold,
        trail: &mut Trail,
    ) -> Result<(Hold, Vec<HoldOutcome>), Refusal> {
        let left = verified.operation().batch.as_ref().is_some_and(|it| it.rest == Rest::Left);
        if left && lots.iter().any(|lot| lot.wants.is_err()) {
            return Ok((hold, vec![HoldOutcome::NothingToPay; lots.len()]));
        }
        let first = lots.iter().find_map(|lot| lot.wants.as_ref().ok()?.intent.as_ref());
        let struck = first.and_then(|intent| trail.no_funds(intent));
        let (mut wanted, mut outcomes) = (Vec::new(), Vec::with_capacity(lots.len()));
        for lot in lots {
            let Ok(Wants { intent, refunds }) = &lot.wants else { continue };
            let mut own = Hold::new(&self.shared.stores, verified.now(), None);
            own.refunds = (!refunds.is_empty()).then_some(lot.id);
            let keeps = hold.turn.is_some();
            let order = doubts::order_of_item(verified, lot, refunds.clone(), keeps);
            match intent {
                Some(_) if struck.is_some() => continue,
                Some(intent) => {
                    own.id = Some(lot.id);
                    wanted.push((intent.clone(), order));
                }
                None if own.refunds.is_some() || keeps => own.order = Some(order),
                None => {}
            }
            let price = intent.as_ref().map(|intent| intent.amount);
            hold.lots.push(LotHold { place: lot.place, id: lot.id, price, keeps, hold: own });
        }
        let told = if wanted.is_empty() {
            Vec::new()
        } else {
            self.shared.stores.reserve_each(&wanted, verified.now()).await?
        };
        let mut told = told.into_iter();
        for lot in lots {
            let asks = lot.wants.as_ref().is_ok_and(|wants| wants.intent.is_some());
            let outcome = match &struck {
                _ if !asks => HoldOutcome::NothingToPay,
                Some(struck) => struck.clone(),
                None => told.next().unwrap_or(HoldOutcome::NothingToPay),
            };
            outcomes.push(outcome);
        }
        hold.keep_held(lots, &outcomes);
        Ok((hold, outcomes))
    }
}

impl Hold {
    /// Forgets the items for which nothing was set aside.
    fn keep_held(&mut self, lots: &[Lot], outcomes: &[HoldOutcome]) {
        let refused = |place: usize| {
            let mut all = lots.iter().zip(outcomes);
            all.any(|(lot, outcome)| {
                lot.place == place
                    && !matches!(outcome, HoldOutcome::Held | HoldOutcome::NothingToPay)
            })
        };
        self.lots.iter_mut().filter(|lot| refused(lot.place)).for_each(|lot| lot.hold.ended());
        self.lots.retain(|lot| !refused(lot.place));
    }
}

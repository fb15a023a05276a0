//! What a gateway asks about orders: begun, found by a token, concluded, in doubt.

use faregate_contract::RequestId;
use faregate_ledger::{Balance, Daily, Money};
use faregate_pipeline::facts::{
    Bought, Cell, HoldOutcome, Intent, Lesson, Order, Purchased, ResourceRef, Settlement,
    StoreDown, Verdict,
};
use faregate_pipeline::time::Millis;

use rusqlite::Connection;

use crate::Stores;
use crate::error::Fault;
use crate::failpoint;
use crate::sqlite::orders::{self, Doubt, KeptOrder, OrderEnd};
use crate::sqlite::{balances, ledger, refunds, resources};

/// How a call ended: all of it is written in one transaction.
#[derive(Debug)]
pub struct Ending {
    /// The hold to end, if the call has one.
    pub hold: Option<RequestId>,
    /// How.
    pub settlement: Settlement,
    /// Whose call.
    pub account: String,
    /// What the answer taught.
    pub lessons: Vec<Lesson>,
    /// What was bought, and for how much each.
    pub bought: Vec<Bought>,
    /// The call whose refunds end with it.
    pub refunds: Option<RequestId>,
    /// The order to end, if the call has one.
    pub order: Option<(RequestId, OrderEnd)>,
    /// Why, for the books; empty for an ordinary answer.
    pub note: String,
}

/// What the end of a call moved.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Booked {
    /// What is available after it, if money moved.
    pub available: Option<Money>,
    /// What was given back of earlier purchases.
    pub refunded: Option<Money>,
}

impl Stores {
    /// Sets the price aside and writes the order down, in one transaction: on disk when this returns.
    ///
    /// Dropped while it waits, the hold may still be made: see [`Stores::reserve`].
    ///
    /// # Errors
    /// It could not be written.
    pub async fn reserve_for(
        &self,
        intent: &Intent,
        order: &Order,
        now: Millis,
    ) -> Result<HoldOutcome, StoreDown> {
        if intent.amount.micros() == 0 {
            return Ok(HoldOutcome::NothingToPay);
        }
        if let Some(shared) = &self.inner.shared {
            return shared.reserve(intent, Some(&self.sealed(order)?), now).await;
        }
        let (intent, order, window_ms) =
            (intent.clone(), self.sealed(order)?, self.inner.window_ms);
        let work = move |c: &Connection| reserve(c, &intent, &order, window_ms, now);
        self.write("ledger", work).done().await
    }

    /// Sets the price of each aside, in this order, and writes their orders down: what is there goes to the first. On
    /// disk when this returns. One outcome each.
    ///
    /// Dropped while it waits, the holds may still be made: see [`Stores::reserve`].
    ///
    /// # Errors
    /// They could not be written; those of the shared home that were before stay, to be given back by their names.
    pub async fn reserve_each(
        &self,
        all: &[(Intent, Order)],
        now: Millis,
    ) -> Result<Vec<HoldOutcome>, StoreDown> {
        if self.inner.shared.is_some() {
            let mut outcomes = Vec::with_capacity(all.len());
            for (intent, order) in all {
                outcomes.push(self.reserve_for(intent, order, now).await?);
            }
            return Ok(outcomes);
        }
        let sealed = all.iter().map(|(intent, order)| Ok((intent.clone(), self.sealed(order)?)));
        let (sealed, window_ms) =
            (sealed.collect::<Result<Vec<_>, StoreDown>>()?, self.inner.window_ms);
        let work = move |c: &Connection| {
            let each =
                sealed.iter().map(|(intent, order)| reserve(c, intent, order, window_ms, now));
            each.collect()
        };
        self.write("ledger", work).done().await
    }

    /// The order of this name, if it is kept.
    ///
    /// # Errors
    /// It could not be read.
    pub async fn order_of(&self, id: RequestId) -> Result<Option<KeptOrder>, StoreDown> {
        let vault = &self.inner.vault;
        if let Some(shared) = &self.inner.shared {
            return shared.order_of(vault, id).await;
        }
        self.inner.readers.read("orders", |c| orders::by_id(c, vault, id))
    }

    /// Writes the order of a call that costs nothing down: on disk when this returns, before the first byte
    /// goes upstream.
    ///
    /// # Errors
    /// It could not be written.
    pub async fn begin(&self, order: &Order, now: Millis) -> Result<(), StoreDown> {
        if let Some(shared) = &self.inner.shared {
            return shared.begin(&self.sealed(order)?, now).await;
        }
        let order = self.sealed(order)?;
        self.write("orders", move |c| orders::insert(c, &order, now)).done().await
    }

    fn sealed(&self, order: &Order) -> Result<Order, StoreDown> {
        orders::seal(&self.inner.vault, order.clone()).map_err(|fault| fault.down("orders"))
    }

    /// The order of an account's token: answered within the last day, or its end not known.
    ///
    /// # Errors
    /// It could not be read.
    pub async fn order(
        &self,
        account: &str,
        token: &str,
        now: Millis,
    ) -> Result<Option<KeptOrder>, StoreDown> {
        if let Some(shared) = &self.inner.shared {
            return shared.order(&self.inner.vault, account, token, now).await;
        }
        let vault = &self.inner.vault;
        self.inner.readers.read("orders", |c| orders::by_token(c, vault, account, token, now))
    }

    /// Ends a call: hold, order, refunds and what its answer taught.
    ///
    /// # Errors
    /// It could not be written, or the hold ended otherwise.
    pub async fn conclude(&self, ending: Ending, now: Millis) -> Result<Booked, StoreDown> {
        let nothing = ending.hold.is_none() && ending.lessons.is_empty() && ending.order.is_none();
        if nothing && ending.refunds.is_none() {
            return Ok(Booked::default());
        }
        if let Some(shared) = &self.inner.shared {
            return shared.conclude(ending, now).await;
        }
        self.write("ledger", move |c| conclude(c, ending, now)).done().await
    }

    /// Leaves the refunds of a call in doubt without waiting, for a call that is being dropped.
    pub fn doubt_refunds_later(&self, id: RequestId) {
        match &self.inner.shared {
            Some(shared) => shared.doubt_refunds_later(id),
            None => drop(self.write("ledger", move |c| refunds::doubt(c, id))),
        }
    }

    /// What each resource was last bought for, in the order asked; none where there is nothing to refund.
    ///
    /// # Errors
    /// They could not be read.
    pub async fn purchased(
        &self,
        wanted: &[ResourceRef],
    ) -> Result<Vec<Option<Purchased>>, StoreDown> {
        if let Some(shared) = &self.inner.shared {
            return shared.purchased(wanted).await;
        }
        self.inner.readers.read("ledger", |c| {
            wanted.iter().map(|resource| refunds::purchased(c, resource)).collect()
        })
    }

    /// What an account has, and what it has spent today; none if there is no such account.
    ///
    /// # Errors
    /// It could not be read.
    pub async fn funds(&self, account: &str) -> Result<Option<(Balance, Daily)>, StoreDown> {
        if let Some(shared) = &self.inner.shared {
            return shared.funds(account).await;
        }
        self.inner.readers.read("ledger", |c| balances::books(c, account))
    }

    /// What cells would say to a call that takes from them; nothing is taken.
    ///
    /// # Errors
    /// They could not be looked at.
    pub async fn peek(&self, cells: &[Cell], now: Millis) -> Result<Verdict, StoreDown> {
        if let Some(shared) = &self.inner.shared {
            return shared.take(cells, now, false).await;
        }
        self.inner.quotas.peek(cells, now)
    }

    /// Every hold in doubt, oldest first, with what was sent.
    ///
    /// # Errors
    /// They could not be read.
    pub async fn doubts(&self) -> Result<Vec<Doubt>, StoreDown> {
        if let Some(shared) = &self.inner.shared {
            return shared.doubts(&self.inner.vault).await;
        }
        self.inner.readers.read("ledger", |c| orders::doubts(c, &self.inner.vault))
    }

    /// Every return whose refund is in doubt, oldest first.
    ///
    /// # Errors
    /// They could not be read.
    pub async fn doubted_returns(&self) -> Result<Vec<KeptOrder>, StoreDown> {
        if let Some(shared) = &self.inner.shared {
            return shared.doubted_returns(&self.inner.vault).await;
        }
        self.inner.readers.read("ledger", |c| orders::doubted_returns(c, &self.inner.vault))
    }
}

/// The hold, and its order if it is made.
fn reserve(
    c: &Connection,
    intent: &Intent,
    order: &Order,
    window_ms: i64,
    now: Millis,
) -> Result<HoldOutcome, Fault> {
    let outcome = ledger::reserve(c, intent, window_ms, now)?;
    if outcome == HoldOutcome::Held {
        orders::insert(c, order, now)?;
    }
    Ok(outcome)
}

/// All of it, or nothing.
fn conclude(c: &Connection, ending: Ending, now: Millis) -> Result<Booked, Fault> {
    let Ending { hold, settlement, account, lessons, bought, refunds: returned, order, note } =
        ending;
    let mut booked = Booked::default();
    failpoint::at("conclude.begin")?;
    if let Some(id) = hold {
        ledger::settle(c, id, settlement, &note, now)?;
        if settlement == Settlement::Commit {
            refunds::bought(c, id, &account, &bought, now)?;
        }
    }
    if let Some(id) = returned {
        booked.refunded = refunds::settle(c, id, settlement, &lessons, &note, now)?;
    }
    failpoint::at("conclude.booked")?;
    if hold.is_some() || booked.refunded.is_some() {
        booked.available = balances::balance(c, &account)?.map(|balance| balance.available());
    }
    resources::learn(c, &account, &lessons, now)?;
    failpoint::at("conclude.learnt")?;
    if let Some((id, end)) = order {
        orders::end(c, id, end, booked)?;
    }
    failpoint::at("conclude.kept")?;
    Ok(booked)
}

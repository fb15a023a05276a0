//! What a gateway asks about orders: begun, found by a token, concluded, in doubt.

use faregate_contract::RequestId;
use faregate_ledger::{Balance, Daily, Money};
use faregate_pipeline::facts::{
    Cell, HoldOutcome, Intent, Lesson, Order, Settlement, StoreDown, Verdict,
};
use faregate_pipeline::time::Millis;

use crate::Stores;
use crate::sqlite::orders::{self, Doubt, KeptOrder, OrderEnd};
use crate::sqlite::{balances, ledger, resources};

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
    /// The order to end, if the call has one.
    pub order: Option<(RequestId, OrderEnd)>,
    /// Why, for the books; empty for an ordinary answer.
    pub note: String,
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
        let (intent, order, window_ms) = (intent.clone(), order.clone(), self.inner.window_ms);
        let work = move |c: &rusqlite::Connection| {
            let outcome = ledger::reserve(c, &intent, window_ms, now)?;
            if outcome == HoldOutcome::Held {
                orders::insert(c, &order, now)?;
            }
            Ok(outcome)
        };
        self.write("ledger", work).done().await
    }

    /// Writes the order of a call that costs nothing down: on disk when this returns, before the first byte
    /// goes upstream.
    ///
    /// # Errors
    /// It could not be written.
    pub async fn begin(&self, order: &Order, now: Millis) -> Result<(), StoreDown> {
        let order = order.clone();
        self.write("orders", move |c| orders::insert(c, &order, now)).done().await
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
        self.inner.readers.read("orders", |c| orders::by_token(c, account, token, now))
    }

    /// Ends a call: hold, order and what its answer taught. The balance that is available after it, if a
    /// hold ended.
    ///
    /// # Errors
    /// It could not be written, or the hold ended otherwise.
    pub async fn conclude(&self, ending: Ending, now: Millis) -> Result<Option<Money>, StoreDown> {
        let nothing = ending.hold.is_none() && ending.lessons.is_empty() && ending.order.is_none();
        if nothing {
            return Ok(None);
        }
        let work = move |c: &rusqlite::Connection| {
            let Ending { hold, settlement, account, lessons, order, note } = ending;
            let mut available = None;
            if let Some(id) = hold {
                ledger::settle(c, id, settlement, &note, now)?;
                available = balances::balance(c, &account)?.map(|balance| balance.available());
            }
            resources::learn(c, &account, &lessons, now)?;
            if let Some((id, end)) = order {
                orders::end(c, id, end, available)?;
            }
            Ok(available)
        };
        self.write("ledger", work).done().await
    }

    /// What an account has, and what it has spent today; none if there is no such account.
    ///
    /// # Errors
    /// It could not be read.
    pub async fn funds(&self, account: &str) -> Result<Option<(Balance, Daily)>, StoreDown> {
        self.inner.readers.read("ledger", |c| balances::books(c, account))
    }

    /// What cells would say to a call that takes from them; nothing is taken.
    ///
    /// # Errors
    /// They could not be looked at.
    pub async fn peek(&self, cells: &[Cell], now: Millis) -> Result<Verdict, StoreDown> {
        self.inner.quotas.peek(cells, now)
    }

    /// Every hold in doubt, oldest first, with what was sent.
    ///
    /// # Errors
    /// They could not be read.
    pub async fn doubts(&self) -> Result<Vec<Doubt>, StoreDown> {
        self.inner.readers.read("ledger", orders::doubts)
    }
}

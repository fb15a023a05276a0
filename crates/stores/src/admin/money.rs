//! Money: topped up, looked at, and judged where a hold is in doubt.

use faregate_contract::RequestId;
use faregate_ledger::{Balance, Daily, Ending, Entry, HoldState, Money, Refused, Step};
use faregate_pipeline::facts::KeptBatch;
use serde_json::json;

use super::{Admin, Side, no_account};
use crate::clock;
use crate::error::{AdminError, broken};
use crate::postgres::operator;
use crate::receipts::{self, Kept, Receipt};
use crate::sqlite::audit::{self, LedgerCheck};
use crate::sqlite::balances::{self, About};
use crate::sqlite::batches;
use crate::sqlite::chain::Head;
use crate::sqlite::ledger::{self, BookedEntry, OpenHold};

impl Admin {
    /// Adds money; the balance after it.
    ///
    /// # Errors
    /// There is no such account, or the amount is not positive or of another currency.
    pub fn topup(
        &mut self,
        account: &str,
        amount: Money,
        reason: &str,
    ) -> Result<Balance, AdminError> {
        self.book("TopUp", account, reason, |balance| balance.top_up(amount).map(Some))
    }

    /// Corrects what an account has, either way, and never below what it can spend; the balance after it.
    ///
    /// # Errors
    /// There is no such account, or it has less, or the amount is nothing or of another currency.
    pub fn adjust(
        &mut self,
        account: &str,
        amount: Money,
        reason: &str,
    ) -> Result<Balance, AdminError> {
        self.book("AdjustBalance", account, reason, |balance| balance.adjust(amount).map(Some))
    }

    /// Lets an account spend so much that it does not have; the balance after it.
    ///
    /// # Errors
    /// There is no such account, or more of its credit was spent, or the limit is of another currency.
    pub fn set_credit(
        &mut self,
        account: &str,
        limit: Money,
        reason: &str,
    ) -> Result<Balance, AdminError> {
        self.book("SetCredit", account, reason, |balance| balance.set_credit(limit))
    }

    /// Bounds what an account may spend in a day of UTC, or no longer.
    ///
    /// # Errors
    /// There is no such account, or the cap is negative or of another currency.
    pub fn set_daily_cap(&mut self, account: &str, cap: Option<Money>) -> Result<(), AdminError> {
        let is_good = |balance: &Balance| {
            let ours = balance.available().currency();
            match cap {
                Some(cap) if cap.currency() != ours => {
                    Err(Refused::Currency { ours, theirs: cap.currency() })
                }
                Some(cap) if cap.is_negative() => Err(Refused::NotPositive(cap)),
                Some(_) | None => Ok(()),
            }
        };
        self.change(|c, _, noted| {
            let (balance, daily) =
                balances::locked(c, account)?.ok_or_else(|| no_account(account))?;
            is_good(&balance)?;
            let value = |cap: Option<Money>| json!({ "dailyCap": cap.map(|cap| cap.to_string()) });
            let values = (Some(value(daily.cap())), Some(value(cap)));
            noted.changed("SetDailyCap", format!("account/{account}/balance"), values);
            Ok(balances::set_cap(c, account, cap)?)
        })
    }

    /// What an account may spend in a day, and what it has spent of it.
    ///
    /// # Errors
    /// There is no such account.
    pub fn daily(&self, account: &str) -> Result<Daily, AdminError> {
        let books = balances::books(self.connection()?, account)?;
        books.map(|(_, daily)| daily).ok_or_else(|| no_account(account))
    }

    fn book(
        &mut self,
        action: &'static str,
        account: &str,
        reason: &str,
        change: impl FnOnce(&mut Balance) -> Result<Option<Entry>, Refused> + Send,
    ) -> Result<Balance, AdminError> {
        self.change(|c, _, noted| {
            let found = balances::locked(c, account)?;
            let (mut balance, _) = found.ok_or_else(|| no_account(account))?;
            let before = Some(balance_value(&balance));
            if let Some(entry) = change(&mut balance)? {
                let about = About { account, request_id: None, note: reason };
                balances::book(c, about, entry, &balance, clock::wall())?;
            }
            let subject = format!("account/{account}/balance");
            noted.changed(action, subject, (before, Some(balance_value(&balance))));
            Ok(balance)
        })
    }

    /// What an account has.
    ///
    /// # Errors
    /// There is no such account.
    pub fn balance(&self, account: &str) -> Result<Balance, AdminError> {
        balances::balance(self.connection()?, account)?.ok_or_else(|| no_account(account))
    }

    /// The newest entries of an account's books before the one of this number, newest first.
    ///
    /// # Errors
    /// The store failed.
    pub fn entries(
        &self,
        account: &str,
        before: Option<i64>,
        n_max: usize,
    ) -> Result<Vec<BookedEntry>, AdminError> {
        Ok(ledger::newest_entries(self.connection()?, account, before, n_max)?)
    }

    /// Hands receipts over, newest first, until `each` answers false: those of the last day, as far as they go
    /// into the newest files.
    ///
    /// # Errors
    /// They cannot be read.
    pub fn newest_receipts(
        &self,
        each: impl FnMut(&Receipt<'_>) -> bool,
    ) -> Result<(), AdminError> {
        let read = receipts::newest(&self.home.receipts(), each);
        read.map_err(|cause| broken(format!("the receipts: {cause}")).into())
    }

    /// Holds in doubt, oldest first: calls that were sent, and whose answer nobody knows.
    ///
    /// # Errors
    /// The store failed.
    pub fn holds(&self) -> Result<Vec<OpenHold>, AdminError> {
        let mut holds = ledger::open_holds(self.connection()?)?;
        holds.retain(|hold| hold.state == HoldState::InDoubt);
        Ok(holds)
    }

    /// The hold of a call, whatever became of it, and the entries that it made.
    ///
    /// # Errors
    /// The store failed.
    pub fn books_of(
        &self,
        id: RequestId,
    ) -> Result<(Option<OpenHold>, Vec<BookedEntry>), AdminError> {
        Ok((ledger::hold_of(self.connection()?, id)?, ledger::entries_of(self.connection()?, id)?))
    }

    /// How a batch of the last day ended.
    ///
    /// # Errors
    /// The store failed.
    pub fn batch_of(&self, id: RequestId) -> Result<Option<KeptBatch>, AdminError> {
        Ok(batches::find(self.connection()?, id)?)
    }

    /// The receipts of a call of the last day, oldest first: its own, then its settlements.
    ///
    /// # Errors
    /// They cannot be read.
    pub fn receipts_of(&self, id: RequestId) -> Result<Vec<Kept>, AdminError> {
        let found = receipts::find(&self.home.receipts(), id);
        found.map_err(|cause| broken(format!("the receipts: {cause}")).into())
    }

    /// Ends a hold in doubt, as somebody found out.
    ///
    /// # Errors
    /// There is no such hold, or it is not in doubt.
    pub fn settle_hold(
        &mut self,
        id: RequestId,
        ending: Ending,
        reason: &str,
    ) -> Result<(), AdminError> {
        self.change(|c, _, noted| {
            let mut state = None;
            let plan = |found: HoldState| {
                state = Some(found);
                match found {
                    HoldState::InDoubt => Ok(vec![Step::Judge(ending)]),
                    HoldState::Reserved
                    | HoldState::Sending
                    | HoldState::Answered(_)
                    | HoldState::Committed
                    | HoldState::Released => Err(broken("not in doubt")),
                }
            };
            match (ledger::advance(c, id, reason, clock::wall(), plan), state) {
                (Ok(Some(_)), _) => {
                    let after =
                        json!({ "ending": format!("{ending:?}").to_lowercase(), "why": reason });
                    let before = json!({ "ending": "in doubt" });
                    noted.changed("SettleHold", format!("hold/{id}"), (Some(before), Some(after)));
                    Ok(())
                }
                (Ok(None), _) => Err(AdminError::NotFound { what: "hold", name: id.to_string() }),
                (Err(_), Some(state)) if state != HoldState::InDoubt => Err(AdminError::Invalid(
                    format!("the hold of {id} is {state}; only one in doubt can be judged"),
                )),
                (Err(fault), _) => Err(fault.into()),
            }
        })
    }

    /// Checks the whole ledger: its chain, its sums, balances and holds. `known` is a head that was written down
    /// once; `progress` is told how many entries of how many were looked at.
    ///
    /// # Errors
    /// The store failed; what is wrong with the ledger is in the answer.
    pub fn verify_ledger(
        &self,
        known: Option<&Head>,
        progress: &mut dyn FnMut(u64, u64),
    ) -> Result<LedgerCheck, AdminError> {
        match &self.side {
            Side::Embedded(connection) => {
                // A transaction that only reads: one snapshot, and a running gateway goes on writing.
                let snapshot = connection.unchecked_transaction()?;
                Ok(audit::check(&snapshot, known, progress)?)
            }
            // There is no chain of entries yet: nothing that a head could be compared with.
            Side::Shared(_) if known.is_some() => Err(AdminError::NotCarried),
            Side::Shared(shared) => Ok(operator::check_ledger(&shared.session)?),
        }
    }
}

fn balance_value(balance: &Balance) -> serde_json::Value {
    let available = balance.available();
    json!({
        "available": available.to_string(),
        "held": balance.held().to_string(),
        "currency": available.currency().as_str(),
    })
}

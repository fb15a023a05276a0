//! Money: topped up, looked at, and judged where a hold is in doubt.

use faregate_contract::RequestId;
use faregate_ledger::{Balance, Ending, HoldState, Money, Step};

use super::{Admin, no_account};
use crate::clock;
use crate::error::{AdminError, broken};
use crate::receipts::{self, Kept};
use crate::sqlite::audit::{self, SumCheck};
use crate::sqlite::ledger::{self, About, BookedEntry, OpenHold};

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
        self.write(|c, _| {
            let mut balance = ledger::balance(c, account)?.ok_or_else(|| no_account(account))?;
            let entry = balance.top_up(amount)?;
            let about = About { account, request_id: None, note: reason };
            ledger::book(c, about, entry, &balance, clock::wall())?;
            Ok(balance)
        })
    }

    /// What an account has.
    ///
    /// # Errors
    /// There is no such account.
    pub fn balance(&self, account: &str) -> Result<Balance, AdminError> {
        ledger::balance(&self.connection, account)?.ok_or_else(|| no_account(account))
    }

    /// Holds in doubt, oldest first: calls that were sent, and whose answer nobody knows.
    ///
    /// # Errors
    /// The store failed.
    pub fn holds(&self) -> Result<Vec<OpenHold>, AdminError> {
        let mut holds = ledger::open_holds(&self.connection)?;
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
        Ok((ledger::hold_of(&self.connection, id)?, ledger::entries_of(&self.connection, id)?))
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
        self.write(|c, _| {
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
                (Ok(Some(_)), _) => Ok(()),
                (Ok(None), _) => Err(AdminError::NotFound { what: "hold", name: id.to_string() }),
                (Err(_), Some(state)) if state != HoldState::InDoubt => Err(AdminError::Invalid(
                    format!("the hold of {id} is {state}; only one in doubt can be judged"),
                )),
                (Err(fault), _) => Err(fault.into()),
            }
        })
    }

    /// Recomputes everything from the entries and compares.
    ///
    /// # Errors
    /// The store failed; what is wrong with the sums is in the answer.
    pub fn ledger_sum_check(&mut self) -> Result<SumCheck, AdminError> {
        // In one transaction, so that a running gateway does not move money between two reads.
        self.write(|c, _| Ok(audit::sum_check(c)?))
    }
}

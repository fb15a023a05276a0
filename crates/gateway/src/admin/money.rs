//! Money: topped up, looked at, judged where a hold is in doubt.

use faregate_contract::RequestId;
use faregate_ledger::{Balance, Ending, Money};
use faregate_stores::{BookedEntry, OpenHold};
use serde::{Deserialize, Serialize};

use super::{Act, Desk, Done, For, Refused};

/// What an account has.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct BalanceView {
    account_id: String,
    /// To spend.
    available: String,
    /// Set aside for calls under way.
    held: String,
    currency: String,
    /// How much of it is lent, at most.
    credit_limit: String,
    /// The most that may be spent in a day of UTC, if there is such a bound.
    daily_cap: Option<String>,
    /// What is spent of that today.
    spent_today: String,
}

impl BalanceView {
    fn of(desk: &Desk<'_>, account_id: String, balance: &Balance) -> Result<Self, Refused> {
        let (available, daily) = (balance.available(), desk.admin.daily(&account_id)?);
        Ok(Self {
            account_id,
            available: available.to_string(),
            held: balance.held().to_string(),
            currency: available.currency().as_str().to_owned(),
            credit_limit: balance.credit().to_string(),
            daily_cap: daily.cap().map(|cap| cap.to_string()),
            spent_today: daily.spent_at(desk.admin.now()?.as_ms()).to_string(),
        })
    }
}

/// A balance.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct One {
    balance: BalanceView,
}

/// Adds money to an account.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct TopUp {
    account_id: String,
    /// How much, in the account's currency: `100.00`.
    amount: String,
    /// Why, for the books.
    #[cfg_attr(test, schemars(length(max = 200)))]
    note: Option<String>,
}

impl Act for TopUp {
    type Answer = One;
    const ACTION: &'static str = "TopUp";
    const FOR: For = For::Operators;
    const WRITES: bool = true;

    fn act(self, desk: &mut Desk<'_>) -> Result<One, Refused> {
        let amount = money(desk, &self.account_id, "amount", &self.amount)?;
        let note = self.note.as_deref().unwrap_or("top-up");
        let balance = desk.admin.topup(&self.account_id, amount, note)?;
        Ok(One { balance: BalanceView::of(desk, self.account_id, &balance)? })
    }
}

/// Corrects what an account has, either way, and never below what it can spend.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct AdjustBalance {
    account_id: String,
    /// How much, in the account's currency; `-5.00` takes it away.
    amount: String,
    /// Why, for the books.
    #[cfg_attr(test, schemars(length(min = 1, max = 200)))]
    note: String,
}

impl Act for AdjustBalance {
    type Answer = One;
    const ACTION: &'static str = "AdjustBalance";
    const FOR: For = For::Operators;
    const WRITES: bool = true;

    fn act(self, desk: &mut Desk<'_>) -> Result<One, Refused> {
        let amount = money(desk, &self.account_id, "amount", &self.amount)?;
        let balance = desk.admin.adjust(&self.account_id, amount, &self.note)?;
        Ok(One { balance: BalanceView::of(desk, self.account_id, &balance)? })
    }
}

/// Lets an account spend so much that it does not have.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct SetCredit {
    account_id: String,
    /// How much, in the account's currency; `0` is nothing.
    credit_limit: String,
    /// Why, for the books.
    #[cfg_attr(test, schemars(length(max = 200)))]
    note: Option<String>,
}

impl Act for SetCredit {
    type Answer = One;
    const ACTION: &'static str = "SetCredit";
    const FOR: For = For::Operators;
    const WRITES: bool = true;

    fn act(self, desk: &mut Desk<'_>) -> Result<One, Refused> {
        let limit = money(desk, &self.account_id, "creditLimit", &self.credit_limit)?;
        let note = self.note.as_deref().unwrap_or("credit limit");
        let balance = desk.admin.set_credit(&self.account_id, limit, note)?;
        Ok(One { balance: BalanceView::of(desk, self.account_id, &balance)? })
    }
}

/// Bounds what an account may spend in a day of UTC.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct SetDailyCap {
    account_id: String,
    /// The most, in the account's currency; without it there is no such bound any more.
    daily_cap: Option<String>,
}

impl Act for SetDailyCap {
    type Answer = Done;
    const ACTION: &'static str = "SetDailyCap";
    const FOR: For = For::Operators;
    const WRITES: bool = true;

    fn act(self, desk: &mut Desk<'_>) -> Result<Done, Refused> {
        let cap = self.daily_cap.as_deref();
        let cap = cap.map(|cap| money(desk, &self.account_id, "dailyCap", cap)).transpose()?;
        desk.admin.set_daily_cap(&self.account_id, cap)?;
        Ok(Done {})
    }
}

/// An amount of the account's own currency.
fn money(desk: &Desk<'_>, account: &str, name: &str, text: &str) -> Result<Money, Refused> {
    let (_, currency) = desk.admin.account(account)?;
    Money::parse(text, currency)
        .map_err(|cause| Refused::Invalid(format!("{name}: `{text}`: {cause}")))
}

/// Says what an account has.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct DescribeBalance {
    /// Of this account; without it, the caller's own.
    account_id: Option<String>,
}

impl Act for DescribeBalance {
    type Answer = One;
    const ACTION: &'static str = "DescribeBalance";
    const FOR: For = For::Everyone;
    const WRITES: bool = false;

    fn act(self, desk: &mut Desk<'_>) -> Result<One, Refused> {
        let account = desk.account(self.account_id)?;
        let balance = desk.admin.balance(&account)?;
        Ok(One { balance: BalanceView::of(desk, account, &balance)? })
    }
}

/// Lists the entries of an account's books, newest first.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct DescribeLedger {
    /// Of this account; without it, the caller's own.
    account_id: Option<String>,
    /// Before the entry of this number: the last one of the page before.
    before: Option<i64>,
    /// How many at most; 100 without it.
    #[cfg_attr(test, schemars(range(min = 1, max = 1000)))]
    limit: Option<u32>,
}

/// An entry.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct EntryView {
    /// Its number.
    seq: i64,
    /// In seconds since 1970.
    at: i64,
    from: String,
    to: String,
    amount: String,
    currency: String,
    note: String,
}

impl From<&BookedEntry> for EntryView {
    fn from(booked: &BookedEntry) -> Self {
        let entry = booked.entry;
        Self {
            seq: booked.seq,
            at: booked.at.as_secs(),
            from: entry.debit().to_string(),
            to: entry.credit().to_string(),
            amount: entry.amount.to_string(),
            currency: entry.amount.currency().as_str().to_owned(),
            note: booked.note.clone(),
        }
    }
}

/// Entries.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct Entries {
    entries: Vec<EntryView>,
}

impl Act for DescribeLedger {
    type Answer = Entries;
    const ACTION: &'static str = "DescribeLedger";
    const FOR: For = For::Everyone;
    const WRITES: bool = false;

    fn act(self, desk: &mut Desk<'_>) -> Result<Entries, Refused> {
        let account = desk.account(self.account_id)?;
        let (_, limit) = super::page(None, self.limit);
        let entries = desk.admin.entries(&account, self.before, limit)?;
        Ok(Entries { entries: entries.iter().map(EntryView::from).collect() })
    }
}

/// Lists what is held for calls whose answer was lost.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct DescribeHolds {}

/// A hold in doubt.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct HoldView {
    /// The call that it is held for.
    request_id: String,
    account_id: String,
    amount: String,
    currency: String,
    module: String,
    action: String,
    /// In seconds since 1970.
    at: i64,
}

impl From<&OpenHold> for HoldView {
    fn from(hold: &OpenHold) -> Self {
        Self {
            request_id: hold.request_id.to_string(),
            account_id: hold.account.clone(),
            amount: hold.amount.to_string(),
            currency: hold.amount.currency().as_str().to_owned(),
            module: hold.module.clone(),
            action: hold.action.clone(),
            at: hold.at.as_secs(),
        }
    }
}

/// Holds in doubt.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct Holds {
    holds: Vec<HoldView>,
}

impl Act for DescribeHolds {
    type Answer = Holds;
    const ACTION: &'static str = "DescribeHolds";
    const FOR: For = For::Operators;
    const WRITES: bool = false;

    fn act(self, desk: &mut Desk<'_>) -> Result<Holds, Refused> {
        let holds = desk.admin.holds()?;
        Ok(Holds { holds: holds.iter().map(HoldView::from).collect() })
    }
}

/// Ends a hold in doubt, as somebody found out.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct SettleHold {
    /// The call that it is held for.
    request_id: String,
    /// What the module did: `commit` spends the money, `release` gives it back.
    ending: Found,
    /// Why, for the books.
    #[cfg_attr(test, schemars(length(max = 200)))]
    note: Option<String>,
}

#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
#[cfg_attr(test, derive(schemars::JsonSchema))]
enum Found {
    Commit,
    Release,
}

impl Act for SettleHold {
    type Answer = Done;
    const ACTION: &'static str = "SettleHold";
    const FOR: For = For::Operators;
    const WRITES: bool = true;

    fn act(self, desk: &mut Desk<'_>) -> Result<Done, Refused> {
        let id = RequestId::parse(&self.request_id).ok_or(Refused::Absent("hold"))?;
        let ending = match self.ending {
            Found::Commit => Ending::Commit,
            Found::Release => Ending::Release,
        };
        let note = self.note.as_deref().unwrap_or("settled by hand");
        desk.admin.settle_hold(id, ending, note)?;
        Ok(Done {})
    }
}

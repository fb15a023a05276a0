//! 5300 Failed to purchase resource: the price is more than the available balance, or than the day's cap.
//!
//! The last gate, because it is the only one that holds something: what passes it is paid for. A priced
//! call's claim is written again in the reservation's own transaction, so that money never trusts the nonce
//! store alone.
//! Invariant: a `Funded` costs nothing, or its price is held; an item of a batch that it goes on with, too. Never:
//! computes with floats; guesses a price.

mod bill;

use faregate_catalog::{Operation, Pricing, Quote};
use faregate_contract::{Code, Origin, Public, Reason, Refusal, RequestId};
use faregate_ledger::{Balance, Currency, Daily, Hold, Money};
use serde_json::{Map, Value};

use crate::facts::{HoldOutcome, Intent};
use crate::fault::Fault;
use crate::parameters;
use crate::replay;
use crate::time::Millis;
use crate::verification::Verified;
pub use bill::{Bill, Lot, Wants, check, intent, intent_of};

/// A call that costs nothing, or whose price is held; of a batch, those of its items.
#[derive(Debug)]
pub struct Funded {
    of: Verified,
    held: Option<Money>,
    lots: Vec<bill::Judged>,
}

owns!(Funded => Verified);

impl Funded {
    /// What is held for it.
    #[must_use]
    pub fn held(&self) -> Option<Money> {
        self.held
    }

    /// The name of the item at this place: of its own where it is paid by itself, else the call's.
    #[must_use]
    pub fn name_at(&self, place: usize) -> RequestId {
        let own = self.lots.iter().find(|lot| lot.place == place).map(|lot| lot.id);
        own.unwrap_or_else(|| self.raw().request_id)
    }

    /// Why the item at this place does not go on, if it cannot be paid.
    #[must_use]
    pub fn unfunded(&self, place: usize) -> Option<&Refusal> {
        self.lots.iter().find(|lot| lot.place == place)?.refusal.as_ref()
    }

    /// Is there an item that cannot be paid.
    #[must_use]
    pub fn has_unfunded(&self) -> bool {
        self.lots.iter().any(|lot| lot.refusal.is_some())
    }
}

/// The reasons of this room.
pub const REASONS: &[Reason] = &[INSUFFICIENT_BALANCE, CREDIT_LIMIT, DAILY_CAP];
const INSUFFICIENT_BALANCE: Reason = Reason::new("INSUFFICIENT_BALANCE");
const CREDIT_LIMIT: Reason = Reason::new("CREDIT_LIMIT");
const DAILY_CAP: Reason = Reason::new("DAILY_CAP");

/// Why a call cannot be paid.
#[derive(Debug, PartialEq)]
pub enum Refused {
    /// The price is more than there is.
    Insufficient {
        /// The price.
        price: Money,
        /// The available balance.
        available: Money,
        /// How much may be spent on credit.
        credit: Money,
    },
    /// The price is more than may still be spent today.
    Capped {
        /// The price.
        price: Money,
        /// The most that may be spent in a day.
        cap: Money,
        /// What is spent of it.
        spent: Money,
        /// When the next day begins.
        resets_at: Millis,
    },
}

impl From<Refused> for Refusal {
    fn from(refused: Refused) -> Self {
        let (reason, say) = match refused {
            Refused::Insufficient { price, available, credit } if credit.is_positive() => (
                CREDIT_LIMIT,
                format!(
                    "the price is {price} {} and the available balance is {available}, the credit limit of \
                     {credit} included; pay in, or have the limit raised, then sign again.",
                    price.currency()
                ),
            ),
            Refused::Insufficient { price, available, credit: _ } => (
                INSUFFICIENT_BALANCE,
                format!(
                    "the price is {price} {} and the available balance is {available}; top up, then sign again.",
                    price.currency()
                ),
            ),
            Refused::Capped { price, cap, spent, resets_at } => (
                DAILY_CAP,
                format!(
                    "the price is {price} {} and {spent} of the account's daily cap of {cap} are spent; the \
                     next day begins at 00:00 UTC, Timestamp {}.",
                    price.currency(),
                    resets_at.as_secs()
                ),
            ),
        };
        Refusal::new(Code::InsufficientBalance, reason, Origin::Client, Public::new(say))
    }
}

/// What a call costs.
#[derive(Clone, Copy, Debug)]
pub enum Price<'o> {
    /// Its action has no price.
    Free,
    /// So much.
    Known(Money),
    /// As much as another action of the module says.
    Asked(&'o Quote, Currency),
}

/// What a call with these arguments costs.
///
/// # Errors
/// 4000 when it cannot be computed from them.
pub fn price<'o>(
    operation: &'o Operation,
    arguments: &Map<String, Value>,
) -> Result<Price<'o>, Refusal> {
    let Some(purchase) = &operation.purchase else { return Ok(Price::Free) };
    let unknown = || parameters::price(format!("`{}` is no currency", purchase.currency));
    let currency = Currency::parse(&purchase.currency).ok_or_else(unknown)?;
    match &purchase.price {
        Pricing::Quote(quote) => Ok(Price::Asked(quote, currency)),
        Pricing::Expression(price) => {
            let micros = price.evaluate(arguments).map_err(|e| parameters::price(e.to_string()))?;
            Ok(Price::Known(Money::from_micros(micros, currency)))
        }
    }
}

/// The price that the answer of a quote names: a decimal string, or an integer of micro-units.
///
/// # Errors
/// It names none, and the module is at fault.
pub fn quoted(quote: &Quote, currency: Currency, answer: &Value) -> Result<Money, Fault> {
    let nonsense = |why: &str| {
        let (action, at) = (&quote.action, quote.at.source());
        Fault::Nonsense(format!("the answer of `{action}` {why} at `{at}`"))
    };
    let money = match quote.at.one(answer) {
        Some(Value::String(text)) => Money::parse(text, currency).ok(),
        Some(Value::Number(number)) => {
            number.as_i64().map(|micros| Money::from_micros(micros, currency))
        }
        Some(Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_)) => None,
        None => return Err(nonsense("names no price")),
    };
    let money = money.filter(|money| !money.is_negative());
    money.ok_or_else(|| nonsense("has no amount of money"))
}

/// What a call of this price would be refused with, by an account with these funds.
#[must_use]
pub fn would(price: Money, funds: Option<&(Balance, Daily)>, now: Millis) -> Option<Refusal> {
    // Of another currency than its own an account has nothing.
    let nothing = Money::zero(price.currency());
    let funds = funds.filter(|(balance, _)| balance.available().currency() == price.currency());
    let Some((balance, daily)) = funds else {
        let refused = Refused::Insufficient { price, available: nothing, credit: nothing };
        return price.is_positive().then(|| refused.into());
    };
    let (available, credit) = (balance.available(), balance.credit());
    if price > available {
        return Some(Refused::Insufficient { price, available, credit }.into());
    }
    let mut today = *daily;
    let capped = today.spend(price, now.as_ms()).err().filter(|_| price.is_positive())?;
    let resets_at = Millis::new(capped.resets_at_ms);
    Some(Refused::Capped { price, cap: capped.cap, spent: capped.spent, resets_at }.into())
}

/// What an account would have left, in memory alone, once this price was set aside.
pub fn rehearse(price: Money, funds: Option<&mut (Balance, Daily)>, now: Millis) {
    let Some((balance, daily)) = funds else { return };
    // What cannot be set aside is refused by [`would`], and changes nothing.
    if price.is_positive() && Hold::reserve(balance, price).is_ok() {
        let _ = daily.spend(price, now.as_ms());
    }
}

/// What is held of an intent, by what the ledger answered.
fn judge(intent: &Intent, outcome: &HoldOutcome, now_s: i64) -> Result<Option<Money>, Refusal> {
    let price = intent.amount;
    match *outcome {
        HoldOutcome::NothingToPay => Ok(None),
        HoldOutcome::Held => Ok(Some(price)),
        HoldOutcome::Insufficient { available, credit } => {
            Err(Refused::Insufficient { price, available, credit }.into())
        }
        HoldOutcome::Capped { cap, spent, resets_at } => {
            Err(Refused::Capped { price, cap, spent, resets_at }.into())
        }
        HoldOutcome::Duplicate => Err(replay::seen(now_s)),
    }
}

#[cfg(test)]
mod spec {
    use super::*;

    fn cny(text: &str) -> Money {
        Money::parse(text, Currency::CNY).unwrap()
    }

    #[test]
    fn a_refusal_says_which_bound_its_value_and_what_to_do() {
        let (price, available) = (cny("30.00"), cny("1.00"));
        let resets_at = Millis::from_secs(1_526_947_200);
        let capped = Refused::Capped { price, cap: cny("100"), spent: cny("80"), resets_at };
        for (refused, reason, says) in [
            (
                Refused::Insufficient { price, available, credit: cny("0") },
                INSUFFICIENT_BALANCE,
                ["the price is 30.00 CNY", "available balance is 1.00; top up"],
            ),
            (
                Refused::Insufficient { price, available, credit: cny("5") },
                CREDIT_LIMIT,
                ["available balance is 1.00", "credit limit of 5.00"],
            ),
            (
                capped,
                DAILY_CAP,
                ["80.00 of the account's daily cap of 100.00", "Timestamp 1526947200"],
            ),
        ] {
            let refusal = Refusal::from(refused);
            assert_eq!((refusal.code, refusal.reason), (Code::InsufficientBalance, reason));
            let message = refusal.message();
            assert!(says.iter().all(|say| message.contains(say)), "{message}");
            assert!(message.contains("nothing was charged"), "{message}");
        }
    }

    #[test]
    fn a_dry_run_meets_the_bounds_that_a_purchase_meets() {
        let now = Millis::from_secs(1_526_896_800);
        let mut balance = Balance::empty(Currency::CNY);
        balance.top_up(cny("50")).unwrap();
        let daily = Daily::restore(Some(cny("40")), 0, cny("0"));
        let usd = Money::parse("1", Currency::parse("USD").unwrap()).unwrap();
        for (price, wanted) in [
            (cny("0"), None),
            (cny("40"), None),
            (cny("40.01"), Some(DAILY_CAP)),
            (cny("50.01"), Some(INSUFFICIENT_BALANCE)),
            (usd, Some(INSUFFICIENT_BALANCE)),
        ] {
            let refusal = would(price, Some(&(balance, daily)), now);
            assert_eq!(refusal.map(|it| it.reason), wanted, "{price:?}");
        }
        assert!(would(cny("1"), None, now).is_some());
    }
}

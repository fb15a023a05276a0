//! 5300 Failed to purchase resource: the price is more than the available balance.
//!
//! The last gate, because it is the only one that holds something: what passes it is paid for. A priced
//! call's claim is written again in the reservation's own transaction, so that money never trusts the nonce
//! store alone.
//! Invariant: a `Funded` costs nothing, or its price is held. Never: computes with floats; guesses a price.

use faregate_catalog::Operation;
use faregate_contract::{Code, Origin, Public, Reason, Refusal};
use faregate_ledger::{Currency, Money};
use serde_json::{Map, Value};

use crate::facts::{HoldOutcome, Intent};
use crate::parameters;
use crate::replay;
use crate::verification::Verified;

/// A call that costs nothing, or whose price is held.
#[derive(Debug)]
pub struct Funded {
    of: Verified,
    held: Option<Money>,
}

owns!(Funded => Verified);

impl Funded {
    /// What is held for it.
    #[must_use]
    pub fn held(&self) -> Option<Money> {
        self.held
    }
}

/// The reasons of this room.
pub const REASONS: &[Reason] = &[INSUFFICIENT_BALANCE];
const INSUFFICIENT_BALANCE: Reason = Reason::new("INSUFFICIENT_BALANCE");

/// Why a call cannot be paid.
#[derive(Debug, PartialEq)]
pub enum Refused {
    /// The price is more than there is.
    Insufficient {
        /// The price.
        price: Money,
        /// The available balance.
        available: Money,
    },
}

impl From<Refused> for Refusal {
    fn from(Refused::Insufficient { price, available }: Refused) -> Self {
        let say = format!(
            "the price is {price} {} and the available balance is {available}; top up, then sign again.",
            price.currency().as_str()
        );
        Refusal::new(
            Code::InsufficientBalance,
            INSUFFICIENT_BALANCE,
            Origin::Client,
            Public::new(say),
        )
    }
}

/// What a call with these arguments costs; none if its action has no price.
///
/// # Errors
/// 4000 when it cannot be computed from them.
pub fn price(
    operation: &Operation,
    arguments: &Map<String, Value>,
) -> Result<Option<Money>, Refusal> {
    let Some(purchase) = &operation.purchase else { return Ok(None) };
    let unknown = || parameters::price(format!("`{}` is no currency", purchase.currency));
    let currency = Currency::parse(&purchase.currency).ok_or_else(unknown)?;
    let price = purchase.price.evaluate(arguments);
    let micros = price.map_err(|e| parameters::price(e.to_string()))?;
    Ok(Some(Money::from_micros(micros, currency)))
}

/// What a call of this price would be refused with.
#[must_use]
pub fn would(price: Money, available: Option<Money>) -> Option<Refusal> {
    // Of another currency than its own an account has nothing.
    let nothing = Money::zero(price.currency());
    let available = available.filter(|left| left.currency() == price.currency());
    let available = available.unwrap_or(nothing);
    (price.micros() > available.micros()).then(|| Refused::Insufficient { price, available }.into())
}

/// What the call wants to hold; none if it costs nothing.
///
/// # Errors
/// 4000 when the price cannot be computed from the parameters.
pub fn intent(verified: &Verified) -> Result<Option<Intent>, Refusal> {
    let Some(amount) = price(verified.operation(), verified.arguments())? else { return Ok(None) };
    Ok(amount.is_positive().then(|| Intent {
        request_id: verified.raw().request_id,
        account: verified.account().id.clone(),
        amount,
        module: verified.module().name.clone(),
        action: verified.operation().action.clone(),
        print: verified.print(),
    }))
}

/// Judges what the ledger answered.
///
/// # Errors
/// 5300 when there is not enough; 4500 when the ledger has seen this call's claim before.
pub fn check(
    verified: Verified,
    intent: Option<&Intent>,
    outcome: &HoldOutcome,
) -> Result<Funded, Refusal> {
    match (intent, outcome) {
        (None, _) | (Some(_), HoldOutcome::NothingToPay) => Ok(Funded { of: verified, held: None }),
        (Some(intent), HoldOutcome::Held) => Ok(Funded { of: verified, held: Some(intent.amount) }),
        (Some(intent), HoldOutcome::Insufficient { available }) => {
            Err(Refused::Insufficient { price: intent.amount, available: *available }.into())
        }
        (Some(_), HoldOutcome::Duplicate) => Err(replay::seen(verified.now().as_secs())),
    }
}

#[cfg(test)]
mod spec {
    use super::*;

    #[test]
    fn the_refusal_says_price_currency_and_balance_and_that_nothing_was_charged() {
        let currency = Currency::parse("CNY").unwrap();
        let money = |text| Money::parse(text, currency).unwrap();
        let refusal = Refusal::from(Refused::Insufficient {
            price: money("30.00"),
            available: money("1.00"),
        });
        assert_eq!(
            (refusal.code, refusal.reason),
            (Code::InsufficientBalance, INSUFFICIENT_BALANCE)
        );
        let message = refusal.message();
        assert!(
            message.contains("the price is 30.00 CNY and the available balance is 1.00"),
            "{message}"
        );
        assert!(message.contains("nothing was charged"), "{message}");
    }
}

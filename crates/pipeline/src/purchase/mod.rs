//! 5200 Failed to purchase resource: the module has none left, or not in this configuration.
//!
//! Made from the module's answer, because only the module knows its stock; by then the price is held, and
//! this refusal gives it back.
//! Beside it stands what a purchase was for, and what giving it back is worth.
//! Invariant: a 5200 charges nothing. Never: made before the module was asked.

mod record;

use faregate_catalog::{Binding, Operation, Record};
use faregate_contract::{Code, Effect, ModuleError, Origin, Public, Reason, Refusal};
use faregate_ledger::Money;
use serde_json::{Map, Value};

use crate::facts::{Lesson, ResourceRef};
use crate::parameters::{self, Valid};
pub use record::{Bought, Purchased, Refund};

/// The reasons of this room.
pub const REASONS: &[Reason] = &[NOT_SOLD];
const NOT_SOLD: Reason = Reason::new("NOT_SOLD");

/// Why the module does not sell.
#[derive(Debug, PartialEq, Eq)]
pub enum Refused {
    /// In the module's words.
    NotSold {
        /// What it says.
        message: String,
        /// Its own code.
        module: Option<ModuleError>,
    },
}

impl From<Refused> for Refusal {
    fn from(Refused::NotSold { message, module }: Refused) -> Self {
        let say = format!("{}.", message.trim_end_matches('.'));
        let refusal =
            Refusal::new(Code::ResourceInsufficient, NOT_SOLD, Origin::Module, Public::new(say))
                .effect(Effect::NotCharged);
        match module {
            Some(module) => refusal.module(module),
            None => refusal,
        }
    }
}

/// 5200 as the module said it; asked for by `operation`.
#[must_use]
pub fn refused_by_upstream(message: &str, module: Option<ModuleError>) -> Refusal {
    Refused::NotSold { message: message.to_owned(), module }.into()
}

/// What a purchase of this price was for: what its answer says that it made, or else what it names. Each has an
/// equal share; what does not divide is the first one's.
#[must_use]
pub fn bought(
    operation: &Operation,
    module: &str,
    arguments: &Map<String, Value>,
    lessons: &[Lesson],
    price: Money,
) -> Vec<Bought> {
    let Some(purchase) = &operation.purchase else { return Vec::new() };
    let made = lessons.iter().filter_map(|lesson| match lesson {
        Lesson::Created(resource) => Some(resource.clone()),
        Lesson::Returned(_) | Lesson::Transferred(..) | Lesson::Shared(..) => None,
    });
    let mut resources: Vec<ResourceRef> = made.collect();
    if operation.creates.is_none() {
        let named = operation.resources.iter().flat_map(|binding| {
            let kind = &binding.kind;
            let ids = binding.ids(arguments).into_iter();
            ids.map(|id| ResourceRef { module: module.to_owned(), kind: kind.clone(), id })
        });
        resources.extend(named);
    }
    let n = i64::try_from(resources.len()).unwrap_or(i64::MAX);
    let (share, rest) = (price.micros().checked_div(n), price.micros().checked_rem(n));
    let (share, rest) = (share.unwrap_or(0), rest.unwrap_or(0));
    let seconds = purchase.period.as_ref().and_then(|period| period.seconds(arguments));
    let period_s = seconds.unwrap_or(0);
    let currency = price.currency();
    let each = resources.into_iter().enumerate().map(|(place, resource)| {
        let micros = if place == 0 { share.saturating_add(rest) } else { share };
        Bought { resource, price: Money::from_micros(micros, currency), period_s }
    });
    each.collect()
}

/// The resources that a call with these arguments gives back for money.
#[must_use]
pub fn refundable(valid: &Valid, arguments: &Map<String, Value>) -> Vec<ResourceRef> {
    let operation = valid.operation();
    let (Some(returns), Some(_)) = (&operation.returns, operation.refund()) else {
        return Vec::new();
    };
    let binding = Binding { parameter: returns.parameter.clone(), kind: returns.kind.clone() };
    let (ids, module) = (binding.ids(arguments), &valid.module().name);
    let each = ids.into_iter().map(|id| ResourceRef {
        module: module.clone(),
        kind: returns.kind.clone(),
        id,
    });
    each.collect()
}

/// What a call with these arguments gives back if it is done, of what was paid for what it returns.
///
/// # Errors
/// 4000 when that cannot be worked out.
pub fn refunds(
    valid: &Valid,
    arguments: &Map<String, Value>,
    returned: Vec<ResourceRef>,
    purchased: &[Option<Purchased>],
) -> Result<Vec<Refund>, Refusal> {
    let Some(refund) = valid.operation().refund() else { return Ok(Vec::new()) };
    let mut refunds = Vec::new();
    for (resource, bought) in returned.into_iter().zip(purchased) {
        let Some(bought) = bought.as_ref().filter(|it| it.account == valid.account().id) else {
            continue;
        };
        let elapsed_ms = valid.now().since(bought.at).max(0);
        let record = Record {
            price: bought.price.micros(),
            period_s: bought.period_s,
            elapsed_s: elapsed_ms.checked_div(1_000).unwrap_or(0),
        };
        let micros = refund.evaluate(arguments, record);
        let micros = micros.map_err(|e| parameters::price(format!("the refund: {e}")))?;
        let amount = Money::from_micros(micros, bought.price.currency());
        if amount.is_positive() {
            refunds.push(Refund { resource, purchase: bought.request_id, amount });
        }
    }
    Ok(refunds)
}

#[cfg(test)]
mod spec {
    use super::*;

    #[test]
    fn a_sold_out_module_speaks_for_itself_and_nothing_is_charged() {
        let module = ModuleError::new("200001", "sold out").unwrap();
        let refusal = refused_by_upstream("sold out", Some(module));
        assert_eq!(
            (refusal.code, refusal.message().as_str()),
            (Code::ResourceInsufficient, "(200001) sold out")
        );
        let plain = refused_by_upstream("no stock.", None).message();
        assert_eq!(plain, "Failed to purchase resource: no stock. Nothing was charged.");
    }
}

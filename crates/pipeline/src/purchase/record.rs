//! What is known of a purchase once it is done, and of what is given back of it.

use faregate_contract::RequestId;
use faregate_ledger::Money;

use crate::facts::ResourceRef;
use crate::time::Millis;

/// A resource that a purchase made, or that it was for, with its share of the price.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bought {
    /// Which.
    pub resource: ResourceRef,
    /// What was paid for it.
    pub price: Money,
    /// For how many seconds; 0 if its action does not say.
    pub period_s: i64,
}

/// What a resource was last bought for, as long as nothing of it was given back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Purchased {
    /// The purchase.
    pub request_id: RequestId,
    /// Who paid.
    pub account: String,
    /// How much for this resource.
    pub price: Money,
    /// For how many seconds.
    pub period_s: i64,
    /// Since when.
    pub at: Millis,
}

/// What the return of a resource gives back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refund {
    /// Which resource.
    pub resource: ResourceRef,
    /// Of which purchase.
    pub purchase: RequestId,
    /// How much: more than nothing.
    pub amount: Money,
}

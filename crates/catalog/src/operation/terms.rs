//! The terms on which an action is offered: who may call it, how often, for how much.

use std::num::{NonZeroU32, NonZeroU64};

use serde_json::{Map, Value};

use super::JsonPath;
use crate::price::{Period, Price, PriceError};

/// Who may call an action.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Audience {
    /// Every account.
    Public,
    /// The members of these groups; an account id is a group of one.
    Groups(Vec<String>),
}

/// The weakest signature that an action takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum MinSignature {
    /// HmacSHA1.
    V2Sha1,
    /// HmacSHA256.
    V2Sha256,
    /// TC3-HMAC-SHA256.
    Tc3,
}

impl MinSignature {
    /// All of them, the weakest first.
    pub const ALL: [Self; 3] = [Self::V2Sha1, Self::V2Sha256, Self::Tc3];

    /// As it is written in documents and commands, and sent by clients.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::V2Sha1 => "HmacSHA1",
            Self::V2Sha256 => "HmacSHA256",
            Self::Tc3 => "TC3-HMAC-SHA256",
        }
    }

    /// Reads [`Self::as_str`].
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|it| it.as_str() == text)
    }
}

/// How much of a TC3 request its signature must cover.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cover {
    /// The body, too.
    Whole,
    /// The client may leave the body out of it (`UNSIGNED-PAYLOAD`).
    Head,
}

/// One upstream call an item.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Batch {
    /// The public parameter: the list of ids.
    pub over: String,
    /// The upstream's parameter of one id; without it the upstream gets `[id]` under the same name.
    pub as_: Option<String>,
    /// How many items a call may have.
    pub max: u32,
    /// How many of them are sent at once.
    pub concurrency: u32,
    /// What becomes of the rest when a gate refuses an item.
    pub rest: Rest,
}

/// What becomes of the items that no gate refuses, when it refuses others.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Rest {
    /// They are done.
    #[default]
    Done,
    /// Nothing is done.
    Left,
}

/// How often an action may be called.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rate {
    /// Calls a second, in the long run.
    pub per_second: NonZeroU32,
    /// Calls at once.
    pub burst: NonZeroU32,
}

/// What a quota limits beside its rate.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Totals {
    /// Units a day, in UTC.
    pub day: Option<NonZeroU64>,
    /// Units a month, in UTC.
    pub month: Option<NonZeroU64>,
    /// Calls under way.
    pub at_once: Option<NonZeroU32>,
    /// Does it count calls, and not the items of a batch.
    pub in_calls: bool,
    /// Is it a protective limit, of which nothing is told.
    pub hidden: bool,
}

/// What a call costs.
#[derive(Clone, Debug)]
pub struct Purchase {
    /// The price. Of a batch it is the price of one item, and sees that item's arguments.
    pub price: Pricing,
    /// For how long something is bought, where the document says.
    pub period: Option<Period>,
    /// The ISO 4217 code of its currency.
    pub currency: String,
    /// The action of this module that says what became of a call whose answer was lost.
    pub confirm: Option<String>,
    /// What becomes of money in doubt when nobody could say in time.
    pub settle: InDoubt,
}

/// Where a price comes from.
#[derive(Clone, Debug)]
pub enum Pricing {
    /// It is worked out from the parameters.
    Expression(Price),
    /// Another action of the module is asked.
    Quote(Quote),
}

impl Pricing {
    /// What it says of itself: the expression, or who is asked.
    #[must_use]
    pub fn source(&self) -> &str {
        match self {
            Self::Expression(price) => price.source(),
            Self::Quote(quote) => &quote.action,
        }
    }

    /// The action that is asked, if one is.
    #[must_use]
    pub const fn quote(&self) -> Option<&Quote> {
        match self {
            Self::Expression(_) => None,
            Self::Quote(quote) => Some(quote),
        }
    }

    /// The price of a call with these arguments, in micro-units; none if another action has to be asked.
    ///
    /// # Errors
    /// As [`Price::evaluate`].
    pub fn evaluate(&self, arguments: &Map<String, Value>) -> Result<Option<i64>, PriceError> {
        match self {
            Self::Expression(price) => price.evaluate(arguments).map(Some),
            Self::Quote(_) => Ok(None),
        }
    }
}

/// An action that knows the price.
#[derive(Clone, Debug)]
pub struct Quote {
    /// The action of this module that is asked, with whichever of the purchase's parameters it declares.
    pub action: String,
    /// Where its answer names the price: a decimal string, or an integer of micro-units.
    pub at: JsonPath,
}

/// What becomes of money in doubt when nobody could say in time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum InDoubt {
    /// It stays held until an operator settles it.
    #[default]
    Hold,
    /// It is given back.
    Release,
    /// It is spent.
    Commit,
}

//! Prices: a CEL expression over a call's arguments, typed and folded at load.
//!
//! CEL's parser reads it; what it may mean is decided here, so that a mistake is found by `check` and
//! not by a customer. Money is a type of its own: `2 * money('30.00')` is money, `money * money` is
//! nothing, and no double exists. Invariant: an evaluated price is 0 or more micro-units.

mod compile;
mod evaluate;
mod expression;
mod refund;
mod types;

use std::fmt;

use serde_json::{Map, Value};

use crate::operation::Batch;
use crate::parameters::{Parameters, Plan};
use evaluate::Known;
use expression::Expression;
pub use refund::{Period, Record, Refund};

/// A compiled price.
#[derive(Clone, Debug)]
pub struct Price {
    source: String,
    expression: Expression,
}

/// Why a price could not be worked out for a call: the answer is 4000.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PriceError {
    /// It does not fit in 64 bits of micro-units, or a step on the way did not.
    Overflow,
    /// It is less than nothing.
    Negative,
    /// Something is divided by 0.
    DivisionByZero,
    /// An argument that the price needs was not given.
    Missing(String),
    /// A table of prices has no such row, or a list no such item.
    NotFound(String),
}

impl fmt::Display for PriceError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Overflow => f.write_str("the price is too large"),
            Self::Negative => f.write_str("the price would be negative"),
            Self::DivisionByZero => f.write_str("the price divides by 0"),
            Self::Missing(name) => write!(f, "the price depends on `{name}`, which was not given"),
            Self::NotFound(key) => write!(f, "there is no price for `{key}`"),
        }
    }
}

impl std::error::Error for PriceError {}

/// What is wrong with an expression.
#[derive(Debug)]
pub(crate) struct Wrong {
    pub(crate) message: String,
    pub(crate) suggestion: Option<String>,
}

impl Wrong {
    fn new(message: impl Into<String>) -> Self {
        Self { message: message.into(), suggestion: None }
    }

    fn help(self, suggestion: impl Into<String>) -> Self {
        Self { suggestion: Some(suggestion.into()), ..self }
    }
}

impl Price {
    /// Compiles an expression over the parameters of an operation. Of a batch it is the price of one
    /// item, and sees what `for_item` gives.
    pub(crate) fn compile(
        source: &str,
        parameters: &Parameters,
        plan: &Plan<'_>,
        batch: Option<&Batch>,
    ) -> Result<Self, Wrong> {
        let scope = types::Scope::of(parameters, plan, batch);
        let expression = compile::compile(source, &scope, "price", &types::Type::Money)?;
        Ok(Self { source: source.to_owned(), expression })
    }

    /// The expression, as the document has it.
    #[must_use]
    pub fn source(&self) -> &str {
        &self.source
    }

    /// The price of a call with these arguments, in micro-units of its currency.
    ///
    /// # Errors
    /// When it overflows, is negative, or depends on something that is not there.
    pub fn evaluate(&self, arguments: &Map<String, Value>) -> Result<i64, PriceError> {
        amount(&self.expression, &Known { arguments, record: Record::default() })
    }
}

fn amount(expression: &Expression, known: &Known<'_>) -> Result<i64, PriceError> {
    let amount = evaluate::integer(expression, known)?;
    if amount < 0 { Err(PriceError::Negative) } else { Ok(amount) }
}

//! What a purchase is for, and what is given back of it: expressions as prices are.

use serde_json::{Map, Value};

use super::compile::Typed;
use super::evaluate::Known;
use super::expression::{Expression, Fact};
use super::types::{Scope, Type};
use super::{PriceError, Wrong, amount, compile};
use crate::operation::Batch;
use crate::parameters::{Parameters, Plan};
use crate::suggestion;

/// What is known of a purchase when what was bought is given back: `purchase` in a refund.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Record {
    /// What was paid for it, in micro-units.
    pub price: i64,
    /// For how many seconds it was bought; 0 if its action does not say.
    pub period_s: i64,
    /// How many seconds ago it was bought.
    pub elapsed_s: i64,
}

/// For how many seconds something is bought.
#[derive(Clone, Debug)]
pub struct Period {
    expression: Expression,
}

impl Period {
    /// Compiles an expression over the parameters of a purchase that must be an integer.
    pub(crate) fn compile(
        source: &str,
        parameters: &Parameters,
        plan: &Plan<'_>,
        batch: Option<&Batch>,
    ) -> Result<Self, Wrong> {
        let scope = Scope::of(parameters, plan, batch);
        let expression = compile::compile(source, &scope, "period", &Type::Integer)?;
        Ok(Self { expression })
    }

    /// The seconds of a call with these arguments; none where they do not say.
    #[must_use]
    pub fn seconds(&self, arguments: &Map<String, Value>) -> Option<i64> {
        amount(&self.expression, &Known { arguments, record: Record::default() }).ok()
    }
}

/// What is given back of a price.
#[derive(Clone, Debug)]
pub struct Refund {
    source: String,
    expression: Expression,
}

impl Refund {
    /// Compiles an expression over `purchase`, and over the parameters of the action that gives back.
    pub(crate) fn compile(
        source: &str,
        parameters: &Parameters,
        plan: &Plan<'_>,
        batch: Option<&Batch>,
    ) -> Result<Self, Wrong> {
        let mut scope = Scope::of(parameters, plan, batch);
        scope.record = true;
        let expression = compile::compile(source, &scope, "refund", &Type::Money)?;
        Ok(Self { source: source.to_owned(), expression })
    }

    /// The expression, as the document has it.
    #[must_use]
    pub fn source(&self) -> &str {
        &self.source
    }

    /// The refund in micro-units: never more than was paid.
    ///
    /// # Errors
    /// When it overflows, is negative, or depends on something that is not there.
    pub fn evaluate(
        &self,
        arguments: &Map<String, Value>,
        record: Record,
    ) -> Result<i64, PriceError> {
        let refund = amount(&self.expression, &Known { arguments, record })?;
        Ok(refund.min(record.price.max(0)))
    }
}

/// A member of `purchase`.
pub(super) fn recorded(field: &str, test: bool) -> Result<Typed, Wrong> {
    const FACTS: [&str; 3] = ["elapsed", "period", "price"];
    let (fact, of) = match field {
        "price" => (Fact::Price, Type::Money),
        "period" => (Fact::Period, Type::Integer),
        "elapsed" => (Fact::Elapsed, Type::Integer),
        _ => {
            let wrong = Wrong::new(format!("`{field}` is not known of a purchase"));
            let near = suggestion::did_you_mean(field, FACTS.into_iter());
            let all = || format!("what is known of it is {}", FACTS.join(", "));
            return Err(Wrong { suggestion: Some(near.unwrap_or_else(all)), ..wrong });
        }
    };
    if test {
        return Err(Wrong::new(format!("`purchase.{field}` is always there")));
    }
    Ok((Expression::Recorded(fact), of))
}

/// `prorate(money, part, whole)`.
pub(super) fn prorate(of: Typed, part: Typed, whole: Typed) -> Result<Typed, Wrong> {
    let types = (&of.1, &part.1, &whole.1);
    if types != (&Type::Money, &Type::Integer, &Type::Integer) {
        let what = format!("`prorate` does not go with {}, {} and {}", of.1, part.1, whole.1);
        return Err(Wrong::new(what).help("write `prorate(money, part, whole)`"));
    }
    let (of, part, whole) = (Box::new(of.0), Box::new(part.0), Box::new(whole.0));
    Ok((Expression::Prorate(of, part, whole), Type::Money))
}

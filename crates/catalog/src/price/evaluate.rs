//! Evaluation: a walk over the typed tree. What the types rule out is answered as not found.

use std::borrow::Cow;
use std::cmp::Ordering;

use serde_json::{Map, Value};

use super::expression::{Arithmetic, Expression, Fact, Order};
use super::{PriceError, Record};

/// A value on the way to a price.
#[derive(Clone, Debug, PartialEq)]
enum Item<'a> {
    Integer(i64),
    Flag(bool),
    Text(Cow<'a, str>),
    List(Vec<Item<'a>>),
    Table(&'a [(Expression, Expression)]),
    /// An argument that has parts.
    Json(&'a Value),
    Arguments,
}

/// What an expression can look at.
#[derive(Clone, Copy, Debug)]
pub(super) struct Known<'m> {
    /// The call's arguments: `params`.
    pub(super) arguments: &'m Map<String, Value>,
    /// What is given back: `purchase`; only refunds see it.
    pub(super) record: Record,
}

/// The expression as an integer.
pub(super) fn integer(expression: &Expression, known: &Known<'_>) -> Result<i64, PriceError> {
    let found = item(expression, known)?;
    if let Item::Integer(number) = found {
        return Ok(number);
    }
    // An integer of the schema that does not fit in 64 bits with a sign.
    let large = matches!(found, Item::Json(Value::Number(_)));
    Err(if large { PriceError::Overflow } else { not_found(&found) })
}

fn flag(expression: &Expression, known: &Known<'_>) -> Result<bool, PriceError> {
    let found = item(expression, known)?;
    if let Item::Flag(flag) = found { Ok(flag) } else { Err(not_found(&found)) }
}

fn item<'a>(expression: &'a Expression, known: &'a Known<'a>) -> Result<Item<'a>, PriceError> {
    let integer = |of: &Expression| integer(of, known);
    let flag = |of: &Expression| flag(of, known);
    Ok(match expression {
        Expression::Integer(number) => Item::Integer(*number),
        Expression::Flag(value) => Item::Flag(*value),
        Expression::Text(text) => Item::Text(Cow::Borrowed(text)),
        Expression::List(items) => {
            Item::List(items.iter().map(|of| item(of, known)).collect::<Result<_, _>>()?)
        }
        Expression::Table(rows) => Item::Table(rows),
        Expression::Arguments => Item::Arguments,
        Expression::Select(operand, name) => {
            let member = member(&item(operand, known)?, name, known);
            json(member.ok_or_else(|| PriceError::Missing(name.clone()))?)
        }
        Expression::Has(operand, name) => {
            Item::Flag(member(&item(operand, known)?, name, known).is_some())
        }
        Expression::Index(container, key) => {
            return indexed(item(container, known)?, &item(key, known)?, known);
        }
        Expression::Recorded(fact) => Item::Integer(match fact {
            Fact::Price => known.record.price,
            Fact::Period => known.record.period_s,
            Fact::Elapsed => known.record.elapsed_s,
        }),
        Expression::Prorate(of, part, whole) => {
            Item::Integer(prorate(integer(of)?, integer(part)?, integer(whole)?)?)
        }
        Expression::Size(of) => Item::Integer(size(&item(of, known)?)?),
        Expression::Contains(of, container) => {
            Item::Flag(contains(&item(container, known)?, &item(of, known)?, known)?)
        }
        Expression::Arithmetic(operator, left, right) => {
            Item::Integer(calculate(*operator, integer(left)?, integer(right)?)?)
        }
        Expression::Negative(of) => {
            Item::Integer(integer(of)?.checked_neg().ok_or(PriceError::Overflow)?)
        }
        Expression::Not(of) => Item::Flag(!flag(of)?),
        Expression::And(left, right) => Item::Flag(either(flag(left), || flag(right), false)?),
        Expression::Or(left, right) => Item::Flag(either(flag(left), || flag(right), true)?),
        Expression::Equal(left, right) => Item::Flag(item(left, known)? == item(right, known)?),
        Expression::Order(order, left, right) => {
            Item::Flag(ordered(*order, &item(left, known)?, &item(right, known)?)?)
        }
        Expression::If(test, yes, no) => {
            return item(if flag(test)? { yes } else { no }, known);
        }
    })
}

/// CEL's `&&` and `||` do not care for the order: one side that decides outweighs an error of the other.
fn either(
    left: Result<bool, PriceError>,
    right: impl FnOnce() -> Result<bool, PriceError>,
    deciding: bool,
) -> Result<bool, PriceError> {
    match left {
        Ok(left) if left == deciding => Ok(deciding),
        Ok(_) => right(),
        Err(error) => match right() {
            Ok(right) if right == deciding => Ok(deciding),
            Ok(_) | Err(_) => Err(error),
        },
    }
}

fn member<'a>(of: &Item<'a>, name: &str, known: &'a Known<'a>) -> Option<&'a Value> {
    let found = match of {
        Item::Arguments => known.arguments.get(name),
        Item::Json(object) => object.get(name),
        Item::Integer(_) | Item::Flag(_) | Item::Text(_) | Item::List(_) | Item::Table(_) => None,
    };
    found.filter(|value| !value.is_null())
}

fn json(value: &Value) -> Item<'_> {
    match value {
        Value::Bool(flag) => Item::Flag(*flag),
        Value::Number(number) => number.as_i64().map_or(Item::Json(value), Item::Integer),
        Value::String(text) => Item::Text(Cow::Borrowed(text)),
        Value::Array(items) => Item::List(items.iter().map(json).collect()),
        Value::Null | Value::Object(_) => Item::Json(value),
    }
}

fn indexed<'a>(
    container: Item<'a>,
    key: &Item<'a>,
    known: &'a Known<'a>,
) -> Result<Item<'a>, PriceError> {
    let found = match (container, key) {
        (Item::List(items), Item::Integer(index)) => {
            usize::try_from(*index).ok().and_then(|index| items.into_iter().nth(index))
        }
        (Item::Table(rows), key) => {
            return row(rows, key, known)?.ok_or_else(|| not_found(key));
        }
        _ => None,
    };
    found.ok_or_else(|| not_found(key))
}

fn row<'a>(
    rows: &'a [(Expression, Expression)],
    key: &Item<'_>,
    known: &'a Known<'a>,
) -> Result<Option<Item<'a>>, PriceError> {
    for (own, value) in rows {
        if item(own, known)? == *key {
            return item(value, known).map(Some);
        }
    }
    Ok(None)
}

fn contains(container: &Item<'_>, of: &Item<'_>, known: &Known<'_>) -> Result<bool, PriceError> {
    Ok(match container {
        Item::List(items) => items.contains(of),
        Item::Table(rows) => row(rows, of, known)?.is_some(),
        Item::Integer(_) | Item::Flag(_) | Item::Text(_) | Item::Json(_) | Item::Arguments => false,
    })
}

fn size(of: &Item<'_>) -> Result<i64, PriceError> {
    let size = match of {
        Item::List(items) => items.len(),
        Item::Text(text) => text.chars().count(),
        Item::Integer(_) | Item::Flag(_) | Item::Table(_) | Item::Json(_) | Item::Arguments => {
            return Err(not_found(of));
        }
    };
    i64::try_from(size).map_err(|_| PriceError::Overflow)
}

fn calculate(operator: Arithmetic, a: i64, b: i64) -> Result<i64, PriceError> {
    let divides =
        !matches!(operator, Arithmetic::Add | Arithmetic::Subtract | Arithmetic::Multiply);
    if divides && b == 0 {
        return Err(PriceError::DivisionByZero);
    }
    let result = match operator {
        Arithmetic::Add => a.checked_add(b),
        Arithmetic::Subtract => a.checked_sub(b),
        Arithmetic::Multiply => a.checked_mul(b),
        Arithmetic::Divide => a.checked_div(b),
        Arithmetic::Remainder => a.checked_rem(b),
        Arithmetic::DivideUp => rounded(a, b, 1),
        Arithmetic::DivideDown => rounded(a, b, -1),
    };
    result.ok_or(PriceError::Overflow)
}

/// `part` of `whole` parts, rounded down, without a step on the way that overflows. No part of nothing is nothing,
/// and no part is more than the whole.
fn prorate(of: i64, part: i64, whole: i64) -> Result<i64, PriceError> {
    let part = part.clamp(0, whole.max(0));
    let product = i128::from(of).checked_mul(i128::from(part));
    let share = product.and_then(|product| product.checked_div_euclid(i128::from(whole.max(1))));
    share.and_then(|share| i64::try_from(share).ok()).ok_or(PriceError::Overflow)
}

/// The quotient, one further `towards` when something is left on that side.
fn rounded(a: i64, b: i64, towards: i64) -> Option<i64> {
    let quotient = a.checked_div(b)?;
    let left = a.checked_rem(b)?;
    let positive = (left > 0) == (b > 0);
    let away = left != 0 && positive == (towards > 0);
    if away { quotient.checked_add(towards) } else { Some(quotient) }
}

fn ordered(order: Order, left: &Item<'_>, right: &Item<'_>) -> Result<bool, PriceError> {
    let ordering = match (left, right) {
        (Item::Integer(a), Item::Integer(b)) => a.cmp(b),
        (Item::Text(a), Item::Text(b)) => a.cmp(b),
        (other, _) => return Err(not_found(other)),
    };
    Ok(match order {
        Order::Less => ordering == Ordering::Less,
        Order::LessOrEqual => ordering != Ordering::Greater,
        Order::Greater => ordering == Ordering::Greater,
        Order::GreaterOrEqual => ordering != Ordering::Less,
    })
}

fn not_found(item: &Item<'_>) -> PriceError {
    PriceError::NotFound(match item {
        Item::Integer(number) => number.to_string(),
        Item::Flag(flag) => flag.to_string(),
        Item::Text(text) => text.to_string(),
        Item::List(_) | Item::Table(_) | Item::Json(_) | Item::Arguments => "this".to_owned(),
    })
}

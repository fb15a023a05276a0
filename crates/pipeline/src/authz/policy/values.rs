//! What conditions compare with: texts, exact decimals, moments, blocks of addresses, truths.

use serde_json::Value;

use super::calendar::moment;
use super::condition::Kind;
use super::pattern::Glob;
use crate::facts::Network;
use crate::time::Millis;

/// Digits after the point that a number may have.
const SCALE: usize = 9;

/// A number, exact: a float would make 9007199254740993 equal to its neighbour.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Decimal(i128);

impl Decimal {
    /// Reads `-12.5`: up to 20 digits before the point, up to 9 after it.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let (sign, digits) = text.strip_prefix('-').map_or((1, text), |rest| (-1, rest));
        let (whole, fraction) = digits.split_once('.').unwrap_or((digits, "0"));
        let plain = |part: &str, max| {
            (1..=max).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_digit())
        };
        if !plain(whole, 20) || !plain(fraction, SCALE) {
            return None;
        }
        let scaled: i128 = format!("{whole}{fraction:0<SCALE$}").parse().ok()?;
        Some(Self(sign * scaled))
    }

    /// Of a JSON number, or of a text that is one.
    pub(super) fn of(value: &Value) -> Option<Self> {
        match value {
            Value::Number(number) => Self::parse(&number.to_string()),
            Value::String(text) => Self::parse(text),
            Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => None,
        }
    }
}

/// One value of a condition.
#[derive(Clone, Debug)]
pub(super) enum Wanted {
    Text(Box<str>),
    Like(Glob),
    Number(Decimal),
    Moment(Millis),
    Network(Network),
    Truth(bool),
}

impl Wanted {
    /// Reads a value for operators of this kind; else what it should be.
    pub(super) fn read(kind: Kind, value: &Value) -> Result<Self, &'static str> {
        let text = value.as_str();
        match kind {
            Kind::Text => {
                text.map(|text| Self::Text(text.into())).ok_or("a text, or a list of texts")
            }
            Kind::Like => text
                .map(|text| Self::Like(Glob::new(text)))
                .ok_or("a text in which `*` is any text, or a list of them"),
            Kind::Number => Decimal::of(value)
                .map(Self::Number)
                .ok_or("a number of at most 20 digits, and 9 after the point"),
            Kind::Moment => text
                .and_then(moment)
                .map(Self::Moment)
                .ok_or("a moment like `2026-11-24T08:00:00Z` or `2026-11-24T16:00:00+08:00`"),
            Kind::Network => text
                .and_then(Network::parse)
                .map(Self::Network)
                .ok_or("an address or a block of them, like `10.0.0.0/8`"),
            Kind::Truth => truth(value).map(Self::Truth).ok_or("true or false"),
        }
    }
}

/// A truth, or a text that is one.
pub(super) fn truth(value: &Value) -> Option<bool> {
    match value {
        Value::Bool(truth) => Some(*truth),
        Value::String(text) if text == "true" => Some(true),
        Value::String(text) if text == "false" => Some(false),
        Value::String(_) | Value::Null | Value::Number(_) | Value::Array(_) | Value::Object(_) => {
            None
        }
    }
}

#[cfg(test)]
mod spec {
    use super::*;

    #[test]
    fn numbers_are_exact() {
        for (text, other, order) in [
            ("1", "1.0", Some(std::cmp::Ordering::Equal)),
            ("9007199254740993", "9007199254740992", Some(std::cmp::Ordering::Greater)),
            ("-0.5", "0.25", Some(std::cmp::Ordering::Less)),
            ("0.000000001", "0", Some(std::cmp::Ordering::Greater)),
            ("1e3", "0", None),
            ("", "0", None),
            (".5", "0", None),
            ("1.", "0", None),
            ("0.0000000001", "0", None),
            ("--1", "0", None),
        ] {
            let order_of = |a: Decimal, b: Decimal| a.cmp(&b);
            let found = Decimal::parse(text).zip(Decimal::parse(other));
            assert_eq!(found.map(|(a, b)| order_of(a, b)), order, "{text} and {other}");
        }
    }
}

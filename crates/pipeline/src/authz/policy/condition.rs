//! Conditions: an operator, what it asks about, and the values that it compares with.

use std::borrow::Cow;
use std::cmp::Ordering;
use std::net::IpAddr;

use faregate_signing::region;
use serde_json::{Map, Value};

use super::values::{Decimal, Wanted, truth};
use crate::time::Millis;

/// What an operator compares.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Text,
    Like,
    Number,
    Moment,
    Network,
    Truth,
}

/// How it compares.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Test {
    /// Any of the values is as asked: equal, like it, or around it.
    Any,
    /// The same, without regard to the case of letters.
    AnyCase,
    /// None of the values is.
    None,
    /// None is, without regard to the case of letters.
    NoneCase,
    /// Less than any, or equal to it where said so.
    Less { or_equal: bool },
    /// More than any, or equal to it where said so.
    Greater { or_equal: bool },
}

/// An operator.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Operator {
    pub(super) name: &'static str,
    pub(super) kind: Kind,
    pub(super) test: Test,
}

const fn operator(name: &'static str, kind: Kind, test: Test) -> Operator {
    Operator { name, kind, test }
}

/// All of them, as CAM names them.
pub(super) const OPERATORS: [Operator; 21] = [
    operator("bool_equal", Kind::Truth, Test::Any),
    operator("date_equal", Kind::Moment, Test::Any),
    operator("date_greater_than", Kind::Moment, Test::Greater { or_equal: false }),
    operator("date_greater_than_equal", Kind::Moment, Test::Greater { or_equal: true }),
    operator("date_less_than", Kind::Moment, Test::Less { or_equal: false }),
    operator("date_less_than_equal", Kind::Moment, Test::Less { or_equal: true }),
    operator("date_not_equal", Kind::Moment, Test::None),
    operator("ip_equal", Kind::Network, Test::Any),
    operator("ip_not_equal", Kind::Network, Test::None),
    operator("numeric_equal", Kind::Number, Test::Any),
    operator("numeric_greater_than", Kind::Number, Test::Greater { or_equal: false }),
    operator("numeric_greater_than_equal", Kind::Number, Test::Greater { or_equal: true }),
    operator("numeric_less_than", Kind::Number, Test::Less { or_equal: false }),
    operator("numeric_less_than_equal", Kind::Number, Test::Less { or_equal: true }),
    operator("numeric_not_equal", Kind::Number, Test::None),
    operator("string_equal", Kind::Text, Test::Any),
    operator("string_equal_ignore_case", Kind::Text, Test::AnyCase),
    operator("string_like", Kind::Like, Test::Any),
    operator("string_not_equal", Kind::Text, Test::None),
    operator("string_not_equal_ignore_case", Kind::Text, Test::NoneCase),
    operator("string_not_like", Kind::Like, Test::None),
];

/// After an operator: met where the call has no such value.
pub(super) const IF_EXIST: &str = "_if_exist";

/// What a condition asks about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Key {
    /// `qcs:ip`: the address that the call comes from.
    Ip,
    /// `qcs:current_time`: the gateway's.
    Time,
    /// `qcs:region`: the call's Region, in its long spelling.
    Region,
    /// `cvm:goodsNum`: a parameter of the module's action.
    Parameter { module: Box<str>, name: Box<str> },
}

/// One condition.
#[derive(Clone, Debug)]
pub(super) struct Condition {
    pub(super) operator: Operator,
    pub(super) if_exist: bool,
    pub(super) key: Key,
    pub(super) values: Vec<Wanted>,
}

/// The parameters of a call.
#[derive(Clone, Copy, Debug)]
pub enum Arguments<'a> {
    /// Read by the action's schema.
    Read(&'a Map<String, Value>),
    /// No statement asks for them.
    NotAsked,
}

/// What a call is, beside what it asks for.
#[derive(Clone, Copy, Debug)]
pub struct Context<'a> {
    /// From where.
    pub peer: IpAddr,
    /// When.
    pub now: Millis,
    /// Its Region as sent.
    pub region: Option<&'a str>,
    /// Its parameters.
    pub arguments: Arguments<'a>,
}

impl<'a> Context<'a> {
    /// The long name of the region; empty where the call names none.
    pub(super) fn region(&self) -> &'a str {
        region::long(self.region.unwrap_or_default())
    }
}

/// Does a condition hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Met {
    Yes,
    No,
    /// The value is of a kind that the operator does not compare.
    Unclear,
}

impl Condition {
    pub(super) const fn is_of_parameter(&self) -> bool {
        matches!(self.key, Key::Parameter { .. })
    }

    pub(super) fn met(&self, module: &str, context: &Context<'_>) -> Met {
        let held = match &self.key {
            Key::Ip => return self.of_address(context.peer),
            Key::Time => {
                return self.ordered(|wanted| match wanted {
                    Wanted::Moment(moment) => Some(context.now.cmp(moment)),
                    Wanted::Text(_)
                    | Wanted::Like(_)
                    | Wanted::Number(_)
                    | Wanted::Network(_)
                    | Wanted::Truth(_) => None,
                });
            }
            Key::Region => match context.region() {
                "" => None,
                region => Some(Cow::Owned(Value::from(region))),
            },
            Key::Parameter { module: own, name } if **own == *module => match context.arguments {
                Arguments::Read(map) => map.get(&**name).map(Cow::Borrowed),
                Arguments::NotAsked => return Met::Unclear,
            },
            Key::Parameter { .. } => None,
        };
        match held.as_deref() {
            None | Some(Value::Null) => self.missing(),
            Some(value) => self.of_value(value),
        }
    }

    /// The call has no such value.
    fn missing(&self) -> Met {
        let met = self.if_exist || matches!(self.operator.test, Test::None | Test::NoneCase);
        if met { Met::Yes } else { Met::No }
    }

    fn of_address(&self, peer: IpAddr) -> Met {
        let inside = self.values.iter().any(|wanted| match wanted {
            Wanted::Network(network) => network.contains(peer),
            Wanted::Text(_)
            | Wanted::Like(_)
            | Wanted::Number(_)
            | Wanted::Moment(_)
            | Wanted::Truth(_) => false,
        });
        self.is(inside)
    }

    fn of_value(&self, value: &Value) -> Met {
        match self.operator.kind {
            Kind::Text | Kind::Like => self.of_text(value),
            Kind::Number => match Decimal::of(value) {
                Some(number) => self.ordered(|wanted| match wanted {
                    Wanted::Number(other) => Some(number.cmp(other)),
                    Wanted::Text(_)
                    | Wanted::Like(_)
                    | Wanted::Moment(_)
                    | Wanted::Network(_)
                    | Wanted::Truth(_) => None,
                }),
                None => Met::Unclear,
            },
            Kind::Truth => match truth(value) {
                Some(held) => {
                    self.is(self.values.iter().any(|w| matches!(w, Wanted::Truth(t) if *t == held)))
                }
                None => Met::Unclear,
            },
            // `read` lets no such operator at a parameter or a region.
            Kind::Moment | Kind::Network => Met::Unclear,
        }
    }

    fn of_text(&self, value: &Value) -> Met {
        let text = match value {
            Value::String(text) => Cow::Borrowed(text.as_str()),
            Value::Number(number) => Cow::Owned(number.to_string()),
            Value::Bool(truth) => Cow::Borrowed(if *truth { "true" } else { "false" }),
            Value::Null | Value::Array(_) | Value::Object(_) => return Met::Unclear,
        };
        let folds = matches!(self.operator.test, Test::AnyCase | Test::NoneCase);
        let found = self.values.iter().any(|wanted| match wanted {
            Wanted::Text(other) if folds => text.to_lowercase() == other.to_lowercase(),
            Wanted::Text(other) => *text == **other,
            Wanted::Like(glob) => glob.matches(&text),
            Wanted::Number(_) | Wanted::Moment(_) | Wanted::Network(_) | Wanted::Truth(_) => false,
        });
        self.is(found)
    }

    /// Compares with each value; none is of another kind.
    fn ordered(&self, compare: impl Fn(&Wanted) -> Option<Ordering>) -> Met {
        let fits = |order: Ordering| match self.operator.test {
            Test::Less { or_equal } => order.is_lt() || (or_equal && order.is_eq()),
            Test::Greater { or_equal } => order.is_gt() || (or_equal && order.is_eq()),
            Test::Any | Test::AnyCase | Test::None | Test::NoneCase => order.is_eq(),
        };
        self.is(self.values.iter().any(|wanted| compare(wanted).is_some_and(fits)))
    }

    fn is(&self, found: bool) -> Met {
        let met = match self.operator.test {
            Test::None | Test::NoneCase => !found,
            Test::Any | Test::AnyCase | Test::Less { .. } | Test::Greater { .. } => found,
        };
        if met { Met::Yes } else { Met::No }
    }
}

impl std::fmt::Display for Condition {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let suffix = if self.if_exist { IF_EXIST } else { "" };
        write!(f, "`{}{suffix}` of ", self.operator.name)?;
        match &self.key {
            Key::Ip => f.write_str("`qcs:ip`"),
            Key::Time => f.write_str("`qcs:current_time`"),
            Key::Region => f.write_str("`qcs:region`"),
            Key::Parameter { module, name } => write!(f, "`{module}:{name}`"),
        }
    }
}

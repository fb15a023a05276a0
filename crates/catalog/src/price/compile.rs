//! From CEL's tree to ours: every type checked, money folded to micro-units.

use cel::common::ast::EntryExpr;
use cel::common::ast::{CallExpr, Expr, IdedExpr, LiteralValue, MapExpr, SelectExpr, operators};
use cel::parser::Parser;

use super::expression::{Arithmetic, Expression, Fact, Order};
use super::types::{Scope, Type};
use super::{Wrong, refund};
use crate::suggestion;

/// How long an expression may be, and how deep it may nest.
const BYTES_MAX: usize = 4096;
const DEPTH_MAX: u16 = 64;

/// The functions that a price may call.
const FUNCTIONS: [&str; 6] = ["div_down", "div_up", "has", "money", "prorate", "size"];

pub(super) type Typed = (Expression, Type);

/// Compiles an expression, `what`, that must be `wanted`.
pub(super) fn compile(
    source: &str,
    scope: &Scope<'_>,
    what: &'static str,
    wanted: &Type,
) -> Result<Expression, Wrong> {
    if source.len() > BYTES_MAX || source.matches(['(', '[', '{', '?', '!', '-']).count() > 256 {
        return Err(Wrong::new(format!("the {what} is too long: at most 4096 bytes")));
    }
    let tree = Parser::new().max_recursion_depth(DEPTH_MAX).parse(source).map_err(|errors| {
        let said = errors.errors.first().map_or("", |error| error.msg.as_str());
        let said = said.lines().next().unwrap_or_default();
        Wrong::new(format!("the {what} is not an expression: {said}"))
    })?;
    let compiler = Compiler { scope, source };
    let (expression, of) = compiler.typed(&tree)?;
    if of == *wanted {
        return Ok(expression);
    }
    let wrong = Wrong::new(format!("the {what} is {of}, not {wanted}"));
    Err(if (wanted, &of) == (&Type::Money, &Type::Integer) {
        wrong.help("multiply it by an amount: `params.count * money('30.00')`")
    } else {
        wrong
    })
}

struct Compiler<'s, 'p> {
    scope: &'s Scope<'p>,
    source: &'s str,
}

impl Compiler<'_, '_> {
    fn typed(&self, node: &IdedExpr) -> Result<Typed, Wrong> {
        match &node.expr {
            Expr::Literal(literal) => self.literal(literal),
            Expr::Ident(name) if name == "params" => Ok((Expression::Arguments, Type::Arguments)),
            // Alone it is nothing: only its members are looked at.
            Expr::Ident(name) if name == "purchase" && self.scope.record => {
                Ok((Expression::Recorded(Fact::Price), Type::Record))
            }
            Expr::Ident(name) => {
                let known = self.scope.argument(name).is_some();
                let wrong = Wrong::new(format!("`{name}` is not known in a price"));
                Err(if known { wrong.help(format!("write `params.{name}`")) } else { wrong })
            }
            Expr::Select(select) => self.select(select),
            Expr::Call(call) => self.call(call),
            Expr::List(list) => {
                let items = self.all(&list.elements)?;
                let of = same_type(items.iter().map(|(_, of)| of), "the items of a list")?;
                let items = items.into_iter().map(|(item, _)| item).collect();
                Ok((Expression::List(items), Type::List(Box::new(of))))
            }
            Expr::Map(map) => self.table(map),
            Expr::Comprehension(_) => Err(Wrong::new(
                "a price does not loop: `all`, `exists`, `map` and `filter` are not known",
            )),
            Expr::Struct(_) | Expr::Unspecified => Err(Wrong::new("a price has no structures")),
        }
    }

    fn all(&self, nodes: &[IdedExpr]) -> Result<Vec<Typed>, Wrong> {
        nodes.iter().map(|node| self.typed(node)).collect()
    }

    fn literal(&self, literal: &LiteralValue) -> Result<Typed, Wrong> {
        match literal {
            LiteralValue::Int(number) => Ok((Expression::Integer(*number.inner()), Type::Integer)),
            LiteralValue::Boolean(flag) => Ok((Expression::Flag(*flag.inner()), Type::Flag)),
            LiteralValue::String(text) => {
                Ok((Expression::Text(text.inner().to_owned()), Type::Text))
            }
            LiteralValue::Double(_) => Err(Wrong::new("a price has no fractions")
                .help("write amounts as `money('30.00')`, and shares with `div_up` or `div_down`")),
            LiteralValue::UInt(_) => {
                Err(Wrong::new("a price has no unsigned integers").help("leave the `u` out"))
            }
            LiteralValue::Bytes(_) | LiteralValue::Null => {
                Err(Wrong::new("a price knows integers, true and false, texts and lists"))
            }
        }
    }

    fn select(&self, select: &SelectExpr) -> Result<Typed, Wrong> {
        let (operand, of) = self.typed(&select.operand)?;
        let field = select.field.as_str();
        let member = match of {
            Type::Arguments => {
                let Some(argument) = self.scope.argument(field) else {
                    let wrong = Wrong::new(format!("`{field}` is not a parameter of this action"));
                    let near = suggestion::did_you_mean(field, self.scope.names());
                    return Err(Wrong { suggestion: near, ..wrong });
                };
                if !argument.always && !select.test && !self.asks_for(field) {
                    return Err(Wrong::new(format!(
                        "`{field}` may be absent, and then there is no price"
                    ))
                    .help(format!("require it, give it a default, or ask `has(params.{field})`")));
                }
                self.scope.type_of(argument)
            }
            Type::Record => return refund::recorded(field, select.test),
            Type::Object(ref shape) => self.scope.member(*shape, field),
            Type::Integer
            | Type::Money
            | Type::Flag
            | Type::Text
            | Type::List(_)
            | Type::Table(_, _) => {
                return Err(Wrong::new(format!("`{field}` is asked of {of}")));
            }
        };
        if select.test {
            return Ok((Expression::Has(Box::new(operand), field.to_owned()), Type::Flag));
        }
        let of = member.ok_or_else(|| {
            Wrong::new(format!(
                "a price cannot use `{field}`: it is not of one type that prices know"
            ))
            .help("use an integer, a boolean, a string or a list of those")
        })?;
        Ok((Expression::Select(Box::new(operand), field.to_owned()), of))
    }

    /// Does the expression ask somewhere whether the argument is there?
    fn asks_for(&self, field: &str) -> bool {
        let dense: String = self.source.chars().filter(|c| !c.is_whitespace()).collect();
        dense.contains(&format!("has(params.{field})"))
    }

    fn table(&self, map: &MapExpr) -> Result<Typed, Wrong> {
        let mut rows = Vec::new();
        let mut types = Vec::new();
        for entry in &map.entries {
            let EntryExpr::MapEntry(entry) = &entry.expr else {
                return Err(Wrong::new("a price has no structures"));
            };
            let (key, key_type) = self.typed(&entry.key)?;
            let (value, value_type) = self.typed(&entry.value)?;
            rows.push((key, value));
            types.push((key_type, value_type));
        }
        let key = same_type(types.iter().map(|(key, _)| key), "the keys of a table")?;
        let value = same_type(types.iter().map(|(_, value)| value), "the values of a table")?;
        Ok((Expression::Table(rows), Type::Table(Box::new(key), Box::new(value))))
    }

    fn call(&self, call: &CallExpr) -> Result<Typed, Wrong> {
        let name = call.func_name.as_str();
        if name == "money" {
            return money(call);
        }
        let mut operands = Vec::new();
        if let Some(target) = &call.target {
            operands.push(self.typed(target)?);
        }
        operands.extend(self.all(&call.args)?);
        match <[Typed; 1]>::try_from(operands) {
            Ok([one]) => unary(name, one),
            Err(operands) => match <[Typed; 2]>::try_from(operands) {
                Ok([left, right]) => binary(name, left, right),
                Err(operands) => match <[Typed; 3]>::try_from(operands) {
                    Ok([test, yes, no]) if name == operators::CONDITIONAL => choose(test, yes, no),
                    Ok([of, part, whole]) if name == "prorate" => refund::prorate(of, part, whole),
                    _ => Err(unknown(name)),
                },
            },
        }
    }
}

fn unary(name: &str, (operand, of): Typed) -> Result<Typed, Wrong> {
    let boxed = Box::new(operand);
    match (name, of) {
        (operators::NEGATE, of @ (Type::Integer | Type::Money)) => {
            Ok((Expression::Negative(boxed), of))
        }
        (operators::LOGICAL_NOT, Type::Flag) => Ok((Expression::Not(boxed), Type::Flag)),
        ("size", Type::List(_) | Type::Text) => Ok((Expression::Size(boxed), Type::Integer)),
        (operators::NEGATE | operators::LOGICAL_NOT | "size", of) => {
            Err(Wrong::new(format!("`{}` does not go with {of}", spelt(name))))
        }
        _ => Err(unknown(name)),
    }
}

fn binary(name: &str, left: Typed, right: Typed) -> Result<Typed, Wrong> {
    let (a, b) = (Box::new(left.0), Box::new(right.0));
    if let Some(operator) = arithmetic(name) {
        let of = arithmetic_type(operator, name, &left.1, &right.1)?;
        return Ok((Expression::Arithmetic(operator, a, b), of));
    }
    let same = left.1 == right.1;
    let expression = match name {
        operators::LOGICAL_AND if same && left.1 == Type::Flag => Expression::And(a, b),
        operators::LOGICAL_OR if same && left.1 == Type::Flag => Expression::Or(a, b),
        operators::EQUALS if same => Expression::Equal(a, b),
        operators::NOT_EQUALS if same => Expression::Not(Box::new(Expression::Equal(a, b))),
        operators::IN if contains(&right.1, &left.1) => Expression::Contains(a, b),
        operators::INDEX => {
            let of = indexed(left.1, &right.1)?;
            return Ok((Expression::Index(a, b), of));
        }
        _ => match order(name) {
            Some(order) if same && matches!(left.1, Type::Integer | Type::Money | Type::Text) => {
                Expression::Order(order, a, b)
            }
            _ => return Err(mismatch(name, &left.1, &right.1)),
        },
    };
    Ok((expression, Type::Flag))
}

fn choose(test: Typed, yes: Typed, no: Typed) -> Result<Typed, Wrong> {
    if test.1 != Type::Flag {
        return Err(Wrong::new(format!("`?` asks true or false, not {}", test.1)));
    }
    if yes.1 != no.1 {
        let wrong = Wrong::new(format!("`? :` gives {} here and {} there", yes.1, no.1));
        let amount =
            matches!((&yes.1, &no.1), (Type::Money, Type::Integer) | (Type::Integer, Type::Money));
        return Err(if amount { wrong.help("write 0 as `money('0')`") } else { wrong });
    }
    Ok((Expression::If(Box::new(test.0), Box::new(yes.0), Box::new(no.0)), yes.1))
}

fn arithmetic(name: &str) -> Option<Arithmetic> {
    Some(match name {
        operators::ADD => Arithmetic::Add,
        operators::SUBSTRACT => Arithmetic::Subtract,
        operators::MULTIPLY => Arithmetic::Multiply,
        operators::DIVIDE => Arithmetic::Divide,
        operators::MODULO => Arithmetic::Remainder,
        "div_up" => Arithmetic::DivideUp,
        "div_down" => Arithmetic::DivideDown,
        _ => return None,
    })
}

fn arithmetic_type(
    operator: Arithmetic,
    name: &str,
    left: &Type,
    right: &Type,
) -> Result<Type, Wrong> {
    use Arithmetic::{Add, Divide, DivideDown, DivideUp, Multiply, Remainder, Subtract};
    match (operator, left, right) {
        (_, Type::Integer, Type::Integer)
        | (Divide | DivideUp | DivideDown, Type::Money, Type::Money) => Ok(Type::Integer),
        (Add | Subtract | Remainder, Type::Money, Type::Money)
        | (Multiply, Type::Integer, Type::Money)
        | (Multiply | Divide | DivideUp | DivideDown, Type::Money, Type::Integer) => {
            Ok(Type::Money)
        }
        (_, left, right) => Err(mismatch(name, left, right)),
    }
}

fn order(name: &str) -> Option<Order> {
    Some(match name {
        operators::LESS => Order::Less,
        operators::LESS_EQUALS => Order::LessOrEqual,
        operators::GREATER => Order::Greater,
        operators::GREATER_EQUALS => Order::GreaterOrEqual,
        _ => return None,
    })
}

fn contains(container: &Type, item: &Type) -> bool {
    match container {
        Type::List(of) | Type::Table(of, _) => **of == *item,
        Type::Integer
        | Type::Money
        | Type::Flag
        | Type::Text
        | Type::Object(_)
        | Type::Arguments
        | Type::Record => false,
    }
}

fn indexed(container: Type, key: &Type) -> Result<Type, Wrong> {
    match (container, key) {
        (Type::List(of), Type::Integer) => Ok(*of),
        (Type::Table(of, value), key) if *of == *key => Ok(*value),
        (other, key) => Err(mismatch(operators::INDEX, &other, key)),
    }
}

fn same_type<'t>(mut types: impl Iterator<Item = &'t Type>, what: &str) -> Result<Type, Wrong> {
    let first = types.next().cloned();
    let first = first.ok_or_else(|| Wrong::new(format!("{what} are missing")))?;
    match types.find(|other| **other != first) {
        Some(other) => Err(Wrong::new(format!("{what} are {first} and {other}"))),
        None => Ok(first),
    }
}

fn unknown(name: &str) -> Wrong {
    let known = FUNCTIONS.contains(&name);
    if known || spelt(name) != name {
        return Wrong::new(format!("`{}` has the wrong number of operands", spelt(name)));
    }
    let wrong = Wrong::new(format!("`{name}` is not a function of prices"));
    let near = suggestion::did_you_mean(name, FUNCTIONS.into_iter());
    let all = || format!("the functions are {}", FUNCTIONS.join(", "));
    Wrong { suggestion: Some(near.unwrap_or_else(all)), ..wrong }
}

fn mismatch(name: &str, left: &Type, right: &Type) -> Wrong {
    if arithmetic(name).is_none() && order(name).is_none() && spelt(name) == name {
        return unknown(name);
    }
    Wrong::new(format!("`{}` does not go with {left} and {right}", spelt(name)))
}

/// An operator as it is written: CEL calls `+` `_+_`.
fn spelt(name: &str) -> &str {
    match name {
        operators::INDEX => "[ ]",
        operators::CONDITIONAL => "? :",
        _ => name.trim_matches(['_', '@']),
    }
}

/// `money('30.00')`, folded to micro-units.
fn money(call: &CallExpr) -> Result<Typed, Wrong> {
    let wrong = || {
        Wrong::new("`money` takes one amount as a literal text, with at most six decimals")
            .help("write `money('30.00')`")
    };
    let [IdedExpr { expr: Expr::Literal(LiteralValue::String(text)), .. }] = call.args.as_slice()
    else {
        return Err(wrong());
    };
    let micro = micro_units(text.inner()).ok_or_else(wrong)?;
    Ok((Expression::Integer(micro), Type::Money))
}

fn micro_units(text: &str) -> Option<i64> {
    const DECIMALS: usize = 6;
    let (whole, fraction) = text.split_once('.').unwrap_or((text, "0"));
    let digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    if !digits(whole) || !digits(fraction) || fraction.len() > DECIMALS {
        return None;
    }
    let fraction: i64 = format!("{fraction:0<DECIMALS$}").parse().ok()?;
    whole.parse::<i64>().ok()?.checked_mul(1_000_000)?.checked_add(fraction)
}

//! Coercion: a placed tree of texts becomes JSON, by the shape of each place (PROTOCOL 1.5).

use serde_json::{Map, Number, Value};

use super::fault::{Fault, FaultReason, quoted};
use super::placing::Piece;
use super::shape::{ShapeId, Shapes, Types};

/// The value of a piece; `None` when it is absent. `name` is what to call it in a fault, grown and
/// shrunk as the tree is walked.
pub(super) fn value(
    shapes: &Shapes,
    id: ShapeId,
    piece: &Piece<'_>,
    name: &mut String,
    faults: &mut Vec<Fault>,
) -> Option<Value> {
    match piece {
        Piece::Text(text) => scalar(shapes.types(id), text).unwrap_or_else(|what| {
            faults.push(Fault::new(name, FaultReason::WrongType, format!("`{name}` {what}.")));
            None
        }),
        Piece::List(list) => {
            let items = shapes.get(id).map(|shape| &shape.items);
            let mut values = Vec::with_capacity(list.len());
            for (index, piece) in list {
                let item = items.map_or(Shapes::ANY, |items| items.at(*index));
                let length = step(name, &index.to_string());
                values.extend(value(shapes, item, piece, name, faults));
                name.truncate(length);
            }
            Some(Value::Array(values))
        }
        Piece::Object(members) => {
            let mut object = Map::new();
            for (key, member, piece) in members {
                let length = step(name, key);
                if let Some(value) = value(shapes, *member, piece, name, faults) {
                    object.insert((*key).to_owned(), value);
                }
                name.truncate(length);
            }
            Some(Value::Object(object))
        }
    }
}

fn step(name: &mut String, below: &str) -> usize {
    let length = name.len();
    name.push('.');
    name.push_str(below);
    length
}

/// A text as a value of one of `types`. A union that allows text keeps the text; an empty text is
/// absent unless text is allowed (Node sends `name=` for null).
pub(super) fn scalar(types: Types, text: &str) -> Result<Option<Value>, String> {
    if types.has(Types::TEXT) {
        return Ok(Some(Value::from(text)));
    }
    if text.is_empty() {
        return Ok(None);
    }
    let numeric = types.has(Types::INTEGER.with(Types::NUMBER));
    if let Some(integer) = numeric.then(|| integer(text)).flatten() {
        return Ok(Some(Value::Number(integer)));
    }
    if let Some(number) = types.has(Types::NUMBER).then(|| number(text)).flatten() {
        return Ok(Some(Value::Number(number)));
    }
    if let Some(flag) = types.has(Types::BOOLEAN).then(|| boolean(text)).flatten() {
        return Ok(Some(Value::Bool(flag)));
    }
    let scalars = Types::INTEGER.with(Types::NUMBER).with(Types::BOOLEAN);
    if !types.has(scalars) && types.has(Types::ARRAY) {
        return Err("must be a list: number its items, from `.0` on".to_owned());
    }
    if !types.has(scalars) && types.has(Types::OBJECT) {
        return Err("must be an object: send its members as `.name`".to_owned());
    }
    if integral(text) && numeric {
        return Err(format!("is {}, which does not fit in 64 bits", quoted(text)));
    }
    Err(format!("must be {}, not {}", types.words(), quoted(text)))
}

/// Strictly decimal: a sign only when negative, no leading zeros, 64 bits.
fn integer(text: &str) -> Option<Number> {
    if !integral(text) {
        return None;
    }
    let unsigned = || text.parse::<u64>().ok().map(Number::from);
    text.parse::<i64>().ok().map(Number::from).or_else(unsigned)
}

fn integral(text: &str) -> bool {
    let digits = text.strip_prefix('-').unwrap_or(text);
    let strict = digits == "0" || !digits.starts_with('0');
    strict && !digits.is_empty() && text != "-0" && digits.bytes().all(|byte| byte.is_ascii_digit())
}

/// A number as JSON writes it; Python's `1e+20` is one.
fn number(text: &str) -> Option<Number> {
    let first = text.bytes().next()?;
    let last = text.bytes().next_back()?;
    // serde_json would let white space around it pass.
    let tight = (first == b'-' || first.is_ascii_digit()) && last.is_ascii_digit();
    if !tight { None } else { serde_json::from_str(text).ok() }
}

/// The spellings of the clients: Node and Java `true`, Python `True`, PHP `1`.
fn boolean(text: &str) -> Option<bool> {
    match text {
        "true" | "True" | "TRUE" | "1" => Some(true),
        "false" | "False" | "FALSE" | "0" => Some(false),
        _ => None,
    }
}

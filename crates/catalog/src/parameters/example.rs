//! A value that a parameter may have, for the examples of the pages: the document's own, else made from its schema.

use serde_json::{Map, Value, json};

use super::describe::chain;
use super::{Gathered, Types};
use crate::document::{Document, Spot};

/// A schema that goes deeper than this is recursive, or nothing for an example.
const DEPTH_MAX: usize = 6;

/// What the document itself gives as an example: `example`, or the first of `examples`.
pub(super) fn given(document: &Document<'_>, spots: &[Spot<'_>]) -> Option<Value> {
    let schemas = chain(document, spots);
    let given = schemas.iter().find_map(|spot| {
        let first = || spot.value.get("examples")?.as_array()?.first();
        spot.value.get("example").or_else(first)
    });
    given.cloned()
}

/// The document's own example, its default, or a value that keeps the plain rules of the schema.
pub(super) fn value(document: &Document<'_>, spots: &[Spot<'_>], depth: usize) -> Value {
    let schemas = chain(document, spots);
    let keyword = |name: &str| schemas.iter().find_map(|spot| spot.value.get(name));
    let first = |name: &str| keyword(name).and_then(Value::as_array).and_then(|all| all.first());
    if let Some(said) = given(document, spots)
        .as_ref()
        .or_else(|| keyword("default").or_else(|| keyword("const")).or_else(|| first("enum")))
    {
        return said.clone();
    }
    let gathered = Gathered::from(document, spots);
    let types = gathered.types.unwrap_or(Types::TEXT);
    if depth >= DEPTH_MAX {
        return Value::Null;
    }
    if types.has(Types::TEXT) {
        let least = keyword("minLength").and_then(Value::as_u64).unwrap_or(0);
        let least = usize::try_from(least).unwrap_or(usize::MAX).min(64);
        return Value::from(format!("{:x<least$}", "text"));
    }
    if types.has(Types::INTEGER) || types.has(Types::NUMBER) {
        return keyword("minimum").cloned().unwrap_or_else(|| json!(1));
    }
    if types.has(Types::BOOLEAN) {
        return json!(true);
    }
    if types.has(Types::ARRAY) {
        let items: Vec<Spot<'_>> = schemas.iter().filter_map(|spot| spot.get("items")).collect();
        return json!([value(document, &items, depth + 1)]);
    }
    let members = gathered.required.iter().filter_map(|name| {
        let spots = gathered.named.get(name)?;
        Some((name.clone(), value(document, spots, depth + 1)))
    });
    Value::Object(members.collect::<Map<_, _>>())
}

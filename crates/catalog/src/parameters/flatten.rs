//! Flattening: the inverse of placing and coercion, as the SDKs do it.

use serde_json::{Map, Value};

/// The name and text of every scalar: `a.0.b`. Null, empty lists and empty objects are left out, as
/// the Python SDK does (PROTOCOL 1.5): the form has no way to write them.
pub(super) fn flatten(object: &Map<String, Value>) -> Vec<(String, String)> {
    let mut pairs = Vec::new();
    for (name, value) in object {
        walk(name.clone(), value, &mut pairs);
    }
    pairs
}

fn walk(name: String, value: &Value, pairs: &mut Vec<(String, String)>) {
    match value {
        Value::Null => {}
        Value::Bool(flag) => pairs.push((name, flag.to_string())),
        Value::Number(number) => pairs.push((name, number.to_string())),
        Value::String(text) => pairs.push((name, text.clone())),
        Value::Array(items) => {
            for (i, item) in items.iter().enumerate() {
                walk(format!("{name}.{i}"), item, pairs);
            }
        }
        Value::Object(members) => {
            for (key, member) in members {
                walk(format!("{name}.{key}"), member, pairs);
            }
        }
    }
}

/// A scalar as text; `None` for anything else.
pub(crate) fn text_of(value: &Value) -> Option<String> {
    match value {
        Value::Bool(flag) => Some(flag.to_string()),
        Value::Number(number) => Some(number.to_string()),
        Value::String(text) => Some(text.clone()),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    }
}

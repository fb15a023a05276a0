//! Two schemas of one value: what is refused now and was not, or answered otherwise.

use serde_json::{Map, Value};

use super::Found;

/// Where a value comes from.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Side {
    /// From clients: what is narrower breaks.
    Parameter,
    /// To clients: what is gone or of another type breaks.
    Answer,
}

/// References deeper than this stay what they are: a schema may speak of itself.
const DEPTH_MAX: usize = 12;

/// Words for people: they bind nobody.
const WORDS: [&str; 7] =
    ["description", "title", "example", "examples", "default", "deprecated", "$comment"];

/// A schema with what it refers to in its place, and without words.
pub(super) fn whole(schema: &Value, schemas: &Map<String, Value>) -> Value {
    expand(schema, schemas, 0)
}

fn expand(schema: &Value, schemas: &Map<String, Value>, depth: usize) -> Value {
    match schema {
        Value::Object(members) => {
            let name = members.get("$ref").and_then(Value::as_str);
            let name = name.and_then(|name| name.strip_prefix("#/components/schemas/"));
            if let Some(found) = name.and_then(|name| schemas.get(name))
                && depth < DEPTH_MAX
            {
                return expand(found, schemas, depth + 1);
            }
            let deeper = |(name, value): (&String, &Value)| {
                // The names below `properties` are the document's own: `title` may be one.
                let value = match (name.as_str(), value) {
                    ("properties", Value::Object(own)) => {
                        let own = own.iter();
                        let own = own.map(|(n, v)| (n.clone(), expand(v, schemas, depth + 1)));
                        Value::Object(own.collect())
                    }
                    _ => expand(value, schemas, depth),
                };
                (name.clone(), value)
            };
            let binding = members.iter().filter(|(name, _)| !WORDS.contains(&name.as_str()));
            Value::Object(binding.map(deeper).collect())
        }
        Value::Array(items) => items.iter().map(|item| expand(item, schemas, depth)).collect(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => schema.clone(),
    }
}

/// Adds what differs between two whole schemas of the value at `path`.
pub(super) fn compare(side: Side, path: &str, (was, is): (&Value, &Value), found: &mut Found) {
    if was == is {
        return;
    }
    let before = found.all.len();
    let is_known = types(side, path, (was, is), found)
        & members(side, path, (was, is), found)
        & (side == Side::Answer || limits(path, (was, is), found));
    if let (Some(was), Some(is)) = (was.get("items"), is.get("items")) {
        compare(side, &format!("{path}[]"), (was, is), found);
    }
    if !is_known && found.all.len() == before {
        found.breaks(format!("{} is described otherwise", named(side, path)));
    }
}

fn named(side: Side, path: &str) -> String {
    match side {
        Side::Parameter => format!("the parameter `{path}`"),
        Side::Answer if path.is_empty() => "the answer".to_owned(),
        Side::Answer => format!("`{path}` of the answer"),
    }
}

fn types_of(schema: &Value) -> Vec<&str> {
    match schema.get("type") {
        Some(Value::String(one)) => vec![one],
        Some(Value::Array(several)) => several.iter().filter_map(Value::as_str).collect(),
        Some(_) | None => Vec::new(),
    }
}

/// Is one type as good as another: every integer is a number.
fn takes(types: &[&str], one: &str) -> bool {
    types.is_empty() || types.contains(&one) || (one == "integer" && types.contains(&"number"))
}

fn types(side: Side, path: &str, (was, is): (&Value, &Value), found: &mut Found) -> bool {
    let (were, are) = (types_of(was), types_of(is));
    let (given, taken) = match side {
        Side::Parameter => (&were, &are),
        Side::Answer => (&are, &were),
    };
    let fits = (!given.is_empty() || taken.is_empty()) && given.iter().all(|one| takes(taken, one));
    if !fits {
        let said = |types: &[&str]| {
            if types.is_empty() { "anything".to_owned() } else { types.join(" or ") }
        };
        found.breaks(format!("{} is {}, not {}", named(side, path), said(&are), said(&were)));
    }
    true
}

/// The members of an object. False: there is more than can be compared here.
fn members(side: Side, path: &str, (was, is): (&Value, &Value), found: &mut Found) -> bool {
    let properties = |schema: &Value| schema.get("properties").and_then(Value::as_object).cloned();
    let required = |schema: &Value, name: &str| {
        let all = schema.get("required").and_then(Value::as_array);
        all.is_some_and(|all| all.iter().any(|one| one == name))
    };
    let inside = |name: &str| {
        if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") }
    };
    let (Some(were), Some(are)) = (properties(was), properties(is)) else {
        return properties(was) == properties(is);
    };
    for (name, member) in &were {
        let at = inside(name);
        match are.get(name) {
            None => found.breaks(format!("{} is gone", named(side, &at))),
            Some(then) => {
                if side == Side::Parameter && required(is, name) && !required(was, name) {
                    found.breaks(format!("{} is required now", named(side, &at)));
                }
                if side == Side::Answer && required(was, name) && !required(is, name) {
                    found.breaks(format!("{} may be left out", named(side, &at)));
                }
                compare(side, &at, (member, then), found);
            }
        }
    }
    for name in are.keys().filter(|name| !were.contains_key(*name)) {
        let at = inside(name);
        if side == Side::Parameter && required(is, name) {
            found.breaks(format!("{} is new and required", named(side, &at)));
        } else {
            found.harmless(format!("{} is new", named(side, &at)));
        }
    }
    true
}

/// Keywords that bound a value. False: one that is not known here differs.
fn limits(path: &str, (was, is): (&Value, &Value), found: &mut Found) -> bool {
    let name = named(Side::Parameter, path);
    let mut is_known = true;
    let mut keys: Vec<&String> = [was, is]
        .into_iter()
        .filter_map(Value::as_object)
        .flat_map(Map::keys)
        .filter(|key| was.get(key.as_str()) != is.get(key.as_str()))
        .collect();
    keys.sort_unstable();
    keys.dedup();
    for key in keys {
        let (from, to) = (was.get(key), is.get(key));
        let said = |value: Option<&Value>| {
            value.map_or_else(|| "not said".to_owned(), std::string::ToString::to_string)
        };
        let told = format!("{name}: `{key}` is {}, was {}", said(to), said(from));
        let wider = match key.as_str() {
            "minimum" | "minLength" | "minItems" | "exclusiveMinimum" => {
                bound(to).zip(bound(from)).map_or(to.is_none(), |(to, from)| to <= from)
            }
            "maximum" | "maxLength" | "maxItems" | "exclusiveMaximum" => {
                bound(to).zip(bound(from)).map_or(to.is_none(), |(to, from)| to >= from)
            }
            "enum" => match (from.and_then(Value::as_array), to.and_then(Value::as_array)) {
                (Some(from), Some(to)) => from.iter().all(|one| to.contains(one)),
                (_, to) => to.is_none(),
            },
            "pattern" | "format" | "const" | "multipleOf" | "uniqueItems" => to.is_none(),
            // Compared by themselves.
            "type" | "properties" | "required" | "items" => continue,
            _ => {
                is_known = false;
                continue;
            }
        };
        if wider { found.harmless(told) } else { found.breaks(told) }
    }
    is_known
}

fn bound(value: Option<&Value>) -> Option<f64> {
    value.and_then(Value::as_f64)
}

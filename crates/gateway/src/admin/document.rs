//! The OpenAPI documents of the gateway's own modules, made from the types of their actions.
//!
//! A test compares them with the files that the catalog compiles, and leaves what it made under `target/`.

use faregate_catalog::{Catalog, Settings};
use schemars::generate::SchemaSettings;
use schemars::{Schema, SchemaGenerator};
use serde_json::{Map, Value, json};

use super::{Act, ERRORS, Entry, For};

/// The schemas of an action: its parameters, its answer.
pub(super) fn schemas<A: Act>() -> (Value, Value) {
    let schema = |value: Schema| tidy(value.to_value());
    (
        schema(generator().into_root_schema_for::<A>()),
        schema(generator().into_root_schema_for::<A::Answer>()),
    )
}

fn generator() -> SchemaGenerator {
    SchemaSettings::draft2020_12()
        .with(|settings| settings.inline_subschemas = true)
        .into_generator()
}

/// Any object.
pub(super) fn object(_: &mut SchemaGenerator) -> Schema {
    schemars::json_schema!({ "type": "object" })
}

/// Any integer.
pub(super) fn integer(_: &mut SchemaGenerator) -> Schema {
    schemars::json_schema!({ "type": "integer" })
}

/// What is optional here is left out by a caller, never null; widths of integers are Rust's business.
fn tidy(mut schema: Value) -> Value {
    match &mut schema {
        Value::Object(members) => {
            for gone in ["$schema", "title", "format"] {
                members.remove(gone);
            }
            if let Some(Value::Array(types)) = members.get_mut("type") {
                types.retain(|kind| kind != "null");
                if let [only] = types.as_slice() {
                    let only = only.clone();
                    members.insert("type".to_owned(), only);
                }
            }
            if let Some(Value::Array(values)) = members.get_mut("enum") {
                values.retain(|value| !value.is_null());
            }
            if let Some(Value::Array(choices)) = members.get_mut("anyOf") {
                choices.retain(|choice| choice["type"] != "null");
                if let [Value::Object(only)] = choices.as_slice() {
                    let only = only.clone();
                    members.remove("anyOf");
                    for (name, value) in only {
                        members.entry(name).or_insert(value);
                    }
                }
            }
            for value in members.values_mut() {
                *value = tidy(value.take());
            }
        }
        Value::Array(items) => {
            for item in items {
                *item = tidy(item.take());
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
    schema
}

fn operation(entry: &Entry) -> (String, Value) {
    let (mut parameters, mut answer) = (entry.schemas)();
    let text = parameters["description"].as_str().unwrap_or_default().replace('\n', " ");
    let (summary, more) = text.split_once("  ").unwrap_or((&text, ""));
    let mut operation = json!({
        "operationId": entry.action,
        "summary": summary,
        "description": more.trim(),
    });
    let quota = if entry.writes {
        json!({ "rate": "20/s", "burst": 40 })
    } else {
        json!({ "rate": "20/s", "burst": 100 })
    };
    let mut terms = json!({ "quota": quota });
    if entry.open_to == For::Operators {
        terms["audience"] = json!([super::OPERATORS]);
    }
    operation["x-faregate"] = terms;
    let description = answer["description"].take();
    for schema in [&mut parameters, &mut answer] {
        schema.as_object_mut().unwrap().remove("description");
    }
    if entry.writes {
        parameters.as_object_mut().unwrap().remove("additionalProperties");
        operation["requestBody"] = json!({ "required": true, "content": { "application/json": { "schema": parameters } } });
    } else {
        let required = parameters["required"].as_array().cloned().unwrap_or_default();
        let members = parameters["properties"].as_object().cloned().unwrap_or_default();
        let place = |(name, mut schema): (String, Value)| {
            let description = schema.as_object_mut().unwrap().remove("description");
            json!({
                "name": name,
                "in": "query",
                "required": required.contains(&json!(name)),
                "description": description.unwrap_or_default(),
                "schema": schema,
            })
        };
        operation["parameters"] = members.into_iter().map(place).collect();
    }
    operation["responses"] = json!({ "200": {
        "description": description.as_str().unwrap_or_default(),
        "content": { "application/json": { "schema": answer } },
    } });
    let method = if entry.writes { "post" } else { "get" };
    (format!("/{}", entry.action), json!({ method: operation }))
}

fn document((module, title, description): (&str, &str, &str), entries: &[Entry]) -> Value {
    let paths: Map<String, Value> = entries.iter().map(operation).collect();
    let errors: Map<String, Value> = ERRORS
        .iter()
        .map(|(code, say, fix)| {
            ((*code).to_owned(), json!({ "message": say, "code": 5100, "fix": fix }))
        })
        .collect();
    json!({
        "openapi": "3.1.0",
        "info": { "title": title, "version": "1", "description": description },
        "servers": [{ "url": "http://127.0.0.1:1" }],
        "x-faregate": { "module": module, "protocols": ["http", "https"], "errors": errors },
        "paths": paths,
    })
}

/// The documents, by the names of their files.
fn documents() -> Vec<(&'static str, Value)> {
    let account = (
        "account",
        "Account",
        "Accounts, keys, money and what becomes of calls: what the gateway itself answers, through the same gates and \
         with the same codes as any module. Everybody may ask about itself; what is open to the group `operators` \
         alone says so.",
    );
    let sts = (
        "sts",
        "Security tokens",
        "Temporary credentials: a key with a Token, which ends by itself and may do at most what a policy of its own says.",
    );
    vec![("account", document(account, super::ACCOUNT)), ("sts", document(sts, super::STS))]
}

#[test]
fn the_documents_are_what_the_types_say() {
    for (name, made) in documents() {
        let made = format!("{}\n", serde_json::to_string_pretty(&made).unwrap());
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../");
        let path = format!("crates/catalog/src/builtin/{name}.json");
        let kept = std::fs::read_to_string(format!("{folder}{path}")).unwrap_or_default();
        if kept != made {
            std::fs::write(format!("{folder}target/{name}.json"), &made).unwrap();
            panic!("{path} is not what the types say: copy target/{name}.json over it");
        }
        // As if it were somebody else's: not a word of `check` against it.
        let text = made.replace("DescribeRequest\"", "DescribeRequestAgain\"");
        let source = faregate_catalog::Source { name: "made.json", text: &text, upstream: None };
        let loaded = Catalog::load(&[source], &Settings { base_domain: "api.qcloud.com" });
        let said: Vec<_> = loaded.diagnostics.iter().map(|it| it.message.as_str()).collect();
        assert_eq!(said, [""; 0], "{name}");
    }
}

#[test]
fn every_action_that_is_compiled_is_answered_and_the_other_way_round() {
    let catalog = Catalog::load(&[], &Settings { base_domain: "api.qcloud.com" }).catalog.unwrap();
    let compiled: Vec<_> = catalog.own().flat_map(|own| own.operations()).collect();
    assert_eq!(compiled.len(), super::all().count());
    for entry in super::all() {
        let found = compiled.iter().find(|operation| operation.action == entry.action).unwrap();
        let closed = found.audience != faregate_catalog::Audience::Public;
        assert_eq!(closed, entry.open_to == For::Operators, "{}", entry.action);
        assert_eq!(found.mutating, entry.writes, "{}", entry.action);
    }
}

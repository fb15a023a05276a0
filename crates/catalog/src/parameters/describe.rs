//! What people are told about a parameter: on pages and in the command line's help.

use serde_json::{Value, json};

use super::build::Member;
use super::{Gathered, Types, example, text_of};
use crate::document::{Document, Spot};
use crate::outside::public;

/// One parameter, in words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Description {
    /// Its name, as declared.
    pub name: String,
    /// Its type: `integer`, `list of string`.
    pub type_text: String,
    /// Must it be sent?
    pub required: bool,
    /// The document's own words; may be empty.
    pub description: String,
    /// Each rule in a few words: `1 to 100`, `one of RUNNING, STOPPED`.
    pub constraints: Vec<String>,
    /// What is used when it is not sent.
    pub default: Option<String>,
    /// Its schema, as clients may read it.
    pub schema: Value,
    /// A value that it may have.
    pub example: Value,
    /// Does it belong into an example call: because it must be sent, or because the document gives an example.
    pub in_example: bool,
}

/// Describes a parameter from the schemas that speak of it.
pub(super) fn describe(document: &Document<'_>, member: &Member<'_>) -> Description {
    let chain = chain(document, &member.spots);
    let said = chain.iter().find_map(|spot| spot.text("description")).map(str::to_owned);
    let default = chain.iter().find_map(|spot| text_of(spot.value.get("default")?));
    let mut constraints = rules(&chain);
    if let Some(max) = member.items_max {
        for rule in [format!("1 to {max} items"), "none twice".to_owned()] {
            if !constraints.contains(&rule) {
                constraints.push(rule);
            }
        }
    }
    let mut type_text = type_text(document, &member.spots);
    if member.items_max.is_some() && !type_text.starts_with("list") {
        type_text = format!("list of {type_text}");
    }
    let mut schema = schema(&member.spots);
    let mut example = example::value(document, &member.spots, 0);
    if member.listed {
        schema = json!({ "type": "array", "items": schema });
        example = json!([example]);
    }
    Description {
        schema,
        in_example: member.required || example::given(document, &member.spots).is_some(),
        example,
        name: member.name.clone(),
        type_text,
        required: member.required,
        description: member.description.clone().or(said).unwrap_or_default(),
        constraints,
        default,
    }
}

/// One schema, or all of those that speak of the parameter.
fn schema(spots: &[Spot<'_>]) -> Value {
    match spots {
        [only] => public(only.value),
        several => json!({ "anyOf": several.iter().map(|s| public(s.value)).collect::<Vec<_>>() }),
    }
}

/// The schemas of a place and those that they refer to.
pub(crate) fn chain<'d>(document: &'d Document<'d>, spots: &[Spot<'d>]) -> Vec<Spot<'d>> {
    spots
        .iter()
        .flat_map(|spot| [Some(spot.clone()), document.resolve(spot.clone())])
        .flatten()
        .collect()
}

fn type_text<'d>(document: &'d Document<'d>, spots: &[Spot<'d>]) -> String {
    let types = Gathered::from(document, spots).types.unwrap_or(Types::NONE);
    let names: Vec<String> = types
        .without(Types::NULL)
        .names()
        .into_iter()
        .map(|name| match name {
            "array" => {
                let items = chain(document, spots).iter().find_map(|spot| spot.get("items"));
                let of = items.map_or_else(String::new, |items| item_text(document, items));
                if of.is_empty() { "list".to_owned() } else { format!("list of {of}") }
            }
            other => other.to_owned(),
        })
        .collect();
    if names.is_empty() { "any".to_owned() } else { names.join(" or ") }
}

/// One level of items is enough for a table.
fn item_text<'d>(document: &'d Document<'d>, items: Spot<'d>) -> String {
    let types = Gathered::from(document, &[items]).types.unwrap_or(Types::NONE);
    types.without(Types::NULL).names().join(" or ")
}

fn rules(chain: &[Spot<'_>]) -> Vec<String> {
    let keyword = |name: &str| chain.iter().find_map(|spot| spot.value.get(name));
    let mut rules = Vec::new();
    let mut range = |low: &str, high: &str, unit: &str| {
        let rule = match (keyword(low), keyword(high)) {
            (Some(low), Some(high)) => format!("{low} to {high}{unit}"),
            (Some(low), None) => format!("at least {low}{unit}"),
            (None, Some(high)) => format!("at most {high}{unit}"),
            (None, None) => return,
        };
        rules.push(rule);
    };
    range("minimum", "maximum", "");
    range("minLength", "maxLength", " characters");
    range("minItems", "maxItems", " items");
    let bounds = [
        ("exclusiveMinimum", "more than "),
        ("exclusiveMaximum", "less than "),
        ("multipleOf", "a multiple of "),
        ("pattern", "matches "),
        ("format", "of format "),
        ("const", "always "),
    ];
    for (name, words) in bounds {
        if let Some(text) = keyword(name).and_then(text_of) {
            rules.push(format!("{words}{text}"));
        }
    }
    if let Some(options) = keyword("enum").and_then(Value::as_array) {
        let options: Vec<String> = options.iter().filter_map(text_of).collect();
        rules.push(format!("one of {}", options.join(", ")));
    }
    if keyword("uniqueItems") == Some(&Value::Bool(true)) {
        rules.push("none twice".to_owned());
    }
    rules
}

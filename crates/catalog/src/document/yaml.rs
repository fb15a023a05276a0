//! YAML, safely: no tags, no duplicate keys, bounded aliases; every node with its span.

use std::fmt;

use serde::de::{Deserialize, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};
use serde_saphyr::{DuplicateKeyPolicy, Location, Spanned};

use super::places::{Place, Places, Span};
use super::{Malformed, join};

pub(super) fn parse(text: &str) -> Result<(Value, Places), Malformed> {
    let options = serde_saphyr::options! {
        duplicate_keys: DuplicateKeyPolicy::Error,
        // Only `true` and `false`: a zone called `no` is text (YAML 1.2).
        strict_booleans: true,
        // `0012` is a module code, not a number.
        leading_zero_numbers_as_strings: true,
        with_snippet: false,
    };
    let root: Spanned<Node> =
        serde_saphyr::from_str_with_options(text, options).map_err(|error| Malformed {
            span: error.location().map_or(0..0, |at| span_of(text, &at)),
            message: sentence(&error),
        })?;
    let mut places = Places::default();
    let value = settle(text, root, None, String::new(), &mut places);
    Ok((value, places))
}

/// The parser's words without the position, which the underline shows.
fn sentence(error: &serde_saphyr::Error) -> String {
    let all = error.to_string();
    let first = all.lines().next().unwrap_or_default();
    let first = first.split(" at line ").next().unwrap_or(first);
    // What its options could do is no advice for the author of a document.
    let first = first.split(", set ").next().unwrap_or(first);
    let first = first.trim_start_matches("error: ");
    format!("this is not YAML that can be read: {first}")
}

enum Node {
    Scalar(Value),
    List(Vec<Spanned<Node>>),
    Object(Vec<(Spanned<String>, Spanned<Node>)>),
}

struct NodeVisitor;

impl<'de> Deserialize<'de> for Node {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(NodeVisitor)
    }
}

impl<'de> Visitor<'de> for NodeVisitor {
    type Value = Node;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value of JSON")
    }

    fn visit_bool<E: Error>(self, flag: bool) -> Result<Node, E> {
        Ok(Node::Scalar(Value::Bool(flag)))
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<Node, E> {
        Ok(Node::Scalar(Value::from(number)))
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<Node, E> {
        Ok(Node::Scalar(Value::from(number)))
    }

    fn visit_f64<E: Error>(self, number: f64) -> Result<Node, E> {
        let number =
            Number::from_f64(number).ok_or_else(|| E::custom("a number must be finite"))?;
        Ok(Node::Scalar(Value::Number(number)))
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Node, E> {
        Ok(Node::Scalar(Value::from(text)))
    }

    fn visit_string<E: Error>(self, text: String) -> Result<Node, E> {
        Ok(Node::Scalar(Value::from(text)))
    }

    fn visit_unit<E: Error>(self) -> Result<Node, E> {
        Ok(Node::Scalar(Value::Null))
    }

    fn visit_none<E: Error>(self) -> Result<Node, E> {
        Ok(Node::Scalar(Value::Null))
    }

    fn visit_some<D: Deserializer<'de>>(self, inner: D) -> Result<Node, D::Error> {
        Node::deserialize(inner)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Node, A::Error> {
        let mut nodes = Vec::new();
        while let Some(node) = list.next_element()? {
            nodes.push(node);
        }
        Ok(Node::List(nodes))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut object: A) -> Result<Node, A::Error> {
        let mut members = Vec::new();
        while let Some(member) = object.next_entry()? {
            members.push(member);
        }
        Ok(Node::Object(members))
    }
}

/// Turns the spanned tree into a value, and notes every place.
fn settle(
    text: &str,
    node: Spanned<Node>,
    key: Option<Span>,
    pointer: String,
    places: &mut Places,
) -> Value {
    let value = span_of(text, &node.referenced);
    let container = !matches!(node.value, Node::Scalar(_));
    places.insert(pointer.clone(), Place { key, value, container });
    match node.value {
        Node::Scalar(value) => value,
        Node::List(nodes) => nodes
            .into_iter()
            .enumerate()
            .map(|(i, node)| settle(text, node, None, format!("{pointer}/{i}"), places))
            .collect(),
        Node::Object(members) => {
            let mut object = Map::new();
            for (key, node) in members {
                let at = join(&pointer, &key.value);
                let value = settle(text, node, Some(span_of(text, &key.referenced)), at, places);
                object.insert(key.value, value);
            }
            Value::Object(object)
        }
    }
}

fn span_of(text: &str, at: &Location) -> Span {
    let span = at.span();
    let bytes = |n: Option<u64>| n.and_then(|n| usize::try_from(n).ok());
    let start = bytes(span.byte_offset()).unwrap_or(0).min(text.len());
    let end = start.saturating_add(bytes(span.byte_len()).unwrap_or(0)).min(text.len());
    start..end
}

//! The terms of ownership: which parameters name resources, and what an answer changes about who has them.

use serde_json::{Map, Value};

use crate::document::{Document, Spot};
use crate::parameters::{chain, text_of};
use crate::price::Refund;

/// A parameter that names resources.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Binding {
    /// The parameter: an id, or a list of ids. Dots lead into what it holds: `disks.snapshotId`.
    pub parameter: String,
    /// The resources' type: `instance`.
    pub kind: String,
}

impl Binding {
    /// The ids that a call names by this parameter, in its order.
    #[must_use]
    pub fn ids(&self, arguments: &Map<String, Value>) -> Vec<String> {
        ids_at(arguments, &self.parameter)
    }
}

/// What a call may do to a resource that it names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Need {
    /// It looks at it.
    Read,
    /// It changes it.
    Write,
    /// It gives it back, gives it away or lends it: for its owner alone.
    Own,
}

/// Resources that the answer names come into being.
#[derive(Clone, Debug)]
pub struct Creates {
    /// Their type.
    pub kind: String,
    /// Where the answer names them.
    pub at: JsonPath,
}

/// Resources that the call gives back.
#[derive(Clone, Debug)]
pub struct Returns {
    /// Their type.
    pub kind: String,
    /// The parameter that names them.
    pub parameter: String,
    /// What is given back of their price, where the document says.
    pub refund: Option<Refund>,
}

/// Resources that another account owns from then on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Transfers {
    /// Their type.
    pub kind: String,
    /// The parameter that names them.
    pub parameter: String,
    /// The parameter that names the account.
    pub to: String,
}

/// Resources that another account may use from then on, or no longer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shares {
    /// Their type.
    pub kind: String,
    /// The parameter that names them.
    pub parameter: String,
    /// The parameter that names the account, or a list of them.
    pub with: String,
    /// What it may do.
    pub access: Access,
}

/// Where it stands what another account may do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Access {
    /// In the document.
    Always(Grant),
    /// In this parameter: `read`, `write` or `none`.
    Parameter(String),
}

/// What another account may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Grant {
    /// Look at it.
    Read,
    /// Look at it and change it.
    Write,
    /// Nothing, any more.
    Nothing,
}

impl Grant {
    /// Reads `read`, `write` or `none`.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        match text {
            "read" => Some(Self::Read),
            "write" => Some(Self::Write),
            "none" => Some(Self::Nothing),
            _ => None,
        }
    }
}

impl Shares {
    /// What this call grants; none if its parameter says nothing that is known.
    #[must_use]
    pub fn grant(&self, arguments: &Map<String, Value>) -> Option<Grant> {
        match &self.access {
            Access::Always(grant) => Some(*grant),
            Access::Parameter(name) => Grant::parse(arguments.get(name)?.as_str()?),
        }
    }
}

/// A list in the answer, of which an account sees what it may see.
#[derive(Clone, Debug)]
pub struct Filter {
    /// The type of what is listed.
    pub kind: String,
    /// The member that counts the list, and is corrected with it.
    pub count: Option<String>,
    list: JsonPath,
    items: JsonPath,
    id: JsonPath,
}

/// An item of a list that is filtered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed {
    /// Where it stands.
    pub place: Vec<Step>,
    /// Its id; none if it has none, or several.
    pub id: Option<String>,
}

/// A step into a JSON value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// The member of this name.
    Name(String),
    /// The item at this place.
    Index(usize),
}

impl Filter {
    /// `at` is the path to the ids: `$.instanceSet[*].instanceId`. What is dropped with a foreign id is the
    /// item of its last `[*]`.
    pub(crate) fn parse(kind: String, at: &str, count: Option<String>) -> Option<Self> {
        let (list, id) = at.rsplit_once("[*]")?;
        Some(Self {
            kind,
            count,
            list: JsonPath::parse(list)?,
            items: JsonPath::parse(&format!("{list}[*]"))?,
            id: JsonPath::parse(&format!("${id}"))?,
        })
    }

    /// Does the answer have the list, even an empty one?
    #[must_use]
    pub fn has_list(&self, answer: &Value) -> bool {
        !self.list.path.query(answer).is_empty()
    }

    /// The items of the list.
    #[must_use]
    pub fn items(&self, answer: &Value) -> Vec<Listed> {
        let found = self.items.path.query_located(answer);
        let listed = found.into_iter().map(|node| {
            let steps = node.location().iter().map(|step| match step {
                serde_json_path::PathElement::Name(name) => Step::Name((*name).to_owned()),
                serde_json_path::PathElement::Index(index) => Step::Index(*index),
            });
            let place = steps.collect();
            let mut ids = self.id.find(node.node());
            let id = if ids.len() == 1 { ids.pop() } else { None };
            Listed { place, id }
        });
        listed.collect()
    }
}

/// A JSONPath (RFC 9535).
#[derive(Clone, Debug)]
pub struct JsonPath {
    source: String,
    path: serde_json_path::JsonPath,
}

impl JsonPath {
    /// The parser's own words help nobody; `None` when it refuses.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let path = serde_json_path::JsonPath::parse(text).ok()?;
        Some(Self { source: text.to_owned(), path })
    }

    /// The ids that the path finds: texts, and numbers as texts.
    #[must_use]
    pub fn find(&self, value: &Value) -> Vec<String> {
        self.path.query(value).into_iter().filter_map(text_of).collect()
    }

    /// The only value that the path finds; none if it finds none or many.
    #[must_use]
    pub fn one<'v>(&self, value: &'v Value) -> Option<&'v Value> {
        self.path.query(value).exactly_one().ok()
    }

    /// The path, as the document has it.
    #[must_use]
    pub fn source(&self) -> &str {
        &self.source
    }
}

/// The scalars of a value: itself, or its items.
pub(super) fn ids(value: &Value) -> Vec<String> {
    let items = value.as_array().map_or(std::slice::from_ref(value), Vec::as_slice);
    items.iter().filter_map(text_of).collect()
}

/// The ids that a call names by a parameter, or by what it holds.
#[must_use]
pub fn ids_at(arguments: &Map<String, Value>, name: &str) -> Vec<String> {
    if let Some(value) = arguments.get(name) {
        return ids(value);
    }
    let mut found = Vec::new();
    for (place, _) in name.match_indices('.') {
        let (head, rest) = (name.get(..place), name.get(place.saturating_add(1)..));
        if let (Some(value), Some(rest)) = (head.and_then(|head| arguments.get(head)), rest) {
            below(value, rest, &mut found);
        }
    }
    found
}

fn below(value: &Value, name: &str, found: &mut Vec<String>) {
    match value {
        Value::Array(items) => items.iter().for_each(|item| below(item, name, found)),
        Value::Object(members) => found.extend(ids_at(members, name)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// Is there a member of this dotted name below these schemas?
pub(crate) fn reaches(document: &Document<'_>, spots: &[Spot<'_>], name: &str) -> bool {
    chain(document, spots).iter().any(|spot| {
        let items = spot.get("items").is_some_and(|items| reaches(document, &[items], name));
        let here = spot.get("properties").is_some_and(|properties| {
            properties.members().any(|(member, below)| {
                member == name
                    || name
                        .strip_prefix(member)
                        .and_then(|rest| rest.strip_prefix('.'))
                        .is_some_and(|rest| reaches(document, &[below], rest))
            })
        });
        items || here
    })
}

//! The parameters of one operation: texts in, a checked object out.
//!
//! Compiled at load: a shape for every place and one validator. A call pays for placing its names,
//! coercing its texts and one run of the validator; faults are worked out only after a refusal.
//! Invariant: what `read` gives is valid by the document's own schema, has no undeclared member, and
//! uses the declared spelling of every name. Never: sees a common parameter; the caller keeps those.

mod alias;
mod build;
mod coercion;
mod describe;
mod example;
mod fault;
mod flatten;
mod gather;
mod json;
mod placing;
mod shape;
mod violation;

use std::collections::{BTreeMap, HashMap};

use serde_json::{Map, Value};
use smallvec::SmallVec;

pub use describe::Description;
pub use fault::{FAULTS_MAX, Fault, FaultReason};

pub(crate) use build::{Member, Plan, has_rules, types_of};
pub(crate) use describe::chain;
pub(crate) use fault::quoted;
pub(crate) use flatten::text_of;
pub(crate) use gather::{Gathered, Shaper};
pub(crate) use shape::{ShapeId, Shapes, Types, strip};

use crate::schema::Validator;
use placing::{Misplaced, Path, Piece};

/// How many parameters one call may have (RELIABILITY 5).
pub const PARAMETERS_MAX: usize = 512;

/// The parameters of one operation.
#[derive(Debug)]
pub struct Parameters {
    shapes: Shapes,
    /// Longer names first: `disk_size` must win over a `size` below `disk`.
    public: Vec<Public>,
    by_name: HashMap<String, usize>,
    defaults: Vec<(String, Value)>,
    validator: Validator,
    /// What the body's schema says about its members together, where it says something.
    body_rules: Option<BodyRules>,
    descriptions: Vec<Description>,
    /// Further names, each with the declared one: API 3.0's own.
    aliases: Vec<(String, String)>,
}

/// A parameter at the top.
#[derive(Debug)]
struct Public {
    name: String,
    shape: ShapeId,
    /// Its value, or every item of it, stands in a path.
    in_path: bool,
}

/// A validator of the body alone.
#[derive(Debug)]
struct BodyRules {
    members: Vec<String>,
    validator: Validator,
}

type Placed<'a> = SmallVec<[Option<Piece<'a>>; 16]>;

impl Parameters {
    /// Reads the action's parameters: coerces each text by its schema, fills in defaults, validates.
    ///
    /// # Errors
    /// Every fault at once, ordered by name, at most [`FAULTS_MAX`].
    pub fn read<'a>(
        &self,
        pairs: impl Iterator<Item = (&'a str, &'a str)>,
    ) -> Result<Map<String, Value>, Vec<Fault>> {
        let pairs: SmallVec<[(&str, &str); 24]> = pairs.take(PARAMETERS_MAX + 1).collect();
        if pairs.len() > PARAMETERS_MAX {
            let message = format!("A call has at most {PARAMETERS_MAX} parameters.");
            return Err(vec![Fault::new("", FaultReason::TooMany, message)]);
        }
        match self.renamed(&pairs) {
            None => self.read_pairs(&pairs),
            Some(names) => {
                let texts = pairs.iter().map(|(_, text)| *text);
                let pairs: Vec<_> = names.iter().map(String::as_str).zip(texts).collect();
                self.read_pairs(&pairs)
            }
        }
    }

    fn read_pairs(&self, pairs: &[(&str, &str)]) -> Result<Map<String, Value>, Vec<Fault>> {
        let mut faults = Vec::new();
        let placed = self.place(pairs, &mut faults);
        let mut object = Value::Object(self.coerce(&placed, &mut faults));
        if faults.is_empty() && self.is_valid(&object) {
            return Ok(object.as_object_mut().map(std::mem::take).unwrap_or_default());
        }
        self.violations(&object, &placed, &mut faults);
        Err(fault::ordered(faults))
    }

    /// Is this wire name a declared parameter: as sent or dotted, with any index? The merge rule of
    /// signing asks (RELIABILITY 1.3, rule 5).
    #[must_use]
    pub fn declares(&self, name: &str) -> bool {
        let also = |(alias, _): &(String, String)| strip(alias, name).is_some();
        self.aliases.iter().any(also)
            || self.public.iter().any(|public| {
                strip(&public.name, name)
                    .is_some_and(|rest| placing::reaches(&self.shapes, public.shape, rest, 1))
            })
    }

    /// How many items of the list `name` were sent, before anything is validated: the cost of a
    /// batch. Counts indices, so that an object's members count once.
    pub fn count_items<'a>(
        &self,
        name: &str,
        pairs: impl Iterator<Item = (&'a str, &'a str)>,
    ) -> usize {
        let mut indices: SmallVec<[&str; 16]> = pairs
            .filter_map(|(sent, _)| strip(name, sent))
            .map(|rest| rest.split(['.', '_']).next().unwrap_or(rest))
            .filter(|index| !index.is_empty())
            .collect();
        indices.sort_unstable();
        indices.dedup();
        indices.len()
    }

    /// What people are told about each parameter, in the order of their names.
    #[must_use]
    pub fn describe(&self) -> &[Description] {
        &self.descriptions
    }

    /// The inverse of [`Parameters::read`]: `a.0.b` for every scalar. Null, empty lists and empty
    /// objects have no spelling and are left out.
    #[must_use]
    pub fn flatten(object: &Map<String, Value>) -> Vec<(String, String)> {
        flatten::flatten(object)
    }

    fn place<'a>(&'a self, pairs: &[(&'a str, &'a str)], faults: &mut Vec<Fault>) -> Placed<'a> {
        let mut placed: Placed<'a> = SmallVec::new();
        placed.resize_with(self.public.len(), || None);
        for (name, text) in pairs {
            let found = self
                .find(name)
                .and_then(|(i, rest)| Some((self.public.get(i)?, placed.get_mut(i)?, rest)));
            let Some((public, slot, rest)) = found else {
                let message = format!("{} is not a parameter of this action.", quoted(name));
                faults.push(Fault::new(&cut(name), FaultReason::Unknown, message));
                continue;
            };
            let path = Path { rest, text, depth: 1, count: pairs.len() };
            if let Err((reason, what)) = placing::place(&self.shapes, public.shape, slot, path) {
                faults.push(misplaced(name, &public.name, (reason, what)));
            }
        }
        placed
    }

    /// The parameter that a name begins with, and what follows.
    fn find<'a>(&self, name: &'a str) -> Option<(usize, &'a str)> {
        if let Some(i) = self.by_name.get(name) {
            return Some((*i, ""));
        }
        self.public.iter().enumerate().find_map(|(i, public)| {
            let rest = strip(&public.name, name)?;
            // `disk_size` is not a part of `disk` unless `disk` has parts; then its fault is told there.
            let parts = self.shapes.types(public.shape).has(Types::ARRAY.with(Types::OBJECT));
            (rest.is_empty() || parts || name.get(public.name.len()..)?.starts_with('.'))
                .then_some((i, rest))
        })
    }

    fn coerce(&self, placed: &Placed<'_>, faults: &mut Vec<Fault>) -> Map<String, Value> {
        let mut object = Map::new();
        let mut name = String::new();
        for (public, piece) in self.public.iter().zip(placed) {
            let Some(piece) = piece else { continue };
            name.clear();
            name.push_str(&public.name);
            let value = coercion::value(&self.shapes, public.shape, piece, &mut name, faults);
            let Some(value) = value else { continue };
            if public.in_path {
                check_segments(&public.name, &value, faults);
            }
            object.insert(public.name.clone(), value);
        }
        for (name, value) in &self.defaults {
            if !object.contains_key(name) {
                object.insert(name.clone(), value.clone());
            }
        }
        object
    }

    fn is_valid(&self, object: &Value) -> bool {
        self.validator.is_valid(object)
            && self
                .body_rules
                .as_ref()
                .is_none_or(|rules| rules.validator.is_valid(&rules.body(object)))
    }

    fn violations(&self, object: &Value, placed: &Placed<'_>, faults: &mut Vec<Fault>) {
        // A parameter that could not be read has had its fault: that it is missing now is no second one.
        let told: Vec<String> =
            faults.iter().filter_map(|fault| self.top_of(&fault.parameter)).collect();
        let wire = |path: &[String]| self.wire_name(path, placed);
        let mut found = Vec::new();
        for error in self.validator.iter_errors(object) {
            violation::faults(&error, &wire, &mut found);
        }
        if let Some(rules) = &self.body_rules {
            let body = rules.body(object);
            for error in rules.validator.iter_errors(&body) {
                violation::faults(&error, &wire, &mut found);
            }
        }
        found.retain(|(top, _)| !told.contains(top));
        faults.extend(found.into_iter().map(|(_, fault)| fault));
    }

    fn top_of(&self, sent: &str) -> Option<String> {
        let (i, _) = self.find(sent)?;
        self.public.get(i).map(|public| public.name.clone())
    }

    /// The name of a place as the client wrote its indices: the list may have started at 1.
    fn wire_name(&self, path: &[String], placed: &Placed<'_>) -> String {
        let mut segments = path.iter();
        let Some(top) = segments.next() else { return String::new() };
        let mut name = top.clone();
        let at = self.by_name.get(top).and_then(|i| placed.get(*i));
        let mut at = at.and_then(Option::as_ref);
        for segment in segments {
            name.push('.');
            let (sent, below) = match at {
                Some(Piece::List(list)) => nth(list, segment),
                Some(Piece::Object(members)) => {
                    let member = members.iter().find(|(known, _, _)| known == segment);
                    (segment.clone(), member.map(|(_, _, piece)| piece))
                }
                Some(Piece::Text(_)) | None => (segment.clone(), None),
            };
            name.push_str(&sent);
            at = below;
        }
        name
    }
}

impl BodyRules {
    /// The members of the body, out of the flat object.
    fn body(&self, object: &Value) -> Value {
        let member = |name: &String| Some((name.clone(), object.get(name)?.clone()));
        Value::Object(self.members.iter().filter_map(member).collect())
    }
}

/// The piece at a position of the finished list, and its index as sent.
fn nth<'p, 'a>(
    list: &'p BTreeMap<usize, Piece<'a>>,
    position: &str,
) -> (String, Option<&'p Piece<'a>>) {
    let found = position.parse().ok().and_then(|n| list.iter().nth(n));
    found.map_or_else(
        || (position.to_owned(), None),
        |(index, piece)| (index.to_string(), Some(piece)),
    )
}

fn misplaced(sent: &str, declared: &str, (reason, what): Misplaced) -> Fault {
    let of_declared = matches!(reason, FaultReason::WrongType | FaultReason::BadIndex);
    let name = if of_declared { declared.to_owned() } else { cut(sent) };
    let message = format!("{} {what}.", quoted(&name));
    Fault { parameter: name, reason, message }
}

fn cut(name: &str) -> String {
    name.chars().take(128).collect()
}

/// A path value is one segment: empty, `.` and `..` would name another resource (DESIGN 2).
fn check_segments(name: &str, value: &Value, faults: &mut Vec<Fault>) {
    let items = value.as_array().map_or(std::slice::from_ref(value), Vec::as_slice);
    for item in items {
        if matches!(item.as_str(), Some("" | "." | "..")) {
            faults.push(path_fault(name));
        }
    }
}

pub(crate) fn path_fault(name: &str) -> Fault {
    let message = format!("`{name}` must not be empty, `.` or `..`: it stands in a path.");
    Fault::new(name, FaultReason::PathSegment, message)
}

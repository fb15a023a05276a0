//! The names of an answer's members, as API 3.0 spells them: with a capital first letter.
//!
//! Declared members are respelt at every depth, by the shape of the response's schema; undeclared ones only at
//! the top, because below it a key may be somebody's data. A document may give further names: `Placement.Zone` for
//! the place `instanceSet.zone`. Values are copied as they stand, never written anew.

use serde::Deserialize;
use serde_json::value::RawValue;

use super::body::json_schema;
use crate::document::{Document, Spot};
use crate::parameters::{ShapeId, Shaper, Shapes};

/// Names of API 3.0 itself: no member becomes one.
const TAKEN: [&str; 3] = ["Detail", "Error", "RequestId"];

/// The member that the gateway adds to a purchase's answer: no schema declares it, and its names are no data.
const OURS: &str = "charge";

/// What the action's answers declare.
#[derive(Debug)]
pub(super) struct Names {
    shapes: Shapes,
    top: ShapeId,
    /// A place, its lists' items without a step of their own, and its name: one step, or two.
    others: Vec<(String, String)>,
}

/// The members of an object under way: texts, and objects that hold some of them.
#[derive(Default)]
struct Respelt {
    members: Vec<(String, String)>,
    groups: Vec<(String, Self)>,
}

impl Names {
    /// Of an operation: the schemas of its 2xx responses.
    pub(super) fn of<'d>(
        document: &'d Document<'d>,
        operation: &Spot<'d>,
        others: Vec<(String, String)>,
    ) -> Self {
        let responses = operation.get("responses");
        let schemas: Vec<Spot<'d>> = responses
            .iter()
            .flat_map(Spot::members)
            .filter(|(status, _)| status.starts_with('2'))
            .filter_map(|(_, response)| json_schema(&document.resolve(response)?))
            .collect();
        let mut shaper = Shaper::new(document);
        let top = if schemas.is_empty() { Shapes::ANY } else { shaper.shape(&schemas) };
        Self { shapes: shaper.shapes, top, others }
    }

    /// A JSON object, respelt; none if the text is no object.
    pub(super) fn respell(&self, object: &str) -> Option<String> {
        let members: Members<'_> = serde_json::from_str(object).ok()?;
        let mut out = String::with_capacity(object.len());
        self.object(self.top, &members, "", &mut out);
        Some(out)
    }

    fn object(&self, id: ShapeId, members: &Members<'_>, place: &str, out: &mut String) {
        let shape = self.shapes.get(id).map(|shape| &shape.members);
        let top = place.is_empty();
        let mut respelt = Respelt::default();
        for (name, value) in &members.0 {
            let declared = shape.and_then(|shape| {
                shape.named.iter().find(|(known, _)| known == name).map(|(_, id)| *id)
            });
            let here = if top { name.clone() } else { format!("{place}.{name}") };
            let below = declared.or_else(|| shape.and_then(|shape| shape.other));
            let mut text = String::new();
            match below {
                Some(below) => self.value(below, value.get(), &here, &mut text),
                None if here == OURS => text.push_str(&capitals(value.get())),
                None => text.push_str(value.get()),
            }
            let other = self.others.iter().find(|(known, _)| *known == here).map(|(_, to)| to);
            let usual = || {
                let sure = declared.is_some() || top;
                capital(name).filter(|capital| sure && !(top && is_taken(capital)))
            };
            let named = other.cloned().or_else(usual);
            // A member that has the name already keeps it.
            let free = named.filter(|named| !members.0.iter().any(|(other, _)| other == named));
            respelt.put(free.as_deref().unwrap_or(name), text, free.is_some());
        }
        respelt.write(out);
    }

    fn value(&self, id: ShapeId, raw: &str, place: &str, out: &mut String) {
        // Nothing is declared below a shape that says nothing.
        let known = id != Shapes::ANY;
        match raw.as_bytes().first() {
            Some(b'{') if known => match serde_json::from_str::<Members<'_>>(raw) {
                Ok(members) => self.object(id, &members, place, out),
                Err(_) => out.push_str(raw),
            },
            Some(b'[') if known => match serde_json::from_str::<Vec<&RawValue>>(raw) {
                Ok(items) => self.list(id, &items, place, out),
                Err(_) => out.push_str(raw),
            },
            Some(_) | None => out.push_str(raw),
        }
    }

    fn list(&self, id: ShapeId, items: &[&RawValue], place: &str, out: &mut String) {
        let shape = self.shapes.get(id).map(|shape| &shape.items);
        out.push('[');
        for (n, item) in items.iter().enumerate() {
            if n > 0 {
                out.push(',');
            }
            self.value(shape.map_or(Shapes::ANY, |items| items.at(n)), item.get(), place, out);
        }
        out.push(']');
    }
}

impl Respelt {
    /// `steps`: a name with a point in it is a member of an object; a name as it was sent is one name.
    fn put(&mut self, name: &str, text: String, steps: bool) {
        match name.split_once('.').filter(|_| steps) {
            None => self.members.push((name.to_owned(), text)),
            Some((first, rest)) => {
                let known = self.groups.iter().position(|(group, _)| group == first);
                let at = known.unwrap_or_else(|| {
                    self.groups.push((first.to_owned(), Self::default()));
                    self.groups.len() - 1
                });
                if let Some((_, group)) = self.groups.get_mut(at) {
                    group.put(rest, text, true);
                }
            }
        }
    }

    fn write(&self, out: &mut String) {
        out.push('{');
        let mut first = true;
        let mut name_of = |name: &str, out: &mut String| {
            if !std::mem::take(&mut first) {
                out.push(',');
            }
            out.push_str(&serde_json::Value::from(name).to_string());
            out.push(':');
        };
        for (name, text) in &self.members {
            name_of(name, out);
            out.push_str(text);
        }
        for (name, group) in &self.groups {
            name_of(name, out);
            group.write(out);
        }
        out.push('}');
    }
}

/// A flat object of ours with capital names.
fn capitals(raw: &str) -> String {
    let Ok(members) = serde_json::from_str::<Members<'_>>(raw) else { return raw.to_owned() };
    let mut respelt = Respelt::default();
    for (name, value) in &members.0 {
        respelt.put(capital(name).as_deref().unwrap_or(name), value.get().to_owned(), false);
    }
    let mut out = String::new();
    respelt.write(&mut out);
    out
}

fn is_taken(name: &str) -> bool {
    TAKEN.contains(&name)
}

fn capital(name: &str) -> Option<String> {
    let first = name.chars().next().filter(char::is_ascii_lowercase)?;
    Some(format!("{}{}", first.to_ascii_uppercase(), name.get(1..)?))
}

/// An object's members in their order, values as they stand.
struct Members<'a>(Vec<(String, &'a RawValue)>);

impl<'de> Deserialize<'de> for Members<'de> {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;
        impl<'de> serde::de::Visitor<'de> for Visitor {
            type Value = Members<'de>;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("a JSON object")
            }

            fn visit_map<A: serde::de::MapAccess<'de>>(
                self,
                mut map: A,
            ) -> Result<Members<'de>, A::Error> {
                let mut members = Vec::new();
                while let Some(member) = map.next_entry()? {
                    members.push(member);
                }
                Ok(Members(members))
            }
        }
        deserializer.deserialize_map(Visitor)
    }
}

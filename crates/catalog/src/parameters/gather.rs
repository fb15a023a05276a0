//! What a schema says about form, gathered through `$ref`, `allOf`, `anyOf`, `oneOf` and `if`.

use std::collections::{BTreeMap, HashMap};

use serde_json::Value;

use super::shape::{Items, Members, Shape, ShapeId, Shapes, Types};
use crate::document::{Document, Spot};

/// Everything that a schema, with all it refers to, says about form.
#[derive(Debug, Default)]
pub(crate) struct Gathered<'d> {
    /// `None`: any type.
    pub(crate) types: Option<Types>,
    /// Every declared member, with the schemas that speak of it.
    pub(crate) named: BTreeMap<String, Vec<Spot<'d>>>,
    /// The members that must be there whichever branch holds.
    pub(crate) required: Vec<String>,
    /// Members of any other name.
    other: Vec<Spot<'d>>,
    open: bool,
    closed: bool,
    items: Vec<Spot<'d>>,
    prefix: Vec<Vec<Spot<'d>>>,
    /// The types of each schema that was visited; of one that is being visited, none yet.
    seen: HashMap<String, Option<Types>>,
}

impl<'d> Gathered<'d> {
    /// Gathers from all of `spots`: schemas of one and the same place.
    pub(crate) fn from(document: &'d Document<'d>, spots: &[Spot<'d>]) -> Self {
        let mut all = Self::default();
        let mut types = Some(Types::NONE);
        for spot in spots {
            let one = all.visit(document, spot, true);
            types = types.zip(one).map(|(ours, theirs)| ours.with(theirs));
        }
        all.types = types;
        all
    }

    /// Gathers from one schema, and answers its types. `sure`: what it requires is required.
    fn visit(&mut self, document: &'d Document<'d>, spot: &Spot<'d>, sure: bool) -> Option<Types> {
        if let Some(types) = self.seen.get(&spot.pointer) {
            return *types;
        }
        self.seen.insert(spot.pointer.clone(), None);
        let mut types = own_types(spot);
        if let Some(target) = spot.text("$ref").and_then(|to| document.target(to)) {
            types = intersect(types, self.visit(document, &target, sure));
        }
        for branch in spot.get("allOf").iter().flat_map(Spot::items) {
            types = intersect(types, self.visit(document, &branch, sure));
        }
        for keyword in ["anyOf", "oneOf"] {
            let Some(branches) = spot.get(keyword) else { continue };
            let mut either = Some(Types::NONE);
            for branch in branches.items() {
                let one = self.visit(document, &branch, false);
                either = either.zip(one).map(|(ours, theirs)| ours.with(theirs));
            }
            types = intersect(types, either);
        }
        for keyword in ["then", "else"] {
            if let Some(branch) = spot.get(keyword) {
                self.visit(document, &branch, false);
            }
        }
        self.structure(spot, sure);
        self.seen.insert(spot.pointer.clone(), types);
        types
    }

    fn structure(&mut self, spot: &Spot<'d>, sure: bool) {
        for (name, member) in spot.get("properties").iter().flat_map(Spot::members) {
            self.named.entry(name.to_owned()).or_default().push(member);
        }
        if sure {
            let required = spot.get("required").into_iter().flat_map(|list| list.items());
            let names = required.filter_map(|name| name.value.as_str());
            for name in names {
                if !self.required.iter().any(|known| known == name) {
                    self.required.push(name.to_owned());
                }
            }
        }
        match spot.get("additionalProperties") {
            Some(Spot { value: Value::Bool(true), .. }) => self.open = true,
            Some(Spot { value: Value::Bool(false), .. }) => self.closed = true,
            Some(schema) => self.other.push(schema),
            None => {}
        }
        self.other.extend(
            spot.get("patternProperties").iter().flat_map(Spot::members).map(|(_, schema)| schema),
        );
        if let Some(items) = spot.get("items").filter(|items| items.value.is_object()) {
            self.items.push(items);
        }
        for (i, item) in spot.get("prefixItems").iter().flat_map(Spot::items).enumerate() {
            if self.prefix.len() <= i {
                self.prefix.push(Vec::new());
            }
            if let Some(at) = self.prefix.get_mut(i) {
                at.push(item);
            }
        }
    }
}

/// The types that the schema itself names, or that its `enum` or `const` consists of.
fn own_types(spot: &Spot<'_>) -> Option<Types> {
    let of_value = |value: &Value| match value {
        Value::Null => Types::NULL,
        Value::Bool(_) => Types::BOOLEAN,
        Value::Number(number) if number.is_f64() => Types::NUMBER,
        Value::Number(_) => Types::INTEGER,
        Value::String(_) => Types::TEXT,
        Value::Array(_) => Types::ARRAY,
        Value::Object(_) => Types::OBJECT,
    };
    let union = |types: Types, more: Types| types.with(more);
    let named = spot.get("type").map(|named| {
        let one = named.value.as_str().into_iter();
        let many = named.value.as_array().into_iter().flatten().filter_map(Value::as_str);
        one.chain(many).filter_map(Types::named).fold(Types::NONE, union)
    });
    let listed = spot
        .value
        .get("enum")
        .and_then(Value::as_array)
        .map(|values| values.iter().map(of_value).fold(Types::NONE, union))
        .or_else(|| spot.value.get("const").map(of_value));
    // The enum of a number may well be written as integers.
    match (named, listed) {
        (Some(named), Some(_)) => Some(named),
        (named, listed) => named.or(listed),
    }
}

fn intersect(ours: Option<Types>, theirs: Option<Types>) -> Option<Types> {
    match (ours, theirs) {
        (Some(ours), Some(theirs)) => Some(ours.both(theirs)),
        (ours, theirs) => ours.or(theirs),
    }
}

/// Makes shapes of schemas, each set of schemas once.
#[derive(Debug)]
pub(crate) struct Shaper<'d> {
    document: &'d Document<'d>,
    pub(crate) shapes: Shapes,
    known: HashMap<String, ShapeId>,
}

impl<'d> Shaper<'d> {
    pub(crate) fn new(document: &'d Document<'d>) -> Self {
        Self { document, shapes: Shapes::new(), known: HashMap::new() }
    }

    /// The shape of a place that all of `spots` speak of.
    pub(crate) fn shape(&mut self, spots: &[Spot<'d>]) -> ShapeId {
        let key = spots.iter().map(|spot| spot.pointer.as_str()).collect::<Vec<_>>().join("\n");
        if let Some(id) = self.known.get(&key) {
            return *id;
        }
        let gathered = Gathered::from(self.document, spots);
        let silent = gathered.types.is_none_or(|types| types == Types::NONE)
            && gathered.named.is_empty()
            && gathered.items.is_empty()
            && gathered.prefix.is_empty()
            && gathered.other.is_empty();
        if silent {
            self.known.insert(key, Shapes::ANY);
            return Shapes::ANY;
        }
        // Known before its children are: a schema may hold itself.
        let id = self.shapes.push(Shape {
            types: Types::NONE,
            items: Items::default(),
            members: Members::default(),
        });
        self.known.insert(key, id);
        let shape = self.fill(gathered);
        self.shapes.set(id, shape);
        id
    }

    fn fill(&mut self, gathered: Gathered<'d>) -> Shape {
        let types = gathered.types.unwrap_or_else(|| implied(&gathered));
        let prefix = gathered.prefix.iter().map(|spots| self.shape(spots)).collect();
        let rest =
            if gathered.items.is_empty() { Shapes::ANY } else { self.shape(&gathered.items) };
        let other = if gathered.other.is_empty() {
            // Undeclared members are refused unless the schema asks for them, or declares none at all.
            (gathered.open || (gathered.named.is_empty() && !gathered.closed))
                .then_some(Shapes::ANY)
        } else {
            Some(self.shape(&gathered.other))
        };
        let mut named: Vec<(String, ShapeId)> = gathered
            .named
            .into_iter()
            .map(|(name, spots)| {
                let id = self.shape(&spots);
                (name, id)
            })
            .collect();
        named.sort_by_key(|(name, _)| std::cmp::Reverse(name.len()));
        Shape { types, items: Items { prefix, rest }, members: Members { named, other } }
    }
}

/// The types of a schema that names none: what its keywords speak of.
fn implied(gathered: &Gathered<'_>) -> Types {
    let mut types = Types::NONE;
    if !gathered.named.is_empty() || !gathered.other.is_empty() {
        types = types.with(Types::OBJECT);
    }
    if !gathered.items.is_empty() || !gathered.prefix.is_empty() {
        types = types.with(Types::ARRAY);
    }
    types
}

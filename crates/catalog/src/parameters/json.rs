//! The members of a JSON body: typed already, and spelt as API 3.0 does. What comes out is what
//! [`Parameters::read`] makes of texts.

use serde_json::{Map, Number, Value};

use super::fault::{self, Fault, FaultReason, quoted};
use super::placing::NESTING_MAX;
use super::shape::{ShapeId, Shapes, Types, is_spelt};
use super::{Parameters, Placed, check_segments, cut};

impl Parameters {
    /// Reads the action's parameters from a JSON object: declared spelling, defaults, validation. A member
    /// that is null is one that was not sent: SDKs write them (PROTOCOL 3).
    ///
    /// # Errors
    /// Every fault at once, ordered by name, at most [`super::FAULTS_MAX`].
    pub fn read_json(
        &self,
        mut sent: Map<String, Value>,
    ) -> Result<Map<String, Value>, Vec<Fault>> {
        let named_otherwise = self.take_aliases(&mut sent);
        let mut walk = Walk { shapes: &self.shapes, faults: Vec::new(), at: String::new() };
        let mut members = Map::new();
        for (name, value) in sent.into_iter().chain(named_otherwise) {
            let found = self.by_name.get(&name).copied();
            let found = found.or_else(|| self.public.iter().position(|p| is_spelt(&p.name, &name)));
            let Some(public) = found.and_then(|i| self.public.get(i)) else {
                walk.unknown(&name);
                continue;
            };
            walk.at.clone_from(&public.name);
            let Some(value) = walk.value(public.shape, value, 1) else { continue };
            if public.in_path {
                check_segments(&public.name, &value, &mut walk.faults);
            }
            if members.insert(public.name.clone(), value).is_some() {
                walk.twice(&public.name);
            }
        }
        for (name, value) in &self.defaults {
            if !members.contains_key(name) {
                members.insert(name.clone(), value.clone());
            }
        }
        let mut faults = walk.faults;
        let object = Value::Object(members);
        if faults.is_empty() && self.is_valid(&object) {
            let Value::Object(members) = object else { return Ok(Map::new()) };
            return Ok(members);
        }
        self.violations(&object, &Placed::new(), &mut faults);
        Err(fault::ordered(faults))
    }
}

struct Walk<'s> {
    shapes: &'s Shapes,
    faults: Vec<Fault>,
    /// The declared name of the place, for faults.
    at: String,
}

impl Walk<'_> {
    fn unknown(&mut self, name: &str) {
        let message = format!("{} is not a parameter of this action.", quoted(name));
        self.faults.push(Fault::new(&cut(name), FaultReason::Unknown, message));
    }

    fn twice(&mut self, name: &str) {
        let message = format!("{} is given twice.", quoted(name));
        self.faults.push(Fault::new(&cut(name), FaultReason::Conflict, message));
    }

    /// The value as the document spells it; `None` when it is absent, or has had its fault.
    fn value(&mut self, id: ShapeId, sent: Value, depth: usize) -> Option<Value> {
        let types = self.shapes.types(id);
        let deep = matches!(sent, Value::Array(_) | Value::Object(_)) && depth >= NESTING_MAX;
        if deep {
            let message = format!("{} nests deeper than {NESTING_MAX} levels.", quoted(&self.at));
            self.faults.push(Fault::new(&cut(&self.at), FaultReason::TooDeep, message));
            return None;
        }
        match sent {
            Value::Null => types.has(Types::NULL).then_some(Value::Null),
            Value::Array(items) if types.has(Types::ARRAY) => {
                let values = items.into_iter().enumerate().filter_map(|(n, item)| {
                    let shape = self.shapes.get(id).map(|shape| &shape.items);
                    let shape = shape.map_or(Shapes::ANY, |items| items.at(n));
                    // A null among others keeps its place: the schema says whether it may.
                    if item.is_null() {
                        return Some(item);
                    }
                    self.below(&n.to_string(), |walk| walk.value(shape, item, depth + 1))
                });
                Some(Value::Array(values.collect()))
            }
            Value::Object(members) if types.has(Types::OBJECT) => {
                Some(Value::Object(self.members(id, members, depth)))
            }
            Value::Number(number) if types.has(Types::INTEGER) && !types.has(Types::NUMBER) => {
                self.integer(number)
            }
            // Of another type than declared, or a scalar: for the validator to say.
            other @ (Value::Bool(_)
            | Value::Number(_)
            | Value::String(_)
            | Value::Array(_)
            | Value::Object(_)) => Some(other),
        }
    }

    fn members(
        &mut self,
        id: ShapeId,
        sent: Map<String, Value>,
        depth: usize,
    ) -> Map<String, Value> {
        let mut members = Map::new();
        let shapes = self.shapes;
        let Some(shape) = shapes.get(id).map(|shape| &shape.members) else { return sent };
        for (name, value) in sent {
            let exact = shape.named.iter().find(|(known, _)| *known == name);
            let declared = exact
                .or_else(|| shape.named.iter().find(|(known, _)| is_spelt(known, &name)))
                .map(|(known, id)| (known.clone(), *id));
            let Some((name, id)) = declared.or_else(|| Some((name.clone(), shape.other?))) else {
                let place = format!("{}.{name}", self.at);
                self.unknown(&place);
                continue;
            };
            let value = self.below(&name, |walk| walk.value(id, value, depth + 1));
            if let Some(value) = value
                && members.insert(name.clone(), value).is_some()
            {
                let place = format!("{}.{name}", self.at);
                self.twice(&place);
            }
        }
        members
    }

    fn below<T>(&mut self, step: &str, act: impl FnOnce(&mut Self) -> T) -> T {
        let length = self.at.len();
        self.at.push('.');
        self.at.push_str(step);
        let out = act(self);
        self.at.truncate(length);
        out
    }

    /// `1.0` is an integer to JSON Schema; what does not fit in 64 bits would reach the module changed.
    fn integer(&mut self, number: Number) -> Option<Value> {
        let whole = number.as_f64().filter(|n| number.is_f64() && n.fract() == 0.0);
        let Some(whole) = whole else { return Some(Value::Number(number)) };
        if let Ok(integer) = format!("{whole:.0}").parse::<i64>() {
            return Some(Value::from(integer));
        }
        let message = format!("{} is {number}, which does not fit in 64 bits.", quoted(&self.at));
        self.faults.push(Fault::new(&cut(&self.at), FaultReason::WrongType, message));
        None
    }
}

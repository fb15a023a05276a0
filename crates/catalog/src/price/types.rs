//! The types of a price's expressions, and what `params` has.

use std::collections::BTreeMap;
use std::fmt;

use crate::operation::Batch;
use crate::parameters::{Member, Parameters, Plan, ShapeId, Shapes, Types};

/// The type of an expression.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Type {
    Integer,
    Money,
    Flag,
    Text,
    List(Box<Type>),
    /// A table of literal keys.
    Table(Box<Type>, Box<Type>),
    /// A parameter with members.
    Object(ShapeId),
    /// `params` itself.
    Arguments,
    /// `purchase` itself.
    Record,
}

impl fmt::Display for Type {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Integer => f.write_str("an integer"),
            Self::Money => f.write_str("money"),
            Self::Flag => f.write_str("true or false"),
            Self::Text => f.write_str("text"),
            Self::List(_) => f.write_str("a list"),
            Self::Table(_, _) => f.write_str("a table"),
            Self::Object(_) => f.write_str("an object"),
            Self::Arguments => f.write_str("all parameters"),
            Self::Record => f.write_str("a purchase"),
        }
    }
}

/// What a price can see.
#[derive(Debug)]
pub(super) struct Scope<'p> {
    shapes: &'p Shapes,
    names: BTreeMap<String, Argument>,
    /// Does it see `purchase`?
    pub(super) record: bool,
}

/// One argument.
#[derive(Clone, Copy, Debug)]
pub(super) struct Argument {
    shape: ShapeId,
    /// It is there in every call: required, or with a default.
    pub(super) always: bool,
}

impl<'p> Scope<'p> {
    pub(super) fn of(parameters: &'p Parameters, plan: &Plan<'_>, batch: Option<&Batch>) -> Self {
        let shapes = parameters.shapes();
        let mut names = BTreeMap::new();
        for member in &plan.members {
            let Some(shape) = parameters.shape(&member.name) else { continue };
            let always = member.required || parameters.has_default(&member.name);
            let (name, shape) = item_of(shapes, member, shape, batch);
            names.insert(name, Argument { shape, always });
        }
        Self { shapes, names, record: false }
    }

    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.names.keys().map(String::as_str)
    }

    pub(super) fn argument(&self, name: &str) -> Option<Argument> {
        self.names.get(name).copied()
    }

    /// The type of an argument.
    pub(super) fn type_of(&self, argument: Argument) -> Option<Type> {
        self.type_of_shape(argument.shape, 0)
    }

    /// The type of a member of an object.
    pub(super) fn member(&self, object: ShapeId, name: &str) -> Option<Type> {
        let shape = self.shapes.get(object)?;
        let (_, member) = shape.members.named.iter().find(|(known, _)| known == name)?;
        self.type_of_shape(*member, 0)
    }

    /// `None` for what a price cannot use: numbers with a fraction, and places of more than one type.
    fn type_of_shape(&self, id: ShapeId, depth: usize) -> Option<Type> {
        const DEPTH_MAX: usize = 8;
        let shape = self.shapes.get(id).filter(|_| depth < DEPTH_MAX)?;
        let types = shape.types.without(Types::NULL);
        if types == Types::INTEGER {
            Some(Type::Integer)
        } else if types == Types::BOOLEAN {
            Some(Type::Flag)
        } else if types == Types::TEXT {
            Some(Type::Text)
        } else if types == Types::OBJECT {
            Some(Type::Object(id))
        } else if types == Types::ARRAY && shape.items.prefix.is_empty() {
            // A list of what a price cannot look into can still be counted.
            let item = self.type_of_shape(shape.items.rest, depth + 1);
            Some(Type::List(Box::new(item.unwrap_or(Type::Object(Shapes::ANY)))))
        } else {
            None
        }
    }
}

/// With `as`, an item's arguments have the scalar under another name.
fn item_of(
    shapes: &Shapes,
    member: &Member<'_>,
    shape: ShapeId,
    batch: Option<&Batch>,
) -> (String, ShapeId) {
    match batch.and_then(|batch| batch.as_.as_ref()) {
        Some(name) if member.listed => {
            let item = shapes.get(shape).map_or(Shapes::ANY, |shape| shape.items.rest);
            (name.clone(), item)
        }
        _ => (member.name.clone(), shape),
    }
}

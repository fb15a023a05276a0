//! Shapes: what a schema says about form, compiled once so that text can become JSON by it.
//!
//! A shape is not a validator: it knows only how the text `1` is meant. Recursive schemas make
//! recursive shapes, so shapes stand in an arena and name each other by number.

/// A set of JSON types.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Types(u8);

impl Types {
    pub(crate) const NONE: Self = Self(0);
    pub(crate) const TEXT: Self = Self(1);
    pub(crate) const INTEGER: Self = Self(2);
    pub(crate) const NUMBER: Self = Self(4);
    pub(crate) const BOOLEAN: Self = Self(8);
    pub(crate) const NULL: Self = Self(16);
    pub(crate) const ARRAY: Self = Self(32);
    pub(crate) const OBJECT: Self = Self(64);

    const NAMES: [(Self, &'static str, &'static str); 7] = [
        (Self::TEXT, "string", "text"),
        (Self::INTEGER, "integer", "an integer"),
        (Self::NUMBER, "number", "a number"),
        (Self::BOOLEAN, "boolean", "true or false"),
        (Self::NULL, "null", "nothing"),
        (Self::ARRAY, "array", "a list"),
        (Self::OBJECT, "object", "an object"),
    ];

    pub(crate) fn named(name: &str) -> Option<Self> {
        Self::NAMES.iter().find(|(_, known, _)| *known == name).map(|(types, _, _)| *types)
    }

    pub(crate) const fn with(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    pub(crate) const fn without(self, other: Self) -> Self {
        Self(self.0 & !other.0)
    }

    pub(crate) const fn both(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }

    pub(crate) const fn has(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }

    /// `integer or boolean`: the words of JSON Schema.
    pub(crate) fn names(self) -> Vec<&'static str> {
        self.select(|(_, name, _)| name)
    }

    /// `an integer or true or false`: as a sentence needs it.
    pub(crate) fn words(self) -> String {
        self.without(Self::NULL).select(|(_, _, words)| words).join(" or ")
    }

    fn select(
        self,
        column: fn((Self, &'static str, &'static str)) -> &'static str,
    ) -> Vec<&'static str> {
        Self::NAMES.into_iter().filter(|row| self.has(row.0)).map(column).collect()
    }
}

/// The number of a shape in its arena.
pub(crate) type ShapeId = usize;

/// The form of one place in the parameters.
#[derive(Clone, Debug)]
pub(crate) struct Shape {
    pub(crate) types: Types,
    /// The items of a list.
    pub(crate) items: Items,
    /// The members of an object.
    pub(crate) members: Members,
}

/// The items of a list: some have a shape by position (`prefixItems`), the others one of their own.
#[derive(Clone, Debug, Default)]
pub(crate) struct Items {
    pub(crate) prefix: Vec<ShapeId>,
    pub(crate) rest: ShapeId,
}

impl Items {
    pub(crate) fn at(&self, position: usize) -> ShapeId {
        self.prefix.get(position).copied().unwrap_or(self.rest)
    }
}

/// The members of an object.
#[derive(Clone, Debug, Default)]
pub(crate) struct Members {
    /// The declared ones, longer names first: `disk_size` must win over `disk`.
    pub(crate) named: Vec<(String, ShapeId)>,
    /// All others, where the schema allows others.
    pub(crate) other: Option<ShapeId>,
}

/// The arena. Number 0 is [`Shapes::ANY`].
#[derive(Clone, Debug)]
pub(crate) struct Shapes {
    all: Vec<Shape>,
}

impl Shapes {
    /// The shape of a schema that says nothing: text, or a structure of texts.
    pub(crate) const ANY: ShapeId = 0;

    pub(crate) fn new() -> Self {
        let any = Shape {
            types: Types::TEXT.with(Types::ARRAY).with(Types::OBJECT),
            items: Items { prefix: Vec::new(), rest: Self::ANY },
            members: Members { named: Vec::new(), other: Some(Self::ANY) },
        };
        Self { all: vec![any] }
    }

    pub(crate) fn push(&mut self, shape: Shape) -> ShapeId {
        self.all.push(shape);
        self.all.len() - 1
    }

    pub(crate) fn set(&mut self, id: ShapeId, shape: Shape) {
        if let Some(slot) = self.all.get_mut(id) {
            *slot = shape;
        }
    }

    pub(crate) fn get(&self, id: ShapeId) -> Option<&Shape> {
        self.all.get(id)
    }

    /// The types of a shape; none for a number that is not in the arena.
    pub(crate) fn types(&self, id: ShapeId) -> Types {
        self.get(id).map_or(Types::NONE, |shape| shape.types)
    }
}

/// May the byte of a sent name stand for the byte of a declared one? `_` and `.` are one (PROTOCOL 1.3).
const fn same(declared: u8, sent: u8) -> bool {
    declared == sent || (is_separator(declared) && is_separator(sent))
}

pub(crate) const fn is_separator(byte: u8) -> bool {
    matches!(byte, b'.' | b'_')
}

/// May the first byte of a sent name stand for that of a declared one? API 3.0 writes it as a capital, so
/// `Limit` is `limit`; names that this makes one are refused when the document is read.
const fn same_first(declared: u8, sent: u8) -> bool {
    same(declared, sent) || (declared.is_ascii_lowercase() && declared.to_ascii_uppercase() == sent)
}

/// Is a sent name, as a whole, this declared one.
pub(crate) fn is_spelt(declared: &str, sent: &str) -> bool {
    match (declared.as_bytes(), sent.as_bytes()) {
        ([ours, declared @ ..], [theirs, sent @ ..]) => {
            same_first(*ours, *theirs) && declared == sent
        }
        (declared, sent) => declared == sent,
    }
}

/// What follows `declared` in `sent`: `Some("")` when that is all, the rest after the separator when
/// something is below it, `None` when `sent` begins otherwise.
pub(crate) fn strip<'a>(declared: &str, sent: &'a str) -> Option<&'a str> {
    let (declared, bytes) = (declared.as_bytes(), sent.as_bytes());
    let first = declared.iter().zip(bytes).take(1).all(|(d, s)| same_first(*d, *s));
    let others = || declared.iter().zip(bytes).skip(1).all(|(d, s)| same(*d, *s));
    if bytes.len() < declared.len() || !first || !others() {
        return None;
    }
    match bytes.get(declared.len()) {
        None => Some(""),
        Some(next) if is_separator(*next) => sent.get(declared.len() + 1..),
        Some(_) => None,
    }
}

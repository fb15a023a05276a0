//! Placing: flattened names become a tree, by the shapes of the parameters (PROTOCOL 1.5).
//!
//! `Filters.0.Values.1` and `Filters_0_Values_1` are the same place. A list may start at any index
//! and have gaps: it is ordered by number. Never: allocates by an index that a client chose.

use std::collections::BTreeMap;

use super::fault::{FaultReason, quoted};
use super::shape::{ShapeId, Shapes, Types, is_separator, strip};

/// How deep names may nest (RELIABILITY 5).
pub(super) const NESTING_MAX: usize = 32;

/// An index may exceed the number of parameters by this much: the common parameters, which are not
/// counted here, and a list that starts at 1.
const INDEX_SLACK: usize = 16;

/// What was sent for one place.
#[derive(Debug)]
pub(super) enum Piece<'a> {
    Text(&'a str),
    List(BTreeMap<usize, Piece<'a>>),
    Object(Vec<(&'a str, ShapeId, Piece<'a>)>),
}

/// Why a name could not be placed: the rule, and the end of a sentence that begins with the name.
pub(super) type Misplaced = (FaultReason, String);

/// One parameter's way to its place.
#[derive(Clone, Copy, Debug)]
pub(super) struct Path<'a> {
    /// What is left of the name.
    pub(super) rest: &'a str,
    pub(super) text: &'a str,
    pub(super) depth: usize,
    /// How many parameters the call has.
    pub(super) count: usize,
}

/// Puts a text in its place below `slot`, which has shape `id`.
pub(super) fn place<'a>(
    shapes: &'a Shapes,
    id: ShapeId,
    slot: &mut Option<Piece<'a>>,
    path: Path<'a>,
) -> Result<(), Misplaced> {
    if path.rest.is_empty() {
        return match slot {
            None => {
                *slot = Some(Piece::Text(path.text));
                Ok(())
            }
            Some(Piece::Text(_)) => Err(conflict("is given twice")),
            Some(Piece::List(_) | Piece::Object(_)) => Err(both_ways()),
        };
    }
    if path.depth >= NESTING_MAX {
        return Err((FaultReason::TooDeep, format!("nests deeper than {NESTING_MAX} levels")));
    }
    let Some(shape) = shapes.get(id) else { return Err(unknown()) };
    let (step, below) = split(path.rest);
    let numeric = !step.is_empty() && step.bytes().all(|byte| byte.is_ascii_digit());
    let as_list = match slot {
        Some(Piece::Text(_)) => return Err(both_ways()),
        Some(Piece::List(_)) => true,
        Some(Piece::Object(_)) => false,
        None => shape.types.has(Types::ARRAY) && (numeric || !shape.types.has(Types::OBJECT)),
    };
    if as_list {
        let list = match slot.get_or_insert_with(|| Piece::List(BTreeMap::new())) {
            Piece::List(list) => list,
            Piece::Text(_) | Piece::Object(_) => return Err(both_ways()),
        };
        let index = index(step, path.count)?;
        // Items with a shape of their own are found by position, and positions are known only when
        // all indices are: `prefixItems` is read by the index as sent.
        let next = Path { rest: below, depth: path.depth + 1, ..path };
        let mut inner = list.remove(&index);
        let placed = place(shapes, shape.items.at(index), &mut inner, next);
        if let Some(inner) = inner {
            list.insert(index, inner);
        }
        return placed;
    }
    if !shape.types.has(Types::OBJECT) {
        return Err(no_parts(shape.types));
    }
    let (name, member, below) = find_member(shapes, id, path.rest).ok_or_else(unknown)?;
    let members = match slot.get_or_insert_with(|| Piece::Object(Vec::new())) {
        Piece::Object(members) => members,
        Piece::Text(_) | Piece::List(_) => return Err(both_ways()),
    };
    let next = Path { rest: below, depth: path.depth + 1, ..path };
    let position = members.iter().rposition(|(known, _, _)| *known == name);
    let mut inner = position.map(|i| members.swap_remove(i).2);
    let placed = place(shapes, member, &mut inner, next);
    if let Some(inner) = inner {
        members.push((name, member, inner));
    }
    placed
}

/// Could a text be placed at `rest` below a shape? Any index will do.
pub(super) fn reaches(shapes: &Shapes, id: ShapeId, rest: &str, depth: usize) -> bool {
    if rest.is_empty() {
        return true;
    }
    let Some(shape) = shapes.get(id).filter(|_| depth < NESTING_MAX) else { return false };
    let (step, below) = split(rest);
    let numeric = !step.is_empty() && step.bytes().all(|byte| byte.is_ascii_digit());
    if numeric && shape.types.has(Types::ARRAY) {
        let mut items = shape.items.prefix.iter().chain([&shape.items.rest]);
        if items.any(|item| reaches(shapes, *item, below, depth + 1)) {
            return true;
        }
    }
    shape.types.has(Types::OBJECT)
        && find_member(shapes, id, rest)
            .is_some_and(|(_, member, below)| reaches(shapes, member, below, depth + 1))
}

/// The member that `rest` begins with: its name, its shape, and what follows.
fn find_member<'a>(
    shapes: &'a Shapes,
    id: ShapeId,
    rest: &'a str,
) -> Option<(&'a str, ShapeId, &'a str)> {
    let members = &shapes.get(id)?.members;
    let declared = members
        .named
        .iter()
        .find_map(|(name, member)| Some((name.as_str(), *member, strip(name, rest)?)));
    declared.or_else(|| {
        // A free name ends at the next dot: its underscores are its own.
        let (name, below) = rest.split_once('.').unwrap_or((rest, ""));
        Some((name, members.other.filter(|_| !name.is_empty())?, below))
    })
}

fn split(rest: &str) -> (&str, &str) {
    match rest.bytes().position(is_separator) {
        Some(at) => (rest.get(..at).unwrap_or(rest), rest.get(at + 1..).unwrap_or_default()),
        None => (rest, ""),
    }
}

fn index(step: &str, count: usize) -> Result<usize, Misplaced> {
    let bad = |what: String| (FaultReason::BadIndex, what);
    if step.is_empty() || !step.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(bad(format!("is a list: its items are numbered, not called {}", quoted(step))));
    }
    if step.len() > 1 && step.starts_with('0') {
        return Err(bad(format!("has the index {}: an index has no leading zero", quoted(step))));
    }
    let most = count.saturating_add(INDEX_SLACK);
    step.parse::<usize>().ok().filter(|index| *index <= most).ok_or_else(|| {
        bad(format!("has the index {}: at most {most} for so few parameters", quoted(step)))
    })
}

fn no_parts(types: Types) -> Misplaced {
    (FaultReason::WrongType, format!("must be {}, and has no parts", types.words()))
}

fn unknown() -> Misplaced {
    (FaultReason::Unknown, "is not a parameter of this action".to_owned())
}

fn conflict(what: &str) -> Misplaced {
    (FaultReason::Conflict, what.to_owned())
}

fn both_ways() -> Misplaced {
    conflict("is given both as a value and in parts")
}

//! Where each node stands in the text.

use std::collections::HashMap;
use std::ops::Range;

/// A range of bytes of the text.
pub(crate) type Span = Range<usize>;

/// Where a node stands: its key if it is a member, and its value.
#[derive(Clone, Debug)]
pub(crate) struct Place {
    pub(crate) key: Option<Span>,
    pub(crate) value: Span,
    /// A container is underlined by its key: its value is many lines.
    pub(crate) container: bool,
}

/// The place of every node, by JSON pointer.
#[derive(Debug, Default)]
pub(crate) struct Places {
    by_pointer: HashMap<String, Place>,
}

impl Places {
    pub(super) fn insert(&mut self, pointer: String, place: Place) -> Option<Place> {
        self.by_pointer.insert(pointer, place)
    }

    /// What to underline when a node's value is wrong: the value, or a container's key.
    pub(crate) fn value(&self, pointer: &str) -> Span {
        self.nearest(pointer).map_or(0..0, |place| match (&place.key, place.container) {
            (Some(key), true) => key.clone(),
            (None, true) => place.value.start..place.value.start.saturating_add(1),
            (_, false) => place.value.clone(),
        })
    }

    /// What to underline when a node should not be there, or lacks something: its key.
    pub(crate) fn key(&self, pointer: &str) -> Span {
        self.nearest(pointer)
            .map_or(0..0, |place| place.key.clone().unwrap_or_else(|| self.value(pointer)))
    }

    /// The node's place, or that of its nearest ancestor: a node that came by a YAML merge stands
    /// where the merge does.
    fn nearest(&self, pointer: &str) -> Option<&Place> {
        let mut pointer = pointer;
        loop {
            if let Some(place) = self.by_pointer.get(pointer) {
                return Some(place);
            }
            pointer = pointer.rsplit_once('/')?.0;
        }
    }
}

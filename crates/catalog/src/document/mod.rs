//! A document as read: its value, and where every node of it stands in the text.
//!
//! YAML and JSON end in the same `serde_json::Value`, so that nothing later knows which it was.
//! Invariant: every pointer of the value has a place. Never: reads a file or follows a remote `$ref`.

mod json;
mod places;
mod refs;
mod spot;
mod yaml;

use serde_json::Value;

pub(crate) use places::{Places, Span};
pub(crate) use refs::check as check_refs;
pub(crate) use spot::{Spot, join};

use crate::diagnostic::{Diagnostic, Severity};

/// One document given to [`crate::Catalog::load`]: JSON or YAML, by its name's ending, else by its
/// first character.
#[derive(Clone, Copy, Debug)]
pub struct Source<'a> {
    /// What to call it in diagnostics: the path that it was read from.
    pub name: &'a str,
    /// The whole text.
    pub text: &'a str,
    /// Where the service listens, in place of `servers[0].url`: frameworks write none.
    pub upstream: Option<&'a str>,
}

/// A parsed document.
#[derive(Debug)]
pub(crate) struct Document<'a> {
    pub(crate) source: Source<'a>,
    pub(crate) value: Value,
    pub(crate) places: Places,
}

/// Why a text is not a document: where, and what the parser says.
struct Malformed {
    span: Span,
    message: String,
}

impl<'a> Document<'a> {
    /// Parses the text.
    pub(crate) fn parse(source: Source<'a>) -> Result<Self, Diagnostic> {
        let parsed =
            if is_json(source) { json::parse(source.text) } else { yaml::parse(source.text) };
        match parsed {
            Ok((value, places)) => Ok(Self { source, value, places }),
            Err(Malformed { span, message }) => {
                Err(Diagnostic::new(Severity::Error, source, span, message, None))
            }
        }
    }

    /// The root.
    pub(crate) fn root(&self) -> Spot<'_> {
        Spot { value: &self.value, pointer: String::new() }
    }

    /// The node that a local reference names, through as many references as it takes. `None` when
    /// one of them leads nowhere or they go round in a circle: `refs` has reported it.
    pub(crate) fn resolve<'d>(&'d self, spot: Spot<'d>) -> Option<Spot<'d>> {
        const HOPS_MAX: usize = 32;
        let mut at = spot;
        for _ in 0..HOPS_MAX {
            let Some(reference) = at.value.get("$ref").and_then(Value::as_str) else {
                return Some(at);
            };
            at = self.target(reference)?;
        }
        None
    }

    /// The node that `#/a/b` names.
    pub(crate) fn target(&self, reference: &str) -> Option<Spot<'_>> {
        let fragment = reference.strip_prefix('#')?;
        let pointer = percent_encoding::percent_decode_str(fragment).decode_utf8().ok()?;
        let value = self.value.pointer(&pointer)?;
        Some(Spot { value, pointer: pointer.into_owned() })
    }
}

fn is_json(source: Source<'_>) -> bool {
    let ending = source.name.rsplit_once('.').map_or("", |(_, ending)| ending);
    if ending.eq_ignore_ascii_case("json") {
        return true;
    }
    let yaml = ending.eq_ignore_ascii_case("yaml") || ending.eq_ignore_ascii_case("yml");
    !yaml && source.text.trim_start().starts_with('{')
}

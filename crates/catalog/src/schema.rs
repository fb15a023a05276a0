//! The one place that knows jsonschema: a validator by reference into the user's own document.
//!
//! The document stands whole in a registry, so that internal references, recursion and
//! `unevaluatedProperties` work without inlining. Patterns run on a linear engine: a module's regex
//! cannot be made to backtrack. Nothing is ever fetched.

use std::error::Error;

use jsonschema::{Draft, PatternOptions, Registry, Retrieve, Uri, ValidationError};
use serde_json::{Value, json};

pub(crate) use jsonschema::Validator;
pub(crate) use jsonschema::error::{TypeKind, ValidationErrorKind};

/// Where the document stands for references of ours.
const BASE: &str = "faregate:///module";

/// How many bytes a compiled pattern may take.
const PATTERN_BYTES_MAX: usize = 1 << 20;

/// A document's schemas, ready to be compiled.
#[derive(Debug)]
pub(crate) struct Schemas<'a> {
    registry: Registry<'a>,
    /// Every reference leads somewhere; else a schema that does not compile is told already.
    sound: bool,
}

/// Fetches nothing.
struct Nothing;

impl Retrieve for Nothing {
    fn retrieve(&self, uri: &Uri<String>) -> Result<Value, Box<dyn Error + Send + Sync>> {
        Err(format!("`{uri}` is not fetched").into())
    }
}

impl<'a> Schemas<'a> {
    /// Registers the document. `sound`: all its references lead somewhere in it.
    pub(crate) fn of(document: &'a Value, sound: bool) -> Result<Self, String> {
        let registry = Registry::new()
            .retriever(Nothing)
            .draft(Draft::Draft202012)
            .add(BASE, document)
            .and_then(jsonschema::RegistryBuilder::prepare)
            .map_err(|error| error.to_string())?;
        Ok(Self { registry, sound })
    }

    /// A schema that is the one at `pointer` of the document.
    pub(crate) fn reference(pointer: &str) -> Value {
        // A pointer in a URI fragment is percent-encoded (RFC 6901 6).
        let encoded = percent_encoding::utf8_percent_encode(pointer, FRAGMENT);
        json!({ "$ref": format!("{BASE}#{encoded}") })
    }

    /// Compiles a schema that may refer to the document. What is wrong with it is `None` when that has
    /// been reported as a reference.
    pub(crate) fn compile(&self, schema: &Value) -> Result<Validator, Option<String>> {
        jsonschema::options()
            .with_draft(Draft::Draft202012)
            .with_registry(&self.registry)
            .with_pattern_options(PatternOptions::regex().size_limit(PATTERN_BYTES_MAX))
            .should_validate_formats(true)
            .should_ignore_unknown_formats(true)
            .offline()
            .build(schema)
            .map_err(|error| self.sound.then(|| said(&error)))
    }
}

fn said(error: &ValidationError<'_>) -> String {
    error.masked_with("the schema").to_string()
}

const FRAGMENT: &percent_encoding::AsciiSet = &percent_encoding::CONTROLS
    .add(b' ')
    .add(b'"')
    .add(b'<')
    .add(b'>')
    .add(b'`')
    .add(b'%')
    .add(b'{')
    .add(b'}')
    .add(b'#')
    .add(b'[')
    .add(b']')
    .add(b'\\')
    .add(b'^')
    .add(b'|');

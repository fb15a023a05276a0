//! A text of JSON or YAML that is no module's document, read with the same care: every node has its place, a key
//! that stands twice is refused, and what is wrong is told with its line.

use serde_json::Value;

use crate::diagnostic::{Diagnostic, Severity};
use crate::document::{Document, Source};

/// A text, read.
#[derive(Debug)]
pub struct Text<'a> {
    document: Document<'a>,
}

impl<'a> Text<'a> {
    /// Reads it: JSON or YAML, by its name's ending, else by its first character.
    ///
    /// # Errors
    /// It is neither, or a key stands twice.
    pub fn parse(name: &'a str, text: &'a str) -> Result<Self, Diagnostic> {
        Document::parse(Source { name, text, upstream: None }).map(|document| Self { document })
    }

    /// What it says.
    #[must_use]
    pub fn value(&self) -> &Value {
        &self.document.value
    }

    /// An error at the value of this JSON pointer.
    #[must_use]
    pub fn error(&self, pointer: &str, message: String, suggestion: Option<String>) -> Diagnostic {
        let at = self.document.places.value(pointer);
        Diagnostic::new(Severity::Error, self.document.source, at, message, suggestion)
    }

    /// An error at the key of this JSON pointer.
    #[must_use]
    pub fn error_at_key(
        &self,
        pointer: &str,
        message: String,
        suggestion: Option<String>,
    ) -> Diagnostic {
        let at = self.document.places.key(pointer);
        Diagnostic::new(Severity::Error, self.document.source, at, message, suggestion)
    }

    /// What does no harm, at the value of this JSON pointer.
    #[must_use]
    pub fn warning(
        &self,
        pointer: &str,
        message: String,
        suggestion: Option<String>,
    ) -> Diagnostic {
        let at = self.document.places.value(pointer);
        Diagnostic::new(Severity::Warning, self.document.source, at, message, suggestion)
    }
}

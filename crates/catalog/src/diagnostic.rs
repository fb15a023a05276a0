//! What is wrong with a document: where, in one sentence, and what to write instead.

use std::ops::Range;

use annotate_snippets::renderer::DecorStyle;
use annotate_snippets::{AnnotationKind, Group, Level, Renderer, Snippet};

use crate::document::{Document, Source, Span, Spot};

/// Does it keep the catalog from being loaded?
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// Yes.
    Error,
    /// No.
    Warning,
}

/// One problem of one document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnostic {
    /// Whether the document can be used all the same.
    pub severity: Severity,
    /// The name of the source, as it was given.
    pub source: String,
    /// The line, from 1.
    pub line: usize,
    /// The column in characters, from 1.
    pub column: usize,
    /// The offending bytes of the text; never over the end of a line.
    pub span: Range<usize>,
    /// What is wrong, in one sentence.
    pub message: String,
    /// What to do about it.
    pub suggestion: Option<String>,
}

impl Diagnostic {
    pub(crate) fn new(
        severity: Severity,
        source: Source<'_>,
        span: Span,
        message: String,
        suggestion: Option<String>,
    ) -> Self {
        let start = floor(source.text, span.start);
        let before = source.text.get(..start).unwrap_or_default();
        let line_start = before.rfind('\n').map_or(0, |at| at + 1);
        let rest = source.text.get(start..).unwrap_or_default();
        let line_end = start + rest.find(['\n', '\r']).unwrap_or(rest.len());
        let column = before.get(line_start..).unwrap_or_default().chars().count() + 1;
        Self {
            severity,
            source: source.name.to_owned(),
            line: before.matches('\n').count() + 1,
            column,
            span: start..floor(source.text, span.end).clamp(start, line_end),
            message,
            suggestion,
        }
    }

    /// The diagnostic as a person reads it: file, line, the offending text underlined, the suggestion.
    /// `sources` are those given to [`crate::Catalog::load`]; without its text only the words are left.
    #[must_use]
    pub fn render(&self, sources: &[Source<'_>], colour: bool) -> String {
        let level = match self.severity {
            Severity::Error => Level::ERROR,
            Severity::Warning => Level::WARNING,
        };
        let mut primary = Group::with_title(level.primary_title(self.message.as_str()));
        if let Some(source) = sources.iter().find(|source| source.name == self.source) {
            primary = primary.element(
                Snippet::source(source.text)
                    .path(self.source.as_str())
                    .annotation(AnnotationKind::Primary.span(self.span.clone())),
            );
        }
        let mut groups = vec![primary];
        if let Some(suggestion) = &self.suggestion {
            groups.push(Group::with_title(Level::HELP.secondary_title(suggestion.as_str())));
        }
        let renderer = if colour { Renderer::styled() } else { Renderer::plain() };
        renderer.decor_style(DecorStyle::Ascii).render(&groups)
    }
}

/// The nearest boundary of a character at or before `at`.
fn floor(text: &str, at: usize) -> usize {
    (0..=at.min(text.len())).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0)
}

/// The problems of one document while it is read: all of them at once, never only the first.
#[derive(Debug)]
pub(crate) struct Report<'a> {
    pub(crate) document: &'a Document<'a>,
    found: Vec<Diagnostic>,
}

impl<'a> Report<'a> {
    pub(crate) fn new(document: &'a Document<'a>) -> Self {
        Self { document, found: Vec::new() }
    }

    /// Where the node's value stands.
    pub(crate) fn value(&self, spot: &Spot<'_>) -> Span {
        self.document.places.value(&spot.pointer)
    }

    /// Where the node's key stands.
    pub(crate) fn key(&self, spot: &Spot<'_>) -> Span {
        self.document.places.key(&spot.pointer)
    }

    pub(crate) fn error(
        &mut self,
        at: Span,
        message: impl Into<String>,
        suggestion: Option<String>,
    ) {
        self.push(Severity::Error, at, message.into(), suggestion);
    }

    pub(crate) fn warning(
        &mut self,
        at: Span,
        message: impl Into<String>,
        suggestion: Option<String>,
    ) {
        self.push(Severity::Warning, at, message.into(), suggestion);
    }

    fn push(&mut self, severity: Severity, at: Span, message: String, suggestion: Option<String>) {
        let diagnostic = Diagnostic::new(severity, self.document.source, at, message, suggestion);
        // A node that several operations share through a `$ref` is reported once.
        if !self.found.contains(&diagnostic) {
            self.found.push(diagnostic);
        }
    }

    /// Has an error been reported?
    pub(crate) fn failed(&self) -> bool {
        self.found.iter().any(|diagnostic| diagnostic.severity == Severity::Error)
    }

    /// All of them, in the order of the text.
    pub(crate) fn finish(mut self) -> Vec<Diagnostic> {
        self.found.sort_by_key(|diagnostic| diagnostic.span.start);
        self.found
    }
}

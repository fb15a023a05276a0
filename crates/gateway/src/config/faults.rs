//! What is wrong with a configuration: all of it, each with its line underlined.

use std::fmt;
use std::ops::Range;

use annotate_snippets::{AnnotationKind, Level, Renderer, Snippet};

/// One fault, rendered.
#[derive(Clone, Debug)]
pub struct Fault {
    plain: String,
    coloured: String,
}

impl Fault {
    /// A sentence without a place.
    pub(crate) fn plain(sentence: String) -> Self {
        let plain = format!("error: {sentence}");
        Self { coloured: plain.clone(), plain }
    }

    /// What another reader rendered.
    pub(crate) fn rendered(plain: String, coloured: String) -> Self {
        Self { plain, coloured }
    }

    /// A sentence at a place of a file, underlined.
    pub(crate) fn at(
        name: &str,
        text: &str,
        span: Range<usize>,
        sentence: &str,
        help: Option<&str>,
    ) -> Self {
        let end = span.end.min(text.len());
        let annotation = AnnotationKind::Primary.span(span.start.min(end)..end);
        let mut group = Level::ERROR
            .primary_title(sentence)
            .element(Snippet::source(text).path(name).annotation(annotation));
        if let Some(help) = help {
            group = group.element(Level::HELP.message(help));
        }
        let groups = [group];
        let (plain, coloured) =
            (Renderer::plain().render(&groups), Renderer::styled().render(&groups));
        Self { plain, coloured }
    }
}

/// All of them.
#[derive(Clone, Debug, Default)]
pub struct Faults(Vec<Fault>);

impl Faults {
    pub(crate) fn of(fault: Fault) -> Self {
        Self(vec![fault])
    }

    pub(crate) fn push(&mut self, fault: Fault) {
        self.0.push(fault);
    }

    /// Is there none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// How many.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// All of them as text, one after the other.
    #[must_use]
    pub fn render(&self, colour: bool) -> String {
        let text =
            |fault: &'_ Fault| if colour { fault.coloured.clone() } else { fault.plain.clone() };
        self.0.iter().map(text).collect::<Vec<_>>().join("\n\n")
    }
}

impl fmt::Display for Faults {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.render(false))
    }
}

impl std::error::Error for Faults {}

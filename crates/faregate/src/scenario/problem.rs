//! What is wrong with a scenario file: all of it, each place underlined, as `faregate check` does it.

use std::ops::Range;

use annotate_snippets::renderer::DecorStyle;
use annotate_snippets::{AnnotationKind, Group, Level, Renderer, Snippet};

/// One problem.
#[derive(Debug)]
pub(super) struct Problem {
    pub(super) span: Range<usize>,
    pub(super) message: String,
    pub(super) help: Option<String>,
}

/// All of them as a person reads them.
pub(super) fn render(problems: &[Problem], name: &str, text: &str, colour: bool) -> String {
    let renderer = if colour { Renderer::styled() } else { Renderer::plain() };
    let renderer = renderer.decor_style(DecorStyle::Ascii);
    let one = |problem: &Problem| {
        let annotation = AnnotationKind::Primary.span(within_line(text, &problem.span));
        let title = Level::ERROR.primary_title(problem.message.as_str());
        let snippet = Snippet::source(text).path(name).annotation(annotation);
        let mut groups = vec![Group::with_title(title).element(snippet)];
        if let Some(help) = &problem.help {
            groups.push(Group::with_title(Level::HELP.secondary_title(help.as_str())));
        }
        renderer.render(&groups)
    };
    problems.iter().map(one).collect::<Vec<_>>().join("\n\n")
}

/// Never over the end of a line: a whole step is told by its first.
fn within_line(text: &str, span: &Range<usize>) -> Range<usize> {
    let floor = |at: usize| {
        (0..=at.min(text.len())).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0)
    };
    let start = floor(span.start);
    let rest = text.get(start..).unwrap_or_default();
    let line_end = start + rest.find(['\n', '\r']).unwrap_or(rest.len());
    start..floor(span.end).clamp(start, line_end)
}

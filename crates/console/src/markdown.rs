//! Text that goes into Markdown: nothing in it may begin a link, a heading or a tag.

use pulldown_cmark::{Event, Parser, TagEnd};

/// The text, so that Markdown shows it as it is, on one line.
pub(crate) fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 8);
    for c in text.chars() {
        match c {
            '\n' | '\r' | '\t' => out.push(' '),
            '\\' | '`' | '*' | '_' | '{' | '}' | '[' | ']' | '<' | '>' | '#' | '|' | '&' | '~' => {
                out.push('\\');
                out.push(c);
            }
            c => out.push(c),
        }
    }
    out
}

/// The text as a code span, which no backtick of its own ends.
pub(crate) fn code(text: &str) -> String {
    let text = text.replace(['\n', '\r', '|'], " ");
    let mut fence = "`".to_owned();
    while text.contains(&fence) {
        fence.push('`');
    }
    let pad = if text.starts_with('`') || text.ends_with('`') { " " } else { "" };
    format!("{fence}{pad}{text}{pad}{fence}")
}

/// The text as a block of code.
pub(crate) fn block(language: &str, text: &str) -> String {
    let mut fence = "```".to_owned();
    while text.contains(&fence) {
        fence.push('`');
    }
    format!("{fence}{language}\n{}\n{fence}\n", text.trim_end())
}

/// The first sentence of the first paragraph, still Markdown.
pub(crate) fn first_sentence(text: &str) -> String {
    let paragraph = text.trim().split("\n\n").next().unwrap_or_default().replace('\n', " ");
    let ends = ["。", ". ", "! ", "? "];
    let end = ends.iter().filter_map(|end| paragraph.find(end).map(|at| at + end.len())).min();
    paragraph.get(..end.unwrap_or(paragraph.len())).unwrap_or(&paragraph).trim().to_owned()
}

/// Markdown without its marks, for descriptions and the index of the search.
pub(crate) fn plain(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for event in Parser::new(text) {
        if let Event::Text(text) | Event::Code(text) = event {
            out.push_str(&text);
        } else if matches!(
            event,
            Event::SoftBreak
                | Event::HardBreak
                | Event::End(
                    TagEnd::Paragraph
                        | TagEnd::Heading(_)
                        | TagEnd::Item
                        | TagEnd::TableCell
                        | TagEnd::CodeBlock
                )
        ) {
            out.push(' ');
        }
    }
    out.split_whitespace().collect::<Vec<_>>().join(" ")
}

//! The repository's documents, embedded: the page's "Please refer to … in the document" leads here.

use askama::Template;
use serde_json::json;

use crate::article::{self, Author};
use crate::markdown;
use crate::page::{Form, Frame, Page};
use crate::reader::Reader;

/// One document.
pub(crate) struct Document {
    /// Its name, as in `/docs/authentication`.
    pub(crate) name: &'static str,
    /// Its Markdown.
    pub(crate) text: &'static str,
}

macro_rules! documents {
    ($($name:literal,)*) => {
        /// All of them, in reading order.
        pub(crate) const DOCUMENTS: &[Document] = &[$(
            Document { name: $name, text: include_str!(concat!("../../../docs/", $name, ".md")) }
        ),*];
    };
}

documents! {
    "authentication",
    "clients-of-your-own",
    "request-validity-period",
    "request-quota",
    "access",
    "replay",
    "protocols",
    "clients",
    "concepts/life-of-a-call",
    "money",
    "resources",
    "batch",
    "receipts",
    "sandbox",
    "pages",
    "operations",
    "metrics",
    "administration",
    "reference/configuration",
    "reference/mistakes",
    "threat-model",
    "reliability",
}

impl Document {
    fn title(&self) -> &'static str {
        article::title(self.text)
    }

    /// What it begins with, for lists.
    fn summary(&self) -> String {
        let paragraph = self.text.split("\n\n").find(|text| !text.trim_start().starts_with('#'));
        markdown::plain(&markdown::first_sentence(paragraph.unwrap_or_default()))
    }
}

#[derive(Template)]
#[template(path = "article.html")]
struct ArticleView<'a> {
    frame: Frame<'a>,
    /// The language that the text is written in.
    lang: &'static str,
    body: String,
}

/// One document.
pub(crate) fn page(reader: &Reader<'_>, name: &str, form: Form) -> Option<Page> {
    let document = DOCUMENTS.iter().find(|document| document.name == name)?;
    Some(match form {
        Form::Markdown => Page::markdown(document.text.to_owned()),
        Form::Json => Page::json(&json!({
            "name": document.name,
            "title": document.title(),
            "language": "en",
            "markdown": document.text,
        })),
        Form::Html => Page::html(
            200,
            &ArticleView {
                frame: Frame::full(reader, document.title().to_owned(), document.summary()),
                lang: "en",
                body: article::render(document.text, reader, Author::House),
            },
        ),
    })
}

/// The list of all documents.
pub(crate) fn list(reader: &Reader<'_>, form: Form) -> Page {
    let title = reader.say("Documents", "文档");
    let line = |document: &Document| {
        format!("- [{}](/docs/{}): {}\n", document.title(), document.name, document.summary())
    };
    let text = format!("# {title}\n\n{}", DOCUMENTS.iter().map(line).collect::<String>());
    match form {
        Form::Markdown => Page::markdown(text),
        Form::Json => {
            let all = DOCUMENTS.iter().map(|document| {
                json!({ "name": document.name, "title": document.title(), "page": format!("/docs/{}", document.name) })
            });
            Page::json(&json!({ "documents": all.collect::<Vec<_>>() }))
        }
        Form::Html => Page::html(
            200,
            &ArticleView {
                frame: Frame::full(reader, title.to_owned(), String::new()),
                lang: reader.tag(),
                body: article::render(&text, reader, Author::House),
            },
        ),
    }
}

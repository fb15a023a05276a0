//! Pages for people: the error reference, and the documents that it refers to.
//!
//! A page is a function of path, query, language and [`Site`]: no I/O, no clock, no script. The texts are
//! the rooms' own pages and the repository's documents, embedded when it is built.
//! Everything that comes from a module's document is escaped.

mod article;
mod documents;
mod index;
mod overview;
mod view;

use faregate_contract::Code;
use faregate_pipeline::pages::{self, Language};

pub use view::STYLE;

/// What an installation's pages say about it.
#[derive(Clone, Debug, Default)]
pub struct Site {
    /// Modules are at `<module>.<base domain>`.
    pub base_domain: String,
    /// Whom to ask.
    pub support: String,
    /// The modules, in the order in which they are shown.
    pub modules: Vec<ModuleInfo>,
}

/// A module, as far as its clients are concerned.
#[derive(Clone, Debug, Default)]
pub struct ModuleInfo {
    /// Its name.
    pub name: String,
    /// Its document's title.
    pub title: String,
    /// Its domains.
    pub domains: Vec<String>,
    /// Its own errors.
    pub errors: Vec<ModuleErrorInfo>,
    /// Its actions.
    pub actions: Vec<String>,
}

/// A module's own error.
#[derive(Clone, Debug, Default)]
pub struct ModuleErrorInfo {
    /// The text between the parentheses.
    pub code: String,
    /// What follows them.
    pub message: String,
    /// The common code that it comes with.
    pub common_code: u16,
    /// Why it happens.
    pub cause: Option<String>,
    /// What to do.
    pub fix: Option<String>,
}

/// An answer to a browser.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page {
    /// The HTTP status.
    pub status: u16,
    /// The `Content-Type`.
    pub content_type: String,
    /// The body.
    pub body: Vec<u8>,
    /// The `Location` of a redirect.
    pub location: Option<String>,
}

impl Page {
    fn new(status: u16, content_type: &str, body: String) -> Self {
        Self {
            status,
            content_type: content_type.to_owned(),
            body: body.into_bytes(),
            location: None,
        }
    }

    fn html(status: u16, body: String) -> Self {
        Self::new(status, "text/html; charset=utf-8", body)
    }

    fn markdown(text: &str) -> Self {
        Self::new(200, "text/markdown; charset=utf-8", text.to_owned())
    }

    fn redirect(to: String) -> Self {
        Self {
            status: 302,
            content_type: "text/plain; charset=utf-8".to_owned(),
            body: Vec::new(),
            location: Some(to),
        }
    }
}

/// The page at this path.
///
/// The language is `?lang=zh`'s, then `Accept-Language`'s, then English; links keep what the query chose.
#[must_use]
pub fn respond(
    path: &str,
    query: Option<&str>,
    accept_language: Option<&str>,
    site: &Site,
) -> Page {
    let reader = view::Reader::of(query, accept_language, site);
    let path = path.strip_suffix('/').unwrap_or(path);
    match path {
        "" => Page::redirect(format!("/errors{}", reader.suffix())),
        "/errors" => Page::html(200, overview::render(&reader, site)),
        "/errors.json" => Page::new(200, "application/json; charset=utf-8", index::render(site)),
        "/docs" => Page::html(200, documents::list(&reader)),
        _ => text(path, &reader).unwrap_or_else(|| Page::html(404, view::not_found(&reader, path))),
    }
}

/// A code's page or a document, as HTML or, by `.md`, as it was written.
fn text(path: &str, reader: &view::Reader<'_>) -> Option<Page> {
    let (path, as_written) = match path.strip_suffix(".md") {
        Some(path) => (path, true),
        None => (path, false),
    };
    let (markdown, language) = source(path, reader.language)?;
    Some(if as_written {
        Page::markdown(markdown)
    } else {
        Page::html(200, view::article(reader, markdown, language))
    })
}

fn source(path: &str, language: Language) -> Option<(&'static str, Language)> {
    if let Some(number) = path.strip_prefix("/errors/") {
        let page = pages::page(number.parse::<Code>().ok()?)?;
        return Some((page.text(language), language));
    }
    let document = documents::find(path.strip_prefix("/docs/")?)?;
    Some((document.text, Language::English))
}

#[cfg(test)]
mod spec;

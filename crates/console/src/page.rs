//! An answer to a browser or a program, and the frame that all HTML pages share.

use askama::Template;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use serde_json::Value;

use crate::feedback::Widget;
use crate::policy;
use crate::reader::Reader;

/// An answer to a browser.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page {
    /// The HTTP status.
    pub status: u16,
    /// The `Content-Type`.
    pub content_type: &'static str,
    /// The body.
    pub body: Vec<u8>,
    /// Other headers, in lower case.
    pub headers: Vec<(&'static str, String)>,
}

/// For whom a page is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    /// People.
    Html,
    /// Whoever reads text: `.md`.
    Markdown,
    /// Programs: `.json`.
    Json,
}

/// What a segment of our paths may hold as it is; a point would begin a form's suffix.
const SEGMENT: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_');

/// A name as one segment of a path.
pub(crate) fn segment(name: &str) -> String {
    utf8_percent_encode(name, SEGMENT).to_string()
}

/// The name that a segment holds.
pub(crate) fn name_of(segment: &str) -> String {
    percent_decode_str(segment).decode_utf8_lossy().into_owned()
}

/// `/errors/4500.md` is `/errors/4500` as Markdown.
pub(crate) fn split_form(path: &str) -> (&str, Form) {
    for (suffix, form) in [(".md", Form::Markdown), (".json", Form::Json)] {
        if let Some(path) = path.strip_suffix(suffix) {
            return (path, form);
        }
    }
    (path, Form::Html)
}

impl Page {
    fn new(status: u16, content_type: &'static str, body: String) -> Self {
        Self { status, content_type, body: body.into_bytes(), headers: Vec::new() }
    }

    /// A rendered template. Writing to a `String` does not fail; if it ever does, the reader gets an empty page,
    /// never a panic.
    pub(crate) fn html(status: u16, template: &impl Template) -> Self {
        let body = template.render().unwrap_or_default();
        let mut page = Self::new(status, "text/html; charset=utf-8", body);
        page.headers.push(("content-security-policy", policy::CONTENT.clone()));
        page
    }

    pub(crate) fn markdown(text: String) -> Self {
        Self::new(200, "text/markdown; charset=utf-8", text)
    }

    pub(crate) fn text(text: String) -> Self {
        Self::new(200, "text/plain; charset=utf-8", text)
    }

    pub(crate) fn json(value: &Value) -> Self {
        Self::new(200, "application/json; charset=utf-8", format!("{value:#}\n"))
    }

    pub(crate) fn redirect(to: &str) -> Self {
        let mut page = Self::new(302, "text/plain; charset=utf-8", String::new());
        page.headers.push(("location", to.to_owned()));
        page
    }

    /// The same with another status.
    pub(crate) fn status(self, status: u16) -> Self {
        Self { status, ..self }
    }

    /// The same with one header more.
    pub(crate) fn header(mut self, name: &'static str, value: String) -> Self {
        self.headers.push((name, value));
        self
    }
}

/// What the frame around a page says and links.
pub(crate) struct Frame<'a> {
    pub(crate) reader: &'a Reader<'a>,
    /// For the tab and search engines.
    pub(crate) title: String,
    /// One sentence, for search engines.
    pub(crate) summary: String,
    /// Are there `.md` and `.json` of it?
    pub(crate) has_forms: bool,
    /// May search engines keep it?
    pub(crate) is_public: bool,
    /// "Was this page helpful?"
    pub(crate) widget: Option<Widget>,
}

impl<'a> Frame<'a> {
    /// The frame of a page that can be read in other forms and voted on.
    pub(crate) fn full(reader: &'a Reader<'a>, title: String, summary: String) -> Self {
        let widget = Some(Widget::new(reader));
        Self { reader, title, summary, has_forms: true, is_public: true, widget }
    }

    /// The frame of a page that is there for this reader only.
    pub(crate) fn bare(reader: &'a Reader<'a>, title: &str) -> Self {
        Self {
            reader,
            title: title.to_owned(),
            summary: String::new(),
            has_forms: false,
            is_public: false,
            widget: None,
        }
    }

    pub(crate) fn style(&self) -> &'static str {
        policy::STYLE
    }

    pub(crate) fn script(&self) -> &'static str {
        policy::SCRIPT
    }
}

#[derive(Template)]
#[template(path = "not_found.html")]
struct NotFound<'a> {
    frame: Frame<'a>,
    path: &'a str,
}

/// The page of a path that has none.
pub(crate) fn not_found(reader: &Reader<'_>, path: &str) -> Page {
    let title = reader.say("There is no such page", "没有这个页面");
    Page::html(404, &NotFound { frame: Frame::bare(reader, title), path })
}

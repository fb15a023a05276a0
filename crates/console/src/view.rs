//! What all pages share: the frame, the style, the reader's language.

use askama::Template;
use faregate_pipeline::pages::Language;

use crate::{Site, article};

/// The one style sheet, as it stands between `<style>` and `</style>`: for the hash in a content security policy.
pub const STYLE: &str = include_str!("../templates/style.css");

/// Who reads.
#[derive(Debug)]
pub(crate) struct Reader<'a> {
    /// In which language.
    pub(crate) language: Language,
    chosen: bool,
    /// Where.
    pub(crate) site: &'a Site,
}

impl<'a> Reader<'a> {
    pub(crate) fn of(query: Option<&str>, accept_language: Option<&str>, site: &'a Site) -> Self {
        let language = Language::choose(query, accept_language);
        // The query chose if it would choose the same against any header.
        let chosen = [Some("en"), Some("zh")]
            .into_iter()
            .all(|header| Language::choose(query, header) == language);
        Self { language, chosen, site }
    }

    /// What links need so that the next page is in the language that was chosen.
    pub(crate) fn suffix(&self) -> &'static str {
        match (self.chosen, self.language) {
            (false, _) => "",
            (true, Language::English) => "?lang=en",
            (true, Language::Chinese) => "?lang=zh",
        }
    }

    /// One of two texts.
    pub(crate) fn say(&self, english: &'static str, chinese: &'static str) -> &'static str {
        match self.language {
            Language::English => english,
            Language::Chinese => chinese,
        }
    }
}

#[derive(Template)]
#[template(path = "article.html")]
struct Article<'a> {
    reader: &'a Reader<'a>,
    lang: &'static str,
    title: &'a str,
    style: &'static str,
    body: String,
}

/// A text of ours as a page.
pub(crate) fn article(reader: &Reader<'_>, markdown: &str, written_in: Language) -> String {
    let article = Article {
        reader,
        lang: written_in.tag(),
        title: article::title(markdown),
        style: STYLE,
        body: article::render(markdown, reader.suffix()),
    };
    rendered(article.render())
}

#[derive(Template)]
#[template(path = "not_found.html")]
struct NotFound<'a> {
    reader: &'a Reader<'a>,
    lang: &'static str,
    title: &'static str,
    style: &'static str,
    path: &'a str,
}

/// The page of a path that has none.
pub(crate) fn not_found(reader: &Reader<'_>, path: &str) -> String {
    let page = NotFound {
        reader,
        lang: reader.language.tag(),
        title: reader.say("There is no such page", "没有这个页面"),
        style: STYLE,
        path,
    };
    rendered(page.render())
}

/// Writing to a `String` does not fail; if it ever does, the reader gets an empty page, never a panic.
pub(crate) fn rendered(page: askama::Result<String>) -> String {
    page.unwrap_or_default()
}

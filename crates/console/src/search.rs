//! `/search?q=`: codes, reasons, module codes, actions and documents, without a script and without an index to keep.
//!
//! Everything is a few hundred short texts, so each question reads them all: there is nothing that could be stale.

use askama::Template;
use faregate_contract::Code;
use faregate_pipeline::pages::{self, Language, Part};
use serde_json::json;

use crate::documents::DOCUMENTS;
use crate::module::{action_path, path_of};
use crate::page::{Form, Frame, Page};
use crate::reader::Reader;
use crate::{article, markdown};

/// More would not be read.
const HITS_MAX: usize = 30;

/// Longest excerpt, in characters.
const EXCERPT_MAX: usize = 180;

/// Something that can be found.
struct Entry {
    /// `code`, `reason`, `module code`, `action`, `document`.
    kind: (&'static str, &'static str),
    title: String,
    /// What it is called by whoever knows it: found exactly, it comes first.
    names: Vec<String>,
    text: String,
    path: String,
}

struct Hit {
    kind: &'static str,
    title: String,
    excerpt: String,
    href: String,
}

#[derive(Template)]
#[template(path = "search.html")]
struct SearchView<'a> {
    frame: Frame<'a>,
    hits: Vec<Hit>,
}

/// The answer to a question; to none, the form alone.
pub(crate) fn page(reader: &Reader<'_>, form: Form) -> Page {
    let hits = find(reader);
    if form != Form::Html {
        let found = hits.iter().map(|hit| {
            json!({ "kind": hit.kind, "title": hit.title, "excerpt": hit.excerpt, "url": hit.href })
        });
        return Page::json(&json!({ "q": reader.question, "hits": found.collect::<Vec<_>>() }));
    }
    Page::html(200, &SearchView { frame: Frame::bare(reader, reader.say("Search", "搜索")), hits })
}

fn find(reader: &Reader<'_>) -> Vec<Hit> {
    let words = words(&reader.question);
    if words.is_empty() {
        return Vec::new();
    }
    let mut found: Vec<(usize, Entry)> = entries(reader)
        .into_iter()
        .map(|entry| (score(&entry, &words), entry))
        .filter(|(score, _)| *score > 0)
        .collect();
    // Stable: of equals the order of the reference.
    found.sort_by_key(|(score, _)| std::cmp::Reverse(*score));
    found.truncate(HITS_MAX);
    let hit = |(_, entry): (usize, Entry)| Hit {
        kind: reader.say(entry.kind.0, entry.kind.1),
        title: entry.title,
        excerpt: excerpt(&entry.text, &words),
        href: reader.to(&entry.path),
    };
    found.into_iter().map(hit).collect()
}

/// A question may be a whole message that was pasted: only what could be a name or a word counts.
fn words(question: &str) -> Vec<String> {
    let mut words: Vec<String> = question
        .split(|c: char| !c.is_alphanumeric() && !matches!(c, '_' | '-' | '.'))
        .map(|word| word.trim_matches(['.', '-', '_']).to_lowercase())
        .filter(|word| word.chars().count() > 1 || !word.is_ascii())
        .collect();
    words.sort_unstable();
    words.dedup();
    words.truncate(24);
    words
}

fn score(entry: &Entry, words: &[String]) -> usize {
    let (title, text) = (entry.title.to_lowercase(), entry.text.to_lowercase());
    let one = |word: &String| {
        if entry.names.iter().any(|name| name.eq_ignore_ascii_case(word)) {
            100
        } else if title.contains(word.as_str()) {
            10
        } else {
            // A text that comes back to a word is about it.
            text.matches(word.as_str()).take(5).count()
        }
    };
    let scores: Vec<usize> = words.iter().map(one).collect();
    let missed = scores.iter().filter(|score| **score == 0).count();
    let sum: usize = scores.iter().sum();
    // A name found is found, whatever stands around it; of words alone more than half must be there.
    if sum < 10 && missed * 2 >= words.len() { 0 } else { sum * 10 / (missed + 1) }
}

/// The text around the first word that stands in it.
fn excerpt(text: &str, words: &[String]) -> String {
    let characters: Vec<char> = text.chars().collect();
    let lower: String = text.chars().map(|c| c.to_lowercase().next().unwrap_or(c)).collect();
    let at = words.iter().filter_map(|word| lower.find(word.as_str())).min().unwrap_or(0);
    let at = lower.get(..at).map_or(0, |before| before.chars().count());
    let start = if at > EXCERPT_MAX / 2 { at - EXCERPT_MAX / 3 } else { 0 };
    let cut: String = characters.iter().skip(start).take(EXCERPT_MAX).collect();
    let (before, after) = (
        if start > 0 { "… " } else { "" },
        if start + EXCERPT_MAX < characters.len() { " …" } else { "" },
    );
    format!("{before}{}{after}", cut.trim())
}

fn entries(reader: &Reader<'_>) -> Vec<Entry> {
    let mut all = codes(reader.language);
    for module in &reader.site.modules {
        all.extend(module.errors.iter().map(|(code, error)| {
            Entry {
                kind: ("module code", "模块错误码"),
                title: format!("{} ({code}) {}", module.name, error.message),
                names: vec![code.clone()],
                text: [error.cause.as_deref(), error.fix.as_deref()]
                    .into_iter()
                    .flatten()
                    .collect::<Vec<_>>()
                    .join(" "),
                path: path_of(&module.name, code),
            }
        }));
        all.extend(module.operations().map(|operation| {
            let parameters = operation.parameters.describe().iter().map(|one| one.name.as_str());
            Entry {
                kind: ("action", "接口"),
                title: format!("{} {}", module.name, operation.action),
                names: vec![operation.action.clone()],
                text: std::iter::once(operation.summary.as_str())
                    .chain(parameters)
                    .collect::<Vec<_>>()
                    .join(" "),
                path: action_path(&module.name, &operation.action),
            }
        }));
    }
    all.extend(DOCUMENTS.iter().map(|document| Entry {
        kind: ("document", "文档"),
        title: article::title(document.text).to_owned(),
        names: Vec::new(),
        text: markdown::plain(document.text),
        path: format!("/docs/{}", document.name),
    }));
    all
}

fn codes(language: Language) -> Vec<Entry> {
    let mut all = Vec::new();
    for page in pages::PAGES {
        let (code, text) = (page.code, page.text(language));
        let said =
            [Part::Meaning, Part::Fix].map(|part| part.of(text, language).unwrap_or_default());
        all.push(Entry {
            kind: ("code", "错误码"),
            title: format!("{code} {}", code.error_type()),
            names: vec![code.to_string(), code.code_desc().to_owned()],
            text: markdown::plain(&format!("{} {}", said.join(" "), code.description())),
            path: format!("/errors/{code}"),
        });
    }
    for page in pages::PAGES {
        let text = page.text(language);
        all.extend(
            page.reasons.iter().map(|reason| reason_entry(page.code, text, reason.as_str())),
        );
    }
    all
}

fn reason_entry(code: Code, text: &str, reason: &str) -> Entry {
    Entry {
        kind: ("reason", "原因"),
        title: format!("{code} {reason}"),
        names: vec![reason.to_owned(), format!("{code}.{reason}")],
        text: markdown::plain(pages::section_of_reason(text, reason).unwrap_or_default()),
        path: format!("/errors/{code}#{reason}"),
    }
}

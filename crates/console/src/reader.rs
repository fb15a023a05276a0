//! Who reads: in which language, in which light, on which page. All of it stands in the address: no cookie is needed.

use faregate_pipeline::pages::Language;
use faregate_pipeline::time::Millis;
use faregate_signing::form;

use crate::{Site, Visit};

/// Longest text to search for, in characters.
pub(crate) const QUESTION_MAX: usize = 200;

/// A colour scheme that the reader chose.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Theme {
    Light,
    Dark,
}

impl Theme {
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Light => "light",
            Self::Dark => "dark",
        }
    }

    fn named(name: &str) -> Option<Self> {
        [Self::Light, Self::Dark].into_iter().find(|theme| theme.name() == name)
    }
}

/// The reader of one page.
#[derive(Debug)]
pub(crate) struct Reader<'a> {
    pub(crate) language: Language,
    /// Did the query choose the language? Then links keep it.
    chosen: bool,
    /// None: as the system has it.
    pub(crate) theme: Option<Theme>,
    /// The page, without form and query.
    pub(crate) path: &'a str,
    /// What is searched for; empty elsewhere.
    pub(crate) question: String,
    pub(crate) now: Millis,
    pub(crate) site: &'a Site,
}

impl<'a> Reader<'a> {
    pub(crate) fn new(visit: &Visit<'a>, path: &'a str, site: &'a Site) -> Self {
        let pairs = visit.query.and_then(|query| form::decode(query).ok()).unwrap_or_default();
        let value = |name: &str| {
            pairs.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
        };
        let language = Language::choose(visit.query, visit.accept_language);
        // The query chose if it would choose the same against any header.
        let chosen = [Some("en"), Some("zh")]
            .into_iter()
            .all(|header| Language::choose(visit.query, header) == language);
        let question: String = value("q").unwrap_or_default().chars().take(QUESTION_MAX).collect();
        let theme = value("theme").and_then(Theme::named);
        Self { language, chosen, theme, path, question, now: visit.now, site }
    }

    /// A path of ours, with what the reader chose between it and its anchor.
    pub(crate) fn to(&self, path: &str) -> String {
        let language = self.chosen.then_some(self.language);
        address(path, language, self.theme, None)
    }

    /// This very page in that language.
    pub(crate) fn in_language(&self, tag: &str) -> String {
        let language = if tag == "zh" { Language::Chinese } else { Language::English };
        address(self.path, Some(language), self.theme, self.asked())
    }

    /// This very page for search engines, which choose no theme.
    pub(crate) fn alternate(&self, tag: &str) -> String {
        let language = match tag {
            "zh" => Some(Language::Chinese),
            "en" => Some(Language::English),
            _ => None,
        };
        format!("{}{}", self.site.url, address(self.path, language, None, None))
    }

    /// This very page in the other light.
    pub(crate) fn in_theme(&self, name: &str) -> String {
        let language = self.chosen.then_some(self.language);
        address(self.path, language, Theme::named(name), self.asked())
    }

    /// This very page in another form: `md`, `json`.
    pub(crate) fn in_form(&self, suffix: &str) -> String {
        address(&format!("{}.{suffix}", self.path), Some(self.language), None, None)
    }

    /// What forms carry on, as hidden fields.
    pub(crate) fn choices(&self) -> Vec<(&'static str, &'static str)> {
        let language = self.chosen.then(|| ("lang", self.language.tag()));
        language.into_iter().chain(self.theme.map(|theme| ("theme", theme.name()))).collect()
    }

    pub(crate) fn tag(&self) -> &'static str {
        self.language.tag()
    }

    pub(crate) fn is_chinese(&self) -> bool {
        self.language == Language::Chinese
    }

    /// Is the page, or one below it, being read?
    pub(crate) fn is_in(&self, section: &str) -> bool {
        self.path.starts_with(section)
    }

    /// One of two texts.
    pub(crate) fn say<'t>(&self, english: &'t str, chinese: &'t str) -> &'t str {
        match self.language {
            Language::English => english,
            Language::Chinese => chinese,
        }
    }

    fn asked(&self) -> Option<&str> {
        (!self.question.is_empty()).then_some(self.question.as_str())
    }
}

fn address(
    path: &str,
    language: Option<Language>,
    theme: Option<Theme>,
    question: Option<&str>,
) -> String {
    let (path, anchor) = path.split_once('#').map_or((path, None), |(p, a)| (p, Some(a)));
    let mut pairs: Vec<(String, String)> = Vec::new();
    pairs.extend(question.map(|question| ("q".to_owned(), question.to_owned())));
    pairs.extend(language.map(|language| ("lang".to_owned(), language.tag().to_owned())));
    pairs.extend(theme.map(|theme| ("theme".to_owned(), theme.name().to_owned())));
    let mut out = path.to_owned();
    if !pairs.is_empty() {
        // The path of a signed link has a query of its own.
        out.push(if path.contains('?') { '&' } else { '?' });
        out.push_str(&form::encode(&pairs));
    }
    if let Some(anchor) = anchor {
        out.push('#');
        out.push_str(anchor);
    }
    out
}

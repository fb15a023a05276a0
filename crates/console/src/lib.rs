//! Pages for people and programs: the error reference, the modules, and the documents that they refer to.
//!
//! A page is a function of a [`Visit`] and a [`Site`]: no I/O, no clock, and nothing that needs a script. The texts
//! are the rooms' own pages, the modules' documents, and the repository's documents. Whatever comes from outside (a
//! module's document, a query, a reader's words) is text and never markup: templates escape, Markdown keeps raw HTML
//! as text, and the policy runs only the one script and the one style sheet that stand here.

mod action;
mod article;
mod code;
mod documents;
mod examples;
pub mod feedback;
mod index;
mod markdown;
mod module;
mod overview;
mod page;
mod policy;
mod reader;
pub mod requests;
mod returns;
mod search;

use std::fmt;
use std::sync::Arc;

use faregate_catalog::Module;
use faregate_contract::{Code, Reason};
use faregate_pipeline::time::Millis;

pub use page::Page;
use page::{Form, name_of, split_form};
use reader::Reader;

/// What an installation's pages say about it.
#[derive(Clone, Default)]
pub struct Site {
    /// Modules are at `<module>.<base domain>`.
    pub base_domain: String,
    /// Whom to ask.
    pub support: String,
    /// Where the pages are, from outside; empty: links are relative.
    pub url: String,
    /// The version of Faregate.
    pub version: &'static str,
    /// The modules, in the order in which they are shown.
    pub modules: Vec<Arc<Module>>,
    /// Signs the tokens of forms.
    pub secret: [u8; 16],
}

impl fmt::Debug for Site {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Site").field("base_domain", &self.base_domain).finish_non_exhaustive()
    }
}

impl Site {
    fn module(&self, name: &str) -> Option<&Module> {
        self.modules.iter().find(|module| module.name == name).map(|module| &**module)
    }
}

/// How often a reason was given on this installation.
pub type Counts<'a> = &'a (dyn Fn(Code, Reason) -> u64 + Send + Sync);

/// One request for a page.
#[derive(Clone, Copy)]
pub struct Visit<'a> {
    /// The path, as it was sent.
    pub path: &'a str,
    /// The query, without its question mark.
    pub query: Option<&'a str>,
    /// The `Accept-Language` header.
    pub accept_language: Option<&'a str>,
    /// When.
    pub now: Millis,
    /// How often each reason was given, where the operator lets readers know.
    pub counts: Option<Counts<'a>>,
}

impl fmt::Debug for Visit<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Visit").field("path", &self.path).finish_non_exhaustive()
    }
}

/// The page at this path.
///
/// The language is `?lang=zh`'s, then `Accept-Language`'s, then English; links keep what the query chose. A path that
/// ends in `.md` or `.json` is the same page for programs.
#[must_use]
pub fn respond(visit: Visit<'_>, site: &Site) -> Page {
    let path = visit.path.strip_suffix('/').unwrap_or(visit.path);
    let (path, form) = split_form(path);
    let reader = Reader::new(&visit, path, site);
    let found = match (path, form) {
        ("", Form::Html) => Some(Page::redirect(&reader.to("/errors"))),
        ("/llms.txt", Form::Html) => Some(Page::text(index::llms(site))),
        ("/errors", Form::Json) => Some(Page::json(&index::errors(site, visit.counts))),
        ("/errors", _) => Some(overview::page(&reader, form)),
        ("/modules", _) => Some(module::list(&reader, form)),
        ("/docs", _) => Some(documents::list(&reader, form)),
        ("/search", _) => Some(search::page(&reader, form)),
        _ => deeper(&reader, path, form, visit.counts),
    };
    found.unwrap_or_else(|| page::not_found(&reader, visit.path))
}

fn deeper(reader: &Reader<'_>, path: &str, form: Form, counts: Option<Counts<'_>>) -> Option<Page> {
    let mut parts = path.strip_prefix('/')?.split('/');
    match (parts.next()?, parts.next()?, parts.next(), parts.next()) {
        ("errors", number, None, None) => {
            let code = number.parse::<Code>().ok()?;
            code::page(reader, code, form, counts)
        }
        ("errors", module, Some(own), None) => {
            code::module_page(reader, module, &name_of(own), form)
        }
        ("modules", module, None, None) => module::page(reader, module, form),
        ("modules", module, Some("openapi"), None) if form == Form::Json => {
            Some(Page::json(&reader.site.module(module)?.openapi()))
        }
        ("modules", module, Some(action), None) => {
            action::page(reader, module, &name_of(action), form)
        }
        ("docs", ..) => documents::page(reader, path.strip_prefix("/docs/")?, form),
        _ => None,
    }
}

/// Every path that a reader can be led to, without suffix and language.
#[must_use]
pub fn paths(site: &Site) -> Vec<String> {
    let fixed = ["/errors", "/modules", "/docs", "/search"].map(str::to_owned);
    let codes = faregate_pipeline::pages::PAGES.iter().map(|page| format!("/errors/{}", page.code));
    let documents = documents::DOCUMENTS.iter().map(|document| format!("/docs/{}", document.name));
    let modules = site.modules.iter().flat_map(|module| {
        let own = module.errors.keys().map(|code| module::path_of(&module.name, code));
        let actions = module.operations().map(|one| module::action_path(&module.name, &one.action));
        std::iter::once(format!("/modules/{}", module.name)).chain(own).chain(actions)
    });
    fixed.into_iter().chain(codes).chain(modules).chain(documents).collect()
}

#[cfg(test)]
mod spec;

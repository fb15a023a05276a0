//! A module: where clients find it, where its upstream is, and its actions.

use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::sync::Arc;

use serde_json::{Map, Value};

use crate::diagnostic::Report;
use crate::document::Span;
use crate::extension::read_document;
use crate::lifetime::Lifetime;
use crate::operation::{Operation, read_all};
use crate::schema::Schemas;

/// One module.
#[derive(Clone, Debug)]
pub struct Module {
    /// Its name: the first label of its domain.
    pub name: String,
    /// Every domain that is its, lower-case; the first is `<name>.<base domain>`.
    pub domains: Vec<String>,
    /// Does the gateway itself answer its actions?
    pub builtin: bool,
    /// Is plain HTTP answered 4600?
    pub https_only: bool,
    /// The API versions that it speaks; none: it has no versions.
    pub versions: Vec<String>,
    /// How long each of them is offered, where the document says.
    pub lifetimes: BTreeMap<String, Lifetime>,
    /// The name of the document that describes it.
    pub source: String,
    /// Where its service listens.
    pub upstream: Upstream,
    /// The document's title.
    pub title: String,
    /// The document's introduction, Markdown.
    pub description: String,
    /// Its own errors, by their code.
    pub errors: BTreeMap<String, ModuleErrorDoc>,
    /// Names that look like ids and are nobody's, each with its reason.
    pub unowned: BTreeMap<String, String>,
    /// The schemas that others refer to, as clients may read them.
    pub(crate) schemas: Map<String, Value>,
    operations: Vec<Arc<Operation>>,
    by_action: HashMap<String, usize>,
}

/// Where a module's service listens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Upstream {
    /// `host:port`.
    pub authority: String,
    /// What stands before every path: empty, or `/v1`, without a slash at its end.
    pub base_path: String,
    /// How long it may take.
    pub timeout_ms: u64,
}

/// One of a module's own errors, for its reference pages and for `explain`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ModuleErrorDoc {
    /// What the message says after the parentheses.
    pub message: String,
    /// The common code that it comes with.
    pub code: u16,
    /// Why it happens.
    pub cause: Option<String>,
    /// What to do.
    pub fix: Option<String>,
    /// A call that is answered with it.
    pub example: Option<ErrorExample>,
}

/// A call that is answered with an error: the action's own example, with these parameters in place of its own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ErrorExample {
    /// The Action.
    pub action: String,
    /// The parameters that matter.
    pub parameters: Map<String, Value>,
}

/// An address that no upstream can have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NotAnUpstream {
    /// Why not.
    pub message: String,
    /// What to write instead.
    pub suggestion: Option<String>,
}

impl fmt::Display for NotAnUpstream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for NotAnUpstream {}

impl Module {
    /// The action of that very name.
    #[must_use]
    pub fn operation(&self, action: &str) -> Option<&Arc<Operation>> {
        self.by_action.get(action).and_then(|i| self.operations.get(*i))
    }

    /// All actions, by name.
    pub fn operations(&self) -> impl Iterator<Item = &Arc<Operation>> {
        self.operations.iter()
    }

    /// The same module at another address.
    #[must_use]
    pub fn with_upstream(self, upstream: Upstream) -> Self {
        Self { upstream, ..self }
    }

    /// Reads the report's document.
    pub(crate) fn read<'a>(report: &mut Report<'a>, base_domain: &str) -> Option<Self> {
        let document = report.document;
        check_version(report)?;
        let sound = crate::document::check_refs(report);
        let terms = read_document(report);
        let (name, name_at) = match &terms.module {
            Some((name, spot)) => ((*name).to_owned(), report.value(spot)),
            None => (derived_name(report), 0..0),
        };
        check_label(report, &name, name_at);
        let mut domains = vec![format!("{name}.{base_domain}").to_ascii_lowercase()];
        for (domain, spot) in &terms.domains {
            let at = report.value(spot);
            check_domain(report, domain, at.clone());
            if domains.iter().any(|known| known == domain) {
                report.error(at, format!("`{domain}` is this module's domain already"), None);
            }
            domains.push((*domain).to_owned());
        }
        let upstream = upstream(report, terms.timeout_ms);
        let info = document.root().get("info");
        let text = |key: &str| info.as_ref().and_then(|info| info.text(key)).unwrap_or_default();
        let (title, description) = (text("title").to_owned(), text("description").to_owned());
        let schemas = match Schemas::of(&document.value, sound) {
            Ok(schemas) => schemas,
            Err(why) => {
                report.error(0..0, format!("the document's schemas cannot be read: {why}"), None);
                return None;
            }
        };
        let operations = read_all(report, &schemas);
        if report.failed() {
            return None;
        }
        let operations: Vec<_> = operations.into_iter().map(Arc::new).collect();
        let mut module = Self {
            builtin: crate::builtin::is_ours(document.source.name),
            name,
            domains,
            source: document.source.name.to_owned(),
            https_only: terms.https_only,
            versions: terms.versions,
            lifetimes: terms.lifetimes,
            upstream: upstream?,
            title,
            description,
            errors: terms.errors,
            unowned: terms.unowned,
            schemas: public_schemas(report),
            operations,
            by_action: HashMap::new(),
        };
        module.index();
        Some(module)
    }

    /// Gives each action the number that it had, or the next one.
    pub(crate) fn number(&mut self, numbers: &mut HashMap<(String, String), usize>) {
        for operation in &mut self.operations {
            let next = numbers.len();
            let key = (self.name.clone(), operation.action.clone());
            let number = *numbers.entry(key).or_insert(next);
            // Nobody else holds an operation while its document is being read.
            if let Some(operation) = Arc::get_mut(operation) {
                operation.ordinal = number;
            }
        }
    }

    /// Is its first domain below this one.
    pub(crate) fn is_below(&self, base_domain: &str) -> bool {
        let own = format!("{}.{base_domain}", self.name).to_ascii_lowercase();
        self.domains.first() == Some(&own)
    }

    fn index(&mut self) {
        let actions = self.operations.iter().enumerate();
        self.by_action = actions.map(|(i, operation)| (operation.action.clone(), i)).collect();
    }
}

impl Upstream {
    /// Reads `http://host:port/base`.
    ///
    /// # Errors
    /// When it is not such an address.
    pub fn parse(url: &str, timeout_ms: u64) -> Result<Self, NotAnUpstream> {
        let wrong = |message: String, suggestion: &str| NotAnUpstream {
            message,
            suggestion: Some(suggestion.to_owned()),
        };
        let Some(rest) = url.strip_prefix("http://") else {
            let tls = url.starts_with("https://");
            let why =
                if tls { "speaks TLS, and upstreams are plain HTTP so far" } else { "is no URL" };
            return Err(wrong(format!("`{url}` {why}"), "write `http://host:port`"));
        };
        let (authority, path) = match rest.find('/') {
            Some(at) => rest.split_at(at),
            None => (rest, ""),
        };
        let host = |text: &str| {
            let text = text.strip_prefix('[').and_then(|v6| v6.strip_suffix(']')).unwrap_or(text);
            let known =
                |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b':');
            !text.is_empty() && text.bytes().all(known)
        };
        let (name, port) = match authority.rsplit_once(':') {
            Some((name, port)) if !authority.ends_with(']') => (name, port),
            _ => (authority, "80"),
        };
        if !host(name)
            || port.parse::<u16>().is_err()
            || (name.contains(':') && !name.starts_with('['))
        {
            let help = "write a host and a port: `http://127.0.0.1:9001`";
            return Err(wrong(format!("`{authority}` is not the address of an upstream"), help));
        }
        let plain =
            path.bytes().all(|byte| byte.is_ascii_graphic() && !b"?#{}\"<>\\^`|".contains(&byte));
        if !plain {
            let help = "leave query, fragment and variables out";
            return Err(wrong(format!("`{path}` cannot stand before every path"), help));
        }
        Ok(Self {
            authority: format!("{name}:{port}"),
            base_path: path.trim_end_matches('/').to_owned(),
            timeout_ms,
        })
    }
}

fn public_schemas(report: &Report<'_>) -> Map<String, Value> {
    let components = report.document.root().get("components");
    let schemas = components.and_then(|components| components.get("schemas"));
    let schemas = schemas.iter().flat_map(crate::document::Spot::members);
    schemas.map(|(name, spot)| (name.to_owned(), crate::outside::public(spot.value))).collect()
}

fn check_version(report: &mut Report<'_>) -> Option<()> {
    let root = report.document.root();
    match root.get("openapi") {
        Some(spot) if spot.value.as_str().is_some_and(|version| version.starts_with("3.1")) => {
            Some(())
        }
        Some(spot) => {
            let what = format!("OpenAPI {} is not read here", spot.value);
            let help = "write the document for 3.1: `openapi: 3.1.0`".to_owned();
            report.error(report.value(&spot), what, Some(help));
            None
        }
        None => {
            let what = "this is not an OpenAPI document: it has no `openapi`";
            report.error(0..0, what, Some("begin with `openapi: 3.1.0`".to_owned()));
            None
        }
    }
}

fn upstream(report: &mut Report<'_>, timeout_ms: u64) -> Option<Upstream> {
    if let Some(text) = report.document.source.upstream {
        // Who gives it has checked it, and underlines it in a file of his own.
        return Upstream::parse(text, timeout_ms)
            .map_err(|wrong| report.error(0..0, wrong.message, wrong.suggestion))
            .ok();
    }
    let servers = report.document.root().get("servers");
    let url = servers.as_ref().and_then(|servers| servers.items().next()?.get("url"));
    let Some((url, text)) = url.and_then(|url| Some((url.clone(), url.value.as_str()?))) else {
        let at = servers.map_or(0..0, |servers| report.key(&servers));
        let help = "write `servers: [{ url: \"http://127.0.0.1:9001\" }]`".to_owned();
        report.error(
            at,
            "`servers[0].url` is missing: it says where the service listens",
            Some(help),
        );
        return None;
    };
    match Upstream::parse(text, timeout_ms) {
        Ok(upstream) => Some(upstream),
        Err(wrong) => {
            report.error(report.value(&url), wrong.message, wrong.suggestion);
            None
        }
    }
}

/// A document without the extension is called after its file, or after its title.
fn derived_name(report: &Report<'_>) -> String {
    let file = report.document.source.name.rsplit(['/', '\\']).next().unwrap_or_default();
    let stem = file.split('.').next().unwrap_or_default();
    if is_label(stem) && !matches!(stem, "openapi" | "swagger" | "api") {
        return stem.to_owned();
    }
    let info = report.document.root().get("info");
    let title = info.as_ref().and_then(|info| info.text("title")).unwrap_or_default();
    let words = title.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty());
    words.collect::<Vec<_>>().join("-").to_ascii_lowercase()
}

fn is_label(text: &str) -> bool {
    let known = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    let starts = text.starts_with(|c: char| c.is_ascii_lowercase());
    starts && text.len() <= 63 && !text.ends_with('-') && text.bytes().all(known)
}

fn check_label(report: &mut Report<'_>, name: &str, at: Span) {
    if !is_label(name) {
        let what =
            format!("`{name}` cannot be a module's name: it is the first label of its domain");
        let help = "write `x-faregate: { module: cvm }`, in lower case".to_owned();
        report.error(at, what, Some(help));
    }
}

fn check_domain(report: &mut Report<'_>, domain: &str, at: Span) {
    let known = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    let label = |text: &str| !text.is_empty() && text.len() <= 63 && text.bytes().all(known);
    if domain.len() > 253 || !domain.split('.').all(label) {
        let what = format!("`{domain}` is not a domain");
        let help = "write it in lower case, without port and without `https://`".to_owned();
        report.error(at, what, Some(help));
    }
}

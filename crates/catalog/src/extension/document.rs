//! The extension at the root: the module's name, its domains, and its own errors.

use std::collections::BTreeMap;

use faregate_contract::ModuleError;

use super::fields::{Fields, listed};
use super::{DOCUMENT_KEYS, KEY, lifetime};
use crate::diagnostic::Report;
use crate::document::Spot;
use crate::lifetime::Lifetime;
use crate::module::{ErrorExample, ModuleErrorDoc};

/// The codes that a module may answer with: the others are the gateway's own voice (DESIGN 1).
const MODULE_CODES: [u16; 6] = [4000, 5000, 5100, 5200, 6000, 6200];

const ERROR_KEYS: [&str; 5] = ["cause", "code", "example", "fix", "message"];

const EXAMPLE_KEYS: [&str; 2] = ["action", "parameters"];

/// The keys of a version that is an object.
const VERSION_KEYS: [&str; 3] = ["deprecated", "sunset", "version"];

/// How long an upstream may take, unless the document says.
const TIMEOUT_MS: u64 = 10_000;

/// The longest timeout: more than that is a mistake of units.
const TIMEOUT_MS_MAX: u64 = 600_000;

/// What a document says about its module.
#[derive(Debug)]
pub(crate) struct DocumentTerms<'d> {
    pub(crate) module: Option<(&'d str, Spot<'d>)>,
    pub(crate) domains: Vec<(&'d str, Spot<'d>)>,
    pub(crate) https_only: bool,
    pub(crate) versions: Vec<String>,
    pub(crate) lifetimes: BTreeMap<String, Lifetime>,
    pub(crate) timeout_ms: u64,
    pub(crate) errors: BTreeMap<String, ModuleErrorDoc>,
    pub(crate) unowned: BTreeMap<String, String>,
}

/// Reads the extension of a document; one without it is an ordinary module.
pub(crate) fn read<'d>(report: &mut Report<'d>) -> DocumentTerms<'d> {
    let mut terms = DocumentTerms {
        module: None,
        domains: Vec::new(),
        https_only: true,
        versions: Vec::new(),
        lifetimes: BTreeMap::new(),
        timeout_ms: TIMEOUT_MS,
        errors: BTreeMap::new(),
        unowned: BTreeMap::new(),
    };
    let Some(spot) = report.document.root().get(KEY) else { return terms };
    let Some(fields) = Fields::open(report, spot, &DOCUMENT_KEYS) else { return terms };
    terms.module = fields.text(report, "module").zip(fields.spot.get("module"));
    terms.domains = fields.texts(report, "domains");
    terms.https_only = https_only(report, &fields);
    (terms.versions, terms.lifetimes) = versions(report, &fields);
    terms.timeout_ms = timeout(report, &fields).unwrap_or(TIMEOUT_MS);
    terms.unowned = unowned(report, &fields);
    if let Some(errors) = fields.spot.get("errors") {
        if !errors.value.is_object() {
            let what = "`errors` is an object: the module's code, then what it means";
            report.error(report.value(&errors), what, None);
        }
        for (code, spot) in errors.members() {
            if let Some(error) = error(report, code, spot) {
                terms.errors.insert(code.to_owned(), error);
            }
        }
    }
    terms
}

/// Names that look like ids and are nobody's: each with the reason, for whoever reads the document next.
fn unowned(report: &mut Report<'_>, fields: &Fields<'_>) -> BTreeMap<String, String> {
    let mut unowned = BTreeMap::new();
    let Some(spot) = fields.spot.get("unowned") else { return unowned };
    if !spot.value.is_object() {
        let what = "`unowned` is an object: the name, then why it is nobody's";
        let help = Some("write `unowned: { imageId: \"images are everybody's\" }`".to_owned());
        report.error(report.value(&spot), what, help);
    }
    for (name, spot) in spot.members() {
        match spot.value.as_str().filter(|why| !why.trim().is_empty()) {
            Some(why) => {
                unowned.insert(name.to_owned(), why.to_owned());
            }
            None => {
                let what = format!("why `{name}` is nobody's is a text");
                report.error(report.value(&spot), what, None);
            }
        }
    }
    unowned
}

fn https_only(report: &mut Report<'_>, fields: &Fields<'_>) -> bool {
    const KNOWN: [&str; 2] = ["http", "https"];
    let protocols = fields.texts(report, "protocols");
    for (protocol, spot) in &protocols {
        if !KNOWN.contains(protocol) {
            let what = format!("`{protocol}` is not a protocol that can be demanded");
            report.error(report.value(spot), what, Some(format!("write {}", listed(&KNOWN))));
        }
    }
    !protocols.iter().any(|(protocol, _)| *protocol == "http")
}

fn versions(
    report: &mut Report<'_>,
    fields: &Fields<'_>,
) -> (Vec<String>, BTreeMap<String, Lifetime>) {
    let (mut versions, mut lifetimes): (Vec<String>, BTreeMap<_, _>) = Default::default();
    let Some(list) = fields.spot.get("versions") else { return (versions, lifetimes) };
    if !list.value.is_array() {
        report.error(report.value(&list), "`versions` is a list of texts", None);
    }
    for spot in list.items() {
        let version = match spot.value.as_str().filter(|text| !text.is_empty()) {
            Some(version) => version,
            None => {
                let Some(one) = Fields::open(report, spot.clone(), &VERSION_KEYS) else { continue };
                let Some(version) = one.needed(report, "version") else { continue };
                lifetimes.insert(version.to_owned(), lifetime::read(report, &one));
                version
            }
        };
        if !is_date(version) {
            let what = format!("`{version}` is not a version");
            let help = Some("a version is a date: \"2017-03-12\"".to_owned());
            report.error(report.value(&spot), what, help);
        } else if versions.iter().any(|known| known == version) {
            report.error(report.value(&spot), format!("`{version}` stands here twice"), None);
        }
        versions.push(version.to_owned());
    }
    (versions, lifetimes)
}

fn is_date(text: &str) -> bool {
    text.len() == 10
        && text.bytes().enumerate().all(|(i, byte)| match i {
            4 | 7 => byte == b'-',
            _ => byte.is_ascii_digit(),
        })
}

fn timeout(report: &mut Report<'_>, fields: &Fields<'_>) -> Option<u64> {
    let text = fields.text(report, "timeout")?;
    let parsed = match text.strip_suffix("ms") {
        Some(number) => number.parse::<u64>().ok(),
        None => text
            .strip_suffix('s')
            .and_then(|number| number.parse::<u64>().ok())
            .and_then(|seconds| seconds.checked_mul(1000)),
    };
    let timeout = parsed.filter(|ms| (1..=TIMEOUT_MS_MAX).contains(ms));
    if let (None, Some(spot)) = (timeout, fields.spot.get("timeout")) {
        let what = format!("`{text}` is not a time from 1ms to 600s");
        report.error(report.value(&spot), what, Some("write `10s` or `500ms`".to_owned()));
    }
    timeout
}

fn error(report: &mut Report<'_>, code: &str, spot: Spot<'_>) -> Option<ModuleErrorDoc> {
    if ModuleError::new(code, "").is_err() {
        let what = format!("`{code}` cannot stand between parentheses in a message");
        let help = "use the bare code, such as \"100004\"".to_owned();
        report.error(report.key(&spot), what, Some(help));
    }
    let fields = Fields::open(report, spot, &ERROR_KEYS)?;
    let common = match fields.spot.get("code") {
        None => 5100,
        Some(spot) => {
            let number = spot.value.as_u64().and_then(|number| u16::try_from(number).ok());
            let known = number.filter(|number| MODULE_CODES.contains(number));
            if known.is_none() {
                let what = format!("a module cannot answer with {}", spot.value);
                let codes: Vec<String> = MODULE_CODES.iter().map(u16::to_string).collect();
                let help = format!("the codes of modules are {}", codes.join(", "));
                report.error(report.value(&spot), what, Some(help));
            }
            known.unwrap_or_default()
        }
    };
    Some(ModuleErrorDoc {
        message: fields.needed(report, "message")?.to_owned(),
        code: common,
        cause: fields.text(report, "cause").map(str::to_owned),
        fix: fields.text(report, "fix").map(str::to_owned),
        example: fields.spot.get("example").and_then(|spot| example(report, spot)),
    })
}

fn example(report: &mut Report<'_>, spot: Spot<'_>) -> Option<ErrorExample> {
    let fields = Fields::open(report, spot, &EXAMPLE_KEYS)?;
    let parameters = match fields.spot.get("parameters") {
        None => serde_json::Map::new(),
        Some(spot) => match spot.value.as_object() {
            Some(parameters) => parameters.clone(),
            None => {
                let what = "`parameters` is an object: the name of each, and its value";
                report.error(report.value(&spot), what, None);
                return None;
            }
        },
    };
    let action = fields.needed(report, "action")?.to_owned();
    if !has_action(report, &action) {
        let at = fields.spot.get("action").map_or(0..0, |spot| report.value(&spot));
        let help = "it is the `operationId` of one of the paths".to_owned();
        report.error(at, format!("this module has no action `{action}`"), Some(help));
    }
    Some(ErrorExample { action, parameters })
}

fn has_action(report: &Report<'_>, action: &str) -> bool {
    let paths = report.document.root().get("paths");
    let items = paths.iter().flat_map(Spot::members);
    items.filter_map(|(_, item)| report.document.resolve(item)).any(|item| {
        item.members().any(|(_, operation)| operation.text("operationId") == Some(action))
    })
}

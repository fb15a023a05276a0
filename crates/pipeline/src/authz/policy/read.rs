//! From a text to statements, every fault at once, each with its line and what to write instead.

use std::sync::Arc;

use faregate_catalog::{Catalog, Diagnostic, Text, did_you_mean};
use serde_json::{Map, Value};

use super::names::Names;
use super::pattern::{ActionPattern, Glob, ResourcePattern, region_glob};
use super::{Effect, Policy, Statement};

/// How long a policy may be.
pub const TEXT_BYTES_MAX: usize = 32 * 1024;
/// How many statements it may have.
pub const STATEMENTS_MAX: usize = 100;

const POLICY_KEYS: [&str; 2] = ["statement", "version"];
const STATEMENT_KEYS: [&str; 4] = ["action", "condition", "effect", "resource"];

/// Reads a policy of `account` that is to be kept, and checks its names against the modules.
///
/// # Errors
/// Everything that is wrong with it. What is only told comes with the policy.
pub fn read(
    (policy, source, text): (&str, &str, &str),
    account: &str,
    catalog: &Catalog,
) -> Result<(Policy, Vec<Diagnostic>), Vec<Diagnostic>> {
    let parsed = Text::parse(source, text).map_err(|fault| vec![fault])?;
    if text.len() > TEXT_BYTES_MAX {
        let what =
            format!("a policy has at most {TEXT_BYTES_MAX} bytes; this one has {}", text.len());
        return Err(vec![parsed.error("", what, Some("make two of it".to_owned()))]);
    }
    let mut reader = Reader {
        text: &parsed,
        names: Some(Names::of(catalog)),
        account: Some(account),
        faults: Vec::new(),
        told: Vec::new(),
    };
    let read = reader.policy(policy);
    reader.faults.sort_by_key(|fault| fault.span.start);
    reader.told.sort_by_key(|told| told.span.start);
    if reader.faults.is_empty() { Ok((read, reader.told)) } else { Err(reader.faults) }
}

/// Reads a policy that was kept: its names were checked then, and a module that is gone is no reason to refuse all.
///
/// # Errors
/// It is none: what is wrong, in a sentence.
pub fn read_kept(policy: &str, text: &str) -> Result<Policy, String> {
    let parsed = Text::parse("policy", text).map_err(|fault| fault.message)?;
    let mut reader =
        Reader { text: &parsed, names: None, account: None, faults: Vec::new(), told: Vec::new() };
    let read = reader.policy(policy);
    match reader.faults.into_iter().next() {
        None => Ok(read),
        Some(fault) => Err(fault.message),
    }
}

pub(super) struct Reader<'a> {
    pub(super) text: &'a Text<'a>,
    pub(super) names: Option<Names<'a>>,
    account: Option<&'a str>,
    pub(super) faults: Vec<Diagnostic>,
    told: Vec<Diagnostic>,
}

impl Reader<'_> {
    pub(super) fn fault(
        &mut self,
        at: &str,
        what: impl Into<String>,
        fix: impl Into<Option<String>>,
    ) {
        self.faults.push(self.text.error(at, what.into(), fix.into()));
    }

    pub(super) fn check(&mut self, at: &str, checked: Result<(), super::names::Wrong>) {
        if let Err((what, fix)) = checked {
            self.fault(at, what, fix);
        }
    }

    fn policy(&mut self, name: &str) -> Policy {
        let name: Arc<str> = name.into();
        let text = self.text;
        let empty = Map::new();
        let Some(object) = text.value().as_object() else {
            let fix = "write { \"version\": \"2.0\", \"statement\": [ ... ] }";
            self.fault("", "a policy is an object", fix.to_owned());
            return Policy { name, statements: Vec::new() };
        };
        self.keys(object, "", &POLICY_KEYS);
        if object.get("version").unwrap_or(&Value::Null) != "2.0" {
            let at = if object.contains_key("version") { "/version" } else { "" };
            self.fault(at, "`version` is \"2.0\"", "write it with its quotes".to_owned());
        }
        let statements = match object.get("statement") {
            Some(Value::Array(list)) if !list.is_empty() && list.len() <= STATEMENTS_MAX => list,
            Some(Value::Array(list)) if list.is_empty() => {
                let fix = "a policy without one allows nothing: detach it instead".to_owned();
                self.fault("/statement", "`statement` is empty", fix);
                return Policy { name, statements: Vec::new() };
            }
            Some(Value::Array(_)) => {
                let what = format!("a policy has at most {STATEMENTS_MAX} statements");
                self.fault("/statement", what, "make two of it".to_owned());
                return Policy { name, statements: Vec::new() };
            }
            Some(_) | None => {
                let fix = "write \"statement\": [ { \"effect\": ... } ]".to_owned();
                self.fault("/statement", "`statement` is a list of statements", fix);
                return Policy { name, statements: Vec::new() };
            }
        };
        let mut read = Vec::with_capacity(statements.len());
        for (place, statement) in statements.iter().enumerate() {
            let at = format!("/statement/{place}");
            let object = statement.as_object().unwrap_or_else(|| {
                self.fault(&at, "a statement is an object", None);
                &empty
            });
            let (policy, number) = (Arc::clone(&name), place.saturating_add(1));
            if !object.is_empty() || statement.is_object() {
                read.push(self.statement(object, &at, policy, number));
            }
        }
        Policy { name, statements: read }
    }

    /// Unknown keys are refused: a misspelt `condition` is no condition.
    fn keys(&mut self, object: &Map<String, Value>, at: &str, known: &[&'static str]) {
        for key in object.keys().filter(|key| !known.contains(&key.as_str())) {
            let fix = match key.as_str() {
                "principal" => "leave it out: a policy speaks of whom it is attached to".to_owned(),
                _ => did_you_mean(key, known.iter().copied())
                    .unwrap_or_else(|| format!("the keys here are {}", known.join(", "))),
            };
            let what = format!("there is no key `{key}` here");
            self.faults.push(self.text.error_at_key(&format!("{at}/{key}"), what, Some(fix)));
        }
    }

    fn statement(
        &mut self,
        object: &Map<String, Value>,
        at: &str,
        policy: Arc<str>,
        number: usize,
    ) -> Statement {
        self.keys(object, at, &STATEMENT_KEYS);
        let effect = match object.get("effect").and_then(Value::as_str) {
            Some("allow") => Effect::Allow,
            Some("deny") => Effect::Deny,
            Some(_) | None => {
                let fix = "write \"effect\": \"allow\" or \"effect\": \"deny\"".to_owned();
                let at =
                    format!("{at}{}", if object.contains_key("effect") { "/effect" } else { "" });
                self.fault(&at, "a statement has an `effect`: `allow` or `deny`", fix);
                Effect::Deny
            }
        };
        let actions = self.texts(object, at, "action", "name/cvm:DescribeInstances");
        let actions =
            actions.into_iter().filter_map(|(at, text)| self.action(&at, &text)).collect();
        let resources = self.texts(object, at, "resource", "*");
        let resources =
            resources.into_iter().filter_map(|(at, text)| self.resource(&at, &text)).collect();
        let conditions = self.conditions(object.get("condition"), &format!("{at}/condition"));
        Statement { policy, number, effect, actions, resources, conditions }
    }

    /// A text or a list of texts, each with its place.
    fn texts(
        &mut self,
        object: &Map<String, Value>,
        at: &str,
        key: &str,
        example: &str,
    ) -> Vec<(String, String)> {
        let fix = format!("write \"{key}\": \"{example}\", or a list");
        let here = format!("{at}/{key}");
        match object.get(key) {
            Some(Value::String(text)) => vec![(here, text.clone())],
            Some(Value::Array(list)) if !list.is_empty() => {
                let mut texts = Vec::with_capacity(list.len());
                for (place, item) in list.iter().enumerate() {
                    let here = format!("{here}/{place}");
                    match item.as_str() {
                        Some(text) => texts.push((here, text.to_owned())),
                        None => self.fault(&here, format!("`{key}` is made of texts"), fix.clone()),
                    }
                }
                texts
            }
            Some(_) => {
                self.fault(&here, format!("`{key}` is a text, or a list of texts"), fix);
                Vec::new()
            }
            None => {
                self.fault(at, format!("a statement has `{key}`"), fix);
                Vec::new()
            }
        }
    }

    fn action(&mut self, at: &str, text: &str) -> Option<ActionPattern> {
        let plain = text.strip_prefix("name/").unwrap_or(text);
        if plain == "*" {
            return Some(ActionPattern { module: None, action: Glob::Any });
        }
        let parts = plain.split_once(':').filter(|(module, action)| {
            let word = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.');
            let named = !module.is_empty() && module.bytes().all(word);
            named && !action.is_empty() && action.bytes().all(|b| word(b) || b == b'*')
        });
        let Some((module, action)) = parts else {
            let fix = "write `name/cvm:DescribeInstances`, `name/cvm:Describe*` or `*`".to_owned();
            self.fault(at, format!("`{text}` names no action"), fix);
            return None;
        };
        let pattern = ActionPattern { module: Some(module.into()), action: Glob::new(action) };
        if let Some(names) = &self.names {
            match names.module(module) {
                Some(_) => {
                    let checked = names.action(&pattern, text);
                    self.check(at, checked);
                }
                None => self.unknown_module(at, module),
            }
        }
        Some(pattern)
    }

    pub(super) fn unknown_module(&mut self, at: &str, module: &str) {
        if let Some(names) = &self.names {
            let (what, fix) = names.unknown_module(module);
            self.told.push(self.text.warning(at, what, fix));
        }
    }

    /// `*`, or the six segments: `qcs`, project, module, region, account, resource.
    fn resource(&mut self, at: &str, text: &str) -> Option<ResourcePattern> {
        if text == "*" {
            return Some(ResourcePattern::ANYTHING);
        }
        let segments: Vec<&str> = text.splitn(6, ':').collect();
        let [scheme, project, module, region, owner, path] = segments.as_slice() else {
            let fix = "write `qcs::cvm::uin/100000001:instance/ins-1`, or `*`".to_owned();
            self.fault(
                at,
                format!("`{text}` is no resource: it has six segments between colons"),
                fix,
            );
            return None;
        };
        if *scheme != "qcs" {
            self.fault(
                at,
                "a resource begins with `qcs`",
                format!("write `qcs:{}`", text.split_once(':').map_or("", |(_, rest)| rest)),
            );
        }
        if !project.is_empty() {
            let fix = "leave it empty: `qcs::cvm:...`".to_owned();
            self.fault(at, "the second segment was once a project, and names nothing now", fix);
        }
        self.owner(at, owner);
        let module = Some(*module).filter(|module| !matches!(*module, "" | "*"));
        if path.is_empty() || (*path != "*" && !path.contains('/')) {
            let fix = format!("write `instance/{path}` with the type that it has, or `*`");
            self.fault(at, "the last segment is a type, a slash and an id", fix);
            return None;
        }
        if let (Some(module), Some(names)) = (module, &self.names) {
            let kind =
                path.split_once('/').map(|(kind, _)| kind).filter(|kind| !kind.contains('*'));
            match (names.module(module), kind) {
                (Some(_), Some(kind)) => {
                    let checked = names.kind(module, kind);
                    self.check(at, checked);
                }
                (Some(_), None) => {}
                (None, _) => self.unknown_module(at, module),
            }
        }
        Some(ResourcePattern {
            module: module.map(Box::from),
            region: region_glob(region),
            path: Glob::new(path),
        })
    }

    /// A policy speaks of its own account's resources: nobody can be let into another's by a slip.
    fn owner(&mut self, at: &str, owner: &str) {
        let Some(account) = self.account else { return };
        let own = matches!(owner, "" | "*")
            || owner.strip_prefix("uin/").is_some_and(|id| id == account || id.is_empty());
        if !own {
            let what = format!(
                "`{owner}` is not this policy's account: policies open nobody else's resources"
            );
            self.fault(at, what, format!("write `uin/{account}`, or leave the segment empty"));
        }
    }
}

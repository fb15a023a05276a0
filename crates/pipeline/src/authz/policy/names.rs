//! Names that policies and modules share: actions, types of resources, parameters. And what a call asks of what.

use std::collections::BTreeSet;
use std::sync::Arc;

use faregate_catalog::{Catalog, Module, Operation, did_you_mean};
use serde_json::{Map, Value};

use super::pattern::{ActionPattern, Glob};

/// What a call asks of which resources, as policies name them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Asked {
    /// Each by its type and id.
    pub resources: Vec<String>,
}

/// The resources that a call of an action is about: `instance/ins-1` for each that it names; `instance/*` where it
/// names none of a type that it is about, or makes one; `*` where it is about none.
#[must_use]
pub fn asked(operation: &Operation, arguments: &Map<String, Value>) -> Asked {
    let mut resources = Vec::new();
    for binding in &operation.resources {
        let ids = binding.ids(arguments);
        if ids.is_empty() {
            resources.push(format!("{}/*", binding.kind));
        }
        resources.extend(ids.into_iter().map(|id| format!("{}/{id}", binding.kind)));
    }
    resources.extend(operation.creates.iter().map(|creates| format!("{}/*", creates.kind)));
    if resources.is_empty() {
        resources.push("*".to_owned());
    }
    Asked { resources }
}

/// What is wrong with a name, and what to write instead.
pub(super) type Wrong = (String, Option<String>);

/// The names of all modules.
pub(super) struct Names<'a> {
    catalog: &'a Catalog,
}

impl<'a> Names<'a> {
    pub(super) const fn of(catalog: &'a Catalog) -> Self {
        Self { catalog }
    }

    fn modules(&self) -> impl Iterator<Item = &Arc<Module>> {
        let own = self.catalog.own();
        let named = self.catalog.modules().iter();
        named.chain(own.filter(|own| self.catalog.module(&own.name).is_none()))
    }

    pub(super) fn module(&self, name: &str) -> Option<&Arc<Module>> {
        self.modules().find(|module| module.name == name)
    }

    /// A module that is not there may come yet: it is told, and refuses nothing.
    pub(super) fn unknown_module(&self, name: &str) -> Wrong {
        let near = did_you_mean(name, self.modules().map(|module| module.name.as_str()));
        (format!("there is no module `{name}` here yet"), near)
    }

    /// Does the pattern name at least one action of its module.
    pub(super) fn action(&self, pattern: &ActionPattern, written: &str) -> Result<(), Wrong> {
        let Some(module) = pattern.module.as_deref().and_then(|name| self.module(name)) else {
            return Ok(());
        };
        let names: Vec<&str> =
            module.operations().map(|operation| operation.action.as_str()).collect();
        if names.iter().any(|action| pattern.action.matches(action)) {
            return Ok(());
        }
        Err(match &pattern.action {
            Glob::Exact(name) => {
                let what = format!("the module `{}` has no action `{name}`", module.name);
                (what, Some(near_or_all(name, &names)))
            }
            Glob::Any | Glob::Parts { .. } => {
                let what = format!("`{written}` matches no action of the module `{}`", module.name);
                (what, Some(format!("its actions are {}", listed(&names))))
            }
        })
    }

    /// Is there such a type of resources: `instance` in `instance/ins-1`.
    pub(super) fn kind(&self, module: &str, kind: &str) -> Result<(), Wrong> {
        let Some(module) = self.module(module) else { return Ok(()) };
        let kinds: Vec<&str> = kinds_of(module).into_iter().collect();
        if kinds.contains(&kind) {
            return Ok(());
        }
        let what = format!("the module `{}` has no resources of the type `{kind}`", module.name);
        let fix = if kinds.is_empty() {
            "it has none at all: write `*`".to_owned()
        } else {
            near_or_all(kind, &kinds)
        };
        Err((what, Some(fix)))
    }

    /// Is there such a parameter, and is it one value.
    pub(super) fn parameter(&self, module: &str, name: &str) -> Result<(), Wrong> {
        let Some(module) = self.module(module) else { return Ok(()) };
        let declared = || module.operations().flat_map(|op| op.parameters.describe());
        let mut same = declared().filter(|parameter| parameter.name == name).peekable();
        if same.peek().is_none() {
            let what =
                format!("no action of the module `{}` has a parameter `{name}`", module.name);
            return Err((what, did_you_mean(name, declared().map(|own| own.name.as_str()))));
        }
        let plain = |text: &str| !text.starts_with("list") && text != "object";
        if same.any(|parameter| plain(&parameter.type_text)) {
            return Ok(());
        }
        let what = format!(
            "`{module}:{name}` is not one value, so no operator compares it",
            module = module.name
        );
        Err((what, Some("name resources in `resource` instead".to_owned())))
    }
}

fn kinds_of(module: &Module) -> BTreeSet<&str> {
    module
        .operations()
        .flat_map(|operation| {
            let bound = operation.resources.iter().map(|binding| binding.kind.as_str());
            let made = operation.creates.iter().map(|creates| creates.kind.as_str());
            bound.chain(made)
        })
        .collect()
}

fn near_or_all(word: &str, among: &[&str]) -> String {
    did_you_mean(word, among.iter().copied())
        .unwrap_or_else(|| format!("there is {}", listed(among)))
}

fn listed(names: &[&str]) -> String {
    let names: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
    names.join(", ")
}

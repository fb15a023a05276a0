//! Arrows: which of our crates may import which, and what the pure ones never hold, not even by way of others.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::Finding;

/// A crate of ours, and which of ours it may name outside tests.
const MAY_IMPORT: &[(&str, &[&str])] = &[
    ("contract", &[]),
    ("signing", &[]),
    ("catalog", &["contract"]),
    ("ledger", &["contract"]),
    ("pipeline", &["contract", "signing", "catalog", "ledger"]),
    ("client", &["contract", "signing"]),
    ("stores", &["contract", "ledger", "signing", "pipeline"]),
    ("gateway", &["contract", "signing", "catalog", "ledger", "pipeline", "stores"]),
    ("console", &["contract", "signing", "catalog", "pipeline"]),
    ("compute", &[]),
    ("suite", &[]),
    ("bench", &["ledger", "pipeline", "stores"]),
];
const PURE: &[&str] = &["contract", "signing", "catalog", "ledger", "pipeline"];
const IMPURE: &[&str] = &["tokio", "hyper", "rusqlite"];
const TESTS_ONLY: &[&str] = &["proptest", "faregate-suite"];

pub(crate) fn check(metadata: &Value) -> Vec<Finding> {
    let tree = Tree::read(metadata);
    let mut findings = Vec::new();
    for package in tree.ours.values() {
        let room = package.name.trim_start_matches("faregate-");
        let allowed =
            MAY_IMPORT.iter().find(|(name, _)| *name == room).map(|(_, allowed)| *allowed);
        for other in &package.imports {
            let theirs = other.trim_start_matches("faregate-");
            if let Some(allowed) = allowed
                && other.starts_with("faregate-")
                && !allowed.contains(&theirs)
            {
                let say =
                    format!("{room} may not import {theirs}: its arrows go to {allowed:?} only");
                findings.push(Finding::new(&package.manifest, 1, say));
            }
            if TESTS_ONLY.contains(&other.as_str()) {
                findings.push(Finding::new(
                    &package.manifest,
                    1,
                    format!("{other} is for tests: a dev-dependency"),
                ));
            }
        }
        if PURE.contains(&room) {
            let held = tree.reached_from(&package.id);
            for impure in IMPURE.iter().filter(|impure| held.contains(**impure)) {
                let say = format!(
                    "{room} is pure, yet its tree holds {impure}: `cargo tree -e normal -i {impure}` says why"
                );
                findings.push(Finding::new(&package.manifest, 1, say));
            }
        }
    }
    findings
}

struct Package {
    id: String,
    name: String,
    manifest: String,
    imports: Vec<String>,
}

/// What `cargo metadata` says, as far as it matters here: normal dependencies only.
struct Tree {
    ours: BTreeMap<String, Package>,
    names: BTreeMap<String, String>,
    edges: BTreeMap<String, Vec<String>>,
}

impl Tree {
    fn read(metadata: &Value) -> Self {
        let text = |value: &Value, key: &str| {
            value.get(key).and_then(Value::as_str).unwrap_or_default().to_owned()
        };
        let members: BTreeSet<_> =
            list(metadata, "workspace_members").filter_map(Value::as_str).collect();
        let root = text(metadata, "workspace_root");
        let mut tree =
            Self { ours: BTreeMap::new(), names: BTreeMap::new(), edges: BTreeMap::new() };
        for package in list(metadata, "packages") {
            let (id, name) = (text(package, "id"), text(package, "name"));
            if members.contains(id.as_str()) {
                let normal = list(package, "dependencies")
                    .filter(|dep| dep.get("kind").is_none_or(Value::is_null));
                let imports = normal.map(|dep| text(dep, "name")).collect();
                let manifest = text(package, "manifest_path");
                let manifest =
                    manifest.trim_start_matches(&root).trim_start_matches('/').to_owned();
                tree.ours.insert(
                    id.clone(),
                    Package { id: id.clone(), name: name.clone(), manifest, imports },
                );
            }
            tree.names.insert(id, name);
        }
        for node in metadata.get("resolve").into_iter().flat_map(|resolve| list(resolve, "nodes")) {
            let normal = list(node, "deps").filter(|dep| {
                list(dep, "dep_kinds").any(|kind| kind.get("kind").is_none_or(Value::is_null))
            });
            tree.edges.insert(text(node, "id"), normal.map(|dep| text(dep, "pkg")).collect());
        }
        tree
    }

    /// The names of all packages that this one is built from.
    fn reached_from(&self, id: &str) -> BTreeSet<&str> {
        let mut seen = BTreeSet::new();
        let mut left = vec![id];
        while let Some(next) = left.pop() {
            if seen.insert(next) {
                left.extend(self.edges.get(next).into_iter().flatten().map(String::as_str));
            }
        }
        seen.into_iter().filter_map(|id| self.names.get(id)).map(String::as_str).collect()
    }
}

/// The elements of a list, or none.
pub(crate) fn list<'a>(value: &'a Value, key: &str) -> impl Iterator<Item = &'a Value> {
    value.get(key).and_then(Value::as_array).into_iter().flatten()
}

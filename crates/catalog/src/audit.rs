//! What a document leaves open: parameters that look like ids and name nothing, actions that make something and
//! do not say so. For `faregate audit objects`; a document with findings loads all the same.

use serde_json::{Map, Value};

use crate::module::Module;
use crate::operation::Operation;

/// What is left open.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lack {
    /// A parameter looks like an id, and no type is bound to it: whose it is nobody checks.
    Unbound,
    /// An answer names something new, and `creates` does not say so: it will be nobody's.
    Uncreated,
    /// An answer lists ids, and `filter` does not say whose are shown.
    Unfiltered,
}

impl Lack {
    /// As it is written for programs.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Unbound => "unbound",
            Self::Uncreated => "uncreated",
            Self::Unfiltered => "unfiltered",
        }
    }
}

/// One thing that is left open.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// The action.
    pub action: String,
    /// The parameter, or the member of the answer: dots between steps.
    pub name: String,
    /// What is wrong with it.
    pub lack: Lack,
    /// What to write.
    pub fix: String,
}

impl Module {
    /// What the document leaves open about ownership, action by action.
    #[must_use]
    pub fn audit_objects(&self) -> Vec<Finding> {
        let kinds = self.kinds();
        self.operations().flat_map(|operation| self.audit(operation, &kinds)).collect()
    }

    /// The types of resources that the document knows, without repetition.
    #[must_use]
    pub fn kinds(&self) -> Vec<String> {
        let mut kinds: Vec<String> = Vec::new();
        for operation in self.operations() {
            let named = operation.resources.iter().map(|binding| &binding.kind);
            let made = operation.creates.iter().map(|creates| &creates.kind);
            let listed = operation.filter.iter().map(|filter| &filter.kind);
            for kind in named.chain(made).chain(listed) {
                if !kinds.contains(kind) {
                    kinds.push(kind.clone());
                }
            }
        }
        kinds
    }

    /// The parameters of an action that look like ids, and are none that the document calls unowned.
    #[must_use]
    pub fn id_parameters(&self, operation: &Operation) -> Vec<String> {
        let kinds = self.kinds();
        let mut names = Vec::new();
        for parameter in operation.parameters.describe() {
            self.ids_in(&parameter.schema, &parameter.name, &kinds, &mut names);
        }
        names.retain(|name| !self.is_unowned(name));
        // Parameters are bound without brackets.
        names.into_iter().map(|name| name.replace("[]", "")).collect()
    }

    fn audit(&self, operation: &Operation, kinds: &[String]) -> Vec<Finding> {
        let finding = |name: &str, lack, fix: String| Finding {
            action: operation.action.clone(),
            name: name.to_owned(),
            lack,
            fix,
        };
        let given = operation.transfers.iter().map(|transfers| &transfers.to);
        let lent = operation.shares.iter().map(|shares| &shares.with);
        let recipients: Vec<&String> = given.chain(lent).collect();
        let is_bound = |name: &String| {
            operation.resources.iter().any(|binding| binding.parameter == *name)
                || recipients.contains(&name)
        };
        let sent = self.id_parameters(operation);
        let unbound = sent.iter().filter(|name| !is_bound(name));
        let mut findings: Vec<Finding> = unbound
            .map(|name| {
                let fix = format!("write `resources: {{ {name}: {} }}`", kind_of(name));
                finding(name, Lack::Unbound, fix)
            })
            .collect();
        let mut told = Vec::new();
        if let Some(answer) = &operation.answer {
            self.ids_in(answer, "", kinds, &mut told);
        }
        told.retain(|name| {
            !self.is_unowned(name) && !sent.iter().any(|own| last(own) == last(name))
        });
        if operation.mutating && operation.creates.is_none() {
            findings.extend(told.first().map(|name| {
                let kind = kind_of(name);
                let fix = format!("write `creates: {{ type: {kind}, at: \"{}\" }}`", path(name));
                finding(name, Lack::Uncreated, fix)
            }));
        }
        if !operation.mutating && operation.filter.is_none() && !operation.is_public {
            let listed = self.listed(operation, kinds);
            findings.extend(listed.iter().map(|name| {
                let kind = kind_of(name);
                let fix = format!("write `filter: {{ type: {kind}, at: \"{}\" }}`", path(name));
                finding(name, Lack::Unfiltered, fix)
            }));
        }
        findings
    }

    /// The ids of known types that the answer of a read lists.
    fn listed(&self, operation: &Operation, kinds: &[String]) -> Vec<String> {
        let mut names = Vec::new();
        if let Some(answer) = &operation.answer {
            self.ids_in(answer, "", kinds, &mut names);
        }
        names.retain(|name| {
            let of_known = kinds.iter().any(|kind| kind_of(name).eq_ignore_ascii_case(kind));
            name.contains("[]") && of_known && !self.is_unowned(name)
        });
        names
    }

    fn is_unowned(&self, name: &str) -> bool {
        let plain = name.replace("[]", "");
        self.unowned.keys().any(|known| *known == plain || known == last(name))
    }

    /// The dotted names of what looks like an id in a schema; `[]` after a list's.
    fn ids_in(&self, schema: &Value, name: &str, kinds: &[String], found: &mut Vec<String>) {
        self.walk(schema, name, &mut Vec::new(), &mut |name, schema| {
            let is_id = looks_like_id(last(name), kinds) || is_uuid(schema);
            let is_new = !found.iter().any(|known: &String| known == name);
            if is_id && is_new && !name.is_empty() {
                found.push(name.to_owned());
            }
        });
    }

    /// Goes to every scalar of a schema, by its name; a schema that refers to itself is looked into once.
    fn walk<'s>(
        &'s self,
        schema: &'s Value,
        name: &str,
        inside: &mut Vec<&'s str>,
        see: &mut dyn FnMut(&str, &Value),
    ) {
        let Some(members) = schema.as_object() else { return };
        if let Some(target) = members.get("$ref").and_then(Value::as_str)
            && let Some(named) = target.strip_prefix("#/components/schemas/")
            && let Some(schema) = self.schemas.get(named).filter(|_| !inside.contains(&named))
        {
            inside.push(named);
            self.walk(schema, name, inside, see);
            inside.pop();
        }
        for together in ["allOf", "anyOf", "oneOf"] {
            for schema in members.get(together).and_then(Value::as_array).into_iter().flatten() {
                self.walk(schema, name, inside, see);
            }
        }
        let properties = members.get("properties").and_then(Value::as_object);
        for (member, schema) in properties.into_iter().flat_map(Map::iter) {
            let name = if name.is_empty() { member.clone() } else { format!("{name}.{member}") };
            self.walk(schema, &name, inside, see);
        }
        if let Some(items) = members.get("items") {
            // A list of ids is named by its own name; what its objects hold, below it.
            let listed = format!("{name}[]");
            self.walk(items, &listed, inside, &mut |below, schema| {
                see(if below == listed { name } else { below }, schema);
            });
        } else if properties.is_none() && !members.contains_key("$ref") {
            see(name, schema);
        }
    }
}

fn is_uuid(schema: &Value) -> bool {
    schema.get("format").and_then(Value::as_str) == Some("uuid")
}

/// The last step of a dotted name.
fn last(name: &str) -> &str {
    name.rsplit('.').next().unwrap_or(name).trim_end_matches("[]")
}

/// The JSONPath of a dotted name: of a list that is named itself, its items.
fn path(name: &str) -> String {
    let plural = last(name).ends_with('s') && !name.ends_with("[]");
    format!("$.{}{}", name.replace("[]", "[*]"), if plural { "[*]" } else { "" })
}

/// The type that a name speaks of: `instanceIds` of an instance.
fn kind_of(name: &str) -> String {
    let name = last(name);
    let ends = ["Ids", "IDs", "Id", "ID", "_ids", "_id", "-ids", "-id", "Uuids", "Uuid", "UUID"];
    let stem = ends.iter().find_map(|end| name.strip_suffix(end)).filter(|stem| !stem.is_empty());
    stem.unwrap_or(name).to_ascii_lowercase()
}

/// Does a name look like that of an id: by its ending, or because it is a known type's own.
#[must_use]
pub fn looks_like_id(name: &str, kinds: &[String]) -> bool {
    const WHOLE: [&str; 5] = ["id", "ids", "uuid", "guid", "arn"];
    const ENDS: [&str; 12] =
        ["Id", "Ids", "ID", "IDs", "Uuid", "Uuids", "UUID", "_id", "_ids", "-id", "-ids", "_uuid"];
    let lower = name.to_ascii_lowercase();
    WHOLE.contains(&lower.as_str())
        || ENDS.iter().any(|end| name.ends_with(end))
        || kinds
            .iter()
            .map(|kind| kind.to_ascii_lowercase())
            .any(|kind| ["", "s", "id", "ids"].iter().any(|end| lower == format!("{kind}{end}")))
}

//! Further names of parameters: API 3.0 has names of its own, `Placement.Zone` for a declared `zone`.

use serde_json::{Map, Value};

use super::{Parameters, strip};

impl Parameters {
    /// The same parameters, which may also be sent under these names: each with the declared one.
    pub(crate) fn also_named(self, aliases: Vec<(String, String)>) -> Self {
        Self { aliases, ..self }
    }

    /// The declared names of what was sent, where there are others.
    pub(super) fn renamed(&self, pairs: &[(&str, &str)]) -> Option<Vec<String>> {
        if self.aliases.is_empty() {
            return None;
        }
        let declared = |sent: &str| {
            let found = self
                .aliases
                .iter()
                .find_map(|(alias, declared)| Some((declared, strip(alias, sent)?)));
            match found {
                None => sent.to_owned(),
                Some((declared, "")) => declared.clone(),
                Some((declared, rest)) => format!("{declared}.{rest}"),
            }
        };
        Some(pairs.iter().map(|(sent, _)| declared(sent)).collect())
    }

    /// Takes out of a JSON body what has another name, under the declared one.
    pub(super) fn take_aliases(&self, sent: &mut Map<String, Value>) -> Vec<(String, Value)> {
        let taken =
            |(alias, declared): &(String, String)| Some((declared.clone(), take(sent, alias)?));
        self.aliases.iter().filter_map(taken).collect()
    }
}

/// The value at a path of names; an object that is empty without it goes too.
fn take(members: &mut Map<String, Value>, path: &str) -> Option<Value> {
    let Some((first, rest)) = path.split_once('.') else { return members.remove(path) };
    let Some(Value::Object(below)) = members.get_mut(first) else { return None };
    let taken = take(below, rest)?;
    if below.is_empty() {
        members.remove(first);
    }
    Some(taken)
}

//! A list in an answer: the account sees what it owns or was lent, whatever the module listed.
//!
//! Of an answer in which nothing is foreign not a byte is changed.

use faregate_catalog::{Filter, Listed, Module, Operation};
use faregate_contract::Members;
use serde_json::Value;

use super::{Mode, may, splice};
use crate::facts::{Owner, ResourceRef};
use crate::fault::Fault;
use faregate_catalog::Need;

/// The list of one answer, and what the registry is asked about it.
#[derive(Debug)]
pub struct Listing<'a> {
    filter: &'a Filter,
    members: &'a Members,
    items: Vec<Listed>,
    resources: Vec<ResourceRef>,
}

/// An answer without what is not the account's.
#[derive(Debug, PartialEq, Eq)]
pub struct Filtered {
    /// What is left; none if nothing was dropped.
    pub members: Option<Members>,
    /// How many items are another account's.
    pub n_foreign: usize,
    /// How many have no id, so that nobody knows whose they are.
    pub n_unnamed: usize,
}

impl<'a> Listing<'a> {
    /// Reads the list of an answer; none where the action lists nothing.
    ///
    /// # Errors
    /// The list that was promised is not there, and something else is: nobody knows whose.
    pub fn read(
        module: &Module,
        operation: &'a Operation,
        members: &'a Members,
    ) -> Result<Option<Self>, Fault> {
        let Some(filter) = &operation.filter else { return Ok(None) };
        let text = format!("{{{}}}", members.as_str());
        let nonsense = |e: serde_json::Error| Fault::Nonsense(e.to_string());
        let answer: Value = serde_json::from_str(&text).map_err(nonsense)?;
        if !filter.has_list(&answer) && holds_more(&answer) {
            return Err(Fault::NoList(format!("the list of type `{}`", filter.kind)));
        }
        let items = filter.items(&answer);
        let resource = |listed: &Listed| ResourceRef {
            module: module.name.clone(),
            kind: filter.kind.clone(),
            id: listed.id.clone().unwrap_or_default(),
        };
        let resources = items.iter().map(resource).collect();
        Ok(Some(Self { filter, members, items, resources }))
    }

    /// What is listed, for the registry; an item without an id has an empty one.
    #[must_use]
    pub fn resources(&self) -> &[ResourceRef] {
        &self.resources
    }

    /// Drops what is not the account's; in shadow it is only counted.
    #[must_use]
    pub fn keep(&self, account: &str, owners: &[Owner], mode: Mode) -> Filtered {
        let mut drops: Vec<&[faregate_catalog::Step]> = Vec::new();
        let (mut n_foreign, mut n_unnamed) = (0_usize, 0_usize);
        for (place, item) in self.items.iter().enumerate() {
            if item.id.is_none() {
                n_unnamed = n_unnamed.saturating_add(1);
            } else if may(account, owners.get(place), Need::Read) {
                continue;
            } else {
                n_foreign = n_foreign.saturating_add(1);
            }
            drops.push(&item.place);
        }
        let members = match mode {
            Mode::Shadow => None,
            Mode::Enforce if drops.is_empty() => None,
            Mode::Enforce => {
                let left = self.items.len().saturating_sub(drops.len());
                let count = self.filter.count.as_deref().map(|name| (name, left));
                Some(splice::without(self.members, &drops, count))
            }
        };
        Filtered { members, n_foreign, n_unnamed }
    }
}

/// Is there anything beside numbers, texts and what is empty?
fn holds_more(answer: &Value) -> bool {
    let members = answer.as_object().into_iter().flat_map(serde_json::Map::values);
    members.into_iter().any(|member| match member {
        Value::Array(items) => !items.is_empty(),
        Value::Object(members) => !members.is_empty(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => false,
    })
}

//! 5000 Resource does not exist: or was returned, or is another account's. One answer for all three.
//!
//! After the parameters, because they name the resources; before identity and money, because nobody pays
//! for what is not his. Decided here and not by policy, so that no statement can grant a foreign object.
//! What an owner lends is read or changed by whoever it was lent to, and given back, away or on by the owner alone.
//! Invariant: an `Owned` goes on with resources that its account may use so, unless its module is in shadow.
//! Never: lets a difference show between absent, returned, foreign and not lent for this; asks the module.

mod filter;
mod splice;

use faregate_catalog::Need;
use faregate_contract::{Code, Origin, Public, Reason, Refusal};

use crate::facts::{Grant, Known, Owner, ResourceRef};
use crate::parameters::Valid;

pub use filter::{Filtered, Listing};

/// A call whose resources are its account's; of a batch, those items that are.
#[derive(Debug)]
pub struct Owned {
    of: Valid,
    refused_items: Vec<String>,
    shadowed: Vec<ResourceRef>,
}

owns!(Owned => Valid);

impl Owned {
    /// Items of the batch that are not the account's.
    #[must_use]
    pub fn is_refused(&self, id: &str) -> bool {
        self.refused_items.iter().any(|refused| refused == id)
    }

    /// What would have been refused, were its module not in shadow.
    #[must_use]
    pub fn shadowed(&self) -> &[ResourceRef] {
        &self.shadowed
    }
}

/// Is what a module's calls name refused, or only written down.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Mode {
    /// 5000.
    #[default]
    Enforce,
    /// Written down, and passed: for a module whose objects are not all known yet.
    Shadow,
}

/// The reasons of this room.
pub const REASONS: &[Reason] = &[NO_SUCH_RESOURCE];
const NO_SUCH_RESOURCE: Reason = Reason::new("NO_SUCH_RESOURCE");

/// Why a resource cannot be used.
#[derive(Debug, PartialEq, Eq)]
pub enum Refused {
    /// Absent, returned or foreign: which of them is not said, not even here.
    NoSuchResource,
}

impl From<Refused> for Refusal {
    fn from(refused: Refused) -> Self {
        let Refused::NoSuchResource = refused;
        // The id is not repeated: three answers to three ids must be equal but for the RequestId.
        let say = "a resource that the call names does not exist, was returned, or is not this account's.";
        Refusal::new(Code::ResourceNotFound, NO_SUCH_RESOURCE, Origin::Client, Public::new(say))
    }
}

/// What the registry is asked about a call.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Wanted {
    /// The resources that it names.
    pub resources: Vec<ResourceRef>,
    needs: Vec<Need>,
    /// The accounts that get something.
    pub accounts: Vec<String>,
}

/// The resources that a call names, and the accounts that get something by it.
#[must_use]
pub fn wanted(valid: &Valid) -> Wanted {
    let (module, operation) = (&valid.module().name, valid.operation());
    let mut wanted =
        Wanted { accounts: operation.recipients(valid.arguments()), ..Wanted::default() };
    for binding in &operation.resources {
        let need = operation.need(&binding.parameter);
        for id in binding.ids(valid.arguments()) {
            let (module, kind) = (module.clone(), binding.kind.clone());
            wanted.resources.push(ResourceRef { module, kind, id });
            wanted.needs.push(need);
        }
    }
    wanted
}

/// Judges what the registry answered to [`wanted`], in its order.
///
/// # Errors
/// 5000 when a resource is not the account's, unless it is an item of a batch: then the item alone is refused.
pub fn check(valid: Valid, wanted: &Wanted, known: &Known, mode: Mode) -> Result<Owned, Refused> {
    match (mode, decide(&valid, wanted, known)) {
        (Mode::Enforce, decided) => {
            Ok(Owned { of: valid, refused_items: decided?, shadowed: Vec::new() })
        }
        (Mode::Shadow, decided) => {
            let refused = decided.is_err() || decided.is_ok_and(|items| !items.is_empty());
            let strangers = if refused { strangers(&valid, wanted, known) } else { Vec::new() };
            let shadowed = strangers.into_iter().cloned().collect();
            Ok(Owned { of: valid, refused_items: Vec::new(), shadowed })
        }
    }
}

/// What a call would be refused with; or the items of its batch that would be.
///
/// # Errors
/// As [`check`].
pub fn would(valid: &Valid, wanted: &Wanted, known: &Known) -> Result<Vec<String>, Refusal> {
    decide(valid, wanted, known).map_err(Refusal::from)
}

/// May the account do so with what is this owner's.
fn may(account: &str, owner: Option<&Owner>, need: Need) -> bool {
    match owner {
        Some(Owner::Account(id)) => id == account,
        Some(Owner::Lent(Grant::Write)) => need <= Need::Write,
        Some(Owner::Lent(Grant::Read)) => need == Need::Read,
        Some(Owner::Lent(Grant::Nothing) | Owner::Absent | Owner::Returned) | None => false,
    }
}

fn strangers<'w>(valid: &Valid, wanted: &'w Wanted, known: &Known) -> Vec<&'w ResourceRef> {
    let account = &valid.account().id;
    let judged = wanted.resources.iter().zip(&wanted.needs).enumerate();
    judged
        .filter(|(place, (_, need))| !may(account, known.owners.get(*place), **need))
        .map(|(_, (resource, _))| resource)
        .collect()
}

fn decide(valid: &Valid, wanted: &Wanted, known: &Known) -> Result<Vec<String>, Refused> {
    // An account that does not exist is told as a resource that does not.
    let there = |place: usize| known.accounts.get(place).copied().unwrap_or(false);
    if !(0..wanted.accounts.len()).all(there) {
        return Err(Refused::NoSuchResource);
    }
    let strangers = strangers(valid, wanted, known);
    match &valid.operation().batch {
        None if strangers.is_empty() => Ok(Vec::new()),
        None => Err(Refused::NoSuchResource),
        Some(batch) => {
            let items = valid.operation().batch_items(valid.arguments());
            let over =
                valid.operation().resources.iter().find(|binding| binding.parameter == batch.over);
            let is_item =
                |r: &ResourceRef| over.is_some_and(|b| b.kind == r.kind) && items.contains(&r.id);
            if !strangers.iter().all(|resource| is_item(resource)) {
                return Err(Refused::NoSuchResource);
            }
            Ok(strangers.into_iter().map(|resource| resource.id.clone()).collect())
        }
    }
}

/// 5000 in the same words, for an item of a batch and for what the module says is not there.
#[must_use]
pub fn absent() -> Refusal {
    Refused::NoSuchResource.into()
}

#[cfg(test)]
mod spec;

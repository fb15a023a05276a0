//! 5000 Resource does not exist: or was returned, or is another account's. One answer for all three.
//!
//! After the parameters, because they name the resources; before identity and money, because nobody pays
//! for what is not his. Decided here and not by policy, so that no statement can grant a foreign object.
//! Invariant: an `Owned` goes on with resources of its own account only. Never: lets a difference show
//! between absent, returned and foreign; asks the module.

use faregate_contract::{Code, Origin, Public, Reason, Refusal};

use crate::facts::{Owner, ResourceRef};
use crate::parameters::Valid;

/// A call whose resources are its account's; of a batch, those items that are.
#[derive(Debug)]
pub struct Owned {
    of: Valid,
    refused_items: Vec<String>,
}

owns!(Owned => Valid);

impl Owned {
    /// Items of the batch that are not the account's.
    #[must_use]
    pub fn is_refused(&self, id: &str) -> bool {
        self.refused_items.iter().any(|refused| refused == id)
    }
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

/// The resources that a call names, as the registry knows them.
#[must_use]
pub fn wanted(valid: &Valid) -> Vec<ResourceRef> {
    let module = &valid.module().name;
    let bindings = valid.operation().resources.iter();
    bindings
        .flat_map(|binding| {
            let ids = binding.ids(valid.arguments()).into_iter();
            ids.map(|id| ResourceRef { module: module.clone(), kind: binding.kind.clone(), id })
        })
        .collect()
}

/// Judges what the registry answered to [`wanted`], in its order.
///
/// # Errors
/// 5000 when a resource is not the account's, unless it is an item of a batch: then the item alone is refused.
pub fn check(valid: Valid, wanted: &[ResourceRef], owners: &[Owner]) -> Result<Owned, Refused> {
    let refused_items = decide(&valid, wanted, owners)?;
    Ok(Owned { of: valid, refused_items })
}

/// What a call would be refused with; or the items of its batch that would be.
///
/// # Errors
/// As [`check`].
pub fn would(
    valid: &Valid,
    wanted: &[ResourceRef],
    owners: &[Owner],
) -> Result<Vec<String>, Refusal> {
    decide(valid, wanted, owners).map_err(Refusal::from)
}

fn decide(valid: &Valid, wanted: &[ResourceRef], owners: &[Owner]) -> Result<Vec<String>, Refused> {
    let account = &valid.account().id;
    let ours = |owner: Option<&Owner>| matches!(owner, Some(Owner::Account(id)) if id == account);
    let strangers: Vec<&ResourceRef> = wanted
        .iter()
        .enumerate()
        .filter(|(place, _)| !ours(owners.get(*place)))
        .map(|(_, resource)| resource)
        .collect();
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
mod spec {
    use super::*;

    #[test]
    fn the_answer_names_no_id_and_no_reason_but_one() {
        let refusal = absent();
        assert_eq!((refusal.code, refusal.reason), (Code::ResourceNotFound, NO_SUCH_RESOURCE));
        assert!(
            refusal.detail.for_log().is_none()
                && refusal.params.is_empty()
                && refusal.fix.is_none()
        );
    }
}

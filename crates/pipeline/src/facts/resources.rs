//! What the registry says of resources, and what answers teach it.

use faregate_catalog::Grant;

/// A resource as a call names it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ResourceRef {
    /// The module's name.
    pub module: String,
    /// The type within the module.
    pub kind: String,
    /// The id, as the client sent it.
    pub id: String,
}

/// Who owns a resource.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Owner {
    /// Nobody ever did.
    Absent,
    /// Somebody did, and returned it.
    Returned,
    /// The account of this id.
    Account(String),
    /// Another account, which lent it to the one that asks.
    Lent(Grant),
}

/// What the registry says of a call.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Known {
    /// Who owns each resource, in the order asked.
    pub owners: Vec<Owner>,
    /// Is there an account of each id, in the order asked.
    pub accounts: Vec<bool>,
}

/// What an answer taught about ownership.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Lesson {
    /// The account owns it from now on.
    Created(ResourceRef),
    /// Nobody does any more.
    Returned(ResourceRef),
    /// The account of this id does.
    Transferred(ResourceRef, String),
    /// The account of this id may use it so.
    Shared(ResourceRef, String, Grant),
}

//! `x-faregate`: what a document says beyond OpenAPI. Unknown keys are errors: a misspelt `batch`
//! must not become a call without one.

mod document;
mod fields;
mod lifetime;
mod operation;
mod owning;

pub(crate) use document::read as read_document;
pub(crate) use operation::{OperationTerms, Priced, PricedBy, Returned, read as read_operation};
pub(crate) use owning::OwningTerms;

/// The key of the extension.
pub(crate) const KEY: &str = "x-faregate";

/// The keys of the extension at the root of a document.
pub(crate) const DOCUMENT_KEYS: [&str; 7] =
    ["domains", "errors", "module", "protocols", "timeout", "unowned", "versions"];

/// The keys of the extension at an operation.
pub(crate) const OPERATION_KEYS: [&str; 19] = [
    "api3",
    "audience",
    "batch",
    "creates",
    "deprecated",
    "filter",
    "idempotent",
    "identity",
    "minSignature",
    "mutating",
    "public",
    "purchase",
    "quota",
    "resources",
    "returns",
    "shares",
    "sunset",
    "transfers",
    "unsignedPayload",
];

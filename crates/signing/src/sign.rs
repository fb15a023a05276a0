//! The client's side: makes the canonical signatures of v2 and TC3.
//!
//! Signs what it is given. That a value spells `&name=` of another parameter is found by
//! [`v2::ambiguous`](crate::v2::ambiguous): ask it first, the signer does not know the action's parameters.

use crate::tc3::{self, Authorization, Mismatch};
use crate::v2::{Profile, string_to_sign};
use crate::{Algorithm, Method, SecretKey, Tag};

/// Signs the pairs with the canonical profile and appends `Signature`; the pairs are then what must be sent, and the
/// signature is returned as well.
///
/// An earlier `Signature` is dropped. `SignatureMethod` is left as it is where it already chooses the algorithm, and set
/// otherwise: it is part of what is signed (PROTOCOL 1.2).
pub fn v2(
    method: Method,
    host: &str,
    path: &str,
    pairs: &mut Vec<(String, String)>,
    secret: &SecretKey,
    algorithm: Algorithm,
) -> String {
    pairs.retain(|(name, _)| name != "Signature");
    let chosen = pairs.iter().find(|(name, _)| name == "SignatureMethod");
    if Algorithm::of(chosen.map(|(_, value)| value.as_str())) != algorithm {
        pairs.retain(|(name, _)| name != "SignatureMethod");
        pairs.push(("SignatureMethod".to_owned(), algorithm.name().to_owned()));
    }
    let text = string_to_sign(method, host, path, pairs, Profile::CANONICAL);
    let signature = Tag::of(algorithm, secret, &text).encode();
    pairs.push(("Signature".to_owned(), signature.clone()));
    signature
}

/// The `Authorization` header of a TC3 request by the documented rule. The request's own `authorization` is a draft
/// ([`Authorization::draft`]): who signs, the UTC date of the stamp, the service and the headers to be signed.
///
/// Name `x-tc-action` among the signed headers, and whatever else decides something: the SDKs do not, and so their
/// signature is good for another action (RELIABILITY 1.3 rule 8).
///
/// # Errors
/// [`Mismatch`], for a draft that no verifier would accept: another date, a signed header that is not there.
pub fn tc3(request: &tc3::Request<'_>, secret: &SecretKey) -> Result<String, Mismatch> {
    let tag = tc3::tag(request, secret)?;
    Ok(Authorization { tag, ..request.authorization.clone() }.to_string())
}

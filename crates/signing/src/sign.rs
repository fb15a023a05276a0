//! The client's side: makes the canonical v2 signature.
//!
//! Signs what it is given. That a value spells `&name=` of another parameter is found by
//! [`v2::ambiguous`](crate::v2::ambiguous): ask it first, the signer does not know the action's parameters.

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

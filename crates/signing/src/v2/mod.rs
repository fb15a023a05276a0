//! v2: is this signature made with this secret over this request, and over which part of it?
//!
//! Real clients build the string to sign in a few ways (PROTOCOL 1.3); the canonical one is tried first, and the others
//! only when it does not match and only where they would differ. At most [`STRINGS_MAX`] different strings are tried
//! (RELIABILITY 1.3 rule 3: six strings cost a forgery probability of 6 · 2^-160).
//! Never: tells the expected tag, decides what to do with a parameter that was left out.

mod ambiguity;
mod profile;
#[cfg(test)]
mod spec;
mod string_to_sign;

use smallvec::SmallVec;

pub use self::ambiguity::{Ambiguity, ambiguous, twins};
pub use self::profile::{AtValues, Empties, HostForm, Order, Profile};
pub(crate) use self::profile::{candidates, is_zero, without_port};
use self::string_to_sign::Strings;
pub(crate) use self::string_to_sign::compare_dotted;
pub use self::string_to_sign::string_to_sign;
use crate::algorithm::Keyed;
use crate::{Algorithm, Method, Pair, SecretKey, Tag, dummy_secret};

/// How many different strings to sign are tried for one request.
pub const STRINGS_MAX: usize = 6;

/// A signed request as received.
#[derive(Clone, Copy, Debug)]
pub struct Request<'a> {
    /// The HTTP method.
    pub method: Method,
    /// The `Host` header as received, with its port if it has one.
    pub host: &'a str,
    /// The path, without the query.
    pub path: &'a str,
    /// All parameters but `Signature`, unknown ones too (PROTOCOL 1.3), as received.
    pub pairs: &'a [Pair<'a>],
    /// What `SignatureMethod` chooses: [`Algorithm::of`].
    pub algorithm: Algorithm,
    /// The decoded `Signature`.
    pub tag: &'a Tag,
}

/// A signature that is good.
#[derive(Clone, Debug)]
pub struct Verified {
    /// How the client built the string to sign.
    pub profile: Profile,
    /// Indices of the pairs whose values the signature does not cover. They are unauthenticated: a caller refuses them
    /// (RELIABILITY 1.3 rule 4) and never passes them on.
    pub uncovered: SmallVec<[usize; 2]>,
    /// The MAC that matched, for a replay identity by signature.
    pub mac: Tag,
}

/// No profile gives this signature. Says nothing of the tag that was expected.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "the Signature matches no string to sign that clients build for such a request ({tried} tried)"
)]
pub struct Mismatch {
    tried: usize,
}

impl Mismatch {
    /// How many different strings were tried.
    #[must_use]
    pub const fn tried(self) -> usize {
        self.tried
    }
}

/// Checks a signature: the profiles in order, each distinct string once, the first match wins.
///
/// The caller has refused duplicate and twin names ([`twins`]), unknown hosts and unknown paths before, because method,
/// host and path are joined without a separator, and asks [`ambiguous`] besides.
///
/// # Errors
/// [`Mismatch`] when no string to sign gives the tag.
pub fn verify(request: &Request<'_>, secret: &SecretKey) -> Result<Verified, Mismatch> {
    let keyed = Keyed::new(request.algorithm, secret);
    let mut strings = Strings::of(request.method, request.host, request.path, request.pairs);
    for profile in profile::candidates(request.method, request.host, request.pairs) {
        let Some(text) = strings.add(profile) else { continue };
        let mac = keyed.tag(text.as_bytes());
        if mac.matches(request.tag) {
            return Ok(Verified { profile, uncovered: profile.uncovered(request.pairs), mac });
        }
        if strings.len() == STRINGS_MAX {
            break;
        }
    }
    Err(Mismatch { tried: strings.len() })
}

/// The same work as [`verify`] for a key that does not exist, and always a refusal: the time that an unknown key takes is
/// the time of a wrong signature.
#[must_use]
pub fn refuse_unknown(request: &Request<'_>) -> Mismatch {
    match std::hint::black_box(verify(request, dummy_secret())) {
        Ok(_) => Mismatch { tried: 1 },
        Err(mismatch) => mismatch,
    }
}

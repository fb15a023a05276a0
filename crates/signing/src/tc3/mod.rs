//! TC3-HMAC-SHA256: is this signature made with this secret over this request, and over which part of it?
//!
//! Real clients write the canonical request in a few ways (PROTOCOL 3); the documented one is tried first, and the others
//! only where they would give another text: at most [`STRINGS_MAX`]. The signing key is derived once.
//! Invariant: the date of the scope is the UTC date of the stamp; method, path, query, host and body are always part of
//! what is signed (the body not, where the client says `UNSIGNED-PAYLOAD`: [`Verified::payload`]).
//! Never: tells the expected tag, requires the service to be the host's, decides about headers that were left out.

mod authorization;
mod canonical;
mod date;
mod profile;
#[cfg(test)]
mod spec;

use zeroize::Zeroizing;

pub use self::authorization::{Authorization, AuthorizationError, SCHEME};
pub(crate) use self::canonical::hash;
pub use self::canonical::{UNSIGNED_PAYLOAD, canonical_request, string_to_sign};
pub(crate) use self::date::{DAY_S, seconds};
pub use self::date::{date_of_days, utc_date};
pub(crate) use self::profile::candidates;
pub use self::profile::{HostForm, Profile, QueryForm, Values};
use crate::algorithm::Keyed;
use crate::{Algorithm, Method, SecretKey, Tag, dummy_secret};

/// How many different strings to sign are tried for one request: two hosts, two spellings of values, two orders.
pub const STRINGS_MAX: usize = 8;

/// A header as received.
pub type Header<'a> = (&'a str, &'a str);

/// A signed request as received.
#[derive(Clone, Copy, Debug)]
pub struct Request<'a> {
    /// The HTTP method.
    pub method: Method,
    /// The path, without the query.
    pub path: &'a str,
    /// The raw query string without its `?`, exactly as sent. A caller refuses one on a POST.
    pub query: &'a str,
    /// The `Host` as received, with its port if it has one.
    pub host: &'a str,
    /// The headers as received, names in any case. `Host` and `Authorization` may be among them and are not read.
    pub headers: &'a [Header<'a>],
    /// The bytes of the body.
    pub body: &'a [u8],
    /// `X-TC-Timestamp` as sent.
    pub timestamp: &'a str,
    /// The `Authorization` header, parsed.
    pub authorization: &'a Authorization<'a>,
}

/// A signature that is good.
#[derive(Clone, Debug)]
pub struct Verified {
    /// How the client wrote the canonical request.
    pub profile: Profile,
    /// Whether the body is signed.
    pub payload: Payload,
    /// Which of the headers that decide something are signed.
    pub covered: Covered,
    /// The MAC that matched: two identical calls in one second have the same (PROTOCOL 3, "No nonce").
    pub mac: Tag,
}

/// Whether the signature covers the body.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Payload {
    /// Its hash is signed.
    Signed,
    /// `X-TC-Content-SHA256: UNSIGNED-PAYLOAD`: anybody may have changed it.
    Unsigned,
}

/// The headers that decide something beyond the bytes of the call, and whether they are among the signed ones. Stock SDKs
/// sign `content-type;host` alone (RELIABILITY finding 4): the same signature is good for another Action.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Covered(u8);

impl Covered {
    /// What this header's `SignedHeaders` cover.
    #[must_use]
    pub fn of(authorization: &Authorization<'_>) -> Self {
        let bits = DECIDING.iter().zip([1, 2, 4, 8, 16]);
        let covered = bits.filter(|(name, _)| authorization.covers(name));
        Self(covered.fold(0, |set, (_, bit)| set | bit))
    }

    /// `X-TC-Action` is signed.
    #[must_use]
    pub const fn action(self) -> bool {
        self.0 & 1 != 0
    }

    /// `X-TC-Version` is signed.
    #[must_use]
    pub const fn version(self) -> bool {
        self.0 & 2 != 0
    }

    /// `X-TC-Region` is signed.
    #[must_use]
    pub const fn region(self) -> bool {
        self.0 & 4 != 0
    }

    /// `X-TC-Token` is signed.
    #[must_use]
    pub const fn token(self) -> bool {
        self.0 & 8 != 0
    }

    /// `X-TC-Content-SHA256` is signed. Where it is not, somebody may have taken it away, but could not have put it there:
    /// it changes the hash.
    #[must_use]
    pub const fn content_sha256(self) -> bool {
        self.0 & 16 != 0
    }
}

const DECIDING: [&str; 5] =
    ["x-tc-action", "x-tc-version", "x-tc-region", "x-tc-token", CONTENT_SHA256];
const CONTENT_SHA256: &str = "x-tc-content-sha256";

/// Why a request is not signed with the key. Says nothing of the tag that was expected.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Mismatch {
    /// `X-TC-Timestamp` is no stamp.
    #[error("X-TC-Timestamp is not a UNIX time in whole seconds")]
    Stamp,
    /// The scope is of another day than the stamp.
    #[error(
        "the Credential is dated {scope}, and X-TC-Timestamp falls on {stamp} in UTC: the date is the UTC date of the timestamp"
    )]
    Date {
        /// The date in the credential scope.
        scope: String,
        /// The UTC date of the stamp.
        stamp: String,
    },
    /// A header that `SignedHeaders` names was not sent.
    #[error("SignedHeaders names `{name}`, and no such header arrived")]
    HeaderMissing {
        /// The header.
        name: String,
    },
    /// A header that `SignedHeaders` names was sent more than once.
    #[error("SignedHeaders names `{name}`, and this header arrived more than once")]
    HeaderRepeated {
        /// The header.
        name: String,
    },
    /// No profile gives this signature.
    #[error(
        "the Signature matches no string to sign that clients build for such a request ({tried} tried)"
    )]
    Tag {
        /// How many different strings were tried.
        tried: usize,
    },
}

/// Checks a signature: the profiles in order, each text once, the first match wins.
///
/// The caller has checked the path, refuses a query on a POST and a body on a GET, and decides by
/// [`Verified::payload`] and [`Verified::covered`] whether what is signed is enough for this action.
///
/// # Errors
/// [`Mismatch`]. All but [`Mismatch::Tag`] hold whatever the key is: anybody can see them.
pub fn verify(request: &Request<'_>, secret: &SecretKey) -> Result<Verified, Mismatch> {
    check_date(request)?;
    let authorization = request.authorization;
    let key = signing_key(secret, authorization.date, authorization.service);
    let keyed = Keyed::new(Algorithm::HmacSha256, &key);
    let payload_hash = canonical::payload_hash(request);
    let mut tried = 0;
    for profile in candidates(request) {
        let canonical = canonical::canonical_with(request, profile, &payload_hash)?;
        let mac = keyed.tag(canonical::string_of(request, &canonical).as_bytes());
        tried += 1;
        if mac.matches(&authorization.tag) {
            return Ok(Verified {
                profile,
                payload: request.payload(),
                covered: Covered::of(authorization),
                mac,
            });
        }
    }
    Err(Mismatch::Tag { tried })
}

/// The tag by the documented rule, whatever the request's own is.
pub(crate) fn tag(request: &Request<'_>, secret: &SecretKey) -> Result<Tag, Mismatch> {
    check_date(request)?;
    let authorization = request.authorization;
    let key = signing_key(secret, authorization.date, authorization.service);
    let text = string_to_sign(request, Profile::CANONICAL)?;
    Ok(Tag::of(Algorithm::HmacSha256, &key, &text))
}

/// The same work as [`verify`] for a key that does not exist, and always a refusal: the time that an unknown key takes is
/// the time of a wrong signature.
#[must_use]
pub fn refuse_unknown(request: &Request<'_>) -> Mismatch {
    match std::hint::black_box(verify(request, dummy_secret())) {
        Ok(_) => Mismatch::Tag { tried: 1 },
        Err(mismatch) => mismatch,
    }
}

impl<'a> Request<'a> {
    /// The value of a header that is signed, white space at its ends removed.
    pub(crate) fn value(&self, name: &str) -> Result<&'a str, Mismatch> {
        if name == "host" {
            return Ok(self.host.trim());
        }
        let mut found = self.headers.iter().filter(|(sent, _)| sent.eq_ignore_ascii_case(name));
        match (found.next(), found.next()) {
            (Some((_, value)), None) => Ok(value.trim()),
            (None, _) => Err(Mismatch::HeaderMissing { name: name.to_owned() }),
            (Some(_), Some(_)) => Err(Mismatch::HeaderRepeated { name: name.to_owned() }),
        }
    }

    fn is_payload_unsigned(&self) -> bool {
        self.value(CONTENT_SHA256) == Ok(UNSIGNED_PAYLOAD)
    }

    fn payload(&self) -> Payload {
        if self.is_payload_unsigned() { Payload::Unsigned } else { Payload::Signed }
    }
}

fn check_date(request: &Request<'_>) -> Result<(), Mismatch> {
    let stamp = utc_date(request.timestamp).ok_or(Mismatch::Stamp)?;
    if stamp == request.authorization.date {
        return Ok(());
    }
    Err(Mismatch::Date { scope: request.authorization.date.to_owned(), stamp })
}

/// `HMAC(HMAC(HMAC("TC3" + SecretKey, date), service), "tc3_request")`. A v2 tag can never be one of TC3: the keys differ
/// (RELIABILITY 1.3 rule 11).
pub(crate) fn signing_key(secret: &SecretKey, date: &str, service: &str) -> SecretKey {
    let prefixed = Zeroizing::new([b"TC3", secret.as_bytes()].concat());
    [date, service, authorization::TERMINATOR].into_iter().fold(
        SecretKey::new(prefixed.to_vec()),
        |key, text| {
            let tag = Keyed::new(Algorithm::HmacSha256, &key).tag(text.as_bytes());
            SecretKey::new(tag.as_bytes())
        },
    )
}

//! 4100 Authentication failed: the signature, checked against what arrived.
//!
//! Before validity and replay: strangers must not learn or fill anything. An unknown key and a wrong
//! signature read alike and take the same work, except in a sandbox, where all is told.
//! Invariant: an `Authenticated` was signed by its key over every parameter that goes on (the cover rule,
//! RELIABILITY 1.3.4). Never: tells the expected signature, or accepts one string for two requests it can
//! tell apart (the merge rule, 1.3.5).

use std::sync::Arc;

use faregate_catalog::MinSignature;
use faregate_contract::{Code, Origin, Public, Reason, Refusal};
use faregate_signing::{Algorithm, Pair, Tag, v2};
use smallvec::SmallVec;

use crate::availability::Open;
use crate::facts::{Account, Key};
use crate::parameters::is_common;

/// How strict this installation is.
#[derive(Clone, Copy, Debug)]
pub struct Policy {
    /// Tell a client everything about its mistake, an unknown key included.
    pub sandbox: bool,
    /// The weakest algorithm that is accepted.
    pub weakest: Algorithm,
}

/// A call that its key signed.
#[derive(Debug)]
pub struct Authenticated {
    of: Open,
    key: Arc<Key>,
    profile: v2::Profile,
}

owns!(Authenticated => Open);

impl Authenticated {
    /// The key.
    #[must_use]
    pub fn key(&self) -> &Key {
        &self.key
    }

    /// The account behind the key.
    #[must_use]
    pub fn account(&self) -> &Arc<Account> {
        &self.key.account
    }

    /// How the client made its string to sign, for the log.
    #[must_use]
    pub fn profile(&self) -> &v2::Profile {
        &self.profile
    }
}

/// The reasons of this room.
pub const REASONS: &[Reason] = &[
    SIGNATURE_MISMATCH,
    UNKNOWN_KEY,
    KEY_DISABLED,
    SIGNATURE_MALFORMED,
    UNSIGNED_PARAMETER,
    AMBIGUOUS_STRING_TO_SIGN,
    TOKEN_WRONG,
    SIGNATURE_TOO_WEAK,
];
const SIGNATURE_MISMATCH: Reason = Reason::new("SIGNATURE_MISMATCH");
const UNKNOWN_KEY: Reason = Reason::new("UNKNOWN_KEY");
const KEY_DISABLED: Reason = Reason::new("KEY_DISABLED");
const SIGNATURE_MALFORMED: Reason = Reason::new("SIGNATURE_MALFORMED");
const UNSIGNED_PARAMETER: Reason = Reason::new("UNSIGNED_PARAMETER");
const AMBIGUOUS_STRING_TO_SIGN: Reason = Reason::new("AMBIGUOUS_STRING_TO_SIGN");
const TOKEN_WRONG: Reason = Reason::new("TOKEN_WRONG");
const SIGNATURE_TOO_WEAK: Reason = Reason::new("SIGNATURE_TOO_WEAK");

/// Why a call is not authentic.
#[derive(Debug)]
pub enum Refused {
    /// The signature is not what this key makes of this request, or there is no such key.
    Mismatch,
    /// The same, told in a sandbox with the string to sign.
    MismatchTold {
        /// The gateway's own string to sign; it holds no secret.
        string_to_sign: String,
    },
    /// Told in a sandbox.
    UnknownKey(String),
    /// Told in a sandbox.
    KeyDisabled(String),
    /// The signature is no base64 of 20 or 32 bytes.
    Malformed(Algorithm),
    /// A parameter that the client's own rule left out of the string to sign.
    Unsigned(String),
    /// The string to sign could be another request's.
    Ambiguous(String),
    /// The Token is not this key's.
    Token,
    /// A weaker algorithm than is accepted here.
    TooWeak {
        /// As sent.
        sent: Algorithm,
        /// The least.
        weakest: Algorithm,
    },
}

impl From<Refused> for Refusal {
    fn from(refused: Refused) -> Self {
        const MISMATCH: &str = "no enabled key makes this signature over this request; check the SecretId, the SecretKey and the string to sign.";
        let mut fix = None;
        let (reason, say) = match refused {
            Refused::Mismatch => (SIGNATURE_MISMATCH, MISMATCH.to_owned()),
            Refused::MismatchTold { string_to_sign } => {
                fix = Some(format!("The gateway signs this string: {string_to_sign}"));
                (SIGNATURE_MISMATCH, "the signature is not what this key makes of this request; compare your string to sign with the one in `fix`.".to_owned())
            }
            Refused::UnknownKey(id) => {
                (UNKNOWN_KEY, format!("there is no key {}.", Public::echo(&id)))
            }
            Refused::KeyDisabled(id) => {
                (KEY_DISABLED, format!("the key {} is disabled.", Public::echo(&id)))
            }
            Refused::Malformed(algorithm) => (
                SIGNATURE_MALFORMED,
                format!(
                    "the Signature is not the base64 text of an {} tag; `+` must be sent as `%2B`.",
                    algorithm.name()
                ),
            ),
            Refused::Unsigned(name) => (
                UNSIGNED_PARAMETER,
                format!(
                    "the parameter {} is not covered by the signature (values that begin with `@` are left out of a POST's string to sign); send it so that it is signed.",
                    Public::echo(&name)
                ),
            ),
            Refused::Ambiguous(name) => (
                AMBIGUOUS_STRING_TO_SIGN,
                format!(
                    "the value of {} holds `&` and the name of another parameter, so the string to sign could be another request's; encode the value, with base64 for example.",
                    Public::echo(&name)
                ),
            ),
            Refused::Token => (TOKEN_WRONG, "the Token is not the one of this key.".to_owned()),
            Refused::TooWeak { sent, weakest } => (
                SIGNATURE_TOO_WEAK,
                format!(
                    "{} is weaker than is accepted here; sign with {} and say so in SignatureMethod.",
                    sent.name(),
                    weakest.name()
                ),
            ),
        };
        let refusal = Refusal::new(Code::AuthFailure, reason, Origin::Client, Public::new(say));
        match fix {
            Some(fix) => refusal.fix(fix),
            None => refusal,
        }
    }
}

/// Checks the signature with the key of the call's SecretId.
///
/// # Errors
/// 4100 for whatever is not signed, all of it, by an enabled key.
pub fn check(open: Open, key: Option<Arc<Key>>, policy: &Policy) -> Result<Authenticated, Refused> {
    let (key, profile) = judge(&open, key, policy)?;
    Ok(Authenticated { of: open, key, profile })
}

fn judge(
    open: &Open,
    key: Option<Arc<Key>>,
    policy: &Policy,
) -> Result<(Arc<Key>, v2::Profile), Refused> {
    let common = open.common();
    let algorithm = Algorithm::of(common.signature_method.as_deref());
    let tag = Tag::decode(&common.signature).map_err(|_| Refused::Malformed(algorithm))?;
    let pairs: SmallVec<[Pair<'_>; 24]> =
        open.pairs().iter().filter(|(name, _)| *name != "Signature").collect();
    let raw = open.raw();
    let request = v2::Request {
        method: open.method(),
        host: &raw.host,
        path: &raw.path,
        pairs: &pairs,
        algorithm,
        tag: &tag,
    };

    // Without an enabled key the same work is done, so that both refusals take the same time.
    let Some(key) = key.filter(|key| key.enabled || policy.sandbox) else {
        let _ = v2::refuse_unknown(&request);
        return Err(if policy.sandbox {
            Refused::UnknownKey(common.secret_id.clone())
        } else {
            Refused::Mismatch
        });
    };
    if !key.enabled {
        return Err(Refused::KeyDisabled(common.secret_id.clone()));
    }
    let verified = v2::verify(&request, &key.secret).map_err(|_| mismatch(&request, policy))?;
    if let Some((name, _)) = verified.uncovered.first().and_then(|place| pairs.get(*place)) {
        return Err(Refused::Unsigned((*name).to_owned()));
    }
    let operation = open.operation();
    if let Some(found) = v2::ambiguous(&pairs, |name| is_common(name) || operation.declares(name)) {
        return Err(Refused::Ambiguous(found.parameter.to_owned()));
    }
    if key.token != common.token {
        return Err(Refused::Token);
    }
    if algorithm == Algorithm::HmacSha1 && !takes_sha1(operation.min_signature, policy) {
        return Err(Refused::TooWeak { sent: algorithm, weakest: Algorithm::HmacSha256 });
    }
    Ok((key, verified.profile))
}

fn takes_sha1(least: Option<MinSignature>, policy: &Policy) -> bool {
    policy.weakest == Algorithm::HmacSha1 && least.is_none_or(|least| least == MinSignature::V2Sha1)
}

fn mismatch(request: &v2::Request<'_>, policy: &Policy) -> Refused {
    if !policy.sandbox {
        return Refused::Mismatch;
    }
    let profile = v2::Profile::CANONICAL;
    let string_to_sign =
        v2::string_to_sign(request.method, request.host, request.path, request.pairs, profile);
    Refused::MismatchTold { string_to_sign }
}

#[cfg(test)]
mod spec;

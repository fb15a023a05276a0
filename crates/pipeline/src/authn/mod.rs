//! 4100 Authentication failed: the signature, checked against what arrived.
//!
//! Before validity and replay: strangers must not learn or fill anything. An unknown key and a wrong
//! signature read alike and take the same work, except in a sandbox, where all is told.
//! Invariant: an `Authenticated` was signed by its key over every parameter that goes on (the cover rule,
//! RELIABILITY 1.3.4). Never: tells the expected signature, or accepts one string for two requests it can
//! tell apart (the merge rule, 1.3.5).

mod inquiry;
mod parameter;
mod tc3;
mod told;
mod unsigned;

use std::borrow::Cow;
use std::sync::Arc;

use faregate_contract::{Code, Origin, Public, Reason, Refusal};
use faregate_signing::diagnose::Diagnosis;
use faregate_signing::{Algorithm, Tag, v2};

use crate::availability::Open;
use crate::facts::{Account, Key, MinSignature};
use crate::parameters::Proof;

pub use inquiry::Inquiry;
pub use told::Told;

/// How strict this installation is.
#[derive(Clone, Copy, Debug)]
pub struct Policy {
    /// Tell a client everything about its mistake, an unknown key included.
    pub sandbox: bool,
    /// The weakest signature that is accepted of anybody; actions and accounts may demand a stronger one.
    pub weakest: MinSignature,
}

/// A call that its key signed.
#[derive(Debug)]
pub struct Authenticated {
    of: Open,
    key: Arc<Key>,
    profile: Profile,
    tag: Tag,
}

/// How a client made its string to sign.
#[derive(Clone, Copy, Debug)]
pub enum Profile {
    /// Of parameters.
    Parameters(v2::Profile),
    /// Of a canonical request.
    Tc3(faregate_signing::tc3::Profile),
    /// It made none, for an action that is public.
    Unsigned,
}

impl Profile {
    /// Its name, for the log.
    #[must_use]
    pub fn label(self) -> Cow<'static, str> {
        match self {
            Self::Parameters(profile) => profile.label(),
            Self::Tc3(profile) => format!("tc3 {}", profile.label()).into(),
            Self::Unsigned => "unsigned".into(),
        }
    }
}

/// What a dialect's check of a signature found.
struct Signed {
    key: Arc<Key>,
    profile: Profile,
    tag: Tag,
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

    /// How the client made its string to sign.
    #[must_use]
    pub fn profile(&self) -> Profile {
        self.profile
    }

    /// Did anybody sign it; if not, the action is public, and there is no key and no account behind the call.
    #[must_use]
    pub fn is_signed(&self) -> bool {
        !matches!(self.profile, Profile::Unsigned)
    }

    /// What its signature decodes to: the call's only identity, in a dialect that has no Nonce.
    #[must_use]
    pub fn tag(&self) -> &Tag {
        &self.tag
    }
}

/// The reasons of this room.
pub const REASONS: &[Reason] = &[
    SIGNATURE_MISMATCH,
    UNKNOWN_KEY,
    KEY_DISABLED,
    SIGNATURE_MALFORMED,
    AUTHORIZATION_MALFORMED,
    NOT_SIGNED,
    ACTION_NOT_SIGNED,
    UNSIGNED_PARAMETER,
    AMBIGUOUS_STRING_TO_SIGN,
    TOKEN_WRONG,
    TOKEN_EXPIRED,
    KEY_EXPIRED,
    SIGNATURE_TOO_WEAK,
];
const SIGNATURE_MISMATCH: Reason = Reason::new("SIGNATURE_MISMATCH");
const UNKNOWN_KEY: Reason = Reason::new("UNKNOWN_KEY");
const KEY_DISABLED: Reason = Reason::new("KEY_DISABLED");
const SIGNATURE_MALFORMED: Reason = Reason::new("SIGNATURE_MALFORMED");
const AUTHORIZATION_MALFORMED: Reason = Reason::new("AUTHORIZATION_MALFORMED");
const NOT_SIGNED: Reason = Reason::new("NOT_SIGNED");
const ACTION_NOT_SIGNED: Reason = Reason::new("ACTION_NOT_SIGNED");
const UNSIGNED_PARAMETER: Reason = Reason::new("UNSIGNED_PARAMETER");
const AMBIGUOUS_STRING_TO_SIGN: Reason = Reason::new("AMBIGUOUS_STRING_TO_SIGN");
const TOKEN_WRONG: Reason = Reason::new("TOKEN_WRONG");
const TOKEN_EXPIRED: Reason = Reason::new("TOKEN_EXPIRED");
const KEY_EXPIRED: Reason = Reason::new("KEY_EXPIRED");
const SIGNATURE_TOO_WEAK: Reason = Reason::new("SIGNATURE_TOO_WEAK");

/// Why a call is not authentic.
#[derive(Debug)]
pub enum Refused {
    /// The signature is not what this key makes of this request, or there is no such key.
    Mismatch,
    /// The same, told in a sandbox: the mistake, and the string to sign.
    MismatchTold(Box<Told>),
    /// The same, where the signature proves that the client holds a key of this account: the mistake alone.
    MismatchNamed(Box<Diagnosis>),
    /// Told in a sandbox.
    UnknownKey(String),
    /// Told in a sandbox.
    KeyDisabled(String),
    /// The signature is no base64 of 20 or 32 bytes.
    Malformed(Algorithm),
    /// The `Authorization` header, or what it says of the request, is wrong whatever the key is.
    Authorization(String),
    /// The client says that the call is not signed.
    NotSigned,
    /// The signature does not cover the Action, and the way here is open to others.
    ActionUnsigned,
    /// The signature does not cover the body, and the action gets something from it.
    PayloadUnsigned,
    /// A parameter that the client's own rule left out of the string to sign.
    Unsigned(String),
    /// The string to sign could be another request's.
    Ambiguous(String),
    /// The Token is not this key's.
    Token,
    /// The temporary credentials are past their time.
    SessionEnded,
    /// The key is past its time.
    KeyEnded,
    /// A weaker algorithm than is accepted here.
    TooWeak {
        /// As sent.
        sent: &'static str,
        /// The least.
        weakest: &'static str,
    },
}

impl From<Refused> for Refusal {
    fn from(refused: Refused) -> Self {
        const MISMATCH: &str = "no enabled key makes this signature over this request; check the SecretId, the SecretKey and the string to sign.";
        let mut all = None;
        let (reason, say) = match refused {
            Refused::Mismatch => (SIGNATURE_MISMATCH, MISMATCH.to_owned()),
            Refused::MismatchTold(told) => {
                let sentence = told.sentence();
                all = Some(told);
                (SIGNATURE_MISMATCH, sentence)
            }
            Refused::MismatchNamed(found) => return told::named(&found),
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
            Refused::Authorization(why) => (AUTHORIZATION_MALFORMED, format!("{why}.")),
            Refused::NotSigned => (
                NOT_SIGNED,
                "this action is not public and takes signed calls only; sign it, or leave `SkipSign` out.".to_owned(),
            ),
            Refused::ActionUnsigned => (
                ACTION_NOT_SIGNED,
                "the signature does not cover `X-TC-Action`, so this call could be made another on its way here; call by HTTPS, or add `x-tc-action` to SignedHeaders.".to_owned(),
            ),
            Refused::PayloadUnsigned => (
                UNSIGNED_PARAMETER,
                "the signature does not cover the body (`UNSIGNED-PAYLOAD`), and this action gets parameters from it; sign the payload.".to_owned(),
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
            Refused::SessionEnded => (TOKEN_EXPIRED, SESSION_ENDED.to_owned()),
            Refused::KeyEnded => (KEY_EXPIRED, KEY_ENDED.to_owned()),
            Refused::TooWeak { sent, weakest } => (
                SIGNATURE_TOO_WEAK,
                format!(
                    "{sent} is weaker than is accepted here; sign with {weakest}{}.",
                    if weakest == TC3 { "" } else { " and say so in SignatureMethod" }
                ),
            ),
        };
        let refusal = Refusal::new(Code::AuthFailure, reason, Origin::Client, Public::new(say));
        match all {
            Some(told) => told.complete(refusal),
            None => refusal,
        }
    }
}

const SESSION_ENDED: &str = "the temporary credentials are past their time; ask for new ones.";
const KEY_ENDED: &str = "the key is past its time; sign with the one that came after it.";

/// The name of the strongest scheme.
const TC3: &str = faregate_signing::tc3::SCHEME;

/// Checks the signature with the key of the call's SecretId.
///
/// # Errors
/// 4100 for whatever is not signed, all of it, by an enabled key.
pub fn check(
    open: Open,
    key: Option<Arc<Key>>,
    policy: &Policy,
    inquiry: &dyn Inquiry,
) -> Result<Authenticated, Refused> {
    let signed = match &open.common().proof {
        Proof::Parameter { signature, method } => {
            parameter::judge(&open, key, (policy, inquiry), signature, method.as_deref())?
        }
        Proof::Header => tc3::judge(&open, key, (policy, inquiry))?,
        Proof::None if open.operation().is_public => unsigned::signed(),
        Proof::None => return Err(Refused::NotSigned),
    };
    let Signed { key, profile, tag } = signed;
    if !matches!(profile, Profile::Unsigned) && key.token != open.common().token {
        return Err(Refused::Token);
    }
    // Only who holds the secret is told.
    if key.expires_at.is_some_and(|end| end <= open.raw().arrived) {
        return Err(if key.token.is_some() { Refused::SessionEnded } else { Refused::KeyEnded });
    }
    Ok(Authenticated { of: open, key, profile, tag })
}

/// The key, if it may sign. Without one `work` is done, so that both refusals take the time of a wrong signature and read
/// alike; only a sandbox says which it is.
fn usable(
    open: &Open,
    key: Option<Arc<Key>>,
    policy: &Policy,
    work: impl FnOnce() -> Refused,
) -> Result<Arc<Key>, Refused> {
    let id = || open.common().secret_id.clone();
    match key.filter(|key| key.enabled || policy.sandbox) {
        Some(key) if key.enabled => Ok(key),
        Some(_) => Err(Refused::KeyDisabled(id())),
        None if policy.sandbox => Err(Refused::UnknownKey(id())),
        None => Err(work()),
    }
}

#[cfg(test)]
mod spec;

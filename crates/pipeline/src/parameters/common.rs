//! The common parameters: what every call carries, whatever its action (PROTOCOL 1.2).

use faregate_catalog::COMMON_PARAMETERS;
use faregate_contract::envelope::RESUME_PREFIX;
use faregate_contract::{Param, Public, Reason, RequestId};

use super::{MALFORMED, MISSING, Pairs};
use crate::dialect::Input;

/// Is this the name of a common parameter.
#[must_use]
pub fn is_common(name: &str) -> bool {
    place_of(name).is_some()
}

/// Which common parameter this is. They are few and of many lengths, so that looking at each is the shortest way.
fn place_of(name: &str) -> Option<usize> {
    COMMON_PARAMETERS.iter().position(|common| *common == name)
}

/// The common parameters of a call, well formed.
#[derive(Clone, Debug)]
pub struct Common {
    /// What to do.
    pub action: String,
    /// Who asks.
    pub secret_id: String,
    /// When it was signed, in seconds since the epoch.
    pub timestamp: i64,
    /// Never the same twice; none in a dialect that has none.
    pub nonce: Option<u64>,
    /// Where the signature is.
    pub proof: Proof,
    /// The service that the signature is made for, where the dialect names one.
    pub service: Option<String>,
    /// Passed on as sent.
    pub region: Option<String>,
    /// A temporary key's token.
    pub token: Option<String>,
    /// The API's version.
    pub version: Option<String>,
    /// Names what is to be done once, however often it is asked for.
    pub client_token: Option<String>,
    /// Is the call only rehearsed.
    pub dry_run: bool,
    /// The batch of which what failed is done again.
    pub resume_token: Option<RequestId>,
}

/// Where the signature of a call is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Proof {
    /// Among the parameters.
    Parameter {
        /// Still in base64.
        signature: String,
        /// How it was made.
        method: Option<String>,
    },
    /// In the `Authorization` header.
    Header,
    /// The client says that there is none.
    None,
}

impl Common {
    /// Reads them from among the parameters, every fault at once.
    pub(crate) fn read(pairs: &Pairs, needs_version: bool) -> Result<Self, Vec<(Reason, Param)>> {
        let mut sent: [Option<&str>; COMMON_PARAMETERS.len()] = [None; COMMON_PARAMETERS.len()];
        for (name, value) in pairs.iter() {
            if let Some(place) = place_of(name)
                && let Some(slot) = sent.get_mut(place)
            {
                // An empty common parameter is an absent one: SDKs send `Token=` (CLIENTS).
                *slot = Some(value).filter(|value| !value.is_empty());
            }
        }
        let [
            action,
            _,
            _,
            _,
            nonce,
            region,
            _,
            _,
            _,
            secret_id,
            signature,
            method,
            timestamp,
            token,
            version,
        ] = sent;
        let owned = |value: Option<&str>| value.map(str::to_owned);
        let mut faults = Faults::default();
        let action = faults.action("Action", action);
        let secret_id = faults.of(
            "SecretId",
            secret_id,
            |text| (text.len() <= 128).then(|| text.to_owned()),
            "a key's id",
        );
        let timestamp = faults.stamp("Timestamp", timestamp);
        let nonce =
            faults.of("Nonce", nonce, nonce_of, "a whole number from 0 to 18446744073709551615");
        let signature = faults.of("Signature", signature, |text| Some(text.to_owned()), "base64");
        if needs_version {
            faults.version("Version", version);
        }
        match (action, secret_id, timestamp, nonce, signature, faults.0.is_empty()) {
            (
                Some(action),
                Some(secret_id),
                Some(timestamp),
                Some(nonce),
                Some(signature),
                true,
            ) => Ok(Self {
                action,
                secret_id,
                timestamp,
                nonce: Some(nonce),
                proof: Proof::Parameter { signature, method: owned(method) },
                service: None,
                region: owned(region),
                token: owned(token),
                version: owned(version),
                client_token: None,
                dry_run: false,
                resume_token: None,
            }),
            _ => Err(faults.0),
        }
    }

    /// Those that an action may declare as well, and that stand beside its own in every dialect.
    pub(crate) fn shared(self, input: &Input) -> Result<Self, Vec<(Reason, Param)>> {
        let mut faults = Faults::default();
        let word = |text: &str| is_token(text).then(|| text.to_owned());
        let (token, dry) = (input.shared("ClientToken"), input.shared("DryRun"));
        let client_token = faults.optional("ClientToken", token.as_deref(), word, TOKEN_FORM);
        let dry_run = faults.optional("DryRun", dry.as_deref(), flag, "true or false");
        let resume = input.shared("ResumeToken");
        let form = "the resumeToken of an answer";
        let resume_token = faults.optional("ResumeToken", resume.as_deref(), resumed, form);
        if faults.0.is_empty() {
            Ok(Self { client_token, dry_run: dry_run.unwrap_or(false), resume_token, ..self })
        } else {
            Err(faults.0)
        }
    }
}

/// Is it the name of a common parameter that stands beside the action's own in every dialect.
#[must_use]
pub fn is_shared(name: &str) -> bool {
    matches!(name, "ClientToken" | "DryRun" | "ResumeToken")
}

/// What is wrong with the common parameters, all of it.
#[derive(Default)]
pub(crate) struct Faults(Vec<(Reason, Param)>);

impl Faults {
    pub(crate) fn into_inner(self) -> Vec<(Reason, Param)> {
        self.0
    }

    pub(crate) fn action(&mut self, name: &str, sent: Option<&str>) -> Option<String> {
        let read = |text: &str| is_word(text).then(|| text.to_owned());
        self.of(name, sent, read, "a name of letters and digits")
    }

    pub(crate) fn version(&mut self, name: &str, sent: Option<&str>) -> Option<String> {
        self.of(name, sent, |text| Some(text.to_owned()), "a version")
    }

    pub(crate) fn stamp(&mut self, name: &str, sent: Option<&str>) -> Option<i64> {
        self.of(name, sent, stamp, "whole seconds since 1970, as ten digits")
    }

    /// One that need not be sent.
    fn optional<T>(
        &mut self,
        name: &str,
        sent: Option<&str>,
        read: impl Fn(&str) -> Option<T>,
        form: &str,
    ) -> Option<T> {
        sent.and_then(|_| self.of(name, sent, read, form))
    }

    fn of<T>(
        &mut self,
        name: &str,
        sent: Option<&str>,
        read: impl Fn(&str) -> Option<T>,
        form: &str,
    ) -> Option<T> {
        let (reason, message) = match sent {
            None => (MISSING, format!("The common parameter `{name}` is missing.")),
            Some(text) => match read(text) {
                Some(value) => return Some(value),
                None => (
                    MALFORMED,
                    format!("`{name}` is {form}, not {}.{}", Public::echo(text), hint(name, text)),
                ),
            },
        };
        self.0.push((
            reason,
            Param { name: name.to_owned(), reason: reason.as_str().into(), message },
        ));
        None
    }
}

/// Milliseconds are the one mistake everybody makes once.
fn hint(name: &str, text: &str) -> &'static str {
    if name.ends_with("Timestamp") && text.len() == 13 && text.bytes().all(|b| b.is_ascii_digit()) {
        " These look like milliseconds."
    } else {
        ""
    }
}

/// What a ClientToken and an Idempotency-Key are.
pub(super) const TOKEN_FORM: &str = "1 to 128 visible ASCII characters";

/// Can the text be a token.
#[must_use]
pub fn is_token(text: &str) -> bool {
    (1..=128).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_graphic())
}

fn flag(text: &str) -> Option<bool> {
    match text {
        "true" | "True" | "1" => Some(true),
        "false" | "False" | "0" => Some(false),
        _ => None,
    }
}

fn resumed(text: &str) -> Option<RequestId> {
    RequestId::parse(text.strip_prefix(RESUME_PREFIX)?)
}

fn is_word(text: &str) -> bool {
    text.len() <= 128 && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
}

fn stamp(text: &str) -> Option<i64> {
    let plain = text.len() <= 11 && text.bytes().all(|b| b.is_ascii_digit());
    plain.then(|| text.parse().ok()).flatten()
}

fn nonce_of(text: &str) -> Option<u64> {
    text.bytes().all(|b| b.is_ascii_digit()).then(|| text.parse().ok()).flatten()
}

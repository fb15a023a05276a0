//! The `Authorization` header of TC3, read strictly: one spelling, nothing guessed (RELIABILITY 1.3 rules 1 and 10).

#[cfg(test)]
mod spec;

use std::fmt;

use super::date;
use crate::Tag;

/// What the header begins with.
pub const SCHEME: &str = "TC3-HMAC-SHA256";

/// The last part of the credential scope.
pub(super) const TERMINATOR: &str = "tc3_request";

/// A well-formed `Authorization: TC3-HMAC-SHA256 Credential=…, SignedHeaders=…, Signature=…`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Authorization<'a> {
    /// The `SecretId`.
    pub secret_id: &'a str,
    /// The date of the credential scope, `YYYY-MM-DD`.
    pub date: &'a str,
    /// The service of the credential scope. Clients disagree about it (PROTOCOL 3: Node signs `127` for an address), so
    /// it routes nothing.
    pub service: &'a str,
    /// The names of the signed headers as sent: lower case, `;` between them, `content-type` and `host` among them.
    pub signed_headers: &'a str,
    /// The decoded `Signature`.
    pub tag: Tag,
}

/// Why an `Authorization` header is none of TC3.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AuthorizationError {
    /// Another scheme.
    #[error("the Authorization header does not begin with `TC3-HMAC-SHA256 `")]
    Scheme,
    /// Not the three parts in their order.
    #[error(
        "the Authorization header must be `TC3-HMAC-SHA256 Credential=…, SignedHeaders=…, Signature=…`, in this order"
    )]
    Form,
    /// The credential is not `SecretId/date/service/tc3_request`.
    #[error("the Credential must be `SecretId/YYYY-MM-DD/service/tc3_request`")]
    Credential,
    /// The second part of the credential is no date.
    #[error("the date in the Credential must be the UTC date of X-TC-Timestamp, as YYYY-MM-DD")]
    Date,
    /// The names are not what a list of them looks like.
    #[error("SignedHeaders must be header names in lower case, each once, with `;` between them")]
    SignedHeaders,
    /// A header that must be signed is not.
    #[error("SignedHeaders must hold `{name}`")]
    NotSigned {
        /// The header.
        name: &'static str,
    },
    /// The signature is no SHA-256 MAC in hexadecimal.
    #[error("the Signature must be 64 hexadecimal digits in lower case")]
    Signature,
}

impl<'a> Authorization<'a> {
    /// Reads a header. Between two parts stands a comma and at most one space; nothing else is let through.
    ///
    /// # Errors
    /// [`AuthorizationError`] names the first part that is not as the format has it.
    pub fn parse(header: &'a str) -> Result<Self, AuthorizationError> {
        let rest = header.strip_prefix(SCHEME).ok_or(AuthorizationError::Scheme)?;
        let rest = rest.strip_prefix(' ').ok_or(AuthorizationError::Scheme)?;
        let rest = rest.strip_prefix("Credential=").ok_or(AuthorizationError::Form)?;
        let (credential, rest) = cut(rest, "SignedHeaders=")?;
        let (signed_headers, signature) = cut(rest, "Signature=")?;
        let (secret_id, date, service) = scope(credential)?;
        check_names(signed_headers)?;
        let tag = Tag::decode_hex(signature).ok_or(AuthorizationError::Signature)?;
        Ok(Self { secret_id, date, service, signed_headers, tag })
    }

    /// What a client knows before it signs; the tag is still none.
    #[must_use]
    pub const fn draft(
        secret_id: &'a str,
        date: &'a str,
        service: &'a str,
        signed_headers: &'a str,
    ) -> Self {
        Self { secret_id, date, service, signed_headers, tag: Tag::Sha256([0; 32]) }
    }

    /// The signed headers' names, in the order in which they are signed.
    pub fn names(&self) -> impl Iterator<Item = &'a str> + use<'a> {
        self.signed_headers.split(';')
    }

    /// Whether this header, in lower case, is among those that are signed.
    #[must_use]
    pub fn covers(&self, name: &str) -> bool {
        self.names().any(|signed| signed == name)
    }
}

/// The header as a client sends it. It holds the tag: whoever has it, and the request, can send both again.
impl fmt::Display for Authorization<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { secret_id, date, service, signed_headers, tag } = self;
        let signature = hex::encode(tag.as_bytes());
        write!(
            f,
            "{SCHEME} Credential={secret_id}/{date}/{service}/{TERMINATOR}, SignedHeaders={signed_headers}, Signature={signature}"
        )
    }
}

/// Cuts before `, name=`; the reference verifier knows clients with and without the space.
fn cut<'a>(text: &'a str, name: &str) -> Result<(&'a str, &'a str), AuthorizationError> {
    let (head, rest) = text.split_once(',').ok_or(AuthorizationError::Form)?;
    let rest = rest.strip_prefix(' ').unwrap_or(rest);
    let value = rest.strip_prefix(name).ok_or(AuthorizationError::Form)?;
    Ok((head, value))
}

fn scope(credential: &str) -> Result<(&str, &str, &str), AuthorizationError> {
    let mut parts = credential.split('/');
    let mut part = || parts.next().ok_or(AuthorizationError::Credential);
    let (secret_id, date, service, terminator) = (part()?, part()?, part()?, part()?);
    let whole = parts.next().is_none() && terminator == TERMINATOR;
    if !whole || !is_word(secret_id, ID_BYTES_MAX) || !is_word(service, SERVICE_BYTES_MAX) {
        return Err(AuthorizationError::Credential);
    }
    if date::is_date(date) { Ok((secret_id, date, service)) } else { Err(AuthorizationError::Date) }
}

/// Some visible characters, and not too many.
fn is_word(text: &str, bytes_max: usize) -> bool {
    (1..=bytes_max).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic())
}

fn check_names(list: &str) -> Result<(), AuthorizationError> {
    let mut n_names = 0;
    for (idx, name) in list.split(';').enumerate() {
        let well_formed =
            (1..=NAME_BYTES_MAX).contains(&name.len()) && name.bytes().all(is_name_byte);
        let again = list.split(';').take(idx).any(|earlier| earlier == name);
        n_names += 1;
        if !well_formed || again || n_names > NAMES_MAX {
            return Err(AuthorizationError::SignedHeaders);
        }
    }
    for name in REQUIRED {
        if !list.split(';').any(|signed| signed == name) {
            return Err(AuthorizationError::NotSigned { name });
        }
    }
    Ok(())
}

/// RFC 9110 5.6.2, without what no header of this protocol has.
const fn is_name_byte(byte: u8) -> bool {
    matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_')
}

/// "SignedHeaders must contain content-type and host" (PROTOCOL 3).
const REQUIRED: [&str; 2] = ["content-type", "host"];
/// Far more than any client signs; it bounds the work of one header.
const NAMES_MAX: usize = 32;
const NAME_BYTES_MAX: usize = 64;
const ID_BYTES_MAX: usize = 128;
const SERVICE_BYTES_MAX: usize = 128;

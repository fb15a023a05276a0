//! The canonical request and the string to sign of TC3, line by line as PROTOCOL 3 has them.

use sha2::{Digest, Sha256};

use super::profile::{HostForm, Profile, QueryForm, Values};
use super::{Mismatch, Request, SCHEME, authorization};
use crate::v2::without_port;

/// `METHOD \n path \n query \n headers \n SignedHeaders \n payload hash`, as a client of this profile writes it.
///
/// # Errors
/// [`Mismatch`] where a signed header is not there, or is there twice.
pub fn canonical_request(request: &Request<'_>, profile: Profile) -> Result<String, Mismatch> {
    canonical_with(request, profile, &payload_hash(request))
}

/// The text that is signed: `TC3-HMAC-SHA256 \n timestamp \n scope \n hash of the canonical request`.
///
/// # Errors
/// As [`canonical_request`].
pub fn string_to_sign(request: &Request<'_>, profile: Profile) -> Result<String, Mismatch> {
    let canonical = canonical_request(request, profile)?;
    Ok(string_of(request, &canonical))
}

pub(super) fn canonical_with(
    request: &Request<'_>,
    profile: Profile,
    payload_hash: &str,
) -> Result<String, Mismatch> {
    let mut out = String::with_capacity(256 + request.query.len());
    out.push_str(request.method.as_str());
    out.push('\n');
    out.push_str(request.path);
    out.push('\n');
    // "QueryString: POST empty; GET exactly the sent query". A POST that has one all the same is not spoken, and its
    // query must not go on unsigned: it is part of the text, so that nothing is signed without it.
    match profile.query {
        QueryForm::AsSent => out.push_str(request.query),
        QueryForm::Sorted => push_sorted(&mut out, request.query),
    }
    out.push('\n');
    for name in request.authorization.names() {
        out.push_str(name);
        out.push(':');
        let value = match (name, profile.host) {
            ("host", HostForm::WithoutPort) => without_port(request.host),
            (_, _) => request.value(name)?,
        };
        let start = out.len();
        out.push_str(value);
        if let (Values::LowerCased, Some(pushed)) = (profile.values, out.get_mut(start..)) {
            pushed.make_ascii_lowercase();
        }
        out.push('\n');
    }
    out.push('\n');
    out.push_str(request.authorization.signed_headers);
    out.push('\n');
    out.push_str(payload_hash);
    Ok(out)
}

pub(super) fn string_of(request: &Request<'_>, canonical: &str) -> String {
    let hash = hash(canonical.as_bytes());
    let authorization = request.authorization;
    [
        SCHEME,
        "\n",
        request.timestamp,
        "\n",
        authorization.date,
        "/",
        authorization.service,
        "/",
        authorization::TERMINATOR,
        "\n",
        &hash,
    ]
    .concat()
}

/// "UNSIGNED-PAYLOAD: sha256("UNSIGNED-PAYLOAD")"; else the bytes of the body, of which a GET has none.
pub(super) fn payload_hash(request: &Request<'_>) -> String {
    if request.is_payload_unsigned() {
        hash(UNSIGNED_PAYLOAD.as_bytes())
    } else {
        hash(request.body)
    }
}

pub(crate) fn hash(bytes: &[u8]) -> String {
    let mut digits = [0; 64];
    // 64 digits have room for 32 bytes: there is no error to report.
    let _ = hex::encode_to_slice(Sha256::digest(bytes), &mut digits);
    String::from_utf8_lossy(&digits).into_owned()
}

fn push_sorted(out: &mut String, query: &str) {
    let mut parts: Vec<&str> = query.split('&').collect();
    parts.sort_unstable();
    let mut separator = "";
    for part in parts {
        out.push_str(separator);
        separator = "&";
        out.push_str(part);
    }
}

/// The value of `X-TC-Content-SHA256` by which a client says that its body is not signed.
pub const UNSIGNED_PAYLOAD: &str = "UNSIGNED-PAYLOAD";

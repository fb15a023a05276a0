//! Tokens of forms: for one page, for a day, made by nobody else.

use faregate_pipeline::time::Millis;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use super::Refused;

/// How long a page may stay open before its form is too old.
const LIFE_MS: i64 = 24 * 3_600_000;

/// `<issued, in milliseconds>.<HMAC-SHA256 of page and time, in hexadecimal>`.
pub(super) fn make(secret: &[u8; 16], page: &str, now: Millis) -> String {
    let issued = now.as_ms();
    format!("{issued}.{}", hex(&tag(secret, page, issued)))
}

/// # Errors
/// It is not ours for this page, or too old.
pub(super) fn check(
    secret: &[u8; 16],
    page: &str,
    token: &str,
    now: Millis,
) -> Result<(), Refused> {
    let (issued, sent) = token.split_once('.').ok_or(Refused::Foreign)?;
    let issued: i64 = issued.parse().map_err(|_| Refused::Foreign)?;
    let ours = hex(&tag(secret, page, issued));
    let differs = ours.bytes().zip(sent.bytes()).fold(0, |differs, (a, b)| differs | (a ^ b));
    if differs != 0 || ours.len() != sent.len() {
        return Err(Refused::Foreign);
    }
    let age = now.since(Millis::new(issued));
    if (-60_000..=LIFE_MS).contains(&age) { Ok(()) } else { Err(Refused::Old) }
}

fn tag(secret: &[u8; 16], page: &str, issued: i64) -> Vec<u8> {
    // A key of any length is one for HMAC (RFC 2104, 3); the empty tag of an impossible failure matches no token.
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(secret) else { return Vec::new() };
    mac.update(format!("faregate feedback\n{issued}\n{page}").as_bytes());
    mac.finalize().into_bytes().to_vec()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

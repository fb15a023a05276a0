//! The keys that somebody may have signed with instead of the SecretKey.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use percent_encoding::{NON_ALPHANUMERIC, percent_encode};
use zeroize::Zeroizing;

use super::Mistake;
use crate::SecretKey;

/// Keys made of the secret by a mistake, and the other keys of its account.
pub(super) fn variants(
    secret: &SecretKey,
    secret_id: &str,
    others: &[&SecretKey],
) -> Vec<(Mistake, SecretKey)> {
    let bytes = secret.as_bytes();
    let with = |before: &str, after: &str| [before.as_bytes(), bytes, after.as_bytes()].concat();
    let mut keys: Vec<(Mistake, Vec<u8>)> = vec![
        (Mistake::SecretWhitespace, with("", "\n")),
        (Mistake::SecretWhitespace, with("", "\r\n")),
        (Mistake::SecretWhitespace, with("", " ")),
        (Mistake::SecretWhitespace, with(" ", "")),
        (Mistake::SecretWhitespace, with("", "\r")),
        (Mistake::SecretWhitespace, with("", "\t")),
        (Mistake::SecretWhitespace, with("\n", "")),
        (Mistake::SecretWhitespace, with(" ", " ")),
        (Mistake::SecretWhitespace, with("\u{feff}", "")),
        (Mistake::SecretQuoted, with("\"", "\"")),
        (Mistake::SecretQuoted, with("'", "'")),
        (Mistake::SecretSuffix, with("", "&")),
        (Mistake::SecretCase, bytes.to_ascii_lowercase()),
        (Mistake::SecretCase, bytes.to_ascii_uppercase()),
        (Mistake::SecretIdAsKey, secret_id.as_bytes().to_vec()),
        (Mistake::SecretEmpty, Vec::new()),
        (Mistake::SecretEncoded, STANDARD.encode(bytes).into_bytes()),
        (Mistake::SecretEncoded, hex::encode(bytes).into_bytes()),
        (Mistake::SecretEncoded, percent_encode(bytes, NON_ALPHANUMERIC).to_string().into_bytes()),
    ];
    let decoded = [STANDARD.decode(bytes).ok(), hex::decode(bytes).ok()];
    keys.extend(decoded.into_iter().flatten().map(|key| (Mistake::SecretDecoded, key)));
    let cut = [bytes.split_last().map(|(_, head)| head), bytes.split_first().map(|(_, tail)| tail)];
    keys.extend(cut.into_iter().flatten().map(|key| (Mistake::SecretCut, key.to_vec())));
    keys.retain(|(_, key)| key.as_slice() != bytes);
    let others = others.iter().take(OTHERS_MAX).map(|key| (Mistake::OtherKey, (*key).clone()));
    let made = keys.into_iter().map(|(mistake, key)| (mistake, SecretKey::new(key)));
    made.chain(others).collect()
}

/// The secret with a prefix, as TC3 has it and as another cloud does.
pub(super) fn prefixed(prefix: &str, secret: &SecretKey) -> SecretKey {
    let key = Zeroizing::new([prefix.as_bytes(), secret.as_bytes()].concat());
    SecretKey::new(key.to_vec())
}

/// How many other keys of the account are tried.
const OTHERS_MAX: usize = 16;

//! The signature as it arrived, in whatever spelling: the tag that it means, and which mistake the spelling is.

use base64::Engine;
use base64::alphabet;
use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig};
use base64::engine::{DecodePaddingMode, general_purpose::STANDARD};
use percent_encoding::percent_decode_str;

use super::Mistake;
use crate::Tag;

/// A tag and the mistake in its spelling.
pub(super) type Received = (Tag, Option<Mistake>);

/// Reads a Signature of v2: as it must be, or as somebody may have spelled it.
pub(super) fn v2(text: &str) -> Option<Received> {
    if text.len() > CHARS_MAX {
        return None;
    }
    if let Ok(tag) = Tag::decode(text) {
        return Some((tag, None));
    }
    if text.contains('%') {
        let decoded = percent_decode_str(text).decode_utf8().ok()?;
        return lenient(&decoded).map(|tag| (tag, Some(Mistake::SignatureEncodedTwice)));
    }
    let trimmed = text.trim_matches(char::is_whitespace);
    let unbroken: String = trimmed.split(['\r', '\n', '\t']).collect();
    let plus = unbroken.replace(' ', "+");
    if plus != unbroken {
        return lenient(&plus).map(|tag| (tag, Some(Mistake::SignaturePlusLost)));
    }
    if unbroken != text {
        return lenient(&unbroken).map(|tag| (tag, Some(Mistake::SignatureWhitespace)));
    }
    if let Some(tag) = of_hex(text.as_bytes()) {
        return Some((tag, Some(Mistake::SignatureHex)));
    }
    if let Some(tag) = STANDARD.decode(text).ok().and_then(|inner| of_hex(&inner)) {
        return Some((tag, Some(Mistake::SignatureBase64OfHex)));
    }
    let standard = text.replace('-', "+").replace('_', "/");
    let mistake =
        if standard == text { Mistake::SignaturePadding } else { Mistake::SignatureBase64Url };
    lenient(&standard).map(|tag| (tag, Some(mistake)))
}

/// Reads a Signature of TC3.
pub(super) fn tc3(text: &str) -> Option<Received> {
    if text.len() > CHARS_MAX {
        return None;
    }
    let trimmed = text.trim();
    if let Some(tag) = Tag::decode_hex(trimmed) {
        return Some((tag, (trimmed != text).then_some(Mistake::SignatureWhitespace)));
    }
    if let Some(tag) = of_hex(trimmed.as_bytes()) {
        return Some((tag, Some(Mistake::SignatureUpperCase)));
    }
    let tag = lenient(&trimmed.replace('-', "+").replace('_', "/"))?;
    matches!(tag, Tag::Sha256(_)).then_some((tag, Some(Mistake::SignatureBase64)))
}

/// 40 or 64 hexadecimal digits in any case.
fn of_hex(digits: &[u8]) -> Option<Tag> {
    of_bytes(&hex::decode(digits).ok()?)
}

/// Base64 of the standard alphabet, with or without padding.
fn lenient(text: &str) -> Option<Tag> {
    let config = GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::Indifferent)
        .with_decode_allow_trailing_bits(true);
    of_bytes(&GeneralPurpose::new(&alphabet::STANDARD, config).decode(text).ok()?)
}

fn of_bytes(bytes: &[u8]) -> Option<Tag> {
    if let Ok(tag) = bytes.try_into() {
        return Some(Tag::Sha1(tag));
    }
    bytes.try_into().ok().map(Tag::Sha256)
}

/// Longer than any spelling of a tag.
const CHARS_MAX: usize = 256;

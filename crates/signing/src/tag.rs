//! Decoded tags: strict base64 in, comparison in constant time.
//!
//! Four base64 spellings decode to one tag (RELIABILITY 1.3 rule 10); only the one that an encoder writes is read here,
//! and identity is over the decoded bytes.

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use subtle::ConstantTimeEq;

use crate::algorithm::Keyed;
use crate::{Algorithm, SecretKey};

/// A MAC of 20 bytes (HMAC-SHA1) or 32 (HMAC-SHA256).
#[derive(Clone)]
pub enum Tag {
    /// HMAC-SHA1.
    Sha1([u8; 20]),
    /// HMAC-SHA256.
    Sha256([u8; 32]),
}

/// Why a `Signature` is no tag.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TagError {
    /// What a `+` becomes when the signature is put into a form without percent-encoding.
    #[error("the Signature holds white space: a `+` in it must be sent as `%2B`")]
    Whitespace,
    /// Not base64 as an encoder writes it.
    #[error("the Signature is not base64 of the standard alphabet with padding")]
    Base64,
    /// Base64 of something else.
    #[error("the Signature decodes to {bytes} bytes: HmacSHA1 makes 20, HmacSHA256 makes 32")]
    Length {
        /// How many bytes it decodes to.
        bytes: usize,
    },
}

impl Tag {
    /// The MAC of a text under a secret.
    #[must_use]
    pub fn of(algorithm: Algorithm, secret: &SecretKey, text: &str) -> Self {
        Keyed::new(algorithm, secret).tag(text.as_bytes())
    }

    /// Reads a `Signature`: standard alphabet, padding, no trailing bits, no white space.
    ///
    /// # Errors
    /// [`TagError`] says what is wrong with the spelling or the length.
    pub fn decode(base64: &str) -> Result<Self, TagError> {
        let mut room = [0; ROOM_BYTES];
        // A text that cannot be a tag is judged by its length before it is decoded: it may be of any size.
        if base64.len() > SHA256_CHARS {
            let spaced = base64.bytes().any(|byte| byte.is_ascii_whitespace());
            let bytes = base64.len() / 4 * 3;
            return Err(if spaced { TagError::Whitespace } else { TagError::Length { bytes } });
        }
        let bytes = STANDARD.decode_slice(base64, &mut room).map_err(|_| {
            let spaced = base64.bytes().any(|byte| byte.is_ascii_whitespace());
            if spaced { TagError::Whitespace } else { TagError::Base64 }
        })?;
        let decoded = room.get(..bytes).unwrap_or_default();
        if let Ok(tag) = decoded.try_into() {
            return Ok(Self::Sha1(tag));
        }
        decoded.try_into().map(Self::Sha256).map_err(|_| TagError::Length { bytes })
    }

    /// Reads a signature of TC3: 64 hexadecimal digits in lower case (RELIABILITY 1.3 rule 10), else nothing.
    #[must_use]
    pub fn decode_hex(text: &str) -> Option<Self> {
        if text.bytes().any(|byte| byte.is_ascii_uppercase()) {
            return None;
        }
        let mut tag = [0; 32];
        hex::decode_to_slice(text, &mut tag).ok()?;
        Some(Self::Sha256(tag))
    }

    /// The `Signature` that carries it.
    #[must_use]
    pub fn encode(&self) -> String {
        STANDARD.encode(self.as_bytes())
    }

    /// The bytes: what a replay is known by.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8] {
        match self {
            Self::Sha1(tag) => tag,
            Self::Sha256(tag) => tag,
        }
    }

    /// Whether both are the same, in a time that depends on their lengths alone.
    #[must_use]
    pub fn matches(&self, other: &Self) -> bool {
        self.as_bytes().ct_eq(other.as_bytes()).into()
    }
}

impl PartialEq for Tag {
    fn eq(&self, other: &Self) -> bool {
        self.matches(other)
    }
}

impl Eq for Tag {}

/// Says which MAC it is and not its bytes: a tag in a log could be sent again.
impl fmt::Debug for Tag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sha1(_) => f.write_str("Tag(HmacSHA1)"),
            Self::Sha256(_) => f.write_str("Tag(HmacSHA256)"),
        }
    }
}

/// Characters of the longest tag.
const SHA256_CHARS: usize = 44;
/// What 44 characters can decode to at most, padding disregarded.
const ROOM_BYTES: usize = 33;

//! The HMACs of v2, and the keyed state that several strings of one request share.

use std::fmt;

use hmac::{Hmac, KeyInit, Mac};
use sha1::Sha1;
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use crate::{SecretKey, Tag};

/// The MAC that a request chose by its `SignatureMethod`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Algorithm {
    /// HMAC-SHA1: 20 bytes, 28 characters.
    HmacSha1,
    /// HMAC-SHA256: 32 bytes, 44 characters.
    HmacSha256,
}

impl Algorithm {
    /// PROTOCOL 1.2: `HmacSHA256` means SHA-256, "anything else uses HmacSHA1"; so does its absence.
    #[must_use]
    pub fn of(signature_method: Option<&str>) -> Self {
        match signature_method {
            Some("HmacSHA256") => Self::HmacSha256,
            _ => Self::HmacSha1,
        }
    }

    /// The value of `SignatureMethod` that chooses it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::HmacSha1 => "HmacSHA1",
            Self::HmacSha256 => "HmacSHA256",
        }
    }
}

impl fmt::Display for Algorithm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// An HMAC that has taken its key and no text yet: the key is hashed once however many strings are tried.
pub(crate) enum Keyed {
    Sha1(Hmac<Sha1>),
    Sha256(Hmac<Sha256>),
}

impl Keyed {
    pub(crate) fn new(algorithm: Algorithm, secret: &SecretKey) -> Self {
        match algorithm {
            Algorithm::HmacSha1 => {
                let block = key_block::<Sha1>(secret);
                Self::Sha1(Hmac::new((&*block).into()))
            }
            Algorithm::HmacSha256 => {
                let block = key_block::<Sha256>(secret);
                Self::Sha256(Hmac::new((&*block).into()))
            }
        }
    }

    pub(crate) fn tag(&self, text: &[u8]) -> Tag {
        match self {
            Self::Sha1(keyed) => {
                Tag::Sha1(keyed.clone().chain_update(text).finalize().into_bytes().into())
            }
            Self::Sha256(keyed) => {
                Tag::Sha256(keyed.clone().chain_update(text).finalize().into_bytes().into())
            }
        }
    }
}

/// RFC 2104 section 2: a key longer than the block is hashed first, a shorter one is padded with zeros. Done here because
/// a whole block cannot be refused, so that no error is left that could never happen.
fn key_block<D: Digest>(secret: &SecretKey) -> Zeroizing<[u8; BLOCK_BYTES]> {
    let mut block = Zeroizing::new([0; BLOCK_BYTES]);
    let key = secret.as_bytes();
    if key.len() > BLOCK_BYTES {
        block.iter_mut().zip(D::digest(key)).for_each(|(slot, byte)| *slot = byte);
    } else {
        block.iter_mut().zip(key).for_each(|(slot, byte)| *slot = *byte);
    }
    block
}

/// SHA-1 and SHA-256 have the same block.
const BLOCK_BYTES: usize = 64;

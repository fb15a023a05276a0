//! The bounded search: how many MACs one diagnosis may cost, and what they are compared with.

use crate::algorithm::Keyed;
use crate::{Algorithm, SecretKey, Tag};

/// How many MACs one diagnosis computes at most, and about how many strings it builds: some milliseconds, which only a
/// sandbox spends on the thread that serves the call. `cargo bench -p faregate-signing` says what one costs.
pub const MACS_MAX: usize = 3_000;

/// How many bytes they are computed over at most, all together: long requests get fewer guesses, not more time.
pub const BYTES_MAX: usize = 8 << 20;

/// A string to sign longer than this, or a body, is not searched: what is said then can be seen without a MAC.
pub const TEXT_BYTES_MAX: usize = 32_768;

/// The tag that was received, and the budget for finding out what was signed.
pub(super) struct Search<'a> {
    tag: Tag,
    pub(super) secret: &'a SecretKey,
    keyed: Keyed,
    n_macs: usize,
    n_bytes: usize,
}

impl<'a> Search<'a> {
    pub(super) fn new(tag: Tag, secret: &'a SecretKey) -> Self {
        let keyed = Keyed::new(algorithm_of(&tag), secret);
        Self { tag, secret, keyed, n_macs: 0, n_bytes: 0 }
    }

    /// The algorithm by the tag's length: what was computed, whatever was said.
    pub(super) fn algorithm(&self) -> Algorithm {
        algorithm_of(&self.tag)
    }

    pub(super) const fn n_macs(&self) -> usize {
        self.n_macs
    }

    /// Whether the secret makes the tag of this text.
    pub(super) fn signs(&mut self, text: &[u8]) -> bool {
        self.pay_for(text) && self.keyed.tag(text).matches(&self.tag)
    }

    /// Whether another key makes the tag of this text.
    pub(super) fn signs_with(&mut self, key: &SecretKey, text: &[u8]) -> bool {
        self.pay_for(text) && Keyed::new(self.algorithm(), key).tag(text).matches(&self.tag)
    }

    /// Whether these bytes are the tag: a hash that is no MAC, for example.
    pub(super) fn is(&mut self, bytes: &[u8]) -> bool {
        let tag = match bytes.len() {
            20 => bytes.try_into().map(Tag::Sha1),
            _ => bytes.try_into().map(Tag::Sha256),
        };
        self.pay(1) && tag.is_ok_and(|tag| tag.matches(&self.tag))
    }

    fn pay_for(&mut self, text: &[u8]) -> bool {
        self.n_bytes = self.n_bytes.saturating_add(text.len());
        self.pay(1)
    }

    /// Counts MACs; `false` once there are too many.
    pub(super) fn pay(&mut self, n_macs: usize) -> bool {
        if self.is_spent() {
            return false;
        }
        self.n_macs += n_macs;
        true
    }

    /// Whether nothing more will be computed.
    pub(super) const fn is_spent(&self) -> bool {
        self.n_macs >= MACS_MAX || self.n_bytes >= BYTES_MAX
    }
}

const fn algorithm_of(tag: &Tag) -> Algorithm {
    match tag {
        Tag::Sha1(_) => Algorithm::HmacSha1,
        Tag::Sha256(_) => Algorithm::HmacSha256,
    }
}

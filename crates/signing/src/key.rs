//! A key's two halves: the id that everybody may see, and the secret that nobody may.
//!
//! Invariant: a `SecretKey` is wiped when dropped, and has no way into a log, a page or a file.

use std::borrow::Borrow;
use std::fmt;
use std::sync::{Arc, LazyLock};

use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

/// The `SecretId` of a request. Public in spite of its name: it travels in every call.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(from = "String", into = "String")]
pub struct KeyId(Arc<str>);

impl KeyId {
    /// A key id, spelled as it was issued.
    #[must_use]
    pub fn new(id: impl Into<Arc<str>>) -> Self {
        Self(id.into())
    }

    /// The id as issued.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The first and the last four characters, `AKID…hESA`: enough to tell one's own keys apart in a log. An id so short
    /// that this would show all of it becomes `…`.
    #[must_use]
    pub fn masked(&self) -> String {
        let n_chars = self.0.chars().count();
        if n_chars < 12 {
            return "…".to_owned();
        }
        let head = self.0.chars().take(4);
        let tail = self.0.chars().skip(n_chars - 4);
        head.chain(['…']).chain(tail).collect()
    }
}

impl fmt::Display for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl From<&str> for KeyId {
    fn from(id: &str) -> Self {
        Self(id.into())
    }
}

impl From<String> for KeyId {
    fn from(id: String) -> Self {
        Self(id.into())
    }
}

impl From<KeyId> for String {
    fn from(id: KeyId) -> Self {
        id.0.as_ref().to_owned()
    }
}

impl AsRef<str> for KeyId {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

impl Borrow<str> for KeyId {
    fn borrow(&self) -> &str {
        &self.0
    }
}

/// The `SecretKey` of an account: its bytes key the HMAC. It cannot be displayed, compared or serialised.
#[derive(Clone)]
pub struct SecretKey(Zeroizing<Vec<u8>>);

impl SecretKey {
    /// A secret, taken over: the bytes are wiped when it is dropped.
    #[must_use]
    pub fn new(bytes: impl Into<Vec<u8>>) -> Self {
        Self(Zeroizing::new(bytes.into()))
    }

    /// The bytes, for the MAC and for sealing.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Debug for SecretKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

/// A secret that belongs to nobody: a call with an unknown key is checked against it, so that it takes the same work as
/// a wrong signature. The text stands in the source, so a verdict reached with it means nothing: see
/// [`v2::refuse_unknown`](crate::v2::refuse_unknown), which discards it.
#[must_use]
pub fn dummy_secret() -> &'static SecretKey {
    static DUMMY: LazyLock<SecretKey> =
        LazyLock::new(|| SecretKey::new("nobodysecretnobodysecretnobodyse"));
    &DUMMY
}

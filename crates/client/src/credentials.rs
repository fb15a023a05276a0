//! `Credentials`: with what a call is signed.

use faregate_signing::{KeyId, SecretKey};

/// A key, and the Token that a temporary one comes with. Debug output hides the secret halves.
#[derive(Clone)]
pub struct Credentials {
    /// The SecretId.
    pub secret_id: KeyId,
    /// The SecretKey.
    pub secret_key: SecretKey,
    /// A temporary key's Token.
    pub token: Option<String>,
}

impl Credentials {
    /// A lasting key.
    #[must_use]
    pub fn new(secret_id: &str, secret_key: &str) -> Self {
        Self { secret_id: secret_id.into(), secret_key: SecretKey::new(secret_key), token: None }
    }

    /// A temporary key.
    #[must_use]
    pub fn with_token(mut self, token: impl Into<String>) -> Self {
        self.token = Some(token.into());
        self
    }
}

impl std::fmt::Debug for Credentials {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Credentials").field("secret_id", &self.secret_id).finish_non_exhaustive()
    }
}

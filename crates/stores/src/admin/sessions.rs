//! Temporary credentials: a key with a Token that ends by itself, and narrows what its maker may do.

use faregate_pipeline::time::Millis;
use faregate_signing::KeyId;
use serde_json::json;
use zeroize::Zeroizing;

use super::keys::draw;
use super::users::no_user;
use super::{Admin, no_account};
use crate::error::AdminError;
use crate::sqlite::users::{self, Terms};
use crate::sqlite::{accounts, changed, policies};

/// How long a session may be at most, and at least.
const SESSION_S: std::ops::RangeInclusive<i64> = 60..=43_200;

/// A session that ended is kept so long, so that its calls are told that it ended.
const KEPT_MS: i64 = 3_600_000;

/// What a session is for.
#[derive(Clone, Debug)]
pub struct NewSession {
    /// Whose money and objects it works with.
    pub account: String,
    /// As whom: a user of the account, or the account itself.
    pub user: Option<String>,
    /// The key that asks for it: the session ends with it.
    pub issuer: String,
    /// What people call it.
    pub name: String,
    /// What it may do at most; none is whatever its user may.
    pub policy: Option<String>,
    /// How long it is good.
    pub seconds: i64,
}

/// Temporary credentials just made. Shown this once.
pub struct Session {
    /// `AKID` and 32 letters and digits.
    pub secret_id: KeyId,
    /// 32 letters and digits.
    pub secret_key: Zeroizing<String>,
    /// What every call must carry.
    pub token: Zeroizing<String>,
    /// When it ends.
    pub expires_at: Millis,
}

impl std::fmt::Debug for Session {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Session").field("secret_id", &self.secret_id).finish_non_exhaustive()
    }
}

impl Admin {
    /// Makes temporary credentials.
    ///
    /// # Errors
    /// There is no such account or user, or the time is too short or too long.
    pub fn create_session(&mut self, new: &NewSession) -> Result<Session, AdminError> {
        if !SESSION_S.contains(&new.seconds) {
            return Err(AdminError::Invalid(format!(
                "a session is good for {} to {} seconds",
                SESSION_S.start(),
                SESSION_S.end()
            )));
        }
        if let Some(policy) = &new.policy {
            super::policies::readable("session", policy)?;
        }
        let now = self.now()?;
        let expires_at = now.plus(new.seconds.saturating_mul(1000));
        let secret_id = KeyId::from(format!("AKID{}", *draw()?));
        let (secret_key, token) = (draw()?, draw()?);
        self.change(|c, vault, noted| {
            if accounts::account(c, &new.account)?.is_none() {
                return Err(no_account(&new.account));
            }
            if let Some(user) = &new.user {
                users::user(c, &new.account, user)?.ok_or_else(|| no_user(user))?;
            }
            users::forget_sessions(c, now.plus(-KEPT_MS))?;
            let id = secret_id.as_str();
            let sealed = (id, secret_key.as_str(), Some(token.as_str()));
            accounts::insert_key(c, vault, &new.account, sealed, now)?;
            let terms = Terms {
                user: new.user.as_deref(),
                expires_at: Some(expires_at),
                issuer: Some(&new.issuer),
                session: Some(&new.name),
            };
            users::set_terms(c, id, terms)?;
            if let Some(policy) = &new.policy {
                policies::set_session(c, id, policy)?;
            }
            let after = json!({
                "accountId": new.account,
                "user": new.user,
                "issuer": new.issuer,
                "session": new.name,
                "expiresAt": expires_at.as_secs(),
            });
            noted.changed("CreateSession", format!("key/{id}"), (None, Some(after)));
            Ok(changed(c, "key", id, now)?)
        })?;
        Ok(Session { secret_id, secret_key, token, expires_at })
    }
}

//! Keys: made, imported, switched off.

use std::fmt;

use faregate_pipeline::facts::Key;
use faregate_pipeline::time::Millis;
use faregate_signing::KeyId;
use serde_json::{Value, json};
use zeroize::Zeroizing;

use super::users::no_user;
use super::{Admin, check_id, no_account};
use crate::clock;
use crate::error::{AdminError, Fault};
use crate::sql::Connection;
use crate::sqlite::accounts::{self, KeyEntry};
use crate::sqlite::users::{self, Terms};
use crate::sqlite::{changed, policies};
use crate::vault::Vault;

/// Letters and digits of a drawn id or secret.
const ALPHABET: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
const DRAWN: usize = 32;

/// A key just made. The secret is shown this once.
pub struct NewKey {
    /// `AKID` and 32 letters and digits.
    pub secret_id: KeyId,
    /// 32 letters and digits.
    pub secret_key: Zeroizing<String>,
}

impl fmt::Debug for NewKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NewKey").field("secret_id", &self.secret_id).finish_non_exhaustive()
    }
}

impl Admin {
    /// Draws a key for an account.
    ///
    /// # Errors
    /// There is no such account, or it has two live keys already.
    pub fn create_key(&mut self, account: &str) -> Result<NewKey, AdminError> {
        self.create_key_for(account, None, None)
    }

    /// Draws a key for a user of an account, or for the account itself; one with an end ends then.
    ///
    /// # Errors
    /// There is no such account or user, or whoever it is for has two live keys already.
    pub fn create_key_for(
        &mut self,
        account: &str,
        user: Option<&str>,
        seconds: Option<i64>,
    ) -> Result<NewKey, AdminError> {
        let now = self.now()?;
        let expires_at = seconds.map(|seconds| now.plus(seconds.saturating_mul(1000)));
        let new = drawn()?;
        self.change(|c, vault, noted| {
            let owner = Owner { account, user };
            owner.check(c, now)?;
            insert(c, vault, (&new, owner, expires_at), now)?;
            noted.changed(
                "CreateKey",
                format!("key/{}", new.secret_id),
                (None, Some(owner.value(expires_at))),
            );
            Ok(())
        })?;
        Ok(new)
    }

    /// Draws the key that comes after another one, which ends when the overlap is over.
    ///
    /// # Errors
    /// There is no such key, it is not live or is a session's, or there is no room for one more.
    pub fn rotate_key(&mut self, id: &str, overlap_s: i64) -> Result<(NewKey, Millis), AdminError> {
        let now = self.now()?;
        let end = now.plus(overlap_s.saturating_mul(1000));
        let new = drawn()?;
        self.change(|c, vault, noted| {
            let row = users::key_row(c, id)?.ok_or_else(|| no_key(id))?;
            if row.temporary || !row.is_live(now) {
                let say = format!("the key `{id}` is not live, so nothing comes after it");
                return Err(AdminError::Refused(say));
            }
            let owner = Owner { account: &row.account, user: row.user.as_deref() };
            owner.check(c, now)?;
            insert(c, vault, (&new, owner, row.expires_at), now)?;
            policies::limit_alike(c, new.secret_id.as_str(), id)?;
            // An end that was there already may be the earlier one.
            let end = row.expires_at.map_or(end, |known| known.min(end));
            users::set_end(c, id, end)?;
            let before = json!({ "expiresAt": row.expires_at.map(Millis::as_secs) });
            let after = json!({ "expiresAt": end.as_secs(), "next": new.secret_id.as_str() });
            noted.changed("RotateKey", format!("key/{id}"), (Some(before), Some(after)));
            Ok(changed(c, "key", id, now)?)
        })?;
        Ok((new, end))
    }

    /// The newest key of an account, opened, that `may`: for signing in its name what it may read.
    ///
    /// # Errors
    /// The store failed, or a key does not open.
    pub fn newest_key(
        &self,
        account: &str,
        may: impl Fn(&Key) -> bool,
    ) -> Result<Option<Key>, AdminError> {
        for entry in self.list_keys(Some(account))?.iter().rev() {
            let key = accounts::key(self.connection()?, &self.vault, entry.id.as_str())?;
            if let Some(key) = key.filter(&may) {
                return Ok(Some(key));
            }
        }
        Ok(None)
    }

    /// Takes over a key that exists elsewhere; with a token it is a temporary one.
    ///
    /// # Errors
    /// There is no such account, or there is such a key.
    pub fn import_key(
        &mut self,
        account: &str,
        id: &str,
        secret: &str,
        token: Option<&str>,
    ) -> Result<(), AdminError> {
        check_id("a key", id)?;
        if secret.is_empty() || token.is_some_and(str::is_empty) {
            return Err(AdminError::Invalid("a secret or token cannot be empty".to_owned()));
        }
        self.change(|c, vault, noted| {
            if accounts::account(c, account)?.is_none() {
                return Err(no_account(account));
            }
            if accounts::key_exists(c, id)? {
                return Err(AdminError::Exists { what: "a key", name: id.to_owned() });
            }
            let now = clock::wall();
            accounts::insert_key(c, vault, account, (id, secret, token), now)?;
            let after = Some(
                json!({ "accountId": account, "enabled": true, "temporary": token.is_some() }),
            );
            noted.changed("CreateKey", format!("key/{id}"), (None, after));
            Ok(changed(c, "key", id, now)?)
        })
    }

    /// The keys of an account, or of all; without their secrets.
    ///
    /// # Errors
    /// The store failed.
    pub fn list_keys(&self, account: Option<&str>) -> Result<Vec<KeyEntry>, AdminError> {
        Ok(accounts::keys(self.connection()?, account)?)
    }

    /// Switches a key off, or on again.
    ///
    /// # Errors
    /// There is no such key.
    pub fn set_key_enabled(&mut self, id: &str, enabled: bool) -> Result<(), AdminError> {
        self.change(|c, _, noted| {
            let before = accounts::key_enabled(c, id)?.ok_or_else(|| no_key(id))?;
            accounts::set_key_enabled(c, id, enabled)?;
            let action = if enabled { "EnableKey" } else { "DisableKey" };
            let values = (json!({ "enabled": before }), json!({ "enabled": enabled }));
            noted.changed(action, format!("key/{id}"), (Some(values.0), Some(values.1)));
            Ok(changed(c, "key", id, clock::wall())?)
        })
    }
}

/// Whose a key is.
#[derive(Clone, Copy)]
struct Owner<'a> {
    account: &'a str,
    user: Option<&'a str>,
}

/// How many live keys a user has at most: one that is in use, and one to go over to.
const LIVE_MAX: usize = 2;

impl Owner<'_> {
    /// It exists, and has room for one more key.
    fn check(self, c: &Connection, now: Millis) -> Result<(), AdminError> {
        let Self { account, user } = self;
        if accounts::account(c, account)?.is_none() {
            return Err(no_account(account));
        }
        if let Some(user) = user {
            users::user(c, account, user)?.ok_or_else(|| no_user(user))?;
        }
        if users::n_live(c, account, user, now)? < LIVE_MAX {
            return Ok(());
        }
        let whose = user.map_or_else(
            || format!("the account `{account}`"),
            |user| format!("the user `{user}` of the account `{account}`"),
        );
        Err(AdminError::KeyLimit(whose))
    }

    fn value(self, expires_at: Option<Millis>) -> Value {
        json!({
            "accountId": self.account,
            "user": self.user,
            "enabled": true,
            "expiresAt": expires_at.map(Millis::as_secs),
        })
    }
}

fn drawn() -> Result<NewKey, Fault> {
    let secret_id = KeyId::from(format!("AKID{}", *draw()?));
    Ok(NewKey { secret_id, secret_key: draw()? })
}

fn insert(
    c: &Connection,
    vault: &Vault,
    (new, owner, expires_at): (&NewKey, Owner<'_>, Option<Millis>),
    now: Millis,
) -> Result<(), Fault> {
    let id = new.secret_id.as_str();
    accounts::insert_key(c, vault, owner.account, (id, &new.secret_key, None), now)?;
    users::set_terms(c, id, Terms { user: owner.user, expires_at, ..Terms::default() })?;
    changed(c, "key", id, now)
}

impl Admin {
    /// Whose key it is: its account, and its user if it has one; none if there is no such key.
    ///
    /// # Errors
    /// The store failed.
    pub fn key_owner(&self, id: &str) -> Result<Option<(String, Option<String>)>, AdminError> {
        let row = users::key_row(self.connection()?, id)?;
        Ok(row.map(|row| (row.account, row.user)))
    }

    /// Is something attached to the key itself: a policy, or from where it may be used.
    ///
    /// # Errors
    /// The store failed.
    pub fn is_key_limited(&self, id: &str) -> Result<bool, AdminError> {
        Ok(policies::is_limited(self.connection()?, id)?)
    }

    /// Takes a key away for good, if it is not live any more.
    ///
    /// # Errors
    /// There is no such key, or it is enabled.
    pub fn delete_key(&mut self, id: &str) -> Result<(), AdminError> {
        self.change(|c, _, noted| {
            let row = users::key_row(c, id)?.ok_or_else(|| no_key(id))?;
            if row.is_live(clock::wall()) && !row.temporary {
                let say = format!("the key `{id}` is enabled: disable it before it is deleted");
                return Err(AdminError::Refused(say));
            }
            accounts::delete_key(c, &row.account, id)?;
            let before =
                Some(json!({ "accountId": row.account, "user": row.user, "enabled": row.enabled }));
            noted.changed("DeleteKey", format!("key/{id}"), (before, None));
            Ok(changed(c, "key", id, clock::wall())?)
        })
    }
}

fn no_key(id: &str) -> AdminError {
    AdminError::NotFound { what: "key", name: id.to_owned() }
}

/// Draws each character with the same chance: a byte beyond the last whole alphabet is drawn again.
pub(super) fn draw() -> Result<Zeroizing<String>, Fault> {
    let mut text = Zeroizing::new(String::with_capacity(DRAWN));
    let mut bytes = Zeroizing::new([0_u8; DRAWN]);
    while text.len() < DRAWN {
        getrandom::fill(&mut *bytes)?;
        let fair = bytes.iter().filter(|byte| **byte < 248).map(|byte| usize::from(*byte) % 62);
        let letters = fair.filter_map(|at| ALPHABET.get(at)).map(|letter| char::from(*letter));
        let missing = DRAWN - text.len();
        text.extend(letters.take(missing));
    }
    Ok(text)
}

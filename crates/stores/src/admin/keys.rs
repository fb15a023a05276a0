//! Keys: made, imported, switched off.

use std::fmt;

use faregate_pipeline::facts::Key;
use faregate_signing::KeyId;
use serde_json::json;
use zeroize::Zeroizing;

use super::{Admin, Side, check_id, no_account};
use crate::clock;
use crate::error::{AdminError, Fault};
use crate::sqlite::accounts::{self, KeyEntry};
use crate::sqlite::changed;

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
    /// There is no such account.
    pub fn create_key(&mut self, account: &str) -> Result<NewKey, AdminError> {
        let secret_id = KeyId::from(format!("AKID{}", *draw()?));
        let secret_key = draw()?;
        self.import_key(account, secret_id.as_str(), &secret_key, None)?;
        Ok(NewKey { secret_id, secret_key })
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
        if let Side::Shared(operator) = &self.side {
            return operator.import_key(&self.vault, account, (id, secret, token));
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
        if let Side::Shared(operator) = &self.side {
            return operator.keys(account);
        }
        Ok(accounts::keys(self.connection()?, account)?)
    }

    /// Switches a key off, or on again.
    ///
    /// # Errors
    /// There is no such key.
    pub fn set_key_enabled(&mut self, id: &str, enabled: bool) -> Result<(), AdminError> {
        if let Side::Shared(operator) = &self.side {
            let is_there = operator.set_key_enabled(id, enabled)?;
            return is_there.then_some(()).ok_or_else(|| no_key(id));
        }
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

impl Admin {
    /// Whose key it is; none if there is no such key.
    ///
    /// # Errors
    /// The store failed.
    pub fn key_account(&self, id: &str) -> Result<Option<String>, AdminError> {
        Ok(accounts::key_account(self.connection()?, id)?)
    }

    /// Takes a key away for good, if it is not live any more.
    ///
    /// # Errors
    /// There is no such key, or it is enabled.
    pub fn delete_key(&mut self, id: &str) -> Result<(), AdminError> {
        self.change(|c, _, noted| {
            if accounts::key_enabled(c, id)?.ok_or_else(|| no_key(id))? {
                let say = format!("the key `{id}` is enabled: disable it before it is deleted");
                return Err(AdminError::Refused(say));
            }
            let account = accounts::key_account(c, id)?;
            accounts::delete_key(c, id)?;
            let before = Some(json!({ "accountId": account, "enabled": false }));
            noted.changed("DeleteKey", format!("key/{id}"), (before, None));
            Ok(changed(c, "key", id, clock::wall())?)
        })
    }
}

fn no_key(id: &str) -> AdminError {
    AdminError::NotFound { what: "key", name: id.to_owned() }
}

/// Draws each character with the same chance: a byte beyond the last whole alphabet is drawn again.
fn draw() -> Result<Zeroizing<String>, Fault> {
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

//! Keys: with what an account signs.

use faregate_stores::KeyEntry;
use serde::{Deserialize, Serialize};

use super::{Act, Desk, Done, For, Refused};

/// A key, without its secret.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct KeyView {
    secret_id: String,
    account_id: String,
    enabled: bool,
    /// Calls with it must carry its Token.
    temporary: bool,
    /// In seconds since 1970.
    created_at: i64,
}

impl From<&KeyEntry> for KeyView {
    fn from(key: &KeyEntry) -> Self {
        Self {
            secret_id: key.id.to_string(),
            account_id: key.account.clone(),
            enabled: key.enabled,
            temporary: key.has_token,
            created_at: key.created_at.as_secs(),
        }
    }
}

/// The key, if the caller may have to do with it: its account.
fn owned(desk: &Desk<'_>, id: &str) -> Result<String, Refused> {
    let account = desk.admin.key_account(id)?.ok_or(Refused::Absent("key"))?;
    desk.account(Some(account)).map_err(|_| Refused::Absent("key"))
}

/// Draws a key. Its SecretKey is shown this once.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct CreateKey {
    /// Of this account; without it, the caller's own.
    account_id: Option<String>,
}

/// A key just made.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct Made {
    account_id: String,
    secret_id: String,
    /// Shown this once. An answer that is told again, to a copy of the call, is without it.
    secret_key: String,
}

impl Act for CreateKey {
    type Answer = Made;
    const ACTION: &'static str = "CreateKey";
    const FOR: For = For::Everyone;
    const WRITES: bool = true;

    fn act(self, desk: &mut Desk<'_>) -> Result<Made, Refused> {
        let account_id = desk.account(self.account_id)?;
        desk.makes_keys()?;
        let key = desk.admin.create_key(&account_id)?;
        let (secret_id, secret_key) = (key.secret_id.to_string(), key.secret_key.to_string());
        Ok(Made { account_id, secret_id, secret_key })
    }
}

/// Lists keys, without their secrets.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct DescribeKeys {
    /// Of this account; without it, the caller's own, and an operator's all.
    account_id: Option<String>,
}

/// Keys.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct Keys {
    keys: Vec<KeyView>,
}

impl Act for DescribeKeys {
    type Answer = Keys;
    const ACTION: &'static str = "DescribeKeys";
    const FOR: For = For::Everyone;
    const WRITES: bool = false;

    fn act(self, desk: &mut Desk<'_>) -> Result<Keys, Refused> {
        let account = desk.listed(self.account_id)?;
        let keys = desk.admin.list_keys(account.as_deref())?;
        Ok(Keys { keys: keys.iter().map(KeyView::from).collect() })
    }
}

/// Is it taken.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct Switched {
    secret_id: String,
    enabled: bool,
}

/// Refuses a key from the next call on, like an unknown one.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct DisableKey {
    /// The key's SecretId.
    key_id: String,
}

impl Act for DisableKey {
    type Answer = Switched;
    const ACTION: &'static str = "DisableKey";
    const FOR: For = For::Everyone;
    const WRITES: bool = true;

    fn act(self, desk: &mut Desk<'_>) -> Result<Switched, Refused> {
        owned(desk, &self.key_id)?;
        desk.admin.set_key_enabled(&self.key_id, false)?;
        Ok(Switched { secret_id: self.key_id, enabled: false })
    }
}

/// Takes a disabled key again.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct EnableKey {
    /// The key's SecretId.
    key_id: String,
}

impl Act for EnableKey {
    type Answer = Switched;
    const ACTION: &'static str = "EnableKey";
    const FOR: For = For::Everyone;
    const WRITES: bool = true;

    fn act(self, desk: &mut Desk<'_>) -> Result<Switched, Refused> {
        owned(desk, &self.key_id)?;
        desk.admin.set_key_enabled(&self.key_id, true)?;
        Ok(Switched { secret_id: self.key_id, enabled: true })
    }
}

/// Takes a key away for good. It has to be disabled, or past its time.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct DeleteKey {
    /// The key's SecretId.
    key_id: String,
}

impl Act for DeleteKey {
    type Answer = Done;
    const ACTION: &'static str = "DeleteKey";
    const FOR: For = For::Everyone;
    const WRITES: bool = true;

    fn act(self, desk: &mut Desk<'_>) -> Result<Done, Refused> {
        owned(desk, &self.key_id)?;
        desk.admin.delete_key(&self.key_id)?;
        Ok(Done {})
    }
}

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
    /// The user it is for; none is the account itself.
    user_name: Option<String>,
    /// When it ends by itself, in seconds since 1970.
    expires_at: Option<i64>,
    /// When it was last used, to a minute.
    last_used_at: Option<i64>,
    /// From which address that was.
    last_used_from: Option<String>,
    /// For which action: `cvm:RunInstances`.
    last_used_for: Option<String>,
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
            user_name: key.user.clone(),
            expires_at: key.expires_at.map(|end| end.as_secs()),
            last_used_at: key.last_used.as_ref().map(|last| last.at.as_secs()),
            last_used_from: key.last_used.as_ref().map(|last| last.address.clone()),
            last_used_for: key.last_used.as_ref().map(|last| last.action.clone()),
            created_at: key.created_at.as_secs(),
        }
    }
}

/// The key, if the caller may have to do with it: its account's own, and a user's only its own.
fn owned(desk: &Desk<'_>, id: &str) -> Result<(), Refused> {
    const ABSENT: Refused = Refused::Absent("key");
    let (account, user) = desk.admin.key_owner(id)?.ok_or(ABSENT)?;
    desk.account(Some(account)).map_err(|_| ABSENT)?;
    let own = desk.caller.user.is_none() || desk.caller.user == user;
    if own { Ok(()) } else { Err(ABSENT) }
}

/// Draws a key. Its SecretKey is shown this once.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct CreateKey {
    /// Of this account; without it, the caller's own.
    account_id: Option<String>,
    /// For this user of the account; without it, for the caller itself.
    user_name: Option<String>,
    /// How long it is good; without it, until it is disabled.
    #[cfg_attr(test, schemars(range(min = 60, max = 315_360_000)))]
    duration_seconds: Option<u32>,
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
        let account_id = desk.lasting(self.account_id)?;
        desk.makes_keys()?;
        let user = match (self.user_name, &desk.caller.user) {
            (Some(named), Some(own)) if named != *own => return Err(Refused::Absent("user")),
            (named, own) => named.or_else(|| own.clone()),
        };
        let seconds = self.duration_seconds.map(i64::from);
        let key = desk.admin.create_key_for(&account_id, user.as_deref(), seconds)?;
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

/// Draws the key that comes after another one, which ends by itself when the overlap is over.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct RotateKey {
    /// The SecretId of the key that is in use.
    key_id: String,
    /// How long both are good; a day without it.
    #[cfg_attr(test, schemars(range(min = 0, max = 2_592_000)))]
    overlap_seconds: Option<u32>,
}

/// The key that comes after.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct Next {
    secret_id: String,
    /// Shown this once. An answer that is told again, to a copy of the call, is without it.
    secret_key: String,
    /// When the key before ends, in seconds since 1970.
    previous_ends_at: i64,
}

impl Act for RotateKey {
    type Answer = Next;
    const ACTION: &'static str = "RotateKey";
    const FOR: For = For::Everyone;
    const WRITES: bool = true;

    fn act(self, desk: &mut Desk<'_>) -> Result<Next, Refused> {
        desk.signs_for_good()?;
        owned(desk, &self.key_id)?;
        let overlap = i64::from(self.overlap_seconds.unwrap_or(86_400));
        let (key, end) = desk.admin.rotate_key(&self.key_id, overlap)?;
        let (secret_id, secret_key) = (key.secret_id.to_string(), key.secret_key.to_string());
        Ok(Next { secret_id, secret_key, previous_ends_at: end.as_secs() })
    }
}

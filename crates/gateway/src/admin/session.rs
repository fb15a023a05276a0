//! Temporary credentials, at `sts.<base domain>`: `GetFederationToken`, `AssumeRole`.
//!
//! A session is a row like any key: it can be looked up, listed and taken away, and it ends with the key that asked for
//! it. A sealed Token alone would need no row, and could not be taken back.

use faregate_stores::{NewSession, Session};
use serde::{Deserialize, Serialize};

use super::{Act, Desk, For, NOT_POSSIBLE, Refused};

/// How long a session is good, if nobody says.
const SECONDS: u32 = 1_800;

/// Credentials, shown this once.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct Credentials {
    tmp_secret_id: String,
    tmp_secret_key: String,
    /// Every call must carry it, as `Token`.
    token: String,
}

/// Temporary credentials.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct Made {
    credentials: Credentials,
    /// In seconds since 1970.
    expired_time: i64,
}

impl From<Session> for Made {
    fn from(session: Session) -> Self {
        Self {
            credentials: Credentials {
                tmp_secret_id: session.secret_id.to_string(),
                tmp_secret_key: session.secret_key.to_string(),
                token: session.token.to_string(),
            },
            expired_time: session.expires_at.as_secs(),
        }
    }
}

/// Makes temporary credentials of the caller's own, which may do at most what the policy says.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct GetFederationToken {
    /// What people call the session.
    #[cfg_attr(test, schemars(length(min = 1, max = 128)))]
    name: String,
    /// A policy, as JSON, percent-encoded once more or not: the session may do at most what it and the policies of the
    /// caller both allow.
    #[cfg_attr(test, schemars(length(max = 8192)))]
    policy: Option<String>,
    /// How long it is good; 1800 without it.
    #[cfg_attr(test, schemars(range(min = 60, max = 43200)))]
    duration_seconds: Option<u32>,
}

impl Act for GetFederationToken {
    type Answer = Made;
    const ACTION: &'static str = "GetFederationToken";
    const FOR: For = For::Everyone;
    const WRITES: bool = true;

    fn act(self, desk: &mut Desk<'_>) -> Result<Made, Refused> {
        let account = desk.lasting(None)?;
        let user = desk.caller.user.clone();
        make(desk, (account, user), self.name, self.policy, self.duration_seconds)
    }
}

/// Makes temporary credentials of a user that trusts the caller, of the same account or of another.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct AssumeRole {
    /// `qcs::cam::uin/ACCOUNT:roleName/USER`.
    #[cfg_attr(test, schemars(regex(pattern = "^qcs::cam::uin/[^:/]+:roleName/[^:/]+$")))]
    role_arn: String,
    /// What people call the session.
    #[cfg_attr(test, schemars(length(min = 1, max = 128)))]
    role_session_name: String,
    /// A policy, as JSON, percent-encoded once more or not: it narrows what the policies of the user allow.
    #[cfg_attr(test, schemars(length(max = 8192)))]
    policy: Option<String>,
    /// How long it is good; 1800 without it.
    #[cfg_attr(test, schemars(range(min = 60, max = 43200)))]
    duration_seconds: Option<u32>,
}

impl Act for AssumeRole {
    type Answer = Made;
    const ACTION: &'static str = "AssumeRole";
    const FOR: For = For::Everyone;
    const WRITES: bool = true;

    fn act(self, desk: &mut Desk<'_>) -> Result<Made, Refused> {
        const ABSENT: Refused = Refused::Absent("role");
        let own = desk.lasting(None)?;
        let parts = self.role_arn.strip_prefix("qcs::cam::uin/");
        let (account, name) = parts.and_then(|it| it.split_once(":roleName/")).ok_or(ABSENT)?;
        let users = desk.admin.list_users(account)?;
        let user = users.into_iter().find(|user| user.name == name);
        let as_user = desk.caller.user.as_ref().map(|user| format!("{own}/{user}"));
        // One that does not trust the caller is told as one that does not exist.
        let trusts = |name: &String| *name == own || Some(name) == as_user.as_ref();
        let user = user.filter(|user| user.enabled && user.trusted.iter().any(trusts));
        let user = user.ok_or(ABSENT)?;
        let whom = (user.account, Some(user.name));
        make(desk, whom, self.role_session_name, self.policy, self.duration_seconds)
    }
}

fn make(
    desk: &mut Desk<'_>,
    (account, user): (String, Option<String>),
    name: String,
    policy: Option<String>,
    seconds: Option<u32>,
) -> Result<Made, Refused> {
    let Some(issuer) = desk.caller.key.clone() else {
        let say = "a session is asked for with a key".to_owned();
        return Err(Refused::Not(NOT_POSSIBLE, say));
    };
    let policy = policy.map(|text| plain(&text));
    let seconds = i64::from(seconds.unwrap_or(SECONDS));
    let new = NewSession { account, user, issuer, name, policy, seconds };
    Ok(desk.admin.create_session(&new)?.into())
}

/// The text of a policy: some clients percent-encode it before they sign (PROTOCOL 3.1).
fn plain(text: &str) -> String {
    if text.trim_start().starts_with('{') {
        return text.to_owned();
    }
    let decoded = faregate_signing::form::decode(&format!("p={}", text.replace('+', "%2B")));
    let pair = decoded.ok().and_then(|pairs| pairs.into_iter().next());
    pair.map_or_else(|| text.to_owned(), |(_, value)| value)
}

//! Administration is a module: its actions pass every gate, and end here instead of at an upstream.
//!
//! One file a noun: the parameters as a type, the answer as a type, and what is done between the two. The command
//! line, on a data folder of its own, asks the same functions. The OpenAPI documents are made from the types
//! (`document`, a test), so pages, validation and DryRun know what the handlers know.
//! Invariant: what belongs to another account is told as what does not exist. Never: a secret in an answer that is
//! kept.

mod account;
mod audit;
mod codes;
#[cfg(test)]
mod document;
mod feedback;
mod key;
mod maintenance;
mod module;
mod money;
mod request;
mod session;
mod user;

use bytes::Bytes;
use faregate_pipeline::facts::Key;
use faregate_pipeline::operation::Upstream;
use faregate_stores::{Admin, AdminError, OPERATORS};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};

use crate::shared::Shared;

/// Who asks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Caller {
    /// Its account; none for who has the data folder itself.
    pub account: Option<String>,
    /// May it ask about other accounts.
    pub operator: bool,
    /// Do policies say what its key may do.
    pub limited: bool,
    /// The user of the account that asks; none is the account itself.
    pub user: Option<String>,
    /// The key that signed.
    pub key: Option<String>,
    /// Does it sign with temporary credentials.
    pub temporary: bool,
}

impl Caller {
    /// Who has the data folder itself.
    pub const LOCAL: Self = Self {
        account: None,
        operator: true,
        limited: false,
        user: None,
        key: None,
        temporary: false,
    };

    /// Who signed with this key.
    pub(crate) fn of(key: &Key) -> Self {
        let operator = key.account.groups.iter().any(|group| group == OPERATORS);
        Self {
            account: Some(key.account.id.clone()),
            operator,
            limited: key.policies.is_some(),
            user: key.user.clone(),
            key: Some(key.id.to_string()),
            temporary: key.token.is_some(),
        }
    }
}

/// Why it was not done. Nothing was changed.
#[derive(Debug, thiserror::Error)]
pub enum Refused {
    /// There is no such thing, or none of the caller's.
    #[error("there is no such {0}")]
    Absent(&'static str),
    /// A parameter cannot be so.
    #[error("{0}")]
    Invalid(String),
    /// Not as things are; with the module's own code.
    #[error("{1}")]
    Not(&'static str, String),
    /// The store failed.
    #[error("the store failed: {0}")]
    Down(String),
}

/// The module's own codes: what they say, and what to do.
#[cfg(test)]
pub(crate) const ERRORS: &[(&str, &str, &str)] = &[
    (
        EXISTS,
        "there is one of that name already",
        "Choose another name, or use the one that is there.",
    ),
    (
        KEY_LIMIT,
        "a user has two live keys at most",
        "Delete or disable one of the two: DescribeKeys lists them.",
    ),
    (
        BREAKING,
        "it breaks callers, or opens what was closed",
        "Look at the changes that the message names, and say allowBreaking if they are meant.",
    ),
    (NOT_POSSIBLE, "not as things are", "The message says what stands in the way."),
];
pub(crate) const EXISTS: &str = "Exists";
pub(crate) const KEY_LIMIT: &str = "KeyLimit";
pub(crate) const BREAKING: &str = "BreakingChange";
pub(crate) const NOT_POSSIBLE: &str = "NotPossible";

impl From<AdminError> for Refused {
    fn from(error: AdminError) -> Self {
        let say = error.to_string();
        match error {
            AdminError::NotFound { what, .. } => Self::Absent(what),
            AdminError::Exists { .. } => Self::Not(EXISTS, say),
            AdminError::Invalid(_) => Self::Invalid(say),
            AdminError::Refused(_) | AdminError::Money(_) => Self::Not(NOT_POSSIBLE, say),
            AdminError::KeyLimit(_) => Self::Not(KEY_LIMIT, say),
            AdminError::Down(_) | AdminError::NotCarried => Self::Down(say),
        }
    }
}

/// Where an action is worked at: the books, and who asks.
#[derive(Debug)]
pub(crate) struct Desk<'a> {
    pub(crate) admin: &'a mut Admin,
    caller: &'a Caller,
    /// The gateway that is asked; none for who has the data folder alone.
    gateway: Option<&'a Shared>,
}

impl Desk<'_> {
    /// The account that is asked about: the caller's own, unless an operator names another.
    fn account(&self, named: Option<String>) -> Result<String, Refused> {
        match (named, &self.caller.account) {
            (Some(named), _) if self.caller.operator => {
                self.admin.account(&named)?;
                Ok(named)
            }
            (Some(named), Some(own)) if named == *own => Ok(named),
            (Some(_), _) => Err(Refused::Absent("account")),
            (None, Some(own)) => Ok(own.clone()),
            (None, None) => Err(Refused::Invalid("accountId: which account?".to_owned())),
        }
    }

    /// Nobody makes a key that may do more than the own one: one of the account itself is under no policy, and one of a
    /// user is not under those of the key alone.
    fn makes_keys(&self) -> Result<(), Refused> {
        let own = match (&self.caller.user, &self.caller.key) {
            (Some(_), Some(key)) => self.admin.is_key_limited(key)?,
            (_, _) => self.caller.limited,
        };
        if own {
            let say = "a key under policies makes no keys, which would be under none; use a key of the account itself";
            return Err(Refused::Not(NOT_POSSIBLE, say.to_owned()));
        }
        Ok(())
    }

    /// The account that is asked about, for what outlasts a session: temporary credentials make no lasting ones.
    fn lasting(&self, named: Option<String>) -> Result<String, Refused> {
        self.signs_for_good()?;
        self.account(named)
    }

    fn signs_for_good(&self) -> Result<(), Refused> {
        if self.caller.temporary {
            let say = "temporary credentials make neither keys nor users: sign with a lasting key";
            return Err(Refused::Not(NOT_POSSIBLE, say.to_owned()));
        }
        Ok(())
    }

    /// The accounts that a list is of: none is all of them.
    fn listed(&self, named: Option<String>) -> Result<Option<String>, Refused> {
        if named.is_none() && self.caller.operator {
            return Ok(None);
        }
        self.account(named).map(Some)
    }
}

/// How many to pass over, and how many to give.
fn page(offset: Option<u32>, wanted: Option<u32>) -> (usize, usize) {
    let count = |n: u32| usize::try_from(n).unwrap_or(usize::MAX);
    (count(offset.unwrap_or_default()), count(limit(wanted)))
}

/// How many to give: what was asked for, a hundred without it, a thousand at most.
fn limit(wanted: Option<u32>) -> u32 {
    wanted.unwrap_or(100).clamp(1, 1000)
}

/// Who may call an action.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum For {
    /// The accounts of the group `operators`.
    Operators,
    /// Every account, about itself.
    Everyone,
}

/// One action: its parameters are the type itself, whose comment is what its page says.
pub(crate) trait Act: DeserializeOwned + Told {
    /// What it answers.
    type Answer: Serialize + Told;
    /// Its name.
    const ACTION: &'static str;
    /// Who may.
    const FOR: For;
    /// Does it change anything.
    #[cfg_attr(
        not(test),
        expect(dead_code, reason = "only the document needs it, and a test makes that")
    )]
    const WRITES: bool;

    fn act(self, desk: &mut Desk<'_>) -> Result<Self::Answer, Refused>;
}

/// Has a schema: for the documents, which are made by a test.
#[cfg(test)]
pub(crate) trait Told: schemars::JsonSchema {}
#[cfg(test)]
impl<T: schemars::JsonSchema> Told for T {}
#[cfg(not(test))]
pub(crate) trait Told {}
#[cfg(not(test))]
impl<T> Told for T {}

/// An answer that says nothing but that it was done.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct Done {}

/// One action, whatever its types.
pub(crate) struct Entry {
    pub(crate) action: &'static str,
    pub(crate) open_to: For,
    #[cfg(test)]
    pub(crate) writes: bool,
    run: fn(&mut Desk<'_>, Map<String, Value>) -> Result<Value, Refused>,
    #[cfg(test)]
    schemas: fn() -> (Value, Value),
}

const fn entry<A: Act>() -> Entry {
    Entry {
        action: A::ACTION,
        open_to: A::FOR,
        #[cfg(test)]
        writes: A::WRITES,
        run: run::<A>,
        #[cfg(test)]
        schemas: document::schemas::<A>,
    }
}

fn run<A: Act>(desk: &mut Desk<'_>, arguments: Map<String, Value>) -> Result<Value, Refused> {
    let asked: A = serde_json::from_value(Value::Object(arguments))
        .map_err(|cause| Refused::Invalid(cause.to_string()))?;
    let answer = asked.act(desk)?;
    serde_json::to_value(answer).map_err(|cause| Refused::Down(cause.to_string()))
}

/// All actions of `account.<base domain>`.
pub(crate) const ACCOUNT: &[Entry] = &[
    entry::<account::CreateAccount>(),
    entry::<account::DescribeAccounts>(),
    entry::<account::UpdateAccount>(),
    entry::<account::SuspendAccount>(),
    entry::<account::ResumeAccount>(),
    entry::<account::CloseAccount>(),
    entry::<account::SetIdentity>(),
    entry::<key::CreateKey>(),
    entry::<key::DescribeKeys>(),
    entry::<key::DisableKey>(),
    entry::<key::EnableKey>(),
    entry::<key::DeleteKey>(),
    entry::<key::RotateKey>(),
    entry::<user::CreateUser>(),
    entry::<user::DescribeUsers>(),
    entry::<user::UpdateUser>(),
    entry::<user::DeleteUser>(),
    entry::<user::CreateGroup>(),
    entry::<user::DescribeGroups>(),
    entry::<user::UpdateGroup>(),
    entry::<user::DeleteGroup>(),
    entry::<money::TopUp>(),
    entry::<money::AdjustBalance>(),
    entry::<money::SetCredit>(),
    entry::<money::SetDailyCap>(),
    entry::<money::DescribeBalance>(),
    entry::<money::DescribeLedger>(),
    entry::<money::DescribeHolds>(),
    entry::<money::SettleHold>(),
    entry::<maintenance::PutMaintenance>(),
    entry::<maintenance::DeleteMaintenance>(),
    entry::<maintenance::DescribeMaintenance>(),
    entry::<module::PutModule>(),
    entry::<module::RollbackModule>(),
    entry::<module::DescribeModules>(),
    entry::<codes::DescribeErrorCodes>(),
    entry::<request::DescribeRequest>(),
    entry::<request::DescribeRequests>(),
    entry::<request::DescribeUsage>(),
    entry::<feedback::DescribeFeedback>(),
    entry::<feedback::AnswerFeedback>(),
    entry::<audit::DescribeAudit>(),
];

/// All actions of `sts.<base domain>`.
pub(crate) const STS: &[Entry] =
    &[entry::<session::AssumeRole>(), entry::<session::GetFederationToken>()];

/// Every action of the gateway's own modules.
fn all() -> impl Iterator<Item = &'static Entry> {
    ACCOUNT.iter().chain(STS)
}

/// Does an action; who may call it was asked by a gate, or has the data folder itself.
///
/// # Errors
/// Why it was not done.
pub fn answer(
    admin: &mut Admin,
    caller: &Caller,
    action: &str,
    arguments: Map<String, Value>,
    gateway: Option<&Shared>,
) -> Result<Value, Refused> {
    let known = all().find(|entry| entry.action == action);
    let known = known.ok_or_else(|| Refused::Down(format!("`{action}` is not built in")))?;
    if known.open_to == For::Operators && !caller.operator {
        return Err(Refused::Down(format!("`{action}` came past the gate of access")));
    }
    (known.run)(&mut Desk { admin, caller, gateway }, arguments)
}

/// The same as a module at some address would say it.
pub(crate) fn as_upstream(answered: Result<Value, Refused>) -> Upstream {
    let (status, body) = match answered {
        Ok(value) => (200, value),
        Err(Refused::Absent(_)) => (404, json!({})),
        Err(Refused::Invalid(say)) => (400, json!({ "message": say, "detail": say })),
        Err(Refused::Not(code, say)) => {
            (200, json!({ "code": 5100, "message": say, "moduleCode": code }))
        }
        Err(Refused::Down(_)) => (503, json!({})),
    };
    Upstream::Answered { status, retry_after_s: None, body: Bytes::from(body.to_string()) }
}

#[cfg(test)]
mod spec;

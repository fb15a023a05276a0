//! Accounts: who has money, keys and objects.

use std::num::NonZeroU32;

use faregate_ledger::Currency;
use faregate_pipeline::facts::{self, AccountState, MinSignature, Network, Rate, ReplayIdentity};
use faregate_stores::NewAccount;
use serde::{Deserialize, Serialize};

use super::{Act, Desk, For, Refused};

/// An account.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct AccountView {
    account_id: String,
    name: String,
    state: State,
    identity: Identity,
    groups: Vec<String>,
    /// From where it may call; empty: from anywhere.
    sources: Vec<String>,
    /// Of its money.
    currency: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    rate_per_second: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    rate_burst: Option<u32>,
    /// What makes two of its calls the same one, if not as the configuration says.
    replay_identity: Option<String>,
    /// The weakest signature that it takes of its keys, if not as the configuration says.
    min_signature: Option<String>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "lowercase")]
#[cfg_attr(test, derive(schemars::JsonSchema))]
enum State {
    Active,
    Suspended,
    Closed,
}

#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) enum Identity {
    Unverified,
    Pending,
    Verified,
    Failed,
}

impl AccountView {
    fn of(account: &facts::Account, currency: Currency) -> Self {
        let sources = account.sources.iter().map(|s| format!("{}/{}", s.address, s.prefix_bits));
        Self {
            account_id: account.id.clone(),
            name: account.name.clone(),
            state: match account.state {
                AccountState::Active => State::Active,
                AccountState::Suspended => State::Suspended,
                AccountState::Closed => State::Closed,
            },
            identity: match account.identity {
                facts::Identity::Unverified => Identity::Unverified,
                facts::Identity::Pending => Identity::Pending,
                // What is kept never is expired: that is judged when it matters.
                facts::Identity::Verified | facts::Identity::Expired => Identity::Verified,
                facts::Identity::Failed => Identity::Failed,
            },
            groups: account.groups.clone(),
            sources: sources.collect(),
            currency: currency.as_str().to_owned(),
            rate_per_second: account.rate.map(|rate| rate.per_second.get()),
            rate_burst: account.rate.map(|rate| rate.burst.get()),
            replay_identity: account.replay_identity.map(|it| it.as_str().to_owned()),
            min_signature: account.min_signature.map(|it| it.as_str().to_owned()),
        }
    }
}

/// One account.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct One {
    account: AccountView,
}

fn one(desk: &Desk<'_>, id: &str) -> Result<One, Refused> {
    let (account, currency) = desk.admin.account(id)?;
    Ok(One { account: AccountView::of(&account, currency) })
}

/// Makes an account: active, its identity unverified, with nothing.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct CreateAccount {
    /// What people call it.
    #[cfg_attr(test, schemars(length(min = 1, max = 128)))]
    name: String,
    /// Its id; without it, the next number.
    account_id: Option<String>,
    /// Of its money, for ever; CNY without it.
    #[cfg_attr(test, schemars(regex(pattern = "^[A-Z]{3}$")))]
    currency: Option<String>,
    /// Groups that an action's audience may name.
    groups: Option<Vec<String>>,
}

impl Act for CreateAccount {
    type Answer = One;
    const ACTION: &'static str = "CreateAccount";
    const FOR: For = For::Operators;
    const WRITES: bool = true;

    fn act(self, desk: &mut Desk<'_>) -> Result<One, Refused> {
        let currency = match &self.currency {
            None => Currency::CNY,
            Some(code) => Currency::parse(code)
                .ok_or_else(|| Refused::Invalid(format!("currency: `{code}` is none")))?,
        };
        let (id, groups) = (self.account_id, self.groups.unwrap_or_default());
        let new = NewAccount { id, name: self.name, groups, currency };
        let account = desk.admin.create_account(new)?;
        Ok(One { account: AccountView::of(&account, currency) })
    }
}

/// Lists accounts, oldest first; for who is no operator, its own.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct DescribeAccounts {
    /// This account alone.
    account_id: Option<String>,
    /// Those of this name alone.
    name: Option<String>,
    /// How many to pass over.
    offset: Option<u32>,
    /// How many at most; 100 without it.
    #[cfg_attr(test, schemars(range(min = 1, max = 1000)))]
    limit: Option<u32>,
}

/// A page of accounts.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct Accounts {
    /// How many there are, on all pages.
    total_count: usize,
    accounts: Vec<AccountView>,
}

impl Act for DescribeAccounts {
    type Answer = Accounts;
    const ACTION: &'static str = "DescribeAccounts";
    const FOR: For = For::Everyone;
    const WRITES: bool = false;

    fn act(self, desk: &mut Desk<'_>) -> Result<Accounts, Refused> {
        let wanted = desk.listed(self.account_id)?;
        let mut found = desk.admin.list_accounts()?;
        found.retain(|(account, _)| {
            wanted.as_ref().is_none_or(|id| account.id == *id)
                && self.name.as_ref().is_none_or(|name| account.name == *name)
        });
        let (offset, limit) = super::page(self.offset, self.limit);
        let total_count = found.len();
        let page = found.iter().skip(offset).take(limit);
        let accounts = page.map(|(account, currency)| AccountView::of(account, *currency));
        Ok(Accounts { total_count, accounts: accounts.collect() })
    }
}

/// Changes how an account is treated. What is not named stays as it is.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct UpdateAccount {
    account_id: String,
    /// The groups that it is in from now on.
    groups: Option<Vec<String>>,
    /// The addresses and networks it may call from: `203.0.113.0/24`. `any` lifts the list.
    sources: Option<Vec<String>>,
    /// How many calls a second it may make, over all actions; 0 is as many as the configuration says.
    rate_per_second: Option<u32>,
    /// How many at once; as many as a second without it.
    rate_burst: Option<u32>,
    /// What makes two of its calls the same one; `default` is what the configuration says.
    replay_identity: Option<Replay>,
    /// The weakest signature that it takes of its keys; `default` is what the configuration says.
    min_signature: Option<Least>,
}

#[derive(Clone, Copy, Debug, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
enum Least {
    HmacSHA1,
    HmacSHA256,
    #[serde(rename = "TC3-HMAC-SHA256")]
    Tc3,
    #[serde(rename = "default")]
    Default,
}

impl Least {
    const fn signature(self) -> Option<MinSignature> {
        match self {
            Self::HmacSHA1 => Some(MinSignature::V2Sha1),
            Self::HmacSHA256 => Some(MinSignature::V2Sha256),
            Self::Tc3 => Some(MinSignature::Tc3),
            Self::Default => None,
        }
    }
}

#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(test, derive(schemars::JsonSchema))]
enum Replay {
    TimestampNonce,
    Signature,
    Default,
}

impl Act for UpdateAccount {
    type Answer = One;
    const ACTION: &'static str = "UpdateAccount";
    const FOR: For = For::Operators;
    const WRITES: bool = true;

    fn act(self, desk: &mut Desk<'_>) -> Result<One, Refused> {
        let id = self.account_id;
        let sources = self.sources.map(networks).transpose()?;
        let rate = self.rate_per_second.map(|per_second| {
            let per_second = NonZeroU32::new(per_second)?;
            let burst = self.rate_burst.and_then(NonZeroU32::new).unwrap_or(per_second);
            Some(Rate { per_second, burst })
        });
        let replay = self.replay_identity.map(|replay| match replay {
            Replay::TimestampNonce => Some(ReplayIdentity::TimestampNonce),
            Replay::Signature => Some(ReplayIdentity::Signature),
            Replay::Default => None,
        });
        desk.admin.update_account(&id, |account| {
            account.groups = self.groups.unwrap_or_else(|| account.groups.clone());
            account.sources = sources.unwrap_or_else(|| account.sources.clone());
            account.rate = rate.unwrap_or(account.rate);
            account.replay_identity = replay.unwrap_or(account.replay_identity);
            let least = self.min_signature.map(Least::signature);
            account.min_signature = least.unwrap_or(account.min_signature);
        })?;
        one(desk, &id)
    }
}

fn networks(texts: Vec<String>) -> Result<Vec<Network>, Refused> {
    let named = texts.into_iter().filter(|text| text != "any");
    let network = |text: String| {
        Network::parse(&text)
            .ok_or_else(|| Refused::Invalid(format!("sources: `{text}` is no block of addresses")))
    };
    named.map(network).collect()
}

/// Refuses the calls of an account with 4300.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct SuspendAccount {
    account_id: String,
}

impl Act for SuspendAccount {
    type Answer = One;
    const ACTION: &'static str = "SuspendAccount";
    const FOR: For = For::Operators;
    const WRITES: bool = true;

    fn act(self, desk: &mut Desk<'_>) -> Result<One, Refused> {
        let own = desk.caller.account.as_ref();
        if own.is_some_and(|own| *own == self.account_id) {
            let say = "nobody suspends the account that asks".to_owned();
            return Err(Refused::Not(super::NOT_POSSIBLE, say));
        }
        desk.admin.set_state(&self.account_id, AccountState::Suspended)?;
        one(desk, &self.account_id)
    }
}

/// Takes the calls of a suspended account again.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct ResumeAccount {
    account_id: String,
}

impl Act for ResumeAccount {
    type Answer = One;
    const ACTION: &'static str = "ResumeAccount";
    const FOR: For = For::Operators;
    const WRITES: bool = true;

    fn act(self, desk: &mut Desk<'_>) -> Result<One, Refused> {
        desk.admin.set_state(&self.account_id, AccountState::Active)?;
        one(desk, &self.account_id)
    }
}

/// Closes an account for good: its calls are refused, its books stay.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct CloseAccount {
    account_id: String,
}

impl Act for CloseAccount {
    type Answer = One;
    const ACTION: &'static str = "CloseAccount";
    const FOR: For = For::Operators;
    const WRITES: bool = true;

    fn act(self, desk: &mut Desk<'_>) -> Result<One, Refused> {
        let own = desk.caller.account.as_ref();
        if own.is_some_and(|own| *own == self.account_id) {
            let say = "nobody closes the account that asks".to_owned();
            return Err(Refused::Not(super::NOT_POSSIBLE, say));
        }
        desk.admin.close_account(&self.account_id)?;
        one(desk, &self.account_id)
    }
}

/// Says what is known of an account's identity: only a verified one may buy (5500).
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct SetIdentity {
    account_id: String,
    identity: Identity,
}

impl Act for SetIdentity {
    type Answer = One;
    const ACTION: &'static str = "SetIdentity";
    const FOR: For = For::Operators;
    const WRITES: bool = true;

    fn act(self, desk: &mut Desk<'_>) -> Result<One, Refused> {
        let identity = match self.identity {
            Identity::Unverified => facts::Identity::Unverified,
            Identity::Pending => facts::Identity::Pending,
            Identity::Verified => facts::Identity::Verified,
            Identity::Failed => facts::Identity::Failed,
        };
        desk.admin.set_identity(&self.account_id, identity)?;
        one(desk, &self.account_id)
    }
}

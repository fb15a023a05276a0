//! `faregate account`: who may call.

use clap::Subcommand;
use faregate_ledger::Currency;
use faregate_pipeline::facts::{
    self, AccountState, Identity, MinSignature, Network, ReplayIdentity,
};
use faregate_pipeline::time::Millis;
use faregate_stores::{Admin, NewAccount};
use serde_json::{Value, json};

use crate::clock::now_ms;
use crate::exit::Failure;
use crate::output::{self, Shape};
use crate::place::{Place, account_of};

/// Create, list, change, suspend and resume accounts
#[derive(Debug, Subcommand)]
#[command(
    before_help = "Examples:\n  faregate account create alice\n  faregate account list --json"
)]
pub(crate) enum Account {
    /// Make an account: active, unverified, with nothing
    Create {
        /// What people call it
        name: String,
        /// Its id [default: the next number]
        #[arg(long)]
        id: Option<String>,
        /// Of its money, for ever
        #[arg(long, default_value = "CNY")]
        currency: Currency,
        /// A group that an action's audience may name; repeat for more
        #[arg(long, value_name = "GROUP")]
        group: Vec<String>,
        #[command(flatten)]
        place: Place,
    },
    /// List accounts, oldest first
    List {
        #[command(flatten)]
        place: Place,
    },
    /// Change how an account is treated
    Set {
        /// Its id or name
        account: String,
        /// What makes two of its calls the same one: `timestamp-nonce`, `signature`, or `default` for what the
        /// configuration says
        #[arg(long, value_name = "WHAT", value_parser = replay_identity, required_unless_present_any = ["min_signature", "source", "group"])]
        replay_identity: Option<Wanted<ReplayIdentity>>,
        /// The weakest signature that it takes of its keys: `HmacSHA1`, `HmacSHA256`, `TC3-HMAC-SHA256`, or `default`
        /// for what the configuration says. Actions may demand a stronger one
        #[arg(long, value_name = "METHOD", value_parser = min_signature)]
        min_signature: Option<Wanted<MinSignature>>,
        /// A block of addresses that it may call from; repeat for more, `any` for no list
        #[arg(long, value_name = "NETWORK", value_parser = crate::commands::source)]
        source: Vec<Option<Network>>,
        /// A group that it is in, in place of those that it is in now; repeat for more, `none` for none
        #[arg(long, value_name = "GROUP")]
        group: Vec<String>,
        #[command(flatten)]
        place: Place,
    },
    /// Refuse its calls with 4300
    Suspend {
        /// Its id or name
        account: String,
        #[command(flatten)]
        place: Place,
    },
    /// Close it for good: its calls are refused with 4300, its books stay
    Close {
        /// Its id or name
        account: String,
        #[command(flatten)]
        place: Place,
    },
    /// Take its calls again
    Resume {
        /// Its id or name
        account: String,
        #[command(flatten)]
        place: Place,
    },
}

impl Account {
    pub(crate) fn run(self) -> Result<(), Failure> {
        match self {
            Self::Create { name, id, currency, group, place } => {
                let new = NewAccount { id, name, groups: group, currency };
                let account = place.open()?.create_account(new)?;
                place.shape.write(&row(&account, currency), || {
                    output::data(&account.id);
                    output::note(format_args!("next: faregate key create {}", account.id));
                });
                Ok(())
            }
            Self::List { place } => list(&place.open()?, &place.shape),
            Self::Set { account, replay_identity, min_signature, source, mut group, place } => {
                let mut admin = place.open()?;
                let id = account_of(&admin, &account)?;
                if let Some(Wanted(wanted)) = replay_identity {
                    admin.set_replay_identity(&id, wanted)?;
                }
                if let Some(Wanted(wanted)) = min_signature {
                    admin.set_min_signature(&id, wanted)?;
                }
                if !source.is_empty() {
                    admin.set_sources(&id, source.into_iter().flatten().collect())?;
                }
                if !group.is_empty() {
                    group.retain(|name| name != "none");
                    admin.set_groups(&id, group)?;
                }
                show(&admin, &id, &place.shape)
            }
            Self::Suspend { account, place } => set(&place, &account, AccountState::Suspended),
            Self::Close { account, place } => set(&place, &account, AccountState::Closed),
            Self::Resume { account, place } => set(&place, &account, AccountState::Active),
        }
    }
}

/// What an account is to have, or none of its own.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Wanted<T>(Option<T>);

fn min_signature(text: &str) -> Result<Wanted<MinSignature>, String> {
    match (text, MinSignature::parse(text)) {
        ("default", _) => Ok(Wanted(None)),
        (_, Some(least)) => Ok(Wanted(Some(least))),
        (_, None) => {
            Err("it is `HmacSHA1`, `HmacSHA256`, `TC3-HMAC-SHA256` or `default`".to_owned())
        }
    }
}

fn replay_identity(text: &str) -> Result<Wanted<ReplayIdentity>, String> {
    match (text, ReplayIdentity::parse(text)) {
        ("default", _) => Ok(Wanted(None)),
        (_, Some(identity)) => Ok(Wanted(Some(identity))),
        (_, None) => Err("it is `timestamp-nonce`, `signature` or `default`".to_owned()),
    }
}

fn set(place: &Place, wanted: &str, state: AccountState) -> Result<(), Failure> {
    let mut admin = place.open()?;
    let id = account_of(&admin, wanted)?;
    admin.set_state(&id, state)?;
    show(&admin, &id, &place.shape)
}

/// The account as it is now.
pub(super) fn show(admin: &Admin, id: &str, shape: &Shape) -> Result<(), Failure> {
    let (account, currency) = admin.account(id)?;
    shape.write(&row(&account, currency), || {
        let (state, identity) =
            (state_word(account.state), identity_word(account.identity_at(Millis::new(now_ms()))));
        let replay =
            account.replay_identity.map(|replay| format!(", replays by {}", replay.as_str()));
        let replay = replay.unwrap_or_default();
        let least = account.min_signature.map(|least| format!(", signs by {}", least.as_str()));
        let least = least.unwrap_or_default();
        output::data(format_args!(
            "{} {}: {state}, {identity}{replay}{least}",
            account.id, account.name
        ));
    });
    Ok(())
}

fn list(admin: &Admin, shape: &Shape) -> Result<(), Failure> {
    let accounts = admin.list_accounts()?;
    let (mut told, mut rows) = (Vec::new(), Vec::with_capacity(accounts.len()));
    for (account, currency) in &accounts {
        let (balance, cap) = (admin.balance(&account.id)?, admin.daily(&account.id)?.cap());
        let (available, credit) = (balance.available(), balance.credit());
        let mut one = row(account, *currency);
        if let Some(members) = one.as_object_mut() {
            members.insert("available".to_owned(), available.to_string().into());
            members.insert("creditLimit".to_owned(), credit.to_string().into());
            members.insert("dailyCap".to_owned(), cap.map(|cap| cap.to_string()).into());
        }
        told.push(one);
        rows.push([
            account.id.clone(),
            account.name.clone(),
            state_word(account.state).to_owned(),
            identity_word(account.identity_at(Millis::new(now_ms()))).to_owned(),
            format!("{available} {currency}"),
            if credit.is_positive() { credit.to_string() } else { "-".to_owned() },
            cap.map_or_else(|| "-".to_owned(), |cap| cap.to_string()),
        ]);
    }
    let heads = ["ACCOUNT", "NAME", "STATE", "IDENTITY", "AVAILABLE", "CREDIT", "CAP A DAY"];
    shape.write(&Value::from(told), || output::table(heads, &rows));
    Ok(())
}

fn row(account: &facts::Account, currency: Currency) -> Value {
    json!({
        "accountId": account.id,
        "name": account.name,
        "state": state_word(account.state),
        "identity": identity_word(account.identity_at(Millis::new(now_ms()))),
        "groups": account.groups,
        "sources": account.sources.iter().map(ToString::to_string).collect::<Vec<_>>(),
        "currency": currency.as_str(),
        "replayIdentity": account.replay_identity.map(ReplayIdentity::as_str),
        "minSignature": account.min_signature.map(MinSignature::as_str),
    })
}

const fn state_word(state: AccountState) -> &'static str {
    match state {
        AccountState::Active => "active",
        AccountState::Suspended => "suspended",
        AccountState::Closed => "closed",
    }
}

pub(super) const fn identity_word(identity: Identity) -> &'static str {
    match identity {
        Identity::Unverified => "unverified",
        Identity::Pending => "pending",
        Identity::Verified => "verified",
        Identity::Failed => "failed",
        Identity::Expired => "expired",
    }
}

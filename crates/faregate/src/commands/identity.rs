//! `faregate identity`: who may buy.

use clap::{Subcommand, ValueEnum};
use faregate_pipeline::facts::{self, Account};
use faregate_pipeline::time::Millis;
use serde_json::{Value, json};

use super::account::{identity_word, show};
use crate::clock;
use crate::exit::Failure;
use crate::output;
use crate::place::{Place, account_of};

/// Say and show what is known of an account's identity
#[derive(Debug, Subcommand)]
#[command(
    before_help = "Examples:\n  faregate identity set alice verified --until 2027-12-31\n  faregate identity set 100000001 failed\n  faregate identity list pending"
)]
pub(crate) enum Identity {
    /// Only a verified account may buy: 5500
    Set {
        /// Its id or name
        account: String,
        /// What is known
        #[arg(value_enum)]
        identity: Known,
        /// The last day (UTC) on which it is good; only of a verified one [default: until it is said otherwise]
        #[arg(long, value_name = "DATE", value_parser = last_moment)]
        until: Option<Millis>,
        #[command(flatten)]
        place: Place,
    },
    /// Show what is known of an account
    Show {
        /// Its id or name
        account: String,
        #[command(flatten)]
        place: Place,
    },
    /// List accounts by what is known of them: `list pending` are those to be judged
    List {
        /// In this state alone
        #[arg(value_enum)]
        identity: Option<Listed>,
        #[command(flatten)]
        place: Place,
    },
}

/// What can be said.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum Known {
    /// Never shown
    Unverified,
    /// Shown, not yet judged
    Pending,
    /// May buy
    Verified,
    /// Judged and refused
    Failed,
}

/// What can be asked for.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum Listed {
    /// Never shown
    Unverified,
    /// Shown, not yet judged
    Pending,
    /// May buy
    Verified,
    /// Judged and refused
    Failed,
    /// Was verified, and that is over
    Expired,
}

impl Identity {
    pub(crate) fn run(self) -> Result<(), Failure> {
        match self {
            Self::Set { account, identity, until, place } => {
                let mut admin = place.open()?;
                let id = account_of(&admin, &account)?;
                let identity = match identity {
                    Known::Unverified => facts::Identity::Unverified,
                    Known::Pending => facts::Identity::Pending,
                    Known::Verified => facts::Identity::Verified,
                    Known::Failed => facts::Identity::Failed,
                };
                admin.set_identity_until(&id, identity, until)?;
                show(&admin, &id, &place.shape)
            }
            Self::Show { account, place } => {
                let admin = place.open()?;
                let (account, _) = admin.account(&account_of(&admin, &account)?)?;
                place.shape.write(&row(&account), || output::data(line(&account)));
                Ok(())
            }
            Self::List { identity, place } => list(identity, &place),
        }
    }
}

/// The end of a day: on that day it is good still.
fn last_moment(date: &str) -> Result<Millis, String> {
    let start = clock::start_of(date);
    let start = start.ok_or_else(|| "write a day of the calendar, like 2027-12-31".to_owned())?;
    Ok(Millis::new(start.saturating_add(86_400).saturating_mul(1_000).saturating_sub(1)))
}

fn state(account: &Account) -> facts::Identity {
    account.identity_at(Millis::new(clock::now_ms()))
}

fn line(account: &Account) -> String {
    let until = account.identity_until.map(|until| clock::date(until.as_secs()));
    let until = until.map(|day| format!(", good to {day}")).unwrap_or_default();
    format!("{} {}: {}{until}", account.id, account.name, identity_word(state(account)))
}

fn row(account: &Account) -> Value {
    json!({
        "accountId": account.id,
        "name": account.name,
        "identity": identity_word(state(account)),
        "until": account.identity_until.map(|until| clock::date(until.as_secs())),
    })
}

fn list(wanted: Option<Listed>, place: &Place) -> Result<(), Failure> {
    let wanted = wanted.map(|wanted| match wanted {
        Listed::Unverified => facts::Identity::Unverified,
        Listed::Pending => facts::Identity::Pending,
        Listed::Verified => facts::Identity::Verified,
        Listed::Failed => facts::Identity::Failed,
        Listed::Expired => facts::Identity::Expired,
    });
    let accounts = place.open()?.list_accounts()?;
    let accounts: Vec<Account> = accounts.into_iter().map(|(account, _)| account).collect();
    let chosen: Vec<&Account> =
        accounts.iter().filter(|a| wanted.is_none_or(|wanted| state(a) == wanted)).collect();
    let told = chosen.iter().map(|account| row(account)).collect::<Value>();
    place.shape.write(&told, || {
        for account in &chosen {
            output::data(line(account));
        }
        if chosen.is_empty() {
            output::note("no account is in that state");
        }
    });
    Ok(())
}

//! `faregate key`: with what an account signs.

use clap::Subcommand;
use faregate_pipeline::facts::Network;
use serde_json::{Value, json};

use super::credentials::Saver;
use crate::exit::Failure;
use crate::output;
use crate::place::{Place, account_of};

/// Create, list, disable and enable keys
#[derive(Debug, Subcommand)]
#[command(
    before_help = "Examples:\n  faregate key create alice\n  faregate key list --account alice"
)]
pub(crate) enum Key {
    /// Draw a key; its SecretKey is shown this once
    Create {
        /// The account's id or name
        account: String,
        /// Keep it in credentials.toml, for `faregate call -p PROFILE`, instead of showing its secret
        #[arg(long, value_name = "PROFILE", num_args = 0..=1, default_missing_value = "default")]
        save: Option<String>,
        #[command(flatten)]
        place: Place,
    },
    /// List keys, without their secrets
    List {
        /// Of this account alone, by id or name
        #[arg(long)]
        account: Option<String>,
        #[command(flatten)]
        place: Place,
    },
    /// Refuse it like an unknown key
    Disable {
        /// The SecretId
        secret_id: String,
        #[command(flatten)]
        place: Place,
    },
    /// Say from where it may be used
    Set {
        /// The SecretId
        secret_id: String,
        /// A block of addresses that it may be used from, within what its account allows; repeat for more, `any` for
        /// no list
        #[arg(long, value_name = "NETWORK", required = true, value_parser = crate::commands::source)]
        source: Vec<Option<Network>>,
        #[command(flatten)]
        place: Place,
    },
    /// Take it again
    Enable {
        /// The SecretId
        secret_id: String,
        #[command(flatten)]
        place: Place,
    },
}

impl Key {
    pub(crate) fn run(self) -> Result<(), Failure> {
        match self {
            Self::Create { account, save, place } => create(&account, save.as_deref(), &place),
            Self::List { account, place } => list(account.as_deref(), &place),
            Self::Disable { secret_id, place } => set_enabled(&secret_id, false, &place),
            Self::Set { secret_id, source, place } => set_sources(&secret_id, source, &place),
            Self::Enable { secret_id, place } => set_enabled(&secret_id, true, &place),
        }
    }
}

fn create(account: &str, save: Option<&str>, place: &Place) -> Result<(), Failure> {
    let mut admin = place.open()?;
    let id = account_of(&admin, account)?;
    // Before there is a secret that could be lost.
    let saver = save.map(|profile| Saver::of(profile, place)).transpose()?;
    let key = admin.create_key(&id)?;
    if let Some(saver) = saver {
        let path = saver.save(key.secret_id.as_str(), key.secret_key.as_str())?;
        let told = json!({
            "accountId": id,
            "secretId": key.secret_id.as_str(),
            "profile": save,
        });
        place.shape.write(&told, || {
            output::data(format_args!("SecretId   {}", key.secret_id));
            output::note(format_args!("kept in {}", path.display()));
        });
        return Ok(());
    }
    let told = json!({
        "accountId": id,
        "secretId": key.secret_id.as_str(),
        "secretKey": key.secret_key.as_str(),
    });
    place.shape.write(&told, || {
        output::data(format_args!("SecretId   {}", key.secret_id));
        output::data(format_args!("SecretKey  {}", *key.secret_key));
        output::note("Keep the SecretKey: it is not shown again.");
    });
    Ok(())
}

fn list(account: Option<&str>, place: &Place) -> Result<(), Failure> {
    let admin = place.open()?;
    let account = account.map(|wanted| account_of(&admin, wanted)).transpose()?;
    let keys = admin.list_keys(account.as_deref())?;
    let told = keys.iter().map(|key| {
        json!({
            "secretId": key.id.as_str(),
            "accountId": key.account,
            "enabled": key.enabled,
            "temporary": key.has_token,
            "createdAt": key.created_at.as_secs(),
        })
    });
    let rows: Vec<[String; 4]> = keys
        .iter()
        .map(|key| {
            let state = if key.enabled { "enabled" } else { "disabled" };
            let kind = if key.has_token { "temporary" } else { "lasting" };
            [key.id.to_string(), key.account.clone(), state.to_owned(), kind.to_owned()]
        })
        .collect();
    place.shape.write(&told.collect::<Value>(), || {
        output::table(["SECRET ID", "ACCOUNT", "STATE", "KIND"], &rows);
    });
    Ok(())
}

fn set_sources(
    secret_id: &str,
    sources: Vec<Option<Network>>,
    place: &Place,
) -> Result<(), Failure> {
    let sources: Vec<Network> = sources.into_iter().flatten().collect();
    place.open()?.set_key_sources(secret_id, &sources)?;
    let names: Vec<String> = sources.iter().map(ToString::to_string).collect();
    let told = json!({ "secretId": secret_id, "sources": names });
    place.shape.write(&told, || {
        let from = if names.is_empty() { "anywhere".to_owned() } else { names.join(", ") };
        output::data(format_args!("{secret_id} may be used from {from}"));
    });
    Ok(())
}

fn set_enabled(secret_id: &str, enabled: bool, place: &Place) -> Result<(), Failure> {
    place.open()?.set_key_enabled(secret_id, enabled)?;
    let state = if enabled { "enabled" } else { "disabled" };
    let told = json!({ "secretId": secret_id, "enabled": enabled });
    place.shape.write(&told, || output::data(format_args!("{secret_id} is {state}")));
    Ok(())
}

//! `faregate policy`: what keys may do of what their account may.

mod explain;

use std::io::Read as _;
use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};
use faregate_catalog::{Catalog, Source};
use faregate_pipeline::authz::policy;
use faregate_stores::{PolicyEntry, Principal};
use serde_json::{Value, json};

use crate::exit::{Exit, Failure};
use crate::output;
use crate::place::{Place, account_of};

/// Check, put, attach and explain policies
#[derive(Debug, Subcommand)]
#[command(before_help = "Examples:\n  faregate policy put alice readers readers.json\n  \
                   faregate policy attach alice readers key/AKIDz8krbsJ5yKBZQpn74WFkmLPx3gnPhESA\n  \
                   faregate policy explain alice/AKIDz8krbsJ5yKBZQpn74WFkmLPx3gnPhESA cvm:StopInstances instance/ins-1")]
pub(crate) enum Policy {
    /// Keep a policy of an account, in place of what it was
    Put {
        /// The account's id or name
        account: String,
        /// The policy's name
        name: String,
        /// A file of JSON; `-` is standard input
        file: PathBuf,
        #[command(flatten)]
        place: Place,
    },
    /// Say what is wrong with a policy, and keep nothing
    Check {
        /// A file of JSON; `-` is standard input
        file: PathBuf,
        /// The account, whose resources alone it may speak of
        #[arg(long)]
        account: Option<String>,
        #[command(flatten)]
        place: Place,
    },
    /// List policies, and whom they limit
    List {
        /// Of this account alone, by id or name
        #[arg(long)]
        account: Option<String>,
        #[command(flatten)]
        place: Place,
    },
    /// Print the text of a policy
    Show {
        #[command(flatten)]
        of: Named,
    },
    /// Forget a policy that limits nobody
    Delete {
        #[command(flatten)]
        of: Named,
    },
    /// Put a key under a policy: it may then do what its policies allow, and nothing else
    Attach {
        #[command(flatten)]
        of: Named,
        /// `key/SECRETID`
        #[arg(value_name = "WHOM", value_parser = principal)]
        to: Principal,
    },
    /// Let a key go of a policy
    Detach {
        #[command(flatten)]
        of: Named,
        /// `key/SECRETID`
        #[arg(value_name = "WHOM", value_parser = principal)]
        from: Principal,
        /// It may be the last policy of a key, which may then do all that its account may
        #[arg(long)]
        unlimited: bool,
    },
    Explain(explain::Explain),
}

/// One policy.
#[derive(Debug, Args)]
pub(crate) struct Named {
    /// The account's id or name
    account: String,
    /// The policy's name
    name: String,
    #[command(flatten)]
    place: Place,
}

impl Policy {
    pub(crate) fn run(self) -> Result<(), Failure> {
        match self {
            Self::Put { account, name, file, place } => {
                let mut admin = place.open()?;
                let account = account_of(&admin, &account)?;
                let text = read(&file)?;
                check(&place, &account, (&name, &file, &text))?;
                admin.put_policy(&account, &name, &text)?;
                let entry = admin.policy(&account, &name)?;
                place.shape.write(&row(&entry), || {
                    output::data(format_args!("{account} {name}: {}", attached_words(&entry)));
                    if entry.attached.is_empty() {
                        output::note(format_args!(
                            "next: faregate policy attach {account} {name} key/SECRETID"
                        ));
                    }
                });
                Ok(())
            }
            Self::Check { file, account, place } => {
                let account = account
                    .map(|wanted| place.open().and_then(|admin| account_of(&admin, &wanted)))
                    .transpose()?;
                let n = check(
                    &place,
                    account.as_deref().unwrap_or(""),
                    ("policy", &file, &read(&file)?),
                )?;
                let told = json!({ "file": file.display().to_string(), "statements": n });
                place.shape.write(&told, || {
                    output::data(format_args!("`{}` is good: {n} statements", file.display()));
                });
                Ok(())
            }
            Self::List { account, place } => list(account.as_deref(), &place),
            Self::Show { of } => {
                let admin = of.place.open()?;
                let entry = admin.policy(&account_of(&admin, &of.account)?, &of.name)?;
                of.place.shape.write(&row(&entry), || output::data(entry.document.trim_end()));
                Ok(())
            }
            Self::Delete { of } => {
                let mut admin = of.place.open()?;
                let account = account_of(&admin, &of.account)?;
                admin.delete_policy(&account, &of.name)?;
                let told = json!({ "accountId": account, "name": of.name, "deleted": true });
                of.place.shape.write(&told, || output::data(format_args!("{} is gone", of.name)));
                Ok(())
            }
            Self::Attach { of, to } => {
                of.change(|admin, account, name| admin.attach_policy(account, name, &to))
            }
            Self::Detach { of, from, unlimited } => of.change(|admin, account, name| {
                admin.detach_policy(account, name, &from, unlimited)
            }),
            Self::Explain(explain) => explain.run(),
        }
    }
}

impl Named {
    fn change(
        &self,
        change: impl FnOnce(
            &mut faregate_stores::Admin,
            &str,
            &str,
        ) -> Result<(), faregate_stores::AdminError>,
    ) -> Result<(), Failure> {
        let mut admin = self.place.open()?;
        let account = account_of(&admin, &self.account)?;
        change(&mut admin, &account, &self.name)?;
        let entry = admin.policy(&account, &self.name)?;
        self.place.shape.write(&row(&entry), || {
            output::data(format_args!("{account} {}: {}", self.name, attached_words(&entry)));
        });
        Ok(())
    }
}

fn principal(text: &str) -> Result<Principal, String> {
    Principal::parse(text).ok_or_else(|| "write `key/SECRETID`".to_owned())
}

fn read(file: &Path) -> Result<String, Failure> {
    let fault = |cause: std::io::Error| Failure::usage(format!("`{}`: {cause}", file.display()));
    if file == Path::new("-") {
        let mut text = String::new();
        // One byte more than a policy may have is enough to see that it is too long.
        let most = u64::try_from(policy::TEXT_BYTES_MAX).unwrap_or(u64::MAX).saturating_add(1);
        std::io::stdin().lock().take(most).read_to_string(&mut text).map_err(fault)?;
        return Ok(text);
    }
    std::fs::read_to_string(file).map_err(fault)
}

/// Tells everything that is wrong with a policy; how many statements it has, if nothing is.
fn check(
    place: &Place,
    account: &str,
    (name, file, text): (&str, &Path, &str),
) -> Result<usize, Failure> {
    let catalog = catalog(place)?;
    let source = file.display().to_string();
    let shown = Source { name: &source, text, upstream: None };
    let tell = |told: &faregate_catalog::Diagnostic| {
        output::note(told.render(&[shown], output::is_coloured()).trim_end());
    };
    match policy::read((name, &source, text), account, &catalog) {
        Ok((policy, told)) => {
            told.iter().for_each(tell);
            Ok(policy.statements.len())
        }
        Err(faults) => {
            faults.iter().for_each(tell);
            let n = faults.len();
            let word = if n == 1 { "fault" } else { "faults" };
            Err(Failure::new(Exit::Invalid, format!("`{source}` has {n} {word}; nothing was kept")))
        }
    }
}

/// A policy speaks of actions: without the modules nobody could say whether they are spelt right.
fn catalog(place: &Place) -> Result<Catalog, Failure> {
    let missing = "which modules? name their configuration with -c FILE, or start `faregate demo`";
    place.catalog().ok_or_else(|| Failure::usage(missing))
}

fn list(account: Option<&str>, place: &Place) -> Result<(), Failure> {
    let admin = place.open()?;
    let account = account.map(|wanted| account_of(&admin, wanted)).transpose()?;
    let entries = admin.list_policies(account.as_deref())?;
    let rows: Vec<[String; 3]> = entries
        .iter()
        .map(|entry| [entry.account.clone(), entry.name.clone(), attached_words(entry)])
        .collect();
    place.shape.write(&entries.iter().map(row).collect(), || {
        output::table(["ACCOUNT", "POLICY", "LIMITS"], &rows);
    });
    Ok(())
}

fn attached_words(entry: &PolicyEntry) -> String {
    let names: Vec<String> = entry.attached.iter().map(ToString::to_string).collect();
    if names.is_empty() { "nobody".to_owned() } else { names.join(" ") }
}

fn row(entry: &PolicyEntry) -> Value {
    json!({
        "id": entry.name,
        "accountId": entry.account,
        "name": entry.name,
        "changedAt": entry.changed_at.as_secs(),
        "attached": entry.attached.iter().map(ToString::to_string).collect::<Vec<_>>(),
        "document": entry.document,
    })
}

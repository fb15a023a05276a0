//! `faregate resources`: who owns what.

mod import;
mod rows;

use clap::Subcommand;
use faregate_pipeline::facts::{Grant, ResourceRef};
use faregate_stores::{ResourceEntry, ResourceFilter};
use serde_json::{Value, json};

use crate::clock::date_and_time;
use crate::exit::Failure;
use crate::output;
use crate::place::{Place, account_of};
use import::Import;

/// How many `list` shows.
const LIMIT: u32 = 1_000;

/// List, show, import and transfer what accounts own
#[derive(Debug, Subcommand)]
#[command(
    before_help = "Examples:\n  faregate resources list alice\n  faregate resources import instances.csv --dry-run\n  faregate resources transfer cvm/instance/ins-0a1b2c3d bob"
)]
pub(crate) enum Resources {
    /// List what accounts own
    List {
        /// Of this account alone, by its id or name
        account: Option<String>,
        /// Of this module alone
        #[arg(long)]
        module: Option<String>,
        /// Of this type alone
        #[arg(long = "type", value_name = "TYPE")]
        kind: Option<String>,
        /// Show returned ones as well
        #[arg(long)]
        returned: bool,
        /// At most so many
        #[arg(long, value_name = "N", default_value_t = LIMIT)]
        limit: u32,
        /// Behind this one, in the order of the list
        #[arg(long, value_name = "RESOURCE", value_parser = resource)]
        after: Option<ResourceRef>,
        #[command(flatten)]
        place: Place,
    },
    /// Show who owns a resource, and to whom it is lent
    Show {
        /// As MODULE/TYPE/ID
        #[arg(value_parser = resource)]
        resource: ResourceRef,
        #[command(flatten)]
        place: Place,
    },
    /// Import what accounts owned before the gateway was there
    Import(Import),
    /// Give a resource to another account; the module is not told
    Transfer {
        /// As MODULE/TYPE/ID
        #[arg(value_parser = resource)]
        resource: ResourceRef,
        /// The new owner, by its id or name
        account: String,
        #[command(flatten)]
        place: Place,
    },
    /// Show what modules did otherwise than their documents say, and what shadow let pass
    Faults {
        /// Of this module alone
        module: Option<String>,
        #[command(flatten)]
        place: Place,
    },
}

impl Resources {
    pub(crate) fn run(self) -> Result<(), Failure> {
        match self {
            Self::List { account, module, kind, returned, limit, after, place } => {
                let admin = place.open()?;
                let account = account.map(|wanted| account_of(&admin, &wanted)).transpose()?;
                let filter =
                    ResourceFilter { account, module, kind, with_returned: returned, after, limit };
                list(&admin.list_resources(&filter)?, limit, &place);
                Ok(())
            }
            Self::Show { resource, place } => {
                show(&place.open()?.resource(&resource)?, &place);
                Ok(())
            }
            Self::Import(import) => import.run(),
            Self::Transfer { resource, account, place } => {
                let mut admin = place.open()?;
                let to = account_of(&admin, &account)?;
                show(&admin.transfer_resource(&resource, &to)?, &place);
                Ok(())
            }
            Self::Faults { module, place } => faults(module.as_deref(), &place),
        }
    }
}

/// `module/type/id`; an id may have slashes of its own.
fn resource(text: &str) -> Result<ResourceRef, String> {
    let mut parts = text.splitn(3, '/').map(str::to_owned);
    match (parts.next(), parts.next(), parts.next()) {
        (Some(module), Some(kind), Some(id))
            if [&module, &kind, &id].iter().all(|part| !part.is_empty()) =>
        {
            Ok(ResourceRef { module, kind, id })
        }
        _ => Err("write it as MODULE/TYPE/ID, like cvm/instance/ins-0a1b2c3d".to_owned()),
    }
}

fn list(entries: &[ResourceEntry], limit: u32, place: &Place) {
    let told = entries.iter().map(row).collect::<Value>();
    let rows: Vec<[String; 4]> = entries
        .iter()
        .map(|entry| {
            let state = if entry.is_returned { "returned".to_owned() } else { lent(entry) };
            let since = date_and_time(entry.changed_at.as_secs());
            [name(&entry.resource), entry.account.clone(), state, since]
        })
        .collect();
    place.shape.write(&told, || {
        if rows.is_empty() {
            output::note("nobody owns anything like that");
            return;
        }
        output::table(["RESOURCE", "ACCOUNT", "STATE", "SINCE"], &rows);
        if let Some(last) = entries.last().filter(|_| u32::try_from(rows.len()) == Ok(limit)) {
            output::note(format_args!("there may be more: add --after {}", name(&last.resource)));
        }
    });
}

fn show(entry: &ResourceEntry, place: &Place) {
    place.shape.write(&row(entry), || {
        let state = if entry.is_returned { "returned by" } else { "owned by" };
        output::data(format_args!("{}: {state} {}", name(&entry.resource), entry.account));
        for (account, grant) in &entry.lent {
            output::data(format_args!("  lent to {account}: {}", word(*grant)));
        }
    });
}

fn row(entry: &ResourceEntry) -> Value {
    let lent = entry
        .lent
        .iter()
        .map(|(account, grant)| json!({ "accountId": account, "access": word(*grant) }));
    json!({
        "id": name(&entry.resource),
        "module": entry.resource.module,
        "type": entry.resource.kind,
        "resourceId": entry.resource.id,
        "accountId": entry.account,
        "state": if entry.is_returned { "returned" } else { "owned" },
        "since": entry.changed_at.as_secs(),
        "lent": lent.collect::<Value>(),
    })
}

fn name(resource: &ResourceRef) -> String {
    format!("{}/{}/{}", resource.module, resource.kind, resource.id)
}

fn lent(entry: &ResourceEntry) -> String {
    match entry.lent.len() {
        0 => "owned".to_owned(),
        n => format!("owned, lent to {n}"),
    }
}

const fn word(grant: Grant) -> &'static str {
    match grant {
        Grant::Read => "read",
        Grant::Write => "write",
        Grant::Nothing => "none",
    }
}

/// What each kind of fault means.
fn meaning(what: &str) -> &'static str {
    match what {
        "foreign-listed" => "a list had other accounts' resources in it; they were not shown",
        "unnamed-listed" => "a list had items without an id; they were not shown",
        "no-list" => "the list was not where `filter` says; the answer was 6000",
        "no-id" => "what a call made was not named; the answer was 6000",
        "not-learnt" => "an answer would have changed what is another account's",
        "shadowed" => "would have been refused with 5000, were the module not in shadow",
        _ => "",
    }
}

fn faults(module: Option<&str>, place: &Place) -> Result<(), Failure> {
    let faults = place.open()?.object_faults()?;
    let wanted = |name: &str| module.is_none_or(|module| module == name);
    let faults: Vec<_> = faults.into_iter().filter(|fault| wanted(&fault.module)).collect();
    let told = faults.iter().map(|fault| {
        json!({
            "module": fault.module,
            "subject": fault.subject,
            "what": fault.what,
            "count": fault.n,
            "firstAt": fault.first_at.as_secs(),
            "lastAt": fault.last_at.as_secs(),
            "requestId": fault.request_id,
        })
    });
    let rows: Vec<[String; 4]> = faults
        .iter()
        .map(|fault| {
            let of = format!("{}:{}", fault.module, fault.subject);
            [of, fault.what.clone(), fault.n.to_string(), meaning(&fault.what).to_owned()]
        })
        .collect();
    place.shape.write(&told.collect::<Value>(), || {
        if rows.is_empty() {
            output::note("every module does what its document says");
        } else {
            output::table(["OF", "WHAT", "TIMES", "MEANING"], &rows);
        }
    });
    Ok(())
}

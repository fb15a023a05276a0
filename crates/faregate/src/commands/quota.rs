//! `faregate quota`: how often accounts may call, in place of what is said for all.

use std::num::{NonZeroU32, NonZeroU64};

use clap::{Args, Subcommand, ValueEnum};
use faregate_pipeline::authz::policy::show as moment;
use faregate_pipeline::facts::{self, Kind, Limits, OwnQuota, Rate, Scope, Subject};
use faregate_pipeline::quota::cells::Kept;
use faregate_pipeline::time::{Date, Millis};
use serde_json::{Value, json};

use crate::exit::Failure;
use crate::output;
use crate::place::{Place, account_of};

/// Set, list, show and reset quotas of accounts
#[derive(Debug, Subcommand)]
#[command(
    before_help = "Examples:\n  faregate quota set alice --rate 20/s --burst 40 --day 100000\n  \
                   faregate quota set alice --action cvm:RunInstances --month 50 --in calls\n  faregate quota show alice"
)]
pub(crate) enum Quota {
    /// Limit an account, in place of what the configuration and the documents say
    Set(Set),
    /// List what accounts have of their own
    List {
        /// Of this account alone, by id or name
        #[arg(long)]
        account: Option<String>,
        #[command(flatten)]
        place: Place,
    },
    /// Show what an account has used
    Show {
        /// The account's id or name
        account: String,
        #[command(flatten)]
        place: Place,
    },
    /// Forget what an account has used
    Reset {
        /// The account's id or name
        account: String,
        #[command(flatten)]
        place: Place,
    },
}

/// What is limited.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
enum Of {
    /// All calls of the account
    #[default]
    Account,
    /// Each action by itself
    Action,
    /// Each of its keys
    Key,
    /// Each address that it calls from
    Address,
}

/// What is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum In {
    Calls,
    Units,
}

#[derive(Debug, Args)]
pub(crate) struct Set {
    /// The account's id or name
    account: String,
    /// What is limited
    #[arg(long, value_enum, default_value_t, conflicts_with = "action")]
    of: Of,
    /// MODULE:ACTION: one action alone
    #[arg(long, value_name = "ACTION")]
    action: Option<String>,
    /// In the long run, like 20/s
    #[arg(long, value_name = "N/s", value_parser = rate)]
    rate: Option<NonZeroU32>,
    /// At once [default: the calls of one second]
    #[arg(long, value_name = "N", requires = "rate")]
    burst: Option<NonZeroU32>,
    /// A day of the calendar, in UTC
    #[arg(long, value_name = "N")]
    day: Option<NonZeroU64>,
    /// A month of the calendar, in UTC
    #[arg(long, value_name = "N")]
    month: Option<NonZeroU64>,
    /// Calls under way
    #[arg(long, value_name = "N")]
    at_once: Option<NonZeroU32>,
    /// Count calls, or units: the items of a batch [default: units]
    #[arg(long = "in", value_enum, value_name = "WHAT")]
    counts: Option<In>,
    /// Tell nothing of it, neither in headers nor in messages
    #[arg(long)]
    hidden: bool,
    /// Forget what was set: what is said for all holds again
    #[arg(long, conflicts_with_all = ["rate", "day", "month", "at_once", "counts", "hidden"])]
    default: bool,
    #[command(flatten)]
    place: Place,
}

impl Quota {
    pub(crate) fn run(self) -> Result<(), Failure> {
        match self {
            Self::Set(set) => set.run(),
            Self::List { account, place } => list(account.as_deref(), &place),
            Self::Show { account, place } => show(&account, &place),
            Self::Reset { account, place } => {
                let mut admin = place.open()?;
                let id = account_of(&admin, &account)?;
                admin.reset_quotas(&id)?;
                let told = json!({ "accountId": id, "reset": true });
                place.shape.write(&told, || output::data(format_args!("{id}: all is there again")));
                Ok(())
            }
        }
    }
}

impl Set {
    fn run(self) -> Result<(), Failure> {
        let mut admin = self.place.open()?;
        let id = account_of(&admin, &self.account)?;
        let scope = match (&self.action, self.of) {
            (Some(_), _) | (None, Of::Action) => Scope::Action,
            (None, Of::Account) => Scope::Account,
            (None, Of::Key) => Scope::Key,
            (None, Of::Address) => Scope::Address,
        };
        if let Some(action) = &self.action {
            self.check_action(action)?;
        }
        let rate = self
            .rate
            .map(|per_second| Rate { per_second, burst: self.burst.unwrap_or(per_second) });
        let limits = Limits {
            // An account's own rate has its place beside its state, and goes before all others.
            rate: rate.filter(|_| scope != Scope::Account),
            day: self.day,
            month: self.month,
            at_once: self.at_once,
            in_calls: self.counts == Some(In::Calls),
            hidden: self.hidden,
        };
        if !self.default
            && rate.is_none()
            && (Limits { in_calls: false, hidden: false, ..limits }) == Limits::default()
        {
            return Err(Failure::usage(
                "say how much: --rate, --day, --month or --at-once; or --default for what is said for all",
            ));
        }
        admin.set_quota(&id, &OwnQuota { scope, action: self.action.clone(), limits })?;
        if scope == Scope::Account {
            admin.set_rate(&id, rate)?;
        }
        let (account, _) = admin.account(&id)?;
        let rows = rows(&account);
        self.place.shape.write(&rows.iter().map(value).collect(), || table(&rows));
        Ok(())
    }

    /// A misspelt action would be limited for ever, and never called.
    fn check_action(&self, action: &str) -> Result<(), Failure> {
        let Some((module, name)) = action.split_once(':') else {
            return Err(Failure::usage(format!(
                "`{action}`: write MODULE:ACTION, like cvm:RunInstances"
            )));
        };
        let Some(catalog) = self.place.catalog() else { return Ok(()) };
        let own = || catalog.own().find(|own| own.name == module);
        let Some(known) = catalog.module(module).or_else(own) else {
            return Err(Failure::usage(format!("there is no module `{module}`")));
        };
        if known.operation(name).is_some() {
            return Ok(());
        }
        let actions = known.operations().map(|operation| operation.action.as_str());
        let near = faregate_catalog::did_you_mean(name, actions).unwrap_or_default();
        Err(Failure::usage(format!("the module `{module}` has no action `{name}`; {near}")))
    }
}

fn rate(text: &str) -> Result<NonZeroU32, String> {
    let fault = || "write whole calls a second: 20/s".to_owned();
    text.strip_suffix("/s").and_then(|n| n.parse().ok()).ok_or_else(fault)
}

/// One limit of an account's own.
struct Row {
    account: String,
    of: String,
    limits: Limits,
}

fn rows(account: &facts::Account) -> Vec<Row> {
    let mut rows: Vec<Row> = account
        .quotas
        .iter()
        .map(|own| Row {
            account: account.id.clone(),
            of: own.action.clone().unwrap_or_else(|| match own.scope {
                Scope::Account => "account".to_owned(),
                Scope::Action | Scope::Key | Scope::Address => {
                    format!("each {}", own.scope.as_str())
                }
            }),
            limits: own.limits,
        })
        .collect();
    if account.rate.is_some() {
        match rows.iter_mut().find(|row| row.of == "account") {
            Some(row) => row.limits.rate = account.rate,
            None => rows.insert(
                0,
                Row {
                    account: account.id.clone(),
                    of: "account".to_owned(),
                    limits: Limits { rate: account.rate, ..Limits::default() },
                },
            ),
        }
    }
    rows
}

fn value(row: &Row) -> Value {
    let Limits { rate, day, month, at_once, in_calls, hidden } = row.limits;
    json!({
        "accountId": row.account,
        "of": row.of,
        "ratePerSecond": rate.map(|rate| rate.per_second.get()),
        "burst": rate.map(|rate| rate.burst.get()),
        "day": day.map(NonZeroU64::get),
        "month": month.map(NonZeroU64::get),
        "atOnce": at_once.map(NonZeroU32::get),
        "counts": if in_calls { "calls" } else { "units" },
        "hidden": hidden,
    })
}

fn table(rows: &[Row]) {
    let cells: Vec<[String; 7]> = rows
        .iter()
        .map(|row| {
            let Limits { rate, day, month, at_once, in_calls, hidden } = row.limits;
            let counts = if in_calls { "calls" } else { "units" };
            let total = |n: Option<NonZeroU64>| n.map_or_else(|| "-".to_owned(), |n| n.to_string());
            [
                row.account.clone(),
                row.of.clone(),
                rate.map_or_else(
                    || "-".to_owned(),
                    |r| format!("{}/s burst {}", r.per_second, r.burst),
                ),
                total(day),
                total(month),
                at_once.map_or_else(|| "-".to_owned(), |n| n.to_string()),
                if hidden { format!("{counts}, hidden") } else { counts.to_owned() },
            ]
        })
        .collect();
    output::table(["ACCOUNT", "OF", "RATE", "DAY", "MONTH", "AT ONCE", "COUNTS"], &cells);
}

fn list(account: Option<&str>, place: &Place) -> Result<(), Failure> {
    let admin = place.open()?;
    let wanted = account.map(|wanted| account_of(&admin, wanted)).transpose()?;
    let accounts = admin.list_accounts()?;
    let rows: Vec<Row> = accounts
        .iter()
        .map(|(account, _)| account)
        .filter(|account| wanted.as_ref().is_none_or(|id| *id == account.id))
        .flat_map(rows)
        .collect();
    place.shape.write(&rows.iter().map(value).collect(), || table(&rows));
    Ok(())
}

fn show(account: &str, place: &Place) -> Result<(), Failure> {
    let admin = place.open()?;
    let id = account_of(&admin, account)?;
    let now = admin.now()?;
    let keys = admin.list_keys(Some(&id))?;
    let names = Names {
        actions: place.catalog().map(|catalog| {
            let modules = catalog.modules().iter().chain(catalog.own());
            let named = modules
                .flat_map(|m| m.operations().map(move |o| (m.name.clone(), o.action.clone())));
            named.collect()
        }),
        keys: keys.iter().map(|key| key.id.to_string()).collect(),
    };
    let cells = admin.quota_cells(&id)?;
    let used: Vec<(String, Kind, Kept)> = cells
        .iter()
        .filter(|(key, kept)| is_of_now(key.kind, *kept, now))
        .map(|(key, kept)| (names.of(key.subject), key.kind, *kept))
        .collect();
    let told = used.iter().map(|(of, kind, kept)| {
        json!({ "accountId": id, "of": of, "kind": kind.as_str(), "used": uses(*kind, *kept), "resetsAt": resets(*kind, *kept).as_secs() })
    });
    place.shape.write(&told.collect(), || {
        let rows: Vec<[String; 4]> = used
            .iter()
            .map(|(of, kind, kept)| {
                let used = uses(*kind, *kept).map_or_else(|| "-".to_owned(), |n| n.to_string());
                [of.clone(), kind.as_str().to_owned(), used, moment(resets(*kind, *kept))]
            })
            .collect();
        output::table(["OF", "LIMIT", "USED", "ALL THERE AGAIN"], &rows);
    });
    Ok(())
}

fn is_of_now(kind: Kind, kept: Kept, now: Millis) -> bool {
    match kind {
        Kind::Rate => kept.at > now.as_ms().saturating_mul(1000),
        Kind::Day => kept.at >= Date::of(now).days(),
        Kind::Month => kept.at >= Date::of(now).months(),
        Kind::AtOnce => false,
    }
}

/// Units used; of a rate there is no number without its limit.
const fn uses(kind: Kind, kept: Kept) -> Option<u64> {
    match kind {
        Kind::Day | Kind::Month | Kind::AtOnce => Some(kept.used),
        Kind::Rate => None,
    }
}

fn resets(kind: Kind, kept: Kept) -> Millis {
    match kind {
        Kind::Rate => Millis::new(kept.at.saturating_add(999) / 1000),
        Kind::Day => Millis::from_secs(kept.at.saturating_add(1).saturating_mul(86_400)),
        Kind::Month => Date::month_begins(kept.at.saturating_add(1)),
        Kind::AtOnce => Millis::default(),
    }
}

/// Cells know prints; people know names.
struct Names {
    actions: Option<Vec<(String, String)>>,
    keys: Vec<String>,
}

impl Names {
    fn of(&self, subject: Subject) -> String {
        let unknown = |what: &str| format!("{what} that is gone");
        match subject {
            Subject::Account(_) => "account".to_owned(),
            Subject::Rehearsal(_) => "dry runs".to_owned(),
            Subject::Address(_) => "address".to_owned(),
            Subject::Action(_, print) => {
                let is = |named: &&(String, String)| {
                    faregate_pipeline::quota::print(&[&named.0, &named.1]) == print
                };
                let found = self.actions.iter().flatten().find(is);
                found.map_or_else(
                    || unknown("an action"),
                    |(module, action)| format!("{module}:{action}"),
                )
            }
            Subject::Key(_, print) => {
                let is = |key: &&String| faregate_pipeline::quota::print(&[key]) == print;
                self.keys.iter().find(is).cloned().unwrap_or_else(|| unknown("a key"))
            }
        }
    }
}

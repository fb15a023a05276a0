//! `faregate fault`: errors on purpose, in a sandbox.

use std::time::Duration;

use clap::{Args, Subcommand};
use faregate_catalog::Catalog;
use faregate_gateway::sandbox::{Effect, possible};
use faregate_stores::{Admin, NewFault, StoredFault};
use serde_json::{Value, json};

use super::maintenance::parts;
use crate::exit::Failure;
use crate::output;
use crate::place::{Place, account_of};

/// How long a running gateway may take to follow.
const FOLLOWS_WITHIN: Duration = Duration::from_secs(2);
const ALL_PPM: u32 = 1_000_000;

/// Ask for errors on purpose, in a sandbox
#[derive(Debug, Subcommand)]
#[command(
    before_help = "Examples:\n  faregate fault add cvm:RunInstances --code 5200 --times 2 --account demo\n  faregate fault add cvm --latency 100ms..2s --rate 10%",
    after_help = "A fault strikes at the gate that makes its code: what stands before runs for real, and nothing is charged that the\n\
                  real one would not charge. The answer has the header `faregate-fault: injected`. One call alone asks for a\n\
                  fault with the header `X-Faregate-Fault: 4400; latency=500ms`."
)]
pub(crate) enum Fault {
    Add(Add),
    /// List them, and how often each has struck
    List {
        #[command(flatten)]
        place: Place,
    },
    /// Take one away
    Remove {
        /// Its number, as `list` shows it
        id: i64,
        #[command(flatten)]
        place: Place,
    },
    /// Take all away
    Clear {
        #[command(flatten)]
        place: Place,
    },
}

/// Add one: calls that match are answered so, oldest fault first
#[derive(Debug, Args)]
#[command(
    before_help = "Examples:\n  faregate fault add cvm:RunInstances --code 5200 --times 2 --account demo\n  faregate fault add cvm:DescribeZones --code 6000.UPSTREAM_TIMEOUT\n  faregate fault add cvm:StartInstances --module-code 100010\n  faregate fault add cvm:RunInstances --cut --times 1"
)]
pub(crate) struct Add {
    /// MODULE, or MODULE:ACTION
    what: String,
    /// The code to answer, one of 4000 to 6200, and its reason if one is meant: 4400, or 4400.NONCES_LIVE
    #[arg(long, value_name = "CODE[.REASON]")]
    code: Option<String>,
    /// The module's own code, like 100004; its common code is the document's, else --code, else 5100
    #[arg(long, value_name = "CODE")]
    module_code: Option<String>,
    /// Let the module answer a page of HTML: 6000, and nobody knows whether it was done
    #[arg(long, conflicts_with_all = ["code", "module_code"])]
    garbage: bool,
    /// Answer so much later: 500ms, 2s, or 100ms..2s
    #[arg(long, value_name = "TIME")]
    latency: Option<String>,
    /// Cut the connection in place of the answer; without --code the call is executed all the same
    #[arg(long)]
    cut: bool,
    /// How often; without it, until it is removed
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    times: Option<u32>,
    /// Which share of the calls that match: 10%
    #[arg(long, value_name = "PERCENT", value_parser = rate_ppm)]
    rate: Option<u32>,
    /// Only calls of this account, by id or name
    #[arg(long)]
    account: Option<String>,
    #[command(flatten)]
    place: Place,
}

impl Fault {
    pub(crate) fn run(self) -> Result<(), Failure> {
        match self {
            Self::Add(add) => add.run(),
            Self::List { place } => list(&place),
            Self::Remove { id, place } => {
                let mut admin = place.open()?;
                admin.remove_fault(id)?;
                followed(&admin)?;
                let told = json!({ "id": id, "removed": true });
                place.shape.write(&told, || output::data(format_args!("fault {id}: removed")));
                Ok(())
            }
            Self::Clear { place } => {
                let mut admin = place.open()?;
                let n = admin.clear_faults()?;
                followed_in_sandbox(&admin)?;
                let told = json!({ "removed": n });
                place.shape.write(&told, || output::data(format_args!("faults removed: {n}")));
                Ok(())
            }
        }
    }
}

impl Add {
    fn run(self) -> Result<(), Failure> {
        let (module, action) = parts(&self.what)?;
        let effect = self.effect()?;
        let mut admin = self.place.open()?;
        // Whether there is a sandbox at all comes before what stands in a document.
        admin.sandbox()?;
        check(self.place.catalog().as_ref(), &module, action.as_deref(), &effect)?;
        let account = self.account.as_deref().map(|wanted| account_of(&admin, wanted));
        let new = NewFault {
            module,
            action,
            account: account.transpose()?,
            effect: effect.to_string(),
            rate_ppm: self.rate.unwrap_or(ALL_PPM),
            times: self.times,
        };
        let added = admin.add_fault(new)?;
        followed(&admin)?;
        self.place.shape.write(&row(&added), || {
            output::data(format_args!("fault {}: {} {effect}", added.id, self.what));
        });
        Ok(())
    }

    /// The options as they stand in a header, so that there is one grammar.
    fn effect(&self) -> Result<Effect, Failure> {
        let mut parts: Vec<String> = Vec::new();
        parts.extend(self.code.clone());
        parts.extend(self.module_code.as_ref().map(|own| format!("module-code={own}")));
        parts.extend(self.garbage.then(|| "garbage".to_owned()));
        parts.extend(self.latency.as_ref().map(|time| format!("latency={time}")));
        parts.extend(self.cut.then(|| "cut".to_owned()));
        if parts.is_empty() {
            return Err(Failure::usage(
                "what shall go wrong? say --code, --module-code, --garbage, --latency or --cut",
            ));
        }
        parts.join("; ").parse().map_err(Failure::usage)
    }
}

/// Says what could never happen, where the modules are known.
pub(crate) fn check(
    catalog: Option<&Catalog>,
    module: &str,
    action: Option<&str>,
    effect: &Effect,
) -> Result<(), Failure> {
    let Some(catalog) = catalog else { return Ok(()) };
    let Some(known) = catalog.module(module) else {
        let names: Vec<&str> = catalog.modules().iter().map(|known| known.name.as_str()).collect();
        return Err(Failure::usage(format!(
            "there is no module `{module}`; there is {}",
            if names.is_empty() { "none".to_owned() } else { names.join(", ") }
        )));
    };
    let Some(action) = action else { return Ok(()) };
    let Some(operation) = known.operation(action) else {
        let mut names: Vec<&str> = known.operations().map(|known| known.action.as_str()).collect();
        names.sort_unstable();
        return Err(Failure::usage(format!(
            "`{module}` has no action `{action}`; it has {}",
            names.join(", ")
        )));
    };
    match &effect.answer {
        Some(answer) => possible(answer, known, operation).map_err(Failure::usage),
        None => Ok(()),
    }
}

/// Waits for the running gateway, so that the next call meets what was written.
pub(crate) fn followed(admin: &Admin) -> Result<(), Failure> {
    if !admin.followed_within(FOLLOWS_WITHIN)? {
        output::note("note: no gateway has taken it up yet; is it running?");
    }
    Ok(())
}

/// The same, where there may be no sandbox: there nothing says that it was followed.
pub(crate) fn followed_in_sandbox(admin: &Admin) -> Result<(), Failure> {
    if admin.sandbox().is_ok() { followed(admin) } else { Ok(()) }
}

fn list(place: &Place) -> Result<(), Failure> {
    let admin = place.open()?;
    let faults = admin.sandbox()?.faults;
    let name = |id: &String| admin.account(id).map_or_else(|_| id.clone(), |(known, _)| known.name);
    let rows: Vec<[String; 6]> = faults
        .iter()
        .map(|fault| {
            let what = &fault.what;
            let times = what.times.map_or_else(String::new, |times| format!(" of {times}"));
            [
                fault.id.to_string(),
                match &what.action {
                    Some(action) => format!("{}:{action}", what.module),
                    None => what.module.clone(),
                },
                what.account.as_ref().map_or_else(|| "any".to_owned(), name),
                what.effect.clone(),
                format!("{}%", f64::from(what.rate_ppm) / 10_000.0),
                format!("{}{times}", fault.fired),
            ]
        })
        .collect();
    place.shape.write(&faults.iter().map(row).collect(), || {
        output::table(["ID", "WHAT", "ACCOUNT", "FAULT", "RATE", "STRUCK"], &rows);
    });
    Ok(())
}

fn row(fault: &StoredFault) -> Value {
    let what = &fault.what;
    json!({
        "id": fault.id,
        "module": what.module,
        "action": what.action,
        "account": what.account,
        "fault": what.effect,
        "ratePpm": what.rate_ppm,
        "times": what.times,
        "struck": fault.fired,
    })
}

/// `10%` or `0.5%`, as parts per million.
pub(crate) fn rate_ppm(text: &str) -> Result<u32, String> {
    let fault = || "write it as 10% or 0.5%, above 0 and at most 100".to_owned();
    let number = text.strip_suffix('%').ok_or_else(fault)?;
    let (whole, parts) = number.split_once('.').unwrap_or((number, ""));
    let digits = |text: &str| text.bytes().all(|b| b.is_ascii_digit());
    if !digits(whole) || !digits(parts) || parts.len() > 4 || whole.is_empty() {
        return Err(fault());
    }
    // A percent is ten thousand parts of a million, so four digits after the point are exact.
    let scaled: u32 = format!("{whole}{parts:0<4}").parse().map_err(|_| fault())?;
    if (1..=ALL_PPM).contains(&scaled) { Ok(scaled) } else { Err(fault()) }
}

#[cfg(test)]
mod spec {
    use super::*;

    #[test]
    fn a_rate_is_a_percentage_to_four_places() {
        for (text, ppm) in [
            ("100%", 1_000_000),
            ("10%", 100_000),
            ("0.5%", 5_000),
            ("0.0001%", 1),
            ("007%", 70_000),
        ] {
            assert_eq!(rate_ppm(text), Ok(ppm), "{text}");
        }
        for text in ["", "%", "10", "0%", "0.00001%", "101%", "-1%", "1e1%", ".5%", "1.%5", "١%"] {
            assert!(rate_ppm(text).is_err(), "{text}");
        }
    }
}

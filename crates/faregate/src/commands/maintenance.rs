//! `faregate maintenance`: takes modules and actions out of service, and puts them back.

use clap::Subcommand;
use faregate_gateway::config;
use faregate_pipeline::authz::policy::{moment, show};
use faregate_pipeline::facts::{Switch, SwitchState};
use faregate_pipeline::time::Millis;
use serde_json::{Value, json};

use super::fault::followed_in_sandbox;
use crate::exit::Failure;
use crate::output;
use crate::place::{Place, account_of};

/// Take modules and actions out of service, and put them back
#[derive(Debug, Subcommand)]
#[command(
    before_help = "Examples:\n  faregate maintenance on cvm:RunInstances --for 10m --message 'Back soon.'\n  faregate maintenance on cvm --from 2026-12-01T02:00:00Z --for 2h --tester alice\n  faregate maintenance off cvm:RunInstances"
)]
pub(crate) enum Maintenance {
    /// Refuse calls: 6200 with Retry-After for a time, 6100 without an end
    On {
        /// MODULE, or MODULE:ACTION
        what: String,
        /// For how long: 90s, 10m, 2h, 1d
        #[arg(long = "for", value_name = "TIME", value_parser = duration_ms, conflicts_with_all = ["withdrawn", "lasting"])]
        for_ms: Option<i64>,
        /// Until then, like 2026-12-01T04:00:00Z
        #[arg(long, value_name = "MOMENT", value_parser = at, conflicts_with_all = ["for_ms", "withdrawn", "lasting"])]
        until: Option<Millis>,
        /// From then on, like 2026-12-01T02:00:00Z [default: now]
        #[arg(long, value_name = "MOMENT", value_parser = at)]
        from: Option<Millis>,
        /// For good
        #[arg(long, conflicts_with = "lasting")]
        withdrawn: bool,
        /// Until it is switched off; so it is without --for
        #[arg(long)]
        lasting: bool,
        /// What clients are told
        #[arg(long)]
        message: Option<String>,
        /// An account that may go on, by id or name; repeat for more
        #[arg(long, value_name = "ACCOUNT")]
        tester: Vec<String>,
        #[command(flatten)]
        place: Place,
    },
    /// Put it back into service
    Off {
        /// MODULE, or MODULE:ACTION, as it was switched on
        what: String,
        #[command(flatten)]
        place: Place,
    },
    /// List what is out of service
    List {
        #[command(flatten)]
        place: Place,
    },
}

impl Maintenance {
    pub(crate) fn run(self) -> Result<(), Failure> {
        match self {
            Self::On {
                what,
                for_ms,
                until,
                from,
                withdrawn,
                lasting: _,
                message,
                tester,
                place,
            } => {
                let (module, action) = parts(&what)?;
                let mut admin = place.open()?;
                // By the gateway's clock, which may be a sandbox's.
                let now = admin.now()?;
                let begin = from.unwrap_or(now);
                let state = match until.or(for_ms.map(|ms| begin.plus(ms))) {
                    Some(end) if end <= begin => {
                        return Err(Failure::usage("--until: it ends before it begins"));
                    }
                    Some(end) => SwitchState::Until(end),
                    None if withdrawn => SwitchState::Withdrawn,
                    None => SwitchState::Lasting,
                };
                let testers = tester.iter().map(|wanted| account_of(&admin, wanted));
                let testers = testers.collect::<Result<Vec<_>, _>>()?;
                let switch = Switch { module, action, state, from, message, testers };
                if let Some(catalog) = place.catalog() {
                    config::served(&catalog, &switch).map_err(Failure::usage)?;
                }
                admin.put_switch(&switch)?;
                followed_in_sandbox(&admin)?;
                place.shape.write(&row(&switch), || {
                    output::data(format_args!("{what}: {}", words(&switch, now)));
                });
                Ok(())
            }
            Self::Off { what, place } => {
                let (module, action) = parts(&what)?;
                let mut admin = place.open()?;
                let removed = admin.remove_switch(&module, action.as_deref());
                let is_same = |it: &Switch| it.module == module && it.action == action;
                if removed.is_err() && configured(&place).iter().any(is_same) {
                    let say = format!(
                        "`{what}` is out of service by the configuration: take its [[maintenance]] out there"
                    );
                    return Err(Failure::usage(say));
                }
                removed?;
                followed_in_sandbox(&admin)?;
                let told = json!({ "module": module, "action": action, "state": "in service" });
                place.shape.write(&told, || output::data(format_args!("{what}: in service")));
                Ok(())
            }
            Self::List { place } => list(&place),
        }
    }
}

fn list(place: &Place) -> Result<(), Failure> {
    let admin = place.open()?;
    let (switches, now) = (admin.list_switches()?, admin.now()?);
    let configured = configured(place);
    let by_command = switches.iter().map(|it| (it, "command"));
    let all = by_command.chain(configured.iter().map(|it| (it, "configuration")));
    let rows: Vec<[String; 4]> = all
        .clone()
        .map(|(switch, by)| {
            let what = switch.action.as_ref();
            let what = what.map_or(switch.module.clone(), |a| format!("{}:{a}", switch.module));
            let message = switch.message.clone().unwrap_or_default();
            [what, words(switch, now), by.to_owned(), message]
        })
        .collect();
    let told = all.map(|(switch, by)| {
        let mut told = row(switch);
        if let Some(members) = told.as_object_mut() {
            members.insert("by".to_owned(), by.into());
        }
        told
    });
    place.shape.write(&told.collect(), || {
        output::table(["WHAT", "STATE", "BY", "MESSAGE"], &rows);
    });
    Ok(())
}

/// What the configuration takes out of service, where it can be read.
fn configured(place: &Place) -> Vec<Switch> {
    place.served().map(|config| config.maintenance).unwrap_or_default()
}

fn row(switch: &Switch) -> Value {
    let (state, until) = match switch.state {
        SwitchState::Withdrawn => ("withdrawn", None),
        SwitchState::Lasting => ("lasting", None),
        SwitchState::Until(until) => ("until", Some(until.as_secs())),
    };
    json!({
        "module": switch.module,
        "action": switch.action,
        "state": state,
        "from": switch.from.map(Millis::as_secs),
        "until": until,
        "message": switch.message,
        "testers": switch.testers,
    })
}

fn words(switch: &Switch, now: Millis) -> String {
    let begins = switch.from.filter(|begin| *begin > now);
    let state = match switch.state {
        SwitchState::Withdrawn => "withdrawn (6100)".to_owned(),
        SwitchState::Lasting => "under lasting maintenance (6100)".to_owned(),
        SwitchState::Until(until) if until <= now => {
            format!("in service again since {}", show(until))
        }
        SwitchState::Until(until) => {
            let left_s = until.since(begins.unwrap_or(now)).saturating_add(999) / 1000;
            let more = if begins.is_some() { "" } else { " more" };
            format!("under maintenance for {left_s} s{more} (6200)")
        }
    };
    begins.map_or_else(|| state.clone(), |begin| format!("from {} on {state}", show(begin)))
}

fn at(text: &str) -> Result<Millis, String> {
    moment(text).ok_or_else(|| "write it as 2026-12-01T02:00:00Z".to_owned())
}

/// The two halves of `MODULE:ACTION`.
pub(crate) fn parts(what: &str) -> Result<(String, Option<String>), Failure> {
    let (module, action) = match what.split_once(':') {
        Some((module, action)) => (module, Some(action)),
        None => (what, None),
    };
    if module.is_empty() || action.is_some_and(str::is_empty) {
        return Err(Failure::usage(format!(
            "`{what}`: write MODULE or MODULE:ACTION, like cvm:RunInstances"
        )));
    }
    Ok((module.to_owned(), action.map(str::to_owned)))
}

/// `90s`, `10m`, `2h`, `1d`.
pub(crate) fn duration_ms(text: &str) -> Result<i64, String> {
    let fault = || "write it as 90s, 10m, 2h or 1d".to_owned();
    let unit_at = text.find(|c: char| !c.is_ascii_digit()).ok_or_else(fault)?;
    let (number, unit) = text.split_at_checked(unit_at).ok_or_else(fault)?;
    let unit_ms: i64 = match unit {
        "s" => 1000,
        "m" => 60_000,
        "h" => 3_600_000,
        "d" => 86_400_000,
        _ => return Err(fault()),
    };
    let n: i64 = number.parse().map_err(|_| fault())?;
    n.checked_mul(unit_ms).filter(|ms| (1..=365 * 86_400_000).contains(ms)).ok_or_else(fault)
}

#[cfg(test)]
mod spec {
    use super::*;

    #[test]
    fn durations_have_a_unit() {
        for (text, ms) in [("90s", 90_000), ("10m", 600_000), ("2h", 7_200_000), ("1d", 86_400_000)]
        {
            assert_eq!(duration_ms(text), Ok(ms), "{text}");
        }
        for text in
            ["", "10", "m", "0s", "-1m", "1w", "99999999999999999999s", "400d", "1.5h", "1m1"]
        {
            assert!(duration_ms(text).is_err(), "{text}");
        }
    }
}

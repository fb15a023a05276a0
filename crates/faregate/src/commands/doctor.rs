//! `faregate doctor`: what is allowed and yet will hurt, each with the command that mends it.

use std::path::{Path, PathBuf};

use clap::Args;
use faregate_gateway::config::{self, Config};
use faregate_pipeline::facts::ReplayIdentity;
use faregate_stores::SharedAt;
use faregate_stores::inspect::{self, Draws, Inspection};
use serde_json::json;

use crate::clock::now_ms;
use crate::exit::{Exit, Failure};
use crate::output::{self, Shape};
use crate::place::{ConfigFile, data_of};

/// Look for what is allowed and yet will hurt: narrow nonces, wrong clocks, open files, plain listeners
#[derive(Debug, Args)]
#[command(
    before_help = "Examples:\n  faregate doctor\n  faregate doctor -c /etc/faregate/faregate.toml --json",
    after_help = "It changes nothing, and a gateway may be running. Exit 0: nothing found; 4: something found."
)]
pub(crate) struct Doctor {
    #[command(flatten)]
    of: ConfigFile,
    /// Look at this data folder alone, without a configuration
    #[arg(long, value_name = "DIR", conflicts_with = "config")]
    data: Option<PathBuf>,
    #[command(flatten)]
    shape: Shape,
}

/// Something found, and what mends it.
#[derive(Debug, PartialEq, Eq)]
struct Finding {
    what: &'static str,
    says: String,
    fix: String,
}

fn finding(what: &'static str, says: String, fix: impl Into<String>) -> Finding {
    Finding { what, says, fix: fix.into() }
}

/// What `faregate check` says of a shared home.
fn of_stores(data: &Path, at: &SharedAt) -> Result<Vec<Finding>, Failure> {
    let told = |problem: String| {
        let (says, fix) = problem.rsplit_once(": ").unwrap_or((&problem, "see docs/many-nodes.md"));
        finding("stores", says.to_owned(), fix)
    };
    Ok(faregate_stores::examine(data, at)?.into_iter().map(told).collect())
}

impl Doctor {
    pub(crate) fn run(self) -> Result<(), Failure> {
        let (data, config) = match &self.data {
            Some(data) => (data.clone(), None),
            // What is wrong with a configuration, `check` says; the folder is looked at all the same.
            None => match config::load(&self.of.config) {
                Ok(loaded) => (loaded.config.data.clone(), Some(loaded.config)),
                Err(_) => (data_of(&self.of.config)?, None),
            },
        };
        let mut findings = Vec::new();
        if self.data.is_none() && config.is_none() {
            let says = format!("`{}` is not good", self.of.config.display());
            findings.push(finding(
                "config",
                says,
                format!("faregate check -c {}", self.of.config.display()),
            ));
        }
        findings.extend(config.iter().flat_map(|config| of_config(config, &self.of.config)));
        match config.as_ref().and_then(|config| config.stores.as_ref()) {
            // How its keys draw Nonces, no file of this machine's can say.
            Some(at) => findings.extend(of_stores(&data, at)?),
            None => findings.extend(of_data(&data, config.as_ref())),
        }
        self.tell(&findings)
    }

    fn tell(&self, findings: &[Finding]) -> Result<(), Failure> {
        let row = |f: &Finding| json!({ "what": f.what, "says": f.says, "fix": f.fix });
        self.shape.write(&findings.iter().map(row).collect(), || {
            if findings.is_empty() {
                output::data("nothing to mend");
            }
            for Finding { what, says, fix } in findings {
                output::data(format_args!("{what}: {says}\n  fix: {fix}"));
            }
        });
        if findings.is_empty() { Ok(()) } else { Err(Failure::silent(Exit::Failed)) }
    }
}

fn of_config(config: &Config, path: &Path) -> Vec<Finding> {
    let mut findings = Vec::new();
    let edit = |line: &str| format!("in `{}`: {line}", path.display());
    if let Some(pages) = config.listen.pages.filter(|pages| !pages.ip().is_loopback()) {
        let says = format!("the pages speak plain HTTP to the world at {pages}");
        let fix = format!("pages = \"127.0.0.1:{}\" behind a proxy that speaks TLS", pages.port());
        findings.push(finding("listener", says, edit(&fix)));
    }
    let world = config.listen.https.filter(|https| !https.ip().is_loopback());
    if let Some(https) = world.filter(|_| config.sandbox) {
        let says =
            format!("a sandbox, which tells clients all about their mistakes, listens at {https}");
        findings.push(finding("sandbox", says, edit("sandbox = false")));
    }
    if config.default_rate.is_none() {
        let says = "accounts without a rate of their own may call as often as they like, and make the gateway \
                    remember as many Nonces"
            .to_owned();
        findings.push(finding("quota", says, edit("[quota] per_second = 100, burst = 200")));
    }
    findings
}

fn of_data(data: &Path, config: Option<&Config>) -> Vec<Finding> {
    let mode = |exposed: &inspect::Exposed| {
        let says =
            format!("`{}` is open to others (mode {:o})", exposed.path.display(), exposed.mode);
        finding(
            "permissions",
            says,
            format!("chmod {:o} {}", exposed.wanted, exposed.path.display()),
        )
    };
    let mut findings: Vec<Finding> = inspect::exposed(data).iter().map(mode).collect();
    match inspect::inspect(data) {
        Ok(inspection) => {
            findings.extend(of_clock(&inspection, now_ms()));
            findings.extend(of_fence(&inspection, now_ms()));
            findings.extend(of_keys(&inspection, config));
        }
        Err(cause) => {
            let fix = format!("faregate init, or restore `{}` from the backup", data.display());
            findings.push(finding("data", cause.to_string(), fix));
        }
    }
    findings
}

/// More behind than a clock that is kept by NTP ever is.
const BEHIND_MS: i64 = 5_000;

fn of_clock(inspection: &Inspection, now_ms: i64) -> Option<Finding> {
    let behind_ms = inspection.clock_seen?.as_ms().saturating_sub(now_ms);
    let says = format!(
        "the clock is {} s behind what the gateway has seen: it was set back, and signed calls are judged by it",
        behind_ms / 1000
    );
    (behind_ms > BEHIND_MS).then(|| finding("clock", says, "timedatectl set-ntp true"))
}

/// A folder that was copied, and a fence that stands in the future.
fn of_fence(inspection: &Inspection, now_ms: i64) -> Option<Finding> {
    const FIX: &str = "stop the gateway, then faregate adopt --clients-ahead 1m, if no client's clock is ahead by more";
    if !inspection.is_original {
        let says = "the record of spent Nonces is a copy, damaged or missing, so it is not believed: from a start on \
                    calls are refused (4200) until the whole window is over";
        return Some(finding("replay", says.to_owned(), FIX));
    }
    let left_ms = inspection.fence?.as_ms().saturating_sub(now_ms);
    let says =
        format!("calls are refused (4200 STAMPED_BEFORE_FENCE) for another {} s", left_ms / 1000);
    (left_ms > BEHIND_MS).then(|| finding("replay", says, FIX))
}

/// Fewer calls say nothing of how a key draws.
const CLAIMS_MIN: u64 = 20;
/// A false 4500 this often is worth a word: one in a million calls.
const CHANCE_MAX: f64 = 1e-6;

fn of_keys(inspection: &Inspection, config: Option<&Config>) -> Vec<Finding> {
    let identity = config.map(|config| config.replay.identity).unwrap_or_default();
    let refuse_last = config.is_none_or(|config| config.replay.refuse_last_nonce);
    let mut findings = Vec::new();
    for (key, account, draws) in &inspection.keys {
        let by_signature = account.replay_identity.unwrap_or(identity) == ReplayIdentity::Signature;
        let Some(draws) = draws.filter(|draws| draws.n_claims >= CLAIMS_MIN && !by_signature)
        else {
            continue;
        };
        let chance = draws.false_replay(refuse_last);
        if chance > CHANCE_MAX {
            let id = key.id.as_str();
            let fix = format!("faregate account set {} --replay-identity signature", account.id);
            findings.push(finding("nonces", narrow(id, &draws, chance), fix));
        }
    }
    findings
}

fn narrow(id: &str, draws: &Draws, chance: f64) -> String {
    format!(
        "the key {id} draws its Nonces below {:.0} (of {} remembered): an honest call of it is answered 4500 once in {:.0}",
        draws.range(),
        draws.n_claims,
        1.0 / chance
    )
}

#[cfg(test)]
mod spec {
    use faregate_pipeline::time::Millis;

    use super::*;

    #[test]
    fn a_clock_that_was_set_back_is_told_and_one_that_went_on_is_not() {
        let seen = |ms| Inspection {
            exposed: Vec::new(),
            keys: Vec::new(),
            clock_seen: Some(Millis::new(ms)),
            is_original: true,
            fence: None,
        };
        assert_eq!(of_clock(&seen(100_000), 200_000), None);
        assert_eq!(of_clock(&seen(104_000), 100_000), None);
        let found = of_clock(&seen(160_000), 100_000).unwrap();
        assert!(found.says.contains("60 s behind"), "{}", found.says);
    }

    #[test]
    fn a_copy_is_told_and_so_is_a_fence_that_stands_ahead() {
        let of = |is_original, fence: Option<i64>| {
            let fence = fence.map(Millis::new);
            let (exposed, keys) = (Vec::new(), Vec::new());
            Inspection { exposed, keys, clock_seen: None, is_original, fence }
        };
        assert_eq!(of_fence(&of(true, None), 100_000), None);
        assert_eq!(of_fence(&of(true, Some(100_000)), 100_000), None);
        let ahead = of_fence(&of(true, Some(160_000)), 100_000).unwrap();
        assert!(
            ahead.says.contains("another 60 s") && ahead.fix.contains("adopt"),
            "{}",
            ahead.says
        );
        assert!(of_fence(&of(false, None), 0).unwrap().says.contains("is a copy"));
    }

    #[test]
    fn a_configuration_for_the_world_with_plain_pages_and_no_quota_is_told() {
        let mut config = Config::new("api.example.com", "data");
        config.listen.pages = Some(([0, 0, 0, 0], 9090).into());
        config.listen.https = Some(([0, 0, 0, 0], 443).into());
        config.sandbox = true;
        let found = of_config(&config, Path::new("faregate.toml"));
        let what: Vec<&str> = found.iter().map(|finding| finding.what).collect();
        assert_eq!(what, ["listener", "sandbox", "quota"]);
        assert!(found.iter().all(|finding| finding.fix.contains("faregate.toml")));
    }
}

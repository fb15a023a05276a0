//! `faregate sign`: signs a call without sending it, or judges captured ones.

use std::io::BufRead;
use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};
use faregate_client::Prepared;
use faregate_signing::Method;
use faregate_signing::capture::{self, CaptureError, Verdict};

use super::signer::Signer;
use crate::exit::{Exit, Failure};
use crate::output;

/// Sign a call without sending it, or judge captured ones
#[derive(Debug, Args)]
#[command(
    before_help = "Examples:\n  faregate sign cvm DescribeZones\n  faregate sign --check captured.jsonl --json"
)]
pub(crate) struct Sign {
    /// The module
    #[arg(required_unless_present = "check")]
    module: Option<String>,
    /// The action
    #[arg(required_unless_present = "check")]
    action: Option<String>,
    /// Parameters, flat: name=value
    #[arg(value_name = "NAME=VALUE", value_parser = super::parameter)]
    params: Vec<(String, String)>,
    /// GET gives a URL, POST a form
    #[arg(long, value_enum, default_value = "get")]
    method: Verb,
    /// Print a curl command
    #[arg(long)]
    curl: bool,
    /// Judge the signatures of captured requests, a JSON line each; `-` is standard input
    #[arg(long, value_name = "FILE", conflicts_with_all = ["module", "curl"])]
    check: Option<PathBuf>,
    /// Answer with JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    signer: Signer,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Verb {
    Get,
    Post,
}

impl Sign {
    pub(crate) fn run(self) -> Result<(), Failure> {
        if let Some(path) = &self.check {
            return check(path, self.json);
        }
        let (module, action) = (self.module.unwrap_or_default(), self.action.unwrap_or_default());
        let (endpoint, credentials) = self.signer.offline()?;
        let method = match self.method {
            Verb::Get => Method::Get,
            Verb::Post => Method::Post,
        };
        let nonce = getrandom::u64().map_err(|cause| Failure::new(Exit::Unexpected, cause))? >> 1;
        let stamp = (crate::clock::now_ms() / 1000, nonce);
        let host = endpoint.domain(&module);
        let signed = Prepared::sign(method, host, &action, &self.params, &credentials, stamp)?;
        match (self.json, self.curl, method) {
            (true, _, _) => output::json(&serde_json::json!({
                "method": method.as_str(),
                "url": signed.url(),
                "body": matches!(method, Method::Post).then(|| signed.encoded()),
                "stringToSign": signed.string_to_sign,
            })),
            (false, true, Method::Get) => output::data(format_args!("curl '{}'", signed.url())),
            (false, true, Method::Post) => {
                output::data(format_args!("curl -d '{}' '{}'", signed.encoded(), signed.url()));
            }
            (false, false, Method::Get) => output::data(signed.url()),
            (false, false, Method::Post) => {
                output::data(signed.url());
                output::data(signed.encoded());
            }
        }
        Ok(())
    }
}

/// What a captured line expects, beside what the signing crate reads.
#[derive(serde::Deserialize)]
struct Expected {
    #[serde(default)]
    expect: Option<String>,
}

fn check(path: &Path, json: bool) -> Result<(), Failure> {
    let unreadable = |cause: std::io::Error| {
        Failure::usage(format!("cannot read `{}`: {cause}", path.display()))
    };
    let reader: Box<dyn BufRead> = if path == Path::new("-") {
        Box::new(std::io::stdin().lock())
    } else {
        Box::new(std::io::BufReader::new(std::fs::File::open(path).map_err(unreadable)?))
    };
    let (mut n_judged, mut n_wrong, mut n_skipped) = (0_usize, 0_usize, 0_usize);
    for (number, line) in (1..).zip(reader.lines()) {
        let line = line.map_err(unreadable)?;
        if line.trim().is_empty() {
            continue;
        }
        let judgement = match capture::judge(&line) {
            Ok(judgement) => judgement,
            Err(CaptureError::Dialect { id, dialect }) => {
                output::note(format_args!(
                    "skipped line {number}: `{id}` is signed by {dialect}, neither v2 nor TC3"
                ));
                n_skipped += 1;
                continue;
            }
            Err(cause @ (CaptureError::Line(_) | CaptureError::Body { .. })) => {
                let at = format!("`{}` line {number}: {cause}", path.display());
                return Err(Failure::new(Exit::Invalid, at));
            }
        };
        n_judged += 1;
        let verdict = match judgement.verdict {
            Verdict::Pass => "pass",
            Verdict::Fail => "fail",
            Verdict::Unsigned => "unsigned",
        };
        let expected = serde_json::from_str::<Expected>(&line).ok().and_then(|line| line.expect);
        let wrong = expected.as_deref().map_or(verdict == "fail", |expected| expected != verdict);
        n_wrong += usize::from(wrong);
        if json {
            output::json(&judgement);
        } else {
            let profile = judgement.profile.as_deref().or(judgement.note.as_deref()).unwrap_or("-");
            let mark = if wrong { "WRONG" } else { "ok" };
            output::data(format_args!("{mark:5}  {verdict:8}  {}  {profile}", judgement.id));
        }
    }
    output::note(format_args!("{n_judged} judged, {n_wrong} wrong, {n_skipped} skipped"));
    if n_wrong > 0 { Err(Failure::silent(Exit::Failed)) } else { Ok(()) }
}

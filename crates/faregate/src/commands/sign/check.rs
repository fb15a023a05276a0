//! `faregate sign --check`: judges captured requests, a JSON line each.

use std::io::BufRead;
use std::path::Path;

use faregate_signing::capture::{self, CaptureError, Verdict};

use crate::exit::{Exit, Failure};
use crate::output;

/// What a captured line expects, beside what the signing crate reads.
#[derive(serde::Deserialize)]
struct Expected {
    #[serde(default)]
    expect: Option<String>,
}

pub(super) fn check(path: &Path, json: bool) -> Result<(), Failure> {
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

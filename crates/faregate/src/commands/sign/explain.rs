//! `faregate sign --explain`: what a request should have signed, whether it did, and which mistake was made. Offline.

use std::io::Read;
use std::path::Path;

use faregate_signing::SecretKey;
use faregate_signing::capture::{Captured, Judgement, Verdict};
use faregate_signing::diagnose::{Certainty, Diagnosis, Difference, first_difference};
use serde::Serialize;

use super::raw;
use crate::commands::signer::Keys;
use crate::exit::{Exit, Failure};
use crate::output;

/// What was found out.
struct Explained {
    request: Captured,
    /// None without a SecretKey.
    judged: Option<Judgement>,
    string_to_sign: Result<String, String>,
    diagnosis: Option<Diagnosis>,
    difference: Option<Difference>,
}

/// Explains a request; exit 4 where its signature is not good.
pub(super) fn explain(
    request: &str,
    theirs: Option<&str>,
    keys: &Keys,
    json: bool,
) -> Result<(), Failure> {
    let mut text = request.to_owned();
    if request == "-" {
        text.clear();
        std::io::stdin().read_to_string(&mut text).map_err(Failure::usage)?;
    }
    let mut request = raw::read(&text).map_err(Failure::usage)?;
    let others = keys.choose(&mut request);
    let explained = find_out(request, theirs, &others)?;
    if json {
        output::json(&explained.record())
    } else {
        explained.print()
    }
    match explained.judged.map(|judged| judged.verdict) {
        Some(Verdict::Fail) => Err(Failure::silent(Exit::Failed)),
        Some(Verdict::Pass | Verdict::Unsigned) | None => Ok(()),
    }
}

fn find_out(
    request: Captured,
    theirs: Option<&str>,
    others: &[SecretKey],
) -> Result<Explained, Failure> {
    let others: Vec<&SecretKey> = others.iter().collect();
    let string_to_sign = request.string_to_sign();
    let theirs = theirs.map(own_string).transpose()?;
    let (judged, diagnosis) = if request.secret_key.is_empty() {
        (None, None)
    } else {
        let judged = request.judge().map_err(Failure::usage)?;
        let diagnosis = match judged.verdict {
            Verdict::Fail => request.diagnose(&others).map_err(Failure::usage)?,
            Verdict::Pass | Verdict::Unsigned => None,
        };
        (Some(judged), diagnosis)
    };
    let difference = compare(&request, string_to_sign.as_deref().ok(), theirs, diagnosis.as_ref());
    Ok(Explained { request, judged, string_to_sign, diagnosis, difference })
}

/// Their string, or without one the string that was proven to be signed, beside ours of the same kind.
fn compare(
    request: &Captured,
    string_to_sign: Option<&str>,
    theirs: Option<String>,
    found: Option<&Diagnosis>,
) -> Option<Difference> {
    let canonical = request.canonical_request();
    let is_canonical = |text: &str| text.starts_with("POST\n") || text.starts_with("GET\n");
    match (theirs, canonical) {
        (Some(theirs), Some(ours)) if is_canonical(&theirs) => first_difference(&ours, &theirs),
        (Some(theirs), _) => first_difference(string_to_sign?, &theirs),
        (None, ours) => found?.difference(string_to_sign, ours.as_deref()),
    }
}

/// A file's text without the line feed that ends it, or the text itself.
fn own_string(theirs: &str) -> Result<String, Failure> {
    if theirs.contains('\n') || !Path::new(theirs).is_file() {
        return Ok(theirs.to_owned());
    }
    let text = std::fs::read_to_string(theirs)
        .map_err(|cause| Failure::usage(format!("cannot read `{theirs}`: {cause}")))?;
    Ok(text.strip_suffix('\n').map(str::to_owned).unwrap_or(text))
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Record<'a> {
    verdict: Option<Verdict>,
    profile: Option<&'a str>,
    uncovered: &'a [String],
    note: Option<&'a str>,
    string_to_sign: Option<&'a str>,
    canonical_request: Option<String>,
    mistake: Option<&'static str>,
    also: Option<&'static str>,
    certainty: Option<Certainty>,
    sentence: Option<String>,
    fix: Option<&'static str>,
    theirs: Option<&'a str>,
    difference: Option<String>,
}

impl Explained {
    fn record(&self) -> Record<'_> {
        let judged = self.judged.as_ref();
        let found = self.diagnosis.as_ref();
        Record {
            verdict: judged.map(|judged| judged.verdict),
            profile: judged.and_then(|judged| judged.profile.as_deref()),
            uncovered: judged.map_or(&[], |judged| judged.uncovered.as_slice()),
            note: judged.and_then(|judged| judged.note.as_deref()),
            string_to_sign: self.string_to_sign.as_deref().ok(),
            canonical_request: self.request.canonical_request(),
            mistake: found.map(|found| found.mistake.name()),
            also: found.and_then(|found| found.also).map(faregate_signing::diagnose::Mistake::name),
            certainty: found.map(|found| found.certainty),
            sentence: found.map(Diagnosis::sentence),
            fix: found.map(Diagnosis::fix),
            theirs: found.and_then(|found| found.theirs.as_deref()),
            difference: self.difference.as_ref().map(ToString::to_string),
        }
    }

    fn print(&self) {
        if let Some(canonical) = self.request.canonical_request() {
            output::data(format_args!("Canonical request:\n{canonical}\n"));
        }
        match &self.string_to_sign {
            Ok(text) => output::data(format_args!("String to sign:\n{text}\n")),
            Err(why) => output::data(format_args!("String to sign: none, {why}\n")),
        }
        match &self.judged {
            None => output::data(
                "Verdict: not judged, no SecretKey is known for this SecretId: set FAREGATE_SECRET_KEY or FAREGATE_SECRET_KEY_FILE",
            ),
            Some(Judgement { verdict: Verdict::Unsigned, .. }) => {
                output::data("Verdict: the request asks for an unsigned call");
            }
            Some(Judgement { verdict: Verdict::Pass, profile, uncovered, .. }) => {
                let profile = profile.as_deref().unwrap_or_default();
                output::data(format_args!("Verdict: the signature is good ({profile})"));
                if !uncovered.is_empty() {
                    output::data(format_args!("Not signed: {}", uncovered.join(", ")));
                }
            }
            Some(Judgement { verdict: Verdict::Fail, note, .. }) => {
                let note = note.as_deref().unwrap_or_default();
                output::data(format_args!("Verdict: refused, {note}"));
            }
        }
        if let Some(found) = &self.diagnosis {
            print_diagnosis(found);
        }
        if let Some(difference) = &self.difference {
            output::data(format_args!("\n{difference}"));
        }
    }
}

fn print_diagnosis(found: &Diagnosis) {
    let certainty = match found.certainty {
        Certainty::Exact => "proven: the string signed so gives this signature",
        Certainty::Likely => "likely",
    };
    output::data(format_args!("\n{} ({certainty})", found.mistake));
    output::data(found.sentence());
    output::data(format_args!("Fix: {}", found.fix()));
    if let Some(also) = found.also {
        output::data(format_args!("Also: {also}. {}", also.fix()));
    }
}

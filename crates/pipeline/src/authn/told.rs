//! What a sandbox tells of a signature that does not match: which mistake made it, and the string that was expected.
//!
//! Finding the mistake takes some milliseconds at most (`faregate_signing::diagnose` bounds it), on the worker's own
//! thread: a sandbox has the time; elsewhere [`super::Inquiry`] grants it seldom.

use faregate_contract::{Code, Members, Origin, Public, Refusal};
use faregate_signing::diagnose::{Certainty, Diagnosis, Mistake};
use serde_json::json;

use super::SIGNATURE_MISMATCH;

/// What is always said first.
pub(super) const MISMATCH: &str = "the signature is not what this key makes of this request.";

/// The refusal with the mistake's name, for programs.
pub(super) fn name(refusal: Refusal, found: &Diagnosis) -> Refusal {
    let named = json!({ "mistake": found.mistake.name(), "certainty": found.certainty });
    match Members::of_object(&named.to_string()) {
        Some(members) => refusal.beside(members),
        None => refusal,
    }
}

/// The mistake alone, where there is no sandbox.
pub(super) fn named(found: &Diagnosis) -> Refusal {
    let say = Public::new(format!("{MISMATCH} {}", found.sentence()));
    let refusal = Refusal::new(Code::AuthFailure, SIGNATURE_MISMATCH, Origin::Client, say);
    name(refusal.fix(found.fix()), found)
}

/// All that is told; never the expected signature.
#[derive(Debug)]
pub struct Told {
    /// The gateway's own string to sign; it holds no secret.
    pub string_to_sign: String,
    /// What its last line is the hash of, where it is one.
    pub canonical_request: Option<String>,
    /// What the client did, where it can be said.
    pub diagnosis: Option<Diagnosis>,
}

impl Told {
    /// The particular sentence of the message.
    pub(super) fn sentence(&self) -> String {
        match &self.diagnosis {
            None => {
                let mismatch = MISMATCH.trim_end_matches('.');
                format!("{mismatch}; compare your string to sign with the one in `fix`.")
            }
            Some(found) => match (found.certainty, found.mistake) {
                // It says of itself how sure it is.
                (Certainty::Exact, _) | (Certainty::Likely, Mistake::SecretDiffers) => {
                    format!("{MISMATCH} {}", found.sentence())
                }
                (Certainty::Likely, _) => format!("{MISMATCH} Probably: {}", found.sentence()),
            },
        }
    }

    /// The refusal with what to do, and with the mistake's name for programs.
    pub(super) fn complete(&self, refusal: Refusal) -> Refusal {
        let mut fix = String::new();
        if let Some(found) = &self.diagnosis {
            fix = format!("{} ", found.fix());
        }
        fix += &format!("The gateway signs this string: {}", self.string_to_sign);
        if let Some(canonical) = &self.canonical_request {
            fix +=
                &format!("\n\nIts last line is the hash of this canonical request:\n{canonical}");
        }
        let (ours, canonical) =
            (Some(self.string_to_sign.as_str()), self.canonical_request.as_deref());
        let found = self.diagnosis.as_ref();
        if let Some(mark) = found.and_then(|found| found.difference(ours, canonical)) {
            fix += &format!("\n\nYours is another one:\n{mark}");
        }
        let refusal = refusal.fix(fix);
        match &self.diagnosis {
            Some(found) => name(refusal, found),
            None => refusal,
        }
    }
}

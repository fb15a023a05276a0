//! The signing suite in `tests/signing`: every case gets its verdict, for its reason, by way of the same strings.

use faregate_signing::capture::{Captured, Verdict};
use faregate_signing::{Algorithm, SecretKey, Tag};
use serde::Deserialize;

const SCHEMES: [(&str, &str); 5] = [
    ("v2-sha1", include_str!("../../../tests/signing/cases/v2-sha1.jsonl")),
    ("v2-sha256", include_str!("../../../tests/signing/cases/v2-sha256.jsonl")),
    ("v1-sha1", include_str!("../../../tests/signing/cases/v1-sha1.jsonl")),
    ("v1-sha256", include_str!("../../../tests/signing/cases/v1-sha256.jsonl")),
    ("tc3", include_str!("../../../tests/signing/cases/tc3.jsonl")),
];
const HMAC: &str = include_str!("../../../tests/signing/hmac.jsonl");

#[derive(Deserialize)]
struct Case {
    what: String,
    verdict: String,
    profile: Option<String>,
    reason: Option<String>,
    canonical_request: Option<String>,
    string_to_sign: String,
    signature: String,
    #[serde(flatten)]
    request: Captured,
}

/// What our judgement says for each of the suite's reasons.
const REASONS: [(&str, &[&str]); 13] = [
    ("uncovered", &["the signature does not cover"]),
    ("tag", &["the Signature matches no string to sign"]),
    ("twins", &["cannot be told apart"]),
    ("form", &["byte "]),
    ("signature-missing", &["there is no Signature"]),
    (
        "signature-spelling",
        &[
            "the Signature is not base64",
            "the Signature holds white space",
            "the Signature decodes to",
        ],
    ),
    (
        "authorization-spelling",
        &[
            "the Authorization header",
            "the Credential must",
            "the date in the Credential",
            "SignedHeaders must",
            "the Signature must",
        ],
    ),
    ("secret-id", &["the Credential names another SecretId"]),
    ("date", &["the Credential is dated"]),
    ("stamp", &["X-TC-Timestamp is not"]),
    ("stamp-missing", &["there is no X-TC-Timestamp"]),
    ("query-on-post", &["a POST with a query"]),
    ("header-missing", &["no such header arrived"]),
];

fn says(reason: &str, note: &str) -> bool {
    if reason == "header-repeated" {
        return note.contains("this header arrived more than once");
    }
    let rows = REASONS.iter().filter(|(name, _)| *name == reason);
    rows.flat_map(|(_, words)| *words).any(|words| note.contains(words))
}

#[test]
fn every_case_gets_its_verdict_for_its_reason() {
    let (mut n_good, mut n_bad) = (0_usize, 0_usize);
    for (scheme, lines) in SCHEMES {
        for line in lines.lines() {
            let case: Case = serde_json::from_str(line).unwrap();
            let at = format!("{scheme} {}: {}", case.request.id, case.what);
            let judged = case.request.judge().unwrap();
            match (case.verdict.as_str(), judged.verdict) {
                ("pass", Verdict::Pass) => {
                    assert_eq!(judged.profile, case.profile, "{at}");
                    n_good += 1;
                }
                ("fail", Verdict::Fail) => {
                    let (reason, note) = (case.reason.unwrap(), judged.note.unwrap());
                    assert!(says(&reason, &note), "{at}: {reason}: {note}");
                    n_bad += 1;
                }
                (expected, got) => panic!("{at}: {expected}, not {got:?}: {judged:?}"),
            }
        }
    }
    println!("{n_good} good requests accepted, {n_bad} bad ones refused");
    assert!(n_good >= 150 && n_bad >= 300, "{n_good} {n_bad}");
}

#[test]
fn the_strings_and_signatures_are_those_of_the_suite() {
    for (scheme, lines) in SCHEMES {
        for line in lines.lines() {
            let case: Case = serde_json::from_str(line).unwrap();
            if case.verdict != "pass" {
                continue;
            }
            let at = format!("{scheme} {}: {}", case.request.id, case.what);
            assert_eq!(case.request.string_to_sign().unwrap(), case.string_to_sign, "{at}");
            assert_eq!(case.request.canonical_request(), case.canonical_request, "{at}");
            if scheme == "tc3" {
                continue;
            }
            let algorithm =
                if scheme.ends_with("256") { Algorithm::HmacSha256 } else { Algorithm::HmacSha1 };
            let secret = SecretKey::new(case.request.secret_key.as_str());
            let tag = Tag::of(algorithm, &secret, &case.string_to_sign);
            assert_eq!(tag.encode(), case.signature, "{at}");
        }
    }
}

#[test]
fn no_refused_case_is_diagnosed_as_good() {
    let mut n_diagnosed = 0_usize;
    for (scheme, lines) in SCHEMES {
        for line in lines.lines().step_by(SAMPLED) {
            let case: Case = serde_json::from_str(line).unwrap();
            let found = case.request.diagnose(&[]).unwrap();
            if case.verdict == "pass" {
                assert_eq!(found, None, "{scheme} {}: {}", case.request.id, case.what);
            } else if case.reason.as_deref() == Some("tag") {
                assert!(found.is_some(), "{scheme} {}: {}", case.request.id, case.what);
                n_diagnosed += 1;
            }
        }
    }
    assert!(n_diagnosed > 0);
}

#[derive(Deserialize)]
struct Mac {
    source: String,
    algorithm: String,
    key: String,
    text: String,
    tag: String,
}

#[test]
fn the_macs_are_those_of_the_rfcs() {
    let mut n_macs = 0_usize;
    for line in HMAC.lines() {
        let mac: Mac = serde_json::from_str(line).unwrap();
        let algorithm = match mac.algorithm.as_str() {
            "sha1" => Algorithm::HmacSha1,
            "sha256" => Algorithm::HmacSha256,
            other => panic!("{other}"),
        };
        // The signer's texts are text; the vectors with other bytes are in the crate's own tests.
        let Ok(text) = String::from_utf8(hex::decode(&mac.text).unwrap()) else { continue };
        let secret = SecretKey::new(hex::decode(&mac.key).unwrap());
        let tag = Tag::of(algorithm, &secret, &text);
        assert_eq!(hex::encode(tag.as_bytes()), mac.tag, "{}", mac.source);
        n_macs += 1;
    }
    assert_eq!(n_macs, 9);
}

/// Every so many cases are diagnosed: a diagnosis is dear without optimisation.
const SAMPLED: usize = 7;

//! What a diagnosis says, what it costs, and what it never does. The corpus is in `tests/signing/mistakes`.

use std::collections::HashSet;

use proptest::prelude::*;

use super::*;
use crate::{Algorithm, Method, Pair, Tag, sign};

const HOST: &str = "cvm.api.qcloud.com";
const PATH: &str = "/v2/index.php";

fn secret() -> SecretKey {
    SecretKey::new("Gu5t9xGARNpq86cd98joQYCN3Cozk1qA")
}

/// Diagnoses a GET of these pairs whose signature was made of `signed`.
fn of_text(pairs: &[Pair<'_>], signed: &str) -> Option<Diagnosis> {
    let signature = Tag::of(Algorithm::HmacSha1, &secret(), signed).encode();
    diagnose(&Evidence::V2(V2::new(Method::Get, HOST, PATH, pairs, &signature)), &secret(), &[])
}

#[test]
fn every_mistake_has_a_name_a_sentence_and_a_fix_of_its_own() {
    let all = Mistake::ALL;
    assert!(all.len() >= 60, "{}", all.len());
    let of =
        |what: fn(&Mistake) -> &'static str| all.iter().map(what).collect::<HashSet<_>>().len();
    assert_eq!(of(|mistake| mistake.name()), all.len());
    assert_eq!(of(|mistake| mistake.says()), all.len());
    for mistake in all {
        let name = mistake.name();
        assert!(
            name.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'_'),
            "{name}"
        );
        assert!(mistake.says().ends_with('.') && mistake.fix().ends_with('.'), "{name}");
        assert!(mistake.says().matches("{}").count() <= 1, "{name}");
    }
}

#[test]
fn a_diagnosis_reads_as_a_sentence() {
    let pairs = [("Action", "RunInstances"), ("name", "a b"), ("Timestamp", "100")];
    let rows = [
        (
            "POSTcvm.api.qcloud.com/v2/index.php?Action=RunInstances&Timestamp=100&name=a b",
            "The string that was signed begins with `POST`, which is not the method that was sent.",
        ),
        (
            "cvm.api.qcloud.com/v2/index.php?Action=RunInstances&Timestamp=100&name=a b",
            "The string that was signed begins with `nothing`, which is not the method that was sent.",
        ),
        (
            "GETcvm.api.qcloud.com/v2/index.php?Action=RunInstances&Timestamp=98&name=a b",
            "The Timestamp was changed after signing: `98` was signed.",
        ),
        (
            "GETcvm.api.qcloud.com/v2/index.php?Action=RunInstances&name=a b",
            "Added after signing: `Timestamp`.",
        ),
        (
            "GETcvm.api.qcloud.com/v2/index.php?Action=RunInstances&Timestamp=100&name=A b",
            "The value of `name` was changed after signing.",
        ),
    ];
    for (signed, sentence) in rows {
        let found = of_text(&pairs, signed).unwrap();
        assert_eq!((found.sentence().as_str(), found.certainty), (sentence, Certainty::Exact));
        assert_eq!(found.theirs.as_deref(), Some(signed));
    }
}

#[test]
fn two_mistakes_at_once_are_both_named() {
    let pairs = [("Action", "RunInstances"), ("name", "a/b"), ("Timestamp", "100")];
    let signed = "POSTcvm.api.qcloud.com/v2/index.php?Action=RunInstances&Timestamp=100&name=a%2Fb";
    let found = of_text(&pairs, signed).unwrap();
    assert_eq!((found.mistake, found.also), (Mistake::MethodDiffers, Some(Mistake::ValuesEncoded)));
    let signed =
        "GETcvm.api.qcloud.com/v2/index.php?Action=RunInstances&Timestamp=100&name=a%2Fb\n";
    let found = of_text(&pairs, signed).unwrap();
    assert_eq!(
        (found.mistake, found.also),
        (Mistake::ValuesEncoded, Some(Mistake::StringWithNewline))
    );
}

#[test]
fn a_good_signature_has_no_mistake() {
    let pairs = [("Action", "RunInstances"), ("a_b", "1"), ("aC", ""), ("Timestamp", "100")];
    for signed in [
        "GETcvm.api.qcloud.com/v2/index.php?Action=RunInstances&Timestamp=100&a.b=1&aC=",
        "GETcvm.api.qcloud.com/v2/index.php?Action=RunInstances&Timestamp=100&aC=&a_b=1",
    ] {
        assert_eq!(of_text(&pairs, signed), None, "{signed}");
    }
}

#[test]
fn what_the_caller_knows_helps_to_guess() {
    let pairs = [("Action", "RunInstances"), ("Timestamp", "100")];
    let rows = [
        (
            "GETmodule.example/v2/index.php?Action=RunInstances&Timestamp=100",
            Mistake::HostDiffers,
            "module.example",
        ),
        (
            "GETcvm.api.qcloud.com/v2/index.php?Action=RunInstances&Timestamp=100&dryRun=false",
            Mistake::ParameterDropped,
            "dryRun",
        ),
    ];
    for (signed, mistake, subject) in rows {
        let signature = Tag::of(Algorithm::HmacSha1, &secret(), signed).encode();
        let mut evidence = V2::new(Method::Get, HOST, PATH, &pairs, &signature);
        let blind = diagnose(&Evidence::V2(evidence), &secret(), &[]).unwrap();
        assert_eq!((blind.mistake, blind.certainty), (Mistake::SecretDiffers, Certainty::Likely));
        evidence.hosts = &["module.example"];
        evidence.declared = &["dryRun"];
        let found = diagnose(&Evidence::V2(evidence), &secret(), &[]).unwrap();
        assert_eq!((found.mistake, found.subject.as_deref()), (mistake, Some(subject)));
    }
}

#[test]
fn the_work_is_bounded_whatever_arrives() {
    let names: Vec<String> = (0..60).map(|n| format!("list_a.{n}")).collect();
    for (n_times, n_least) in [(1, MACS_MAX), (30, 100)] {
        let value = "é+&%41 _@".repeat(n_times);
        let many: Vec<Pair<'_>> =
            names.iter().map(|name| (name.as_str(), value.as_str())).collect();
        let found = of_text(&many, "nothing like it").unwrap();
        assert_eq!(
            (found.mistake, found.certainty),
            (Mistake::ValuesEncodedTwice, Certainty::Likely)
        );
        assert!((n_least..=MACS_MAX).contains(&found.n_macs), "{}", found.n_macs);
    }
    let long = "x".repeat(TEXT_BYTES_MAX + 1);
    assert_eq!(of_text(&[("a", &long)], "nothing like it"), None);
}

#[test]
fn a_difference_is_marked_and_the_invisible_shown() {
    let ours = "POST\n/\n\ncontent-type:application/json\nhost:cvm\n";
    let theirs = "POST\n/\n\ncontent-type:application/json\r\nhost:cvm\n";
    let found = first_difference(ours, theirs).unwrap();
    assert_eq!((found.at, found.line, found.column), (37, 4, 30));
    assert_eq!(
        found.to_string(),
        "ours    content-type:application/json⏎host:cvm⏎\n\
         theirs  content-type:application/json␍⏎host:cvm⏎\n        \
         \u{20}                            ^ line 4, character 30"
    );
    let rows = [
        ("a", "a", None),
        ("", "a", Some(("⟨end⟩", "a"))),
        ("abc", "ab", Some(("abc", "ab⟨end⟩"))),
        ("ab", "ab ", Some(("ab⟨end⟩", "ab␠"))),
        ("a\u{200b}b", "ab", Some(("a⟨U+200B⟩b", "ab"))),
        ("é", "e\u{301}", Some(("é", "e⟨U+0301⟩"))),
    ];
    for (ours, theirs, expected) in rows {
        let found = first_difference(ours, theirs);
        let found = found.as_ref().map(|found| (found.ours.as_str(), found.theirs.as_str()));
        assert_eq!(found, expected, "{ours:?} {theirs:?}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]

    /// Neither the words nor their debug output hold the signature that would have been right.
    #[test]
    fn the_expected_signature_is_never_told(
        pairs in prop::collection::btree_map("[A-Za-z_.]{1,6}", any::<String>(), 1..6),
        signature in "[A-Za-z0-9+/]{27}=",
    ) {
        let pairs: Vec<(String, String)> = pairs.into_iter().collect();
        let sent: Vec<Pair<'_>> = pairs.iter().map(|(n, v)| (n.as_str(), v.as_str())).collect();
        let evidence = V2::new(Method::Get, HOST, PATH, &sent, &signature);
        if let Some(found) = diagnose(&Evidence::V2(evidence), &secret(), &[]) {
            let mut signed = pairs.clone();
            let expected = sign::v2(Method::Get, HOST, PATH, &mut signed, &secret(), Algorithm::HmacSha1);
            let told = format!("{found:?} {} {}", found.sentence(), found.fix());
            prop_assert!(!told.contains(&expected) && !told.contains("Gu5t9x"));
            prop_assert!(found.n_macs <= MACS_MAX);
        }
    }

    #[test]
    fn no_header_and_no_body_panics(
        authorization in any::<String>(),
        body in any::<Vec<u8>>(),
        query in any::<String>(),
        timestamp in "[0-9]{0,12}",
    ) {
        let headers = [("Content-Type", "application/json"), ("X-TC-Action", "Y")];
        let spelled = format!("TC3-HMAC-SHA256 Credential=A/2019-02-25/cvm/tc3_request, SignedHeaders=content-type;host{authorization}, Signature={}", "0".repeat(64));
        for authorization in [authorization.as_str(), spelled.as_str()] {
            let (timestamp, query, body) = (timestamp.as_str(), query.as_str(), body.as_slice());
            let evidence = Tc3 { method: Method::Post, path: "/", query, host: HOST, headers: &headers, body, timestamp, authorization, hosts: &[] };
            let _ = diagnose(&Evidence::Tc3(evidence), &secret(), &[]);
        }
    }
}

//! Nothing that can be answered is without its page, a language, or an example.

use faregate_pipeline::pages::{Part, reproduction};

use super::*;

/// Reasons that only an accident makes, until a sandbox can make them too. The list only shrinks.
const BY_ACCIDENT: &[&str] = &[
    "4000 BINARY_PART",
    "4000 BODY_INCOMPLETE",
    "4000 BODY_NOT_JSON",
    "4000 PATTERN",
    "4000 FORMAT",
    "4000 TOO_FEW",
    "4000 TOO_DEEP",
    "4000 RULE",
    "4000 PRICE",
    "4100 ACTION_NOT_SIGNED",
    "4100 NOT_SIGNED",
    "4100 UNSIGNED_PARAMETER",
    "4100 SIGNATURE_TOO_WEAK",
    "4200 STAMPED_BEFORE_FENCE",
    "4200 STAMP_TOO_NEW",
    "4300 SOURCE_NOT_ALLOWED",
    "4400 NONCES_LIVE",
    "4500 SIGNATURE_SEEN",
    "6000 OUTCOME_UNKNOWN",
    "6000 PANIC",
    "6000 UPSTREAM_UNREACHABLE",
    "6000 UPSTREAM_TIMEOUT",
    "6000 UPSTREAM_RESET",
    "6000 UPSTREAM_FOREIGN_CODE",
    "6000 UPSTREAM_RESERVED_MEMBER",
    "6000 UPSTREAM_NO_CREATED_ID",
    "6000 INTERNAL",
    "6100 AMBIGUOUS_HOST",
    "6200 BREAKER_OPEN",
    "6200 MODULE_UNAVAILABLE",
    "6200 STORE_DOWN",
    "6200 OVERLOAD",
];

#[test]
fn every_code_and_every_reason_has_its_page_its_place_and_an_example() {
    for page in PAGES {
        let code = page.code;
        for language in ["en", "zh"] {
            let (status, body) = get(&format!("/errors/{code}?lang={language}"));
            assert_eq!(status, 200, "{code} {language}");
            for part in Part::ALL {
                assert!(
                    body.contains(&format!("<h2 id=\"{}\">", part.anchor())),
                    "{code} {part:?}"
                );
            }
            for reason in page.reasons {
                assert!(
                    body.contains(&format!("<h3 id=\"{reason}\">")),
                    "{code} {reason} {language}"
                );
            }
            assert!(body.matches("class=\"language-sh\"").count() > 0, "{code} {language}");
        }
    }
}

#[test]
fn every_reason_is_made_to_happen_or_is_on_the_list_of_accidents() {
    let mut without: Vec<String> = Vec::new();
    for page in PAGES {
        let missing = page.reasons.iter().filter(|one| reproduction(page.code, **one).is_none());
        without.extend(missing.map(|reason| format!("{} {reason}", page.code)));
    }
    without.sort();
    let mut accidents: Vec<&str> = BY_ACCIDENT.to_vec();
    accidents.sort_unstable();
    // A new reason has its commands in `pipeline/src/pages/reproduce.rs`.
    assert_eq!(without, accidents);
}

#[test]
fn every_module_code_has_its_page_in_both_languages_and_an_example() {
    let site = site_of(COMPUTE);
    for (code, error) in &site.modules[0].errors {
        for language in ["en", "zh"] {
            let (page, body) = get_of(&site, &format!("/errors/cvm/{code}?lang={language}"));
            assert_eq!(page.status, 200, "{code}");
            assert!(body.contains(&error.message), "{code} {language}");
            for client in ["cli", "python", "node", "curl"] {
                assert!(body.contains(&format!("id=\"example-{client}\"")), "{code} {client}");
            }
        }
        assert!(error.cause.is_some() && error.fix.is_some(), "{code}");
    }
}

#[test]
fn every_action_has_its_page_in_both_languages_and_an_example_for_each_client() {
    let site = site_of(COMPUTE);
    for operation in site.modules[0].operations() {
        let action = &operation.action;
        for language in ["en", "zh"] {
            let (page, body) = get_of(&site, &format!("/modules/cvm/{action}?lang={language}"));
            assert_eq!(page.status, 200, "{action}");
            for parameter in operation.parameters.describe() {
                let anchor = format!("id=\"parameter-{}\"", parameter.name);
                assert!(body.contains(&anchor), "{action} {}", parameter.name);
                assert!(!parameter.description.is_empty(), "{action} {}", parameter.name);
            }
            for client in ["cli", "python", "node", "curl"] {
                assert!(body.contains(&format!("id=\"example-{client}\"")), "{action} {client}");
            }
        }
    }
}

#[test]
fn an_action_names_each_code_that_its_terms_bring_about() {
    for (action, own, not) in [
        ("RunInstances", vec![4000, 5100, 5200, 5300, 5500], vec![5000, 5400]),
        ("RestartInstances", vec![4000, 4400, 5000, 5100, 5400], vec![5200, 5300, 5500]),
        ("DescribeZones", vec![5100], vec![5000, 5200, 5300, 5400, 5500]),
        ("DescribeInternalUsage", vec![4300, 5100], vec![5000]),
        ("RenewInstance", vec![5000, 5300, 5500], vec![5400]),
    ] {
        let value: Value =
            serde_json::from_str(&get(&format!("/modules/cvm/{action}.json")).1).unwrap();
        let codes: Vec<u64> = value["codes"]
            .as_array()
            .unwrap()
            .iter()
            .map(|found| found["code"].as_u64().unwrap())
            .collect();
        for code in own.iter().chain(&[4100, 4200, 4500, 4600, 6000, 6100, 6200]) {
            assert!(codes.contains(code), "{action} lacks {code}: {codes:?}");
        }
        assert!(!not.iter().any(|code| codes.contains(code)), "{action}: {codes:?}");
    }
}

//! Nothing that can be answered is without its page, a language, or an example.

use faregate_pipeline::pages::{Part, reproduction};

use super::*;

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
fn every_reason_is_made_to_happen() {
    for page in PAGES {
        for reason in page.reasons {
            // A new reason has its commands in `pipeline/src/pages/reproduce.rs`; what no request brings about has a fault.
            assert!(reproduction(page.code, *reason).is_some(), "{} {reason}", page.code);
        }
    }
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
        ("RenewInstances", vec![5000, 5300, 5400, 5500], vec![]),
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

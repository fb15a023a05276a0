//! Tidy's own rules, on small inputs: each is broken once.

use serde_json::json;

use super::{Finding, Source, arrows, codes, files, licences, order};

fn source(path: &str, text: &str) -> Source {
    Source { path: path.to_owned(), text: text.to_owned() }
}

fn said(findings: &[Finding]) -> Vec<String> {
    findings.iter().map(ToString::to_string).collect()
}

#[test]
fn a_file_says_what_it_is_for_and_has_at_most_400_lines() {
    let long = format!("//! Long.\n{}", "\n".repeat(400));
    let sources = [
        source("a.rs", "//! Good.\n"),
        source("b.rs", "fn main() {}\n"),
        source("c.rs", &long),
        source("d.md", "x"),
    ];
    let said = said(&files::check(&sources));
    assert_eq!(said.len(), 2, "{said:?}");
    assert!(
        said[0].starts_with("b.rs:1: ") && said[1].starts_with("c.rs:401: 401 lines"),
        "{said:?}"
    );
}

#[test]
fn a_licence_expression_is_accepted_when_one_of_its_ways_is() {
    for (expression, good) in [
        ("MIT", true),
        ("MIT OR Apache-2.0", true),
        ("MIT/Apache-2.0", true),
        ("GPL-3.0 OR MIT", true),
        ("(MIT OR Apache-2.0) AND Unicode-3.0", true),
        ("ISC AND (Apache-2.0 OR ISC) AND OpenSSL", true),
        ("GPL-3.0", false),
        ("MIT AND GPL-3.0", false),
        ("(MIT OR Apache-2.0) AND GPL-3.0", false),
        ("", false),
    ] {
        assert_eq!(licences::accepted(expression), good, "{expression}");
    }
}

#[test]
fn a_banned_crate_is_told_with_what_to_use_instead() {
    assert!(licences::check_banned("rustls v0.23.46\nring-channel v0.1.0\n").is_empty());
    let said = said(&licences::check_banned("rustls v0.23.46\nring v0.17.14\n"));
    assert_eq!(said.len(), 1, "{said:?}");
    assert!(said[0].contains("aws-lc-rs"), "{said:?}");
}

fn world(importer: &str, import: &str, kind: serde_json::Value) -> serde_json::Value {
    let package = |name: &str, dependencies: serde_json::Value| json!({"id": name, "name": name, "manifest_path": format!("/r/{name}/Cargo.toml"), "dependencies": dependencies});
    json!({
        "workspace_root": "/r",
        "workspace_members": [importer],
        "packages": [package(importer, json!([{"name": import, "kind": kind}])), package(import, json!([]))],
        "resolve": {"nodes": [{"id": importer, "deps": [{"pkg": import, "dep_kinds": [{"kind": kind}]}]}]},
    })
}

#[test]
fn arrows_go_one_way_and_pure_crates_stay_pure() {
    let normal = json!(null);
    for (importer, import, kind, n_findings) in [
        ("faregate-catalog", "faregate-contract", normal.clone(), 0),
        ("faregate-contract", "faregate-signing", normal.clone(), 1),
        ("faregate-stores", "faregate-gateway", normal.clone(), 1),
        ("faregate-pipeline", "tokio", normal.clone(), 1),
        ("faregate-pipeline", "tokio", json!("dev"), 0),
        ("faregate-gateway", "tokio", normal.clone(), 0),
        ("faregate-ledger", "proptest", normal, 1),
        ("faregate", "faregate-gateway", json!(null), 0),
    ] {
        let said = said(&arrows::check(&world(importer, import, kind)));
        assert_eq!(said.len(), n_findings, "{importer} -> {import}: {said:?}");
    }
}

#[test]
fn a_code_is_made_in_its_own_room_only_and_tests_do_not_count() {
    let made = "x\n    Refusal::new(Code::ReplayAttack, SEEN)\n#[cfg(test)]\nRefusal::new(Code::ReplayAttack, SEEN)";
    let sources = [
        source("crates/pipeline/src/replay/mod.rs", made),
        source(
            "crates/gateway/src/driver.rs",
            "// Refusal::new(Code::ReplayAttack, SEEN)\nRefusal::new(Code::ReplayAttack, SEEN)",
        ),
        source("crates/gateway/src/spec.rs", made),
    ];
    let made = codes::makers(&sources, "ReplayAttack");
    assert_eq!(
        made,
        [("crates/pipeline/src/replay/mod.rs", 2), ("crates/gateway/src/driver.rs", 2)]
    );
}

#[test]
fn a_room_has_two_pages_with_every_reason_and_its_cases() {
    let room = "//! 4500 Replay attack.\npub const REASONS: &[Reason] = &[SEEN];\nconst SEEN: Reason = Reason::new(\"SEEN\");\n#[cfg(test)]\nmod spec;\n";
    let folder = "crates/pipeline/src/replay";
    let good = [
        source(&format!("{folder}/mod.rs"), room),
        source(&format!("{folder}/4500.md"), "# 4500\n\n### SEEN\n"),
        source(&format!("{folder}/4500.zh.md"), "# 4500\n"),
    ];
    let said: Vec<_> =
        said(&codes::check(&good)).into_iter().filter(|say| say.contains("replay")).collect();
    assert_eq!(said.len(), 1, "{said:?}");
    assert!(
        said[0].starts_with("crates/pipeline/src/replay/4500.zh.md:1: reason SEEN"),
        "{said:?}"
    );
}

#[test]
fn margins_stand_in_the_order_of_the_gates() {
    let gates = "A = \"a\" in \"a\" refuses [ProtocolNotSupported];\nB = \"b\" in \"b\" refuses [AuthFailure, RequestExpired];";
    let order = order::order(gates);
    assert_eq!(order, [vec![4600], vec![4100, 4200]]);
    assert!(
        order::compare(
            "a()?; // 4600\nb()?; // 4100 signature\nc()?; // 4200\n// 4100 alone is prose\n",
            &order
        )
        .is_empty()
    );
    let swapped = order::compare("b()?; // 4100\na()?; // 4600\n", &order);
    assert_eq!(swapped.len(), 1, "{swapped:?}");
    assert!(said(&swapped)[0].contains("driver.rs:2: // 4600"), "{swapped:?}");
    assert_eq!(order::compare("a()?; // 4600\n", &order).len(), 1, "a gate without a margin");
}

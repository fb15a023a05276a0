//! Tidy's own rules, on small inputs: each is broken once.

use serde_json::json;

use super::{Finding, Source, arrows, attributes, code, codes, files, fresh, licences, lints};
use super::{order, settings, wildcards, words, world as time};

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

#[test]
fn strings_comments_and_tests_are_told_from_code() {
    for (text, bare) in [
        ("let a = \"b // c\"; // d", "let a = \"\"; "),
        ("/* a\nb */ c", "\n c"),
        ("r#\"a \"b\" c\"# + r\"d\"", "\"\" + \"\""),
        ("'\"' + '\\'' + f::<'a>(\"e\")", "' ' + ' ' + f::<'a>(\"\")"),
        ("\"a\\\"b\\\\\" c", "\"\" c"),
    ] {
        assert_eq!(code::bare(text), bare, "{text}");
    }
    let text = "a();\n#[cfg(test)]\nuse b;\nc();\n#[cfg(test)]\nmod spec {\n    d();\n}\n";
    let both = source("crates/x/src/a.rs", text);
    assert!(code::shipped(&both).ends_with("c();\n") && code::tests(&both).contains("d();"));
    let spec = source("crates/x/src/spec.rs", text);
    assert!(code::shipped(&spec).is_empty() && code::tests(&spec).starts_with("a();"));
}

#[test]
fn the_lints_are_on_in_every_crate() {
    let root = |text: &str| source("Cargo.toml", text);
    let all: String = lints::ON.iter().map(|lint| format!("{lint} = \"deny\"\n")).collect();
    assert!(lints::check(&[root(&all)]).is_empty());
    let said_of = |sources: &[Source]| said(&lints::check(sources));
    assert_eq!(said_of(&[root(&all.replace("panic = \"deny\"", "panic = \"allow\""))]).len(), 1);
    assert_eq!(said_of(&[source("clippy.toml", "too-many-lines-threshold = 100")]).len(), 1);
    assert_eq!(said_of(&[source("crates/a/Cargo.toml", "[lints]\nworkspace = true\n")]).len(), 0);
    assert_eq!(said_of(&[source("crates/a/Cargo.toml", "[package]\n")]).len(), 1);
}

#[test]
fn no_wildcard_stands_beside_a_decided_enum() {
    for (title, text, n_findings) in [
        ("in a tuple", "match (a, b) {\n    (Code::Success, _) => 1,\n    _ => 2,\n}", 1),
        (
            "behind another arm",
            "match a {\n    Some(Retry::Never) => {\n        f()\n    }\n    None => 1,\n    _ => 2,\n}",
            1,
        ),
        (
            "in an arm of two lines",
            "match a {\n    Some(Effect::Nothing)\n    | None => 1,\n    _ => 2,\n}",
            1,
        ),
        ("another enum", "match a {\n    (StatusCode::OK, _) => 1,\n    _ => 2,\n}", 0),
        (
            "a number",
            "match a.number() {\n    1 => Code::Success,\n    _ => Code::AuthFailure,\n}",
            0,
        ),
        (
            "a match inside",
            "match a {\n    Code::Success => match n {\n        1 => 2,\n        _ => 3,\n    },\n}",
            0,
        ),
        (
            "no wildcard",
            "match a {\n    (Code::Success, _) => 1,\n    (Code::AuthFailure, _) => 2,\n}",
            0,
        ),
    ] {
        let said = said(&wildcards::check(&[source("crates/x/src/a.rs", text)]));
        assert_eq!(said.len(), n_findings, "{title}: {said:?}");
    }
}

#[test]
fn time_and_environment_are_asked_for_in_their_own_files() {
    for (path, text, n_findings) in [
        ("crates/x/src/a.rs", "let now = SystemTime::now();", 1),
        ("crates/x/src/a.rs", "let now = std::time::Instant::now();", 1),
        ("crates/x/src/a.rs", "let home = std::env::var_os(\"HOME\");", 1),
        ("crates/x/src/clock.rs", "let now = SystemTime::now();", 0),
        ("crates/x/src/clock.rs", "let home = std::env::var(\"HOME\");", 1),
        ("crates/x/src/environment.rs", "let home = std::env::var(\"HOME\");", 0),
        ("crates/gateway/src/edge/patience.rs", "Instant::now()", 0),
        ("crates/x/src/a.rs", "// SystemTime::now()", 0),
        ("crates/x/src/spec.rs", "Instant::now()", 0),
        ("crates/x/src/a.rs", "#[cfg(test)]\nmod spec {\n    Instant::now()\n}", 0),
    ] {
        let said = said(&time::check(&[source(path, text)]));
        assert_eq!(said.len(), n_findings, "{path}: {text}: {said:?}");
    }
}

#[test]
fn tests_are_run_and_lints_are_expected() {
    for (text, n_findings) in [
        ("#[test]\n#[ignore = \"slow\"]", 1),
        ("#[should_panic]", 1),
        ("#[allow(dead_code)]", 1),
        ("#![allow(dead_code)]", 1),
        ("#[cfg_attr(test, allow(dead_code))]", 1),
        ("#[expect(dead_code, reason = \"allow(x)\")] // #[ignore]", 0),
    ] {
        let said = said(&attributes::check(&[source("crates/x/src/spec.rs", text)]));
        assert_eq!(said.len(), n_findings, "{text}: {said:?}");
    }
}

#[test]
fn one_word_a_thing() {
    for (text, n_findings) in [
        ("let tenant = 1;", 1),
        ("struct RateLimit; fn api_key() {}", 2),
        ("let circuit_breaker = \"the tenant\"; // a tenant", 1),
        ("let rate = limit; let key = account.key_id;", 0),
        ("let reservations = 2;", 0),
    ] {
        let said = said(&words::check(&[source("crates/x/src/a.rs", text)]));
        assert_eq!(said.len(), n_findings, "{text}: {said:?}");
    }
}

#[test]
fn tables_in_documents_say_what_the_code_says() {
    let rooms =
        order::CODES.map(|(_, code)| source(&format!("crates/pipeline/src/r{code}/{code}.md"), ""));
    let map: String =
        order::CODES.map(|(_, code)| format!("| {code} | `r{code}/` | gate |\n")).concat();
    let sources = |map: &str, told: &str| {
        let mut all = vec![
            source(
                "crates/pipeline/src/order.rs",
                "    A = \"first\" in \"a\" refuses [];\n    B = \"second\" in \"b\" refuses [];\n",
            ),
            source("docs/concepts/life-of-a-call.md", told),
            source("ARCHITECTURE.md", map),
        ];
        all.extend(rooms.iter().map(|room| source(&room.path, "")));
        said(&fresh::check(&all))
    };
    let told = "| # | gate |\n| --- | --- |\n| 1 | first | x |\n| 2 | second | y |\n";
    assert_eq!(sources(&map, told), [""; 0]);
    assert_eq!(sources(&map, &told.replace("second", "third")).len(), 1);
    assert_eq!(sources(&map.replace("r4500/", "replay/"), told).len(), 1);
}

#[test]
fn settings_have_a_row_and_limits_a_test() {
    let shape = "const ROOT: &[Key] = &[\n    required(\"a\", Kind::Text),\n    key(\n        \"t\",\n        Kind::Table(&[required(\"b\", Kind::Text)]),\n    ),\n    key(\"limits\", Kind::Table(LIMITS)),\n];\nconst LIMITS: &[Key] = &[key(\"n_max\", Kind::Number)];";
    assert_eq!(settings::keys(shape), ["a", "t.b", "limits.n_max"]);
    let rows = ["a", "t.b", "limits.n_max", "FAREGATE_X", "HOME"];
    let all = |without: &str, since: &str, test: &str| {
        let kept = rows.iter().filter(|row| **row != without);
        let reference: String = kept.map(|row| format!("| `{row}` | what | {since} |\n")).collect();
        said(&settings::check(&[
            source("crates/gateway/src/config/shape.rs", shape),
            source("crates/gateway/src/config/spec.rs", "n_max = 1"),
            source("docs/reference/configuration.md", &reference),
            source(
                "crates/x/src/a.rs",
                "#[arg(env = \"FAREGATE_X\")]\nenvironment::path(\"HOME\")",
            ),
            source("crates/x/src/spec.rs", test),
        ]))
    };
    assert_eq!(all("", "0.1.0", "n_max"), [""; 0]);
    for row in rows {
        let said = all(row, "0.1.0", "n_max");
        assert_eq!(said.len(), 1, "{row}: {said:?}");
    }
    assert_eq!(all("", "some day", "n_max").len(), rows.len());
    assert_eq!(all("", "0.1.0", "").len(), 1, "a limit that no test names");
}

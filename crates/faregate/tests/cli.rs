//! The real binary, command by command.
#![cfg(unix)]
#![expect(clippy::unwrap_used, reason = "a helper that fails is a test that fails")]

use std::path::Path;
use std::process::{Command, Output};

use faregate_stores::Stores;
use serde_json::Value;

/// Runs it in a folder, with no environment but the folder as its home.
fn run(folder: &Path, arguments: &[&str]) -> Output {
    run_with(folder, arguments, &[])
}

fn run_with(folder: &Path, arguments: &[&str], environment: &[(&str, &str)]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_faregate"))
        .args(arguments)
        .current_dir(folder)
        .env_clear()
        .env("HOME", folder)
        .envs(environment.iter().copied())
        .output()
        .unwrap()
}

fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).unwrap()
}

/// Its standard output, when it went well.
fn ok(folder: &Path, arguments: &[&str]) -> String {
    let output = run(folder, arguments);
    assert!(output.status.success(), "{arguments:?}: {}", text(&output.stderr));
    text(&output.stdout).to_owned()
}

fn json(folder: &Path, arguments: &[&str]) -> Value {
    let answer = ok(folder, &[arguments, &["--json"]].concat());
    assert_eq!(answer.trim_end().lines().count(), 1, "{arguments:?}: one line");
    serde_json::from_str(&answer).unwrap()
}

fn folder() -> tempfile::TempDir {
    tempfile::tempdir().unwrap()
}

#[test]
fn every_help_begins_with_two_examples() {
    let here = folder();
    for command in [
        vec![],
        vec!["demo"],
        vec!["serve"],
        vec!["init"],
        vec!["check"],
        vec!["call"],
        vec!["sign"],
        vec!["explain"],
        vec!["codes"],
        vec!["fault"],
        vec!["fault", "add"],
        vec!["clock"],
        vec!["scenario"],
        vec!["scenario", "run"],
        vec!["account"],
        vec!["key"],
        vec!["ledger"],
        vec!["identity"],
        vec!["maintenance"],
        vec!["completion"],
        vec!["man"],
    ] {
        for flag in ["-h", "--help"] {
            let help = ok(here.path(), &[command.as_slice(), &[flag]].concat());
            let lines: Vec<&str> = help.lines().take(3).collect();
            assert_eq!(lines[0], "Examples:", "{command:?} {flag}");
            assert!(lines[1..].iter().all(|line| line.starts_with("  faregate ")), "{help}");
        }
    }
    let help = ok(here.path(), &["--help"]);
    assert!(!help.contains("__compute"), "{help}");
    assert!(ok(here.path(), &["--version"]).starts_with("faregate "));
}

#[test]
fn the_codes_are_the_seventeen() {
    let here = folder();
    let codes = json(here.path(), &["codes"]);
    assert_eq!(codes.as_array().unwrap().len(), 17);
    assert_eq!(codes[2]["code"], 4100);
    assert_eq!(codes[2]["codeDesc"], "AuthFailure");
    assert_eq!(codes[2]["errorType"], "Authentication failed");
    let table = ok(here.path(), &["codes"]);
    assert_eq!(table.lines().count(), 18);
    assert!(table.contains("6200  ServiceUnavailable"), "{table}");
}

#[test]
fn explanations_are_found_by_code_name_reason_and_module() {
    let here = folder();
    for (arguments, begins) in [
        (vec!["explain", "4100"], "# 4100 Authentication failed\n\n> Signature authentication"),
        (vec!["explain", "authfailure"], "# 4100 Authentication failed"),
        (vec!["explain", "0"], "# 0 Success"),
        (vec!["explain", "SIGNATURE_MISMATCH"], "SIGNATURE_MISMATCH (4100 Authentication failed)"),
        (vec!["explain", "cvm", "100004"], "cvm (100004) incorrect projectId\n\nCode:  5100"),
    ] {
        let said = ok(here.path(), &arguments);
        assert!(said.starts_with(begins), "{arguments:?}: {said}");
    }
    let said = ok(here.path(), &["explain", "4500", "--source"]);
    assert!(said.contains("gate 8 replay in crates/pipeline/src/replay\n"), "{said}");
    let english = ok(here.path(), &["explain", "4500"]);
    assert_ne!(english, ok(here.path(), &["explain", "4500", "--lang", "zh"]));
    assert!(!english.contains("gate 8"));
}

#[test]
fn an_account_is_made_paid_and_given_a_key() {
    let here = folder();
    let here = here.path();
    Stores::create(&here.join("data")).unwrap();
    let on = |arguments: &[&str]| json(here, &[arguments, &["--data", "data"]].concat());

    let account = on(&["account", "create", "alice", "--group", "staff"]);
    let id = account["accountId"].as_str().unwrap();
    assert_eq!((&account["state"], &account["identity"]), (&"active".into(), &"unverified".into()));
    assert_eq!(on(&["identity", "set", "alice", "verified"])["identity"], "verified");
    assert_eq!(on(&["account", "suspend", id])["state"], "suspended");
    assert_eq!(on(&["account", "resume", "alice"])["state"], "active");
    assert_eq!(on(&["account", "list"]).as_array().unwrap().len(), 1);

    assert_eq!(on(&["ledger", "topup", "alice", "30.5"])["available"], "30.50");
    let balance = on(&["ledger", "balance", id]);
    assert_eq!((&balance["available"], &balance["held"]), (&"30.50".into(), &"0.00".into()));
    assert_eq!(on(&["ledger", "holds"]).as_array().unwrap().len(), 0);
    assert_eq!(on(&["ledger", "verify"])["problems"].as_array().unwrap().len(), 0);

    let key = on(&["key", "create", "alice"]);
    let secret_id = key["secretId"].as_str().unwrap();
    assert!(secret_id.starts_with("AKID") && key["secretKey"].as_str().unwrap().len() == 32);
    assert_eq!(on(&["key", "disable", secret_id])["enabled"], false);
    let keys = on(&["key", "list", "--account", "alice"]);
    assert_eq!((&keys[0]["secretId"], &keys[0]["enabled"]), (&secret_id.into(), &false.into()));
    assert!(!keys.to_string().contains(key["secretKey"].as_str().unwrap()));
    assert_eq!(on(&["key", "enable", secret_id])["enabled"], true);
}

#[test]
fn maintenance_goes_on_and_off() {
    let here = folder();
    let here = here.path();
    Stores::create(&here.join("data")).unwrap();
    std::fs::write(here.join("faregate.toml"), "data = \"data\"\n").unwrap();
    let on = json(
        here,
        &["maintenance", "on", "cvm:RunInstances", "--for", "10m", "--message", "Back soon."],
    );
    assert_eq!((&on["state"], &on["message"]), (&"until".into(), &"Back soon.".into()));
    assert_eq!(json(here, &["maintenance", "on", "cvm", "--withdrawn"])["state"], "withdrawn");
    assert_eq!(json(here, &["maintenance", "list"]).as_array().unwrap().len(), 2);
    json(here, &["maintenance", "off", "cvm:RunInstances"]);
    json(here, &["maintenance", "off", "cvm"]);
    assert_eq!(json(here, &["maintenance", "list"]).as_array().unwrap().len(), 0);
}

#[test]
fn what_cannot_be_done_is_said_in_one_line_with_its_exit_code() {
    let here = folder();
    let here = here.path();
    Stores::create(&here.join("data")).unwrap();
    for (arguments, exit, says) in [
        (vec!["explain", "4700"], 2, "`4700` is no code"),
        (vec!["explain", "cvm", "1"], 2, "`cvm` documents no code `1`"),
        (vec!["explain", "cdb", "1"], 2, "there is no module `cdb`; there is cvm"),
        (vec!["account", "list"], 2, "--data DIR or -c FILE"),
        (vec!["account", "list", "--data", "nowhere"], 3, "`nowhere` holds no store"),
        (vec!["account", "suspend", "bob", "--data", "data"], 2, "no account `bob`"),
        (vec!["account", "create", "x", "--id", "a b", "--data", "data"], 2, "cannot be the id"),
        (vec!["key", "disable", "AKIDnone", "--data", "data"], 2, "no key `AKIDnone`"),
        (vec!["ledger", "settle", "x", "commit", "--data", "data"], 2, "`x` is no RequestId"),
        (vec!["maintenance", "on", ":X", "--data", "data"], 2, "MODULE:ACTION"),
        (vec!["maintenance", "off", "cvm", "--data", "data"], 2, "no switch `cvm`"),
        (vec!["call", "cvm", "DescribeZones"], 2, "no key to sign with"),
        (vec!["call", "-p", "poor", "cvm", "DescribeZones"], 2, "start `faregate demo`"),
        (vec!["sign", "--check", "none.jsonl"], 2, "cannot read `none.jsonl`"),
    ] {
        let output = run(here, &arguments);
        let said = text(&output.stderr);
        assert_eq!(output.status.code(), Some(exit), "{arguments:?}: {said}");
        assert!(said.starts_with("error: ") && said.contains(says), "{arguments:?}: {said}");
        assert_eq!(said.lines().count(), 1, "{arguments:?}: {said}");
        assert!(output.stdout.is_empty(), "{arguments:?}");
    }
    for arguments in [
        vec!["kex"],
        vec!["call", "cvm"],
        vec!["maintenance", "on", "cvm", "--for", "soon"],
        vec![],
    ] {
        assert_eq!(run(here, &arguments).status.code(), Some(2), "{arguments:?}");
    }
    ok(here, &["account", "create", "alice", "--data", "data"]);
    for amount in ["-1", "0", "1.0000001", "ten"] {
        let output = run(here, &["ledger", "topup", "alice", amount, "--data", "data"]);
        assert_eq!(output.status.code(), Some(2), "{amount}: {}", text(&output.stderr));
    }
}

const KEY: [(&str, &str); 2] = [
    ("FAREGATE_SECRET_ID", "AKIDz8krbsJ5yKBZQpn74WFkmLPx3gnPhESA"),
    ("FAREGATE_SECRET_KEY", "Gu5t9xGARNpq86cd98joQYCN3Cozk1qA"),
];

#[test]
fn a_call_is_signed_without_being_sent() {
    let here = folder();
    let arguments = ["sign", "cvm", "DescribeInstances", "limit=5", "Timestamp=1", "Nonce=2"];
    let output = run_with(here.path(), &arguments, &KEY);
    let url = text(&output.stdout);
    assert!(
        url.starts_with(
            "https://cvm.api.qcloud.com/v2/index.php?Action=DescribeInstances&limit=5&"
        ),
        "{url}"
    );
    assert_eq!(output.stdout, run_with(here.path(), &arguments, &KEY).stdout, "the same bytes");
    std::fs::write(here.path().join("secret"), "Gu5t9xGARNpq86cd98joQYCN3Cozk1qA\n").unwrap();
    let by_file = [KEY[0], ("FAREGATE_SECRET_KEY_FILE", "secret")];
    assert_eq!(
        output.stdout,
        run_with(here.path(), &arguments, &by_file).stdout,
        "a secret in a file"
    );
    let output = run_with(here.path(), &["sign", "cvm", "X", "--json"], &KEY);
    let signed: Value = serde_json::from_slice(&output.stdout).unwrap();
    let string = signed["stringToSign"].as_str().unwrap();
    assert!(string.starts_with("GETcvm.api.qcloud.com/v2/index.php?Action=X&Nonce="), "{string}");
}

#[test]
fn nobody_listening_is_exit_5() {
    let here = folder();
    // A port that was free a moment ago: bound and closed.
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let endpoint = format!("http://127.0.0.1:{port}");
    let output =
        run_with(here.path(), &["call", "cvm", "DescribeZones", "--endpoint", &endpoint], &KEY);
    let said = text(&output.stderr);
    assert_eq!(output.status.code(), Some(5), "{said}");
    assert!(said.starts_with("error: cannot reach 127.0.0.1:"), "{said}");
}

#[test]
fn captured_requests_are_judged_and_a_wrong_one_is_exit_4() {
    let here = folder();
    let vectors = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/vectors/captured.jsonl");
    let output = run(here.path(), &["sign", "--check", vectors, "--json"]);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    let lines = text(&output.stdout).lines().count();
    let captured = std::fs::read_to_string(vectors).unwrap();
    assert_eq!(lines, captured.lines().count());

    let good = captured.lines().find(|line| line.contains("\"py-get_sha1\"")).unwrap();
    let tampered = good.replace("limit=20", "limit=21");
    std::fs::write(here.path().join("bad.jsonl"), tampered).unwrap();
    let output = run(here.path(), &["sign", "--check", "bad.jsonl", "--json"]);
    assert_eq!(output.status.code(), Some(4));
    let judged: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!((&judged["id"], &judged["verdict"]), (&"py-get_sha1".into(), &"fail".into()));

    std::fs::write(here.path().join("none.jsonl"), "{}\n").unwrap();
    assert_eq!(run(here.path(), &["sign", "--check", "none.jsonl"]).status.code(), Some(3));
}

/// A demo, killed with its folder if a test fails.
struct Demo(std::process::Child);

impl Drop for Demo {
    fn drop(&mut self) {
        // It has ended already when the test went well.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn a_demo_is_found_by_other_commands_keeps_its_keys_and_stops_when_told() {
    let here = folder();
    let here = here.path();
    let mut keys = Vec::new();
    for compute_dies in [false, true] {
        let child = Command::new(env!("CARGO_BIN_EXE_faregate"))
            .args(["demo", "--json", "--data", "cloud"])
            .current_dir(here)
            .env_clear()
            .env("HOME", here)
            .stdout(std::process::Stdio::piped())
            .spawn();
        let mut demo = Demo(child.unwrap());
        let mut line = String::new();
        let mut stdout = std::io::BufReader::new(demo.0.stdout.take().unwrap());
        std::io::BufRead::read_line(&mut stdout, &mut line).unwrap();
        let ready: Value = serde_json::from_str(&line).unwrap();
        keys.push(ready["accounts"].clone());

        let answer: Value =
            serde_json::from_str(&ok(here, &["call", "cvm", "DescribeZones"])).unwrap();
        assert_eq!(answer["code"], 0, "{answer}");
        let poor = run(here, &["call", "-p", "suspended", "cvm", "DescribeZones"]);
        assert_eq!(poor.status.code(), Some(10), "{}", text(&poor.stdout));
        if compute_dies {
            let pid = ready["modules"]["cvm"]["upstreamPid"].to_string();
            assert!(Command::new("kill").args(["-9", &pid]).status().unwrap().success());
        }
        let pid = demo.0.id().to_string();
        assert!(Command::new("kill").args(["-TERM", &pid]).status().unwrap().success());
        let ends_at = std::time::Instant::now() + std::time::Duration::from_secs(8);
        let status = loop {
            match demo.0.try_wait().unwrap() {
                Some(status) => break status,
                None => assert!(std::time::Instant::now() < ends_at, "it does not stop"),
            }
            std::thread::sleep(std::time::Duration::from_millis(20));
        };
        assert_eq!(status.code(), Some(0));
        assert_eq!(
            run(here, &["call", "cvm", "DescribeZones"]).status.code(),
            Some(2),
            "it is gone"
        );
    }
    assert_eq!(keys[0], keys[1], "the same accounts, keys and balances");
}

#[test]
fn a_configuration_is_made_once_and_checked_with_all_its_faults() {
    let here = folder();
    let here = here.path();
    ok(here, &["init", "mine"]);
    assert!(here.join("mine/data/faregate.db").exists());
    assert_eq!(run(here, &["init", "mine"]).status.code(), Some(3), "not overwritten");
    ok(here, &["check", "-c", "mine/faregate.toml"]);
    let bad = "base_domain = \"x\"\n[listen]\nhttps = \"a\"\n[[modules]]\ndocument = \"no.yaml\"\n";
    std::fs::write(here.join("bad.toml"), bad).unwrap();
    let output = run(here, &["check", "-c", "bad.toml"]);
    let said = text(&output.stderr);
    assert_eq!(output.status.code(), Some(3), "{said}");
    for fault in ["bad.toml:1:15", "bad.toml:3:9", "bad.toml:5:12", "`bad.toml` has 3 faults"] {
        assert!(said.contains(fault), "{fault}: {said}");
    }
    assert_eq!(run(here, &["serve", "-c", "none.toml"]).status.code(), Some(3));
}

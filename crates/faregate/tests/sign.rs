//! `faregate sign --explain` and `--as`: what a person sees whose signature does not match.
#![cfg(unix)]
#![expect(clippy::unwrap_used, reason = "a helper that fails is a test that fails")]

use std::process::{Command, Output};

use serde_json::Value;

const SECRET_KEY: &str = "Gu5t9xGARNpq86cd98joQYCN3Cozk1qA";
/// The documented example, whose signature is good.
const GOOD: &str = "https://cvm.api.qcloud.com/v2/index.php?Action=DescribeInstances&Nonce=11886&Region=gz&SecretId=AKIDz8krbsJ5yKBZQpn74WFkmLPx3gnPhESA&Timestamp=1465185768&instanceIds.0=ins-09dx96dg&limit=20&offset=0&Signature=NSI3UqqD99b%2FUJb4tbG%2FxZpRW64%3D";

fn sign(arguments: &[&str], secret: Option<&str>) -> Output {
    let folder = tempfile::tempdir().unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_faregate"));
    command.arg("sign").args(arguments).env_clear().env("HOME", folder.path());
    command.envs(secret.map(|secret| ("FAREGATE_SECRET_KEY", secret)));
    command.current_dir(folder.path()).output().unwrap()
}

fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).unwrap()
}

/// Runs `--explain … --json` with the documented secret.
fn explained(request: &str, more: &[&str]) -> (Option<i32>, Value) {
    let output = sign(&[&["--explain", request, "--json"], more].concat(), Some(SECRET_KEY));
    assert!(!output.stdout.is_empty(), "{}", text(&output.stderr));
    let record = serde_json::from_slice(&output.stdout).unwrap();
    (output.status.code(), record)
}

#[test]
fn a_good_signature_is_said_to_be_good() {
    let (exit, record) = explained(GOOD, &[]);
    assert_eq!(
        (exit, &record["verdict"], &record["mistake"]),
        (Some(0), &"pass".into(), &Value::Null)
    );
    let output = sign(&["--explain", GOOD], Some(SECRET_KEY));
    assert!(text(&output.stdout).contains("\nVerdict: the signature is good (canonical)\n"));
}

#[test]
fn a_mistake_is_named_in_whatever_form_the_request_is_pasted() {
    let (url, query) = GOOD.split_once('?').unwrap();
    let host = "cvm.api.qcloud.com";
    let curl = format!("curl -s '{url}' \\\n  -d '{query}'");
    let raw = format!(
        "POST /v2/index.php HTTP/1.1\nHost: {host}\nContent-Type: application/x-www-form-urlencoded\n\n{query}\n"
    );
    let changed = GOOD.replace("limit=20", "limit=21");
    let local = format!("curl -H 'Host: 127.0.0.1:8443' '{GOOD}'");
    for (request, mistake) in [
        (curl.as_str(), "METHOD_DIFFERS"),
        (&raw, "METHOD_DIFFERS"),
        (&changed, "PARAMETER_CHANGED"),
        (&local, "HOST_DIFFERS"),
    ] {
        let (exit, record) = explained(request, &[]);
        assert_eq!(exit, Some(4), "{request}");
        let got = (record["mistake"].as_str(), record["certainty"].as_str());
        assert_eq!(got, (Some(mistake), Some("exact")), "{request}");
        assert!(record["fix"].is_string() && record["sentence"].is_string());
        assert!(record["theirs"].as_str().unwrap().starts_with("GETcvm.api.qcloud.com/"));
    }
}

#[test]
fn the_first_difference_is_marked() {
    let theirs =
        "GETcvm.api.qcloud.com/v2/index.php?Action=DescribeInstances&Nonce=11886&Region=sh";
    let output = sign(&["--explain", GOOD, "--theirs", theirs], Some(SECRET_KEY));
    let said = text(&output.stdout);
    let marked = "ours    …on=DescribeInstances&Nonce=11886&Region=gz&SecretId=AKIDz8krbsJ5yKBZQpn74WFkmLPx…\n";
    assert!(said.contains(marked), "{said}");
    assert!(said.contains("theirs  …on=DescribeInstances&Nonce=11886&Region=sh\n"), "{said}");
    assert!(said.ends_with("^ line 1, character 80\n"), "{said}");
}

#[test]
fn without_a_secret_the_string_to_sign_is_shown_and_nothing_judged() {
    let output = sign(&["--explain", GOOD], None);
    let said = text(&output.stdout);
    assert_eq!(output.status.code(), Some(0));
    assert!(
        said.starts_with("String to sign:\nGETcvm.api.qcloud.com/v2/index.php?Action="),
        "{said}"
    );
    assert!(said.contains("set FAREGATE_SECRET_KEY"), "{said}");
}

#[test]
fn the_secret_and_the_expected_signature_are_never_shown() {
    let changed = GOOD.replace("Signature=NSI3", "Signature=XXXX");
    for arguments in [vec!["--explain", &changed], vec!["--explain", &changed, "--json"]] {
        let output = sign(&arguments, Some(SECRET_KEY));
        let said = format!("{}{}", text(&output.stdout), text(&output.stderr));
        assert!(said.contains("SECRET_DIFFERS"), "{said}");
        assert!(!said.contains(SECRET_KEY) && !said.contains("NSI3UqqD99b"), "{said}");
    }
}

#[test]
fn a_wrong_command_line_says_what_to_do() {
    for (arguments, exit, says) in [
        (vec!["--explain", "DescribeInstances"], 2, "no curl command, no URL and no raw request"),
        (vec!["--explain", "curl -d @f https://h/"], 2, "is in a file"),
        (vec!["--theirs", "x"], 2, "--explain"),
        (vec!["--as", "cobol"], 2, "possible values: curl, python, node, go, java, rust"),
        (vec!["--tc3", "cvm", "X"], 2, "--as"),
    ] {
        let output = sign(&arguments, Some(SECRET_KEY));
        assert_eq!(output.status.code(), Some(exit), "{arguments:?}");
        assert!(text(&output.stderr).contains(says), "{arguments:?}: {}", text(&output.stderr));
    }
}

#[test]
fn a_program_is_printed_for_the_call_that_is_named() {
    let output = sign(&["--as", "python", "--tc3", "cdb", "DescribeBackups"], None);
    let program = text(&output.stdout);
    assert!(
        program.contains("https://cdb.api.qcloud.com")
            && program.contains("\"cdb\", \"DescribeBackups\""),
        "{program}"
    );
}

//! What shells, manuals and scripts get of the real binary.
#![cfg(unix)]
#![expect(clippy::unwrap_used, reason = "a helper that fails is a test that fails")]

use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::{Command, Output};

fn run(folder: &Path, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_faregate"))
        .args(arguments)
        .current_dir(folder)
        .env_clear()
        .env("HOME", folder)
        .output()
        .unwrap()
}

#[track_caller]
fn ok(folder: &Path, arguments: &[&str]) -> String {
    let output = run(folder, arguments);
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{arguments:?}: {said}");
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn a_script_completes_every_command_and_no_hidden_one() {
    let here = tempfile::tempdir().unwrap();
    for (shell, mark) in
        [("bash", "_faregate()"), ("zsh", "#compdef faregate"), ("fish", "complete -c faregate")]
    {
        let script = ok(here.path(), &["completion", shell]);
        assert!(script.contains(mark), "{shell}");
        for command in ["maintenance", "ledger", "topup", "profile"] {
            assert!(script.contains(command), "{shell} has no {command}");
        }
    }
    let bash = here.path().join("faregate.bash");
    std::fs::write(&bash, ok(here.path(), &["completion", "bash"])).unwrap();
    assert!(Command::new("bash").arg("-n").arg(&bash).status().unwrap().success(), "bash reads it");
    assert_eq!(run(here.path(), &["completion", "tcsh"]).status.code(), Some(2));
}

#[test]
fn each_command_has_its_manual_page() {
    let here = tempfile::tempdir().unwrap();
    let page = ok(here.path(), &["man"]);
    assert!(page.contains(".TH faregate 1") && page.contains("demo"), "{page}");
    ok(here.path(), &["man", "--dir", "man1"]);
    for (name, holds) in [
        ("faregate", "faregate"),
        ("faregate-call", "NAME=VALUE"),
        ("faregate-key-create", "SecretKey"),
        ("faregate-maintenance-on", "message"),
    ] {
        let page = std::fs::read_to_string(here.path().join(format!("man1/{name}.1"))).unwrap();
        assert!(page.contains(&format!(".TH {name} 1")) && page.contains(holds), "{name}: {page}");
    }
    let hidden = std::fs::read_dir(here.path().join("man1")).unwrap();
    assert!(
        hidden.into_iter().all(|entry| !entry.unwrap().path().ends_with("faregate-__compute.1"))
    );
}

#[test]
fn lists_are_written_as_asked() {
    let here = tempfile::tempdir().unwrap();
    ok(here.path(), &["init", "."]);
    for name in ["alice", "bob"] {
        ok(here.path(), &["account", "create", name]);
    }
    let list = |more: &[&str]| ok(here.path(), &[&["account", "list"], more].concat());
    let table = list(&[]);
    assert_eq!(table, list(&["-o", "table"]));
    assert!(table.starts_with("ACCOUNT"), "{table}");
    assert_eq!(list(&["--json"]), list(&["-o", "json"]));
    // Those two, and the operator's own, which `init` made.
    assert_eq!(list(&["-o", "ndjson"]).lines().count(), 3);
    let ids = list(&["-o", "id"]);
    assert_eq!(ids, list(&["--query", "$[*].accountId"]));
    assert_eq!(
        list(&["--query", "$[?@.name == 'bob'].accountId"]),
        format!("{}\n", ids.lines().last().unwrap())
    );
    for wrong in [&["--json", "-o", "id"][..], &["-o", "yaml"], &["--query", "accountId"]] {
        let output = run(here.path(), &[&["account", "list"], wrong].concat());
        assert_eq!(output.status.code(), Some(2), "{wrong:?}");
    }
    assert_eq!(ok(here.path(), &["codes", "-o", "id"]).lines().count(), 17);
}

#[test]
fn a_profile_signs_for_its_own_place_and_a_file_that_others_can_read_is_refused() {
    let here = tempfile::tempdir().unwrap();
    let folder = here.path().join(".config/faregate");
    std::fs::create_dir_all(&folder).unwrap();
    let file = folder.join("credentials.toml");
    let text = "[default]\nsecret_id = \"AKIDdefault\"\nsecret_key = \"hush\"\n\
                [work]\nsecret_id = \"AKIDwork\"\nsecret_key = \"hush\"\nbase_domain = \"api.example.com\"\n";
    std::fs::write(&file, text).unwrap();
    let mode =
        |mode| std::fs::set_permissions(&file, std::fs::Permissions::from_mode(mode)).unwrap();
    mode(0o644);
    let refused = run(here.path(), &["sign", "-p", "work", "cvm", "DescribeZones"]);
    let said = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert_eq!(refused.status.code(), Some(3), "{said}");
    assert!(said.contains("chmod 600") && !said.contains("hush"), "{said}");
    mode(0o600);
    let signed = ok(here.path(), &["sign", "-p", "work", "cvm", "DescribeZones"]);
    assert!(signed.contains("AKIDwork") && signed.contains("cvm.api.example.com"), "{signed}");
    let signed = ok(here.path(), &["sign", "cvm", "DescribeZones"]);
    assert!(signed.contains("AKIDdefault") && signed.contains("cvm.api.qcloud.com"), "{signed}");
    let unknown = run(here.path(), &["sign", "-p", "play", "cvm", "DescribeZones"]);
    let said = String::from_utf8_lossy(&unknown.stderr).into_owned();
    assert!(unknown.status.code() == Some(2) && said.contains("credentials.toml"), "{said}");
}

#[test]
fn a_call_that_is_interrupted_ends_by_the_signal() {
    // It takes the connection and never answers.
    let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let endpoint = format!("http://{}", silent.local_addr().unwrap());
    for (signal, number) in [("-INT", 2), ("-TERM", 15)] {
        let mut child = Command::new(env!("CARGO_BIN_EXE_faregate"))
            .args(["call", "--endpoint", &endpoint, "cvm", "DescribeZones"])
            .env("FAREGATE_SECRET_ID", "AKID")
            .env("FAREGATE_SECRET_KEY", "hush")
            .spawn()
            .unwrap();
        let _under_way = silent.accept().unwrap();
        let pid = child.id().to_string();
        assert!(Command::new("kill").args([signal, &pid]).status().unwrap().success());
        // A shell says 128 and the number: 130, 143.
        assert_eq!(child.wait().unwrap().signal(), Some(number), "{signal}");
    }
}

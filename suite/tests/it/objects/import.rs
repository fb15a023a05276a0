//! `faregate resources` and `faregate audit objects`, as an operator uses them.

use std::process::{Command, Stdio};

use serde_json::Value;

use super::cloud::{Cloud, DOCUMENT};
use crate::world::binary;

fn json(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|e| panic!("{e}: {text}"))
}

#[test]
fn a_file_of_resources_is_imported_row_by_row_and_goes_on_where_it_ended() {
    let cloud = Cloud::start();
    let (ann, bob) = (cloud.ann.id.clone(), cloud.bob.id.clone());
    let file = cloud.path("owned.csv");
    let rows: String = (0..12_000).map(|n| format!("cvm/instance,ins-{n:08},{ann}\n")).collect();
    let bad =
        format!("cvm/instance,ins-x,nobody\ncvm,ins-y,{ann}\ncvm/instance,ins-00000003,{bob}\n");
    std::fs::write(&file, format!("module/type,id,account\n{rows}{bad}")).unwrap();
    let name = file.to_str().unwrap();

    let tried = cloud.command(&["resources", "import", name, "--dry-run", "--json"]);
    let told = json(&String::from_utf8(tried.stdout).unwrap());
    assert_eq!((&told["imported"], &told["dryRun"]), (&Value::from(12_000), &Value::from(true)));
    assert_eq!(json(&cloud.run(&["resources", "list", "--json"])), Value::Array(Vec::new()));

    let done = cloud.command(&["resources", "import", name, "--json"]);
    assert_eq!(done.status.code(), Some(4), "some rows were refused");
    let told = json(&String::from_utf8(done.stdout).unwrap());
    let counts = ["imported", "already", "refused"].map(|count| told[count].as_u64().unwrap());
    assert_eq!(counts, [12_000, 0, 3], "{told}");
    let errors = std::fs::read_to_string(cloud.path("owned.csv.errors")).unwrap();
    for why in [
        "line 12002: there is no such account: cvm/instance,ins-x,nobody",
        "line 12003: its first cell is `module/type`",
        "line 12004: another account owns it",
    ] {
        assert!(errors.contains(why), "{errors}");
    }
    let again = json(&cloud.run(&["resources", "import", name, "--json"]));
    assert_eq!((&again["imported"], &again["already"]), (&Value::from(0), &Value::from(0)));

    let first = format!("cvm/instance/ins-{:08}", 0);
    let moved = json(&cloud.run(&["resources", "transfer", &first, "bob", "--json"]));
    assert_eq!(moved["accountId"], bob.as_str());
    let shown = json(&cloud.run(&["resources", "show", &first, "--json"]));
    assert_eq!((&shown["accountId"], &shown["state"]), (&Value::from(bob), &Value::from("owned")));
    let listed = json(&cloud.run(&["resources", "list", "bob", "--json"]));
    assert_eq!(listed.as_array().unwrap().len(), 1);
}

#[test]
fn an_import_that_is_killed_goes_on_and_loses_no_row() {
    let cloud = Cloud::start();
    let ann = cloud.ann.id.clone();
    let file = cloud.path("owned.jsonl");
    let rows: String = (0..12_000)
        .map(|n| {
            format!("{{\"module/type\":\"cvm/disk\",\"id\":\"disk-{n}\",\"account\":\"{ann}\"}}\n")
        })
        .collect();
    std::fs::write(&file, rows).unwrap();
    let import = || {
        let mut command = Command::new(binary());
        command.args(["resources", "import"]).arg(&file).args(["--json", "--data"]);
        command.arg(cloud.path("data")).stdout(Stdio::piped()).stderr(Stdio::null());
        command
    };
    // Killed twice, wherever it is by then, and once told to stop.
    for (signal, wait_ms) in [("-KILL", 200), ("-KILL", 300), ("-INT", 400)] {
        let mut running = import().spawn().unwrap();
        std::thread::sleep(std::time::Duration::from_millis(wait_ms));
        let _ = Command::new("kill").args([signal, &running.id().to_string()]).status().unwrap();
        running.wait().unwrap();
    }
    assert!(import().status().unwrap().success());
    let n = json(&cloud.run(&[
        "resources",
        "list",
        "ann",
        "--type",
        "disk",
        "--limit",
        "100000",
        "--json",
    ]));
    assert_eq!(n.as_array().unwrap().len(), 12_000);
}

#[test]
fn an_audit_of_a_document_finds_what_is_not_bound_and_ends_with_4() {
    let mut cloud = Cloud::start();
    let audit = |cloud: &Cloud| {
        Command::new(binary())
            .args(["audit", "objects", "--json", "-c"])
            .arg(cloud.path("faregate.toml"))
            .output()
            .unwrap()
    };
    assert!(cloud.serve(DOCUMENT, ""));
    let good = audit(&cloud);
    let told = String::from_utf8_lossy(&good.stdout).into_owned();
    assert_eq!((good.status.code(), told.trim()), (Some(0), "[]"), "compute's own document");
    let less = DOCUMENT.replacen("        resources: { instanceId: instance }\n", "", 1);
    assert!(less != DOCUMENT && cloud.serve(&less, ""));
    let found = audit(&cloud);
    assert_eq!(found.status.code(), Some(4));
    let told = json(&String::from_utf8(found.stdout).unwrap());
    assert_eq!(
        (&told[0]["action"], &told[0]["name"], &told[0]["lack"]),
        (&Value::from("RenewInstance"), &Value::from("instanceId"), &Value::from("unbound"))
    );
}

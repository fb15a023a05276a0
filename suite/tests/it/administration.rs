//! The gateway's own module: who may call what of it, what it changes, and what the audit log says of that.

use serde_json::{Value, json};

use crate::client::command;
use crate::world::{Account, World};

/// What every account may call, about itself. Whatever is not here is the operators'.
const EVERYONE: &[&str] = &[
    "CreateGroup",
    "CreateKey",
    "CreateUser",
    "DeleteGroup",
    "DeleteKey",
    "DeleteUser",
    "DescribeAccounts",
    "DescribeBalance",
    "DescribeErrorCodes",
    "DescribeGroups",
    "DescribeKeys",
    "DescribeLedger",
    "DescribeRequest",
    "DescribeRequests",
    "DescribeUsage",
    "DescribeUsers",
    "DisableKey",
    "EnableKey",
    "RotateKey",
    "UpdateGroup",
    "UpdateUser",
];

/// The actions of the module, from its public document.
fn actions(world: &World) -> Vec<String> {
    let document: Value =
        serde_json::from_str(&world.page("/modules/account/openapi.json")).unwrap();
    let paths = document["paths"].as_object().expect("paths");
    paths
        .values()
        .map(|item| item["post"]["operationId"].as_str().expect("an action").to_owned())
        .collect()
}

fn ask(world: &World, by: &Account, action: &str, params: Value) -> Value {
    command(world).call_with(by, "account", action, &params)
}

#[track_caller]
fn done(world: &World, by: &Account, action: &str, params: Value) -> Value {
    let answer = ask(world, by, action, params);
    assert_eq!(answer["code"], 0, "{action}: {answer}");
    answer
}

#[test]
fn every_action_of_operators_is_refused_for_every_other_account_with_4300() {
    let world = World::start();
    let demo = world.account("demo");
    let (actions, mut open) = (actions(&world), Vec::new());
    assert!(actions.len() > 20, "{actions:?}");
    for action in &actions {
        let answer = ask(&world, &demo, action, json!({}));
        if answer["code"] == 4300 {
            assert_eq!(answer["reason"], "NOT_IN_USER_RANGE", "{action}: {answer}");
        } else {
            open.push(action.as_str());
        }
    }
    assert_eq!(open, EVERYONE, "each action is in one list or the other");
}

#[test]
fn an_account_asks_about_itself_and_is_told_nothing_of_others() {
    let world = World::start();
    let (demo, other) = (world.account("demo"), world.account("other"));
    let balance = done(&world, &demo, "DescribeBalance", json!({}));
    assert_eq!(balance["balance"]["available"], "10000.00", "{balance}");
    let keys = done(&world, &demo, "DescribeKeys", json!({}));
    assert_eq!(keys["keys"][0]["secretId"], demo.secret_id.as_str(), "{keys}");
    let usage = done(&world, &demo, "DescribeUsage", json!({}));
    let balances = usage["usage"].as_array().unwrap().iter();
    assert!(
        balances.map(|sum| &sum["action"]).any(|action| action == "DescribeBalance"),
        "{usage}"
    );
    let requests = done(&world, &demo, "DescribeRequests", json!({ "limit": 1 }));
    assert_eq!(requests["requests"][0]["action"], "DescribeUsage", "{requests}");
    for (action, foreign, absent) in [
        ("DescribeBalance", json!({ "accountId": other.id }), json!({ "accountId": "1" })),
        ("DisableKey", json!({ "keyId": other.secret_id }), json!({ "keyId": "AKIDnobody" })),
    ] {
        let told = |params: Value| {
            let mut answer = ask(&world, &demo, action, params);
            answer["requestId"].take();
            answer
        };
        let foreign = told(foreign);
        assert_eq!((&foreign["code"], &foreign), (&json!(5000), &told(absent)), "{action}");
    }
    assert_eq!(done(&world, &other, "DescribeErrorCodes", json!({}))["code"], 0);
}

#[test]
fn an_operator_runs_it_all_and_every_change_is_in_the_audit_log() {
    let world = World::start();
    let operator = world.account("operator");
    let made = done(&world, &operator, "CreateAccount", json!({ "name": "ann" }));
    let id = made["account"]["accountId"].as_str().unwrap().to_owned();
    done(&world, &operator, "TopUp", json!({ "accountId": id, "amount": "50.00" }));
    done(&world, &operator, "SetIdentity", json!({ "accountId": id, "identity": "verified" }));
    let key = done(&world, &operator, "CreateKey", json!({ "accountId": id }));
    let text = |name: &str| key[name].as_str().expect("a key").to_owned();
    let ann =
        Account { id: id.clone(), secret_id: text("secretId"), secret_key: text("secretKey") };
    let client = command(&world);
    let order = crate::client::order("S1.SMALL1", "gz-1");
    let bought = client.call_with(&ann, "cvm", "RunInstances", &order);
    assert_eq!(bought["code"], 0, "{bought}");
    assert_eq!(done(&world, &ann, "DescribeBalance", json!({}))["balance"]["available"], "20.00");
    // Disabled, it is refused on the next call: the gateway that did it has forgotten it already.
    done(&world, &ann, "DisableKey", json!({ "keyId": ann.secret_id }));
    assert_eq!(client.call_with(&ann, "cvm", "DescribeZones", &json!({}))["code"], 4100);
    let again = ask(&world, &operator, "CreateAccount", json!({ "name": "x", "accountId": id }));
    assert_eq!(again["code"], 5100, "{again}");
    assert!(again["message"].as_str().unwrap().starts_with("(Exists)"), "{again}");

    let log = done(&world, &operator, "DescribeAudit", json!({ "limit": 5 }));
    let told: Vec<_> = log["records"].as_array().unwrap().iter().collect();
    let actions: Vec<_> = told.iter().map(|record| record["action"].as_str().unwrap()).collect();
    let expected = ["DisableKey", "CreateKey", "SetIdentity", "TopUp", "CreateAccount"];
    assert_eq!(actions, expected, "{log}");
    assert_eq!(told[0]["who"], format!("account:{id}"), "{log}");
    assert_eq!(told[4]["who"], format!("account:{}", operator.id), "{log}");
    assert_eq!(
        (&told[4]["address"], &told[4]["requestId"]),
        (&json!("127.0.0.1"), &made["requestId"])
    );
    let shown: Value =
        serde_json::from_str(&world.run(&["audit", "list", "--json", "--limit", "1"])).unwrap();
    assert_eq!(shown[0]["hash"], told[0]["hash"], "the command line reads the same log");
    assert!(world.run(&["audit", "verify"]).contains("as they were written"));
    for line in world.run(&["audit", "export"]).lines() {
        let event: Value = serde_json::from_str(line).unwrap();
        assert_eq!(event["specversion"], "1.0", "{event}");
    }
}

#[test]
fn a_token_gets_the_saved_answer_without_the_secret_which_is_nowhere_on_the_disk() {
    let world = World::start();
    let operator = world.account("operator");
    let poor = world.account("poor");
    let params = json!({ "accountId": poor.id, "ClientToken": "one-key" });
    let first = done(&world, &operator, "CreateKey", params.clone());
    let secret = first["secretKey"].as_str().expect("shown once").to_owned();
    let again = done(&world, &operator, "CreateKey", params);
    assert_eq!(first["secretId"], again["secretId"], "one token is one key");
    assert!(again["secretKey"].is_null(), "shown once: {again}");
    done(&world, &operator, "DisableKey", json!({ "keyId": first["secretId"] }));
    // Receipts and the access log are written within some milliseconds.
    std::thread::sleep(std::time::Duration::from_millis(300));
    for place in files(&world.data()) {
        // A journal that was there a moment ago may be gone.
        let Ok(bytes) = std::fs::read(&place) else { continue };
        let found = bytes.windows(secret.len()).any(|window| window == secret.as_bytes());
        assert!(!found, "the secret is in {}", place.display());
    }
}

fn files(folder: &std::path::Path) -> Vec<std::path::PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() { found.extend(files(&path)) } else { found.push(path) }
    }
    found
}

#[test]
fn the_commands_of_the_document_work_from_top_to_bottom() {
    let world = World::start();
    let text = include_str!("../../../docs/administration.md");
    let script: Vec<&str> = text
        .split("```sh\n")
        .skip(1)
        .map(|rest| rest.split_once("```").expect("a block ends").0)
        .collect();
    assert!(script.len() >= 6);
    let binary = std::path::absolute(crate::world::binary()).unwrap();
    let path = format!("{}:{}", binary.parent().unwrap().display(), std::env::var("PATH").unwrap());
    let mut shell = std::process::Command::new("bash");
    for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("FAREGATE_")) {
        shell.env_remove(name);
    }
    let done = shell
        .args(["-euo", "pipefail", "-c", &script.concat()])
        .current_dir(world.state())
        .env("PATH", path)
        .env("XDG_STATE_HOME", world.state())
        .output()
        .unwrap();
    let (out, err) = (String::from_utf8_lossy(&done.stdout), String::from_utf8_lossy(&done.stderr));
    assert!(done.status.success(), "{out}\n{err}");
    assert!(out.contains("as they were written"), "{out}");
    let events = std::fs::read_to_string(world.state().join("audit.jsonl")).unwrap();
    assert!(events.lines().any(|line| line.contains("faregate.RotateKey")), "{events}");
}

/// A key that an answer shows.
fn shown(account: &Account, answer: &Value) -> Account {
    let text = |name: &str| answer[name].as_str().unwrap_or_else(|| panic!("{answer}")).to_owned();
    Account { id: account.id.clone(), secret_id: text("secretId"), secret_key: text("secretKey") }
}

#[test]
fn keys_are_rotated_under_load_without_a_refused_call() {
    let n = if std::env::var_os("FAREGATE_SOAK").is_some() { 1_000 } else { 12 };
    let world = World::start();
    let mut key = world.account("other");
    let in_use = std::sync::Mutex::new(key.clone());
    let done_rotating = std::sync::atomic::AtomicBool::new(false);
    std::thread::scope(|scope| {
        let load = scope.spawn(|| {
            let mut n_calls = 0;
            while !done_rotating.load(std::sync::atomic::Ordering::Acquire) {
                let key = in_use.lock().unwrap().clone();
                let answer =
                    crate::raw::send(&world, &crate::raw::signed_get(&key, "DescribeZones", &[]));
                // A call with the key before must not fail while the overlap lasts.
                assert!(matches!(answer.code(), 0 | 4400), "{}", answer.text);
                n_calls += 1;
                std::thread::sleep(std::time::Duration::from_millis(20));
            }
            n_calls
        });
        for _ in 0..n {
            let before = key.secret_id.clone();
            let next =
                done(&world, &key, "RotateKey", json!({ "keyId": before, "overlapSeconds": 600 }));
            key = shown(&key, &next);
            *in_use.lock().unwrap() = key.clone();
            // Calls that were signed with the one before have come by now.
            std::thread::sleep(std::time::Duration::from_millis(200));
            done(&world, &key, "DisableKey", json!({ "keyId": before }));
            done(&world, &key, "DeleteKey", json!({ "keyId": before }));
        }
        done_rotating.store(true, std::sync::atomic::Ordering::Release);
        let n_calls = load.join().unwrap();
        println!("{n} rotations, {n_calls} calls, none refused");
        assert!(n_calls > n, "{n_calls}");
    });
}

#[test]
fn a_third_live_key_is_refused_and_a_key_ends_by_itself() {
    let world = World::start();
    let demo = world.account("demo");
    let second = done(&world, &demo, "CreateKey", json!({ "durationSeconds": 60 }));
    let third = ask(&world, &demo, "CreateKey", json!({}));
    assert_eq!(third["code"], 5100, "{third}");
    assert!(third["message"].as_str().unwrap().starts_with("(KeyLimit)"), "{third}");
    let second = shown(&demo, &second);
    let zones = |key: &Account| command(&world).call_with(key, "cvm", "DescribeZones", &json!({}));
    assert_eq!(zones(&second)["code"], 0);
    world.run(&["clock", "+61s"]);
    let ended = zones(&second);
    assert_eq!(
        (&ended["code"], &ended["reason"]),
        (&json!(4100), &json!("KEY_EXPIRED")),
        "{ended}"
    );
    // One that is past its time leaves its place.
    done(&world, &demo, "CreateKey", json!({}));
    let used = done(&world, &demo, "DescribeKeys", json!({}));
    assert_eq!(used["keys"][1]["lastUsedFor"], "cvm:DescribeZones", "{used}");
    assert_eq!(used["keys"][1]["lastUsedFrom"], "127.0.0.1", "{used}");
}

#[test]
fn temporary_credentials_end_with_their_time_and_with_the_key_that_asked_for_them() {
    let world = World::start();
    let demo = world.account("demo");
    let client = command(&world);
    let ask_sts = |params: Value| client.call_with(&demo, "sts", "GetFederationToken", &params);
    let made = ask_sts(json!({ "name": "upload", "durationSeconds": 60 }));
    assert_eq!(made["code"], 0, "{made}");
    let token = made["credentials"]["token"].as_str().unwrap();
    let text = |name: &str| made["credentials"][name].as_str().unwrap().to_owned();
    let key = Account {
        id: demo.id.clone(),
        secret_id: text("tmpSecretId"),
        secret_key: text("tmpSecretKey"),
    };
    let zones =
        |token: &str| client.call_with(&key, "cvm", "DescribeZones", &json!({ "Token": token }));
    assert_eq!(zones(token)["code"], 0);
    assert_eq!(zones("another")["reason"], "TOKEN_WRONG");
    assert_eq!(client.call_with(&key, "cvm", "DescribeZones", &json!({}))["reason"], "TOKEN_WRONG");
    let lasting = client.call_with(&key, "account", "CreateKey", &json!({ "Token": token }));
    assert_eq!(lasting["code"], 5100, "a session makes no lasting key: {lasting}");
    world.run(&["clock", "+61s"]);
    assert_eq!(zones(token)["reason"], "TOKEN_EXPIRED");

    let made = ask_sts(json!({ "name": "upload" }));
    let text = |name: &str| made["credentials"][name].as_str().unwrap().to_owned();
    let (token, key) = (
        text("token"),
        Account {
            secret_id: text("tmpSecretId"),
            secret_key: text("tmpSecretKey"),
            ..demo.clone()
        },
    );
    let zones = || client.call_with(&key, "cvm", "DescribeZones", &json!({ "Token": token }));
    assert_eq!(zones()["code"], 0);
    let operator = world.account("operator");
    done(&world, &operator, "DisableKey", json!({ "keyId": demo.secret_id }));
    assert_eq!(zones()["code"], 4100, "it ends with the key that asked for it");
}

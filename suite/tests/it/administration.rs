//! The gateway's own module: who may call what of it, what it changes, and what the audit log says of that.

use serde_json::{Value, json};

use crate::client::command;
use crate::world::{Account, World};

/// What every account may call, about itself. Whatever is not here is the operators'.
const EVERYONE: &[&str] = &[
    "CreateKey",
    "DeleteKey",
    "DescribeAccounts",
    "DescribeBalance",
    "DescribeErrorCodes",
    "DescribeKeys",
    "DescribeLedger",
    "DescribeRequest",
    "DescribeRequests",
    "DescribeUsage",
    "DisableKey",
    "EnableKey",
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

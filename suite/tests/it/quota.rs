//! 4400 end to end: a total is the account's, whichever key and dialect spends it, and a killed gateway remembers it.

use std::time::Duration;

use serde_json::{Value, json};

use crate::client::{command, sdk};
use crate::raw::{self, send};
use crate::world::{Account, World};

/// Another key of the account.
fn another_key(world: &World, of: &Account) -> Account {
    let made: Value =
        serde_json::from_str(&world.run(&["key", "create", &of.id, "--json"])).unwrap();
    let text = |name: &str| made[name].as_str().unwrap().to_owned();
    Account { id: of.id.clone(), secret_id: text("secretId"), secret_key: text("secretKey") }
}

#[test]
fn a_total_is_spent_by_all_keys_and_dialects_together_and_outlives_a_kill() {
    let mut world = World::start();
    let demo = world.account("demo");
    let other = another_key(&world, &demo);
    world.run(&["quota", "set", "demo", "--action", "cvm:DescribeProject", "--day", "4"]);
    std::thread::sleep(Duration::from_secs(1));
    let ask = |world: &World, account: &Account| {
        let reply = send(world, &raw::signed_get(account, "DescribeProject", &[]));
        let left = reply.header("ratelimit").unwrap_or_default().to_owned();
        (reply.code(), left, reply)
    };
    let (code, left, first) = ask(&world, &demo);
    assert_eq!(code, 0, "{}", first.text);
    assert!(left.contains("\"action-day\";r=3;t="), "{left}");
    let policy = first.header("ratelimit-policy").unwrap();
    assert!(policy.contains("\"action-day\";q=4;w=86400"), "{policy}");
    assert!(ask(&world, &other).1.contains("\"action-day\";r=2"), "another key of the account");
    command(&world).expect(0, "demo", "DescribeProject", &json!({}));
    sdk(&world).expect(0, "demo", "DescribeProject", &json!({}));
    for account in [&demo, &other] {
        let (code, _, refused) = ask(&world, account);
        assert_eq!(
            (code, refused.json()["reason"].as_str()),
            (4400, Some("DAILY")),
            "{}",
            refused.text
        );
        let wait: u64 = refused.header("retry-after").unwrap().parse().unwrap();
        assert!((1..=86_400).contains(&wait), "{wait}");
    }
    assert_eq!(send(&world, &raw::signed_get(&demo, "DescribeZones", &[])).code(), 0);
    // Written behind within a fifth of a second.
    std::thread::sleep(Duration::from_millis(500));
    world.restart();
    assert_eq!(ask(&world, &other).0, 4400, "a killed gateway remembers");
    let shown = world.run(&["quota", "show", "demo"]);
    assert!(
        shown.lines().any(|line| line.starts_with("cvm:DescribeProject") && line.contains(" 4 ")),
        "{shown}"
    );
    world.run(&["quota", "reset", "demo"]);
    std::thread::sleep(Duration::from_secs(1));
    assert_eq!(ask(&world, &demo).0, 0, "what was used is given back");
}

#[test]
fn a_hidden_limit_shows_nothing_and_a_misspelt_one_is_not_kept() {
    let world = World::start();
    let demo = world.account("demo");
    world.run(&["quota", "set", "demo", "--of", "key", "--day", "1", "--hidden"]);
    std::thread::sleep(Duration::from_secs(1));
    let ask = || send(&world, &raw::signed_get(&demo, "DescribeZones", &[]));
    let (passed, refused) = (ask(), ask());
    assert_eq!((passed.code(), refused.code()), (0, 4400), "{}", refused.text);
    for reply in [&passed, &refused] {
        let told = reply.header("ratelimit").unwrap_or_default();
        assert!(!told.contains("key"), "{told}");
    }
    assert_eq!(refused.json()["reason"], "RATE");
    assert!(!refused.json()["message"].as_str().unwrap().contains("key"), "{}", refused.text);
    for (arguments, said) in [
        (
            vec!["quota", "set", "demo", "--action", "cvm:DescribeZone", "--day", "1"],
            "did you mean `DescribeZones`?",
        ),
        (vec!["quota", "set", "demo", "--hidden"], "say how much"),
        (vec!["quota", "set", "demo", "--rate", "10/m"], "write whole calls a second"),
    ] {
        let done = world.command(&arguments);
        let err = String::from_utf8_lossy(&done.stderr);
        assert!(done.status.code() == Some(2) && err.contains(said), "{arguments:?}: {err}");
    }
}

#[test]
fn what_an_earlier_gate_refused_says_what_is_left_and_uses_nothing() {
    let world = World::start();
    let demo = world.account("demo");
    world.run(&["quota", "set", "demo", "--action", "cvm:DescribeZones", "--day", "5"]);
    world.run(&["quota", "set", "demo", "--of", "key", "--day", "9", "--hidden"]);
    std::thread::sleep(Duration::from_secs(1));
    let zones = |params: &[(&str, &str)]| raw::signed_get(&demo, "DescribeZones", params);
    let first = zones(&[]);
    assert_eq!(send(&world, &first).code(), 0);
    let old = (raw::now() - 400).to_string();
    let cases = |title, bytes: Vec<u8>, code| {
        let reply = send(&world, &bytes);
        assert_eq!(reply.code(), code, "{title}: {}", reply.text);
        let (left, policy) = (reply.header("ratelimit"), reply.header("ratelimit-policy"));
        assert!(
            left.is_some_and(|left| left.contains("\"action-day\";r=4;t=")),
            "{title}: {left:?}"
        );
        assert!(policy.is_some_and(|it| it.contains("\"action-day\";q=5;w=86400")), "{title}");
        assert!(!left.unwrap().contains("key"), "{title}: a hidden limit shows nothing: {left:?}");
    };
    cases("a copy", first.clone(), 4500);
    cases("an old stamp", zones(&[("Timestamp", &old)]), 4200);
    world.run(&["account", "suspend", "demo"]);
    std::thread::sleep(Duration::from_secs(1));
    cases("a suspended account", zones(&[]), 4300);
    // Whose account it is, is not known before its signature is good.
    let text = String::from_utf8(zones(&[])).unwrap().replace("Nonce=", "Nonce=1");
    let forged = send(&world, text.as_bytes());
    assert_eq!((forged.code(), forged.header("ratelimit")), (4100, None), "{}", forged.text);
}

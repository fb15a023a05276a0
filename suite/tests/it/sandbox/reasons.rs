//! Every reason of every code can be had on purpose, in either envelope, and nothing is bought by it.

use serde_json::{Value, json};

use crate::client::command;
use crate::dialects;
use crate::raw::{ORDER, now, send, signed_get, with_header};
use crate::world::World;

fn pages(world: &World) -> Vec<(u64, String)> {
    let index: Value = serde_json::from_str(&world.page("/errors.json")).unwrap();
    let codes = index["codes"].as_array().unwrap().iter().filter(|row| !row["page"].is_null());
    codes
        .flat_map(|row| {
            let code = row["code"].as_u64().unwrap();
            let page: Value =
                serde_json::from_str(&world.page(&format!("/errors/{code}.json"))).unwrap();
            let reasons = page["reasons"].as_array().unwrap().clone();
            reasons.into_iter().map(move |one| (code, one["reason"].as_str().unwrap().to_owned()))
        })
        .collect()
}

#[test]
fn each_reason_of_each_code_is_a_fault() {
    let world = World::start();
    let demo = world.account("demo");
    let client = command(&world);
    let ids = [client.buy("demo"), client.buy("demo")];
    let batch = [("instanceIds.0", ids[0].as_str()), ("instanceIds.1", ids[1].as_str())];
    let all = pages(&world);
    assert!(all.len() > 80, "{}", all.len());
    for (code, reason) in all {
        let (action, params): (_, &[(&str, &str)]) = match (code, reason.as_str()) {
            (5400, _) | (5100, "ALL_FAILED" | "NOT_ATTEMPTED") | (4000, "RESUME_TOKEN") => {
                ("RestartInstances", &batch)
            }
            (6000, "UPSTREAM_NO_LIST") => ("DescribeInstances", &[]),
            // What would pass without the fault is a purchase, and must not be one.
            _ => ("RunInstances", &ORDER),
        };
        let fault = format!("{code}.{reason}");
        let call = signed_get(&demo, action, params);
        let reply = send(&world, &with_header(&call, "X-Faregate-Fault", &fault));
        assert_eq!(
            (reply.code(), &reply.json()["reason"]),
            (code, &json!(reason)),
            "{}",
            reply.text
        );
        assert_eq!(reply.header("faregate-fault"), Some("injected"), "{fault}");
        if matches!(code, 4400 | 6200) {
            assert!(reply.header("retry-after").is_some(), "{fault}");
            let unsent = !matches!(reason.as_str(), "MODULE_UNAVAILABLE" | "STORE_DOWN");
            if unsent {
                let again = send(&world, &with_header(&call, "X-Faregate-Fault", "5300"));
                assert_eq!(again.code(), 5300, "the same bytes after {fault}: {}", again.text);
            }
        }
    }
    world.money_adds_up();
}

#[test]
fn what_no_action_could_meet_is_refused_with_the_reason_why() {
    let world = World::start();
    for (fault, says) in [
        ("4000.PRICE", "costs nothing"),
        ("5100.ALL_FAILED", "is no batch"),
        ("6000.UPSTREAM_NO_CREATED_ID", "creates nothing"),
        ("4400.NONCE_SEEN", "4400 has no reason `NONCE_SEEN`"),
    ] {
        let refused = world.command(&["fault", "add", "cvm:DescribeZones", "--code", fault]);
        let said = String::from_utf8_lossy(&refused.stderr).into_owned();
        assert!(!refused.status.success() && said.contains(says), "{fault}: {said}");
    }
}

#[test]
fn faults_and_tokens_are_the_same_by_tc3() {
    let world = World::start();
    let demo = world.account("demo");
    let signed = |action: &str, body: &Value, stamp: u64| {
        dialects::signed(dialects::HOST, &demo, action, body, stamp)
    };
    for (fault, name) in [
        ("4400", "RequestLimitExceeded"),
        ("5200", "ResourceInsufficient"),
        ("6000.PANIC", "InternalError"),
        ("4500.SIGNATURE_SEEN", "AuthFailure.NonceRepeated"),
    ] {
        let call = signed("DescribeZones", &json!({}), now());
        let reply = send(&world, &with_header(&call, "X-Faregate-Fault", fault));
        let error = reply.json()["Response"]["Error"].take();
        assert_eq!(error["Code"], name, "{fault}: {}", reply.text);
        assert_eq!(reply.header("faregate-fault"), Some("injected"));
    }
    let order = |period: u64| {
        json!({ "ClientToken": "tc3", "Zone": "gz-1", "InstanceType": "S1.SMALL1",
                "ImageId": "img-debian-12", "Period": period, "GoodsNum": 1 })
    };
    let first = send(&world, &signed("RunInstances", &order(1), now()));
    assert!(first.json()["Response"]["InstanceIdSet"][0].is_string(), "{}", first.text);
    // Signed anew, in another second: the token is the same.
    let again = send(&world, &signed("RunInstances", &order(1), now() - 2));
    assert_eq!(again.header("faregate-replayed"), Some("true"), "{}", again.text);
    assert_eq!(again.json(), first.json());
    let other = send(&world, &signed("RunInstances", &order(2), now()));
    assert_eq!(other.json()["Response"]["Error"]["Reason"], "TOKEN_REUSED", "{}", other.text);
    assert_eq!(world.executed("RunInstances"), 1);
    world.money_adds_up();
}

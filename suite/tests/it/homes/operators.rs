//! What operators do by commands and by calls holds at both gateways within a second, and is written down.

use faregate_signing::Method;
use serde_json::Value;

use super::cluster::{Cluster, Gate, until};
use crate::raw::{self, ORDER, pairs, signed_for};
use crate::world::Account;

/// A call of the gateway's own module.
fn administer(gate: &Gate, by: &Account, action: &str, params: &[(&str, &str)]) -> Value {
    let host = "account.api.qcloud.com";
    let pairs = signed_for(host, Method::Get, by, pairs(by, action, params));
    let bytes = String::from_utf8(raw::get(&pairs)).unwrap();
    let line = |text: &str| text.lines().find(|l| l.starts_with("Host: ")).unwrap().to_owned();
    let bytes = bytes.replacen(&line(&bytes), &format!("Host: {host}"), 1);
    gate.send(bytes.as_bytes()).json()
}

#[test]
fn policies_quotas_refunds_and_administration_are_the_same_at_both_gateways() {
    let cluster = Cluster::start("[quota]\nper_second = 100\nburst = 1000\n");
    let [one, two] = [&cluster.gates[0], &cluster.gates[1]];
    let (alice, bob) = (cluster.account("alice", 1_000), cluster.account("bob", 0));

    // A purchase at one gateway, its refund at the other.
    let bought = one.call(&alice, "RunInstances", &ORDER).json();
    let id = bought["instanceIds"][0].as_str().unwrap_or_else(|| panic!("{bought}")).to_owned();
    let returned = two.call(&alice, "ReturnInstance", &[("instanceId", &id)]).json();
    assert_eq!(returned["code"], 0, "{returned}");
    assert!(returned["refund"]["amount"].as_str().unwrap().parse::<f64>().unwrap() > 29.9);
    assert_eq!(one.call(&alice, "ReturnInstance", &[("instanceId", &id)]).code(), 5000);

    // A policy by a command: both obey.
    let file = one.data().join("zones.json");
    let policy = r#"{"version":"2.0","statement":[{"effect":"allow","action":"cvm:DescribeZones","resource":"*"}]}"#;
    std::fs::write(&file, policy).unwrap();
    one.run(&["policy", "put", &alice.id, "zones", file.to_str().unwrap()]);
    let key = format!("key/{}", alice.secret_id);
    two.run(&["policy", "attach", &alice.id, "zones", &key]);
    for gate in [one, two] {
        let obeys = || gate.call(&alice, "RunInstances", &ORDER).code() == 4300;
        until("the policy is obeyed", obeys, &|| gate.said());
        assert_eq!(gate.call(&alice, "DescribeZones", &[]).code(), 0);
    }

    // A quota of a day, spent over both, shown, and made new.
    one.run(&["quota", "set", &bob.id, "--day", "6"]);
    let has_quota = || {
        let reply = two.call(&bob, "DescribeZones", &[]);
        reply.header("ratelimit").is_some_and(|limit| limit.contains("account-day"))
    };
    until("the quota is seen", has_quota, &|| two.said());
    let codes: Vec<u64> =
        (0..12).map(|n| cluster.gates[n % 2].call(&bob, "DescribeZones", &[]).code()).collect();
    assert!(codes.iter().filter(|code| **code == 0).count() <= 5, "{codes:?}");
    assert_eq!(codes.last(), Some(&4400), "{codes:?}");
    let shown = one.run(&["quota", "show", &bob.id]);
    assert!(shown.contains('6'), "{shown}");
    two.run(&["quota", "reset", &bob.id]);
    assert_eq!(one.call(&bob, "DescribeZones", &[]).code(), 0, "made new at once");

    // By calls, in the operator's name; refused to others; and every change is in the log.
    let refused = administer(one, &bob, "SuspendAccount", &[("accountId", &alice.id)]);
    assert_eq!(refused["code"], 4300, "{refused}");
    let operator = cluster.account("operator", 0);
    let done = administer(two, &operator, "SuspendAccount", &[("accountId", &bob.id)]);
    assert_eq!(done["code"], 0, "{done}");
    for gate in [two, one] {
        let is_refused = || gate.call(&bob, "DescribeZones", &[]).code() == 4300;
        until("the suspension is seen", is_refused, &|| gate.said());
    }
    let log = one.run(&["audit", "list", "--json"]);
    for told in [
        "SuspendAccount",
        "AttachPolicy",
        "PutQuota",
        "ResetQuota",
        &format!("account:{}", operator.id),
    ] {
        assert!(log.contains(told), "{told}: {log}");
    }
    one.run(&["audit", "verify"]);
    cluster.money_adds_up();
}

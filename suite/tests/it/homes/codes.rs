//! Every code by its real cause on the shared home, half of them at each gateway.

use super::cluster::{Cluster, until};
use crate::raw::{self, ORDER, now, pairs, signed, signed_get};
use faregate_signing::Method;

#[test]
fn all_seventeen_codes_come_from_the_shared_home() {
    let cluster = Cluster::start("[quota]\nper_second = 20\nburst = 60\n");
    let [one, two] = [&cluster.gates[0], &cluster.gates[1]];
    let (alice, bob) = (cluster.account("alice", 10_000), cluster.account("bob", 0));
    let eve = cluster.account("eve", 0);
    two.run(&["identity", "set", &eve.id, "pending"]);
    let bought = one.call(&alice, "RunInstances", &ORDER);
    let bought: serde_json::Value = bought.json();
    let id = bought["instanceIds"][0].as_str().unwrap_or_else(|| panic!("{bought}")).to_owned();
    let of = |code: u64, reply: raw::Reply| assert_eq!(reply.code(), code, "{}", reply.text);

    of(0, two.call(&alice, "DescribeInstances", &[("instanceIds.0", &id)]));
    of(4000, one.call(&alice, "DescribeZones", &[("colour", "red")]));
    let mut wrong = pairs(&alice, "DescribeZones", &[]);
    wrong.push(("Signature".into(), "AAAA".into()));
    of(4100, two.send(&raw::get(&wrong)));
    let old = (now() - 1_000).to_string();
    of(4200, one.call(&alice, "DescribeZones", &[("Timestamp", &old)]));
    let bytes = signed_get(&alice, "DescribeZones", &[]);
    of(0, one.send(&bytes));
    of(4500, two.send(&bytes));
    let put = String::from_utf8(signed_get(&alice, "DescribeZones", &[])).unwrap();
    of(4600, two.send(put.replacen("GET", "PUT", 1).as_bytes()));
    of(5000, one.call(&bob, "DescribeInstances", &[("instanceIds.0", &id)]));
    of(0, two.call(&alice, "StopInstances", &[("instanceIds.0", &id)]));
    of(5100, one.call(&alice, "RestartInstances", &[("instanceIds.0", &id)]));
    let gone = ORDER.map(|(name, value)| match name {
        "instanceType" => (name, "GPU.LARGE1"),
        "zone" => (name, "gz-2"),
        _ => (name, value),
    });
    of(5200, two.call(&alice, "RunInstances", &gone));
    of(5300, one.call(&bob, "RunInstances", &ORDER));
    let second: serde_json::Value = two.call(&alice, "RunInstances", &ORDER).json();
    let running = second["instanceIds"][0].as_str().unwrap_or_else(|| panic!("{second}"));
    let both = [("instanceIds.0", running), ("instanceIds.1", id.as_str())];
    of(5400, one.call(&alice, "RestartInstances", &both));
    of(5500, two.call(&eve, "RunInstances", &ORDER));
    of(6100, one.call(&alice, "NoSuchAction", &[]));

    two.run(&["maintenance", "on", "cvm:DescribeZones", "--for", "10m"]);
    let is = |code: u64, gate: &super::cluster::Gate| {
        let seen = || gate.call(&alice, "DescribeZones", &[]).code() == code;
        until("the switch is seen", seen, &|| gate.said());
    };
    is(6200, one);
    one.run(&["account", "suspend", &bob.id]);
    let suspended = || two.call(&bob, "DescribeInstances", &[]).code() == 4300;
    until("the suspension is seen", suspended, &|| two.said());

    let limited = (0..400).any(|_| one.call(&alice, "DescribeInstances", &[]).code() == 4400);
    assert!(limited, "4400");
    cluster.world.kill_compute();
    let pairs = signed(Method::Get, &eve, pairs(&eve, "DescribeInstances", &[]));
    of(6000, two.send(&raw::get(&pairs)));
    cluster.money_adds_up();
}

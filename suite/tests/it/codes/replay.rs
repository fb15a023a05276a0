//! 4500: a signed call is executed at most once, whatever happens between the copies.

use serde_json::json;

use crate::client::{Sdk, both, order};
use crate::raw::{self, ORDER, get_url, nonce, now, send, signed_get};
use crate::world::World;

#[test]
fn the_same_bytes_sent_twice_are_executed_once() {
    let world = World::start();
    let demo = world.account("demo");
    let url = Sdk::start(&world).url(&demo, "DescribeZones", &json!({}));
    assert_eq!(send(&world, &get_url(&url)).code(), 0);
    let second = world.untouched(|| send(&world, &get_url(&url)));
    assert_eq!(second.code(), 4500, "{}", second.text);
    let bought = signed_get(&demo, "RunInstances", &ORDER);
    assert_eq!(send(&world, &bought).code(), 0);
    assert_eq!(send(&world, &bought).code(), 4500);
    assert_eq!(world.executed("RunInstances"), 1);
}

#[test]
fn the_same_nonce_and_timestamp_are_4500_by_every_client() {
    let world = World::start();
    both(&world, |client| {
        let once = json!({"Nonce": nonce(), "Timestamp": now()});
        client.expect(0, "demo", "DescribeZones", &once);
        let answer = client.expect(4500, "demo", "DescribeZones", &once);
        assert!(answer["message"].as_str().unwrap().starts_with("Replay attack"), "{answer}");
    });
}

#[test]
fn a_killed_gateway_has_not_forgotten_what_was_spent() {
    let mut world = World::start();
    let demo = world.account("demo");
    let spent: Vec<_> = (0..20).map(|_| signed_get(&demo, "DescribeZones", &[])).collect();
    for bytes in &spent {
        assert_eq!(send(&world, bytes).code(), 0);
    }
    world.restart();
    for bytes in &spent {
        let again = send(&world, bytes);
        assert_eq!(again.code(), 4500, "{}", again.text);
    }
    let fresh = send(&world, &signed_get(&demo, "DescribeZones", &[]));
    assert_eq!(fresh.code(), 0, "the process died, the machine did not: no fence: {}", fresh.text);
}

#[test]
fn the_nonce_of_the_call_before_is_4500_under_a_fresh_timestamp_and_another_action() {
    let world = World::start();
    both(&world, |client| {
        let same = nonce();
        client.expect(0, "demo", "DescribeZones", &json!({"Nonce": same, "Timestamp": now() - 5}));
        client.expect(4500, "demo", "DescribeProject", &json!({"Nonce": same, "Timestamp": now()}));
        client.expect(0, "demo", "DescribeProject", &json!({}));
    });
}

#[test]
fn a_timestamp_three_hours_away_is_4500_either_way() {
    let world = World::start();
    both(&world, |client| {
        for stamp in [now() - 10_800, now() + 10_800] {
            client.expect(4500, "demo", "DescribeZones", &json!({"Timestamp": stamp}));
        }
    });
}

#[test]
fn a_purchase_refused_for_want_of_money_does_not_run_by_itself_after_the_top_up() {
    let world = World::start();
    let poor = world.account("poor");
    let bytes = signed_get(&poor, "RunInstances", &ORDER);
    assert_eq!(send(&world, &bytes).code(), 5300);
    world.run(&["ledger", "topup", &poor.id, "1000.00"]);
    assert_eq!(send(&world, &bytes).code(), 4500, "the same bytes, now affordable");
    assert_eq!(world.executed("RunInstances"), 0);
    both(&world, |client| {
        client.expect(0, "poor", "RunInstances", &order("S1.SMALL1", "gz-1"));
    });
}

#[test]
fn copies_sent_at_the_same_time_are_executed_once() {
    let world = World::start();
    let (tls, address) = (raw::trust(&world), world.at("https"));
    let bytes = signed_get(&world.account("demo"), "RunInstances", &ORDER);
    let codes: Vec<_> = std::thread::scope(|scope| {
        let sent: Vec<_> = (0..16)
            .map(|_| scope.spawn(|| raw::try_send(&address, &tls, &bytes).unwrap().code()))
            .collect();
        sent.into_iter().map(|one| one.join().unwrap()).collect()
    });
    let n_of = |code| codes.iter().filter(|given| **given == code).count();
    assert_eq!((n_of(0), n_of(4500)), (1, 15), "{codes:?}");
    assert_eq!(world.executed("RunInstances"), 1);
}

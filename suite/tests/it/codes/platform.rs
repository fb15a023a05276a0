//! 6000, 6100 and 6200: the module's faults, wrong doors, and closed ones.

use serde_json::{Value, json};

use crate::client::{both, command, order, sdk, with};
use crate::raw::{self, ORDER, get, pairs, send, signed_get};
use crate::serve::TwoModules;
use crate::world::World;

fn message(answer: &Value) -> &str {
    answer["message"].as_str().expect("a message")
}

#[test]
fn nonsense_of_compute_is_6000_and_the_money_is_held_or_released() {
    // Of each client's own world, so that the breaker stays closed.
    for client in [sdk, command] {
        let world = World::start();
        let client = client(&world);
        for image in ["img-nonsense", "img-500", "img-teapot"] {
            let order = with(order("S1.SMALL1", "gz-1"), "imageId", image);
            let answer = client.expect(6000, "demo", "RunInstances", &order);
            assert!(message(&answer).starts_with("Internal server error"), "{answer}");
            assert!(!answer.to_string().contains('<'), "no HTML: {answer}");
        }
        let balance = world.balance(&world.account("demo"));
        assert_eq!(
            micros(&balance["available"]) + micros(&balance["held"]),
            10_000_000_000,
            "{balance}"
        );
        world.money_adds_up();
    }
}

#[test]
fn compute_that_dies_in_the_middle_of_a_purchase_loses_no_money() {
    let world = World::start();
    let demo = world.account("demo");
    let client = sdk(&world);
    client.expect(
        6000,
        "demo",
        "RunInstances",
        &with(order("S1.SMALL1", "gz-1"), "imageId", "img-crash"),
    );
    let balance = world.balance(&demo);
    let (available, held) = (micros(&balance["available"]), micros(&balance["held"]));
    // Nobody knows whether it was bought: held until the upstream has been asked, or given back. Never gone.
    assert_eq!(available + held, 10_000_000_000, "{balance}");
    world.money_adds_up();
}

/// `"9970.00"` in millionths.
fn micros(amount: &Value) -> u64 {
    let text = amount.as_str().unwrap_or_else(|| panic!("no amount: {amount}"));
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let fraction: u64 = format!("{fraction:0<6}").parse().unwrap();
    whole.parse::<u64>().unwrap() * 1_000_000 + fraction
}

#[test]
fn compute_that_was_killed_is_a_fault_and_then_an_open_breaker() {
    let world = World::start();
    world.kill_compute();
    both(&world, |client| {
        let codes: Vec<_> = (0..8)
            .map(|_| client.call("demo", "DescribeZones", &json!({}))["code"].as_u64())
            .collect();
        assert!(codes.iter().all(|code| matches!(code, Some(6000 | 6200))), "{codes:?}");
        assert_eq!(codes.last(), Some(&Some(6200)), "five failures in a row open it: {codes:?}");
    });
    let reply = send(&world, &signed_get(&world.account("demo"), "DescribeZones", &[]));
    assert_eq!(reply.code(), 6200, "{}", reply.text);
    let after: u64 =
        reply.header("retry-after").expect("Retry-After").parse().expect("whole seconds");
    assert!((1..=10).contains(&after), "{after}");
}

#[test]
fn an_unknown_action_and_version_are_6100_and_say_to_check_the_domain() {
    let world = World::start();
    both(&world, |client| {
        for params in
            [("DescribeNothing", json!({})), ("DescribeZones", json!({"Version": "2099-01-01"}))]
        {
            let answer = client.expect(6100, "demo", params.0, &params.1);
            assert!(message(&answer).starts_with("Not supported by the version"), "{answer}");
            assert!(message(&answer).contains("domain"), "{answer}");
        }
    });
}

#[test]
fn an_unknown_host_is_6100() {
    let world = World::start();
    let demo = world.account("demo");
    let bytes = String::from_utf8(get(&pairs(&demo, "DescribeZones", &[]))).unwrap();
    let reply = send(&world, bytes.replace(raw::HOST, "nosuch.api.qcloud.com").as_bytes());
    assert_eq!(reply.code(), 6100, "{}", reply.text);
    assert!(reply.json()["message"].as_str().unwrap().contains("domain"), "{}", reply.text);
}

#[test]
fn an_action_on_the_wrong_domain_is_6100_and_the_message_names_the_right_one() {
    let two = TwoModules::start();
    assert_eq!(two.call("cvm.api.qcloud.com", "DescribeInstances")["code"], 0);
    let answer = two.call("lb.api.qcloud.com", "DescribeInstances");
    assert_eq!(answer["code"], 6100, "{answer}");
    assert!(message(&answer).contains("cvm.api.qcloud.com"), "{answer}");
}

/// Switches are read anew at least once a second.
fn soon(mut done: impl FnMut() -> bool) -> bool {
    (0..60).any(|_| {
        std::thread::sleep(std::time::Duration::from_millis(50));
        done()
    })
}

#[test]
fn a_withdrawn_action_is_6100() {
    let world = World::start();
    world.run(&["maintenance", "on", "cvm:RenewInstance", "--withdrawn"]);
    let demo = world.account("demo");
    assert!(
        soon(|| send(&world, &signed_get(&demo, "RenewInstance", &[])).code() == 6100),
        "it is still served"
    );
    both(&world, |client| {
        client.expect(6100, "demo", "RenewInstance", &json!({"instanceId": "ins-1", "period": 1}));
        client.expect(0, "demo", "DescribeZones", &json!({}));
    });
}

#[test]
fn an_action_under_maintenance_is_6200_with_the_operators_words_and_retry_after() {
    let world = World::start();
    let words = "the storage is moved tonight";
    world.run(&["maintenance", "on", "cvm:RunInstances", "--for", "10m", "--message", words]);
    let demo = world.account("demo");
    let bytes = signed_get(&demo, "RunInstances", &ORDER);
    let mut last = None;
    assert!(
        soon(|| send(&world, &signed_get(&demo, "RunInstances", &[])).code() == 6200),
        "it is still served"
    );
    let reply = send(&world, &bytes);
    assert_eq!(reply.code(), 6200, "{}", reply.text);
    let after: u64 =
        reply.header("retry-after").expect("Retry-After").parse().expect("whole seconds");
    assert!((500..=600).contains(&after), "{after}");
    both(&world, |client| {
        let answer = world
            .untouched(|| client.expect(6200, "demo", "RunInstances", &order("S1.SMALL1", "gz-1")));
        assert!(message(&answer).starts_with("API is temporarily unavailable"), "{answer}");
        assert!(message(&answer).contains(words), "{answer}");
    });
    world.run(&["maintenance", "off", "cvm:RunInstances"]);
    let on_again = soon(|| {
        let reply = send(&world, &bytes);
        let code = reply.code();
        last = Some(reply);
        code == 0
    });
    assert!(on_again, "a 6200 before anything was sent leaves the nonce unspent: {last:?}");
}

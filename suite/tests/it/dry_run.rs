//! `DryRun=true`: judged by every gate, done by nobody.

use serde_json::{Value, json};

use crate::client::{both, command, order, with};
use crate::raw::{ORDER, send, signed_get};
use crate::world::World;

fn dry(params: Value) -> Value {
    with(params, "DryRun", "true")
}

/// Gate and code of each refusal that would come.
fn refusals(answer: &Value) -> Vec<(String, u64)> {
    let all = answer["dryRun"]["refusals"].as_array().unwrap_or_else(|| panic!("{answer}"));
    let pair =
        |one: &Value| (one["gate"].as_str().unwrap().to_owned(), one["code"].as_u64().unwrap());
    all.iter().map(pair).collect()
}

#[test]
fn a_good_purchase_is_quoted_and_nothing_is_bought_or_charged() {
    let world = World::start();
    let demo = world.account("demo");
    let before = world.balance(&demo);
    both(&world, |client| {
        let told = world.untouched(|| {
            client.expect(
                0,
                "demo",
                "RunInstances",
                &dry(with(order("S1.SMALL1", "gz-1"), "period", 3)),
            )
        });
        assert_eq!(refusals(&told), []);
        let run = &told["dryRun"];
        assert_eq!((&run["price"], &run["currency"]), (&json!("90.00"), &json!("CNY")), "{told}");
        assert_eq!(run["balance"], before["available"], "{told}");
        assert!(told["charge"].is_null() && told["instanceIds"].is_null(), "{told}");
    });
    assert_eq!(world.balance(&demo), before);
    // Without DryRun, or with DryRun=false, it is bought.
    let client = command(&world);
    let bought = client.expect(
        0,
        "demo",
        "RunInstances",
        &with(order("S1.SMALL1", "gz-1"), "DryRun", "false"),
    );
    assert!(bought["instanceIds"][0].is_string() && bought["dryRun"].is_null(), "{bought}");
    let odd = client.expect(
        4000,
        "demo",
        "RunInstances",
        &with(order("S1.SMALL1", "gz-1"), "DryRun", "maybe"),
    );
    assert_eq!(odd["params"][0]["name"], "DryRun", "{odd}");
}

#[test]
fn all_refusals_that_would_come_are_told_and_the_first_answers() {
    let world = World::start();
    let client = command(&world);
    let foreign = client.buy("demo");
    world.run(&["identity", "set", &world.account("poor").id, "unverified"]);
    let pair = |gate: &str, code: u64| (gate.to_owned(), code);
    let rows = [
        (
            5000,
            "RenewInstance",
            json!({ "instanceId": foreign, "period": 1 }),
            vec![pair("resources", 5000), pair("identity", 5500), pair("balance", 5300)],
        ),
        (
            5500,
            "RunInstances",
            order("S1.SMALL1", "gz-1"),
            vec![pair("identity", 5500), pair("balance", 5300)],
        ),
        (
            4000,
            "RunInstances",
            with(order("S1.SMALL1", "gz-1"), "period", 99),
            vec![pair("parameters", 4000), pair("identity", 5500)],
        ),
        (0, "DescribeZones", json!({}), Vec::new()),
    ];
    // The identity is known to the gateway within a second.
    std::thread::sleep(std::time::Duration::from_millis(600));
    for (code, action, params, expected) in rows {
        let told = world.untouched(|| client.expect(code, "poor", action, &dry(params)));
        assert_eq!(refusals(&told), expected, "{action}: {told}");
        let first = &told["dryRun"]["refusals"][0];
        assert_eq!(first["reason"], told["reason"], "{told}");
    }
}

#[test]
fn a_dry_run_spends_its_nonce_and_nothing_else_and_has_a_rate_of_its_own() {
    let world = World::start();
    let demo = world.account("demo");
    let mut params: Vec<(&str, &str)> = vec![("DryRun", "true"), ("ClientToken", "once")];
    params.extend(ORDER);
    let bytes = signed_get(&demo, "RunInstances", &params);
    assert_eq!(send(&world, &bytes).code(), 0);
    assert_eq!(send(&world, &bytes).code(), 4500, "its nonce is spent, its token is not");
    let wet: Vec<_> = params.iter().filter(|(name, _)| *name != "DryRun").copied().collect();
    let bought = send(&world, &signed_get(&demo, "RunInstances", &wet));
    assert_eq!(bought.code(), 0);
    assert!(bought.header("faregate-replayed").is_none(), "{}", bought.text);
    let codes: Vec<u64> = (0..120)
        .map(|_| send(&world, &signed_get(&demo, "RunInstances", &params)).code())
        .collect();
    assert!(codes.contains(&4400), "{codes:?}");
    assert_eq!(world.executed("RunInstances"), 1);
    world.money_adds_up();
}

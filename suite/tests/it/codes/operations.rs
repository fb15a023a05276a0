//! 0 and 5000 to 5500: what the call does, or is refused for by what it names, who calls, and what it costs.

use serde_json::{Value, json};

use crate::client::{both, order, sdk, with};
use crate::raw::{send, signed_get};
use crate::world::World;

#[test]
fn zones_are_described_and_a_bought_instance_is_among_the_instances() {
    let world = World::start();
    both(&world, |client| {
        let zones = client.expect(0, "demo", "DescribeZones", &json!({}));
        assert_eq!(
            (zones["totalCount"].as_u64(), &zones["codeDesc"]),
            (Some(4), &json!("Success")),
            "{zones}"
        );
        let id = client.buy("demo");
        let shown = client.expect(0, "demo", "DescribeInstances", &json!({"limit": 100}));
        let ids: Vec<_> = shown["instanceSet"]
            .as_array()
            .unwrap()
            .iter()
            .map(|one| one["instanceId"].clone())
            .collect();
        assert!(ids.contains(&json!(id)), "{id} is not in {shown}");
        let one = client.expect(0, "demo", "DescribeInstances", &json!({"instanceIds": [id]}));
        assert_eq!(one["totalCount"], 1, "{one}");
    });
}

#[test]
fn a_post_of_the_sdk_is_as_good_as_its_get_in_both_signature_methods() {
    let world = World::start();
    let demo = world.account("demo");
    let mut sdk = crate::client::Sdk::start(&world);
    for method in ["GET", "POST"] {
        for algorithm in ["HmacSHA1", "HmacSHA256"] {
            let answer = sdk.ask(&json!({
                "secretId": demo.secret_id, "secretKey": demo.secret_key, "module": "cvm",
                "action": "DescribeInstances", "params": {"limit": 1}, "method": method, "signatureMethod": algorithm,
            }));
            assert_eq!(answer["code"], 0, "{method} {algorithm}: {answer}");
        }
    }
}

/// The answer as text, without its RequestIds, and without the id that was asked for.
fn comparable(answer: &Value, asked: &str) -> String {
    let id = answer["requestId"].as_str().expect("a requestId");
    answer.to_string().replace(id, "REQUEST").replace(asked, "ASKED")
}

#[test]
fn an_absent_a_returned_and_a_foreign_instance_are_answered_alike_and_compute_is_not_called() {
    let world = World::start();
    both(&world, |client| {
        let returned = client.buy("demo");
        client.expect(0, "demo", "ReturnInstance", &json!({"instanceId": returned}));
        let others = client.expect(0, "other", "DescribeInstances", &json!({}));
        let foreign = others["instanceSet"][0]["instanceId"]
            .as_str()
            .expect("`other` owns an instance")
            .to_owned();
        let ids = ["ins-00000000".to_owned(), returned, foreign];
        // A batch of which nothing is good is 5100 outside, and says 5000 by id.
        for (action, code) in [
            ("DescribeInstances", 5000),
            ("ReturnInstance", 5000),
            ("RenewInstance", 5000),
            ("RestartInstances", 5100),
        ] {
            let answers = ids.each_ref().map(|id| {
                let params = match action {
                    "ReturnInstance" => json!({"instanceId": id}),
                    "RenewInstance" => json!({"instanceId": id, "period": 1}),
                    _ => json!({"instanceIds": [id]}),
                };
                let answer = world.untouched(|| client.expect(code, "demo", action, &params));
                assert!(code == 5000 || answer["detail"][id]["code"] == 5000, "{answer}");
                comparable(&answer, id)
            });
            assert_eq!(answers[0], answers[1], "{action}: absent and returned");
            assert_eq!(answers[0], answers[2], "{action}: absent and foreign");
        }
    });
}

#[test]
fn a_module_error_is_5100_in_the_modules_own_voice() {
    let world = World::start();
    both(&world, |client| {
        let answer = client.expect(
            5100,
            "demo",
            "RunInstances",
            &with(order("S1.SMALL1", "gz-1"), "projectId", 999_999),
        );
        assert_eq!(answer["message"], "(100004) incorrect projectId", "{answer}");
        assert_eq!(answer["origin"], "module", "{answer}");
    });
    world.money_adds_up();
}

#[test]
fn a_batch_in_which_all_fail_is_5100() {
    let world = World::start();
    both(&world, |client| {
        let ids = [client.buy("demo"), client.buy("demo")];
        client.expect(0, "demo", "StopInstances", &json!({"instanceIds": ids}));
        let answer = client.expect(5100, "demo", "RestartInstances", &json!({"instanceIds": ids}));
        for id in &ids {
            assert_eq!(answer["detail"][id]["code"], 5100, "{answer}");
        }
    });
}

#[test]
fn what_is_sold_out_or_not_offered_is_5200_and_costs_nothing() {
    let world = World::start();
    let demo = world.account("demo");
    sdk(&world).expect(0, "demo", "RunInstances", &order("GPU.LARGE1", "gz-1"));
    let before = world.balance(&demo);
    both(&world, |client| {
        let sold_out = client.expect(5200, "demo", "RunInstances", &order("GPU.LARGE1", "gz-1"));
        assert!(sold_out["message"].as_str().unwrap().starts_with("(200001)"), "{sold_out}");
        let not_offered = client.expect(5200, "demo", "RunInstances", &order("GPU.LARGE1", "gz-2"));
        assert!(not_offered["message"].as_str().unwrap().starts_with("(200002)"), "{not_offered}");
    });
    assert_eq!(world.balance(&demo), before);
    world.money_adds_up();
}

#[test]
fn an_account_without_the_money_is_5300_and_compute_is_not_called() {
    let world = World::start();
    let poor = world.account("poor");
    let before = world.balance(&poor);
    both(&world, |client| {
        let dear = with(order("S1.SMALL1", "gz-1"), "period", 36);
        let answer = world.untouched(|| client.expect(5300, "poor", "RunInstances", &dear));
        assert!(
            answer["message"].as_str().unwrap().starts_with("Failed to purchase resource"),
            "{answer}"
        );
    });
    assert_eq!(world.balance(&poor), before);
}

#[test]
fn a_batch_of_good_stopped_and_foreign_ids_is_5400_with_the_code_of_each() {
    let world = World::start();
    let others = sdk(&world).expect(0, "other", "DescribeInstances", &json!({}));
    let foreign = others["instanceSet"][0]["instanceId"].as_str().unwrap().to_owned();
    both(&world, |client| {
        let (good, stopped) = (client.buy("demo"), client.buy("demo"));
        client.expect(0, "demo", "StopInstances", &json!({"instanceIds": [stopped]}));
        let answer = client.expect(
            5400,
            "demo",
            "RestartInstances",
            &json!({"instanceIds": [good, stopped, foreign]}),
        );
        let code_of = |id: &str| answer["detail"][id]["code"].as_u64();
        assert_eq!(
            (code_of(&good), code_of(&stopped), code_of(&foreign)),
            (Some(0), Some(5100), Some(5000)),
            "{answer}"
        );
        assert!(
            answer["detail"][&stopped]["message"].as_str().unwrap().starts_with("(100012)"),
            "{answer}"
        );
        assert!(
            answer["message"]
                .as_str()
                .unwrap()
                .starts_with("Part of operations performed successfully"),
            "{answer}"
        );
        client.expect(4000, "demo", "RestartInstances", &json!({"instanceIds": [good, good]}));
    });
}

#[test]
fn an_unverified_account_that_buys_is_5500_and_may_read() {
    let world = World::start();
    both(&world, |client| {
        let answer = world.untouched(|| {
            client.expect(5500, "unverified", "RunInstances", &order("S1.SMALL1", "gz-1"))
        });
        assert!(
            answer["message"]
                .as_str()
                .unwrap()
                .starts_with("User failed to pass identity verification"),
            "{answer}"
        );
        client.expect(0, "unverified", "DescribeZones", &json!({}));
    });
}

#[test]
fn a_purchase_costs_its_price_once() {
    let world = World::start();
    let demo = world.account("demo");
    let available = |world: &World| world.balance(&demo)["available"].clone();
    assert_eq!(available(&world), json!("10000.00"));
    let order = [
        ("zone", "gz-1"),
        ("instanceType", "S1.SMALL1"),
        ("imageId", "img-debian-12"),
        ("period", "2"),
        ("goodsNum", "3"),
    ];
    let bought = send(&world, &signed_get(&demo, "RunInstances", &order));
    assert_eq!(bought.code(), 0, "{}", bought.text);
    assert_eq!(available(&world), json!("9820.00"), "2 months of 3 at 30.00");
    world.money_adds_up();
}

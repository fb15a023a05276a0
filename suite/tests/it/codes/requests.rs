//! 4000 to 4400 and 4600: what a request is refused for before anything is looked up.

use faregate_signing::Method;
use serde_json::{Value, json};

use crate::client::{Sdk, both, command, order, sdk, with};
use crate::raw::{self, get, get_url, nonce, now, pairs, post, send, send_plain, signed};
use crate::world::{Account, World};

fn message(answer: &Value) -> &str {
    answer["message"].as_str().expect("a message")
}

#[test]
fn both_wrong_parameters_are_named_in_one_4000() {
    let world = World::start();
    both(&world, |client| {
        let answer = client.expect(
            4000,
            "demo",
            "DescribeInstances",
            &json!({"limit": "abc", "offset": "x"}),
        );
        assert!(
            message(&answer).contains("limit") && message(&answer).contains("offset"),
            "{answer}"
        );
        let mut wrong = with(order("S1.SMALL1", "gz-1"), "period", "abc");
        wrong.as_object_mut().unwrap().remove("zone");
        let answer = world.untouched(|| client.expect(4000, "demo", "RunInstances", &wrong));
        assert!(
            message(&answer).contains("period") && message(&answer).contains("zone"),
            "{answer}"
        );
        assert!(message(&answer).starts_with("Invalid request parameter"), "{answer}");
    });
}

#[test]
fn an_undeclared_parameter_is_4000_and_named() {
    let world = World::start();
    both(&world, |client| {
        let answer = client.expect(4000, "demo", "DescribeZones", &json!({"colour": "red"}));
        assert!(message(&answer).contains("colour"), "{answer}");
    });
}

#[test]
fn a_missing_nonce_is_4000_and_named() {
    let world = World::start();
    let demo = world.account("demo");
    for missing in ["Nonce", "Timestamp", "SecretId", "Action"] {
        let kept = pairs(&demo, "DescribeZones", &[])
            .into_iter()
            .filter(|(name, _)| name != missing)
            .collect();
        let answer = send(&world, &get(&signed(Method::Get, &demo, kept))).json();
        assert_eq!(answer["code"], 4000, "{missing}: {answer}");
        assert!(message(&answer).contains(missing), "{answer}");
    }
}

#[test]
fn duplicate_and_twin_names_are_4000() {
    let world = World::start();
    let demo = world.account("demo");
    for (first, second) in [("limit", "limit"), ("a_b", "a.b")] {
        let twice = pairs(&demo, "DescribeInstances", &[(first, "1"), (second, "2")]);
        let answer = send(&world, &get(&signed(Method::Get, &demo, twice))).json();
        assert_eq!(answer["code"], 4000, "{first} {second}: {answer}");
    }
}

#[test]
fn a_wrong_key_and_an_unknown_secret_id_are_4100() {
    let world = World::start();
    let demo = world.account("demo");
    let wrong =
        Account { secret_key: "Gu5t9xGARNpq86cd98joQYCN3Cozk1qA".to_owned(), ..demo.clone() };
    let unknown = Account { secret_id: "AKIDz8krbsJ5yKBZQpn74WFkmLPx3gnPhESA".to_owned(), ..demo };
    both(&world, |client| {
        for account in [&wrong, &unknown] {
            let answer = client.call_with(account, "cvm", "DescribeZones", &json!({}));
            assert_eq!(answer["code"], 4100, "{answer}");
            assert!(message(&answer).starts_with("Authentication failed"), "{answer}");
            assert!(
                !answer.to_string().contains(&world.account("demo").secret_key),
                "the secret is never told"
            );
        }
    });
}

#[test]
fn a_parameter_added_after_signing_is_4100() {
    let world = World::start();
    let demo = world.account("demo");
    let url = Sdk::start(&world).url(&demo, "DescribeInstances", &json!({"limit": 5}));
    let added = send(&world, &get_url(&format!("{url}&offset=1")));
    assert_eq!(added.code(), 4100, "{}", added.text);
    let changed = send(&world, &get_url(&url.replace("limit=5", "limit=6")));
    assert_eq!(changed.code(), 4100, "{}", changed.text);
    let as_signed = send(&world, &get_url(&url));
    assert_eq!(as_signed.code(), 0, "a refused copy spends nothing: {}", as_signed.text);
}

#[test]
fn a_post_value_that_begins_with_an_at_sign_is_not_delivered_unsigned() {
    let world = World::start();
    let demo = world.account("demo");
    let mut sent =
        signed(Method::Post, &demo, pairs(&demo, "CreateProject", &[("projectName", "one")]));
    sent.push(("note".to_owned(), "@added".to_owned()));
    let answer = world.untouched(|| send(&world, &post(&sent)));
    assert_eq!(answer.code(), 4100, "{}", answer.text);
}

#[test]
fn a_timestamp_of_ten_minutes_ago_is_4200_with_the_servers_own() {
    let world = World::start();
    both(&world, |client| {
        let before = now();
        let old = (before - 600).to_string();
        let answer = client.expect(4200, "demo", "DescribeZones", &json!({"Timestamp": old}));
        assert!(message(&answer).starts_with("Request expired"), "{answer}");
        let told =
            (before..=now() + 1).any(|second| message(&answer).contains(&second.to_string()));
        assert!(told, "the server's timestamp is missing: {answer}");
    });
}

#[test]
fn a_suspended_account_and_one_outside_the_audience_are_4300() {
    let world = World::start();
    both(&world, |client| {
        let suspended = client.expect(4300, "suspended", "DescribeZones", &json!({}));
        assert!(message(&suspended).starts_with("Access denied"), "{suspended}");
        world.untouched(|| client.expect(4300, "demo", "DescribeInternalUsage", &json!({})));
    });
}

#[test]
fn a_burst_of_the_limited_account_is_4400_until_its_quota_is_back() {
    let world = World::start();
    both(&world, |client| {
        let refused = (0..40).map(|_| client.call("limited", "DescribeZones", &json!({})));
        let refused: Vec<_> = refused.filter(|answer| answer["code"] == 4400).collect();
        // Processes are slow; the SDK, in one process, is not.
        if client.name() == "the Python SDK" {
            assert!(!refused.is_empty(), "40 calls, 5 a second: none refused");
        }
        for answer in refused {
            assert!(message(&answer).starts_with("Quota exceed"), "{answer}");
        }
    });
}

#[test]
fn a_4400_says_when_to_come_back_and_the_same_bytes_are_then_good() {
    let world = World::start();
    let limited = world.account("limited");
    let (bytes, refused) = (0..60)
        .find_map(|_| {
            let bytes = raw::signed_get(&limited, "DescribeZones", &[]);
            let reply = send(&world, &bytes);
            (reply.code() == 4400).then_some((bytes, reply))
        })
        .expect("60 calls at once: none refused");
    let after: u64 =
        refused.header("retry-after").expect("Retry-After").parse().expect("whole seconds");
    assert!(after >= 1, "at least a second");
    assert!(
        refused.headers.iter().any(|(name, _)| name.starts_with("ratelimit")),
        "{:?}",
        refused.headers
    );
    std::thread::sleep(std::time::Duration::from_secs(after));
    assert_eq!(send(&world, &bytes).code(), 0, "a 4400 leaves the nonce unspent");
}

#[test]
fn plain_http_to_a_module_that_demands_https_and_a_put_are_4600() {
    let world = World::start();
    let demo = world.account("demo");
    let good = raw::signed_get(&demo, "DescribeZones", &[]);
    let plain = send_plain(&world, &good);
    assert_eq!((plain.status, plain.code()), (200, 4600), "{}", plain.text);
    assert!(message(&plain.json()).starts_with("Protocol is not supported"), "{}", plain.text);
    let put = String::from_utf8(good).unwrap().replacen("GET", "PUT", 1);
    let put = send(&world, put.as_bytes());
    assert_eq!(put.code(), 4600, "{}", put.text);
}

#[test]
fn a_nonce_of_any_length_a_client_makes_is_taken() {
    for client in [sdk, command] {
        let world = World::start();
        let client = client(&world);
        for given in [nonce().to_string(), "11886".to_owned(), "9223372036854775807".to_owned()] {
            client.expect(0, "demo", "DescribeZones", &json!({"Nonce": given}));
        }
    }
}

//! ClientToken and Idempotency-Key: one token is one call, whoever sends it how often, and whatever is killed.

use std::sync::Mutex;
use std::thread;
use std::time::Duration;

use faregate_signing::Method;
use serde_json::{Value, json};

use crate::client::{both, order, with};
use crate::raw::{self, ORDER, Reply, pairs, send, signed, signed_get, try_send, with_header};
use crate::world::{Account, World};

/// A freshly signed purchase with this token.
fn buy(account: &Account, token: &str, image: &str) -> Vec<u8> {
    let mut params = ORDER.to_vec();
    params.retain(|(name, _)| *name != "imageId");
    params.extend([("ClientToken", token), ("imageId", image)]);
    signed_get(account, "RunInstances", &params)
}

#[track_caller]
fn replayed(reply: &Reply) -> bool {
    reply.header("faregate-replayed") == Some("true")
}

#[test]
fn a_token_is_answered_once_and_then_again_by_every_client() {
    let world = World::start();
    both(&world, |client| {
        let before = world.executed("RunInstances");
        let token = format!("token of {}", client.name()).replace(' ', "-");
        let params = with(order("S1.SMALL1", "gz-1"), "ClientToken", token.as_str());
        let first = client.expect(0, "demo", "RunInstances", &params);
        let charge = &first["charge"];
        assert_eq!(
            (&charge["price"], &charge["currency"]),
            (&json!("30.00"), &json!("CNY")),
            "{first}"
        );
        assert_eq!(charge["orderId"], first["requestId"]);
        assert!(charge["balance"].is_string(), "{first}");
        let again = client.expect(0, "demo", "RunInstances", &params);
        assert_eq!(first, again, "to the last member");
        assert_eq!(world.executed("RunInstances") - before, 1);

        let other = client.expect(4000, "demo", "RunInstances", &with(params.clone(), "period", 2));
        assert_eq!(other["reason"], "TOKEN_REUSED", "{other}");
        assert_eq!(other["params"][0]["name"], "period", "{other}");
        // Another account's token is another token.
        let foreign = client.expect(5300, "poor", "RunInstances", &params);
        assert_eq!(foreign["reason"], "INSUFFICIENT_BALANCE");
        let renew =
            json!({ "instanceId": first["instanceIds"][0], "period": 1, "ClientToken": token });
        let renew = client.expect(4000, "demo", "RenewInstance", &renew);
        let names: Vec<&Value> =
            renew["params"].as_array().unwrap().iter().map(|p| &p["name"]).collect();
        assert!(names.contains(&&json!("Action")), "{renew}");
    });
    world.money_adds_up();
}

#[test]
fn the_same_bytes_with_a_token_get_the_saved_answer_and_the_receipt_says_whose() {
    let world = World::start();
    let demo = world.account("demo");
    let bytes = buy(&demo, "t-1", "img-debian-12");
    let (first, again) = (send(&world, &bytes), send(&world, &bytes));
    assert_eq!(first.text, again.text);
    assert_eq!((replayed(&first), replayed(&again)), (false, true));
    let own = again.header("x-request-id").unwrap();
    assert_ne!(Some(own), first.header("x-request-id"));
    let told = send(&world, &signed_get(&demo, "DescribeRequest", &[("requestId", own)])).json();
    assert_eq!(told["request"]["replayOf"], first.json()["requestId"], "{told}");
    assert!(told["request"]["charge"].is_null(), "{told}");
}

#[test]
fn the_header_is_a_token_too_and_a_wrong_one_is_named() {
    let world = World::start();
    let demo = world.account("demo");
    let call = |header: &str, token: &[(&str, &str)]| {
        let params: Vec<_> = ORDER.iter().chain(token).copied().collect();
        let (name, value) = header.split_once(": ").unwrap();
        let bytes = signed_get(&demo, "RunInstances", &params);
        send(&world, &with_header(&bytes, name, value))
    };
    let first = call("Idempotency-Key: \"k-1\"", &[]);
    assert_eq!(first.code(), 0, "{}", first.text);
    for (header, token) in [
        ("Idempotency-Key: k-1", &[][..]),
        ("Idempotency-Key: k-1", &[("ClientToken", "k-1")]),
        ("X-Other: 1", &[("ClientToken", "k-1")]),
    ] {
        let again = call(header, token);
        assert_eq!(again.text, first.text, "{header} {token:?}");
        assert!(replayed(&again));
    }
    for (header, token) in [
        ("Idempotency-Key: k-2", &[("ClientToken", "k-1")][..]),
        ("Idempotency-Key: with spaces in it", &[]),
    ] {
        let refused = call(header, token).json();
        assert_eq!(refused["code"], 4000, "{refused}");
        assert_eq!(refused["params"][0]["name"], "Idempotency-Key", "{refused}");
    }
    assert_eq!(world.executed("RunInstances"), 1);
    // What changes nothing has no use for a token.
    let reads: Vec<Reply> = (0..2)
        .map(|_| send(&world, &signed_get(&demo, "DescribeZones", &[("ClientToken", "k-1")])))
        .collect();
    assert!(reads.iter().all(|reply| reply.code() == 0 && !replayed(reply)));
}

#[test]
fn what_was_refused_by_a_gate_leaves_its_token_free_and_what_the_module_refused_does_not() {
    let world = World::start();
    let (poor, demo) = (world.account("poor"), world.account("demo"));
    assert_eq!(send(&world, &buy(&poor, "t", "img-debian-12")).code(), 5300);
    world.run(&["ledger", "topup", &poor.id, "100.00"]);
    assert_eq!(send(&world, &buy(&poor, "t", "img-debian-12")).code(), 0, "topped up, asked again");
    let refused = send(&world, &buy(&demo, "u", "img-none"));
    assert_eq!(refused.code(), 4000, "{}", refused.text);
    let again = send(&world, &buy(&demo, "u", "img-none"));
    assert_eq!((again.text.as_str(), replayed(&again)), (refused.text.as_str(), true));
}

#[test]
fn many_at_once_with_one_token_are_one_call_and_get_one_answer() {
    let world = World::start();
    let demo = world.account("demo");
    let (tls, address) = (raw::trust(&world), world.at("https"));
    let texts = Mutex::new(Vec::new());
    thread::scope(|scope| {
        for n in 0..32 {
            let (demo, tls, address, texts) = (&demo, &tls, &address, &texts);
            scope.spawn(move || {
                // Half of the time one that is free, so that its order is written without a hold.
                let bytes = if n % 2 == 0 {
                    buy(demo, "one", "img-debian-12")
                } else {
                    let params = [("ClientToken", "two"), ("projectName", "p")];
                    signed_get(demo, "CreateProject", &params)
                };
                let reply = try_send(address, tls, &bytes).expect("an answer");
                assert_eq!(reply.code(), 0, "{}", reply.text);
                texts.lock().unwrap().push(reply.text);
            });
        }
    });
    let mut texts = texts.into_inner().unwrap();
    texts.sort();
    texts.dedup();
    assert_eq!(texts.len(), 2, "{texts:?}");
    assert_eq!((world.executed("RunInstances"), world.executed("CreateProject")), (1, 1));
}

/// Asks with this token until somebody knows, as a client does.
fn until_known(world: &World, account: &Account, token: &str) -> Reply {
    for _ in 0..200 {
        let reply = send(world, &buy(account, token, "img-debian-12"));
        if reply.code() != 6000 {
            return reply;
        }
        thread::sleep(Duration::from_millis(50));
    }
    panic!("nobody knows what became of {token}");
}

#[test]
fn kill_9_at_any_moment_leaves_one_effect_one_charge_and_equal_answers() {
    let mut world = World::start();
    let demo = world.account("demo");
    let n_kills = if std::env::var_os("FAREGATE_SOAK").is_some() { 200 } else { 6 };
    let before = world.balance(&demo);
    let mut tokens = Vec::new();
    for kill in 0..n_kills {
        let (tls, address) = (raw::trust(&world), world.at("https"));
        let mine: Vec<String> = (0..8).map(|n| format!("kill-{kill}-{n}")).collect();
        let answered = Mutex::new(Vec::new());
        thread::scope(|scope| {
            for token in &mine {
                let (demo, tls, address, answered) = (&demo, &tls, &address, &answered);
                scope.spawn(move || {
                    let bytes = buy(demo, token, "img-debian-12");
                    if let Some(reply) = try_send(address, tls, &bytes) {
                        answered.lock().unwrap().push((token.clone(), reply.text));
                    }
                });
            }
            // Each of the purchase's steps takes a millisecond or so.
            thread::sleep(Duration::from_micros(2_000 + kill * 1_500));
            world.kill();
        });
        world.restart();
        let answered = answered.into_inner().unwrap();
        println!("kill {kill}: {} of {} answered before it", answered.len(), mine.len());
        for token in mine {
            let now = until_known(&world, &demo, &token);
            assert_eq!(now.code(), 0, "{}", now.text);
            let again = send(&world, &buy(&demo, &token, "img-debian-12"));
            assert_eq!(now.text, again.text, "{token}");
            if let Some((_, text)) = answered.iter().find(|(theirs, _)| *theirs == token) {
                assert_eq!(*text, now.text, "{token}: as answered before the kill");
            }
            tokens.push(token);
        }
    }
    assert_eq!(world.executed("RunInstances"), tokens.len() as u64, "one effect a token");
    let cents = |balance: &Value| {
        let text = balance["available"].as_str().unwrap().replace('.', "");
        text.parse::<u64>().unwrap()
    };
    let after = world.balance(&demo);
    assert_eq!(cents(&before) - cents(&after), tokens.len() as u64 * 3_000, "one charge a token");
    assert_eq!(after["held"], "0.00");
    world.money_adds_up();
}

#[test]
fn a_purchase_whose_gateway_was_killed_is_settled_by_asking() {
    let mut world = World::start();
    let demo = world.account("demo");
    let (tls, address) = (raw::trust(&world), world.at("https"));
    // Compute does its work, then waits half a minute: nobody hears its answer.
    let params: Vec<_> =
        ORDER.iter().map(|(n, v)| (*n, if *n == "imageId" { "img-hang" } else { v })).collect();
    let bytes = raw::get(&signed(Method::Get, &demo, pairs(&demo, "RunInstances", &params)));
    let sent = thread::spawn(move || try_send(&address, &tls, &bytes).is_some());
    for _ in 0..200 {
        if world.executed("RunInstances") == 1 {
            break;
        }
        thread::sleep(Duration::from_millis(20));
    }
    world.restart();
    assert!(!sent.join().unwrap(), "it was cut off");
    let settled = (0..200).any(|_| {
        thread::sleep(Duration::from_millis(25));
        world.balance(&demo)["held"] == "0.00"
    });
    assert!(settled, "{}", world.run(&["ledger", "holds"]));
    assert_eq!(world.executed("RunInstances"), 1, "asked, not done again");
    // The books say why, the receipt too, and what was bought is the account's.
    let holds = world.run(&["ledger", "holds", "--json"]);
    assert_eq!(holds.trim(), "[]");
    let bought = send(&world, &signed_get(&demo, "DescribeInstances", &[])).json();
    let id = bought["instanceSet"][0]["instanceId"].as_str().expect("an instance").to_owned();
    let own =
        send(&world, &signed_get(&demo, "DescribeInstances", &[("instanceIds.0", &id)])).json();
    assert_eq!(own["code"], 0, "{own}");
    let log = std::fs::read_to_string(world.data().join("access.log")).unwrap();
    let event = log.lines().find(|line| line.contains("doubt-settled")).expect("a line in the log");
    let event: Value = serde_json::from_str(event).unwrap();
    assert_eq!((&event["settlement"], &event["amount"]), (&json!("committed"), &json!("30.00")));
    let shown = world.run(&["explain", event["request_id"].as_str().unwrap()]);
    assert!(shown.contains("the module was asked"), "{shown}");
    assert!(shown.contains("charge    30.00 CNY committed"), "{shown}");
    world.money_adds_up();
}

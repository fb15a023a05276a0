//! Refunds: what was bought is given back, and its share of the price with it, once.

use std::thread;
use std::time::Duration;

use serde_json::{Value, json};

use crate::client::both;
use crate::raw::{ORDER, now, send, signed_get};
use crate::shop::{Asked, Does, Shop, call};
use crate::world::World;

fn available(world: &World) -> f64 {
    let told = world.balance(&world.account("demo"));
    told["available"].as_str().unwrap().parse().unwrap()
}

/// Half a cent: a refund of a month is worked out to the second.
fn about(a: f64, b: f64) -> bool {
    (a - b).abs() < 0.005
}

#[test]
fn what_is_given_back_at_once_is_refunded_whole_and_told_in_answer_receipt_and_books() {
    let world = World::start();
    both(&world, |client| {
        let before = available(&world);
        let id = client.buy("demo");
        let returned = client.expect(0, "demo", "ReturnInstance", &json!({ "instanceId": id }));
        let refund = &returned["refund"];
        let amount: f64 = refund["amount"].as_str().expect("an amount").parse().unwrap();
        assert!(about(amount, 30.0) && refund["currency"] == "CNY", "{returned}");
        let left: f64 = refund["balance"].as_str().unwrap().parse().unwrap();
        assert!(about(left, before) && about(available(&world), before), "{returned}");
        let asked = json!({ "requestId": returned["requestId"] });
        let told = client.expect(0, "demo", "DescribeRequest", &asked);
        let charge = &told["request"]["charge"];
        assert_eq!(charge["state"], "refunded", "{told}");
        assert_eq!(charge["amount"], refund["amount"], "{told}");
        let shown = world.run(&["explain", returned["requestId"].as_str().unwrap()]);
        assert!(shown.contains("from revenue to available"), "{shown}");
        client.expect(5000, "demo", "ReturnInstance", &json!({ "instanceId": id }));
        assert!(about(available(&world), before), "nothing is refunded twice");
    });
    world.money_adds_up();
}

#[test]
fn a_refund_is_of_the_last_purchase_and_of_the_time_that_is_left() {
    let world = World::start();
    let demo = world.account("demo");
    // The client's clock goes with the gateway's.
    let call = |days: u64, action: &str, params: &[(&str, &str)]| {
        let stamp = (now() + days * 86_400).to_string();
        let mut all = vec![("Timestamp", stamp.as_str())];
        all.extend_from_slice(params);
        let answer = send(&world, &signed_get(&demo, action, &all)).json();
        assert_eq!(answer["code"], 0, "{action}: {answer}");
        answer
    };
    let buy =
        |days| call(days, "RunInstances", &ORDER)["instanceIds"][0].as_str().unwrap().to_owned();
    let give_back = |days, id: &str| call(days, "ReturnInstance", &[("instanceId", id)]);
    let amount = |answer: &Value| -> f64 {
        answer["refund"]["amount"].as_str().expect("a refund").parse().unwrap()
    };
    let (first, renewed) = (buy(0), buy(0));
    // Half of a month of 30 days.
    world.run(&["clock", "+15d"]);
    let returned = give_back(15, &first);
    assert!(about(amount(&returned), 15.0), "{returned}");
    call(15, "RenewInstance", &[("instanceId", &renewed), ("period", "2")]);
    let returned = give_back(15, &renewed);
    assert!(about(amount(&returned), 60.0), "{returned}");
    // What is used up is worth nothing, and says nothing.
    let old = buy(15);
    world.run(&["clock", "+31d"]);
    let returned = give_back(46, &old);
    assert!(returned["refund"].is_null(), "{returned}");
    world.money_adds_up();
}

#[test]
fn a_token_gets_the_refund_told_again_and_none_is_paid_twice() {
    let world = World::start();
    let demo = world.account("demo");
    let bought = send(&world, &signed_get(&demo, "RunInstances", &ORDER)).json();
    let id = bought["instanceIds"][0].as_str().unwrap();
    let before = available(&world);
    let back = || signed_get(&demo, "ReturnInstance", &[("instanceId", id), ("ClientToken", "b")]);
    let (first, again) = (send(&world, &back()), send(&world, &back()));
    assert_eq!((first.code(), &first.text), (0, &again.text));
    assert!(again.header("faregate-replayed").is_some(), "{}", again.text);
    assert!(about(available(&world), before + 30.0));
    world.money_adds_up();
}

const SHOP: &str = r#"openapi: 3.1.0
info: { title: Shop, version: "1" }
servers: [{ url: "http://127.0.0.1:1" }]
x-faregate: { module: shop, timeout: 1s }
paths:
  /Well:
    get: { operationId: Well }
  /things:
    post:
      operationId: Buy
      x-faregate:
        identity: none
        purchase: { price: "money('10.00')", currency: CNY }
        creates: { type: thing, at: "$.ids[*]" }
      responses: { "200": { description: Bought. } }
  /things/{id}:
    delete:
      operationId: GiveBack
      x-faregate:
        resources: { id: thing }
        idempotent: true
        returns: { type: thing, param: id, refund: "purchase.price - money('1.00')" }
      parameters: [{ name: id, in: path, required: true, schema: { type: string } }]
      responses: { "204": { description: Back. } }
"#;

/// The first return of each thing loses its answer; what comes then is in its name.
fn shop() -> Shop {
    Shop::open(|asked: &Asked| match (asked.path.as_str(), asked.n) {
        ("things", _) => Does::says(200, r#"{"ids":["done","refused","silent"]}"#),
        ("things/done" | "things/refused", 1) => Does::Hangs,
        ("things/done", _) => Does::says(204, ""),
        ("things/refused", _) => Does::says(409, r#"{"code":5100,"message":"in use"}"#),
        ("things/silent", _) => Does::Waits,
        _ => Does::says(200, "{}"),
    })
}

#[test]
fn a_return_whose_answer_was_lost_is_sent_again_and_refunded_only_if_it_was_done() {
    let shop = shop();
    let mut served = shop.served(SHOP, "");
    let account = served.account.id.clone();
    served.run(&["ledger", "topup", &account, "100.00"]);
    let bought = call(&served, "Buy", &[]);
    assert_eq!(bought["charge"]["balance"], "90.00", "{bought}");
    let mut ids = Vec::new();
    for thing in ["done", "refused", "silent"] {
        let answer = call(&served, "GiveBack", &[("id", thing)]);
        assert_eq!(answer["code"], 6000, "{thing}: {answer}");
        ids.push(answer["requestId"].as_str().unwrap().to_owned());
        assert_eq!(call(&served, "Well", &[])["code"], 0);
    }
    // What is in doubt is found out by whoever is started next.
    served.restart();
    let available = || -> Value {
        let told = served.run(&["ledger", "balance", &account, "--json"]);
        serde_json::from_str::<Value>(&told).unwrap()["available"].clone()
    };
    let settled = (0..100).any(|_| {
        thread::sleep(Duration::from_millis(100));
        available() != json!("90.00") && shop.keys("things/refused").len() > 1
    });
    // A thing's share of 10.00 is 3.33; the first one's has what does not divide.
    assert!(settled && available() == json!("92.333334"), "{}", available());
    let keys = shop.keys("things/done");
    assert_eq!((keys.len(), &keys[0]), (2, &keys[1]), "sent again under the same key");
    let told = |id: &str| call(&served, "DescribeRequest", &[("requestId", id)]);
    assert_eq!(told(&ids[0])["request"]["charge"]["state"], "refunded");
    assert!(told(&ids[1])["request"]["charge"].is_null());
    assert_eq!(call(&served, "GiveBack", &[("id", "done")])["code"], 5000, "it is nobody's");
    served.run(&["ledger", "verify"]);
}

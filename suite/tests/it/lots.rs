//! Batches whose items are paid, or paid back, by themselves.

use std::thread;
use std::time::Duration;

use serde_json::{Value, json};

use crate::client::{command, sdk};
use crate::shop::{Asked, Does, Shop, call};
use crate::world::World;

fn codes(answer: &Value, ids: &[&str]) -> Vec<u64> {
    let code = |id: &&str| answer["detail"][*id]["code"].as_u64();
    ids.iter().map(|id| code(id).unwrap_or_else(|| panic!("{id}: {answer}"))).collect()
}

#[test]
fn each_item_is_charged_by_itself_and_what_there_is_goes_to_the_first() {
    let world = World::start();
    let (client, poor) = (command(&world), world.account("poor"));
    let empty = |world: &World| {
        let told = world.balance(&poor);
        let all = told["available"].as_str().unwrap().to_owned();
        world.run(&["ledger", "adjust", &poor.id, &format!("-{all}"), "--reason", "a clean start"]);
    };
    world.run(&["ledger", "topup", &poor.id, "90.00"]);
    let own = [client.buy("poor"), client.buy("poor"), client.buy("poor")];
    let foreign = client.buy("demo");
    empty(&world);
    let ids = [&own[0], &foreign, &own[1], &own[2]].map(String::as_str);
    let renewal = json!({ "instanceIds": ids, "period": 1 });

    let none = client.expect(5100, "poor", "RenewInstances", &renewal);
    assert_eq!(codes(&none, &ids), [5300, 5000, 5300, 5300], "{none}");
    assert_eq!(world.executed("RenewInstances"), 0);

    world.run(&["ledger", "topup", &poor.id, "60.00"]);
    let some = client.expect(5400, "poor", "RenewInstances", &renewal);
    assert_eq!(codes(&some, &ids), [0, 5000, 0, 5300], "{some}");
    assert_eq!(world.executed("RenewInstances"), 2, "each that was charged, and no other");
    let told = world.balance(&poor);
    assert_eq!((&told["available"], &told["held"]), (&json!("0.00"), &json!("0.00")));
    for id in [ids[0], ids[2]] {
        let charge = &some["detail"][id]["charge"];
        assert_eq!((&charge["price"], &charge["currency"]), (&json!("30.00"), &json!("CNY")));
        // Each is an order, and can be asked about.
        let asked = json!({ "requestId": charge["orderId"] });
        let order = client.expect(0, "poor", "DescribeRequest", &asked);
        assert_eq!(order["request"]["charge"]["state"], "committed", "{order}");
    }
    let asked = json!({ "requestId": some["requestId"] });
    let whole = client.expect(0, "poor", "DescribeRequest", &asked);
    let charge = &whole["request"]["charge"];
    assert_eq!((&charge["amount"], &charge["state"]), (&json!("60.00"), &json!("committed")));

    // After a top-up what failed is done, and what was done is not done or paid again.
    world.run(&["ledger", "topup", &poor.id, "100.00"]);
    let mut rest = renewal.clone();
    rest["ResumeToken"] = some["resumeToken"].clone();
    let more = client.expect(5400, "poor", "RenewInstances", &rest);
    assert_eq!(codes(&more, &ids), [0, 5000, 0, 0], "{more}");
    assert_eq!(world.balance(&poor)["available"], "70.00");
    assert_eq!(world.executed("RenewInstances"), 3);

    // What is given back is paid back, each by itself.
    let back = client.expect(5400, "poor", "ReturnInstances", &json!({ "instanceIds": ids }));
    assert_eq!(codes(&back, &ids), [0, 5000, 0, 0], "{back}");
    for id in [ids[0], ids[2], ids[3]] {
        let amount = back["detail"][id]["refund"]["amount"].as_str().expect("a refund");
        assert!((amount.parse::<f64>().unwrap() - 30.0).abs() < 0.005, "{back}");
    }
    let left: f64 = world.balance(&poor)["available"].as_str().unwrap().parse().unwrap();
    assert!((left - 160.0).abs() < 0.01, "{left}");
    let gone = client.expect(5100, "poor", "ReturnInstances", &json!({ "instanceIds": ids }));
    assert_eq!(codes(&gone, &ids), [5000; 4], "{gone}");
    world.money_adds_up();
}

#[test]
fn one_token_pays_each_item_once_and_a_dry_run_tells_what_each_would_cost() {
    let world = World::start();
    let (client, demo) = (sdk(&world), world.account("demo"));
    let (one, two, foreign) = (client.buy("demo"), client.buy("demo"), client.buy("other"));
    let ids = [one.as_str(), foreign.as_str(), two.as_str()];
    let before = world.balance(&demo);
    let renewal = |dry: &str| {
        let mut asked = json!({ "instanceIds": ids, "period": 2, "ClientToken": "once" });
        asked["DryRun"] = dry.into();
        asked
    };
    let told = world.untouched(|| client.expect(0, "demo", "RenewInstances", &renewal("true")));
    let run = &told["dryRun"];
    assert_eq!((&run["price"], &run["refusedItems"]), (&json!("120.00"), &json!([foreign])));
    let refusal = &run["refusals"][0];
    assert_eq!((&refusal["item"], &refusal["code"]), (&json!(foreign), &json!(5000)), "{told}");
    assert_eq!(world.balance(&demo), before, "and nothing is charged");

    // One that would get nothing is refused as its first item would be.
    let short = json!({ "instanceIds": [foreign], "period": 2, "DryRun": "true" });
    let told = client.expect(5300, "poor", "RenewInstances", &{
        let own = client.call("poor", "DescribeInstances", &json!({}));
        assert_eq!(own["totalCount"], 0, "{own}");
        world.run(&["ledger", "topup", &world.account("poor").id, "29.99"]);
        let mut asked = short.clone();
        let bought = client.buy("poor");
        asked["instanceIds"] = json!([bought]);
        asked
    });
    assert_eq!(told["dryRun"]["refusals"][0]["gate"], "balance", "{told}");

    let first = client.expect(5400, "demo", "RenewInstances", &renewal("false"));
    let again = client.expect(5400, "demo", "RenewInstances", &renewal("false"));
    assert_eq!((&first, codes(&first, &ids)), (&again, vec![0, 5000, 0]));
    assert_eq!(world.executed("RenewInstances"), 2);
    world.money_adds_up();
}

const SHOP: &str = r#"openapi: 3.1.0
info: { title: Shop, version: "1" }
servers: [{ url: "http://127.0.0.1:1" }]
x-faregate: { module: shop, timeout: 1s }
paths:
  /Well:
    get: { operationId: Well }
  /cost:
    get:
      operationId: Cost
      parameters: [{ name: id, in: query, required: true, schema: { type: string } }]
      responses: { "200": { description: Known. } }
  /renew/{id}:
    post:
      operationId: Renew
      x-faregate:
        identity: none
        idempotent: true
        batch: { over: ids, as: id, max: 10 }
        purchase: { price: "params.id == 'dear' ? money('500.00') : money('10.00')", currency: CNY }
      parameters: [{ name: id, in: path, required: true, schema: { type: string } }]
      responses: { "200": { description: Renewed. } }
  /all/{id}:
    post:
      operationId: RenewAll
      x-faregate:
        identity: none
        batch: { over: ids, as: id, max: 10, allOrNothing: check }
        purchase: { price: "params.id == 'dear' ? money('500.00') : money('10.00')", currency: CNY }
      parameters: [{ name: id, in: path, required: true, schema: { type: string } }]
      responses: { "200": { description: Renewed. } }
  /quoted/{id}:
    post:
      operationId: RenewQuoted
      x-faregate:
        identity: none
        batch: { over: ids, as: id, max: 10 }
        purchase: { quote: Cost, currency: CNY }
      parameters: [{ name: id, in: path, required: true, schema: { type: string } }]
      responses: { "200": { description: Renewed. } }
"#;

/// What comes of an item is in its name.
fn shop() -> Shop {
    Shop::open(|asked: &Asked| match (asked.path.as_str(), asked.about.as_str(), asked.n) {
        ("renew/lost" | "renew/refused", _, 1) => Does::Hangs,
        ("renew/refused" | "renew/no", ..) => {
            Does::says(409, r#"{"code":5100,"message":"in use"}"#)
        }
        ("cost", "unknown", _) => Does::says(404, ""),
        ("cost", "seven", _) => Does::says(200, r#"{"price":"7.00"}"#),
        ("cost", ..) => Does::says(200, r#"{"price":"3.00"}"#),
        _ => Does::says(200, "{}"),
    })
}

#[test]
fn an_item_whose_answer_was_lost_is_found_out_by_itself_and_its_batch_told_again() {
    let shop = shop();
    let served = shop.served(SHOP, "");
    let account = served.account.id.clone();
    served.run(&["ledger", "topup", &account, "100.00"]);
    let ids = ["good", "lost", "refused", "no", "dear"];
    let mut params: Vec<(String, &str)> =
        ids.iter().enumerate().map(|(n, id)| (format!("ids.{n}"), *id)).collect();
    params.push(("ClientToken".to_owned(), "once"));
    let params: Vec<(&str, &str)> = params.iter().map(|(n, v)| (n.as_str(), *v)).collect();
    let first = call(&served, "Renew", &params);
    assert_eq!(
        (first["code"].as_u64(), codes(&first, &ids)),
        (Some(5400), vec![0, 6000, 6000, 5100, 5300])
    );
    let balance = || -> Value {
        serde_json::from_str(&served.run(&["ledger", "balance", &account, "--json"])).unwrap()
    };
    let settled = (0..100).any(|_| {
        thread::sleep(Duration::from_millis(100));
        balance()["held"] == "0.00"
    });
    assert!(settled && balance()["available"] == "80.00", "{}", balance());
    let keys = shop.keys("renew/lost");
    assert!(keys.len() == 2 && keys[0] == keys[1], "sent again under the same key: {keys:?}");
    assert_eq!(keys[0], "once-1");
    // Who asks with the same token is told what was found out.
    let again = call(&served, "Renew", &params);
    assert_eq!(
        (again["code"].as_u64(), codes(&again, &ids)),
        (Some(5400), vec![0, 0, 5100, 5100, 5300])
    );
    assert_eq!(again["requestId"], first["requestId"]);
    assert_eq!(again["detail"]["lost"]["charge"]["price"], "10.00", "{again}");
    assert_eq!(shop.keys("renew/good").len(), 1, "nothing is done twice");
    let told =
        call(&served, "DescribeRequest", &[("requestId", first["requestId"].as_str().unwrap())]);
    assert_eq!(codes(&told["request"], &ids), codes(&again, &ids), "{told}");
    served.run(&["ledger", "verify"]);
}

#[test]
fn all_or_nothing_charges_nothing_and_a_module_names_the_price_of_each_item() {
    let shop = shop();
    let served = shop.served(SHOP, "");
    let account = served.account.id.clone();
    served.run(&["ledger", "topup", &account, "100.00"]);
    let left = call(&served, "RenewAll", &[("ids.0", "one"), ("ids.1", "dear")]);
    assert_eq!(
        (left["code"].as_u64(), codes(&left, &["one", "dear"])),
        (Some(5100), vec![5100, 5300])
    );
    assert_eq!(left["detail"]["one"]["reason"], "NOT_ATTEMPTED", "{left}");
    assert!(shop.keys("all/one").is_empty());
    let both = call(&served, "RenewAll", &[("ids.0", "one"), ("ids.1", "two")]);
    assert_eq!(both["code"], 0, "{both}");
    let ids = ["seven", "unknown", "three"];
    let quoted = call(
        &served,
        "RenewQuoted",
        &[("ids.0", "seven"), ("ids.1", "unknown"), ("ids.2", "three")],
    );
    assert_eq!(
        (quoted["code"].as_u64(), codes(&quoted, &ids)),
        (Some(5400), vec![0, 5000, 0]),
        "{quoted}"
    );
    let price = |id: &str| quoted["detail"][id]["charge"]["price"].clone();
    assert_eq!((price("seven"), price("three")), (json!("7.00"), json!("3.00")));
    let told: Value =
        serde_json::from_str(&served.run(&["ledger", "balance", &account, "--json"])).unwrap();
    assert_eq!((&told["available"], &told["held"]), (&json!("70.00"), &json!("0.00")));
    served.run(&["ledger", "verify"]);
}

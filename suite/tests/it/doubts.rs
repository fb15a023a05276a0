//! Money in doubt, with a module that misbehaves by script: asked, sent again, or settled as its document says.

use std::thread;
use std::time::Duration;

use serde_json::Value;

use crate::shop::{Asked, Does, Shop, call};

/// Each action loses the answer of its first purchase; what then, is the row's.
const ROWS: [(&str, &str, (u16, &str), &str); 8] = [
    ("Done", "confirm: AskDone", (200, r#"{"id":"o-1"}"#), "committed"),
    ("Never", "confirm: AskNever", (404, ""), "released"),
    ("Refused", "confirm: AskRefused", (409, r#"{"code":5100,"message":"no"}"#), "released"),
    ("Silent", "confirm: AskSilent", (500, ""), "in-doubt"),
    ("Given", "confirm: AskGiven, settle: release", (500, ""), "released"),
    ("Taken", "confirm: AskTaken, settle: commit", (500, ""), "committed"),
    ("Again", "settle: hold", (200, r#"{"id":"o-2"}"#), "committed"),
    ("Nobody", "settle: release", (200, ""), "released"),
];

fn document() -> String {
    let mut text = String::from(
        "openapi: 3.1.0\ninfo: { title: Shop, version: \"1\" }\nservers: [{ url: \"http://127.0.0.1:1\" }]\n\
         x-faregate: { module: shop, timeout: 3s }\npaths:\n  /Well:\n    get: { operationId: Well }\n",
    );
    for (action, terms, _, _) in ROWS {
        let idempotent = action == "Again";
        text.push_str(&format!(
            "  /{action}:\n    post:\n      operationId: {action}\n      x-faregate:\n        \
             identity: none\n        idempotent: {idempotent}\n        \
             purchase: {{ price: \"money('10.00')\", currency: CNY, {terms} }}\n      \
             responses: {{ \"200\": {{ description: Bought. }} }}\n"
        ));
        if terms.contains("confirm") {
            text.push_str(&format!(
                "  /{action}/asked:\n    get:\n      operationId: Ask{action}\n      parameters:\n        \
                 - {{ name: idempotencyKey, in: query, required: true, schema: {{ type: string }} }}\n      \
                 responses: {{ \"200\": {{ description: Known. }} }}\n"
            ));
        }
    }
    text
}

/// The first purchase of each action loses its answer.
fn shop() -> Shop {
    Shop::open(|asked: &Asked| {
        let (action, is_asked) =
            asked.path.split_once('/').map_or((asked.path.as_str(), false), |(a, _)| (a, true));
        match ROWS.iter().find(|row| row.0 == action) {
            Some(_) if !is_asked && asked.n == 1 => Does::Hangs,
            Some((_, _, (status, body), _)) => Does::says(*status, body),
            None => Does::says(200, "{}"),
        }
    })
}

#[test]
fn money_in_doubt_is_asked_about_sent_again_or_settled_as_its_document_says() {
    let shop = shop();
    let mut served = shop.served(&document(), "[money]\nin_doubt_s = 3\n");
    served.run(&["ledger", "topup", &served.account.id.clone(), "1000.00"]);
    let mut ids = Vec::new();
    for (action, _, _, state) in ROWS {
        let answer = call(&served, action, &[]);
        assert_eq!(answer["code"], 6000, "{action}: {answer}");
        ids.push((action, state, answer["requestId"].clone()));
        // The breaker counts faults in a row.
        assert_eq!(call(&served, "Well", &[])["code"], 0);
    }
    // The thread goes on where it was, whatever was killed.
    served.restart();
    let told = |id: &Value| {
        let told = call(&served, "DescribeRequest", &[("requestId", id.as_str().unwrap())]);
        told["request"]["charge"]["state"].as_str().unwrap_or_default().to_owned()
    };
    for (action, state, id) in &ids {
        let settled = (0..120).any(|_| {
            thread::sleep(Duration::from_millis(if *state == "in-doubt" { 40 } else { 100 }));
            told(id) == *state
        });
        assert!(settled, "{action} is {}, not {state}", told(id));
        let shown = served.run(&["explain", id.as_str().unwrap()]);
        assert!(*state == "in-doubt" || shown.contains("settled   "), "{action}: {shown}");
    }
    let again = shop.keys("Again");
    assert!(again.len() == 2 && again[0] == again[1], "the same key: {again:?}");
    assert_eq!(shop.keys("Nobody").len(), 1, "never sent twice");
    assert_eq!(shop.keys("Never").len(), 1);
    served.run(&["ledger", "verify"]);
}

//! Prices that the module names: what it says is charged, and what it does not say holds nothing.

use serde_json::{Value, json};

use crate::shop::{Asked, Does, Shop, call};

/// An action, where its quote names the price, what the quote is answered, the code of the purchase, and its price.
type Row = (&'static str, &'static str, (u16, &'static str), u64, &'static str);

const ROWS: [Row; 15] = [
    ("Text", "$.price", (200, r#"{"price":"12.50"}"#), 0, "12.50"),
    ("Micro", "$.price", (200, r#"{"price":12500000}"#), 0, "12.50"),
    ("Deep", "$.offers[0].total", (200, r#"{"offers":[{"total":"1.00"}]}"#), 0, "1.00"),
    ("Free", "$.price", (200, r#"{"price":"0.00"}"#), 0, ""),
    ("Missing", "$.price", (200, r#"{"cost":"12.50"}"#), 6000, ""),
    ("Many", "$.*", (200, r#"{"price":"1.00","tax":"1.00"}"#), 6000, ""),
    ("Word", "$.price", (200, r#"{"price":"much"}"#), 6000, ""),
    ("Float", "$.price", (200, r#"{"price":12.5}"#), 6000, ""),
    ("Minus", "$.price", (200, r#"{"price":"-1.00"}"#), 6000, ""),
    ("Broken", "$.price", (500, ""), 6000, ""),
    ("Silent", "$.price", (0, ""), 6000, ""),
    ("Away", "$.price", (503, ""), 6200, ""),
    ("SoldOut", "$.price", (409, r#"{"code":5200,"message":"none left"}"#), 5200, ""),
    ("Wrong", "$.price", (400, r#"{"code":4000,"message":"no such kind"}"#), 4000, ""),
    ("Dear", "$.price", (200, r#"{"price":"1000000.00"}"#), 5300, ""),
];

fn document() -> String {
    let mut text = String::from(
        "openapi: 3.1.0\ninfo: { title: Shop, version: \"1\" }\nservers: [{ url: \"http://127.0.0.1:1\" }]\n\
         x-faregate: { module: shop, timeout: 1s }\npaths:\n  /Well:\n    get: { operationId: Well }\n",
    );
    for (action, at, _, _, _) in ROWS {
        text.push_str(&format!(
            "  /{action}:\n    post:\n      operationId: {action}\n      x-faregate:\n        \
             identity: none\n        purchase: {{ quote: Ask{action}, at: \"{at}\", currency: CNY }}\n      \
             parameters: [{{ name: kind, in: query, schema: {{ type: string }} }}, {{ name: note, in: query, schema: {{ type: string }} }}]\n      \
             responses: {{ \"200\": {{ description: Bought. }} }}\n  /{action}/price:\n    get:\n      \
             operationId: Ask{action}\n      parameters: [{{ name: kind, in: query, schema: {{ type: string }} }}]\n      \
             responses: {{ \"200\": {{ description: Told. }} }}\n"
        ));
    }
    text
}

fn shop() -> Shop {
    Shop::open(|asked: &Asked| {
        let (action, quote) = asked.path.split_once('/').unwrap_or((&asked.path, ""));
        match ROWS.iter().find(|row| row.0 == action) {
            Some((_, _, (0, _), _, _)) if quote == "price" => Does::Waits,
            Some((_, _, (status, body), _, _)) if quote == "price" => Does::says(*status, body),
            Some(_) => Does::says(200, r#"{"id":"o-1"}"#),
            None => Does::says(200, "{}"),
        }
    })
}

#[test]
fn a_quote_is_charged_as_it_is_told_and_nothing_is_held_for_one_that_is_not() {
    let shop = shop();
    let served = shop.served(&document(), "");
    let account = served.account.id.clone();
    served.run(&["ledger", "topup", &account, "1000.00"]);
    let balance = || -> Value {
        serde_json::from_str(&served.run(&["ledger", "balance", &account, "--json"])).unwrap()
    };
    for (action, _, _, code, price) in ROWS {
        let before = balance()["available"].clone();
        let dry = call(&served, action, &[("DryRun", "true"), ("kind", "a")]);
        assert_eq!(dry["code"], code, "{action}: {dry}");
        if !price.is_empty() {
            assert_eq!(dry["dryRun"]["price"], price, "{action}: {dry}");
        }
        assert_eq!(balance()["available"], before, "{action}: a dry run");
        assert!(shop.keys(action).is_empty(), "{action}: a dry run buys nothing");
        // The breaker counts faults in a row.
        assert_eq!(call(&served, "Well", &[])["code"], 0);
        let answer = call(&served, action, &[("kind", "a"), ("note", "for me")]);
        assert_eq!(answer["code"], code, "{action}: {answer}");
        let charged = answer["charge"]["price"].as_str().unwrap_or_default();
        assert_eq!(charged, price, "{action}: {answer}");
        assert_eq!(shop.keys(action).len(), usize::from(code == 0), "{action}");
        assert_eq!(balance()["held"], json!("0.00"), "{action}");
        if code != 0 {
            assert_eq!(balance()["available"], before, "{action}");
            let message = answer["message"].as_str().unwrap();
            assert!(
                matches!(code, 5200 | 4000) || message.contains("othing was charged"),
                "{action}: {message}"
            );
        }
        assert_eq!(call(&served, "Well", &[])["code"], 0);
    }
    assert_eq!(balance()["available"], json!("974.00"));
    served.run(&["ledger", "verify"]);
}

//! Quotes and refunds: what is sold and given back.

use serde_json::json;

use super::diagnostics::verify_act;
use super::{HEAD, act, load, operation};
use crate::{PriceError, Record};

const PROPERTIES: &str = "{ id: { type: string }, n: { type: integer, default: 1 } }";
const REFUND: &str = "prorate(purchase.price, purchase.period - purchase.elapsed, purchase.period)";

fn returning(refund: &str) -> String {
    format!(
        "{{ idempotent: true, returns: {{ type: instance, param: id, refund: \"{refund}\" }} }}"
    )
}

#[test]
fn a_refund_is_worked_out_from_the_purchase_and_is_never_more_than_it() {
    const MONTH: i64 = 2_592_000;
    const LARGE: i64 = i64::MAX / 2;
    for (refund, price, period_s, elapsed_s, expected) in [
        (REFUND, 30_000_000, MONTH, 0, Ok(30_000_000)),
        (REFUND, 30_000_000, MONTH, MONTH / 2, Ok(15_000_000)),
        // Rounded down: the millionth is not given back.
        (REFUND, 1, MONTH, 1, Ok(0)),
        (REFUND, 30_000_000, MONTH, MONTH, Ok(0)),
        (REFUND, 30_000_000, MONTH, 2 * MONTH, Ok(0)),
        (REFUND, 30_000_000, 0, 5, Ok(0)),
        (REFUND, LARGE, MONTH, 0, Ok(LARGE)),
        ("purchase.price * 2", 30_000_000, 0, 0, Ok(30_000_000)),
        ("purchase.elapsed < 3600 ? purchase.price : money('0')", 5, 0, 3_599, Ok(5)),
        ("purchase.elapsed < 3600 ? purchase.price : money('0')", 5, 0, 3_600, Ok(0)),
        ("params.n * money('1')", 9_000_000, 0, 0, Ok(1_000_000)),
        ("purchase.price - money('1')", 5, 0, 0, Err(PriceError::Negative)),
        ("purchase.price * purchase.elapsed", LARGE, 0, 9, Err(PriceError::Overflow)),
    ] {
        let operation = operation(&act(&returning(refund), "[id]", PROPERTIES));
        let arguments = json!({ "id": "ins-1", "n": 1 });
        let record = Record { price, period_s, elapsed_s };
        let found = operation.refund().unwrap().evaluate(arguments.as_object().unwrap(), record);
        assert_eq!(found, expected, "{refund} of {record:?}");
    }
}

#[test]
fn refunds_and_periods_that_cannot_be() {
    let marked = |refund: &str| {
        returning(refund).replace(&format!("\"{refund}\""), &format!("«\"{refund}\"»"))
    };
    for (extension, expected) in [
        (
            marked("purchase.period"),
            "the refund is an integer, not money | multiply it by an amount: `params.count * money('30.00')`",
        ),
        (marked("purchase.prise"), "`prise` is not known of a purchase | did you mean `price`?"),
        (marked("purchase"), "the refund is a purchase, not money | -"),
        (marked("price"), "`price` is not known in a price | -"),
        (
            marked("has(purchase.price) ? money('1') : money('0')"),
            "`purchase.price` is always there | -",
        ),
        (
            marked("prorate(1, 2, 3)"),
            "`prorate` does not go with an integer, an integer and an integer | write `prorate(money, part, whole)`",
        ),
        (
            "{ returns: { type: instance, param: id, refund: «\"purchase.price\"» } }".to_owned(),
            "a refund needs `idempotent: true`: after a lost answer the return is sent again, to learn whether anything is to be given back | say so once the module answers the same Idempotency-Key the same",
        ),
        (
            "{ purchase: { price: «\"purchase.price\"», currency: CNY } }".to_owned(),
            "`purchase` is not known in a price | -",
        ),
        (
            "{ purchase: { price: \"money('1')\", currency: CNY, period: «\"money('1')\"» } }"
                .to_owned(),
            "the period is money, not an integer | -",
        ),
    ] {
        verify_act(&extension, PROPERTIES, &[expected]);
    }
}

/// A batch over `ids`, of which the module gets `id`; and `Ask`, with these parameters.
fn batch(terms: &str, asked: &str) -> String {
    format!(
        "{HEAD}paths:\n  /act/{{id}}:\n    post:\n      operationId: Act\n      x-faregate:\n        \
         batch: {{ over: ids, as: id }}\n        {terms}\n      parameters:\n        \
         - {{ name: id, in: path, required: true, schema: {{ type: string }} }}\n        \
         - {{ name: to, in: query, schema: {{ type: string }} }}\n  /ask:\n    get:\n      operationId: Ask\n      \
         parameters: [{{ name: {asked}, in: query, required: true, schema: {{ type: string }} }}]\n      \
         responses: {{ \"200\": {{ description: x }} }}\n"
    )
}

#[test]
fn items_of_a_batch_are_sold_and_given_back_one_by_one() {
    let sold = |from: &str| format!("purchase: {{ {from}, currency: CNY }}");
    let back = |param: &str| {
        format!(
            "idempotent: true\n        returns: {{ type: t, param: {param}, refund: purchase.price }}"
        )
    };
    for (terms, asked, expected) in [
        (sold("price: \"params.id == 'gold' ? money('9') : money('1')\""), "id", &[][..]),
        (sold("price: \"money('1')\", confirm: Ask"), "idempotencyKey", &[]),
        (
            sold("price: \"money('1')\", confirm: Ask"),
            "requestId",
            &["`Ask` has no parameter that says which call is meant"],
        ),
        (sold("quote: Ask"), "id", &[]),
        (sold("quote: Ask"), "ids", &["`Ask` requires `ids`, which the purchase does not have"]),
        (back("ids"), "id", &[]),
        (back("to"), "id", &["each item of this batch would give back all of `to`"]),
    ] {
        let loaded = load("a.yaml", &batch(&terms, asked));
        let found: Vec<_> = loaded.diagnostics.iter().map(|d| d.message.as_str()).collect();
        assert_eq!(found, expected, "{terms} {asked}");
    }
    let act = operation(&batch(&back("ids"), "id"));
    let arguments = json!({ "ids": ["a", "b"], "to": "c" });
    let arguments = arguments.as_object().unwrap();
    assert!(act.settles_items());
    assert_eq!(
        act.over_item(arguments, "b"),
        *json!({ "ids": ["b"], "to": "c" }).as_object().unwrap()
    );
    assert_eq!(act.for_item(arguments, "b"), *json!({ "id": "b", "to": "c" }).as_object().unwrap());
}

/// An action that asks `Ask` for its price.
fn asking(purchase: &str, method: &str, parameters: &str, terms: &str) -> String {
    format!(
        "{HEAD}paths:\n  /buy:\n    post:\n      operationId: Buy\n      x-faregate: {{ purchase: {purchase} }}\n      \
         parameters: [{{ name: kind, in: query, schema: {{ type: string }} }}]\n  /ask:\n    {method}:\n      \
         operationId: Ask\n      x-faregate: {terms}\n      parameters: [{parameters}]\n      responses: {{ \"200\": {{ \
         description: x, content: {{ application/json: {{ schema: {{ type: object, properties: {{ price: {{ type: string }} }} \
         }} }} }} }} }}\n"
    )
}

#[test]
fn a_quote_is_asked_of_an_action_that_only_asks_and_understands_the_purchase() {
    let kind = "{ name: kind, in: query, required: true, schema: { type: string } }";
    let size = "{ name: size, in: query, required: true, schema: { type: string } }";
    let ask = "{ quote: Ask, currency: CNY }";
    for (purchase, method, parameters, terms, expected) in [
        (ask, "get", kind, "{}", &[][..]),
        ("{ quote: Ask, at: \"$.price\", currency: CNY }", "get", "", "{}", &[]),
        ("{ quote: Ask, at: \"$.a.b[0]\", currency: CNY }", "get", "", "{}", &[]),
        (
            "{ quote: Nobody, currency: CNY }",
            "get",
            "",
            "{}",
            &["there is no action `Nobody` in this document"],
        ),
        (
            "{ quote: Ask, at: \"$.prise\", currency: CNY }",
            "get",
            "",
            "{}",
            &["the answer of `Ask` names no `prise`"],
        ),
        (
            "{ quote: Ask, at: prise, currency: CNY }",
            "get",
            "",
            "{}",
            &["`prise` is not a JSONPath (RFC 9535)"],
        ),
        (ask, "get", size, "{}", &["`Ask` requires `size`, which the purchase does not have"]),
        (
            ask,
            "post",
            "",
            "{}",
            &["`Ask` cannot be asked for a price: it changes, costs or repeats something"],
        ),
        (
            "{ quote: Ask, price: \"money('1')\", currency: CNY }",
            "get",
            "",
            "{}",
            &["the price is worked out or asked: `price` and `quote` exclude each other"],
        ),
        (
            "{ price: \"money('1')\", at: \"$.price\", currency: CNY }",
            "get",
            "",
            "{}",
            &["`at` says where a `quote` names the price, and there is none"],
        ),
    ] {
        let loaded = load("a.yaml", &asking(purchase, method, parameters, terms));
        let found: Vec<_> = loaded.diagnostics.iter().map(|d| d.message.as_str()).collect();
        assert_eq!(found, expected, "{purchase} {method} {parameters}");
    }
}

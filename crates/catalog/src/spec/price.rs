//! Prices: what an expression comes to, and what is no price.

use serde_json::{Value, json};

use super::{act, load, operation};
use crate::PriceError;

const PROPERTIES: &str = "{ n: { type: integer, default: 2 }, kind: { type: string, enum: [S1, S2] }, fast: { type: boolean, default: false }, \
     ids: { type: array, items: { type: string } }, sizes: { type: array, items: { type: integer } }, opt: { type: integer }, \
     disk: { type: object, properties: { size: { type: integer } } }, ratio: { type: number }, mixed: { type: [integer, string] } }";

fn document(expression: &str) -> String {
    let quoted = serde_json::to_string(expression).unwrap();
    let extension = format!("{{ purchase: {{ price: {quoted}, currency: CNY }} }}");
    act(&extension, "[kind, ids, sizes, disk, ratio, mixed]", PROPERTIES)
}

#[track_caller]
fn verify(expression: &str, expected: Result<i64, PriceError>) {
    let arguments = json!({ "n": 2, "kind": "S2", "fast": true, "ids": ["a", "b", "c"],
        "sizes": [10, 20], "disk": { "size": 50 }, "ratio": 0.5, "mixed": 1 });
    evaluate(expression, &arguments, expected);
}

#[track_caller]
fn evaluate(expression: &str, arguments: &Value, expected: Result<i64, PriceError>) {
    let operation = operation(&document(expression));
    let price = &operation.purchase.as_ref().unwrap().price;
    let found = price.evaluate(arguments.as_object().unwrap());
    assert_eq!(found.map(|price| price.expect("no quote")), expected, "{expression}");
    assert_eq!(price.source(), expression);
}

#[test]
fn expressions_come_to_micro_units() {
    for (expression, micro) in [
        ("money('30.00')", 30_000_000),
        ("money('0.000001')", 1),
        ("money('0')", 0),
        ("params.n * money('30.00')", 60_000_000),
        ("money('30.00') * params.n + money('0.50')", 60_500_000),
        ("params.kind == 'S1' ? money('1') : money('2')", 2_000_000),
        ("{'S1': money('1'), 'S2': money('2')}[params.kind]", 2_000_000),
        ("params.fast ? money('2') : money('1')", 2_000_000),
        ("!params.fast || params.n != 2 ? money('2') : money('1')", 1_000_000),
        ("params.fast && params.n >= 2 ? money('2') : money('1')", 2_000_000),
        ("params.kind in ['S2', 'S3'] ? money('2') : money('1')", 2_000_000),
        ("size(params.ids) * money('1')", 3_000_000),
        ("params.ids.size() * money('1')", 3_000_000),
        ("(params.sizes[0] + params.sizes[1]) * money('1')", 30_000_000),
        ("params.disk.size * money('0.01')", 500_000),
        ("has(params.opt) ? params.opt * money('1') : money('7')", 7_000_000),
        ("div_up(money('10'), 3)", 3_333_334),
        ("div_down(money('10'), 3)", 3_333_333),
        ("money('10') / 3", 3_333_333),
        ("div_up(params.disk.size, 20) * money('1')", 3_000_000),
        ("div_down(params.disk.size, 20) * money('1')", 2_000_000),
        ("div_up(0 - 7, 2) * money('1') + money('9')", 6_000_000),
        ("div_down(0 - 7, 2) * money('1') + money('9')", 5_000_000),
        ("div_up(7, 0 - 2) * money('1') + money('9')", 6_000_000),
        ("div_down(7, 0 - 2) * money('1') + money('9')", 5_000_000),
        ("(params.disk.size % 20) * money('1')", 10_000_000),
        ("-(-money('1'))", 1_000_000),
        ("money('9223372036854.775807')", i64::MAX),
        // Either side of `||` and `&&` may decide, as CEL has it.
        ("params.opt > 1 || params.n == 2 || has(params.opt) ? money('1') : money('2')", 1_000_000),
    ] {
        verify(expression, Ok(micro));
    }
}

#[test]
fn some_prices_are_found_out_only_by_a_call() {
    let found = |key: &str| PriceError::NotFound(key.to_owned());
    for (expression, error) in [
        ("money('1') - money('2')", PriceError::Negative),
        ("money('9000000000000') + money('9000000000000')", PriceError::Overflow),
        ("9223372036854775807 * money('1')", PriceError::Overflow),
        ("money('1') / (params.n - 2)", PriceError::DivisionByZero),
        ("(5 % (params.n - 2)) * money('1')", PriceError::DivisionByZero),
        ("{'S1': money('1')}[params.kind]", found("S2")),
        ("params.sizes[2] * money('1')", found("2")),
        ("params.sizes[0 - 1] * money('1')", found("-1")),
        (
            "has(params.opt) ? money('1') : params.opt * money('1')",
            PriceError::Missing("opt".to_owned()),
        ),
    ] {
        verify(expression, Err(error));
    }
    let huge = json!({ "n": u64::MAX });
    evaluate("params.n * money('1')", &huge, Err(PriceError::Overflow));
}

#[test]
fn what_is_no_price_is_told_at_load() {
    for (expression, message) in [
        ("params.n", "the price is an integer, not money"),
        ("params.kind", "the price is text, not money"),
        ("30.0 * money('1')", "a price has no fractions"),
        (
            "params.ratio * money('1')",
            "a price cannot use `ratio`: it is not of one type that prices know",
        ),
        (
            "params.mixed * money('1')",
            "a price cannot use `mixed`: it is not of one type that prices know",
        ),
        ("double(params.n) * money('1')", "`double` is not a function of prices"),
        ("mony('1')", "`mony` is not a function of prices"),
        ("money('1') * money('1')", "`*` does not go with money and money"),
        ("money('1') + 1", "`+` does not go with money and an integer"),
        (
            "params.kind + 'x' == 'S1x' ? money('1') : money('2')",
            "`+` does not go with text and text",
        ),
        ("params.fast ? money('1') : 0", "`? :` gives money here and an integer there"),
        ("params.n ? money('1') : money('2')", "`?` asks true or false, not an integer"),
        ("params.nn * money('1')", "`nn` is not a parameter of this action"),
        ("n * money('1')", "`n` is not known in a price"),
        ("params.opt * money('1')", "`opt` may be absent, and then there is no price"),
        (
            "money(params.kind)",
            "`money` takes one amount as a literal text, with at most six decimals",
        ),
        (
            "money('1.0000001')",
            "`money` takes one amount as a literal text, with at most six decimals",
        ),
        ("money('-1')", "`money` takes one amount as a literal text, with at most six decimals"),
        (
            "money('9223372036854.775808')",
            "`money` takes one amount as a literal text, with at most six decimals",
        ),
        (
            "params.ids.exists(i, i == 'a') ? money('1') : money('2')",
            "a price does not loop: `all`, `exists`, `map` and `filter` are not known",
        ),
        ("[1, 'a'].size() * money('1')", "the items of a list are an integer and text"),
        (
            "params.ids['a'] == 'b' ? money('1') : money('2')",
            "`[ ]` does not go with a list and text",
        ),
        ("params.n.x * money('1')", "`x` is asked of an integer"),
        ("1u * money('1')", "a price has no unsigned integers"),
    ] {
        let loaded = load("a.yaml", &document(expression));
        let messages: Vec<_> = loaded.diagnostics.iter().map(|d| d.message.as_str()).collect();
        assert_eq!(messages, [message], "{expression}");
    }
    for expression in
        ["", "money('1'", "1 +", &"(".repeat(5000), &"-".repeat(200), &"!".repeat(4000), "\u{0}"]
    {
        let loaded = load("a.yaml", &document(expression));
        assert_eq!(loaded.diagnostics.len(), 1, "{expression}");
    }
}

#[test]
fn a_batch_is_priced_by_the_item() {
    let text = format!(
        "{}paths:
  /act/{{id}}:
    post:
      operationId: Act
      x-faregate:
        batch: {{ over: ids, as: id }}
        purchase: {{ price: \"params.id == 'gold' ? money('9') : money('1')\", currency: CNY }}
      parameters: [{{ name: id, in: path, required: true, schema: {{ type: string }} }}]
",
        super::HEAD
    );
    let act = operation(&text);
    let arguments = act.parameters.read([("ids.0", "tin"), ("ids.1", "gold")].into_iter()).unwrap();
    let price = &act.purchase.as_ref().unwrap().price;
    let prices: Vec<i64> = act
        .batch_items(&arguments)
        .iter()
        .map(|id| price.evaluate(&act.for_item(&arguments, id)).unwrap().unwrap())
        .collect();
    assert_eq!(prices, [1_000_000, 9_000_000]);
}

#[test]
fn errors_of_prices_read_as_sentences() {
    for (error, text) in [
        (PriceError::Overflow, "the price is too large"),
        (PriceError::Negative, "the price would be negative"),
        (PriceError::DivisionByZero, "the price divides by 0"),
        (PriceError::Missing("n".to_owned()), "the price depends on `n`, which was not given"),
        (PriceError::NotFound("S9".to_owned()), "there is no price for `S9`"),
    ] {
        assert_eq!(error.to_string(), text);
    }
}

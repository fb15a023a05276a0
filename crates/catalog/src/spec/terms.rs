//! Terms of an operation that do not load.

use super::diagnostics::verify_act;
use super::{HEAD, load};

const PROPERTIES: &str =
    "{ ids: { type: array, items: { type: string } }, n: { type: integer }, o: { type: object } }";

#[test]
fn batches_that_cannot_be() {
    for (extension, expected) in [
        ("{ «batches»: { over: ids } }", "`batches` is not known here | did you mean `batch`?"),
        (
            "{ batch: { over: «idz» } }",
            "`idz` is not a parameter of this operation | did you mean `ids`?",
        ),
        (
            "{ batch: { over: «n» } }",
            "`n` is not a list: a batch goes over one | write `batch: { over: ns, as: n }`",
        ),
        (
            "{ batch: { over: xs, as: «ids» } }",
            "`ids` is a list: `as` names the upstream's parameter of one id | leave `as` out",
        ),
        (
            "{ batch: { over: «ids», as: n } }",
            "`ids` is declared too: with `as` it is the gateway's | -",
        ),
        ("{ batch: { over: ids, max: «0» } }", "`max` is a whole number from 1 to 500 | -"),
        ("{ «batch»: { max: 3 } }", "`over` is missing here | -"),
    ] {
        verify_act(extension, PROPERTIES, &[expected]);
    }
}

#[test]
fn quotas_that_cannot_be() {
    for (extension, expected) in [
        (
            "{ quota: { rate: «10/m» } }",
            "`10/m` is not a rate | write whole calls a second: `10/s`",
        ),
        ("{ quota: { rate: «0/s» } }", "`0/s` is not a rate | write whole calls a second: `10/s`"),
        (
            "{ quota: { day: 5, counts: «items» } }",
            "`items` is not what a quota counts | write `calls`, or `units`: the items of a batch",
        ),
        (
            "{ quota: «10/s» }",
            "an object with `atOnce`, `burst`, `counts`, `day`, `hidden`, `month`, `rate` is expected here | -",
        ),
    ] {
        verify_act(extension, PROPERTIES, &[expected]);
    }
}

#[test]
fn terms_that_cannot_be() {
    for (extension, expected) in [
        (
            "{ resources: { «idss»: instance } }",
            "`idss` is not a parameter of this action | did you mean `ids`?",
        ),
        (
            "{ resources: { «o»: instance } }",
            "`o` is an object: resources are named by an id or a list of ids | -",
        ),
        (
            "{ returns: { type: instance, param: «id» } }",
            "`id` is not a parameter of this action | did you mean `ids`?",
        ),
        (
            "{ creates: { type: instance, at: «ids» } }",
            "`ids` is not a JSONPath | write `$.instanceIds[*]` for every item of a list",
        ),
        (
            "{ audience: «[]» }",
            "an empty `audience` would leave nobody who may call this action | name a group, or leave it out",
        ),
        (
            "{ audience: [«100001»] }",
            "`audience` is a list of texts | put it between quotes: \"100001\"",
        ),
        (
            "{ minSignature: «sha256» }",
            "`sha256` is not a signature method | write `HmacSHA1`, `HmacSHA256`, `TC3-HMAC-SHA256`",
        ),
        (
            "{ mutating: false, public: «true» }",
            "an action that anybody may call needs a `quota`, which all strangers share | write `quota: { rate: 10/s }`",
        ),
        (
            "{ mutating: false, quota: { rate: 1/s }, minSignature: HmacSHA1, public: «true» }",
            "an action cannot be public if it demands a signature | leave `public` out: every account may call it all the same",
        ),
        ("{ public: «1» }", "`public` is true or false | -"),
        ("{ idempotent: «\"yes\"» }", "`idempotent` is true or false | -"),
        (
            "{ purchase: { price: \"money('1')\", currency: «yuan» } }",
            "`yuan` is not the code of a currency | write three capital letters (ISO 4217): CNY",
        ),
        (
            "{ purchase: { price: \"money('1')\", currency: CNY, settle: «keep» } }",
            "`keep` is not what can become of money in doubt | write `commit`, `hold`, `release`",
        ),
        (
            "{ purchase: { price: \"money('1')\", currency: CNY, confirm: «Ask» } }",
            "there is no action `Ask` in this document | -",
        ),
        ("{ «purchase»: { price: \"money('1')\" } }", "`currency` is missing here | -"),
        (
            "{ purchase: { «tax»: X, price: \"money('1')\", currency: CNY } }",
            "`tax` is not known here | the keys here are `at`, `confirm`, `currency`, `period`, `price`, `quote`, `settle`",
        ),
        (
            "{ purchase: { price: «\"params.n\"», currency: CNY } }",
            "`n` may be absent, and then there is no price | require it, give it a default, or ask `has(params.n)`",
        ),
    ] {
        // An empty list is a container: it is underlined by its key.
        let extension = extension.replace("audience: «[]»", "«audience»: []");
        verify_act(&extension, PROPERTIES, &[expected]);
    }
}

#[test]
fn a_confirming_action_only_asks_and_is_told_which_call_is_meant() {
    let document = |parameters: &str, method: &str| {
        format!(
            "{HEAD}paths:\n  /buy:\n    post:\n      operationId: Buy\n      x-faregate: {{ purchase: {{ price: \"money('1')\", currency: CNY, confirm: Ask }} }}\n  /ask:\n    {method}:\n      operationId: Ask\n      parameters: [{parameters}]\n"
        )
    };
    let parameter = |name: &str, required: bool| {
        format!("{{ name: {name}, in: query, required: {required}, schema: {{ type: string }} }}")
    };
    let key = parameter("idempotencyKey", true);
    for (parameters, method, expected) in [
        (key.clone(), "get", &[][..]),
        (format!("{key}, {}", parameter("action", true)), "get", &[]),
        (format!("{key}, {}", parameter("page", false)), "get", &[]),
        (parameter("requestId", false), "get", &[]),
        (key.clone(), "post", &["`Ask` changes something: what became of a call is only asked"]),
        (
            format!("{key}, {}", parameter("page", true)),
            "get",
            &["`Ask` requires `page`, which is not asked with"],
        ),
        (
            parameter("action", true),
            "get",
            &["`Ask` has no parameter that says which call is meant"],
        ),
    ] {
        let loaded = load("a.yaml", &document(&parameters, method));
        let found: Vec<_> = loaded.diagnostics.iter().map(|d| d.message.as_str()).collect();
        assert_eq!(found, expected, "{parameters} {method}");
    }
}

#[test]
fn a_purchase_has_no_member_charge_and_any_action_may_take_the_clients_token() {
    let answer = |extension: &str| {
        format!(
            "{HEAD}paths:\n  /act:\n    post:\n      operationId: Act\n      x-faregate: {extension}\n      parameters: [{{ name: ClientToken, in: query, schema: {{ type: string }} }}]\n      responses: {{ \"200\": {{ description: x, content: {{ application/json: {{ schema: {{ type: object, properties: {{ charge: {{ type: string }} }} }} }} }} }} }}\n"
        )
    };
    let free = load("a.yaml", &answer("{}"));
    assert!(free.diagnostics.is_empty(), "{:?}", free.diagnostics);
    let sold = load("a.yaml", &answer("{ purchase: { price: \"money('1')\", currency: CNY } }"));
    let found: Vec<_> = sold.diagnostics.iter().map(|d| d.message.as_str()).collect();
    assert_eq!(found, ["a result cannot have a member `charge`: every answer has its own"]);
}

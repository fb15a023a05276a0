//! Terms of an operation that do not load.

use super::diagnostics::verify_act;

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
fn terms_that_cannot_be() {
    for (extension, expected) in [
        (
            "{ quota: { rate: «10/m» } }",
            "`10/m` is not a rate | write whole calls a second: `10/s`",
        ),
        ("{ quota: { rate: «0/s» } }", "`0/s` is not a rate | write whole calls a second: `10/s`"),
        ("{ quota: «10/s» }", "an object with `burst`, `rate` is expected here | -"),
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
        ("{ idempotent: «\"yes\"» }", "`idempotent` is true or false | -"),
        (
            "{ purchase: { price: \"money('1')\", currency: «yuan» } }",
            "`yuan` is not the code of a currency | write three capital letters (ISO 4217): CNY",
        ),
        ("{ «purchase»: { price: \"money('1')\" } }", "`currency` is missing here | -"),
        (
            "{ purchase: { «quote»: X, price: \"money('1')\", currency: CNY } }",
            "`quote` is not known here | the keys here are `currency`, `price`",
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

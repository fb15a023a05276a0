//! What is said of a new document: one row a change.

use super::{HEAD, module};
use crate::{Impact, changes};

/// A document with one action, as these lines have it.
fn document(head: &str, terms: &str, schema: &str, answer: &str) -> String {
    format!(
        "{head}paths:\n  /act:\n    post:\n      operationId: Act\n      x-faregate: {terms}\n      requestBody: {{ required: true, content: {{ application/json: {{ schema: {schema} }} }} }}\n      responses: {{ '200': {{ description: Done., content: {{ application/json: {{ schema: {answer} }} }} }} }}\n"
    )
}

const TERMS: &str =
    "{ quota: { rate: 10/s, burst: 20 }, purchase: { price: \"money('1.00')\", currency: CNY } }";
const SCHEMA: &str = "{ type: object, required: [a], properties: { a: { type: integer, minimum: 1, maximum: 9 }, b: { type: string, enum: [x, y] }, c: { type: object, properties: { d: { type: string } } } } }";
const ANSWER: &str = "{ type: object, required: [n], properties: { n: { type: integer }, m: { type: array, items: { type: object, properties: { k: { type: string } } } } } }";

#[track_caller]
fn told(after: &str) -> Vec<(Impact, String)> {
    let before = module(&document(HEAD, TERMS, SCHEMA, ANSWER));
    let all = changes(&before, &module(after)).into_iter();
    all.map(|change| (change.impact, change.to_string())).collect()
}

#[test]
#[expect(clippy::too_many_lines, reason = "one row a change")]
fn each_change_is_named_with_what_it_does() {
    use Impact::{Breaks, Harmless, Opens};
    let terms = |to: &str| document(HEAD, to, SCHEMA, ANSWER);
    let schema = |from: &str, to: &str| {
        assert!(SCHEMA.contains(from), "{from}");
        document(HEAD, TERMS, &SCHEMA.replace(from, to), ANSWER)
    };
    let answer = |from: &str, to: &str| {
        assert!(ANSWER.contains(from), "{from}");
        document(HEAD, TERMS, SCHEMA, &ANSWER.replace(from, to))
    };
    let head = |to: &str| document(&HEAD.replace("module: cvm", to), TERMS, SCHEMA, ANSWER);
    let priced = |more: &str| TERMS.replace("quota: { rate: 10/s, burst: 20 }", more);
    for (after, impact, said) in [
        (terms(TERMS).replace("Act", "Other"), Breaks, "Act: is gone"),
        (schema("[a]", "[a, b]"), Breaks, "Act: the parameter `b` is required now"),
        (schema("[a]", "[]"), Harmless, "Act: the parameter `a` may be left out"),
        (schema("b: {", "z: {"), Breaks, "Act: the parameter `b` is gone"),
        (schema("b: {", "z: { type: string }, b: {"), Harmless, "Act: the parameter `z` is new"),
        (schema("type: integer", "type: string"), Breaks, "`a` is string, not integer"),
        (schema("type: integer", "type: number"), Harmless, ""),
        (schema("maximum: 9", "maximum: 8"), Breaks, "`a`: `maximum` is 8, was 9"),
        (schema("maximum: 9", "maximum: 10"), Harmless, "`a`: `maximum` is 10, was 9"),
        (schema(", maximum: 9", ""), Harmless, "`maximum` is not said, was 9"),
        (schema("[x, y]", "[x]"), Breaks, "`b`: `enum` is [\"x\"], was [\"x\",\"y\"]"),
        (schema("[x, y]", "[x, y, z]"), Harmless, "`b`: `enum`"),
        (schema("[x, y]", "[x, y], pattern: '^.$'"), Breaks, "`b`: `pattern` is \"^.$\""),
        (schema("[x, y]", "[x, y], default: y"), Breaks, "left out, means `y`, not nothing"),
        (schema("d: {", "e: { type: string }, d: {"), Harmless, "`c.e` is new"),
        (
            schema("d: { type: string }", "d: { type: boolean }"),
            Breaks,
            "`c.d` is boolean, not string",
        ),
        (answer("n: {", "l: {"), Breaks, "Act: `n` of the answer is gone"),
        (
            answer("k: { type: string }", "k: { type: integer }"),
            Breaks,
            "`m[].k` of the answer is integer",
        ),
        (answer("[n]", "[]"), Breaks, "`n` of the answer may be left out"),
        (answer("[n]", "[n, m]"), Harmless, ""),
        (
            terms(&TERMS.replace("1.00", "2.00")),
            Breaks,
            "its price is `money('2.00')`, not `money('1.00')`",
        ),
        (terms("{ quota: { rate: 10/s, burst: 20 } }"), Opens, "Act: it costs nothing any more"),
        (terms(&TERMS.replace("10/s", "5/s")), Breaks, "5 a second may be, not 10"),
        (terms(&priced("identity: none")), Opens, "need not be verified"),
        (
            terms(&priced("quota: { rate: 10/s, burst: 20, day: 7 }")),
            Breaks,
            "7 a day may be, not any number",
        ),
        (terms(&priced("audience: [beta]")), Breaks, "open to beta alone"),
        (
            terms(&priced("minSignature: TC3-HMAC-SHA256")),
            Breaks,
            "it takes TC3-HMAC-SHA256 at least",
        ),
        (
            terms(&priced("resources: { b: thing }")),
            Breaks,
            "`b` names the account's own thing alone",
        ),
        (head("module: cvm, protocols: [https, http]"), Opens, "plain HTTP is answered"),
        (head("module: cvm, domains: [vm.example]"), Harmless, "the domain `vm.example` is new"),
        (
            head("module: cvm, versions: ['2017-03-12']"),
            Harmless,
            "the version `2017-03-12` is new",
        ),
    ] {
        let told = told(&after);
        if said.is_empty() {
            assert!(told.iter().all(|(found, _)| *found == impact), "{told:?}");
        } else {
            let found = told.iter().any(|(found, what)| *found == impact && what.contains(said));
            assert!(found, "{said}: {told:?}");
        }
    }
}

#[test]
fn the_same_document_changes_nothing_and_words_are_no_change() {
    assert_eq!(told(&document(HEAD, TERMS, SCHEMA, ANSWER)), []);
    let words = SCHEMA.replace("minimum: 1", "description: How many., minimum: 1");
    assert_eq!(told(&document(HEAD, TERMS, &words, ANSWER)), []);
}

#[test]
fn what_breaks_comes_first_and_what_a_reference_says_counts() {
    let with = |kind: &str| {
        let schema = "{ type: object, properties: { a: { $ref: '#/components/schemas/A' } } }";
        let document = document(HEAD, "{}", schema, "{ type: object }");
        module(&format!("{document}components: {{ schemas: {{ A: {{ type: {kind} }} }} }}\n"))
    };
    let all = changes(&with("string"), &with("integer"));
    assert_eq!(all.len(), 1, "{all:?}");
    assert_eq!(all[0].to_string(), "Act: the parameter `a` is integer, not string");
    let several = told(&document(HEAD, "{}", "{ type: object }", ANSWER));
    assert!(several.is_sorted_by_key(|(impact, _)| *impact), "{several:?}");
    assert_eq!(several[0].0, Impact::Breaks);
}

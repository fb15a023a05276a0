//! Texts to arguments: the coercion table of PROTOCOL 1.5, and every fault.

use serde_json::{Value, json};

use super::{HEAD, action, operation};
use crate::{FAULTS_MAX, Operation, PARAMETERS_MAX};

/// Pairs written as a query, undecoded: `a=1&b=2`.
fn pairs(query: &str) -> Vec<(&str, &str)> {
    query
        .split('&')
        .filter(|pair| !pair.is_empty())
        .filter_map(|pair| pair.split_once('='))
        .collect()
}

/// The arguments of a query, or its faults, one line each: `REASON message`.
fn read(operation: &Operation, query: &str) -> Result<Value, Vec<String>> {
    operation
        .parameters
        .read(pairs(query).into_iter())
        .map(Value::Object)
        .map_err(|faults| faults.iter().map(|f| format!("{} {}", f.reason, f.message)).collect())
}

#[track_caller]
fn accepts(operation: &Operation, query: &str, expected: Value) {
    assert_eq!(read(operation, query), Ok(expected), "{query}");
}

#[track_caller]
fn refuses(operation: &Operation, query: &str, expected: &[&str]) {
    assert_eq!(read(operation, query).unwrap_err(), expected, "{query}");
}

#[test]
fn text_becomes_what_the_schema_says() {
    let kinds = "{ b: { type: boolean }, i: { type: integer }, n: { type: number }, s: { type: string },
        u: { type: [integer, string] }, e: { enum: [1, 2] }, m: { anyOf: [{ type: integer }, { type: 'null' }] },
        ib: { type: [integer, boolean] }, any: {} }"
        .replace('\n', " ");
    let act = action("[]", &kinds);
    for (query, expected) in [
        // PROTOCOL 1.5: Python `True`, Node `true`, PHP `1`.
        ("b=true", json!({ "b": true })),
        ("b=True", json!({ "b": true })),
        ("b=TRUE", json!({ "b": true })),
        ("b=1", json!({ "b": true })),
        ("b=false", json!({ "b": false })),
        ("b=False", json!({ "b": false })),
        ("b=FALSE", json!({ "b": false })),
        ("b=0", json!({ "b": false })),
        // Node sends null as an empty text: absent, unless text is allowed.
        ("b=&i=&n=&m=&e=", json!({})),
        ("s=", json!({ "s": "" })),
        ("u=", json!({ "u": "" })),
        ("i=0", json!({ "i": 0 })),
        ("i=-12", json!({ "i": -12 })),
        ("i=18446744073709551615", json!({ "i": u64::MAX })),
        ("i=-9223372036854775808", json!({ "i": i64::MIN })),
        ("n=1", json!({ "n": 1 })),
        ("n=-1.5", json!({ "n": -1.5 })),
        // Python writes 1e20 so.
        ("n=1e+20", json!({ "n": 1e20 })),
        // A union keeps the text if it may.
        ("u=12", json!({ "u": "12" })),
        ("e=2", json!({ "e": 2 })),
        ("m=7", json!({ "m": 7 })),
        ("ib=1", json!({ "ib": 1 })),
        ("ib=True", json!({ "ib": true })),
        ("s=12", json!({ "s": "12" })),
        ("s=é你", json!({ "s": "é你" })),
        // A schema that says nothing: texts, in any structure.
        ("any=1", json!({ "any": "1" })),
        ("any.0=1&any.1.x=2", json!({ "any": ["1", { "x": "2" }] })),
    ] {
        accepts(&act, query, expected);
    }
    for (query, expected) in [
        ("b=yes", "WRONG_TYPE `b` must be true or false, not `yes`."),
        ("b=tRUE", "WRONG_TYPE `b` must be true or false, not `tRUE`."),
        ("i=abc", "WRONG_TYPE `i` must be an integer, not `abc`."),
        ("i=+1", "WRONG_TYPE `i` must be an integer, not `+1`."),
        ("i=007", "WRONG_TYPE `i` must be an integer, not `007`."),
        ("i=-0", "WRONG_TYPE `i` must be an integer, not `-0`."),
        ("i=1.0", "WRONG_TYPE `i` must be an integer, not `1.0`."),
        ("i= 1", "WRONG_TYPE `i` must be an integer, not ` 1`."),
        ("i=1e3", "WRONG_TYPE `i` must be an integer, not `1e3`."),
        ("i=0x10", "WRONG_TYPE `i` must be an integer, not `0x10`."),
        ("i=１", "WRONG_TYPE `i` must be an integer, not `１`."),
        (
            "i=18446744073709551616",
            "WRONG_TYPE `i` is `18446744073709551616`, which does not fit in 64 bits.",
        ),
        ("n=NaN", "WRONG_TYPE `n` must be a number, not `NaN`."),
        ("n=.5", "WRONG_TYPE `n` must be a number, not `.5`."),
        ("n=1e999", "WRONG_TYPE `n` must be a number, not `1e999`."),
        ("n=1 ", "WRONG_TYPE `n` must be a number, not `1 `."),
        ("m=x", "WRONG_TYPE `m` must be an integer, not `x`."),
        ("e=3", "NOT_ALLOWED `e` must be one of `1`, `2`, not `3`."),
    ] {
        refuses(&act, query, &[expected]);
    }
}

#[test]
fn names_find_their_place() {
    let act = action(
        "[]",
        "{ ids: { type: array, items: { type: string } }, n: { type: array, items: { type: integer } }, \
         filters: { type: array, items: { type: object, properties: { name: { type: string }, values: { type: array, items: { type: string } } } } }, \
         disk: { type: object, properties: { size_gb: { type: integer }, type: { type: string } } }, disk_name: { type: string }, \
         tags: { type: object, additionalProperties: { type: integer } }, tree: { $ref: '#/paths/~1act/post/requestBody/content/application~1json/schema/properties/disk' } }",
    );
    for (query, expected) in [
        ("ids.0=a&ids.1=b", json!({ "ids": ["a", "b"] })),
        // CVM's pages count from 1; gaps and any order are taken by number.
        ("ids.1=a&ids.2=b", json!({ "ids": ["a", "b"] })),
        ("ids.10=c&ids.9=b&ids.2=a", json!({ "ids": ["a", "b", "c"] })),
        // API 3.0 writes a capital.
        ("Ids.0=a&Ids.1=b", json!({ "ids": ["a", "b"] })),
        // PHP's users write underscores.
        ("ids_0=a&ids_1=b", json!({ "ids": ["a", "b"] })),
        (
            "filters.0.name=zone&filters.0.values.1=y&filters.0.values.0=x",
            json!({ "filters": [{ "name": "zone", "values": ["x", "y"] }] }),
        ),
        ("filters_0_values_0=x", json!({ "filters": [{ "values": ["x"] }] })),
        (
            "disk.size_gb=5&disk.type=ssd&disk_name=d",
            json!({ "disk": { "size_gb": 5, "type": "ssd" }, "disk_name": "d" }),
        ),
        ("disk.size.gb=5&disk.name=d", json!({ "disk": { "size_gb": 5 }, "disk_name": "d" })),
        ("tags.a_b=1&tags.c=2", json!({ "tags": { "a_b": 1, "c": 2 } })),
        ("n.0=&n.1=5", json!({ "n": [5] })),
    ] {
        accepts(&act, query, expected);
    }
    for (query, expected) in [
        ("ids=a", "WRONG_TYPE `ids` must be a list: number its items, from `.0` on."),
        ("disk=a", "WRONG_TYPE `disk` must be an object: send its members as `.name`."),
        ("ids.x=a", "BAD_INDEX `ids` is a list: its items are numbered, not called `x`."),
        ("ids.01=a", "BAD_INDEX `ids` has the index `01`: an index has no leading zero."),
        (
            "ids.999999999=a",
            "BAD_INDEX `ids` has the index `999999999`: at most 17 for so few parameters.",
        ),
        (
            "ids.99999999999999999999=a",
            "BAD_INDEX `ids` has the index `99999999999999999999`: at most 17 for so few parameters.",
        ),
        ("ids.-1=a", "BAD_INDEX `ids` is a list: its items are numbered, not called `-1`."),
        ("ids.0.x=a", "WRONG_TYPE `ids` must be text, and has no parts."),
        ("ids.0=a&ids_0=b", "CONFLICT `ids_0` is given twice."),
        ("ids.0=a&ids=b", "CONFLICT `ids` is given both as a value and in parts."),
        ("disk.colour=red", "UNKNOWN_PARAMETER `disk.colour` is not a parameter of this action."),
        ("disk_name.0=x", "WRONG_TYPE `disk_name` must be text, and has no parts."),
        ("IDs.0=a", "UNKNOWN_PARAMETER `IDs.0` is not a parameter of this action."),
        ("idsx=a", "UNKNOWN_PARAMETER `idsx` is not a parameter of this action."),
        ("tags.a=x", "WRONG_TYPE `tags.a` must be an integer, not `x`."),
        ("n.3=x", "WRONG_TYPE `n.3` must be an integer, not `x`."),
    ] {
        refuses(&act, query, &[expected]);
    }
}

#[test]
fn a_place_is_a_value_or_a_structure() {
    let act = action("[]", "{ ids: { type: array, items: { type: string } } }");
    let list = "WRONG_TYPE `ids` must be a list: number its items, from `.0` on.";
    let both = "CONFLICT `ids.0` is given both as a value and in parts.";
    refuses(&act, "ids=b&ids.0=a", &[list, both]);
}

#[test]
fn every_fault_is_told_at_once_in_the_order_of_names() {
    let act = action(
        "[zone]",
        "{ zone: { type: string }, limit: { type: integer, maximum: 100 }, offset: { type: integer } }",
    );
    refuses(
        &act,
        "offset=1.5&limit=500&zome=gz",
        &[
            "OUT_OF_RANGE `limit` must be at most 100, not `500`.",
            "WRONG_TYPE `offset` must be an integer, not `1.5`.",
            "UNKNOWN_PARAMETER `zome` is not a parameter of this action.",
            "MISSING `zone` is required.",
        ],
    );
    // A required parameter that could not be read is not missing as well.
    let act = action("[limit]", "{ limit: { type: integer } }");
    refuses(&act, "limit=abc", &["WRONG_TYPE `limit` must be an integer, not `abc`."]);
    refuses(&act, "limit=", &["MISSING `limit` is required."]);
    let many: Vec<String> = (0..50).map(|i| format!("x{i}=1")).collect();
    assert_eq!(read(&act, &many.join("&")).unwrap_err().len(), FAULTS_MAX);
}

#[test]
fn the_rules_of_the_schema_are_told_in_words() {
    let act = action(
        "[]",
        "{ s: { type: string, minLength: 2, maxLength: 3, pattern: '^[a-z]*$' }, d: { type: string, format: date-time }, \
         l: { type: array, items: { type: integer, exclusiveMinimum: 0 }, minItems: 2, maxItems: 3, uniqueItems: true }, \
         o: { type: object, required: [a], properties: { a: { type: integer, multipleOf: 5 } } }, c: { const: x }, \
         f: { anyOf: [{ type: integer, minimum: 1 }, { type: 'null' }] }, z: { anyOf: [{ const: a }, { const: b }] } }",
    );
    for (query, expected) in [
        ("s=a", "LENGTH `s` must have at least 2 characters."),
        ("s=abcd", "LENGTH `s` must have at most 3 characters."),
        ("s=A1", "PATTERN `s` must match `^[a-z]*$`, and `A1` does not."),
        ("d=today", "FORMAT `d` must be of format date-time, not `today`."),
        ("l.1=1", "TOO_FEW `l` must have at least 2 items."),
        ("l.1=1&l.2=2&l.3=3&l.4=4", "TOO_MANY `l` must have at most 3 items."),
        ("l.1=1&l.2=1", "REPEATED `l` names the same item twice."),
        // The item is called as it was sent, not by its place in the list.
        ("l.3=1&l.7=0", "OUT_OF_RANGE `l.7` must be more than 0, not `0`."),
        ("o.b=1", "UNKNOWN_PARAMETER `o.b` is not a parameter of this action."),
        ("o.a=7", "OUT_OF_RANGE `o.a` must be a multiple of 5, not `7`."),
        ("c=y", "NOT_ALLOWED `c` must be `x`, not `y`."),
        ("f=0", "OUT_OF_RANGE `f` must be at least 1, not `0`."),
        ("z=c", "RULE `z` fits none of the 2 forms that it may have."),
    ] {
        let faults = read(&act, query).unwrap_err();
        assert!(faults.contains(&expected.to_owned()), "{query}: {faults:?}");
    }
}

#[test]
fn what_a_client_sent_is_repeated_cut_and_without_control_characters() {
    let act = action("[]", "{ i: { type: integer } }");
    let long = "é".repeat(300);
    let fault = &act.parameters.read([("i", long.as_str())].into_iter()).unwrap_err()[0];
    assert_eq!(fault.message, format!("`i` must be an integer, not `{}…`.", "é".repeat(200)));
    let fault = &act.parameters.read([("i", "a\r\n`b\u{7}")].into_iter()).unwrap_err()[0];
    assert_eq!(fault.message, "`i` must be an integer, not `a\u{fffd}\u{fffd}\u{fffd}b\u{fffd}`.");
    assert_eq!((fault.parameter.as_str(), fault.reason.name()), ("i", "WRONG_TYPE"));
}

#[test]
fn a_call_has_so_many_parameters_and_no_more() {
    let act = action("[]", "{ ids: { type: array, items: { type: string } } }");
    let names: Vec<String> = (0..=PARAMETERS_MAX).map(|i| format!("ids.{i}")).collect();
    let all = |n: usize| act.parameters.read(names[..n].iter().map(|name| (name.as_str(), "x")));
    assert_eq!(all(PARAMETERS_MAX).unwrap()["ids"].as_array().unwrap().len(), PARAMETERS_MAX);
    assert_eq!(
        all(PARAMETERS_MAX + 1).unwrap_err()[0].message,
        "A call has at most 512 parameters."
    );
}

#[test]
fn names_nest_so_deep_and_no_deeper() {
    let act = action("[]", "{ any: {} }");
    let nested = |levels: usize| format!("any{}=x", ".a".repeat(levels));
    assert!(read(&act, &nested(31)).is_ok());
    let deep = nested(32);
    let name = deep.trim_end_matches("=x");
    refuses(&act, &deep, &[&format!("TOO_DEEP `{name}` nests deeper than 32 levels.")]);
    assert!(read(&act, &nested(5000)).is_err());
}

#[test]
fn defaults_are_filled_in_at_the_top() {
    let act = action(
        "[]",
        "{ n: { type: integer, default: 3 }, s: { type: string, default: x }, l: { type: array, default: [] }, o: { type: object, properties: { a: { type: integer, default: 1 } } } }",
    );
    accepts(&act, "", json!({ "n": 3, "s": "x" }));
    accepts(&act, "n=4&s=", json!({ "n": 4, "s": "" }));
}

#[test]
fn a_batch_goes_over_a_list_without_repetitions() {
    let text = super::act(
        "{ batch: { over: ids, max: 2 } }",
        "[ids]",
        "{ ids: { type: array, items: { type: string } } }",
    );
    let act = operation(&text);
    accepts(&act, "ids.0=a&ids.1=b", json!({ "ids": ["a", "b"] }));
    refuses(&act, "ids.0=a&ids.1=b&ids.2=c", &["TOO_MANY `ids` must have at most 2 items."]);
    refuses(&act, "ids.0=a&ids.1=a", &["REPEATED `ids` names the same item twice."]);
    refuses(&act, "", &["MISSING `ids` is required."]);
    for (query, count) in [
        ("ids.0=a&ids.1=b&other=c", 2),
        ("ids_5=a&ids.9.x=b&ids.9.y=c", 2),
        ("ids=a", 0),
        ("idsx.0=a", 0),
    ] {
        let all = pairs(query);
        assert_eq!(act.parameters.count_items("ids", all.into_iter()), count, "{query}");
    }
}

#[test]
fn declared_names_are_known_in_every_spelling() {
    let act = action(
        "[]",
        "{ project_id: { type: integer }, ids: { type: array, items: { type: string } }, disk: { type: object, properties: { size: { type: integer } } } }",
    );
    for (name, declared) in [
        ("project_id", true),
        ("project.id", true),
        ("projectId", false),
        ("ids", true),
        ("ids.0", true),
        ("ids_999999999", true),
        ("ids.x", false),
        ("disk.size", true),
        ("disk_size", true),
        ("disk.colour", false),
        ("disk.size.x", false),
        ("", false),
    ] {
        assert_eq!(act.declares(name), declared, "{name}");
    }
}

#[test]
fn bodies_with_rules_of_their_own_are_kept() {
    let text = format!(
        "{HEAD}paths:
  /act/{{id}}:
    put:
      operationId: Act
      parameters: [{{ name: id, in: path, required: true, schema: {{ type: string }} }}]
      requestBody:
        content:
          application/json:
            schema:
              allOf: [{{ $ref: '#/components/schemas/Base' }}]
              additionalProperties: true
              properties: {{ a: {{ type: integer }}, b: {{ type: integer }} }}
              dependentRequired: {{ a: [b] }}
components: {{ schemas: {{ Base: {{ required: [c], properties: {{ c: {{ type: boolean }} }} }} }} }}
"
    );
    let act = operation(&text);
    accepts(&act, "id=x&c=1&a=1&b=2", json!({ "id": "x", "c": true, "a": 1, "b": 2 }));
    refuses(&act, "id=x&a=1&c=0", &["MISSING `b` is required."]);
    refuses(&act, "id=x", &["MISSING `c` is required."]);
    refuses(
        &act,
        "id=..&c=1",
        &["PATH_SEGMENT `id` must not be empty, `.` or `..`: it stands in a path."],
    );
}

//! Arguments to the upstream's request.

use serde_json::{Value, json};

use super::{HEAD, operation};
use crate::{FaultReason, Operation};

/// An operation with every place.
fn everywhere(method: &str, extension: &str) -> std::sync::Arc<Operation> {
    operation(&format!(
        "{HEAD}paths:
  /projects/{{project}}/items/{{id}}:
    {method}:
      operationId: Act
      x-faregate: {extension}
      parameters:
        - {{ name: project, in: path, required: true, schema: {{ type: integer }} }}
        - {{ name: id, in: path, required: true, schema: {{ type: string }} }}
        - {{ name: many, in: query, schema: {{ type: array, items: {{ type: string }} }} }}
        - {{ name: comma, in: query, explode: false, schema: {{ type: array, items: {{ type: integer }} }} }}
        - {{ name: pipe, in: query, style: pipeDelimited, schema: {{ type: array, items: {{ type: string }} }} }}
        - {{ name: deep, in: query, style: deepObject, schema: {{ type: object, properties: {{ a: {{ type: integer }} }} }} }}
        - {{ name: one, in: query, schema: {{ type: boolean }} }}
      requestBody:
        content:
          application/json:
            schema: {{ type: object, properties: {{ force: {{ type: boolean }}, tags: {{ type: array, items: {{ type: string }} }} }} }}
"
    ))
}

#[track_caller]
fn verify(operation: &Operation, arguments: Value, target: &str, body: Option<&str>) {
    let request = operation.request(arguments.as_object().unwrap()).unwrap();
    let sent = request.body.map(|body| String::from_utf8(body).unwrap());
    assert_eq!((request.path_and_query.as_str(), sent.as_deref()), (target, body));
}

#[test]
fn every_argument_goes_to_its_place() {
    let act = everywhere("put", "{}");
    let base = |more: Value| {
        let mut all = json!({ "project": 7, "id": "x" });
        all.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        all
    };
    for (arguments, target, body) in [
        (json!({}), "/projects/7/items/x", None),
        (json!({ "many": ["a", "b&c"] }), "/projects/7/items/x?many=a&many=b%26c", None),
        (json!({ "many": [] }), "/projects/7/items/x", None),
        (json!({ "comma": [1, 2] }), "/projects/7/items/x?comma=1,2", None),
        (json!({ "pipe": ["a|b", "c"] }), "/projects/7/items/x?pipe=a%7Cb|c", None),
        (json!({ "deep": { "a": 1 } }), "/projects/7/items/x?deep%5Ba%5D=1", None),
        (json!({ "one": true }), "/projects/7/items/x?one=true", None),
        (json!({ "one": false, "many": ["a"] }), "/projects/7/items/x?many=a&one=false", None),
        (
            json!({ "force": true, "tags": ["é"] }),
            "/projects/7/items/x",
            Some(r#"{"force":true,"tags":["é"]}"#),
        ),
    ] {
        verify(&act, base(arguments), target, body);
    }
    assert_eq!(act.request(base(json!({})).as_object().unwrap()).unwrap().method, "PUT");
}

#[test]
fn a_path_value_is_one_segment() {
    let act = everywhere("put", "{}");
    for (id, target) in [
        ("a/b", "/projects/1/items/a%2Fb"),
        ("../../etc", "/projects/1/items/..%2F..%2Fetc"),
        ("...", "/projects/1/items/..."),
        ("a?b#c", "/projects/1/items/a%3Fb%23c"),
        ("%2e%2e", "/projects/1/items/%252e%252e"),
        ("a b\r\n", "/projects/1/items/a%20b%0D%0A"),
        ("é", "/projects/1/items/%C3%A9"),
        ("-._~", "/projects/1/items/-._~"),
    ] {
        verify(&act, json!({ "project": 1, "id": id }), target, None);
    }
    for id in ["", ".", ".."] {
        let arguments = json!({ "project": 1, "id": id });
        let fault = act.request(arguments.as_object().unwrap()).unwrap_err();
        assert_eq!((fault.parameter.as_str(), fault.reason), ("id", FaultReason::PathSegment));
        let sent = [("project", "1"), ("id", id)];
        let faults = act.parameters.read(sent.into_iter()).unwrap_err();
        assert_eq!(faults[0].reason, FaultReason::PathSegment, "{id:?}");
    }
    let missing = json!({ "project": 1 });
    let fault = act.request(missing.as_object().unwrap()).unwrap_err();
    assert_eq!(fault.reason, FaultReason::Missing);
}

#[test]
fn a_required_body_is_sent_even_when_it_is_empty() {
    let text = super::act("{}", "[]", "{ a: { type: integer } }");
    verify(&operation(&text), json!({}), "/act", Some("{}"));
    verify(&operation(&text.replace("required: true", "required: false")), json!({}), "/act", None);
}

#[test]
fn an_item_of_a_batch_has_a_request_of_its_own() {
    let act = everywhere("delete", "{ batch: { over: ids, as: id } }");
    let sent = [("project", "7"), ("ids.1", "a"), ("ids.2", "b"), ("force", "1")];
    let arguments = act.parameters.read(sent.into_iter()).unwrap();
    assert_eq!(act.batch_items(&arguments), ["a", "b"]);
    let one = act.for_item(&arguments, "b");
    verify(&act, Value::Object(one), "/projects/7/items/b", Some(r#"{"force":true}"#));
    // The upstream's parameter is not public, and an id is a segment.
    assert!(!act.declares("id") && act.declares("ids.0"));
    let faults = act.parameters.read([("project", "7"), ("ids.0", "..")].into_iter()).unwrap_err();
    assert_eq!(faults[0].reason, FaultReason::PathSegment);

    let list = "{ ids: { type: array, items: { type: integer } }, n: { type: integer } }";
    let act = operation(&super::act("{ batch: { over: ids } }", "[ids]", list));
    let arguments = act.parameters.read([("ids.0", "5"), ("ids.1", "6"), ("n", "1")].into_iter());
    let arguments = arguments.unwrap();
    assert_eq!(act.batch_items(&arguments), ["5", "6"]);
    let one = act.for_item(&arguments, "6");
    verify(&act, Value::Object(one), "/act", Some(r#"{"ids":[6],"n":1}"#));
    let plain = operation(&super::act("{}", "[]", list));
    assert!(plain.batch_items(&arguments).is_empty());
}

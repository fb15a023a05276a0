//! API 3.0: names with a capital first letter, JSON bodies, further base domains.

use serde_json::{Value, json};

use super::{HEAD, action, load, operation};
use crate::Operation;

const PROPERTIES: &str = "{ limit: { type: integer, maximum: 100 }, ids: { type: array, items: { type: string } },
    filters: { type: array, items: { type: object, properties: { name: { type: string },
    values: { type: array, items: { type: string } }, disk_size: { type: number } } } }, Native: { type: string }, on: { type: boolean },
    tags: { type: object, additionalProperties: { type: string } }, maybe: { type: [string, 'null'] } }";

fn read(operation: &Operation, body: &Value) -> Result<Value, Vec<String>> {
    let body = body.as_object().unwrap().clone();
    let faults = |faults: Vec<crate::Fault>| {
        faults.iter().map(|f| format!("{} {}", f.reason, f.message)).collect()
    };
    operation.parameters.read_json(body).map(Value::Object).map_err(faults)
}

#[test]
fn json_members_are_typed_and_take_the_declared_spelling() {
    let act = action("[]", &PROPERTIES.replace('\n', " "));
    for (sent, read_as) in [
        (json!({}), json!({})),
        (json!({ "Limit": 5, "On": true }), json!({ "limit": 5, "on": true })),
        (json!({ "limit": 5.0 }), json!({ "limit": 5 })),
        (json!({ "Limit": null, "Maybe": null }), json!({ "maybe": null })),
        (json!({ "Ids": ["a", "b"], "Native": "x" }), json!({ "ids": ["a", "b"], "Native": "x" })),
        (
            json!({ "Filters": [{ "Name": "zone", "Values": ["1"], "Disk_size": 1.5 }, { "name": "é" }] }),
            json!({ "filters": [{ "name": "zone", "values": ["1"], "disk_size": 1.5 }, { "name": "é" }] }),
        ),
        // The keys of a map are data.
        (
            json!({ "Tags": { "Env": "x", "env": "y" } }),
            json!({ "tags": { "Env": "x", "env": "y" } }),
        ),
    ] {
        assert_eq!(read(&act, &sent), Ok(read_as), "{sent}");
    }
}

#[test]
fn json_faults_are_told_at_once_and_nothing_is_coerced() {
    let act = action("[limit]", &PROPERTIES.replace('\n', " "));
    for (sent, faults) in [
        (json!({}), vec!["MISSING `limit` is required."]),
        (json!({ "Limit": "5" }), vec!["WRONG_TYPE `limit` must be an integer, not `5`."]),
        (
            json!({ "Limit": 1e30 }),
            vec!["WRONG_TYPE `limit` is 1e+30, which does not fit in 64 bits."],
        ),
        (json!({ "Limit": 5, "limit": 6 }), vec!["CONFLICT `limit` is given twice."]),
        (
            json!({ "LIMIT": 5, "Limit": 5 }),
            vec!["UNKNOWN_PARAMETER `LIMIT` is not a parameter of this action."],
        ),
        (
            json!({ "Limit": 101, "Filters": [{ "Nme": "x" }] }),
            vec![
                "UNKNOWN_PARAMETER `filters.0.Nme` is not a parameter of this action.",
                "OUT_OF_RANGE `limit` must be at most 100, not `101`.",
            ],
        ),
        (
            json!({ "Limit": 5, "native": "x" }),
            vec!["UNKNOWN_PARAMETER `native` is not a parameter of this action."],
        ),
        (
            json!({ "Limit": 5, "Ids": [null] }),
            vec!["WRONG_TYPE `ids.0` must be text, not this value."],
        ),
        (json!({ "Limit": 5, "Ids": "a" }), vec!["WRONG_TYPE `ids` must be a list, not `a`."]),
    ] {
        assert_eq!(
            read(&act, &sent),
            Err(faults.into_iter().map(str::to_owned).collect()),
            "{sent}"
        );
    }
}

#[test]
fn json_nests_so_deep_and_no_deeper() {
    let act = action("[]", "{ any: {} }");
    let deep = |levels: usize| (1..levels).fold(json!({}), |below, _| json!({ "a": below }));
    assert!(read(&act, &json!({ "any": deep(31) })).is_ok());
    let faults = read(&act, &json!({ "any": deep(33) })).unwrap_err();
    assert!(faults[0].starts_with("TOO_DEEP"), "{faults:?}");
}

#[test]
fn flattened_names_may_have_capitals_too() {
    let act = action("[]", &PROPERTIES.replace('\n', " "));
    let read = |pairs: &[(&str, &str)]| act.parameters.read(pairs.iter().copied());
    assert_eq!(
        read(&[
            ("Limit", "5"),
            ("Ids.0", "a"),
            ("Filters.1.Values.0", "x"),
            ("Filters.1.Name", "n")
        ])
        .map(Value::Object),
        Ok(json!({ "limit": 5, "ids": ["a"], "filters": [{ "name": "n", "values": ["x"] }] }))
    );
    assert!(act.declares("Limit") && act.declares("Filters.0.Name") && !act.declares("LIMIT"));
    assert_eq!(
        read(&[("Limit", "5"), ("limit", "5")]).unwrap_err()[0].reason,
        crate::FaultReason::Conflict
    );
    assert_eq!(act.parameters.count_items("ids", [("Ids.0", "a"), ("Ids.7", "b")].into_iter()), 2);
}

#[test]
fn names_that_capitals_would_make_one_are_refused() {
    let loaded = load(
        "module.yaml",
        &super::act("{}", "[]", "{ zone: { type: string }, Zone: { type: string } }"),
    );
    let told = &loaded.diagnostics[0].message;
    assert!(
        told.ends_with("are the same name: API 3.0 writes every first letter as a capital"),
        "{told}"
    );
}

#[test]
fn answers_are_respelt_where_the_document_declares_their_members() {
    let text = format!(
        r##"{HEAD}paths:
  /act:
    get:
      operationId: Act
      responses:
        "200":
          content:
            application/json:
              schema: {{ $ref: "#/components/schemas/Answer" }}
components:
  schemas:
    Answer:
      properties:
        totalCount: {{ type: integer }}
        set: {{ type: array, items: {{ $ref: "#/components/schemas/Row" }} }}
        labels: {{ type: object, additionalProperties: {{ $ref: "#/components/schemas/Row" }} }}
        zone: {{ type: string }}
    Row: {{ type: object, properties: {{ id: {{ type: string }}, more: {{}}, child: {{ $ref: "#/components/schemas/Row" }} }} }}
"##
    );
    let act = operation(&text);
    for (answer, respelt) in [
        ("{}", "{}"),
        (r#"{"totalCount": 1.50}"#, r#"{"TotalCount":1.50}"#),
        (
            r#"{"set":[{"id":"x","more":{"anyKey":1},"undeclared":2,"child":{"id":null}}, 3]}"#,
            r#"{"Set":[{"Id":"x","More":{"anyKey":1},"undeclared":2,"Child":{"Id":null}},3]}"#,
        ),
        (r#"{"labels":{"env":{"id":"x"}}}"#, r#"{"Labels":{"env":{"Id":"x"}}}"#),
        (r#"{"undeclared":{"key":1}}"#, r#"{"Undeclared":{"key":1}}"#),
        (r#"{"charge":{"orderId":"x"}}"#, r#"{"Charge":{"OrderId":"x"}}"#),
        (r#"{"zone":1,"Zone":2}"#, r#"{"zone":1,"Zone":2}"#),
        (r#"{"error":1,"requestid":2,"été":3}"#, r#"{"error":1,"Requestid":2,"été":3}"#),
        (r#"{"set":{"id":1}}"#, r#"{"Set":{"id":1}}"#),
    ] {
        assert_eq!(act.respell(answer).as_deref(), Some(respelt), "{answer}");
    }
    assert_eq!(act.respell("[]"), None);
}

#[test]
fn api_3_may_have_names_of_its_own() {
    let extension = "{ api3: { parameters: { Placement.Zone: zone, Placement.Project: project, Names: ids }, answer: { ids: IdSet } } }";
    let properties = "{ zone: { type: string }, project: { type: integer }, ids: { type: array, items: { type: string } } }";
    let act = operation(&super::act(extension, "[]", properties));
    for (sent, read_as) in [
        (
            json!({ "Placement": { "Zone": "z", "Project": 1 }, "Names": ["a"] }),
            Ok(json!({ "zone": "z", "project": 1, "ids": ["a"] })),
        ),
        (json!({ "Zone": "z" }), Ok(json!({ "zone": "z" }))),
        (
            json!({ "Placement": { "Zone": "z" }, "Zone": "y" }),
            Err("CONFLICT `zone` is given twice."),
        ),
        (
            json!({ "Placement": { "Zone": "z", "Host": 1 } }),
            Err("UNKNOWN_PARAMETER `Placement` is not a parameter of this action."),
        ),
    ] {
        assert_eq!(read(&act, &sent), read_as.map_err(|fault| vec![fault.to_owned()]), "{sent}");
    }
    let pairs = [("Placement.Zone", "z"), ("Names.0", "a"), ("Placement.Project", "1")];
    let read = act.parameters.read(pairs.into_iter()).map(Value::Object);
    assert_eq!(read, Ok(json!({ "zone": "z", "project": 1, "ids": ["a"] })));
    assert!(act.declares("Placement.Zone") && !act.declares("Placement"));
    assert_eq!(
        act.respell(r#"{"ids":[1],"other":2}"#).as_deref(),
        Some(r#"{"IdSet":[1],"Other":2}"#)
    );

    for (extension, told) in [
        (
            "{ api3: { parameters: { Area: «area» } } }",
            "`area` is not a parameter of this action | -",
        ),
        ("{ api3: { parameters: { «Zone»: zone } } }", "`Zone` is a parameter of this action | -"),
        (
            "{ api3: { answer: { ids: «1» } } }",
            "`answer` is an object of names | write `Placement.Zone: zone`",
        ),
        ("{ api3: { «answers»: {} } }", "`answers` is not known here | did you mean `answer`?"),
    ] {
        super::diagnostics::verify_act(extension, properties, &[told]);
    }
}

#[test]
fn further_base_domains_have_every_module_with_and_without_a_region() {
    let text = format!("{HEAD}paths: {{ /a: {{ get: {{ operationId: DescribeZones }} }} }}\n");
    let catalog = load("module.yaml", &text).catalog.unwrap();
    let catalog = catalog.below(&["tencentcloudapi.com".to_owned()]);
    for (host, found) in [
        ("cvm.api.qcloud.com", true),
        ("cvm.tencentcloudapi.com", true),
        ("cvm.ap-guangzhou.tencentcloudapi.com", true),
        ("cvm.ap-guangzhou.api.qcloud.com", false),
        ("cbs.tencentcloudapi.com", false),
        ("cvm.a.b.tencentcloudapi.com", false),
        ("cvm..tencentcloudapi.com", false),
        ("tencentcloudapi.com", false),
        (".tencentcloudapi.com", false),
        ("cvm.eviltencentcloudapi.com", false),
    ] {
        assert_eq!(catalog.module_by_domain(host).is_some(), found, "{host}");
    }
    let module = catalog.module("cvm").unwrap();
    assert_eq!(module.domains, ["cvm.api.qcloud.com", "cvm.tencentcloudapi.com"]);
}

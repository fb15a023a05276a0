//! Documents that load: what the catalog holds of them.

use serde_json::{Value, json};

use super::{HEAD, load, module, operation};
use crate::{Audience, Catalog, MinSignature, Settings, Severity, Source, Upstream};

const FULL: &str = include_str!("../../fixtures/full.yaml");
const PLAIN: &str = include_str!("../../fixtures/plain.json");
const SCHEMA: &str = include_str!("../../../../docs/reference/x-faregate.schema.json");

#[test]
fn a_document_with_every_term_is_read_whole() {
    let module = module(FULL);
    assert_eq!(module.name, "cvm");
    assert_eq!(module.domains, ["cvm.api.qcloud.com", "csec.api.qcloud.com"]);
    assert!(!module.https_only);
    assert_eq!(module.versions, ["2017-03-12", "2020-01-01"]);
    assert_eq!((module.title.as_str(), module.description.as_str()), ("Full", "Every term."));
    let upstream = Upstream {
        authority: "127.0.0.1:9001".to_owned(),
        base_path: "/v1".to_owned(),
        timeout_ms: 2500,
    };
    assert_eq!(module.upstream, upstream);
    let error = &module.errors["0012"];
    assert_eq!((error.message.as_str(), error.code), ("incorrect projectId", 5100));
    assert_eq!(error.fix.as_deref(), Some("DescribeProject lists your projects"));

    let run = module.operation("RunInstances").unwrap();
    let purchase = run.purchase.as_ref().unwrap();
    assert_eq!(purchase.currency, "CNY");
    assert!(run.mutating && run.idempotent && run.requires_identity);
    assert_eq!(run.min_signature, Some(MinSignature::V2Sha256));
    let created = run.creates.as_ref().unwrap();
    assert_eq!(created.kind, "instance");
    assert_eq!(created.at.find(&json!({ "instanceIds": ["a", 7, null] })), ["a", "7"]);

    let restart = module.operation("RestartInstances").unwrap();
    let batch = restart.batch.as_ref().unwrap();
    assert_eq!((batch.over.as_str(), batch.as_.as_deref(), batch.max), ("instanceIds", None, 50));
    let quota = restart.quota.unwrap();
    assert_eq!((quota.per_second.get(), quota.burst.get()), (10, 20));
    assert_eq!(restart.resources[0].kind, "instance");
    let named = json!({ "instanceIds": ["x", "y"] });
    assert_eq!(restart.resources[0].ids(named.as_object().unwrap()), ["x", "y"]);

    let back = module.operation("ReturnInstance").unwrap();
    assert_eq!(back.returns.as_ref().unwrap().parameter, "instanceIds");
    assert_eq!(back.batch.as_ref().unwrap().as_.as_deref(), Some("instanceId"));

    let list = module.operation("DescribeInstances").unwrap();
    assert!(!list.mutating && list.idempotent && !list.requires_identity);
    assert_eq!(list.audience, Audience::Groups(vec!["staff".to_owned(), "100001".to_owned()]));
    assert_eq!(list.min_signature, None);
}

#[test]
fn an_ordinary_document_is_enough() {
    let loaded = load("modules/zones.json", PLAIN);
    assert_eq!(loaded.diagnostics, vec![]);
    let catalog = loaded.catalog.unwrap();
    let module = catalog.module_by_domain("zones.api.qcloud.com").unwrap();
    assert!(module.https_only);
    assert_eq!(module.upstream.authority, "zones.internal:80");
    assert_eq!(module.upstream.timeout_ms, 10_000);
    let action = module.operation("DescribeZones").unwrap();
    assert_eq!(action.audience, Audience::Public);
    assert!(action.batch.is_none() && action.purchase.is_none() && action.quota.is_none());
}

#[test]
fn a_module_without_a_name_is_called_after_its_file_or_its_title() {
    let text = HEAD.replace("x-faregate: { module: cvm }\n", "") + "paths: {}\n";
    for (name, expected) in
        [("dir/cdb.yaml", "cdb"), ("openapi.yaml", "test"), ("Cdb 2.yaml", "test")]
    {
        assert_eq!(load(name, &text).catalog.unwrap().modules()[0].name, expected, "{name}");
    }
}

#[test]
fn modules_are_found_by_domain_name_and_action() {
    let other = FULL.replace("module: cvm", "module: cdb").replace("[csec.api.qcloud.com]", "[]");
    let sources = [
        Source { name: "a.yaml", text: FULL, upstream: None },
        Source { name: "b.yaml", text: &other, upstream: None },
    ];
    let loaded = Catalog::load(&sources, &Settings { base_domain: "api.qcloud.com" });
    let catalog = loaded.catalog.unwrap();
    let names: Vec<_> = catalog.modules().iter().map(|module| module.name.as_str()).collect();
    assert_eq!(names, ["cdb", "cvm"]);
    assert_eq!(catalog.module_by_domain("csec.api.qcloud.com").unwrap().name, "cvm");
    assert!(catalog.module_by_domain("cbs.api.qcloud.com").is_none());
    assert!(catalog.module("cbs").is_none());
    assert_eq!(catalog.modules_with_action("RunInstances").len(), 2);
    assert_eq!(catalog.modules_with_action("runInstances").len(), 0);

    let all = catalog.modules().iter().flat_map(|module| module.operations());
    let mut ordinals: Vec<_> = all.map(|operation| operation.ordinal).collect();
    // The gateway's own action is at every domain, in no module's list, and has a number as well.
    let own = catalog.builtin("DescribeRequest").unwrap();
    assert!(own.builtin && catalog.builtin("RunInstances").is_none());
    assert_eq!(catalog.module_by_domain("account.api.qcloud.com").unwrap().name, own.name);
    let own = catalog.own().flat_map(|own| own.operations());
    ordinals.extend(own.map(|operation| operation.ordinal));
    ordinals.sort_unstable();
    assert_eq!(ordinals, (0..catalog.operation_count()).collect::<Vec<_>>());
}

#[test]
fn the_address_of_an_upstream_can_be_replaced() {
    let catalog = load("cvm.yaml", FULL).catalog.unwrap();
    let catalog = catalog.with_upstream("cvm", "http://[::1]:7000/base/").unwrap();
    let module = catalog.module_by_domain("cvm.api.qcloud.com").unwrap();
    assert_eq!(module.upstream.authority, "[::1]:7000");
    assert_eq!((module.upstream.base_path.as_str(), module.upstream.timeout_ms), ("/base", 2500));
    assert_eq!(catalog.modules_with_action("RunInstances")[0].upstream.authority, "[::1]:7000");
    for url in
        ["https://a:1", "http://", "http://a:x", "http://a b", "http://u@a", "a:1", "http://a/?q"]
    {
        assert!(catalog.clone().with_upstream("cvm", url).is_err(), "{url}");
    }
}

#[test]
fn yaml_and_json_are_the_same_document() {
    let value: Value = serde_json::from_str(PLAIN).unwrap();
    // JSON is YAML too: what differs is the reader.
    let yaml = load("zones.yaml", PLAIN).catalog.unwrap();
    let json = load("zones", &value.to_string()).catalog.unwrap();
    let describe = |catalog: &Catalog| {
        let operation = catalog.modules()[0].operation("DescribeZones").unwrap().clone();
        operation.parameters.describe().to_vec()
    };
    assert_eq!(describe(&yaml), describe(&json));
}

#[test]
fn parameters_are_described_for_people() {
    let module = module(FULL);
    let run = module.operation("RunInstances").unwrap();
    let lines: Vec<String> = run
        .parameters
        .describe()
        .iter()
        .map(|p| {
            let default = p.default.as_deref().unwrap_or("-");
            let rules = p.constraints.join("; ");
            format!(
                "{} | {} | {} | {rules} | {default} | {}",
                p.name, p.type_text, p.required, p.description
            )
        })
        .collect();
    assert_eq!(
        lines,
        [
            "goodsNum | integer | false | 1 to 10 | 1 | How many.",
            "instanceType | string | true | one of S1, S2 | - | ",
            "period | integer | true | 1 to 36 | - | ",
            "tags | list of string | false | at most 5 items; none twice | - | ",
        ]
    );
    let back = module.operation("ReturnInstance").unwrap().parameters.describe().to_vec();
    assert_eq!(back[0].name, "instanceIds");
    assert_eq!(back[0].type_text, "list of string");
}

#[test]
fn headers_that_the_gateway_sends_may_be_declared() {
    let text = format!(
        "{HEAD}paths:
  /act:
    get:
      operationId: Act
      parameters:
        - {{ name: Faregate-Account, in: header, required: true, schema: {{ type: string }} }}
"
    );
    assert_eq!(operation(&text).parameters.describe(), []);
}

#[test]
fn the_published_schema_knows_what_the_reader_knows() {
    let schema: Value = serde_json::from_str(SCHEMA).unwrap();
    let keys = |pointer: &str| {
        let properties = schema.pointer(pointer).unwrap().as_object().unwrap();
        let mut keys: Vec<String> = properties.keys().cloned().collect();
        keys.sort();
        keys
    };
    assert_eq!(keys("/$defs/document/properties"), crate::extension::DOCUMENT_KEYS);
    assert_eq!(keys("/$defs/operation/properties"), crate::extension::OPERATION_KEYS);
}

#[test]
fn the_published_schema_accepts_what_the_reader_accepts() {
    validate_extensions(FULL);
    validate_extensions(PLAIN);
}

#[test]
fn the_published_schema_refuses_what_the_reader_refuses() {
    for (kind, extension) in [
        ("document", json!({ "modul": "cvm" })),
        ("document", json!({ "protocols": ["ftp"] })),
        ("document", json!({ "errors": { "1": { "message": "x", "code": 4100 } } })),
        ("operation", json!({ "quota": { "rate": "10/m" } })),
        ("operation", json!({ "batch": { "max": 3 } })),
        ("operation", json!({ "purchase": { "price": "money('1')" } })),
        ("operation", json!({ "purchase": { "currency": "CNY" } })),
        ("operation", json!({ "purchase": { "price": "a", "quote": "B", "currency": "CNY" } })),
        ("operation", json!({ "purchase": { "price": "a", "at": "$.x", "currency": "CNY" } })),
        ("operation", json!({ "returns": { "type": "instance" } })),
    ] {
        assert!(!accepts(kind, &extension), "{extension}");
    }
}

#[test]
fn the_compute_example_has_no_problems() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../examples/compute/openapi.yaml");
    // The example is a crate of its own: where only this one is unpacked there is nothing to check.
    let Ok(text) = std::fs::read_to_string(path) else { return };
    let loaded = load("openapi.yaml", &text);
    let problems: Vec<_> = loaded.diagnostics.iter().map(|d| (d.line, &d.message)).collect();
    assert!(problems.is_empty(), "{problems:?}");
    let catalog = loaded.catalog.unwrap();
    assert!(
        catalog.module_by_domain("cvm.api.qcloud.com").unwrap().operation("RunInstances").is_some()
    );
    validate_extensions(&text);
}

fn accepts(kind: &str, extension: &Value) -> bool {
    let mut schema: Value = serde_json::from_str(SCHEMA).unwrap();
    schema["$ref"] = json!(format!("#/$defs/{kind}"));
    schema.as_object_mut().unwrap().remove("oneOf");
    jsonschema::validator_for(&schema).unwrap().is_valid(extension)
}

/// Every extension of a document is valid by the published schema.
#[track_caller]
fn validate_extensions(text: &str) {
    let document: Value = serde_saphyr::from_str(text).unwrap();
    if let Some(extension) = document.get("x-faregate") {
        assert!(accepts("document", extension), "{extension}");
    }
    for item in document["paths"].as_object().unwrap().values() {
        for extension in item.as_object().unwrap().values().filter_map(|o| o.get("x-faregate")) {
            assert!(accepts("operation", extension), "{extension}");
        }
    }
}

#[test]
fn warnings_do_not_keep_a_catalog_from_loading() {
    let text = format!("{HEAD}paths: {{ /a: {{ get: {{ operationId: describeZones }} }} }}\n");
    let loaded = load("a.yaml", &text);
    assert_eq!(loaded.diagnostics[0].severity, Severity::Warning);
    assert_eq!(loaded.diagnostics[0].suggestion.as_deref(), Some("call it `DescribeZones`"));
    assert!(loaded.catalog.is_some());
}

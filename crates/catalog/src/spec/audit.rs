//! What the audit of objects finds, and what it leaves alone.

use super::{HEAD, module};
use crate::{Lack, looks_like_id};

#[test]
fn a_name_looks_like_an_id_by_its_ending_or_by_a_known_type() {
    let kinds = ["instance".to_owned()];
    for (name, is_id) in [
        ("instanceId", true),
        ("instanceIds", true),
        ("InstanceID", true),
        ("disk_id", true),
        ("disk-ids", true),
        ("id", true),
        ("UUID", true),
        ("volumeUuid", true),
        ("instanceid", true),
        ("instances", true),
        ("instance", true),
        ("paid", false),
        ("grid", false),
        ("valid", false),
        ("period", false),
        ("idempotencyKey", false),
        ("diskids", false),
    ] {
        assert_eq!(looks_like_id(name, &kinds), is_id, "{name}");
    }
}

/// What is found, as `action name lack`.
fn findings(text: &str) -> Vec<String> {
    let found = module(text).audit_objects();
    found.iter().map(|f| format!("{} {} {}", f.action, f.name, f.lack.as_str())).collect()
}

#[test]
fn every_id_that_is_bound_to_no_type_is_found_however_deep_it_stands() {
    let act = |extension: &str| {
        format!(
            r##"{HEAD}paths:
  /act:
    post:
      operationId: Act
      x-faregate: {extension}
      requestBody:
        content:
          application/json:
            schema:
              type: object
              properties:
                diskId: {{ type: string }}
                tags: {{ type: array, items: {{ type: object, properties: {{ keyId: {{ type: string }}, note: {{ type: string }} }} }} }}
                net: {{ $ref: "#/components/schemas/Net" }}
components:
  schemas:
    Net: {{ type: object, properties: {{ subnetIds: {{ type: array, items: {{ type: string }} }}, inner: {{ $ref: "#/components/schemas/Net" }} }} }}
"##
        )
    };
    assert_eq!(
        findings(&act("{ }")),
        ["Act diskId unbound", "Act net.subnetIds unbound", "Act tags.keyId unbound"]
    );
    let bound = findings(&act("{ resources: { diskId: disk, tags.keyId: key } }"));
    assert!(!bound.iter().any(|f| f.contains("diskId") || f.contains("keyId")), "{bound:?}");
}

#[test]
fn an_action_that_makes_or_lists_without_saying_so_is_found() {
    let document = |make: &str, list: &str| {
        format!(
            r#"{HEAD}paths:
  /discs:
    post:
      operationId: MakeDiscs
      x-faregate: {make}
      responses: {{ "200": {{ description: x, content: {{ application/json: {{ schema: {{ type: object, properties: {{ discIds: {{ type: array, items: {{ type: string }} }} }} }} }} }} }} }}
    get:
      operationId: ListDiscs
      x-faregate: {list}
      responses: {{ "200": {{ description: x, content: {{ application/json: {{ schema: {{ type: object, properties: {{ discSet: {{ type: array, items: {{ type: object, properties: {{ discId: {{ type: string }} }} }} }} }} }} }} }} }} }}
"#
        )
    };
    let makes = "{ creates: { type: disc, at: \"$.discIds[*]\" } }";
    let lists = "{ filter: { type: disc, at: \"$.discSet[*].discId\" } }";
    assert_eq!(findings(&document(makes, lists)), Vec::<String>::new());
    assert_eq!(findings(&document("{ }", lists)), ["MakeDiscs discIds uncreated"]);
    assert_eq!(findings(&document(makes, "{ }")), ["ListDiscs discSet[].discId unfiltered"]);
    let found = module(&document("{ }", lists)).audit_objects();
    assert_eq!(found[0].lack, Lack::Uncreated);
    assert_eq!(found[0].fix, "write `creates: { type: disc, at: \"$.discIds[*]\" }`");
}

#[test]
fn what_the_document_calls_unowned_is_left_alone_with_a_reason() {
    let unowned = "{ module: cvm, unowned: { imageId: \"images are everybody's\" } }";
    let text = format!(
        r#"{}paths:
  /act:
    post:
      operationId: Act
      parameters: [{{ name: imageId, in: query, schema: {{ type: string }} }}]
"#,
        HEAD.replace("{ module: cvm }", unowned)
    );
    assert_eq!(findings(&text), Vec::<String>::new());
    assert_eq!(module(&text).unowned["imageId"], "images are everybody's");
}

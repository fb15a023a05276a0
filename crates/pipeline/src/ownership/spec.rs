//! Who may do what with whose, and what of a list is shown.

use bytes::Bytes;
use faregate_catalog::{Catalog, Settings, Source};
use faregate_contract::Members;
use serde_json::{Value, json};

use super::*;
use crate::operation::{self, Upstream};

#[test]
fn the_answer_names_no_id_and_no_reason_but_one() {
    let refusal = absent();
    assert_eq!((refusal.code, refusal.reason), (Code::ResourceNotFound, NO_SUCH_RESOURCE));
    assert!(
        refusal.detail.for_log().is_none() && refusal.params.is_empty() && refusal.fix.is_none()
    );
}

#[test]
fn what_is_lent_is_read_or_changed_and_only_its_owner_gives_it_away() {
    use Need::{Own, Read, Write};
    let ann = || Owner::Account("ann".to_owned());
    for (who, owner, may_do) in [
        ("ann", ann(), &[Read, Write, Own][..]),
        ("bob", ann(), &[]),
        ("bob", Owner::Lent(Grant::Write), &[Read, Write]),
        ("bob", Owner::Lent(Grant::Read), &[Read]),
        ("bob", Owner::Lent(Grant::Nothing), &[]),
        ("ann", Owner::Absent, &[]),
        ("ann", Owner::Returned, &[]),
    ] {
        for need in [Read, Write, Own] {
            let row = format!("{who} {owner:?} {need:?}");
            assert_eq!(may(who, Some(&owner), need), may_do.contains(&need), "{row}");
        }
    }
    assert!(!may("ann", None, Read), "what the registry did not answer is nobody's");
}

const DOCUMENT: &str = r#"
openapi: 3.1.0
info: { title: Discs, version: "1" }
servers: [{ url: "http://127.0.0.1:9001" }]
x-faregate: { module: cbs }
paths:
  /discs:
    get:
      operationId: ListDiscs
      x-faregate: { filter: { type: disc, at: "$.page.discs[*].id", count: total } }
  /all:
    get:
      operationId: ListAll
      x-faregate: { filter: { type: disc, at: "$.data[*].id" } }
    post:
      operationId: MakeDiscs
      x-faregate: { creates: { type: disc, at: "$[*].id" } }
"#;

fn catalog() -> Catalog {
    let source = Source { name: "discs.yaml", text: DOCUMENT, upstream: None };
    let loaded = Catalog::load(&[source], &Settings { base_domain: "api.qcloud.com" });
    loaded.catalog.expect("a good document")
}

/// What account `ann` is shown of an answer, if anything is taken out of it.
fn shown(action: &str, answer: &str, mode: Mode) -> Result<Filtered, Fault> {
    let catalog = catalog();
    let module = catalog.modules().iter().find(|module| module.name == "cbs").unwrap();
    let members = Members::of_object(answer).unwrap();
    let listing = Listing::read(module, module.operation(action).unwrap(), &members)?.unwrap();
    let owners: Vec<Owner> = listing
        .resources()
        .iter()
        .map(|resource| match resource.id.chars().next() {
            Some('a') => Owner::Account("ann".to_owned()),
            Some('l') => Owner::Lent(Grant::Read),
            Some('b') => Owner::Account("bob".to_owned()),
            Some('r') => Owner::Returned,
            _ => Owner::Absent,
        })
        .collect();
    Ok(listing.keep("ann", &owners, mode))
}

use crate::fault::Fault;

#[test]
fn a_list_shows_what_is_owned_or_lent_and_the_rest_keeps_its_bytes() {
    for (title, answer, left, n_foreign, n_unnamed) in [
        ("all its own", r#"{"total":2,"page":{"discs":[{"id":"a1"},{"id":"l1"}]}}"#, None, 0, 0),
        ("none", r#"{"total":0,"page":{"discs":[]}}"#, None, 0, 0),
        (
            "foreign ones between",
            r#"{ "total": 90, "x" : 1.0e5 ,"page":{"discs":[ {"id":"b1"}, {"id" : "a1", "n":1.50} ,{"id":"r1"},{"id":"zz"}],"next":"\u00e9"}}"#,
            Some(
                r#"{"total":1,"x":1.0e5,"page":{"discs":[{"id" : "a1", "n":1.50}],"next":"\u00e9"}}"#,
            ),
            3,
            0,
        ),
        (
            "one without an id, one with a list for it",
            r#"{"page":{"discs":[{"name":"b"},{"id":["a1"]},{"id":"a1"}]}}"#,
            Some(r#"{"page":{"discs":[{"id":"a1"}]}}"#),
            0,
            2,
        ),
        (
            "an object for a list",
            r#"{"page":{"discs":{"x":{"id":"b1"},"y":{"id":"a1"}}}}"#,
            Some(r#"{"page":{"discs":{"y":{"id":"a1"}}}}"#),
            1,
            0,
        ),
        (
            "a number for an id",
            r#"{"page":{"discs":[{"id":7}]}}"#,
            Some(r#"{"page":{"discs":[]}}"#),
            1,
            0,
        ),
    ] {
        let filtered = shown("ListDiscs", answer, Mode::Enforce).unwrap();
        let left = left.map(|left| Members::of_object(left).unwrap());
        assert_eq!(filtered, Filtered { members: left, n_foreign, n_unnamed }, "{title}");
        let shadow = shown("ListDiscs", answer, Mode::Shadow).unwrap();
        assert_eq!(shadow, Filtered { members: None, n_foreign, n_unnamed }, "{title}, in shadow");
    }
}

#[test]
fn an_answer_without_its_list_is_a_fault_as_soon_as_it_holds_anything() {
    for (answer, is_good) in [
        (r#"{"total":0}"#, true),
        (r#"{"total":0,"page":{}}"#, true),
        (r#"{"total":0,"page":{"discs":null}}"#, true),
        (r#"{"discs":[{"id":"b1"}]}"#, false),
        (r#"{"page":{"disks":[{"id":"b1"}]}}"#, false),
    ] {
        let told = shown("ListDiscs", answer, Mode::Enforce);
        assert_eq!(told.is_ok(), is_good, "{answer}: {told:?}");
    }
    let array = shown("ListAll", r#"{"data":[{"id":"b1"},{"id":"a1"}]}"#, Mode::Enforce).unwrap();
    assert_eq!(array.members, Members::of_object(r#"{"data":[{"id":"a1"}]}"#));
}

#[test]
fn what_an_answer_that_is_an_array_makes_is_learnt_as_well() {
    let catalog = catalog();
    let module = catalog.modules().iter().find(|module| module.name == "cbs").unwrap();
    let make = module.operation("MakeDiscs").unwrap();
    let read = |body: &'static str| {
        let body = Bytes::from_static(body.as_bytes());
        let upstream = Upstream::Answered { status: 200, retry_after_s: None, body };
        let arguments: Value = json!({});
        operation::read_again(module, make, arguments.as_object().unwrap(), &upstream)
    };
    let done = read(r#"[{"id":"a1"},{"id":2}]"#);
    assert_eq!(done.lessons.len(), 2, "{done:?}");
    for silent in ["[]", "7", "", r#"[{"name":"a1"}]"#] {
        let refusal = read(silent).result.unwrap_err();
        assert_eq!(refusal.reason.as_str(), "UPSTREAM_NO_CREATED_ID", "{silent}");
    }
}

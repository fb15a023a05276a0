//! What the module answers, and what the client is told.

use super::*;
use crate::fixture::{World, get};
use faregate_contract::Effect;

const RENEW: &[(&str, &str)] = &[("instanceId", "ins-1"), ("period", "1")];

fn sent() -> Sent {
    begin(World::new().walk(get("RenewInstance", RENEW)).unwrap())
}

fn answered(status: u16, body: &str) -> Upstream {
    Upstream::Answered {
        status,
        retry_after_s: None,
        body: Bytes::copy_from_slice(body.as_bytes()),
    }
}

#[test]
fn every_kind_of_answer_has_one_code_and_one_meaning_for_the_money() {
    use Settlement::{Commit, InDoubt, Release};
    let sent = sent();
    for (title, upstream, code, settlement) in [
        ("an object", answered(200, r#"{"a":1}"#), 0, Commit),
        ("nothing", answered(204, ""), 0, Commit),
        ("an array", answered(200, "[1]"), 0, Commit),
        ("code 0 alone is still a reserved name", answered(200, r#"{"code":0}"#), 6000, InDoubt),
        ("a code without a message", answered(200, r#"{"code":5100}"#), 6000, InDoubt),
        ("5100", answered(200, r#"{"code":5100,"message":"busy"}"#), 5100, Release),
        (
            "5100 with a status",
            answered(409, r#"{"code":5100,"moduleCode":"100004","message":"incorrect projectId"}"#),
            5100,
            Release,
        ),
        (
            "a number for its code",
            answered(200, r#"{"code":5100,"moduleCode":100004,"message":"incorrect projectId"}"#),
            5100,
            Release,
        ),
        (
            "5200 before the status",
            answered(409, r#"{"code":5200,"message":"sold out"}"#),
            5200,
            Release,
        ),
        ("5000", answered(200, r#"{"code":5000,"message":"gone"}"#), 5000, Release),
        ("4000", answered(400, r#"{"code":4000,"message":"bad"}"#), 4000, Release),
        ("6000", answered(200, r#"{"code":6000,"message":"ouch"}"#), 6000, InDoubt),
        ("6200", answered(200, r#"{"code":6200,"message":"later"}"#), 6200, Release),
        (
            "a code that is ours to say",
            answered(200, r#"{"code":4100,"message":"no"}"#),
            6000,
            InDoubt,
        ),
        ("5300 is ours too", answered(200, r#"{"code":5300,"message":"no"}"#), 6000, InDoubt),
        ("HTML", answered(200, "<html>"), 6000, InDoubt),
        ("half a body", answered(200, r#"{"a":"#), 6000, InDoubt),
        ("400", answered(400, ""), 4000, Release),
        (
            "422 with problem details",
            answered(422, r#"{"title":"x","detail":"y","status":422}"#),
            4000,
            Release,
        ),
        ("404", answered(404, ""), 5000, Release),
        ("410", answered(410, "gone"), 5000, Release),
        ("409", answered(409, ""), 5100, Release),
        ("507", answered(507, ""), 5200, Release),
        ("503", answered(503, ""), 6200, Release),
        ("500", answered(500, ""), 6000, InDoubt),
        ("418", answered(418, ""), 6000, InDoubt),
        ("302 is not followed", answered(302, ""), 6000, InDoubt),
        ("no connection", Upstream::Unreachable("refused".into()), 6000, Release),
        ("no answer in time", Upstream::Timeout { after_ms: 10 }, 6000, InDoubt),
        ("a reset", Upstream::Reset("reset".into()), 6000, InDoubt),
        ("too much", Upstream::TooLarge { bytes_max: 10 }, 6000, InDoubt),
    ] {
        let done = read(&sent, None, &upstream);
        let said = done.result.as_ref().map_or_else(|refusal| refusal.code.number(), |_| 0);
        assert_eq!((said, done.settlement), (code, settlement), "{title}");
        assert_eq!(done.is_fault(), code == 6000, "{title}");
        if let Err(refusal) = &done.result {
            assert_eq!(refusal.effect == Effect::Unknown, settlement == InDoubt, "{title}");
        }
    }
}

#[test]
fn a_modules_error_is_told_in_its_own_voice_with_its_fix() {
    let body = r#"{"code":5100,"moduleCode":"100004","message":"incorrect projectId"}"#;
    let refusal = read(&sent(), None, &answered(409, body)).result.unwrap_err();
    assert_eq!(refusal.message(), "(100004) incorrect projectId");
    assert!(refusal.fix.is_some(), "the document has one");
    let plain = read(&sent(), None, &answered(409, r#"{"code":5100,"message":"(1) fake"}"#))
        .result
        .unwrap_err();
    assert!(
        plain.message().starts_with("Resource operation failed: "),
        "only a module code begins with a parenthesis"
    );
}

#[test]
fn results_are_spliced_as_they_are() {
    let members = |body| read(&sent(), None, &answered(200, body)).result.unwrap();
    assert_eq!(members("{ \"a\" : 1.0e5, \"b\":[ ] }").as_str(), "\"a\" : 1.0e5, \"b\":[ ]");
    assert_eq!(members("[1, 2]").as_str(), "\"data\":[1, 2]");
    assert_eq!(members("\"x\"").as_str(), "\"data\":\"x\"");
}

#[test]
fn what_a_purchase_makes_is_learnt_and_a_promise_not_kept_is_a_fault() {
    let mut world = World::new();
    world.hold = crate::facts::HoldOutcome::Held;
    let run: &[(&str, &str)] = &[
        ("zone", "gz-1"),
        ("instanceType", "S1.SMALL1"),
        ("imageId", "img-debian-12"),
        ("period", "1"),
        ("goodsNum", "1"),
    ];
    let sent = begin(world.walk(get("RunInstances", run)).unwrap());
    let done =
        read(&sent, None, &answered(200, r#"{"instanceIds":["ins-a","ins-b"],"dealIds":[]}"#));
    assert_eq!(done.lessons.len(), 2);
    assert!(
        matches!(&done.lessons[0], Lesson::Created(r) if r.id == "ins-a" && r.kind == "instance" && r.module == "cvm")
    );
    let done = read(&sent, None, &answered(200, r#"{"dealIds":[]}"#));
    assert_eq!(done.result.unwrap_err().reason.as_str(), "UPSTREAM_NO_CREATED_ID");
}

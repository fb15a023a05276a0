//! Golden bytes: every kind of answer in both formats.

use serde_json::Value;

use super::*;
use crate::{Item, Members, ModuleError, Origin, Outcome, Public, Reason, RequestId, Retry};

const ID: RequestId = RequestId::from_bytes([1; 16]);

fn voice() -> Voice {
    Voice { pages: "http://p".to_owned(), support: "ops@example.com".to_owned() }
}

fn body(outcome: Outcome, format: Format) -> (u16, String) {
    let rendered = render(&Answer { request_id: ID, outcome }, format, &voice());
    (rendered.status, String::from_utf8(rendered.body).unwrap())
}

fn refusal(code: Code) -> Refusal {
    Refusal::new(code, Reason::new("SOME_REASON"), Origin::Client, Public::new("the é is wrong."))
}

#[test]
fn a_success_is_code_message_code_desc_request_id_then_the_modules_members() {
    let members = Members::of_object(r#" {"totalCount":2} "#).unwrap();
    assert_eq!(
        body(Outcome::Success(members), Format::V2),
        (200, r#"{"code":0,"message":"","codeDesc":"Success","requestId":"01010101-0101-0101-0101-010101010101","totalCount":2}"#.to_owned())
    );
    let (_, empty) = body(Outcome::Success(Members::none()), Format::V2);
    assert!(empty.ends_with("010101\"}"), "{empty}");
}

#[test]
fn a_refusal_is_ascii_begins_with_the_error_type_and_says_what_was_done() {
    let refused = refusal(Code::AccessDenied).retry(Retry::SignAgain).fix("do this");
    assert_eq!(
        body(Outcome::Refused(Box::new(refused)), Format::V2).1,
        concat!(
            r#"{"code":4300,"message":"Access denied: the \u00e9 is wrong. Nothing was executed, nothing was charged.","#,
            r#""codeDesc":"AccessDenied","requestId":"01010101-0101-0101-0101-010101010101","reason":"SOME_REASON","#,
            r#""origin":"client","retryable":true,"docUrl":"http://p/errors/4300#SOME_REASON","fix":"do this"}"#
        )
    );
}

#[test]
fn every_code_is_written_in_both_formats_with_its_number_and_its_status() {
    for code in Code::ALL.into_iter().filter(|code| !code.is_success()) {
        let (status, text) = body(Outcome::Refused(Box::new(refusal(code))), Format::V2);
        let v2: Value = serde_json::from_str(&text).unwrap();
        assert_eq!((status, &v2["code"]), (200, &Value::from(code.number())));
        let message = v2["message"].as_str().unwrap();
        assert!(message.starts_with(code.error_type()), "{message}");
        if let Some(document) = document(code) {
            assert!(message.contains(&format!("http://p/docs/{document}.")), "{message}");
        }
        assert_eq!(message.contains("ops@example.com"), matches!(code.number(), 5100 | 6000));

        let (status, text) = body(Outcome::Refused(Box::new(refusal(code))), Format::Problem);
        let problem: Value = serde_json::from_str(&text).unwrap();
        assert_eq!(status, code.http_status());
        assert_eq!(
            (&problem["code"], &problem["title"]),
            (&Value::from(code.number()), &Value::from(code.error_type()))
        );
    }
}

#[test]
fn only_a_modules_message_begins_with_a_parenthesis() {
    let module = ModuleError::new("100004", "incorrect projectId").unwrap();
    let (_, text) =
        body(Outcome::Refused(Box::new(refusal(Code::OperationFailed).module(module))), Format::V2);
    let answer: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(answer["message"], "(100004) incorrect projectId");
}

#[test]
fn a_batch_is_0_5400_or_5100_and_its_detail_keeps_the_order() {
    let good = |id: &str| Item { id: id.to_owned(), result: Ok(Members::none()), request_id: ID };
    let bad = |id: &str| Item {
        id: id.to_owned(),
        result: Err(refusal(Code::ResourceNotFound)),
        request_id: ID,
    };
    for (items, code) in [
        (vec![good("z"), good("a")], 0),
        (vec![good("z"), bad("a")], 5400),
        (vec![bad("z"), bad("a")], 5100),
    ] {
        let (_, text) = body(Outcome::Batch(items.clone()), Format::V2);
        let answer: Value = serde_json::from_str(&text).unwrap();
        assert_eq!(answer["code"], code);
        assert!(text.find("\"z\":{").unwrap() < text.find("\"a\":{").unwrap(), "{text}");
        let (_, text) = body(Outcome::Batch(items), Format::Problem);
        assert_eq!(serde_json::from_str::<Value>(&text).unwrap()["code"], code);
    }
}

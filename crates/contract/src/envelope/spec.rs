//! Golden bytes: every kind of answer in every format.

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

#[test]
fn api_3_has_request_id_inside_and_its_content_type_is_bare() {
    let members = Members::of_object(r#"{"TotalCount":2}"#).unwrap();
    let answer = Answer { request_id: ID, outcome: Outcome::Success(members) };
    let rendered = render(&answer, Format::Api3, &voice());
    assert_eq!((rendered.status, rendered.content_type), (200, "application/json"));
    assert_eq!(
        String::from_utf8(rendered.body).unwrap(),
        r#"{"Response":{"TotalCount":2,"RequestId":"01010101-0101-0101-0101-010101010101"}}"#
    );
    let (_, empty) = body(Outcome::Success(Members::none()), Format::Api3);
    assert_eq!(empty, r#"{"Response":{"RequestId":"01010101-0101-0101-0101-010101010101"}}"#);
    let refused = refusal(Code::AccessDenied).fix("do this");
    assert_eq!(
        body(Outcome::Refused(Box::new(refused)), Format::Api3).1,
        concat!(
            r#"{"Response":{"Error":{"Code":"UnauthorizedOperation","#,
            r#""Message":"Access denied: the \u00e9 is wrong. Nothing was executed, nothing was charged.","#,
            r#""Number":4300,"Reason":"SOME_REASON","Origin":"client","Retryable":false,"#,
            r#""DocUrl":"http://p/errors/4300#SOME_REASON","Fix":"do this"},"#,
            r#""RequestId":"01010101-0101-0101-0101-010101010101"}}"#
        )
    );
}

#[test]
fn every_code_is_written_in_api_3_by_its_name() {
    for code in Code::ALL.into_iter().filter(|code| !code.is_success()) {
        let (status, text) = body(Outcome::Refused(Box::new(refusal(code))), Format::Api3);
        let answer: Value = serde_json::from_str(&text).unwrap();
        let error = &answer["Response"]["Error"];
        assert_eq!((status, &error["Code"]), (200, &Value::from(code.api3())));
        assert_eq!(error["Number"], code.number());
    }
}

#[test]
fn a_batch_in_api_3_names_its_refused_items_where_an_sdk_shows_them() {
    let item = |n: usize, good: bool| Item {
        id: format!("ins-{n}"),
        result: if good { Ok(Members::none()) } else { Err(refusal(Code::ResourceNotFound)) },
        request_id: ID,
    };
    let answer = |items: Vec<Item>| -> Value {
        let (_, text) = body(Outcome::Batch(items), Format::Api3);
        serde_json::from_str::<Value>(&text).unwrap()["Response"].take()
    };
    let good = answer(vec![item(1, true)]);
    assert!(good["Error"].is_null() && good["Detail"]["ins-1"]["RequestId"].is_string(), "{good}");
    let some = answer(vec![item(1, true), item(2, false)]);
    assert_eq!(some["Error"]["Code"], "FailedOperation.PartialSuccess");
    let message = some["Error"]["Message"].as_str().unwrap();
    assert!(message.ends_with("Refused: ins-2 (ResourceNotFound)."), "{message}");
    assert_eq!(some["Detail"]["ins-2"]["Error"]["Code"], "ResourceNotFound");
    let none = answer((0..7).map(|n| item(n, false)).collect());
    assert_eq!(none["Error"]["Code"], "FailedOperation");
    let message = none["Error"]["Message"].as_str().unwrap();
    assert!(message.ends_with("ins-4 (ResourceNotFound) and 2 more."), "{message}");
}

//! `Response`: an answer as a client reads it.

use std::fmt;

use serde_json::{Map, Value};

use crate::{Code, ModuleError};

/// An answer: a success with its fields, or an error.
#[derive(Clone, Debug, PartialEq)]
pub enum Response {
    /// Code 0, and everything the action answered.
    Success(Value),
    /// Any other code.
    Failure(ApiError),
}

/// An error as the API answered it.
#[derive(Clone, Debug, PartialEq)]
pub struct ApiError {
    /// The common code; one that the page does not have is kept.
    pub code: Code,
    /// The module's own error, when the message is a module's.
    pub module_error: Option<ModuleError>,
    /// The message as it was sent.
    pub message: String,
    /// Names the call.
    pub request_id: Option<String>,
    /// The whole answer: `reason`, `params`, `detail` and what else it holds, named as API 2.0 does in either envelope.
    pub body: Value,
}

impl ApiError {
    /// The machine-readable cause, when the answer has one.
    #[must_use]
    pub fn reason(&self) -> Option<&str> {
        self.body.get("reason").and_then(Value::as_str)
    }
}

impl fmt::Display for ApiError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.code, self.message)?;
        match &self.request_id {
            Some(id) => write!(f, " [{id}]"),
            None => Ok(()),
        }
    }
}

impl std::error::Error for ApiError {}

/// The bytes are not an answer of this contract.
#[derive(Debug)]
pub struct NotAnAnswer(String);

impl fmt::Display for NotAnAnswer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "not an answer of this API: {}", self.0)
    }
}

impl std::error::Error for NotAnAnswer {}

impl Response {
    /// Reads an answer in either envelope; of API 3.0 a success is what stands in `Response`. `code` may be a number or its text: the cloud's own samples show both
    /// (PROTOCOL 2).
    ///
    /// # Errors
    /// When the bytes are no JSON object with a `code`.
    pub fn parse(body: &[u8]) -> Result<Self, NotAnAnswer> {
        let value: Value = serde_json::from_slice(body).map_err(|e| NotAnAnswer(e.to_string()))?;
        let Value::Object(members) = &value else {
            return Err(NotAnAnswer("it is no JSON object".to_owned()));
        };
        if let Some(Value::Object(response)) = members.get("Response") {
            return api3(response);
        }
        let code = code(members)?;
        if code.is_success() {
            return Ok(Self::Success(value));
        }
        let message = members.get("message").and_then(Value::as_str).unwrap_or_default().to_owned();
        Ok(Self::Failure(ApiError {
            code,
            module_error: message.parse().ok(),
            message,
            request_id: members.get("requestId").and_then(Value::as_str).map(str::to_owned),
            body: value,
        }))
    }
}

/// What stands in `Response`.
fn api3(response: &Map<String, Value>) -> Result<Response, NotAnAnswer> {
    let Some(Value::Object(error)) = response.get("Error") else {
        return Ok(Response::Success(Value::Object(response.clone())));
    };
    let name = error.get("Code").and_then(Value::as_str).unwrap_or_default();
    let number = error.get("Number").and_then(Value::as_u64).and_then(|n| u16::try_from(n).ok());
    let code = number.map(Code::from_wire).or_else(|| Code::from_api3(name));
    let code = code.ok_or_else(|| NotAnAnswer("it has no known `Code`".to_owned()))?;
    let others = response.iter().filter(|(name, _)| *name != "Error");
    let mut body: Map<String, Value> = error
        .iter()
        .filter(|(name, _)| !matches!(name.as_str(), "Code" | "Number"))
        .chain(others)
        .map(|(name, value)| (small(name), value.clone()))
        .collect();
    body.insert("code".to_owned(), Value::from(code.number()));
    body.insert("codeDesc".to_owned(), Value::from(name));
    let text = |name: &str| body.get(name).and_then(Value::as_str).map(str::to_owned);
    let message = text("message").unwrap_or_default();
    Ok(Response::Failure(ApiError {
        code,
        module_error: message.parse().ok(),
        message,
        request_id: text("requestId"),
        body: Value::Object(body),
    }))
}

fn small(name: &str) -> String {
    let mut rest = name.chars();
    let first = rest.next().map(|c| c.to_ascii_lowercase());
    first.into_iter().chain(rest).collect()
}

fn code(members: &Map<String, Value>) -> Result<Code, NotAnAnswer> {
    let number = match members.get("code") {
        Some(Value::Number(number)) => number.as_u64().and_then(|n| u16::try_from(n).ok()),
        Some(Value::String(text)) if text.bytes().all(|b| b.is_ascii_digit()) => text.parse().ok(),
        Some(_) | None => None,
    };
    number.map(Code::from_wire).ok_or_else(|| NotAnAnswer("it has no readable `code`".to_owned()))
}

#[cfg(test)]
mod spec {
    use super::*;

    #[test]
    fn both_spellings_of_the_code_are_read_and_unknown_codes_are_kept() {
        for (body, code) in [
            (r#"{"code":5100,"message":"x"}"#, Code::OperationFailed),
            (r#"{"code":"5100","message":"x"}"#, Code::OperationFailed),
            (r#"{"code":4104,"message":"x"}"#, Code::Other(4104)),
            (r#"{"code":"4000"}"#, Code::InvalidParameter),
        ] {
            let Response::Failure(error) = Response::parse(body.as_bytes()).unwrap() else {
                panic!("{body}")
            };
            assert_eq!(error.code, code, "{body}");
        }
        assert!(matches!(Response::parse(br#"{"code":"0"}"#), Ok(Response::Success(_))));
    }

    #[test]
    fn the_envelope_of_api_3_is_read_into_the_same_codes() {
        for (error, code) in [
            (
                r#"{"Code":"AuthFailure.SignatureFailure","Message":"m","Number":4100}"#,
                Code::AuthFailure,
            ),
            (r#"{"Code":"RequestLimitExceeded","Message":"m"}"#, Code::QuotaExceeded),
            (
                r#"{"Code":"FailedOperation","Message":"m","Reason":"R","Retryable":false}"#,
                Code::OperationFailed,
            ),
        ] {
            let body = format!(r#"{{"Response":{{"Error":{error},"RequestId":"r"}}}}"#);
            let Response::Failure(error) = Response::parse(body.as_bytes()).unwrap() else {
                panic!("{body}")
            };
            assert_eq!((error.code, error.message.as_str()), (code, "m"), "{body}");
            assert_eq!(error.request_id.as_deref(), Some("r"));
            assert_eq!(error.body["code"], code.number());
        }
        let body = br#"{"Response":{"TotalCount":2,"RequestId":"r"}}"#;
        let Response::Success(answer) = Response::parse(body).unwrap() else { panic!("a success") };
        assert_eq!(answer["TotalCount"], 2);
        let unknown = br#"{"Response":{"Error":{"Code":"Strange","Message":"m"},"RequestId":"r"}}"#;
        assert!(Response::parse(unknown).is_err());
    }

    #[test]
    fn what_is_no_answer_is_said_to_be_none() {
        for body in [
            "",
            "<html>",
            "[]",
            "{}",
            r#"{"code":null}"#,
            r#"{"code":-1}"#,
            r#"{"code":"+1"}"#,
            r#"{"code":70000}"#,
            r#"{"code":1.5}"#,
            r#"{"code":""}"#,
        ] {
            assert!(Response::parse(body.as_bytes()).is_err(), "{body}");
        }
    }

    #[test]
    fn an_error_prints_code_message_and_request_id() {
        let Response::Failure(error) =
            Response::parse(br#"{"code":5100,"message":"(100004) incorrect projectId","requestId":"r","reason":"R"}"#).unwrap()
        else {
            panic!("a refusal")
        };
        assert_eq!(error.to_string(), "5100 (100004) incorrect projectId [r]");
        assert_eq!(
            (error.reason(), error.module_error.as_ref().unwrap().code.as_str()),
            (Some("R"), "100004")
        );
    }
}

//! The error contract of a cloud API: 17 codes, module errors, and the one shape of every answer.
//!
//! This crate stands alone: a client that only reads answers needs nothing else of Faregate.
//!
//! ```
//! use faregate_contract::{Code, Response};
//!
//! let body = r#"{"code": "5100", "message": "(100004) incorrect projectId", "requestId": "r-1"}"#;
//! let Response::Failure(error) = Response::parse(body.as_bytes())? else { panic!("a refusal") };
//! assert_eq!(error.code, Code::OperationFailed);
//! let module = error.module_error.ok_or("a module error")?;
//! assert_eq!((module.code.as_str(), module.description.as_str()), ("100004", "incorrect projectId"));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! Stable for ever: the numbers, their Error Types and Descriptions, the names of reasons, and that
//! `code`, `message`, `codeDesc` and `requestId` stand in every answer. Wording of messages is not.

mod answer;
mod code;
mod dialect;
mod effect;
pub mod envelope;
mod message;
mod module_code;
mod reason;
mod refusal;
mod request_id;
mod response;
mod retry;

pub use answer::{Answer, Item, Members, Outcome};
pub use code::{Code, Family, UnknownCode};
pub use dialect::Dialect;
pub use effect::Effect;
pub use message::{Detail, Public};
pub use module_code::{ModuleError, NotAModuleError};
pub use reason::Reason;
pub use refusal::{Origin, Param, Refusal};
pub use request_id::RequestId;
pub use response::{ApiError, NotAnAnswer, Response};
pub use retry::Retry;

#[doc = include_str!("../README.md")]
#[cfg(doctest)]
struct Readme;

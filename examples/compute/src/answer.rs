//! What a call is answered: a result, an error of the module, problem+json, or a bare status.

use bytes::Bytes;
use http_body_util::Full;
use hyper::header::{CONTENT_TYPE, HeaderValue};
use hyper::{Response, StatusCode};
use serde_json::{Value, json};

/// A whole answer, ready to be written or saved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    media_type: Option<&'static str>,
    pub(crate) body: Bytes,
}

impl Answer {
    pub(crate) fn result(value: &Value) -> Self {
        Self::saved(StatusCode::OK, Bytes::from(value.to_string()))
    }

    /// An answer of JSON, as it stands in the table `answers`.
    pub(crate) fn saved(status: StatusCode, body: Bytes) -> Self {
        Self { status, media_type: Some("application/json"), body }
    }

    pub(crate) fn page(html: &'static str) -> Self {
        Self {
            status: StatusCode::OK,
            media_type: Some("text/html"),
            body: Bytes::from_static(html.as_bytes()),
        }
    }

    pub(crate) fn bare(status: StatusCode) -> Self {
        Self { status, media_type: None, body: Bytes::new() }
    }

    fn problem(status: StatusCode, detail: &str) -> Self {
        let title = status.canonical_reason().unwrap_or_default();
        // RFC 9457 4.2.1: `about:blank` says no more than the status does.
        let body = json!({
            "type": "about:blank", "title": title, "status": status.as_u16(), "detail": detail
        });
        Self {
            status,
            media_type: Some("application/problem+json"),
            body: Bytes::from(body.to_string()),
        }
    }

    pub(crate) fn into_response(self) -> Response<Full<Bytes>> {
        let mut response = Response::new(Full::new(self.body));
        *response.status_mut() = self.status;
        if let Some(media_type) = self.media_type {
            response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(media_type));
        }
        response
    }
}

/// The errors that only this module has. The document holds cause and fix of each.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum ModuleError {
    IncorrectProject,
    NoSuchImage { image: String },
    Running,
    AlreadyStopped,
    Stopped,
    SoldOut { instance_type: &'static str, zone: &'static str },
    NotOffered { instance_type: &'static str, zone: &'static str },
}

impl ModuleError {
    /// The common code and the module's own.
    pub(crate) const fn codes(&self) -> (u16, &'static str) {
        match self {
            Self::IncorrectProject => (5100, "100004"),
            Self::NoSuchImage { .. } => (4000, "100008"),
            Self::Running => (5100, "100010"),
            Self::AlreadyStopped => (5100, "100011"),
            Self::Stopped => (5100, "100012"),
            Self::SoldOut { .. } => (5200, "200001"),
            Self::NotOffered { .. } => (5200, "200002"),
        }
    }

    fn message(&self) -> String {
        match self {
            Self::IncorrectProject => "incorrect projectId".to_owned(),
            Self::NoSuchImage { image } => format!("no image `{image}`"),
            Self::Running => "instance is running".to_owned(),
            Self::AlreadyStopped => "instance is already stopped".to_owned(),
            Self::Stopped => "instance is stopped".to_owned(),
            Self::SoldOut { instance_type, zone } => {
                format!("{instance_type} is sold out in {zone}")
            }
            Self::NotOffered { instance_type, zone } => {
                format!("{instance_type} is not offered in {zone}")
            }
        }
    }

    pub(crate) fn answer(&self) -> Answer {
        let (code, module_code) = self.codes();
        let status = if code == 4000 { StatusCode::BAD_REQUEST } else { StatusCode::CONFLICT };
        let body = json!({ "code": code, "moduleCode": module_code, "message": self.message() });
        Answer::saved(status, Bytes::from(body.to_string()))
    }
}

/// Why a call was not done. Nothing is changed by a refused call.
#[derive(Debug)]
pub(crate) enum Refusal {
    Module(ModuleError),
    /// No such instance of this account: the same bare 404 whether it never was, was returned or is another's.
    Absent,
    Malformed(String),
    NoSuchPath,
    MethodNotAllowed,
    TooLarge,
    /// The same `Idempotency-Key` came with other parameters.
    KeyReused,
    Store(rusqlite::Error),
}

impl Refusal {
    pub(crate) fn answer(&self) -> Answer {
        match self {
            Self::Module(error) => error.answer(),
            Self::Absent => Answer::bare(StatusCode::NOT_FOUND),
            Self::Malformed(detail) => Answer::problem(StatusCode::BAD_REQUEST, detail),
            Self::NoSuchPath => Answer::problem(StatusCode::NOT_FOUND, "nothing is served here"),
            Self::MethodNotAllowed => Answer::bare(StatusCode::METHOD_NOT_ALLOWED),
            Self::TooLarge => Answer::bare(StatusCode::PAYLOAD_TOO_LARGE),
            Self::KeyReused => Answer::problem(
                StatusCode::UNPROCESSABLE_ENTITY,
                "the Idempotency-Key was used before with other parameters",
            ),
            // The caller is the gateway, which logs the detail and never shows it.
            Self::Store(error) => {
                Answer::problem(StatusCode::INTERNAL_SERVER_ERROR, &error.to_string())
            }
        }
    }
}

impl From<rusqlite::Error> for Refusal {
    fn from(error: rusqlite::Error) -> Self {
        Self::Store(error)
    }
}

impl From<ModuleError> for Refusal {
    fn from(error: ModuleError) -> Self {
        Self::Module(error)
    }
}

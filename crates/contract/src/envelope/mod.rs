//! `render`: every answer leaves through here. Total: there is no answer that it cannot write.

mod api3;
mod problem;
mod v2;

use crate::{Answer, Code, Effect, Item, Refusal};

/// How the client wants to read the answer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Format {
    /// The v2 envelope, HTTP status 200 whatever the code: the SDKs take any other status for a broken
    /// network (PROTOCOL 2).
    #[default]
    V2,
    /// The envelope of API 3.0, HTTP status 200 as well, and for the same reason (PROTOCOL 3.2).
    Api3,
    /// RFC 9457, with a real status; only by `Accept: application/problem+json`.
    Problem,
}

/// What an installation says of itself in its answers.
#[derive(Clone, Debug)]
pub struct Voice {
    /// Where its error reference stands: `http://127.0.0.1:9090`, without a slash at the end.
    pub pages: String,
    /// Whom to ask when something broke: a mail address, a URL, a name.
    pub support: String,
}

/// An answer in bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rendered {
    /// The HTTP status.
    pub status: u16,
    /// The content type.
    pub content_type: &'static str,
    /// The body.
    pub body: Vec<u8>,
}

/// What a ResumeToken begins with; the RequestId of the batch follows.
pub const RESUME_PREFIX: &str = "rt-";

/// What goes on with what a batch left undone; none where nothing is, or nobody knows what is.
fn resume_token(answer: &Answer, items: &[Item]) -> Option<String> {
    let failed = items.iter().filter_map(|item| item.result.as_ref().err());
    let open = failed.into_iter().any(|refusal| refusal.effect != Effect::Unknown);
    open.then(|| format!("{RESUME_PREFIX}{}", answer.request_id))
}

/// What is said of a batch as a whole, unless all of it went well.
struct Summary {
    reason: &'static str,
    message: String,
}

/// The bytes of an answer.
#[must_use]
pub fn render(answer: &Answer, format: Format, voice: &Voice) -> Rendered {
    match format {
        Format::V2 => v2::render(answer, voice),
        Format::Api3 => api3::render(answer, voice),
        Format::Problem => problem::render(answer, voice),
    }
}

impl Voice {
    /// The page of a refusal.
    #[must_use]
    pub fn doc_url(&self, refusal: &Refusal) -> String {
        format!("{}/errors/{}#{}", self.pages, refusal.code, refusal.reason)
    }

    /// The whole message: the refusal's own, then the document that the page's Description refers to,
    /// or whom to ask. A module's message stays the module's.
    #[must_use]
    pub fn message(&self, refusal: &Refusal) -> String {
        let mut message = refusal.message();
        if refusal.module.is_some() {
            return message;
        }
        if let Some(document) = document(refusal.code) {
            message.push_str(&format!(" See {}/docs/{document}.", self.pages));
        }
        if asks_for_support(refusal.code) {
            message.push_str(&format!(" If it goes on, ask {}.", self.support));
        }
        message
    }
}

/// The document that a code's Description refers to.
#[must_use]
pub const fn document(code: Code) -> Option<&'static str> {
    match code {
        Code::AuthFailure => Some("authentication"),
        Code::RequestExpired => Some("request-validity-period"),
        Code::QuotaExceeded => Some("request-quota"),
        Code::ProtocolNotSupported => Some("protocols"),
        Code::Success
        | Code::InvalidParameter
        | Code::AccessDenied
        | Code::ReplayAttack
        | Code::ResourceNotFound
        | Code::OperationFailed
        | Code::ResourceInsufficient
        | Code::InsufficientBalance
        | Code::PartialSuccess
        | Code::UserQualificationAuditFailed
        | Code::InternalError
        | Code::VersionNotSupported
        | Code::ServiceUnavailable
        | Code::Other(_) => None,
    }
}

/// "Try again later or contact customer service personnel for help": 5100 and 6000 say whom.
const fn asks_for_support(code: Code) -> bool {
    matches!(code, Code::OperationFailed | Code::InternalError)
}

#[cfg(test)]
mod spec;

//! Dialects: how a call is read, whichever way its client speaks (PROTOCOL, the table at the top).
//!
//! A dialect is told by the request alone, never by a setting. It reads the request into an [`Input`] and a
//! [`Common`](crate::parameters::Common), checks its signature ([`crate::authn`]) and chooses the envelope of the answer;
//! between the two the gates do not know it.

mod input;
mod json;
mod tc3;
mod v2;

use faregate_catalog::Operation;
use faregate_contract::{Dialect, Members, Outcome};
use faregate_signing::Method;

use crate::call::{Body, RawCall};
use crate::parameters::{Common, Limits, Refused};
use crate::protocol::Accepted;

pub use input::Input;

/// What the head of a request says about its dialect.
#[derive(Clone, Copy, Debug)]
pub struct Head<'a> {
    /// The path.
    pub path: &'a str,
    /// The `Authorization` header.
    pub authorization: Option<&'a str>,
    /// There is an `X-TC-Action` header.
    pub names_action: bool,
}

impl Head<'_> {
    /// Does it speak TC3? On `/` any `Authorization` is meant to be one, and an action in a header is TC3's alone;
    /// elsewhere an `Authorization` of another kind is none of our business.
    #[must_use]
    pub fn is_tc3(&self) -> bool {
        let signed = |header: &str| header.starts_with("TC3-") || header == SKIP;
        if self.path == Dialect::Tc3.path() {
            self.authorization.is_some() || self.names_action
        } else {
            self.authorization.is_some_and(signed)
        }
    }

    /// The dialect; `parameters` are the bytes that may hold a `Version`.
    #[must_use]
    pub fn dialect(&self, parameters: &[u8]) -> Dialect {
        if self.is_tc3() {
            Dialect::Tc3
        } else if self.path == Dialect::RootV1.path() {
            Dialect::RootV1
        } else if names_version(parameters) {
            Dialect::V2Versioned
        } else {
            Dialect::V2
        }
    }
}

/// `Authorization: SKIP`: a call that is not signed at all.
pub(crate) const SKIP: &str = "SKIP";

/// The dialect of a call, by its head and whichever of query and body may hold its parameters.
#[must_use]
pub fn of(head: &Head<'_>, query: Option<&str>, body: &Body) -> Dialect {
    match (body, query) {
        (Body::Whole(body), _) if !body.is_empty() => head.dialect(body),
        (Body::Whole(_) | Body::TooLarge { .. } | Body::Broken, query) => {
            head.dialect(query.unwrap_or_default().as_bytes())
        }
    }
}

/// Is there a parameter `Version`: in a form, or as a part of a multipart body.
fn names_version(parameters: &[u8]) -> bool {
    const NAME: &[u8] = b"Version=";
    const PART: &[u8] = b"name=\"Version\"";
    memchr::memchr_iter(b'V', parameters).any(|at| {
        let from_here = parameters.get(at..).unwrap_or_default();
        let is_form = at == 0 || parameters.get(at - 1) == Some(&b'&');
        let quoted = at.checked_sub(6).and_then(|from| parameters.get(from..));
        (is_form && from_here.starts_with(NAME))
            || quoted.is_some_and(|quoted| quoted.starts_with(PART))
    })
}

/// The kind of a body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Media {
    /// `application/x-www-form-urlencoded`, as a query is.
    Form,
    /// `multipart/form-data`.
    Multipart,
    /// `application/json`; an octet-stream is read as one too.
    Json,
}

impl Media {
    /// What a body of this type is, in this dialect; none if it is not spoken there.
    #[must_use]
    pub fn of(dialect: Dialect, content_type: Option<&str>) -> Option<Self> {
        // CMQ's SDK posts its form without a Content-Type, so a missing one is a form (PROTOCOL 1.1). TC3 signs the
        // header, so one that is missing is refused with the signature.
        let essence = content_type.and_then(|media| media.split(';').next()).unwrap_or_default();
        let is = |name: &str| essence.trim().eq_ignore_ascii_case(name);
        if is("multipart/form-data") {
            return Some(Self::Multipart);
        }
        match dialect {
            Dialect::V2 | Dialect::V2Versioned | Dialect::RootV1 => (content_type.is_none()
                || is("application/x-www-form-urlencoded"))
            .then_some(Self::Form),
            Dialect::Tc3 => {
                (content_type.is_none() || is("application/json") || is("application/octet-stream"))
                    .then_some(Self::Json)
            }
        }
    }

    /// The types that a dialect speaks, for its refusal.
    #[must_use]
    pub const fn spoken(dialect: Dialect) -> &'static str {
        match dialect {
            Dialect::V2 | Dialect::V2Versioned | Dialect::RootV1 => {
                "`application/x-www-form-urlencoded` or `multipart/form-data`"
            }
            Dialect::Tc3 => {
                "`application/json`, `multipart/form-data` or `application/octet-stream`"
            }
        }
    }
}

/// Reads a call: what was sent, and the common parameters of it.
pub(crate) fn read(accepted: &Accepted, limits: &Limits) -> Result<(Input, Common), Refused> {
    let raw = accepted.raw();
    let body: &[u8] = match &raw.body {
        Body::Whole(bytes) => bytes,
        Body::TooLarge { bytes_max } => return Err(Refused::BodyTooLarge(*bytes_max)),
        Body::Broken => return Err(Refused::BodyIncomplete),
    };
    let query = raw.query.as_deref().unwrap_or_default();
    if query.len() > limits.query_bytes_max {
        return Err(Refused::QueryTooLarge(limits.query_bytes_max));
    }
    let sent = match accepted.method() {
        Method::Get if !body.is_empty() => return Err(Refused::WrongPlace(Method::Get)),
        Method::Post if !query.is_empty() => return Err(Refused::WrongPlace(Method::Post)),
        Method::Get => Sent { media: Media::Form, bytes: query.as_bytes(), content_type: "" },
        Method::Post => Sent {
            media: accepted.media(),
            bytes: body,
            content_type: raw.content_type.as_deref().unwrap_or_default(),
        },
    };
    match raw.dialect {
        Dialect::V2 | Dialect::V2Versioned => v2::read(&sent, false, limits),
        Dialect::RootV1 => v2::read(&sent, true, limits),
        Dialect::Tc3 => tc3::read(raw, &sent, limits),
    }
}

/// A result with its members as API 3.0 spells them; a refusal has none.
#[must_use]
pub fn respell(operation: &Operation, outcome: Outcome) -> Outcome {
    let spell = |members: Members| {
        let respelt = operation.respell(&format!("{{{}}}", members.as_str()));
        respelt.as_deref().and_then(Members::of_object).unwrap_or(members)
    };
    match outcome {
        Outcome::Success(members) => Outcome::Success(spell(members)),
        Outcome::Batch(mut items) => {
            for item in &mut items {
                item.result = match std::mem::replace(&mut item.result, Ok(Members::none())) {
                    Ok(members) => Ok(spell(members)),
                    refused @ Err(_) => refused,
                };
            }
            Outcome::Batch(items)
        }
        refused @ Outcome::Refused(_) => refused,
    }
}

/// The bytes that hold the parameters: the query of a GET, the body of a POST (PROTOCOL 1.1).
struct Sent<'a> {
    media: Media,
    bytes: &'a [u8],
    content_type: &'a str,
}

/// A header of a call whose headers were kept; two of one name are a fault of the caller's to find.
pub(crate) fn header<'a>(raw: &'a RawCall, name: &str) -> Option<&'a str> {
    let found = raw.headers.iter().find(|(sent, _)| sent.eq_ignore_ascii_case(name));
    found.map(|(_, value)| value.as_str())
}

#[cfg(test)]
mod spec;

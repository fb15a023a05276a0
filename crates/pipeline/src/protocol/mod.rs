//! 4600 Protocol is not supported: only what is spoken here goes on.
//!
//! First of all gates, because what follows presumes it: two methods, two places for parameters, a
//! few media types. Closed lists also keep the string to sign honest: its prefix `METHOD + host + path` has
//! no separators, so none of the three may be free text (RELIABILITY 1.3, rule 2).
//! Invariant: an `Accepted` is a GET or a POST whose body its dialect can read. Never: looks at parameters.

use std::borrow::Cow;

use faregate_contract::{Code, Origin, Public, Reason, Refusal};
use faregate_signing::Method;

use crate::call::{RawCall, RawMethod};
use crate::dialect::Media;

/// A call in a protocol that is spoken here.
#[derive(Debug)]
pub struct Accepted {
    raw: Box<RawCall>,
    method: Method,
    media: Media,
}

impl Accepted {
    /// The call as it was read.
    #[must_use]
    pub fn raw(&self) -> &RawCall {
        &self.raw
    }

    /// GET or POST.
    #[must_use]
    pub fn method(&self) -> Method {
        self.method
    }

    /// What the body of a POST is.
    #[must_use]
    pub fn media(&self) -> Media {
        self.media
    }
}

/// The reasons of this room.
pub const REASONS: &[Reason] = &[METHOD_NOT_ALLOWED, MEDIA_TYPE, UNSPOKEN_FEATURE, PLAIN_HTTP];
const METHOD_NOT_ALLOWED: Reason = Reason::new("METHOD_NOT_ALLOWED");
const MEDIA_TYPE: Reason = Reason::new("MEDIA_TYPE");
const UNSPOKEN_FEATURE: Reason = Reason::new("UNSPOKEN_FEATURE");
const PLAIN_HTTP: Reason = Reason::new("PLAIN_HTTP");

/// Why a protocol is not spoken.
#[derive(Debug, PartialEq, Eq)]
pub enum Refused {
    /// A method other than GET and POST.
    Method(String),
    /// A POST body of a type that the dialect does not speak.
    MediaType {
        /// As sent.
        sent: String,
        /// What is spoken.
        spoken: &'static str,
    },
    /// An encoding, an expectation, a body without its length, a target that is a whole URL.
    Feature(String),
    /// Plain HTTP where the module demands https.
    PlainHttp {
        /// The module's domain.
        domain: String,
    },
}

impl From<Refused> for Refusal {
    fn from(refused: Refused) -> Self {
        let (reason, say): (_, Cow<'static, str>) = match refused {
            Refused::Method(method) => (
                METHOD_NOT_ALLOWED,
                format!(
                    "the method {} is not spoken here; use GET or POST.",
                    Public::echo(&method)
                )
                .into(),
            ),
            Refused::MediaType { sent, spoken } => (
                MEDIA_TYPE,
                format!(
                    "a body of type {} is not read; send the parameters as {spoken}.",
                    Public::echo(&sent)
                )
                .into(),
            ),
            Refused::Feature(feature) => (
                UNSPOKEN_FEATURE,
                format!("{} is not spoken here; send the request plainly.", Public::echo(&feature))
                    .into(),
            ),
            Refused::PlainHttp { domain } => (
                PLAIN_HTTP,
                format!(
                    "this API only speaks HTTPS, not plain HTTP; call https://{domain} instead."
                )
                .into(),
            ),
        };
        Refusal::new(Code::ProtocolNotSupported, reason, Origin::Client, Public::new(say))
    }
}

/// Accepts a GET, or a POST of a body that its dialect reads.
///
/// # Errors
/// 4600 for any other method, media type or feature of HTTP.
pub fn check(raw: RawCall) -> Result<Accepted, Refused> {
    let method = match &raw.method {
        RawMethod::Get => Method::Get,
        RawMethod::Post => Method::Post,
        RawMethod::Other(method) => return Err(Refused::Method(method.clone())),
    };
    if let Some(feature) = &raw.unspoken {
        return Err(Refused::Feature(feature.clone()));
    }
    let media = match (method, Media::of(raw.dialect, raw.content_type.as_deref())) {
        // The parameters of a GET are its query, whatever type it says it has.
        (Method::Get, _) => Media::Form,
        (Method::Post, Some(media)) => media,
        (Method::Post, None) => {
            let sent = raw.content_type.unwrap_or_default();
            return Err(Refused::MediaType { sent, spoken: Media::spoken(raw.dialect) });
        }
    };
    Ok(Accepted { raw: Box::new(raw), method, media })
}

/// 4600 for plain HTTP to a module that demands https; made here, asked for by `routing`.
#[must_use]
pub fn plain_http(domain: &str) -> Refusal {
    Refused::PlainHttp { domain: domain.to_owned() }.into()
}

/// 4600 for a feature of HTTP that is not spoken; asked for by the edge before there is a call.
#[must_use]
pub fn unspoken(feature: &str) -> Refusal {
    Refused::Feature(feature.to_owned()).into()
}

#[cfg(test)]
mod spec;

//! 4600 Protocol is not supported: only what is spoken here goes on.
//!
//! First of all gates, because what follows presumes it: two methods, two places for parameters, one
//! media type. Closed lists also keep the string to sign honest: its prefix `METHOD + host + path` has
//! no separators, so none of the three may be free text (RELIABILITY 1.3, rule 2).
//! Invariant: an `Accepted` is a GET or a POST of a form. Never: looks at parameters.

use std::borrow::Cow;

use faregate_contract::{Code, Origin, Public, Reason, Refusal};
use faregate_signing::Method;

use crate::call::{RawCall, RawMethod};

/// A call in a protocol that is spoken here.
#[derive(Debug)]
pub struct Accepted {
    raw: Box<RawCall>,
    method: Method,
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
    /// A POST body that is no form.
    MediaType(String),
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
                format!("the method {} is not spoken here; use GET or POST.", Public::echo(&method)).into(),
            ),
            Refused::MediaType(media) => (
                MEDIA_TYPE,
                format!(
                    "a body of type {} is not read; send the parameters as `application/x-www-form-urlencoded`.",
                    Public::echo(&media)
                )
                .into(),
            ),
            Refused::Feature(feature) => (
                UNSPOKEN_FEATURE,
                format!("{} is not spoken here; send the request plainly.", Public::echo(&feature)).into(),
            ),
            Refused::PlainHttp { domain } => (
                PLAIN_HTTP,
                format!("this API only speaks HTTPS, not plain HTTP; call https://{domain} instead.").into(),
            ),
        };
        Refusal::new(Code::ProtocolNotSupported, reason, Origin::Client, Public::new(say))
    }
}

/// Accepts a GET, or a POST of a form.
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
    if let (Method::Post, Some(media)) = (method, &raw.content_type) {
        // CMQ's SDK posts its form without a Content-Type, so a missing one is a form (PROTOCOL 1.1).
        let essence = media.split(';').next().unwrap_or_default().trim();
        if !essence.eq_ignore_ascii_case("application/x-www-form-urlencoded") {
            return Err(Refused::MediaType(media.clone()));
        }
    }
    Ok(Accepted { raw: Box::new(raw), method })
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

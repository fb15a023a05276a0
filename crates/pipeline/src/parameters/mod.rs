//! 4000 Invalid request parameter: read once, strictly, before any MAC; judged later, all at once.
//!
//! `decode` stands before the signature because the signature is a parameter. `validate` stands after the
//! quota because it costs the most of all local checks. Nothing is guessed in between: no "first wins",
//! no "last wins" (RELIABILITY 1.3, rule 1).
//! Invariant: what a `Valid` hands on is what the signature covered. Never: normalises Unicode.

mod common;
mod fields;
mod pairs;

use std::borrow::Cow;

use faregate_catalog::UpstreamRequest;
use faregate_contract::{Code, Origin, Param, Public, Reason, Refusal};
use faregate_signing::Method;
use serde_json::{Map, Value};

use crate::batch::Resumed;
use crate::dialect::{self, Input};
use crate::quota::Admitted;
use crate::routing::Located;

pub(crate) use common::Faults;
pub use common::{Common, Proof, is_common, is_shared, is_token};
pub use pairs::{Pairs, PairsFault};

/// How much a request may bring.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Longest query, in bytes (PROTOCOL 1.1: 32 KiB).
    pub query_bytes_max: usize,
    /// Most parameters (RELIABILITY 5).
    pub parameters_max: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { query_bytes_max: 32 * 1024, parameters_max: 512 }
    }
}

/// A call whose parameters are read and whose common ones are well formed.
#[derive(Debug)]
pub struct Decoded {
    of: Located,
    input: Input,
    common: Common,
}

owns!(Decoded => Located);

impl Decoded {
    /// What was sent for the action.
    #[must_use]
    pub fn input(&self) -> &Input {
        &self.input
    }

    /// The common ones.
    #[must_use]
    pub fn common(&self) -> &Common {
        &self.common
    }
}

/// A call whose parameters its action's schema accepts.
#[derive(Debug)]
pub struct Valid {
    of: Admitted,
    arguments: Map<String, Value>,
    requests: Requests,
    resumed: Option<Box<Resumed>>,
}

owns!(Valid => Admitted);

/// What would go upstream: one request, or one an item.
#[derive(Debug)]
pub enum Requests {
    /// The whole call.
    One(UpstreamRequest),
    /// One an item, in the order of the items.
    Each(Vec<(String, UpstreamRequest)>),
}

impl Valid {
    /// The parameters, typed.
    #[must_use]
    pub fn arguments(&self) -> &Map<String, Value> {
        &self.arguments
    }

    /// What an earlier call of its batch settled.
    pub fn resumed(&self) -> Option<&Resumed> {
        self.resumed.as_deref()
    }

    /// The same call, which goes on with an earlier one.
    pub fn resuming(self, resumed: Resumed) -> Self {
        Self { resumed: Some(Box::new(resumed)), ..self }
    }

    /// What would go upstream.
    #[must_use]
    pub fn requests(&self) -> &Requests {
        &self.requests
    }
}

/// The reasons of this room.
pub const REASONS: &[Reason] = &[
    MALFORMED_HTTP,
    BODY_TOO_LARGE,
    BODY_INCOMPLETE,
    QUERY_TOO_LARGE,
    TOO_MANY_PARAMETERS,
    BAD_ENCODING,
    BODY_NOT_JSON,
    BAD_MULTIPART,
    BINARY_PART,
    BAD_NAME,
    DUPLICATE_NAME,
    TWIN_NAMES,
    WRONG_PLACE,
    MISSING,
    MALFORMED,
    WRONG_TYPE,
    OUT_OF_RANGE,
    NOT_ALLOWED,
    PATTERN,
    FORMAT,
    LENGTH,
    TOO_MANY,
    TOO_FEW,
    REPEATED,
    UNKNOWN_PARAMETER,
    BAD_INDEX,
    CONFLICT,
    TOO_DEEP,
    PATH_SEGMENT,
    RULE,
    PRICE,
    TOKEN_REUSED,
    RESUME_TOKEN,
    REFUSED_BY_MODULE,
];
const MALFORMED_HTTP: Reason = Reason::new("MALFORMED_HTTP");
const BODY_TOO_LARGE: Reason = Reason::new("BODY_TOO_LARGE");
const BODY_INCOMPLETE: Reason = Reason::new("BODY_INCOMPLETE");
const QUERY_TOO_LARGE: Reason = Reason::new("QUERY_TOO_LARGE");
const TOO_MANY_PARAMETERS: Reason = Reason::new("TOO_MANY_PARAMETERS");
const BAD_ENCODING: Reason = Reason::new("BAD_ENCODING");
const BODY_NOT_JSON: Reason = Reason::new("BODY_NOT_JSON");
const BAD_MULTIPART: Reason = Reason::new("BAD_MULTIPART");
const BINARY_PART: Reason = Reason::new("BINARY_PART");
const BAD_NAME: Reason = Reason::new("BAD_NAME");
const DUPLICATE_NAME: Reason = Reason::new("DUPLICATE_NAME");
const TWIN_NAMES: Reason = Reason::new("TWIN_NAMES");
const WRONG_PLACE: Reason = Reason::new("WRONG_PLACE");
const MISSING: Reason = Reason::new("MISSING");
const MALFORMED: Reason = Reason::new("MALFORMED");
const WRONG_TYPE: Reason = Reason::new("WRONG_TYPE");
const OUT_OF_RANGE: Reason = Reason::new("OUT_OF_RANGE");
const NOT_ALLOWED: Reason = Reason::new("NOT_ALLOWED");
const PATTERN: Reason = Reason::new("PATTERN");
const FORMAT: Reason = Reason::new("FORMAT");
const LENGTH: Reason = Reason::new("LENGTH");
const TOO_MANY: Reason = Reason::new("TOO_MANY");
const TOO_FEW: Reason = Reason::new("TOO_FEW");
const REPEATED: Reason = Reason::new("REPEATED");
const UNKNOWN_PARAMETER: Reason = Reason::new("UNKNOWN_PARAMETER");
const BAD_INDEX: Reason = Reason::new("BAD_INDEX");
const CONFLICT: Reason = Reason::new("CONFLICT");
const TOO_DEEP: Reason = Reason::new("TOO_DEEP");
const PATH_SEGMENT: Reason = Reason::new("PATH_SEGMENT");
const RULE: Reason = Reason::new("RULE");
const PRICE: Reason = Reason::new("PRICE");
const TOKEN_REUSED: Reason = Reason::new("TOKEN_REUSED");
const RESUME_TOKEN: Reason = Reason::new("RESUME_TOKEN");
const REFUSED_BY_MODULE: Reason = Reason::new("REFUSED_BY_MODULE");

/// Why the parameters of a call cannot be used.
#[derive(Debug)]
pub enum Refused {
    /// The bytes are no HTTP request.
    MalformedHttp(&'static str),
    /// The body is larger than the limit.
    BodyTooLarge(usize),
    /// The body ended early or came too slowly.
    BodyIncomplete,
    /// The query is longer than that many bytes.
    QueryTooLarge(usize),
    /// The pairs could not be read.
    Pairs(PairsFault),
    /// The body is no JSON object; the end of a sentence.
    Json(String),
    /// A member of a JSON object stands twice.
    JsonTwice(String),
    /// A header that decides something stands twice.
    HeaderTwice(&'static str),
    /// The multipart body could not be read; the end of a sentence.
    Multipart(&'static str),
    /// A part that is no text.
    BinaryPart(String),
    /// A query on a POST, or a body on a GET.
    WrongPlace(Method),
    /// Parameters that are missing or wrong, all of them.
    Fields(Vec<(Reason, Param)>),
    /// The price of the call cannot be computed from its parameters.
    Price(String),
    /// The token was used for another call: the parameters that differ.
    TokenReused(Vec<String>),
}

impl Refused {
    /// The reason and the sentence of what concerns no parameter by name, or one alone.
    fn say(self) -> (Reason, Cow<'static, str>, Vec<Param>) {
        let (reason, say): (_, Cow<'static, str>) = match self {
            Self::Pairs(fault) => return fault.say(),
            Self::Fields(faults) => return of_fields(faults),
            Self::TokenReused(names) => return token_reused_words(&names),
            Self::MalformedHttp(what) => {
                (MALFORMED_HTTP, format!("the request is not well-formed HTTP: {what}.").into())
            }
            Self::BodyTooLarge(max) => (
                BODY_TOO_LARGE,
                format!("the body is larger than the {max} bytes that are read.").into(),
            ),
            Self::BodyIncomplete => (
                BODY_INCOMPLETE,
                "the body ended before its announced end, or came too slowly.".into(),
            ),
            Self::QueryTooLarge(max) => (
                QUERY_TOO_LARGE,
                format!("the query is longer than the {max} bytes that are read; send a POST.")
                    .into(),
            ),
            Self::Json(why) => (BODY_NOT_JSON, format!("{why}.").into()),
            Self::JsonTwice(name) => (
                DUPLICATE_NAME,
                format!("the member {} stands twice in one object.", Public::echo(&name)).into(),
            ),
            Self::HeaderTwice(name) => {
                (DUPLICATE_NAME, format!("the header `{name}` stands twice.").into())
            }
            Self::Multipart(why) => {
                (BAD_MULTIPART, format!("the multipart body cannot be read: {why}.").into())
            }
            Self::BinaryPart(name) => (
                BINARY_PART,
                format!(
                    "the part {} holds bytes that are no UTF-8 text; encode them, with base64 for example.",
                    Public::echo(&name)
                )
                .into(),
            ),
            Self::WrongPlace(Method::Post) => (
                WRONG_PLACE,
                "a POST has its parameters in the body; this one has a query too.".into(),
            ),
            Self::WrongPlace(Method::Get) => (
                WRONG_PLACE,
                "a GET has its parameters in the query; this one has a body too.".into(),
            ),
            Self::Price(why) => {
                (PRICE, format!("the price of this call cannot be computed: {why}.").into())
            }
        };
        (reason, say, Vec::new())
    }
}

fn of_fields(faults: Vec<(Reason, Param)>) -> (Reason, Cow<'static, str>, Vec<Param>) {
    let reason = faults.first().map_or(RULE, |(reason, _)| *reason);
    let sentences: Vec<&str> = faults.iter().map(|(_, param)| param.message.as_str()).collect();
    let say = sentences.join(" ");
    (reason, say.into(), faults.into_iter().map(|(_, param)| param).collect())
}

impl From<Refused> for Refusal {
    fn from(refused: Refused) -> Self {
        let (reason, say, params) = refused.say();
        Refusal::new(Code::InvalidParameter, reason, Origin::Client, Public::new(say))
            .params(params)
    }
}

/// Reads the parameters: the query of a GET, the body of a POST (PROTOCOL 1.1).
///
/// # Errors
/// 4000 for what is too large, malformed, in the wrong place, duplicate, or a common parameter that is
/// missing or malformed.
pub fn decode(located: Located, limits: &Limits) -> Result<Decoded, Refused> {
    let (input, common) = dialect::read(&located, limits)?;
    let common = common.shared(&input).map_err(Refused::Fields)?;
    Ok(Decoded { of: located, input, common })
}

/// Judges the action's own parameters, every fault at once, up to twenty.
///
/// # Errors
/// 4000 for what the schema refuses.
pub fn validate(admitted: Admitted) -> Result<Valid, Refused> {
    let operation = admitted.operation();
    let capitals = admitted.raw().dialect.is_api3();
    let arguments = admitted
        .input()
        .read(&operation.parameters)
        .map_err(|faults| Refused::Fields(fields::judged(faults, capitals)))?;
    let requests = fields::requests(operation, &arguments, capitals)?;
    Ok(Valid { of: admitted, arguments, requests, resumed: None })
}

/// 4000 for a value that is none of the allowed ones; asked for by a fault on purpose.
#[must_use]
pub fn not_allowed(name: &str) -> Refusal {
    let message = format!("{} has a value that is not allowed.", Public::echo(name));
    let reason = NOT_ALLOWED.as_str().into();
    Refused::Fields(vec![(NOT_ALLOWED, Param { name: name.to_owned(), reason, message })]).into()
}

/// 4000 for any reason that a parameter can be refused for; asked for by a fault on purpose.
#[must_use]
pub fn refused_on_purpose(reason: Reason, name: &str) -> Refusal {
    let message = format!("{} is refused on purpose, as by {reason}.", Public::echo(name));
    let param = Param { name: name.to_owned(), reason: reason.as_str().into(), message };
    Refused::Fields(vec![(reason, param)]).into()
}

/// 4000 for a header `X-Faregate-Fault` that asks for what cannot be; the sandbox asks for it.
#[must_use]
pub fn no_such_fault(why: String) -> Refusal {
    let (name, reason) = ("X-Faregate-Fault".to_owned(), MALFORMED.as_str().into());
    let message = format!("the header X-Faregate-Fault is not understood: {why}.");
    Refused::Fields(vec![(MALFORMED, Param { name, reason, message })]).into()
}

/// 4000 for bytes that are no HTTP request; the edge asks for it before there is a call.
#[must_use]
pub fn malformed_http(what: &'static str) -> Refusal {
    Refused::MalformedHttp(what).into()
}

/// 4000 for a price that cannot be computed; asked for by `balance`.
#[must_use]
pub fn price(why: String) -> Refusal {
    Refused::Price(why).into()
}

/// 4000 for a token that was used for another call; asked for by `replay`.
#[must_use]
pub fn token_reused(differs: Vec<String>) -> Refusal {
    Refused::TokenReused(differs).into()
}

/// 4000 for an Idempotency-Key that is none, or that is not the ClientToken; asked for by `replay`.
#[must_use]
pub fn token_malformed(key: &str) -> Refusal {
    let message = if common::is_token(key) {
        "The Idempotency-Key and the ClientToken differ; send one of them.".to_owned()
    } else {
        format!("The Idempotency-Key is {}, not {}.", common::TOKEN_FORM, Public::echo(key))
    };
    let name = "Idempotency-Key".to_owned();
    Refused::Fields(vec![(MALFORMED, Param { name, reason: MALFORMED.as_str().into(), message })])
        .into()
}

/// 4000 for a ResumeToken that goes on with nothing; the end of a sentence. Asked for by `batch`.
#[must_use]
pub fn resume(why: &str) -> Refusal {
    let message = format!("The ResumeToken cannot be used: {why}.");
    let param = Param { name: "ResumeToken".into(), reason: RESUME_TOKEN.as_str().into(), message };
    Refused::Fields(vec![(RESUME_TOKEN, param)]).into()
}

fn token_reused_words(names: &[String]) -> (Reason, Cow<'static, str>, Vec<Param>) {
    let quoted: Vec<String> = names.iter().map(|name| Public::echo(name)).collect();
    let say = format!(
        "the ClientToken was used in the last day, by a call that differs in {}; draw a new token for a new call.",
        quoted.join(", ")
    );
    let params = names.iter().map(|name| Param {
        name: name.clone(),
        reason: TOKEN_REUSED.as_str().into(),
        message: format!("{} is not as in the first call of this token.", Public::echo(name)),
    });
    (TOKEN_REUSED, say.into(), params.collect())
}

/// 4000 as the module said it, in the gateway's voice; asked for by `operation`.
#[must_use]
pub fn refused_by_module(message: &str) -> Refusal {
    let say = format!("the module refused the parameters: {}.", message.trim_end_matches('.'));
    Refusal::new(Code::InvalidParameter, REFUSED_BY_MODULE, Origin::Module, Public::new(say))
}

#[cfg(test)]
mod spec;

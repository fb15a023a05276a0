//! A fault by `CODE.REASON`: each reason struck where its real cause would, by the constructor of the room that makes it.
//!
//! What a code's own fault answers with anyway is not repeated here: [`strike`] gives nothing for it. A reason that is
//! decided before a call's module is known is struck at the gate `action`, and leaves nothing behind, as the real one.

use faregate_catalog::Operation;
use faregate_contract::{Code, Origin, Public, Reason, Refusal, Retry};
use faregate_pipeline::availability::Open;
use faregate_pipeline::facts::{MinSignature, StoreDown, Switch, SwitchState};
use faregate_pipeline::fault::Fault;
use faregate_pipeline::operation::Upstream;
use faregate_pipeline::order;
use faregate_pipeline::validity::LooksLike;
use faregate_pipeline::{
    authn, authz, availability, parameters, protocol, quota, replay, routing, validity,
    verification,
};
use faregate_signing::Algorithm;

use super::Faked;
use super::plan::Strike;

/// What is said where the real cause has particulars.
const ON_PURPOSE: &str = "a fault on purpose";

/// Could the action ever meet this reason; its code it could.
pub(super) fn possible(code: Code, reason: &str, operation: &Operation) -> Result<(), String> {
    let action = &operation.action;
    let why = if reason == "PRICE" && operation.purchase.is_none() {
        "costs nothing"
    } else if matches!(reason, "ALL_FAILED" | "NOT_ATTEMPTED" | "RESUME_TOKEN")
        && operation.batch.is_none()
    {
        "is no batch"
    } else if reason == "UPSTREAM_NO_CREATED_ID" && operation.creates.is_none() {
        "creates nothing"
    } else if reason == "UPSTREAM_NO_LIST" && operation.filter.is_none() {
        "lists nothing"
    } else {
        return Ok(());
    };
    Err(format!("{code}.{reason} cannot be: `{action}` {why}"))
}

/// What each code's own fault answers with.
const OWN: &[(Code, &[&str])] = &[
    (Code::AuthFailure, &["SIGNATURE_MISMATCH"]),
    (Code::RequestExpired, &["STAMP_TOO_OLD"]),
    (Code::AccessDenied, &["NOT_IN_USER_RANGE"]),
    (Code::QuotaExceeded, &["RATE"]),
    (Code::ReplayAttack, &["NONCE_SEEN"]),
    (Code::ProtocolNotSupported, &["PLAIN_HTTP"]),
    (Code::ResourceNotFound, &["NO_SUCH_RESOURCE"]),
    (Code::OperationFailed, &["MODULE_ERROR", "ALL_FAILED"]),
    (Code::ResourceInsufficient, &["NOT_SOLD"]),
    (Code::InsufficientBalance, &["INSUFFICIENT_BALANCE"]),
    (Code::PartialSuccess, &["SOME_FAILED"]),
    (Code::UserQualificationAuditFailed, &["IDENTITY_NOT_VERIFIED"]),
    (Code::InternalError, &["UPSTREAM_STATUS"]),
    (Code::VersionNotSupported, &["LASTING_MAINTENANCE"]),
    (Code::ServiceUnavailable, &["MAINTENANCE"]),
];

/// The strike of a reason; none where the code's own fault has this reason.
pub(super) fn strike(
    code: Code,
    reason: Reason,
    open: &Open,
    policy: &validity::Policy,
) -> Option<Strike> {
    let name = reason.as_str();
    if OWN.iter().any(|(of, own)| *of == code && own.contains(&name)) {
        return None;
    }
    let at = |gate, refusal: Option<Refusal>| refusal.map(|it| Strike::refuse(gate, it));
    let made = match code {
        Code::InvalidParameter => Some(form_or_parameters(reason, open)),
        Code::AuthFailure => at(order::SIGNATURE, signature(name, open).map(Refusal::from)),
        Code::RequestExpired => at(order::VALIDITY, expired(name, open, policy).map(Refusal::from)),
        Code::AccessDenied => at(order::ACCESS, access(name, open).map(Refusal::from)),
        Code::QuotaExceeded => {
            at(order::REPLAY, (name == "NONCES_LIVE").then(|| quota::too_many_live(1)))
        }
        Code::ReplayAttack => seen(name, open, policy),
        Code::ProtocolNotSupported => at(order::ACTION, spoken(name, open).map(Refusal::from)),
        Code::VersionNotSupported => at(order::ACTION, elsewhere(name, open)),
        Code::ServiceUnavailable => unavailable(name),
        Code::InternalError => broken(name),
        Code::UserQualificationAuditFailed => at(order::IDENTITY, verification::of_reason(name)),
        Code::Success
        | Code::ResourceNotFound
        | Code::OperationFailed
        | Code::ResourceInsufficient
        | Code::InsufficientBalance
        | Code::PartialSuccess
        | Code::Other(_) => None,
    };
    Some(made.unwrap_or_else(|| plainly(code, reason)))
}

/// A reason whose real cause has more to tell than can be made up: in its place, with its name, and said to be on purpose.
fn plainly(code: Code, reason: Reason) -> Strike {
    let named = |codes: &[Code]| codes.contains(&code);
    let gate = if named(&[Code::QuotaExceeded]) {
        // Before the claim, so that the same bytes are good again, as after every 4400.
        order::REPLAY
    } else if named(&[Code::VersionNotSupported, Code::ServiceUnavailable]) {
        order::ACTION
    } else if named(&[Code::InternalError]) {
        order::PARAMETERS
    } else {
        let gate = order::ORDER.iter().rev().find(|gate| gate.codes.first() == Some(&code));
        gate.copied().unwrap_or(order::ACTION)
    };
    let again = matches!(code, Code::QuotaExceeded | Code::ServiceUnavailable);
    let retry = if again { Retry::SameBytes { after_s: 1 } } else { Retry::Never };
    let refusal = Refusal::new(code, reason, Origin::Gateway, Public::new("a fault on purpose."));
    Strike::refuse(gate, refusal.retry(retry))
}

fn server(open: &Open) -> i64 {
    open.raw().arrived.as_secs()
}

/// Its own parameter, or one that every call has.
fn parameter(open: &Open) -> &str {
    open.input().first_name().unwrap_or("Action")
}

fn form_or_parameters(reason: Reason, open: &Open) -> Strike {
    use parameters::Refused;

    let refused = match reason.as_str() {
        "MALFORMED_HTTP" => Refused::MalformedHttp(ON_PURPOSE),
        "BODY_TOO_LARGE" => Refused::BodyTooLarge(0),
        "BODY_INCOMPLETE" => Refused::BodyIncomplete,
        "QUERY_TOO_LARGE" => Refused::QueryTooLarge(0),
        "BODY_NOT_JSON" => Refused::Json(ON_PURPOSE.to_owned()),
        "BAD_MULTIPART" => Refused::Multipart(ON_PURPOSE),
        "BINARY_PART" => Refused::BinaryPart(parameter(open).to_owned()),
        "WRONG_PLACE" => Refused::WrongPlace(open.method()),
        "PRICE" => {
            return Strike::refuse(order::BALANCE, parameters::price(ON_PURPOSE.to_owned()));
        }
        _ => {
            let refusal = parameters::refused_on_purpose(reason, parameter(open));
            return Strike::refuse(order::PARAMETERS, refusal);
        }
    };
    Strike::refuse(order::ACTION, refused.into())
}

fn signature(name: &str, open: &Open) -> Option<authn::Refused> {
    use authn::Refused;

    let id = || open.common().secret_id.clone();
    Some(match name {
        "UNKNOWN_KEY" => Refused::UnknownKey(id()),
        "KEY_DISABLED" => Refused::KeyDisabled(id()),
        "SIGNATURE_MALFORMED" => Refused::Malformed(Algorithm::HmacSha256),
        "AUTHORIZATION_MALFORMED" => Refused::Authorization(ON_PURPOSE.to_owned()),
        "NOT_SIGNED" => Refused::NotSigned,
        "ACTION_NOT_SIGNED" => Refused::ActionUnsigned,
        "UNSIGNED_PARAMETER" => Refused::Unsigned(parameter(open).to_owned()),
        "AMBIGUOUS_STRING_TO_SIGN" => Refused::Ambiguous(parameter(open).to_owned()),
        "TOKEN_WRONG" => Refused::Token,
        "TOKEN_EXPIRED" => Refused::SessionEnded,
        "KEY_EXPIRED" => Refused::KeyEnded,
        "SIGNATURE_TOO_WEAK" => Refused::TooWeak {
            sent: MinSignature::V2Sha1.as_str(),
            weakest: MinSignature::Tc3.as_str(),
        },
        _ => return None,
    })
}

fn expired(name: &str, open: &Open, policy: &validity::Policy) -> Option<validity::Refused> {
    let (period_s, server) = (policy.period_s, server(open));
    match name {
        "STAMP_TOO_NEW" => Some(validity::Refused::TooNew {
            ahead_s: period_s.saturating_add(1),
            period_s,
            server,
            looks_like: LooksLike::Seconds,
        }),
        "STAMPED_BEFORE_FENCE" => Some(validity::Refused::BeforeFence { server }),
        _ => None,
    }
}

fn access(name: &str, open: &Open) -> Option<authz::Refused> {
    match name {
        "ACCOUNT_SUSPENDED" => Some(authz::Refused::Suspended),
        "ACCOUNT_CLOSED" => Some(authz::Refused::Closed),
        "SOURCE_NOT_ALLOWED" => {
            Some(authz::Refused::Source(open.raw().peer.to_canonical().to_string()))
        }
        "DENIED_BY_POLICY" | "NOT_ALLOWED_BY_POLICY" => {
            let action = format!("{}:{}", open.module().name, open.operation().action);
            let resource = "*".to_owned();
            Some(if name == "DENIED_BY_POLICY" {
                let statement = ON_PURPOSE.to_owned();
                authz::Refused::Denied { action, resource, statement }
            } else {
                authz::Refused::NotAllowed { action, resource }
            })
        }
        _ => None,
    }
}

fn seen(name: &str, open: &Open, policy: &validity::Policy) -> Option<Strike> {
    let (window_s, server) = (policy.window_s, server(open));
    let too_far = |age_s| {
        let refusal = replay::too_far(age_s, window_s, server, LooksLike::Seconds);
        Some(Strike::refuse(order::VALIDITY, refusal))
    };
    let copy = |refused: replay::Refused| Some(Strike::refuse(order::REPLAY, refused.into()));
    let beyond_s = window_s.saturating_add(1);
    match name {
        "STAMP_BEHIND" => too_far(beyond_s),
        "STAMP_AHEAD" => too_far(beyond_s.saturating_neg()),
        "SIGNATURE_SEEN" => copy(replay::Refused::SignatureSeen { server }),
        "NONCE_SAME_AS_LAST" => copy(replay::Refused::SameAsLast { server }),
        _ => None,
    }
}

fn spoken(name: &str, open: &Open) -> Option<protocol::Refused> {
    let dialect = open.raw().dialect;
    match name {
        "METHOD_NOT_ALLOWED" => Some(protocol::Refused::Method("PUT".to_owned())),
        "MEDIA_TYPE" => Some(protocol::Refused::MediaType {
            sent: "text/plain".to_owned(),
            spoken: faregate_pipeline::dialect::Media::spoken(dialect),
        }),
        "UNSPOKEN_FEATURE" => Some(protocol::Refused::Feature(ON_PURPOSE.to_owned())),
        _ => None,
    }
}

fn elsewhere(name: &str, open: &Open) -> Option<Refusal> {
    use routing::Refused;

    let (module, action) = (open.module(), open.operation().action.clone());
    Some(match name {
        "NO_SUCH_DOMAIN" => {
            Refused::NoSuchDomain { host: open.raw().host.clone(), hint: None }.into()
        }
        "NO_SUCH_PATH" => Refused::NoSuchPath(open.raw().path.clone()).into(),
        "NO_SUCH_ACTION" => {
            Refused::NoSuchAction { action, module: module.name.clone(), hint: None }.into()
        }
        "NO_SUCH_VERSION" => Refused::NoSuchVersion {
            version: "1999-12-31".to_owned(),
            known: module.versions.clone(),
        }
        .into(),
        "AMBIGUOUS_HOST" => {
            Refused::AmbiguousHost { action, domains: module.domains.clone() }.into()
        }
        "WITHDRAWN" => {
            let switch = Switch {
                module: module.name.clone(),
                action: Some(action),
                state: SwitchState::Withdrawn,
                from: None,
                message: None,
                testers: Vec::new(),
            };
            availability::refuse(&switch, open.raw().arrived)
        }
        _ => return None,
    })
}

fn unavailable(name: &str) -> Option<Strike> {
    match name {
        "BREAKER_OPEN" => Some(Strike::Breaker),
        "MODULE_UNAVAILABLE" => Some(Strike::Module(Faked::status(503))),
        "STORE_DOWN" => {
            let down = StoreDown { store: "nonces", cause: ON_PURPOSE.to_owned() };
            Some(Strike::refuse(order::REPLAY, down.into()))
        }
        "OVERLOAD" => Some(Strike::refuse(order::ACTION, availability::overload("calls"))),
        _ => None,
    }
}

fn broken(name: &str) -> Option<Strike> {
    let cause = || ON_PURPOSE.to_owned();
    let faked = match name {
        "PANIC" => return Some(Strike::Panic),
        "INTERNAL" => {
            return Some(Strike::refuse(order::PARAMETERS, Fault::Internal(cause()).into()));
        }
        "OUTCOME_UNKNOWN" => {
            return Some(Strike::refuse(order::REPLAY, Fault::OutcomeUnknown.into()));
        }
        "UPSTREAM_UNREACHABLE" => Faked::upstream(Upstream::Unreachable(cause())),
        "UPSTREAM_TIMEOUT" => Faked::upstream(Upstream::Timeout { after_ms: 30_000 }),
        "UPSTREAM_RESET" => Faked::upstream(Upstream::Reset(cause())),
        "UPSTREAM_NONSENSE" => Faked::Garbage,
        "UPSTREAM_FOREIGN_CODE" => Faked::says(r#"{"code":4100,"message":"a fault on purpose"}"#),
        "UPSTREAM_RESERVED_MEMBER" => Faked::says(r#"{"requestId":"a fault on purpose"}"#),
        "UPSTREAM_NO_CREATED_ID" => Faked::says("{}"),
        "UPSTREAM_NO_LIST" => Faked::says(r#"{"elsewhere":["a fault on purpose"]}"#),
        _ => return None,
    };
    Some(Strike::Module(faked))
}

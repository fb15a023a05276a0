//! 6000 Internal server error: a panic, or a module that times out, resets, or answers nonsense.
//!
//! What broke is logged whole and said in a sentence: never a stack trace, never HTML, never an address.
//! Invariant: whatever is none of the other codes is this one. Never: hides whether something may have been
//! executed.

use faregate_contract::{Code, Detail, Effect, Origin, Public, Reason, Refusal, Retry};

/// The reasons of this room.
pub const REASONS: &[Reason] = &[
    PANIC,
    UPSTREAM_UNREACHABLE,
    UPSTREAM_TIMEOUT,
    UPSTREAM_RESET,
    UPSTREAM_NONSENSE,
    UPSTREAM_STATUS,
    UPSTREAM_FOREIGN_CODE,
    UPSTREAM_RESERVED_MEMBER,
    UPSTREAM_NO_CREATED_ID,
    UPSTREAM_NO_LIST,
    OUTCOME_UNKNOWN,
    INTERNAL,
];
const PANIC: Reason = Reason::new("PANIC");
const UPSTREAM_UNREACHABLE: Reason = Reason::new("UPSTREAM_UNREACHABLE");
const UPSTREAM_TIMEOUT: Reason = Reason::new("UPSTREAM_TIMEOUT");
const UPSTREAM_RESET: Reason = Reason::new("UPSTREAM_RESET");
const UPSTREAM_NONSENSE: Reason = Reason::new("UPSTREAM_NONSENSE");
const UPSTREAM_STATUS: Reason = Reason::new("UPSTREAM_STATUS");
const UPSTREAM_FOREIGN_CODE: Reason = Reason::new("UPSTREAM_FOREIGN_CODE");
const UPSTREAM_RESERVED_MEMBER: Reason = Reason::new("UPSTREAM_RESERVED_MEMBER");
/// The module made something and did not say what.
pub const UPSTREAM_NO_CREATED_ID: Reason = Reason::new("UPSTREAM_NO_CREATED_ID");
const UPSTREAM_NO_LIST: Reason = Reason::new("UPSTREAM_NO_LIST");
const OUTCOME_UNKNOWN: Reason = Reason::new("OUTCOME_UNKNOWN");
const INTERNAL: Reason = Reason::new("INTERNAL");

/// What broke.
#[derive(Debug, PartialEq, Eq)]
pub enum Fault {
    /// The gateway panicked.
    Panic {
        /// Had the call gone upstream by then.
        sent: bool,
        /// For the log.
        detail: String,
    },
    /// The module could not be reached: nothing was sent.
    Unreachable(String),
    /// The module did not answer in time.
    Timeout {
        /// How long it was waited for.
        after_ms: u64,
    },
    /// The connection broke after something was sent.
    Reset(String),
    /// The module answered no JSON.
    Nonsense(String),
    /// The module answered with a status that means nothing here.
    Status(u16),
    /// The module answered with a code that only the gateway may say.
    ForeignCode(i64),
    /// The module's result has a member that is the contract's.
    ReservedMember(String),
    /// The module made something and did not say what.
    NoCreatedId(String),
    /// The module listed something elsewhere than its document says: nobody knows whose.
    NoList(String),
    /// A call with this token was sent, and its outcome is not known yet.
    OutcomeUnknown,
    /// The module itself says it broke.
    Module(String),
    /// Anything else of the gateway's own.
    Internal(String),
}

impl From<Fault> for Refusal {
    #[expect(clippy::too_many_lines, reason = "one row a fault, and no fault without its row")]
    fn from(fault: Fault) -> Self {
        let (reason, origin, effect, say, detail) = match fault {
            Fault::Panic { sent, detail } => {
                let effect = if sent { Effect::Unknown } else { Effect::Nothing };
                (
                    PANIC,
                    Origin::Gateway,
                    effect,
                    "the gateway broke while it handled this call.",
                    detail,
                )
            }
            Fault::Unreachable(cause) => (
                UPSTREAM_UNREACHABLE,
                Origin::Module,
                Effect::Nothing,
                "the module behind this API cannot be reached.",
                cause,
            ),
            Fault::Timeout { after_ms } => (
                UPSTREAM_TIMEOUT,
                Origin::Module,
                Effect::Unknown,
                "the module behind this API did not answer in time.",
                format!("after {after_ms} ms"),
            ),
            Fault::Reset(cause) => (
                UPSTREAM_RESET,
                Origin::Module,
                Effect::Unknown,
                "the module behind this API broke off.",
                cause,
            ),
            Fault::Nonsense(cause) => (
                UPSTREAM_NONSENSE,
                Origin::Module,
                Effect::Unknown,
                "the module behind this API answered nothing that can be passed on.",
                cause,
            ),
            Fault::Status(status) => (
                UPSTREAM_STATUS,
                Origin::Module,
                Effect::Unknown,
                "the module behind this API failed.",
                format!("status {status}"),
            ),
            Fault::ForeignCode(code) => (
                UPSTREAM_FOREIGN_CODE,
                Origin::Module,
                Effect::Unknown,
                "the module behind this API answered with a code that is not its to give.",
                format!("code {code}"),
            ),
            Fault::ReservedMember(name) => (
                UPSTREAM_RESERVED_MEMBER,
                Origin::Module,
                Effect::Unknown,
                "the module behind this API answered with a field that is the contract's.",
                format!("member `{name}`"),
            ),
            Fault::NoCreatedId(path) => (
                UPSTREAM_NO_CREATED_ID,
                Origin::Module,
                Effect::Unknown,
                "the module behind this API did not name what it made.",
                format!("nothing at {path}"),
            ),
            Fault::NoList(what) => (
                UPSTREAM_NO_LIST,
                Origin::Module,
                Effect::Unknown,
                "the module behind this API listed what cannot be told apart by its owners.",
                format!("without {what}"),
            ),
            Fault::Module(message) => (
                UPSTREAM_STATUS,
                Origin::Module,
                Effect::Unknown,
                "the module behind this API failed.",
                message,
            ),
            Fault::OutcomeUnknown => (
                OUTCOME_UNKNOWN,
                Origin::Module,
                Effect::Unknown,
                "a call with this token was sent, and its outcome is not known yet; ask again with the same token.",
                "the first call of this token has no answer yet".to_owned(),
            ),
            Fault::Internal(cause) => (
                INTERNAL,
                Origin::Gateway,
                Effect::Nothing,
                "the gateway broke while it handled this call.",
                cause,
            ),
        };
        // A repetition is safe where nothing can have happened, and where the same token says what did.
        let after_s = if reason == OUTCOME_UNKNOWN { 5 } else { 1 };
        let safe = effect == Effect::Nothing || reason == OUTCOME_UNKNOWN;
        let retry = if safe { Retry::After { after_s } } else { Retry::Never };
        Refusal::new(Code::InternalError, reason, origin, Public::new(say))
            .effect(effect)
            .retry(retry)
            .detail(Detail::note(detail))
    }
}

#[cfg(test)]
mod spec {
    use super::*;

    #[test]
    fn an_unknown_outcome_is_asked_for_again_with_the_same_token() {
        let refusal = Refusal::from(Fault::OutcomeUnknown);
        assert_eq!((refusal.reason, refusal.effect), (OUTCOME_UNKNOWN, Effect::Unknown));
        assert!(refusal.retry.is_advised() && refusal.message().contains("same token"));
    }

    #[test]
    fn what_broke_is_logged_and_not_said() {
        for (fault, reason, effect) in [
            (Fault::Panic { sent: false, detail: "secret".into() }, "PANIC", Effect::Nothing),
            (Fault::Panic { sent: true, detail: "secret".into() }, "PANIC", Effect::Unknown),
            (Fault::Unreachable("secret".into()), "UPSTREAM_UNREACHABLE", Effect::Nothing),
            (Fault::Timeout { after_ms: 10 }, "UPSTREAM_TIMEOUT", Effect::Unknown),
            (Fault::Reset("secret".into()), "UPSTREAM_RESET", Effect::Unknown),
            (Fault::Nonsense("secret <html>".into()), "UPSTREAM_NONSENSE", Effect::Unknown),
            (Fault::Status(418), "UPSTREAM_STATUS", Effect::Unknown),
            (Fault::ForeignCode(4100), "UPSTREAM_FOREIGN_CODE", Effect::Unknown),
            (Fault::ReservedMember("code".into()), "UPSTREAM_RESERVED_MEMBER", Effect::Unknown),
            (Fault::NoCreatedId("$.secret".into()), "UPSTREAM_NO_CREATED_ID", Effect::Unknown),
            (Fault::NoList("secret".into()), "UPSTREAM_NO_LIST", Effect::Unknown),
            (Fault::Internal("secret".into()), "INTERNAL", Effect::Nothing),
        ] {
            let refusal = Refusal::from(fault);
            assert_eq!(
                (refusal.code, refusal.reason.as_str(), refusal.effect),
                (Code::InternalError, reason, effect)
            );
            assert!(!refusal.message().contains("secret") && !refusal.message().contains('<'));
            assert!(refusal.detail.for_log().is_some());
            assert_eq!(refusal.retry.is_advised(), effect == Effect::Nothing);
        }
    }
}

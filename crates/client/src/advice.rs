//! May the call be tried again, and when: the contract's own advice.

use std::time::Duration;

use faregate_contract::{ApiError, Code};

/// A longer wait is the caller's to decide.
const WAIT_MAX_S: u64 = 60;

/// What to do before the next attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Advice {
    /// Nothing helps.
    GiveUp,
    /// Wait, then sign again.
    Wait(Duration),
    /// Set the clock by the server's Timestamp, in seconds, then sign again.
    SetClock(i64),
}

/// Judges a refusal. Only refusals before the module are tried again: what may have been executed never is.
pub(crate) fn advice(error: &ApiError, retry_after_s: Option<u64>) -> Advice {
    match error.code {
        Code::QuotaExceeded | Code::ServiceUnavailable => {
            let refused = error.body.get("retryable").and_then(serde_json::Value::as_bool);
            match retry_after_s {
                Some(s) if s <= WAIT_MAX_S && refused != Some(false) => {
                    Advice::Wait(Duration::from_secs(s))
                }
                Some(_) | None => Advice::GiveUp,
            }
        }
        Code::RequestExpired | Code::ReplayAttack => {
            server_timestamp(&error.message).map_or(Advice::GiveUp, Advice::SetClock)
        }
        Code::Success
        | Code::InvalidParameter
        | Code::AuthFailure
        | Code::AccessDenied
        | Code::ProtocolNotSupported
        | Code::ResourceNotFound
        | Code::OperationFailed
        | Code::ResourceInsufficient
        | Code::InsufficientBalance
        | Code::PartialSuccess
        | Code::UserQualificationAuditFailed
        | Code::InternalError
        | Code::VersionNotSupported
        | Code::Other(_) => Advice::GiveUp,
    }
}

/// The ten digits after `Timestamp is` or `Timestamp =` (PROTOCOL 2: a 4500 carries the server's clock). The client's own
/// stamp may stand in the message too, so the last one counts, as the server's stands last in every wording.
fn server_timestamp(message: &str) -> Option<i64> {
    message
        .match_indices("Timestamp")
        .filter_map(|(at, word)| {
            let rest = message.get(at + word.len()..)?.trim_start();
            let rest = rest.strip_prefix("is").or_else(|| rest.strip_prefix('='))?.trim_start();
            let end = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
            rest.get(..end).filter(|digits| digits.len() == 10)?.parse().ok()
        })
        .last()
}

#[cfg(test)]
mod spec {
    use faregate_contract::Response;

    use super::*;

    fn refused(code: u16, message: &str, retryable: bool) -> ApiError {
        let body = serde_json::json!({"code": code, "message": message, "retryable": retryable});
        match Response::parse(body.to_string().as_bytes()) {
            Ok(Response::Failure(error)) => error,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn the_contracts_advice_is_followed() {
        let stale = "Request expired, the Timestamp is 700 s old and a signature is good for 300 s; \
                     the server's Timestamp is 1500000000. Sign again.";
        let chinese = "腾讯服务器 Timestamp = 1491677126";
        for (title, error, after, wanted) in [
            ("quota", refused(4400, "", true), Some(2), Advice::Wait(Duration::from_secs(2))),
            ("quota, no header", refused(4400, "", true), None, Advice::GiveUp),
            ("maintenance", refused(6200, "", true), Some(1), Advice::Wait(Duration::from_secs(1))),
            ("a long one", refused(6200, "", true), Some(600), Advice::GiveUp),
            ("not retryable", refused(6200, "", false), Some(1), Advice::GiveUp),
            ("expired", refused(4200, stale, true), None, Advice::SetClock(1_500_000_000)),
            (
                "the cloud's own",
                refused(4500, chinese, true),
                None,
                Advice::SetClock(1_491_677_126),
            ),
            ("a copy", refused(4500, "seen before", false), None, Advice::GiveUp),
            ("a fault", refused(6000, "", true), Some(1), Advice::GiveUp),
            ("a module's", refused(5100, stale, true), Some(1), Advice::GiveUp),
        ] {
            assert_eq!(advice(&error, after), wanted, "{title}");
        }
    }
}

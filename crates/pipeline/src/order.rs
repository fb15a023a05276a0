//! `ORDER`: the gates, in the order in which a call passes them. The first that refuses answers.
//!
//! The phase page, the log's `gate` field and the precedence test are made from this list, and
//! `cargo xtask tidy` compares the driver's margins with it.

use faregate_contract::Code;

/// One gate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Gate {
    /// Its name on the wire, in logs and in `explain`.
    pub name: &'static str,
    /// The room it lives in.
    pub room: &'static str,
    /// The codes that it refuses with, the usual one first.
    pub codes: &'static [Code],
    /// Its place in [`ORDER`], from 0.
    pub place: usize,
}

macro_rules! gates {
    ($($id:ident = $name:literal in $room:literal refuses [$($code:ident),*];)*) => {
        #[expect(clippy::upper_case_acronyms, reason = "each is a gate's constant")]
        enum Place { $($id),* }
        $(
            #[doc = concat!("The gate `", $name, "`.")]
            pub const $id: Gate = Gate {
                name: $name,
                room: $room,
                codes: &[$(Code::$code),*],
                place: Place::$id as usize,
            };
        )*
        /// All gates, first to last.
        pub const ORDER: &[Gate] = &[$($id),*];
    };
}

gates! {
    PROTOCOL = "protocol" in "protocol" refuses [ProtocolNotSupported];
    DOMAIN = "domain" in "routing" refuses [VersionNotSupported, ProtocolNotSupported];
    FORM = "form" in "parameters" refuses [InvalidParameter];
    ACTION = "action" in "routing" refuses [VersionNotSupported, ServiceUnavailable, ProtocolNotSupported];
    SIGNATURE = "signature" in "authn" refuses [AuthFailure];
    VALIDITY = "validity" in "validity" refuses [RequestExpired, ReplayAttack];
    ACCESS = "access" in "authz" refuses [AccessDenied, ServiceUnavailable, VersionNotSupported];
    REPLAY = "replay" in "replay" refuses [ReplayAttack, InvalidParameter, InternalError];
    QUOTA = "quota" in "quota" refuses [QuotaExceeded];
    PARAMETERS = "parameters" in "parameters" refuses [InvalidParameter];
    RESOURCES = "resources" in "ownership" refuses [ResourceNotFound];
    IDENTITY = "identity" in "verification" refuses [UserQualificationAuditFailed];
    BALANCE = "balance" in "balance" refuses [InsufficientBalance, InvalidParameter, ReplayAttack];
    MODULE = "module" in "operation" refuses [OperationFailed, ResourceInsufficient, ResourceNotFound, InvalidParameter, InternalError, ServiceUnavailable];
    OUTCOME = "outcome" in "batch" refuses [PartialSuccess, OperationFailed];
}

#[cfg(test)]
mod spec {
    use super::*;

    #[test]
    fn every_code_has_a_gate_and_no_gate_stands_twice() {
        for code in Code::ALL.into_iter().filter(|code| !code.is_success()) {
            assert!(ORDER.iter().any(|gate| gate.codes.contains(&code)), "{code} has no gate");
        }
        for (n, gate) in ORDER.iter().enumerate() {
            assert_eq!(gate.place, n, "{}", gate.name);
            assert!(ORDER[..n].iter().all(|other| other.name != gate.name), "{}", gate.name);
        }
    }
}

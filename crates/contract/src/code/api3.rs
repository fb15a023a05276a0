//! What API 3.0 calls a code: the row's name, or a finer one where the reason has one (PROTOCOL 4).

use super::Code;

/// Reasons whose `Code` in API 3.0 is not their row's: the code, the reasons, the name.
const BY_REASON: &[(Code, &[&str], &str)] = &[
    (Code::InvalidParameter, &["MISSING"], "MissingParameter"),
    (Code::InvalidParameter, &["UNKNOWN_PARAMETER"], "UnknownParameter"),
    (
        Code::InvalidParameter,
        &[
            "OUT_OF_RANGE",
            "NOT_ALLOWED",
            "PATTERN",
            "FORMAT",
            "LENGTH",
            "TOO_MANY",
            "TOO_FEW",
            "REPEATED",
            "PATH_SEGMENT",
        ],
        "InvalidParameterValue",
    ),
    (
        Code::InvalidParameter,
        &[
            "MALFORMED_HTTP",
            "BODY_INCOMPLETE",
            "BAD_ENCODING",
            "WRONG_PLACE",
            "BODY_NOT_JSON",
            "BAD_MULTIPART",
            "BINARY_PART",
        ],
        "InvalidRequest",
    ),
    (Code::InvalidParameter, &["BODY_TOO_LARGE", "QUERY_TOO_LARGE"], "RequestSizeLimitExceeded"),
    (Code::AuthFailure, &["UNKNOWN_KEY"], "AuthFailure.SecretIdNotFound"),
    (Code::AuthFailure, &["KEY_DISABLED"], "AuthFailure.InvalidSecretId"),
    (
        Code::AuthFailure,
        &["AUTHORIZATION_MALFORMED", "NOT_SIGNED"],
        "AuthFailure.InvalidAuthorization",
    ),
    (Code::AuthFailure, &["TOKEN_WRONG", "TOKEN_EXPIRED"], "AuthFailure.TokenFailure"),
    (Code::AccessDenied, &["SOURCE_NOT_ALLOWED"], "IpNotInWhitelist"),
    (
        Code::AccessDenied,
        &["DENIED_BY_POLICY", "NOT_ALLOWED_BY_POLICY"],
        "AuthFailure.UnauthorizedOperation",
    ),
    (Code::ReplayAttack, &["STAMP_BEHIND", "STAMP_AHEAD"], "AuthFailure.SignatureExpire"),
    (Code::VersionNotSupported, &["NO_SUCH_DOMAIN", "AMBIGUOUS_HOST"], "NoSuchProduct"),
    (Code::VersionNotSupported, &["NO_SUCH_VERSION"], "NoSuchVersion"),
    (Code::VersionNotSupported, &["WITHDRAWN", "LASTING_MAINTENANCE"], "ActionOffline"),
];

impl Code {
    /// Its `Code` in API 3.0, where no reason makes it finer.
    #[must_use]
    pub const fn api3(self) -> &'static str {
        self.row().api3
    }

    /// Its `Code` in API 3.0 for this reason.
    #[must_use]
    pub fn api3_for(self, reason: &str) -> &'static str {
        let finer =
            BY_REASON.iter().find(|(code, reasons, _)| *code == self && reasons.contains(&reason));
        finer.map_or(self.api3(), |(_, _, name)| name)
    }

    /// The code of a `Code` of API 3.0; of one that is finer than any here, what stands before its point
    /// decides: `ResourceInsufficient.Disk` is 5200.
    #[must_use]
    pub fn from_api3(name: &str) -> Option<Self> {
        let of_row = Self::ALL.into_iter().find(|code| code.api3() == name);
        let finer = || BY_REASON.iter().find(|(_, _, known)| *known == name).map(|row| row.0);
        let coarser = || match name.split_once('.')?.0 {
            "AuthFailure" => Some(Self::AuthFailure),
            "InvalidParameterValue" | "MissingParameter" => Some(Self::InvalidParameter),
            "ResourcesSoldOut" => Some(Self::ResourceInsufficient),
            above => Self::from_api3(above),
        };
        of_row.or_else(finer).or_else(coarser)
    }

    /// Every reason that [`Code::api3_for`] knows, with its code.
    pub fn api3_reasons() -> impl Iterator<Item = (Self, &'static str)> {
        BY_REASON
            .iter()
            .flat_map(|(code, reasons, _)| reasons.iter().map(|reason| (*code, *reason)))
    }
}

#[cfg(test)]
mod spec {
    use super::*;

    #[test]
    fn reasons_choose_the_name_and_a_name_leads_back_to_its_code() {
        for (code, reason, name) in [
            (Code::InvalidParameter, "MISSING", "MissingParameter"),
            (Code::InvalidParameter, "WRONG_TYPE", "InvalidParameter"),
            (Code::InvalidParameter, "LENGTH", "InvalidParameterValue"),
            (Code::AuthFailure, "SIGNATURE_MISMATCH", "AuthFailure.SignatureFailure"),
            (Code::AuthFailure, "UNKNOWN_KEY", "AuthFailure.SecretIdNotFound"),
            (Code::QuotaExceeded, "RATE", "RequestLimitExceeded"),
            (Code::ReplayAttack, "NONCE_SEEN", "AuthFailure.NonceRepeated"),
            (Code::VersionNotSupported, "NO_SUCH_ACTION", "InvalidAction"),
            (Code::InsufficientBalance, "X", "InvalidAccount.InsufficientBalance"),
            (Code::ServiceUnavailable, "X", "ServiceUnavailable"),
        ] {
            assert_eq!(code.api3_for(reason), name, "{code} {reason}");
            assert_eq!(Code::from_api3(name), Some(code), "{name}");
        }
        // Two codes share it: the one that says how to mend it is answered.
        assert_eq!(Code::ReplayAttack.api3_for("STAMP_AHEAD"), "AuthFailure.SignatureExpire");
        assert_eq!(Code::from_api3("AuthFailure.SignatureExpire"), Some(Code::RequestExpired));
        for (name, code) in [
            ("ResourceInsufficient.Disk", Some(Code::ResourceInsufficient)),
            ("ResourcesSoldOut.SpecifiedInstanceType", Some(Code::ResourceInsufficient)),
            ("AuthFailure.MFAFailure", Some(Code::AuthFailure)),
            ("FailedOperation.PartialSuccess", Some(Code::PartialSuccess)),
            ("RequestLimitExceeded.UinLimitExceeded", Some(Code::QuotaExceeded)),
            ("Nothing", None),
            ("", None),
        ] {
            assert_eq!(Code::from_api3(name), code, "{name}");
        }
    }
}

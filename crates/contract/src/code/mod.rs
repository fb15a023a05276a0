//! `Code`: the seventeen numbers of the page, in one table.

mod api3;

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A common error code. Codes that the page does not have are kept as [`Code::Other`], so that an
/// older client can still read a newer answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Code {
    /// 0: the call succeeded.
    Success,
    /// 4000: a parameter is missing or not in the correct format.
    InvalidParameter,
    /// 4100: the signature could not be authenticated.
    AuthFailure,
    /// 4200: the request is older than its validity period.
    RequestExpired,
    /// 4300: the account is suspended, or the action is not open to it.
    AccessDenied,
    /// 4400: the number of requests exceeds the quota.
    QuotaExceeded,
    /// 4500: the request was made before, or its clock is off by more than the window.
    ReplayAttack,
    /// 4600: the protocol is not spoken here.
    ProtocolNotSupported,
    /// 5000: the resource does not exist, was returned, or belongs to somebody else.
    ResourceNotFound,
    /// 5100: the operation on the resource failed.
    OperationFailed,
    /// 5200: the purchase failed for its configuration or for want of stock.
    ResourceInsufficient,
    /// 5300: the purchase failed for want of balance.
    InsufficientBalance,
    /// 5400: part of a batch succeeded.
    PartialSuccess,
    /// 5500: the account's identity is not verified.
    UserQualificationAuditFailed,
    /// 6000: an internal error.
    InternalError,
    /// 6100: not in this version, or withdrawn.
    VersionNotSupported,
    /// 6200: temporarily unavailable.
    ServiceUnavailable,
    /// A number that the page does not have.
    Other(u16),
}

/// Whose turn it is after a refusal: the thousands digit of the number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Family {
    /// 0.
    Success,
    /// 4xxx: the request must change.
    Request,
    /// 5xxx: the resource, the money or the account must change.
    Resource,
    /// 6xxx: the service must change.
    Service,
}

/// One row of the page, and what other protocols call it.
struct Row {
    number: u16,
    /// The second column of the page, word for word.
    error_type: &'static str,
    /// The third column of the page, word for word.
    description: &'static str,
    /// PROTOCOL 4, second column.
    code_desc: &'static str,
    /// PROTOCOL 4, third column: its `Code` in API 3.0, unless the reason has one of its own.
    api3: &'static str,
    /// PROTOCOL 4, fourth column: only by `Accept: application/problem+json`.
    http_status: u16,
}

impl Code {
    /// All seventeen, in the order of the page.
    pub const ALL: [Self; 17] = [
        Self::Success,
        Self::InvalidParameter,
        Self::AuthFailure,
        Self::RequestExpired,
        Self::AccessDenied,
        Self::QuotaExceeded,
        Self::ReplayAttack,
        Self::ProtocolNotSupported,
        Self::ResourceNotFound,
        Self::OperationFailed,
        Self::ResourceInsufficient,
        Self::InsufficientBalance,
        Self::PartialSuccess,
        Self::UserQualificationAuditFailed,
        Self::InternalError,
        Self::VersionNotSupported,
        Self::ServiceUnavailable,
    ];

    /// The number on the wire.
    #[must_use]
    pub const fn number(self) -> u16 {
        self.row().number
    }

    /// True for 0 only: 5400 is not a success.
    #[must_use]
    pub const fn is_success(self) -> bool {
        matches!(self, Self::Success)
    }

    /// The page's Error Type, word for word; every message of a refusal begins with it.
    #[must_use]
    pub const fn error_type(self) -> &'static str {
        self.row().error_type
    }

    /// The page's Description, word for word, its spelling included.
    #[must_use]
    pub const fn description(self) -> &'static str {
        self.row().description
    }

    /// `codeDesc`: the English name of the code (PROTOCOL 4).
    #[must_use]
    pub const fn code_desc(self) -> &'static str {
        self.row().code_desc
    }

    /// The HTTP status of this code in `application/problem+json`; the SDK dialects always get 200.
    #[must_use]
    pub const fn http_status(self) -> u16 {
        self.row().http_status
    }

    /// Who has to act.
    #[must_use]
    pub const fn family(self) -> Family {
        match self.number() / 1000 {
            0 => Family::Success,
            4 => Family::Request,
            5 => Family::Resource,
            _ => Family::Service,
        }
    }

    #[expect(clippy::too_many_lines, reason = "it is the page's table, one row a code")]
    const fn row(self) -> Row {
        match self {
            Self::Success => row(
                0,
                "Success",
                "A code of 0 means the call succeeded.",
                "Success",
                "Success",
                200,
            ),
            Self::InvalidParameter => row(
                4000,
                "Invalid request parameter",
                "Required parameters are missing, or parameter valuesare not in the correct format. Refer to the error description in \"message\" field for detailed error message.",
                "InvalidParameter",
                "InvalidParameter",
                400,
            ),
            Self::AuthFailure => row(
                4100,
                "Authentication failed",
                "Signature authentication failed. Please refer to the Authentication section in the document.",
                "AuthFailure",
                "AuthFailure.SignatureFailure",
                401,
            ),
            Self::RequestExpired => row(
                4200,
                "Request expired",
                "The request has expired. Please refer to the Request Validity Period section in the document.",
                "RequestExpired",
                "AuthFailure.SignatureExpire",
                401,
            ),
            Self::AccessDenied => row(
                4300,
                "Access denied",
                "Account is suspended or not within the user range of the API.",
                "AccessDenied",
                "UnauthorizedOperation",
                403,
            ),
            Self::QuotaExceeded => row(
                4400,
                "Quota exceed",
                "The number of requests exceeds the quota. Please refer to the Request Quota section in the document.",
                "QuotaExceeded",
                "RequestLimitExceeded",
                429,
            ),
            Self::ReplayAttack => row(
                4500,
                "Replay attack",
                "The Nonce and Timestamp parameters can ensure that each request will be executed only once on the server. Therefore, the Nonce value cannot be the same as last one, and the difference between Timestamp and Tencent server time cannot be greater than 2 hours.",
                "ReplayAttack",
                "AuthFailure.NonceRepeated",
                409,
            ),
            Self::ProtocolNotSupported => row(
                4600,
                "Protocol is not supported",
                "The protocol is not supported. Please refer to the relevant document.",
                "ProtocolNotSupported",
                "UnsupportedProtocol",
                405,
            ),
            Self::ResourceNotFound => row(
                5000,
                "Resource does not exist",
                "The instance corresponding to resource ID does not exist, or the instance has been returned, or another user's resource is accessed.",
                "ResourceNotFound",
                "ResourceNotFound",
                404,
            ),
            Self::OperationFailed => row(
                5100,
                "Resource operation failed",
                "The operation performed on the resource failed. For specific error message, see the message field in error description. Try again later or contact customer service personnel for help.",
                "OperationFailed",
                "FailedOperation",
                409,
            ),
            Self::ResourceInsufficient => row(
                5200,
                "Failed to purchase resource",
                "Resource purchase failed. This may be caused by unsupported instance configuration or insufficient resource.",
                "ResourceInsufficient",
                "ResourceInsufficient",
                409,
            ),
            Self::InsufficientBalance => row(
                5300,
                "Failed to purchase resource",
                "Resource purchase failed because of insufficient balance.",
                "InsufficientBalance",
                "InvalidAccount.InsufficientBalance",
                402,
            ),
            Self::PartialSuccess => row(
                5400,
                "Part of operations performed successfully",
                "Part of the batch operations have been performed successfully. For more information, refer to the returned value of method.",
                "PartialSuccess",
                "FailedOperation.PartialSuccess",
                207,
            ),
            Self::UserQualificationAuditFailed => row(
                5500,
                "User failed to pass identity verification",
                "Resource purchase failed because the user failed to pass identity verification.",
                "UserQualificationAuditFailed",
                "AccountQualificationRestrictions",
                403,
            ),
            Self::InternalError => row(
                6000,
                "Internal server error",
                "An internal error occurred on the server. Try again later or contact customer service personnel for help.",
                "InternalError",
                "InternalError",
                500,
            ),
            Self::VersionNotSupported => row(
                6100,
                "Not supported by the version",
                "This API is not supported in this version or the API is under maintenance. Note: When this error occurs, first check whether the domain of the API is correct. Different modules may have different domains.",
                "VersionNotSupported",
                "InvalidAction",
                404,
            ),
            Self::ServiceUnavailable => row(
                6200,
                "API is temporarily unavailable",
                "The API is under maintenance and is unavailable. Please try again later.",
                "ServiceUnavailable",
                "ServiceUnavailable",
                503,
            ),
            Self::Other(number) => row(
                number,
                "Unknown code",
                "This code is not one of the common error codes that this version knows.",
                "Unknown",
                "FailedOperation",
                500,
            ),
        }
    }
}

const fn row(
    number: u16,
    error_type: &'static str,
    description: &'static str,
    code_desc: &'static str,
    api3: &'static str,
    http_status: u16,
) -> Row {
    Row { number, error_type, description, code_desc, api3, http_status }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.number())
    }
}

/// The text is not the number of a code.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnknownCode(String);

impl fmt::Display for UnknownCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "`{}` is not an error code: the codes are 0, 4000 to 4600, 5000 to 5500 and 6000 to 6200",
            self.0
        )
    }
}

impl std::error::Error for UnknownCode {}

impl TryFrom<u16> for Code {
    type Error = UnknownCode;

    /// Only the page's seventeen numbers; [`Code::from_wire`] keeps the others.
    fn try_from(number: u16) -> Result<Self, UnknownCode> {
        Self::ALL
            .into_iter()
            .find(|code| code.number() == number)
            .ok_or_else(|| UnknownCode(number.to_string()))
    }
}

impl Code {
    /// What a number on the wire means; a number that the page does not have is kept.
    #[must_use]
    pub fn from_wire(number: u16) -> Self {
        Self::try_from(number).unwrap_or(Self::Other(number))
    }
}

impl FromStr for Code {
    type Err = UnknownCode;

    fn from_str(text: &str) -> Result<Self, UnknownCode> {
        // `parse` would take "+4000", which is not how the code is written anywhere.
        if !text.bytes().all(|b| b.is_ascii_digit()) {
            return Err(UnknownCode(text.to_owned()));
        }
        let number: u16 = text.parse().map_err(|_| UnknownCode(text.to_owned()))?;
        Self::try_from(number)
    }
}

impl Serialize for Code {
    /// A JSON number: CMQ's SDK takes `"0"` for an error (PROTOCOL 2).
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_u16(self.number())
    }
}

impl<'de> Deserialize<'de> for Code {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Self::from_wire(u16::deserialize(deserializer)?))
    }
}

#[cfg(test)]
mod spec;

//! The codes of the contract, for programs.

use faregate_contract::Code;
use serde::{Deserialize, Serialize};

use super::{Act, Desk, For, Refused};

/// Lists the common error codes.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct DescribeErrorCodes {}

/// A code.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct View {
    number: u16,
    error_type: String,
    name: String,
    description: String,
    http_status: u16,
}

/// All codes.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct Codes {
    error_codes: Vec<View>,
}

impl Act for DescribeErrorCodes {
    type Answer = Codes;
    const ACTION: &'static str = "DescribeErrorCodes";
    const FOR: For = For::Everyone;
    const WRITES: bool = false;

    fn act(self, _desk: &mut Desk<'_>) -> Result<Codes, Refused> {
        let view = |code: Code| View {
            number: code.number(),
            error_type: code.error_type().to_owned(),
            name: code.code_desc().to_owned(),
            description: code.description().to_owned(),
            http_status: code.http_status(),
        };
        Ok(Codes { error_codes: Code::ALL.into_iter().map(view).collect() })
    }
}

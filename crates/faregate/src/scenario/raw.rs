//! What serde sees of a scenario file. Unknown keys are refused: an expectation that is misspelt is none.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Map, Value};
use serde_saphyr::Spanned;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawScenario {
    pub(super) name: Option<String>,
    #[serde(default)]
    pub(super) setup: Vec<Spanned<RawStep>>,
    pub(super) steps: Vec<Spanned<RawStep>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawStep {
    pub(super) name: Option<String>,
    // One of these says what is done.
    pub(super) call: Option<Spanned<String>>,
    pub(super) again: Option<Spanned<String>>,
    pub(super) clock: Option<Spanned<String>>,
    pub(super) fault: Option<Spanned<RawFault>>,
    pub(super) maintenance: Option<Spanned<RawMaintenance>>,
    pub(super) wait: Option<Spanned<String>>,
    // These say more of a call.
    pub(super) account: Option<Spanned<String>>,
    #[serde(default)]
    pub(super) params: Map<String, Value>,
    pub(super) method: Option<Spanned<String>>,
    pub(super) dialect: Option<Spanned<String>>,
    pub(super) transport: Option<Spanned<String>>,
    pub(super) stamped: Option<Spanned<String>>,
    #[serde(default)]
    pub(super) headers: BTreeMap<String, String>,
    pub(super) repeat: Option<Spanned<u32>>,
    pub(super) tries: Option<Spanned<u32>>,
    // And these of its answer.
    pub(super) expect: Option<Spanned<RawExpect>>,
    #[serde(default)]
    pub(super) capture: BTreeMap<String, Spanned<String>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawFault {
    pub(super) on: Spanned<String>,
    pub(super) fault: Spanned<Value>,
    pub(super) times: Option<Spanned<u32>>,
    pub(super) rate: Option<Spanned<String>>,
    pub(super) account: Option<Spanned<String>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawMaintenance {
    pub(super) on: Spanned<String>,
    #[serde(rename = "for")]
    pub(super) lasts: Option<Spanned<String>>,
    #[serde(default)]
    pub(super) withdrawn: bool,
    pub(super) message: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawExpect {
    pub(super) code: Option<Spanned<u16>>,
    #[serde(rename = "moduleCode")]
    pub(super) module_code: Option<Value>,
    pub(super) reason: Option<String>,
    pub(super) message: Option<String>,
    #[serde(default)]
    pub(super) headers: BTreeMap<String, String>,
    #[serde(default)]
    pub(super) body: BTreeMap<String, Spanned<Value>>,
    #[serde(default)]
    pub(super) cut: bool,
}

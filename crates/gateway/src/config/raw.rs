//! What serde sees of `faregate.toml`. Unknown keys are refused: a misspelt limit is no limit.

use serde::Deserialize;
use toml::Spanned;

use super::stores::RawStores;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawConfig {
    pub(super) base_domain: Spanned<String>,
    pub(super) api3_domain: Option<Spanned<String>>,
    #[serde(default = "data")]
    pub(super) data: String,
    pub(super) stores: Option<Spanned<RawStores>>,
    pub(super) support: Option<String>,
    #[serde(default)]
    pub(super) sandbox: bool,
    pub(super) faults: Option<Spanned<RawFaults>>,
    #[serde(default)]
    pub(super) compat: bool,
    pub(super) min_signature: Option<Spanned<String>>,
    pub(super) listen: Spanned<RawListen>,
    #[serde(default)]
    pub(super) pages: RawPages,
    pub(super) tls: Option<Spanned<RawTls>>,
    #[serde(default)]
    pub(super) replay: RawReplay,
    #[serde(default)]
    pub(super) validity: RawValidity,
    pub(super) quota: Option<Spanned<RawQuota>>,
    #[serde(default)]
    pub(super) maintenance: Vec<RawMaintenance>,
    #[serde(default)]
    pub(super) limits: RawLimits,
    #[serde(default)]
    pub(super) money: RawMoney,
    #[serde(default)]
    pub(super) log: RawLog,
    #[serde(default)]
    pub(super) shutdown: RawShutdown,
    #[serde(default)]
    pub(super) modules: Vec<RawModule>,
}

fn data() -> String {
    "data".to_owned()
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawFaults {
    pub(super) seed: Option<i64>,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
pub(super) struct RawListen {
    pub(super) https: Option<Spanned<String>>,
    pub(super) http: Option<Spanned<String>>,
    pub(super) proxy: Option<Spanned<String>>,
    pub(super) pages: Option<Spanned<String>>,
    pub(super) admin: Option<Spanned<String>>,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
pub(super) struct RawPages {
    pub(super) url: Option<Spanned<String>>,
    #[serde(default)]
    pub(super) counts: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawTls {
    pub(super) certificate: Option<String>,
    pub(super) key: Option<String>,
    #[serde(default)]
    pub(super) certificates: Vec<Spanned<RawCertificate>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawCertificate {
    pub(super) certificate: String,
    pub(super) key: String,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
pub(super) struct RawShutdown {
    pub(super) deadline_s: Option<Spanned<i64>>,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
pub(super) struct RawReplay {
    pub(super) window_s: Option<Spanned<i64>>,
    pub(super) identity: Option<Spanned<String>>,
    pub(super) refuse_last_nonce: Option<bool>,
    pub(super) durability: Option<Spanned<String>>,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
pub(super) struct RawValidity {
    pub(super) period_s: Option<Spanned<i64>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawQuota {
    pub(super) per_second: Option<i64>,
    pub(super) burst: Option<i64>,
    pub(super) account: Option<Spanned<RawScope>>,
    pub(super) action: Option<Spanned<RawScope>>,
    pub(super) key: Option<Spanned<RawScope>>,
    pub(super) address: Option<Spanned<RawScope>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawMaintenance {
    pub(super) module: Spanned<String>,
    pub(super) action: Option<Spanned<String>>,
    pub(super) from: Option<Spanned<String>>,
    pub(super) until: Option<Spanned<String>>,
    pub(super) withdrawn: Option<Spanned<bool>>,
    pub(super) message: Option<String>,
    #[serde(default)]
    pub(super) testers: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawScope {
    pub(super) per_second: Option<i64>,
    pub(super) burst: Option<i64>,
    pub(super) day: Option<i64>,
    pub(super) month: Option<i64>,
    pub(super) at_once: Option<i64>,
    pub(super) counts: Option<Spanned<String>>,
    #[serde(default)]
    pub(super) hidden: bool,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
pub(super) struct RawLimits {
    pub(super) header_timeout_s: Option<Spanned<i64>>,
    pub(super) body_timeout_s: Option<Spanned<i64>>,
    pub(super) idle_timeout_s: Option<Spanned<i64>>,
    pub(super) head_bytes_max: Option<Spanned<i64>>,
    pub(super) headers_max: Option<Spanned<i64>>,
    pub(super) body_bytes_max: Option<Spanned<i64>>,
    pub(super) query_bytes_max: Option<Spanned<i64>>,
    pub(super) parameters_max: Option<Spanned<i64>>,
    pub(super) connections_max: Option<Spanned<i64>>,
    pub(super) connections_per_address_max: Option<Spanned<i64>>,
    pub(super) calls_in_flight_max: Option<Spanned<i64>>,
    pub(super) workers: Option<Spanned<i64>>,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
pub(super) struct RawMoney {
    pub(super) in_doubt_s: Option<Spanned<i64>>,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
pub(super) struct RawLog {
    pub(super) access: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawModule {
    pub(super) document: Spanned<String>,
    pub(super) upstream: Option<Spanned<String>>,
    #[serde(default)]
    pub(super) upstreams: Vec<Spanned<String>>,
    pub(super) ownership: Option<Spanned<String>>,
}

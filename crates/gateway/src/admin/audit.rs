//! The audit log: what somebody changed.

use faregate_stores::{AuditFilter, AuditRecord};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{Act, Desk, For, Refused};

/// A record of the audit log.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct View {
    seq: i64,
    /// In seconds since 1970.
    at: i64,
    /// `account:100000001`, or `local:root` for who has the data folder itself.
    who: String,
    key_id: Option<String>,
    address: Option<String>,
    request_id: Option<String>,
    action: String,
    subject: String,
    /// What it was; none for what is new.
    before: Option<Value>,
    /// What it is; none for what is gone.
    after: Option<Value>,
    /// Of the record, in hexadecimal digits.
    hash: String,
}

impl From<AuditRecord> for View {
    fn from(record: AuditRecord) -> Self {
        let value = |text: Option<String>| text.and_then(|text| serde_json::from_str(&text).ok());
        Self {
            seq: record.seq,
            at: record.at.as_secs(),
            who: record.actor.who,
            key_id: record.actor.key_id,
            address: record.actor.address,
            request_id: record.actor.request_id.map(|id| id.to_string()),
            action: record.action,
            subject: record.subject,
            before: value(record.before),
            after: value(record.after),
            hash: hex::encode(record.hash),
        }
    }
}

/// Lists what was changed, newest first.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct DescribeAudit {
    /// Before the record of this number: the last one of the page before.
    before: Option<i64>,
    /// Of this alone, and what is below it: `account/100000001`.
    subject: Option<String>,
    /// Of this action alone.
    action_name: Option<String>,
    /// By this actor alone: `account:100000001`.
    who: Option<String>,
    /// How many at most; 100 without it.
    #[cfg_attr(test, schemars(range(min = 1, max = 1000)))]
    limit: Option<u32>,
}

/// Records of the audit log.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct Records {
    records: Vec<View>,
}

impl Act for DescribeAudit {
    type Answer = Records;
    const ACTION: &'static str = "DescribeAudit";
    const FOR: For = For::Operators;
    const WRITES: bool = false;

    fn act(self, desk: &mut Desk<'_>) -> Result<Records, Refused> {
        let filter = AuditFilter {
            before_seq: self.before,
            subject: self.subject,
            action: self.action_name,
            who: self.who,
            limit: super::limit(self.limit),
        };
        let records = desk.admin.list_audit(&filter)?;
        Ok(Records { records: records.into_iter().map(View::from).collect() })
    }
}

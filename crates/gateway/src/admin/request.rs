//! Calls of the last day: one, many, and what they add up to.

use std::collections::BTreeMap;

use faregate_contract::{Code, RequestId};
use faregate_stores::{ChargeState, Receipt};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{Act, Desk, For, Refused};
use crate::ops::receipts;

/// What became of one of the account's own calls of the last day.
///
/// Code, gate, charge and upstream status of a call, by the `requestId` of its answer. A call of another account, an
/// unknown one and one that is older than a day are answered alike, with 5000. It is answered at every domain.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct DescribeRequest {
    /// The requestId of the answer, or the X-Request-Id header.
    #[cfg_attr(test, schemars(regex(pattern = "^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$")))]
    request_id: String,
}

/// What became of a call.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct One {
    #[cfg_attr(test, schemars(schema_with = "super::document::object"))]
    request: Value,
}

impl Act for DescribeRequest {
    type Answer = One;
    const ACTION: &'static str = "DescribeRequest";
    const FOR: For = For::Everyone;
    const WRITES: bool = false;

    /// Foreign, unknown and forgotten are one answer, for one and the same work.
    fn act(self, desk: &mut Desk<'_>) -> Result<One, Refused> {
        const ABSENT: Refused = Refused::Absent("request");
        let id = RequestId::parse(&self.request_id).ok_or(ABSENT)?;
        let kept = desk.admin.receipts_of(id)?;
        let (hold, _) = desk.admin.books_of(id)?;
        let own = desk.caller.account.as_deref().unwrap_or_default();
        let batch = desk.admin.batch_of(id)?.filter(|batch| batch.account == own);
        let request = receipts::told_to(own, &kept, hold.as_ref());
        // Its client went away before the answer: what its items came to is known all the same.
        let request = request.or_else(|| batch.as_ref().map(receipts::told_by_batch));
        let detail = batch.as_ref().and_then(receipts::detail);
        Ok(One { request: receipts::with_detail(request.ok_or(ABSENT)?, detail) })
    }
}

/// Lists an account's calls of the last day, newest first, as far as they are kept.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct DescribeRequests {
    /// Of this account; without it, the caller's own, and an operator's all.
    account_id: Option<String>,
    /// Only those that were answered with this code.
    error_code: Option<u16>,
    /// Only calls of this action.
    action_name: Option<String>,
    /// How many at most; 100 without it.
    #[cfg_attr(test, schemars(range(min = 1, max = 1000)))]
    limit: Option<u32>,
}

/// A call.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct CallView {
    request_id: String,
    /// When it arrived, in seconds since 1970.
    #[cfg_attr(test, schemars(schema_with = "super::document::integer"))]
    at: Value,
    account_id: Option<String>,
    module: Option<String>,
    action: Option<String>,
    answered_code: u16,
    reason: Option<String>,
    address: Option<String>,
    took_us: u32,
}

impl CallView {
    fn of(receipt: &Receipt<'_>) -> Self {
        let text = |text: Option<&str>| text.map(str::to_owned);
        Self {
            request_id: receipt.request_id.to_string(),
            at: receipts::arrived(receipt.request_id),
            account_id: text(receipt.account),
            module: text(receipt.module),
            action: text(receipt.action),
            answered_code: receipt.code,
            reason: text(receipt.reason),
            address: text(receipt.peer),
            took_us: receipt.took_us,
        }
    }
}

/// Calls.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct Calls {
    requests: Vec<CallView>,
}

impl Act for DescribeRequests {
    type Answer = Calls;
    const ACTION: &'static str = "DescribeRequests";
    const FOR: For = For::Everyone;
    const WRITES: bool = false;

    fn act(self, desk: &mut Desk<'_>) -> Result<Calls, Refused> {
        let account = desk.listed(self.account_id)?;
        let wanted = |receipt: &Receipt<'_>| {
            account.as_deref().is_none_or(|id| receipt.account == Some(id))
                && self.error_code.is_none_or(|code| receipt.code == code)
                && self.action_name.as_deref().is_none_or(|name| receipt.action == Some(name))
                && !receipt.is_settlement()
        };
        let (_, limit) = super::page(None, self.limit);
        let mut requests = Vec::new();
        desk.admin.newest_receipts(|receipt| {
            if wanted(receipt) {
                requests.push(CallView::of(receipt));
            }
            requests.len() < limit
        })?;
        Ok(Calls { requests })
    }
}

/// Adds up an account's calls of the last day, by action, as far as they are kept.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct DescribeUsage {
    /// Of this account; without it, the caller's own.
    account_id: Option<String>,
}

/// What the calls of one action add up to.
#[derive(Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct Sum {
    module: String,
    action: String,
    calls: u64,
    refused: u64,
    /// How often each code was answered.
    codes: BTreeMap<String, u64>,
    /// What was spent, in the account's currency.
    spent: String,
}

/// Sums, by action.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct Usage {
    account_id: String,
    usage: Vec<Sum>,
}

impl Act for DescribeUsage {
    type Answer = Usage;
    const ACTION: &'static str = "DescribeUsage";
    const FOR: For = For::Everyone;
    const WRITES: bool = false;

    fn act(self, desk: &mut Desk<'_>) -> Result<Usage, Refused> {
        let account_id = desk.account(self.account_id)?;
        let (_, currency) = desk.admin.account(&account_id)?;
        let mut sums: BTreeMap<(String, String), (Sum, i64)> = BTreeMap::new();
        desk.admin.newest_receipts(|receipt| {
            if receipt.account == Some(&account_id) {
                let (module, action) =
                    (receipt.module.unwrap_or("-"), receipt.action.unwrap_or("-"));
                let key = (module.to_owned(), action.to_owned());
                let (sum, micros) = sums.entry(key).or_default();
                add(sum, micros, receipt);
            }
            true
        })?;
        let told = |((module, action), (sum, micros))| {
            let spent = faregate_ledger::Money::from_micros(micros, currency).to_string();
            Sum { module, action, spent, ..sum }
        };
        Ok(Usage { account_id, usage: sums.into_iter().map(told).collect() })
    }
}

fn add(sum: &mut Sum, micros: &mut i64, receipt: &Receipt<'_>) {
    if let Some(charge) = receipt.charge.filter(|it| it.state == ChargeState::Committed) {
        *micros = micros.saturating_add(charge.amount.micros());
    }
    if receipt.is_settlement() {
        return;
    }
    sum.calls += 1;
    let code = Code::from_wire(receipt.code);
    sum.refused += u64::from(!code.is_success());
    *sum.codes.entry(receipt.code.to_string()).or_default() += 1;
}

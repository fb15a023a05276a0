//! The gateway's own actions: they passed every gate like any other, and no module is asked.

use faregate_contract::{Members, Outcome, Refusal, RequestId};
use faregate_pipeline::balance::Funded;
use faregate_pipeline::fault::Fault;
use faregate_pipeline::ownership;
use serde_json::{Value, json};

use crate::driver::Driver;
use crate::ops::receipts;

impl Driver {
    pub(crate) async fn builtin(&self, funded: &Funded) -> Result<Outcome, Refusal> {
        match funded.operation().action.as_str() {
            "DescribeRequest" => self.describe_request(funded).await,
            other => Err(Fault::Internal(format!("`{other}` is not built in")).into()),
        }
    }

    /// Foreign, unknown and forgotten are one answer, for one and the same work.
    async fn describe_request(&self, funded: &Funded) -> Result<Outcome, Refusal> {
        let named = funded.arguments().get("requestId").and_then(Value::as_str);
        let id = named.and_then(RequestId::parse).ok_or_else(ownership::absent)?;
        let stores = self.shared.stores.clone();
        // Files are read: not on the worker's own thread.
        let found = tokio::task::spawn_blocking(move || stores.receipts().find(id)).await;
        let kept = match found {
            Ok(Ok(kept)) => kept,
            Ok(Err(cause)) => return Err(Fault::Internal(format!("receipts: {cause}")).into()),
            Err(died) => return Err(Fault::Internal(died.to_string()).into()),
        };
        let hold = self.shared.stores.hold(id).await?;
        let account = funded.account().id.as_str();
        let told =
            receipts::told_to(account, &kept, hold.as_ref()).ok_or_else(ownership::absent)?;
        let text = json!({ "request": told }).to_string();
        Ok(Outcome::Success(Members::of_object(&text).unwrap_or_default()))
    }
}

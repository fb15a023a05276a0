//! The gateway's own modules: their calls passed every gate like any other, and are answered in the process.

use std::sync::Arc;

use faregate_contract::{Members, Outcome, Refusal};
use faregate_pipeline::operation::{Sent, Upstream};
use faregate_stores::Actor;
use serde_json::{Map, Value};

use crate::admin::{self, Caller, Refused};
use crate::driver::Driver;

/// What only the maker of an answer may see, and only once.
const SECRETS: [&str; 4] = ["secretKey", "tmpSecretKey", "token", "sessionToken"];

impl Driver {
    /// Does what the call asks, in the place of an upstream.
    pub(crate) async fn administer(&self, sent: &Sent) -> Upstream {
        let (account, caller) = (sent.account(), Caller::of(sent.key()));
        let user = caller.user.as_ref().map(|user| format!("/user:{user}")).unwrap_or_default();
        let actor = Actor {
            who: format!("account:{}{user}", account.id),
            key_id: Some(sent.key().id.to_string()),
            address: Some(sent.raw().peer.to_canonical().to_string()),
            request_id: Some(sent.raw().request_id),
        };
        let (action, arguments) = (sent.operation().action.clone(), sent.arguments().clone());
        self.at_desk(actor, caller, action, arguments).await
    }

    /// The disk is written to and waited for: not on the worker's own thread.
    async fn at_desk(
        &self,
        actor: Actor,
        caller: Caller,
        action: String,
        arguments: Map<String, Value>,
    ) -> Upstream {
        let shared = Arc::clone(&self.shared);
        let work = move || {
            // What was answered before this call is found by it.
            shared.stores.receipts().flush();
            shared.stores.administer(actor, |admin| {
                admin::answer(admin, &caller, &action, arguments, Some(&shared))
            })
        };
        let answered = match tokio::task::spawn_blocking(work).await {
            Ok(Ok(answered)) => answered,
            Ok(Err(down)) => Err(Refused::Down(format!("{}: {}", down.store, down.cause))),
            Err(died) => Err(Refused::Down(died.to_string())),
        };
        if let Err(Refused::Down(why)) = &answered {
            self.shared
                .log
                .event(&serde_json::json!({ "event": "administration-failed", "why": why }));
        }
        admin::as_upstream(answered)
    }
}

/// An answer as it may be kept for the copies of its call: without what is shown once.
pub(crate) fn kept(ended: &Result<Outcome, Refusal>) -> Result<Outcome, Refusal> {
    let Ok(Outcome::Success(members)) = ended else { return ended.clone() };
    let text = format!("{{{}}}", members.as_str());
    let Ok(mut value) = serde_json::from_str::<Value>(&text) else { return ended.clone() };
    forget(&mut value);
    Ok(Outcome::Success(Members::of_object(&value.to_string()).unwrap_or_default()))
}

fn forget(value: &mut Value) {
    match value {
        Value::Object(members) => {
            members.retain(|name, _| !SECRETS.contains(&name.as_str()));
            members.values_mut().for_each(forget);
        }
        Value::Array(items) => items.iter_mut().for_each(forget),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

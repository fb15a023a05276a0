//! Where one action names another: known only when all have been read.

use super::Operation;
use crate::diagnostic::Report;
use crate::document::Span;
use crate::suggestion;

/// What the gateway can ask a confirming action with.
const ASKED_WITH: [&str; 3] = ["action", "idempotencyKey", "requestId"];

/// An action that another one names.
#[derive(Debug)]
pub(super) struct Link {
    /// It says what became of a purchase.
    pub(super) confirm: String,
    pub(super) at: Span,
}

/// Every action that is named must be there, and be one that can be asked.
pub(super) fn check(report: &mut Report<'_>, operations: &[Operation], links: Vec<Link>) {
    for Link { confirm, at } in links {
        let Some(named) = operations.iter().find(|operation| operation.action == confirm) else {
            let actions = operations.iter().map(|operation| operation.action.as_str());
            let near = suggestion::did_you_mean(&confirm, actions);
            report.error(at, format!("there is no action `{confirm}` in this document"), near);
            continue;
        };
        if named.mutating {
            let what =
                format!("`{confirm}` changes something: what became of a call is only asked");
            report.error(at.clone(), what, Some("name an action that is a GET".to_owned()));
        }
        let parameters = named.parameters.describe();
        let demanded = parameters.iter().filter(|parameter| parameter.required);
        for parameter in demanded.filter(|p| !ASKED_WITH.contains(&p.name.as_str())) {
            let what =
                format!("`{confirm}` requires `{}`, which is not asked with", parameter.name);
            let help = "what it is asked with is `idempotencyKey`, `requestId` and `action`";
            report.error(at.clone(), what, Some(help.to_owned()));
        }
        let told_apart = |name: &str| matches!(name, "idempotencyKey" | "requestId");
        if !parameters.iter().any(|parameter| told_apart(&parameter.name)) {
            let what = format!("`{confirm}` has no parameter that says which call is meant");
            let help = "declare `idempotencyKey` or `requestId`".to_owned();
            report.error(at, what, Some(help));
        }
    }
}

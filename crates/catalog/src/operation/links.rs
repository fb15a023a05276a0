//! Where one action names another: known only when all have been read.

use serde_json::Value;

use super::Operation;
use crate::diagnostic::Report;
use crate::document::Span;
use crate::suggestion;

/// What the gateway can ask a confirming action with.
const ASKED_WITH: [&str; 3] = ["action", "idempotencyKey", "requestId"];

/// An action that another one names.
#[derive(Debug)]
pub(super) enum Link {
    /// It says what became of a purchase; or of each item of a batch that is one.
    Confirm { action: String, at: Span, of_items: bool },
    /// It says what a purchase costs: asked with those parameters that the purchase has too.
    Quote { action: String, at: Span, known: Vec<String>, path: String },
}

/// Every action that is named must be there, and be one that can be asked.
pub(super) fn check(report: &mut Report<'_>, operations: &[Operation], links: Vec<Link>) {
    for link in links {
        let (Link::Confirm { action, at, .. } | Link::Quote { action, at, .. }) = &link;
        let Some(named) = operations.iter().find(|operation| operation.action == *action) else {
            let actions = operations.iter().map(|operation| operation.action.as_str());
            let near = suggestion::did_you_mean(action, actions);
            report.error(
                at.clone(),
                format!("there is no action `{action}` in this document"),
                near,
            );
            continue;
        };
        match &link {
            Link::Confirm { at, of_items, .. } => confirm(report, named, at, *of_items),
            Link::Quote { at, known, path, .. } => quote(report, named, at, known, path),
        }
    }
}

fn confirm(report: &mut Report<'_>, named: &Operation, at: &Span, of_items: bool) {
    let confirm = &named.action;
    if named.mutating {
        let what = format!("`{confirm}` changes something: what became of a call is only asked");
        report.error(at.clone(), what, Some("name an action that is a GET".to_owned()));
    }
    let parameters = named.parameters.describe();
    let demanded = parameters.iter().filter(|parameter| parameter.required);
    for parameter in demanded.filter(|p| !ASKED_WITH.contains(&p.name.as_str())) {
        let what = format!("`{confirm}` requires `{}`, which is not asked with", parameter.name);
        let help = "what it is asked with is `idempotencyKey`, `requestId` and `action`";
        report.error(at.clone(), what, Some(help.to_owned()));
    }
    // All items of a batch are of one requestId.
    let told_apart = |name: &str| name == "idempotencyKey" || (name == "requestId" && !of_items);
    if !parameters.iter().any(|parameter| told_apart(&parameter.name)) {
        let what = format!("`{confirm}` has no parameter that says which call is meant");
        let help = if of_items {
            "declare `idempotencyKey`: the items of a batch have one `requestId`".to_owned()
        } else {
            "declare `idempotencyKey` or `requestId`".to_owned()
        };
        report.error(at.clone(), what, Some(help));
    }
}

fn quote(report: &mut Report<'_>, named: &Operation, at: &Span, known: &[String], path: &str) {
    let quote = &named.action;
    if named.mutating || named.purchase.is_some() || named.batch.is_some() {
        let what = format!(
            "`{quote}` cannot be asked for a price: it changes, costs or repeats something"
        );
        report.error(at.clone(), what, Some("name an action that is a GET".to_owned()));
    }
    for parameter in named.parameters.describe().iter().filter(|parameter| parameter.required) {
        if !known.contains(&parameter.name) {
            let what = format!(
                "`{quote}` requires `{}`, which the purchase does not have",
                parameter.name
            );
            report.error(
                at.clone(),
                what,
                Some("it is asked with the purchase's own parameters".to_owned()),
            );
        }
    }
    let Some(name) = path.strip_prefix("$.").filter(|name| !name.contains(['.', '[', '*'])) else {
        return;
    };
    let members = named
        .answer
        .as_ref()
        .and_then(|schema| schema.get("properties"))
        .and_then(Value::as_object);
    if let Some(members) = members.filter(|members| !members.contains_key(name)) {
        let what = format!("the answer of `{quote}` names no `{name}`");
        let near = suggestion::did_you_mean(name, members.keys().map(String::as_str));
        let help = near.unwrap_or_else(|| "say where the price is: `at: $.amount`".to_owned());
        report.error(at.clone(), what, Some(help));
    }
}

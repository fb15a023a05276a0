//! The body of an upstream request, and what its answer may not hold.

use serde_json::Value;

use super::read::check_name;
use super::request::BodyMembers;
use crate::diagnostic::Report;
use crate::document::Spot;
use crate::parameters::{Gathered, Member, Types, has_rules};

/// Members of an answer that are the gateway's (DESIGN 1): a module's own would be overwritten.
const RESERVED: [&str; 13] = [
    "Error",
    "RequestId",
    "code",
    "codeDesc",
    "detail",
    "docUrl",
    "fix",
    "message",
    "origin",
    "params",
    "reason",
    "requestId",
    "retryable",
];

/// What a request body declares.
#[derive(Debug)]
pub(super) struct Body<'d> {
    pub(super) members: Vec<Member<'d>>,
    pub(super) template: BodyMembers,
    /// Its schema, where it says more than what its members are.
    pub(super) rules: Option<Spot<'d>>,
}

/// Reads the request body of an operation.
pub(super) fn read<'d>(
    report: &mut Report<'d>,
    operation: &Spot<'d>,
    method: &str,
) -> Option<Body<'d>> {
    let document = report.document;
    let spot = operation.get("requestBody")?;
    if matches!(method, "GET" | "HEAD") {
        let what = format!("a {method} request has no body");
        let help = Some("move its members to `parameters` with `in: query`".to_owned());
        report.error(report.key(&spot), what, help);
        return None;
    }
    let body = document.resolve(spot.clone())?;
    let Some(schema) = json_schema(&body) else {
        let what = "the upstream gets JSON: `content` needs `application/json` with a `schema`";
        report.error(report.key(&spot), what, None);
        return None;
    };
    let gathered = Gathered::from(document, std::slice::from_ref(&schema));
    if !gathered.types.is_none_or(|types| types.has(Types::OBJECT)) {
        let what = "the body must be an object: its members are the action's parameters";
        report.error(report.key(&schema), what, None);
        return None;
    }
    let required = gathered.required;
    let mut members: Vec<Member<'d>> = Vec::new();
    for (name, spots) in gathered.named {
        let Some(first) = spots.first() else { continue };
        let at = report.key(first);
        check_name(report, &name, &at);
        members.push(Member {
            required: required.contains(&name),
            name,
            spots,
            description: None,
            in_path: false,
            items_max: None,
            listed: false,
            at,
        });
    }
    for name in &required {
        if !members.iter().any(|member| member.name == *name) {
            let what = format!("`{name}` is required but not declared in `properties`");
            report.error(report.key(&schema), what, None);
        }
    }
    let always = body.value.get("required") == Some(&Value::Bool(true)) || !required.is_empty();
    let names = members.iter().map(|member| member.name.clone()).collect();
    let rules = has_rules(document, &schema).then_some(schema);
    Some(Body { members, template: BodyMembers { names, required: always }, rules })
}

/// The schema of a request's or a response's JSON.
pub(super) fn json_schema<'d>(spot: &Spot<'d>) -> Option<Spot<'d>> {
    let content = spot.get("content")?;
    let json = content.members().find(|(kind, _)| {
        let kind = kind.split(';').next().unwrap_or(kind).trim();
        kind.eq_ignore_ascii_case("application/json")
    });
    json?.1.get("schema")
}

/// Reports result members that carry a name of the answer's own.
pub(super) fn check_results<'d>(
    report: &mut Report<'d>,
    operation: &Spot<'d>,
    priced: bool,
    refunds: bool,
) {
    let document = report.document;
    // What a purchase cost, and what a return gives back, is told beside the result.
    let money = |name: &str| (priced && name == "charge") || (refunds && name == "refund");
    let ours = |name: &str| RESERVED.contains(&name) || money(name);
    for (status, response) in operation.get("responses").iter().flat_map(Spot::members) {
        if !status.starts_with('2') {
            continue;
        }
        let Some(schema) = document.resolve(response).and_then(|response| json_schema(&response))
        else {
            continue;
        };
        let gathered = Gathered::from(document, &[schema]);
        for (name, spots) in gathered.named {
            let Some(spot) = spots.first().filter(|_| ours(name.as_str())) else {
                continue;
            };
            let what = format!("a result cannot have a member `{name}`: every answer has its own");
            let help = Some("give it another name, or put it into an object of its own".to_owned());
            report.error(report.key(spot), what, help);
        }
    }
}

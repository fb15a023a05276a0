//! Reading operations: every path and method of the document becomes an action, or a diagnostic.

use serde_json::Value;

use super::links::{self, Link};
use super::names::Names;
use super::request::Template;
use super::sold::{self, Sold};
use super::{Audience, Batch, Cover, Operation, body, checks, template};
use crate::diagnostic::Report;
use crate::document::{Document, Span, Spot};
use crate::extension::{OperationTerms, read_operation};
use crate::outside::public;
use crate::parameters::{Member, Parameters, Plan, Types, types_of};
use crate::schema::Schemas;
use crate::suggestion;

/// Parameters of the protocol, sorted: they never reach a schema (PROTOCOL 1.2 and 6.3).
pub const COMMON_PARAMETERS: [&str; 15] = [
    "Action",
    "ClientToken",
    "DryRun",
    "Language",
    "Nonce",
    "Region",
    "RequestClient",
    "RequestSource",
    "ResumeToken",
    "SecretId",
    "Signature",
    "SignatureMethod",
    "Timestamp",
    "Token",
    "Version",
];

/// Those of them that an action may declare as well: then the module gets them too.
const SHARED_PARAMETERS: [&str; 2] = ["ClientToken", "DryRun"];

/// The methods of a path item: the document's word, the wire's, and whether it changes anything.
const METHODS: [(&str, &str, bool); 6] = [
    ("get", "GET", false),
    ("head", "HEAD", false),
    ("post", "POST", true),
    ("put", "PUT", true),
    ("patch", "PATCH", true),
    ("delete", "DELETE", true),
];

/// Reads all operations. Their ordinals are given by the catalog.
pub(crate) fn read_all(report: &mut Report<'_>, schemas: &Schemas<'_>) -> Vec<Operation> {
    let document = report.document;
    let Some(paths) = document.root().get("paths").filter(|paths| paths.value.is_object()) else {
        report.error(
            0..0,
            "the document has no `paths`: a module offers at least one action",
            None,
        );
        return Vec::new();
    };
    let (mut operations, mut links): (Vec<Operation>, Vec<Link>) = (Vec::new(), Vec::new());
    for (path, at) in paths.members() {
        let Some(item) = document.resolve(at.clone()) else { continue };
        for (key, method, mutates) in METHODS {
            let Some(spot) = item.get(key) else { continue };
            let place = Where { path, at: &at, item: &item, method, mutates };
            let Some(operation) = read(report, schemas, &place, &spot, &mut links) else {
                continue;
            };
            if operations.iter().any(|known| known.action == operation.action) {
                let at = spot.get("operationId").map_or(0..0, |id| report.value(&id));
                let what = format!("the action `{}` stands here twice", operation.action);
                report.error(at, what, Some("give each operation its own name".to_owned()));
            }
            operations.push(operation);
        }
    }
    links::check(report, &operations, links);
    operations.sort_by(|a, b| a.action.cmp(&b.action));
    operations
}

/// Where an operation stands.
#[derive(Clone, Copy)]
struct Where<'p, 'd> {
    path: &'p str,
    at: &'p Spot<'d>,
    item: &'p Spot<'d>,
    method: &'static str,
    mutates: bool,
}

fn read<'d>(
    report: &mut Report<'d>,
    schemas: &Schemas<'_>,
    place: &Where<'_, 'd>,
    spot: &Spot<'d>,
    links: &mut Vec<Link>,
) -> Option<Operation> {
    let action = action(report, spot);
    for of in [place.item, spot] {
        if let Some(servers) = of.get("servers") {
            let what = "a module has one upstream: `servers` at the root";
            report.error(report.key(&servers), what, None);
        }
    }
    let placed = template::parameters(report, place.item, spot);
    let segments = template::path(report, place.at, place.path, &placed);
    let body = body::read(report, spot, place.method);
    let terms = read_operation(report, spot);
    let refunds = terms.owning.returns.as_ref().is_some_and(|returned| returned.refund.is_some());
    body::check_results(report, spot, terms.priced.is_some(), refunds);

    let query = placed.iter().filter_map(|p| Some((p.member.name.clone(), p.style?))).collect();
    let mut members: Vec<Member<'d>> = placed.into_iter().map(|p| p.member).collect();
    let mut rules = None;
    let mut body_template = None;
    if let Some(body) = body {
        let names: Vec<String> = body.members.iter().map(|member| member.name.clone()).collect();
        rules = body.rules.map(|schema| (schema, names));
        members.extend(body.members);
        body_template = Some(body.template);
    }
    check_places(report, &mut members);
    if let Some((batch, at)) = &terms.batch {
        apply_batch(report, &mut members, batch, at, rules.is_some());
    }
    checks::terms(report, &members, &terms);
    super::public::check(report, &terms, place.mutates);
    checks::aliases(report, &members, &terms);
    let plan = Plan { members, body: rules };
    let parameters = match Parameters::build(report.document, schemas, &plan) {
        Ok(parameters) => parameters.also_named(
            terms.api3.parameters.iter().map(|(name, of, _)| (name.clone(), of.clone())).collect(),
        ),
        Err(wrongs) => {
            wrongs.into_iter().for_each(|(at, what)| report.error(at, what, None));
            return None;
        }
    };
    let template = Template { method: place.method, path: segments, query, body: body_template };
    assemble(report, place, spot, action?, terms, &plan, parameters, template, links)
}

#[expect(clippy::too_many_arguments, reason = "each is a finished part of the operation")]
fn assemble<'d>(
    report: &mut Report<'d>,
    place: &Where<'_, 'd>,
    spot: &Spot<'d>,
    action: String,
    terms: OperationTerms<'d>,
    plan: &Plan<'d>,
    parameters: Parameters,
    template: Template,
    links: &mut Vec<Link>,
) -> Option<Operation> {
    let batch = terms.batch.map(|(batch, _)| batch);
    let priced = terms.priced.is_some();
    let place_of = Sold { plan, parameters: &parameters, batch: batch.as_ref() };
    let purchase = terms.priced.and_then(|priced| sold::purchase(report, &place_of, priced, links));
    if priced && purchase.is_none() {
        return None;
    }
    let again = terms.idempotent == Some(true);
    let resources = checks::bindings(report, terms.resources, &terms.owning);
    let returned = terms.owning.returns;
    let returns = returned.map(|returned| sold::returns(report, &place_of, returned, again));
    let mutating = terms.mutating.unwrap_or(place.mutates);
    Some(Operation {
        action,
        summary: spot.text("summary").unwrap_or_default().to_owned(),
        description: spot.text("description").unwrap_or_default().to_owned(),
        ordinal: 0,
        mutating,
        idempotent: terms.idempotent.unwrap_or(!mutating),
        audience: terms.audience.unwrap_or(Audience::Public),
        is_public: terms.public.is_some(),
        lifetime: terms.lifetime,
        min_signature: terms.min_signature,
        resources,
        batch,
        quota: terms.quota.and_then(|(rate, _)| rate),
        totals: terms.quota.map(|(_, totals)| totals).unwrap_or_default(),
        requires_identity: terms.requires_identity.unwrap_or(priced),
        purchase,
        creates: terms.owning.creates,
        returns,
        transfers: terms.owning.transfers.map(|(transfers, _)| transfers),
        shares: terms.owning.shares.map(|(shares, _)| shares),
        filter: terms.owning.filter,
        cover: if terms.unsigned_payload == Some(true) { Cover::Head } else { Cover::Whole },
        parameters,
        answer: answer(report.document, spot),
        template,
        names: Names::of(report.document, spot, terms.api3.answer),
    })
}

/// The schema of the first success that has one.
fn answer(document: &Document<'_>, spot: &Spot<'_>) -> Option<Value> {
    spot.get("responses")?.members().filter(|(status, _)| status.starts_with('2')).find_map(
        |(_, response)| {
            let response = document.resolve(response)?;
            let schema = response.get("content")?.get("application/json")?.get("schema")?;
            Some(public(schema.value))
        },
    )
}

fn action(report: &mut Report<'_>, spot: &Spot<'_>) -> Option<String> {
    let Some(id) = spot.get("operationId") else {
        let what = "the operation has no `operationId`: it would have no Action";
        report.error(report.key(spot), what, Some("add `operationId: DescribeZones`".to_owned()));
        return None;
    };
    let action = id.value.as_str().unwrap_or_default();
    let letters = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.');
    let plain = action.len() <= 128 && action.bytes().all(letters);
    if !plain || !action.starts_with(|c: char| c.is_ascii_alphabetic()) {
        let what = format!("`{action}` is not a name for an Action");
        let help = Some("use letters and digits, beginning with a capital".to_owned());
        report.error(report.value(&id), what, help);
        return None;
    }
    let ours = crate::builtin::is_ours(report.document.source.name);
    if crate::builtin::EVERYWHERE.contains(&action) && !ours {
        let what = format!("`{action}` is answered by the gateway itself, at every domain");
        report.error(report.value(&id), what, Some("give the action another name".to_owned()));
        return None;
    }
    if let Some(first) = action.chars().next().filter(char::is_ascii_lowercase) {
        // Python, PHP, Java and .NET do so (PROTOCOL 1.2).
        let what = format!("no SDK can call `{action}`: they send its first letter as a capital");
        let rest = action.get(1..).unwrap_or_default();
        let help = Some(format!("call it `{}{rest}`", first.to_ascii_uppercase()));
        report.warning(report.value(&id), what, help);
    }
    Some(action.to_owned())
}

/// A parameter's name must be one that can be sent, and none of the protocol's.
pub(super) fn check_name(report: &mut Report<'_>, name: &str, at: &Span) {
    if COMMON_PARAMETERS.contains(&name) && !SHARED_PARAMETERS.contains(&name) {
        let what = format!("`{name}` is a common parameter: it never reaches a module");
        report.error(at.clone(), what, Some("give the parameter another name".to_owned()));
    }
    let letters = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.');
    if name.is_empty() || name.len() > 128 || !name.bytes().all(letters) {
        // RELIABILITY 1.3, rule 1.
        let what = format!("`{name}` cannot be sent: a name has 1 to 128 of A-Z a-z 0-9 _ . -");
        report.error(at.clone(), what, None);
    }
}

/// One name in two places would be two parameters with one value.
fn check_places(report: &mut Report<'_>, members: &mut Vec<Member<'_>>) {
    let mut seen: Vec<String> = Vec::new();
    members.retain(|member| {
        let first = !seen.contains(&member.name);
        if first {
            seen.push(member.name.clone());
        } else {
            let what = format!("`{}` is declared in two places", member.name);
            let help = Some("path, query and body share one set of names".to_owned());
            report.error(member.at.clone(), what, help);
        }
        first
    });
}

/// Makes the batch's parameter what clients send: a list without repetitions.
fn apply_batch<'d>(
    report: &mut Report<'d>,
    members: &mut [Member<'d>],
    batch: &Batch,
    at: &Spot<'d>,
    body_rules: bool,
) {
    let place = |report: &Report<'_>, key: &str| {
        at.get(key).map_or_else(|| report.key(at), |spot| report.value(&spot))
    };
    let names: Vec<String> = members.iter().map(|member| member.name.clone()).collect();
    let wanted = batch.as_.as_ref().unwrap_or(&batch.over);
    let key = if batch.as_.is_some() { "as" } else { "over" };
    let Some(member) = members.iter_mut().find(|member| member.name == *wanted) else {
        let near = suggestion::did_you_mean(wanted, names.iter().map(String::as_str));
        let what = format!("`{wanted}` is not a parameter of this operation");
        report.error(place(report, key), what, near);
        return;
    };
    let list = types_of(report.document, member).has(Types::ARRAY.with(Types::OBJECT));
    match (&batch.as_, list) {
        (None, false) => {
            let what = format!("`{}` is not a list: a batch goes over one", batch.over);
            let help = format!("write `batch: {{ over: {0}s, as: {0} }}`", batch.over);
            report.error(place(report, key), what, Some(help));
        }
        (Some(name), true) => {
            let what = format!("`{name}` is a list: `as` names the upstream's parameter of one id");
            report.error(place(report, key), what, Some("leave `as` out".to_owned()));
        }
        (Some(_), false) if names.contains(&batch.over) => {
            let what = format!("`{}` is declared too: with `as` it is the gateway's", batch.over);
            report.error(place(report, "over"), what, None);
        }
        (Some(_), false) if body_rules && !member.in_path => {
            let what = "`as` cannot replace a member of a body whose schema has rules of its own";
            report.error(place(report, key), what, None);
        }
        (Some(_), false) => {
            batch.over.clone_into(&mut member.name);
            member.listed = true;
        }
        (None, true) => {}
    }
    member.items_max = Some(batch.max);
}

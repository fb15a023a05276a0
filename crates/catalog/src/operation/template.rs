//! The parameters of an OpenAPI operation that stand in its path or query, and the path itself.

use serde_json::Value;

use super::read::check_name;
use super::request::{Segment, Style};
use crate::diagnostic::Report;
use crate::document::Spot;
use crate::parameters::{Gathered, Member, Types};

/// Headers that the gateway sends of itself: a document may declare them, clients never set them.
const OURS: [&str; 8] = [
    "accept",
    "authorization",
    "content-type",
    "faregate-account",
    "faregate-region",
    "faregate-request-id",
    "idempotency-key",
    "traceparent",
];

/// A parameter of the path or query.
#[derive(Debug)]
pub(super) struct Placed<'d> {
    pub(super) member: Member<'d>,
    /// `None`: in the path.
    pub(super) style: Option<Style>,
}

/// Reads the parameters of an operation, with those of its path item.
pub(super) fn parameters<'d>(
    report: &mut Report<'d>,
    item: &Spot<'d>,
    operation: &Spot<'d>,
) -> Vec<Placed<'d>> {
    let document = report.document;
    let all = |of: &Spot<'d>| {
        let list = of.get("parameters");
        let spots = list.iter().flat_map(Spot::items).collect::<Vec<_>>();
        spots.into_iter().filter_map(|spot| document.resolve(spot)).collect::<Vec<_>>()
    };
    let own = all(operation);
    let same = |ours: &Spot<'_>, theirs: &Spot<'_>| {
        ours.text("name") == theirs.text("name") && ours.text("in") == theirs.text("in")
    };
    // An operation's parameter replaces its path item's (OpenAPI 3.1, Operation Object).
    let inherited: Vec<_> =
        all(item).into_iter().filter(|theirs| !own.iter().any(|ours| same(ours, theirs))).collect();
    inherited.into_iter().chain(own).filter_map(|spot| placed(report, &spot)).collect()
}

fn placed<'d>(report: &mut Report<'d>, spot: &Spot<'d>) -> Option<Placed<'d>> {
    let at = report.key(spot);
    let Some(name) = spot.text("name") else {
        report.error(at, "a parameter needs a `name`", None);
        return None;
    };
    let at = spot.get("name").map_or(at, |name| report.value(&name));
    let required = spot.value.get("required") == Some(&Value::Bool(true));
    let in_path = match spot.text("in") {
        Some("path") => true,
        Some("query") => false,
        Some(place @ ("header" | "cookie")) => {
            unsent(report, place, name, required, at);
            return None;
        }
        _ => {
            report.error(at, format!("`{name}` needs `in: path` or `in: query`"), None);
            return None;
        }
    };
    check_name(report, name, &at);
    let Some(schema) = spot.get("schema") else {
        report.error(at, format!("`{name}` needs a `schema`"), None);
        return None;
    };
    let types = Gathered::from(report.document, std::slice::from_ref(&schema)).types;
    let types = types.unwrap_or(Types::TEXT);
    let structured = types.has(Types::ARRAY.with(Types::OBJECT));
    if in_path && (structured || !required) {
        let what = format!("`{name}` stands in the path: it must be one required value");
        report.error(at.clone(), what, Some("add `required: true`, and no list".to_owned()));
    }
    let style = if in_path { None } else { Some(style(report, spot, name, types)?) };
    let member = Member {
        name: name.to_owned(),
        spots: vec![schema],
        required,
        description: spot.text("description").map(str::to_owned),
        in_path,
        items_max: None,
        listed: false,
        at,
    };
    Some(Placed { member, style })
}

/// A header or cookie is not public (DESIGN 2): what the upstream demands nobody could send.
fn unsent(
    report: &mut Report<'_>,
    place: &str,
    name: &str,
    required: bool,
    at: std::ops::Range<usize>,
) {
    if place == "header" && OURS.contains(&name.to_ascii_lowercase().as_str()) {
        return;
    }
    let help = Some("move it to the query or the body".to_owned());
    if required {
        let what = format!("the {place} `{name}` is required, and no client can send it");
        report.error(at, what, help);
    } else {
        report.warning(at, format!("the {place} `{name}` is never sent"), help);
    }
}

fn style(report: &mut Report<'_>, spot: &Spot<'_>, name: &str, types: Types) -> Option<Style> {
    let style = spot.text("style").unwrap_or("form");
    let explode = spot.value.get("explode").and_then(Value::as_bool).unwrap_or(style == "form");
    if types.has(Types::OBJECT) && style != "deepObject" {
        let what = format!("`{name}` is an object: only `style: deepObject` writes one");
        report.error(report.key(spot), what, Some("or move it to the body".to_owned()));
        return None;
    }
    match (style, explode) {
        ("form", true) => Some(Style::Repeated),
        ("form", false) => Some(Style::Joined(',')),
        ("spaceDelimited", false) => Some(Style::Joined(' ')),
        ("pipeDelimited", false) => Some(Style::Joined('|')),
        ("deepObject", _) => Some(Style::Deep),
        _ => {
            let what = format!("`{name}` cannot be written with `style: {style}`");
            report.error(report.key(spot), what, Some("leave `style` out".to_owned()));
            None
        }
    }
}

/// Cuts a path at its `{parameters}`, each of which must be declared, and each declared one used.
pub(super) fn path<'d>(
    report: &mut Report<'d>,
    item: &Spot<'d>,
    path: &str,
    placed: &[Placed<'d>],
) -> Vec<Segment> {
    let at = report.key(item);
    let mut segments = Vec::new();
    let mut rest = path;
    if !rest.starts_with('/') || rest.contains(['?', '#', ' ']) || !rest.is_ascii() {
        let what = format!("`{path}` is not a path: it begins with `/` and has no query");
        report.error(at.clone(), what, None);
    }
    while let Some((literal, after)) = rest.split_once('{') {
        let Some((name, next)) = after.split_once('}') else { break };
        if !literal.is_empty() {
            segments.push(Segment::Literal(literal.to_owned()));
        }
        let known = placed.iter().any(|p| p.style.is_none() && p.member.name == name);
        if !known {
            let what = format!("`{{{name}}}` stands in the path and is not declared");
            let help = format!("add `- {{ name: {name}, in: path, required: true, schema: … }}`");
            report.error(at.clone(), what, Some(help));
        }
        segments.push(Segment::Parameter(name.to_owned()));
        rest = next;
    }
    if rest.contains(['{', '}']) {
        report.error(at, format!("the braces of `{path}` do not match"), None);
    }
    if !rest.is_empty() {
        segments.push(Segment::Literal(rest.to_owned()));
    }
    for p in placed.iter().filter(|p| p.style.is_none()) {
        if !segments.contains(&Segment::Parameter(p.member.name.clone())) {
            let what =
                format!("`{}` is declared in the path, and the path lacks it", p.member.name);
            let help = Some(format!("write `{{{}}}` where it belongs", p.member.name));
            report.error(p.member.at.clone(), what, help);
        }
    }
    segments
}

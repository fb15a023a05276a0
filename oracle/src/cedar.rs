//! The same policy as Cedar has it, and what Cedar says.
//!
//! A statement becomes one `permit` or `forbid` over the context, which holds the call: its names as texts, and each
//! parameter in every reading that an operator may want. Nothing of our evaluator is used here but how a region is
//! called in full, and when a day begins.

use std::str::FromStr as _;

use cedar_policy::{Authorizer, Context, Decision, Entities, EntityUid, PolicySet, Request};
use faregate_pipeline::authz::policy::moment;
use serde_json::{Value, json};

use crate::Said;
use crate::cases::Case;

/// Numbers are compared as thousandths: those that are drawn have no more digits.
const THOUSANDTHS: f64 = 1_000.0;

pub(crate) fn decide(case: &Case) -> Result<Said, String> {
    let text = policies(&case.policy)?;
    let set = PolicySet::from_str(&text).map_err(|why| format!("{why}\n{text}"))?;
    let uid = |text: &str| EntityUid::from_str(text).map_err(|why| why.to_string());
    let context = Context::from_json_value(context(case)?, None).map_err(|why| why.to_string())?;
    let request =
        Request::new(uid("K::\"key\"")?, uid("A::\"call\"")?, uid("R::\"it\"")?, context, None)
            .map_err(|why| why.to_string())?;
    let answer = Authorizer::new().is_authorized(&request, &set, &Entities::empty());
    if let Some(error) = answer.diagnostics().errors().next() {
        return Err(format!("{error}\n{text}\n{case:#?}"));
    }
    Ok(match answer.decision() {
        Decision::Allow => Said::Allowed,
        Decision::Deny if answer.diagnostics().reason().next().is_some() => Said::Denied,
        Decision::Deny => Said::NotAllowed,
    })
}

fn long(region: &str) -> &str {
    match region {
        "gz" => "ap-guangzhou",
        "sh" => "ap-shanghai",
        other => other,
    }
}

fn context(case: &Case) -> Result<Value, String> {
    let mut call = json!({
        "name": format!("{}:{}", case.module, case.action),
        "module": case.module,
        "region": long(&case.region),
        "path": case.path,
        "ip": { "__extn": { "fn": "ip", "arg": case.peer } },
        "at": moment(&case.at).ok_or("no moment")?.as_ms(),
    });
    let mut arguments = json!({});
    for (name, value) in &case.arguments {
        let mut readings = json!({ "scalar": !value.is_array() });
        let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        if !value.is_array() {
            readings["lower"] = text.to_lowercase().into();
            if let Some(number) = thousandths(&text) {
                readings["number"] = number.into();
            }
            if let Ok(flag) = text.parse::<bool>() {
                readings["flag"] = flag.into();
            }
            readings["text"] = text.into();
        }
        arguments[format!("{}_{name}", case.module)] = readings;
    }
    if !case.region.is_empty() {
        let region = long(&case.region);
        arguments["qcs_region"] =
            json!({ "scalar": true, "text": region, "lower": region.to_lowercase() });
    }
    call["arguments"] = arguments;
    Ok(call)
}

fn thousandths(text: &str) -> Option<i64> {
    let number: f64 = text.parse().ok()?;
    Some((number * THOUSANDTHS).round() as i64)
}

/// The policies, as Cedar reads them.
pub(crate) fn policies(policy: &Value) -> Result<String, String> {
    let statements = policy["statement"].as_array().ok_or("no statements")?;
    let texts: Result<Vec<String>, String> = statements.iter().map(statement).collect();
    Ok(texts?.join("\n"))
}

fn statement(statement: &Value) -> Result<String, String> {
    let denies = statement["effect"] == "deny";
    let effect = if denies { "forbid" } else { "permit" };
    let actions = any(&statement["action"], action);
    let resources = any(&statement["resource"], resource);
    let mut all = vec![actions, resources];
    for (operator, keys) in statement["condition"].as_object().into_iter().flatten() {
        for (key, values) in keys.as_object().into_iter().flatten() {
            all.push(condition(operator, key, values, denies)?);
        }
    }
    let all: Vec<String> = all.iter().map(|one| format!("({one})")).collect();
    Ok(format!("{effect}(principal, action, resource) when {{ {} }};", all.join(" && ")))
}

fn list(value: &Value) -> Vec<&str> {
    let items = value.as_array().map_or(std::slice::from_ref(value), Vec::as_slice);
    items.iter().filter_map(Value::as_str).collect()
}

fn any(values: &Value, one: impl Fn(&str) -> String) -> String {
    let all: Vec<String> = list(values).into_iter().map(|text| format!("({})", one(text))).collect();
    all.join(" || ")
}

/// A text as Cedar writes it; stars in a pattern stay what they are.
fn quoted(text: &str) -> String {
    Value::from(text).to_string()
}

fn action(pattern: &str) -> String {
    let pattern = pattern.strip_prefix("name/").unwrap_or(pattern);
    if pattern == "*" { "true".to_owned() } else { format!("context.name like {}", quoted(pattern)) }
}

fn resource(pattern: &str) -> String {
    if pattern == "*" {
        return "true".to_owned();
    }
    let six: Vec<&str> = pattern.splitn(6, ':').collect();
    let is_wide = |text: &str| text.is_empty() || text == "*";
    let mut all = vec![format!("context.path like {}", quoted(six[5]))];
    if !is_wide(six[2]) {
        all.push(format!("context.module == {}", quoted(six[2])));
    }
    if !is_wide(six[3]) {
        all.push(format!("context.region like {}", quoted(long(six[3]))));
    }
    all.join(" && ")
}

fn condition(operator: &str, key: &str, values: &Value, denies: bool) -> Result<String, String> {
    let (name, if_exist) =
        operator.strip_suffix("_if_exist").map_or((operator, false), |name| (name, true));
    let negative = name.contains("_not_");
    let plain = name.replace("_not_", "_");
    let positive = |one: String| if negative { format!("!({one})") } else { one };
    let (kind, how) = plain.split_once('_').ok_or("no operator")?;
    let order = |ours: String, theirs: i64| {
        let sign = match how {
            "equal" => "==",
            "less_than" => "<",
            "less_than_equal" => "<=",
            "greater_than" => ">",
            _ => ">=",
        };
        format!("{ours} {sign} {theirs}")
    };
    match key {
        "qcs:ip" => {
            let found = any(values, |network| format!("context.ip.isInRange(ip({}))", quoted(network)));
            return Ok(positive(found));
        }
        "qcs:current_time" => {
            let at = |text: &str| moment(text).map_or(0, |at| at.as_ms());
            return Ok(positive(any(values, |text| order("context.at".to_owned(), at(text)))));
        }
        _ => {}
    }
    let own = format!("context.arguments.{}", key.replace(':', "_"));
    let (reading, compared) = match kind {
        "numeric" => ("number", any(values, |text| {
            order(format!("{own}.number"), thousandths(text).unwrap_or(0))
        })),
        "bool" => ("flag", any(values, |text| format!("{own}.flag == {text}"))),
        _ if how == "like" => ("text", any(values, |text| format!("{own}.text like {}", quoted(text)))),
        _ if how.ends_with("ignore_case") => ("lower", any(values, |text| {
            format!("{own}.lower == {}", quoted(&text.to_lowercase()))
        })),
        _ => ("text", any(values, |text| format!("{own}.text == {}", quoted(text)))),
    };
    // What cannot be compared counts as met for a deny, and as unmet for an allow.
    Ok(format!(
        "if context.arguments has {} then (if {own} has {reading} then {} else {denies}) else {}",
        key.replace(':', "_"),
        positive(format!("({compared})")),
        if_exist || negative,
    ))
}

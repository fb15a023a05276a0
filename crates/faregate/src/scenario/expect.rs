//! Is the answer what was expected: every difference in a sentence.

use std::collections::BTreeMap;

use faregate_client::Answered;
use faregate_contract::{ModuleError, Response};
use serde_json::{Value, json};

use super::Expect;

/// Values that earlier steps captured.
pub(super) type Captured = BTreeMap<String, Value>;

/// What is different from what was expected; nothing if all is well.
pub(super) fn differences(
    expect: &Expect,
    answered: &Answered,
    body: &Value,
    captured: &Captured,
) -> Vec<String> {
    if expect.is_cut {
        return vec!["there is an answer, expected none".to_owned()];
    }
    let mut found = Vec::new();
    // The JSONPaths see the answer as it came; its code and the rest are read from either envelope.
    let (whole, read) = (body, in_one_envelope(answered, body));
    let body = &read;
    if let Some(code) = expect.code {
        found.extend(differs("code", &code.to_string(), &member(body, "code")));
    }
    let message = member(body, "message");
    if let Some(wanted) = &expect.module_code {
        let own = message.parse::<ModuleError>().map(|own| own.code);
        found.extend(differs("the module's code", wanted, own.as_deref().unwrap_or("none")));
    }
    if let Some(wanted) = &expect.reason {
        found.extend(differs("reason", wanted, &member(body, "reason")));
    }
    for (name, wanted) in &expect.headers {
        let got = answered.headers.get(name.as_str()).and_then(|value| value.to_str().ok());
        match filled(wanted, captured) {
            Ok(wanted) => found.extend(differs(
                &format!("the header `{name}`"),
                &wanted,
                got.unwrap_or("none"),
            )),
            Err(why) => found.push(why),
        }
    }
    if let Some(wanted) = &expect.message {
        match filled(wanted, captured) {
            Ok(wanted) if message.contains(&wanted) => {}
            Ok(wanted) => found.push(format!("message is `{message}`, expected `{wanted}` in it")),
            Err(why) => found.push(why),
        }
    }
    for (path, parsed, wanted) in &expect.body {
        let got = parsed.query(whole).all();
        found.extend(judge(path, &got, wanted, captured).err());
    }
    found
}

/// The answer with the members that API 2.0 has, whichever envelope it came in.
fn in_one_envelope(answered: &Answered, body: &Value) -> Value {
    if body.get("Response").is_none() {
        return body.clone();
    }
    match Response::parse(&answered.body) {
        Ok(Response::Failure(error)) => error.body,
        Ok(Response::Success(_)) => json!({ "code": 0, "message": "" }),
        Err(_) => body.clone(),
    }
}

fn differs(what: &str, wanted: &str, got: &str) -> Option<String> {
    (wanted != got).then(|| format!("{what} is {got}, expected {wanted}"))
}

/// A plain value must be the first that the path finds; an object with one key asks something else.
fn judge(path: &str, got: &[&Value], wanted: &Value, captured: &Captured) -> Result<(), String> {
    let first = got.first().copied();
    let shown = first.map_or_else(|| "nothing".to_owned(), Value::to_string);
    let question = wanted.as_object().filter(|object| object.len() == 1);
    if let Some((key, value)) = question.and_then(|object| object.iter().next()) {
        let fits = match (key.as_str(), value) {
            ("contains", Value::String(part)) => {
                let part = filled(part, captured)?;
                first.is_some_and(|first| text(first).contains(&part))
            }
            ("exists", Value::Bool(exists)) => first.is_some() == *exists,
            ("count", Value::Number(n)) => n.as_u64() == u64::try_from(got.len()).ok(),
            _ => first == Some(wanted),
        };
        return if fits { Ok(()) } else { Err(format!("{path} is {shown}, expected {wanted}")) };
    }
    let wanted = match wanted {
        Value::String(text) => value(text, captured)?,
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_) => {
            wanted.clone()
        }
    };
    if first == Some(&wanted) {
        Ok(())
    } else {
        Err(format!("{path} is {shown}, expected {wanted}"))
    }
}

fn member(body: &Value, name: &str) -> String {
    body.get(name).map_or_else(|| "none".to_owned(), text)
}

/// A value as it stands in a parameter.
pub(super) fn text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_) => {
            value.to_string()
        }
    }
}

/// `${name}` alone is the captured value as it is; within a text it is its text.
pub(super) fn value(template: &str, captured: &Captured) -> Result<Value, String> {
    let alone = template.strip_prefix("${").and_then(|rest| rest.strip_suffix('}'));
    match alone.filter(|name| !name.contains("${")) {
        Some(name) => captured.get(name).cloned().ok_or_else(|| missing(name)),
        None => filled(template, captured).map(Value::String),
    }
}

/// The text with every `${name}` filled in.
pub(super) fn filled(template: &str, captured: &Captured) -> Result<String, String> {
    let (mut out, mut rest) = (String::with_capacity(template.len()), template);
    while let Some((before, after)) = rest.split_once("${") {
        let Some((name, tail)) = after.split_once('}') else { break };
        out.push_str(before);
        out.push_str(&text(captured.get(name).ok_or_else(|| missing(name))?));
        rest = tail;
    }
    out.push_str(rest);
    Ok(out)
}

fn missing(name: &str) -> String {
    format!("no earlier step captured `{name}`")
}

//! The same question, answered from the JSON text with nothing compiled: what `bundle` is compared with.

use serde_json::{Map, Value};

use super::moment;
use crate::facts::Network;
use crate::time::Millis;

pub(super) struct Call<'a> {
    pub(super) module: &'a str,
    pub(super) action: &'a str,
    pub(super) region: &'a str,
    pub(super) peer: &'a str,
    pub(super) now: Millis,
    pub(super) arguments: &'a Map<String, Value>,
    pub(super) resources: &'a [String],
}

/// 1 allowed, 0 not allowed, -1 denied: of a policy's text.
pub(super) fn decide(policy: &Value, call: &Call<'_>) -> i8 {
    let statements = policy["statement"].as_array().unwrap();
    let mut answer = 1;
    for path in call.resources {
        let of = |effect: &str| {
            let speaking = statements.iter().filter(|s| s["effect"] == effect);
            speaking
                .filter(|s| list(&s["action"]).iter().any(|a| action(a, call)))
                .filter(|s| list(&s["resource"]).iter().any(|r| resource(r, call, path)))
                .any(|s| holds(&s["condition"], call, effect == "deny"))
        };
        if of("deny") {
            return -1;
        }
        if !of("allow") {
            answer = 0;
        }
        if answer == 0 {
            return 0;
        }
    }
    answer
}

fn list(value: &Value) -> Vec<String> {
    let items = value.as_array().map_or(std::slice::from_ref(value), Vec::as_slice);
    items.iter().map(|item| item.as_str().unwrap().to_owned()).collect()
}

/// By recursion on both texts: the definition.
fn glob(pattern: &[u8], text: &[u8]) -> bool {
    match (pattern.split_first(), text.split_first()) {
        (None, None) => true,
        (Some((b'*', more)), _) => {
            glob(more, text) || text.split_first().is_some_and(|(_, rest)| glob(pattern, rest))
        }
        (Some((p, more)), Some((t, rest))) => p == t && glob(more, rest),
        (None, Some(_)) | (Some(_), None) => false,
    }
}

fn like(pattern: &str, text: &str) -> bool {
    glob(pattern.as_bytes(), text.as_bytes())
}

fn action(pattern: &str, call: &Call<'_>) -> bool {
    let pattern = pattern.trim_start_matches("name/");
    pattern == "*" || like(pattern, &format!("{}:{}", call.module, call.action))
}

fn long(region: &str) -> &str {
    match region {
        "gz" => "ap-guangzhou",
        "sh" => "ap-shanghai",
        other => other,
    }
}

fn resource(pattern: &str, call: &Call<'_>, path: &str) -> bool {
    if pattern == "*" {
        return true;
    }
    let six: Vec<&str> = pattern.splitn(6, ':').collect();
    let wide = |text: &str| text.is_empty() || text == "*";
    (wide(six[2]) || six[2] == call.module)
        && (wide(six[3]) || like(long(six[3]), long(call.region)))
        && like(six[5], path)
}

fn holds(conditions: &Value, call: &Call<'_>, unclear_is: bool) -> bool {
    let Some(operators) = conditions.as_object() else { return true };
    let mut unclear = false;
    for (operator, keys) in operators {
        for (key, values) in keys.as_object().unwrap() {
            match one(operator, key, values, call) {
                Some(true) => {}
                Some(false) => return false,
                None => unclear = true,
            }
        }
    }
    !unclear || unclear_is
}

fn one(operator: &str, key: &str, values: &Value, call: &Call<'_>) -> Option<bool> {
    let (name, if_exist) =
        operator.strip_suffix("_if_exist").map_or((operator, false), |name| (name, true));
    let negative = name.contains("_not_");
    let held = match key {
        "qcs:ip" => Value::from(call.peer),
        "qcs:current_time" => Value::from(call.now.as_ms()),
        "qcs:region" if call.region.is_empty() => Value::Null,
        "qcs:region" => Value::from(long(call.region)),
        parameter => {
            let (module, name) = parameter.split_once(':').unwrap();
            let own = (module == call.module).then(|| call.arguments.get(name)).flatten();
            own.cloned().unwrap_or(Value::Null)
        }
    };
    if held.is_null() {
        return Some(if_exist || negative);
    }
    let values = values.as_array().cloned().unwrap_or_else(|| vec![values.clone()]);
    let mut found = false;
    for value in &values {
        found |= compare(&name.replace("_not_", "_"), &held, value)?;
    }
    Some(found != negative)
}

fn compare(name: &str, held: &Value, wanted: &Value) -> Option<bool> {
    if held.is_array() || held.is_object() {
        return None;
    }
    let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    let number = |value: &Value| text(value).parse::<f64>().ok();
    let ordered = |ours: f64, theirs: f64| match name.split_once('_').unwrap().1 {
        "equal" => ours == theirs,
        "less_than" => ours < theirs,
        "less_than_equal" => ours <= theirs,
        "greater_than" => ours > theirs,
        "greater_than_equal" => ours >= theirs,
        other => panic!("{other}"),
    };
    Some(match name.split_once('_').unwrap().0 {
        "ip" => Network::parse(&text(wanted)).unwrap().contains(text(held).parse().unwrap()),
        "date" => {
            #[expect(clippy::cast_precision_loss, reason = "milliseconds of these days are exact")]
            let wanted = moment(&text(wanted)).unwrap().as_ms() as f64;
            ordered(held.as_f64()?, wanted)
        }
        "numeric" => ordered(number(held)?, number(wanted)?),
        "bool" => {
            let truth = |value: &Value| text(value).parse::<bool>().ok();
            truth(held)? == truth(wanted)?
        }
        "string" if name.ends_with("like") => like(&text(wanted), &text(held)),
        "string" if name.ends_with("ignore_case") => {
            text(held).to_lowercase() == text(wanted).to_lowercase()
        }
        _ => text(held) == text(wanted),
    })
}

//! A random policy and a random call that it may well speak of.

use serde_json::{Map, Value, json};

use crate::dice::Dice;

/// One policy and one call.
#[derive(Debug)]
pub(crate) struct Case {
    pub(crate) policy: Value,
    pub(crate) module: String,
    pub(crate) action: String,
    /// Short or long, or empty for none.
    pub(crate) region: String,
    pub(crate) path: String,
    pub(crate) peer: String,
    pub(crate) at: String,
    pub(crate) arguments: Map<String, Value>,
}

const MODULES: &[&str] = &["cvm", "cbs", "lb"];
const ACTIONS: &[&str] = &[
    "DescribeZones",
    "StopInstances",
    "RunInstances",
    "StartInstances",
    "DescribeInstances",
    "ReturnInstance",
];
const PATHS: &[&str] = &[
    "*",
    "instance/*",
    "instance/ins-1",
    "instance/ins-2",
    "instance/ins-12",
    "disk/ins-1",
    "disk/d-1/part/2",
];
const REGIONS: &[&str] = &["", "gz", "ap-guangzhou", "sh", "ap-shanghai", "mars"];
const PEERS: &[&str] = &["10.0.0.1", "10.0.255.255", "11.0.0.1", "::1", "2001:db8::7"];
const NETWORKS: &[&str] =
    &["10.0.0.0/8", "10.0.0.0/16", "10.0.0.1", "0.0.0.0/0", "::1", "2001:db8::/32", "::/0"];
const MOMENTS: &[&str] = &[
    "2018-05-20T23:59:59Z",
    "2018-05-21T10:00:00Z",
    "2018-05-21T10:00:01Z",
    "2018-05-22",
    "2018-05-22T00:00:00+08:00",
];
const TEXTS: &[&str] = &["gz-1", "gz-2", "GZ-1", "3", "2.5", "true", "", "a b"];
const LIKES: &[&str] = &["gz-*", "*-1", "*", "g*2", "3", "", "*z*1"];
const NUMBERS: &[&str] = &["3", "2.5", "-1", "0", "2.501", "1000000"];
const PARAMETERS: &[&str] = &["zone", "n", "on", "ids"];

impl Case {
    pub(crate) fn drawn(dice: &mut Dice) -> Self {
        let n = 1 + dice.below(6);
        let statements: Vec<Value> = (0..n).map(|_| statement(dice)).collect();
        Self {
            policy: json!({ "version": "2.0", "statement": statements }),
            module: dice.one_of(MODULES).to_owned(),
            action: dice.one_of(ACTIONS).to_owned(),
            region: dice.one_of(REGIONS).to_owned(),
            path: dice.one_of(PATHS).to_owned(),
            peer: dice.one_of(PEERS).to_owned(),
            at: dice.one_of(MOMENTS).to_owned(),
            arguments: arguments(dice),
        }
    }
}

/// Some of a word's letters are stars.
fn with_stars(dice: &mut Dice, word: &str) -> String {
    let mut text = word.to_owned();
    for _ in 0..dice.below(3) {
        let from = dice.below(text.len() + 1);
        let to = (from + dice.below(6)).min(text.len());
        text.replace_range(from..to, "*");
    }
    text
}

fn several(dice: &mut Dice, mut one: impl FnMut(&mut Dice) -> String) -> Value {
    if dice.chance(30) {
        return Value::from(one(dice));
    }
    let n = 1 + dice.below(3);
    (0..n).map(|_| Value::from(one(dice))).collect()
}

fn action(dice: &mut Dice) -> String {
    if dice.chance(10) {
        return "*".to_owned();
    }
    let (module, name) = (dice.one_of(MODULES), dice.one_of(ACTIONS));
    let name = with_stars(dice, name);
    let prefix = if dice.chance(50) { "name/" } else { "" };
    format!("{prefix}{module}:{name}")
}

fn resource(dice: &mut Dice) -> String {
    if dice.chance(25) {
        return "*".to_owned();
    }
    let module = dice.one_of(&["", "*", "cvm", "cbs", "lb"]);
    let region = dice.one_of(&["", "*", "gz", "ap-guangzhou", "ap-*", "sh", "*shanghai"]);
    let account = dice.one_of(&["", "uin/1"]);
    let path = dice.one_of(PATHS);
    // A type, a slash and an id; stars may stand in either.
    let path = match path.split_once('/') {
        None => path.to_owned(),
        Some((kind, id)) => {
            let kind = if dice.chance(70) { kind.to_owned() } else { with_stars(dice, kind) };
            let id = with_stars(dice, id);
            let whole = |text: String| if text.is_empty() { "*".to_owned() } else { text };
            format!("{}/{}", whole(kind), whole(id))
        }
    };
    format!("qcs::{module}:{region}:{account}:{path}")
}

fn condition(dice: &mut Dice) -> (String, String, Value) {
    let suffix = if dice.chance(20) { "_if_exist" } else { "" };
    let not = if dice.chance(35) { "_not" } else { "" };
    let parameter = |dice: &mut Dice| {
        let name = dice.one_of(PARAMETERS);
        format!("{}:{name}", dice.one_of(MODULES))
    };
    match dice.below(8) {
        0 => {
            let values = several(dice, |dice| dice.one_of(NETWORKS).to_owned());
            (format!("ip{not}_equal"), "qcs:ip".to_owned(), values)
        }
        1 => {
            let order = dice.one_of(&[
                "equal",
                "not_equal",
                "less_than",
                "less_than_equal",
                "greater_than",
                "greater_than_equal",
            ]);
            let values = several(dice, |dice| dice.one_of(MOMENTS).to_owned());
            (format!("date_{order}"), "qcs:current_time".to_owned(), values)
        }
        2 | 3 => {
            let key = if dice.chance(25) { "qcs:region".to_owned() } else { parameter(dice) };
            let values = several(dice, |dice| {
                dice.one_of(&[TEXTS, &["ap-guangzhou", "mars"]].concat()).to_owned()
            });
            let case = if dice.chance(25) { "_ignore_case" } else { "" };
            (format!("string{not}_equal{case}{suffix}"), key, values)
        }
        4 => {
            let key = if dice.chance(25) { "qcs:region".to_owned() } else { parameter(dice) };
            let values =
                several(dice, |dice| dice.one_of(&[LIKES, &["ap-*"]].concat()).to_owned());
            (format!("string{not}_like{suffix}"), key, values)
        }
        5 | 6 => {
            let order = dice.one_of(&[
                "equal",
                "not_equal",
                "less_than",
                "less_than_equal",
                "greater_than",
                "greater_than_equal",
            ]);
            let values = several(dice, |dice| dice.one_of(NUMBERS).to_owned());
            (format!("numeric_{order}{suffix}"), parameter(dice), values)
        }
        _ => {
            let values = several(dice, |dice| dice.one_of(&["true", "false"]).to_owned());
            (format!("bool_equal{suffix}"), parameter(dice), values)
        }
    }
}

fn statement(dice: &mut Dice) -> Value {
    let effect = if dice.chance(65) { "allow" } else { "deny" };
    let mut conditions = json!({});
    for _ in 0..dice.below(3) {
        let (operator, key, values) = condition(dice);
        conditions[operator][key] = values;
    }
    let (action, resource) = (several(dice, action), several(dice, resource));
    json!({ "effect": effect, "action": action, "resource": resource, "condition": conditions })
}

fn arguments(dice: &mut Dice) -> Map<String, Value> {
    let mut object = Map::new();
    for name in PARAMETERS {
        if dice.chance(25) {
            continue;
        }
        let value = match dice.below(6) {
            0 | 1 => Value::from(dice.one_of(TEXTS)),
            2 | 3 => serde_json::from_str(dice.one_of(NUMBERS)).unwrap_or_default(),
            4 => Value::from(dice.chance(50)),
            _ => json!(["a"]),
        };
        object.insert((*name).to_owned(), value);
    }
    object
}

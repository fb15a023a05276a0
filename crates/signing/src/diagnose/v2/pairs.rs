//! Parameters that were added, dropped, changed or named otherwise after signing: another list of parameters, sorted anew.

use std::collections::BTreeMap;
use std::rc::Rc;

use super::V2;
use super::draft::{Pairs, Text};
use crate::diagnose::values;
use crate::diagnose::{Mistake, json};
use crate::region::REGIONS;

/// Another list, and what it would mean.
pub(super) type Changed = (Mistake, Option<String>, Pairs);

/// One parameter more or less, and names otherwise flattened.
pub(super) fn near<'a>(
    pairs: &'a [(Text, Text)],
    request: &'a V2<'_>,
) -> impl Iterator<Item = Changed> + 'a {
    added(pairs).chain(several(pairs)).chain(flattened(pairs)).chain(dropped(pairs, request))
}

/// Each parameter left out: it was added after signing.
fn added(pairs: &[(Text, Text)]) -> impl Iterator<Item = Changed> + '_ {
    let without = |idx: usize| {
        let mut fewer = pairs.to_vec();
        let (name, _) = fewer.remove(idx);
        (Mistake::ParameterAdded, Some(name.to_string()), fewer)
    };
    (0..pairs.len()).map(without)
}

/// Each two left out.
pub(super) fn added_two(pairs: &[(Text, Text)]) -> impl Iterator<Item = Changed> + '_ {
    let n_pairs = pairs.len().min(TWO_OF_MAX);
    (0..n_pairs).flat_map(move |first| {
        (first + 1..n_pairs).map(move |second| {
            let mut fewer = pairs.to_vec();
            let (later, _) = fewer.remove(second);
            let (name, _) = fewer.remove(first);
            (Mistake::ParameterAdded, Some(format!("{name}`, `{later}")), fewer)
        })
    })
}

/// Values of certain kinds that were not signed.
pub(super) fn kinds(pairs: &[(Text, Text)]) -> Vec<Changed> {
    vec![
        (Mistake::EmptyValuesLeftOut, None, without(pairs, |_, value| value.is_empty())),
        (Mistake::AtValuesLeftOut, None, without(pairs, |_, value| value.starts_with('@'))),
    ]
}

/// Parameters that are often added together after signing.
fn several(pairs: &[(Text, Text)]) -> Vec<Changed> {
    let own = |name: &str| matches!(name, "SecretId" | "Timestamp" | "Nonce");
    let common = |name: &str| name.starts_with(|first: char| first.is_ascii_uppercase());
    let rows = [
        ("SecretId`, `Timestamp`, `Nonce", without(pairs, |name, _| own(name))),
        (
            "SecretId`, `Timestamp`, `Nonce`, `SignatureMethod",
            without(pairs, |name, _| own(name) || name == "SignatureMethod"),
        ),
        ("the action's own", without(pairs, |name, _| !common(name))),
        ("lists", without(pairs, |name, _| name.contains('.'))),
    ];
    let changed =
        |(what, pairs): (&str, Pairs)| (Mistake::ParameterAdded, Some(what.to_owned()), pairs);
    rows.map(changed).into()
}

fn without(pairs: &[(Text, Text)], drop: impl Fn(&str, &str) -> bool) -> Pairs {
    pairs.iter().filter(|(name, value)| !drop(name, value)).cloned().collect()
}

/// Parameters that were signed and not sent: those that clients set by themselves, and the action's own with values that
/// serialisers drop.
fn dropped(pairs: &[(Text, Text)], request: &V2<'_>) -> Vec<Changed> {
    let regions = REGIONS.iter().flat_map(|(short, long)| [*short, *long]);
    let regions = regions.map(|region| ("Region", region));
    let own = request
        .declared
        .iter()
        .take(DECLARED_MAX)
        .flat_map(|name| DROPPED_VALUES.into_iter().map(move |value| (*name, value)));
    let candidates = COMMON_VALUES.into_iter().chain(regions).chain(own);
    candidates
        .filter(|(name, _)| !pairs.iter().any(|(sent, _)| **sent == **name))
        .map(|(name, value)| {
            let mut more = pairs.to_vec();
            more.push((name.into(), value.into()));
            let mistake = if name == "Signature" {
                Mistake::SignatureSigned
            } else {
                Mistake::ParameterDropped
            };
            (mistake, Some(name.to_owned()), more)
        })
        .collect()
}

/// Each value in other spellings.
pub(super) fn changed(pairs: &[(Text, Text)]) -> impl Iterator<Item = Changed> + '_ {
    (0..pairs.len()).flat_map(move |idx| {
        let found =
            pairs.get(idx).map(|(name, value)| (name.clone(), values::variants(name, value)));
        found.into_iter().flat_map(move |(name, others)| {
            others.into_iter().map(move |other| {
                let mut pairs = pairs.to_vec();
                if let Some((_, value)) = pairs.get_mut(idx) {
                    *value = other.into();
                }
                (Mistake::ParameterChanged, Some(name.to_string()), pairs)
            })
        })
    })
}

/// Other stamps: read twice, in another zone, in milliseconds. Near ones first.
pub(super) fn stamps(sent: &str) -> Vec<String> {
    let Some(stamp) = crate::tc3::seconds(sent) else { return Vec::new() };
    let seconds = (1..=STAMP_NEAR_S).flat_map(|off| [-off, off]);
    let zones = (1..=ZONES_MAX).flat_map(|half_hours| [-half_hours, half_hours]);
    let zones = zones.map(|half_hours| half_hours * 1_800);
    let near = seconds.chain(zones).map(|off| (stamp + off).to_string());
    let spelled = [format!("{sent}000"), format!("{sent}.0"), format!("0{sent}"), String::new()];
    spelled.into_iter().chain(near).collect()
}

/// Other nonces: counted on, or written otherwise.
pub(super) fn nonces(sent: &str) -> Vec<String> {
    let number: Option<u64> = sent.parse().ok();
    let near = (1..=10_u64).flat_map(move |off| {
        [number.and_then(|n| n.checked_sub(off)), number.and_then(|n| n.checked_add(off))]
    });
    let spelled =
        number.into_iter().flat_map(|n| [format!("{n}.0"), format!("{n:.1e}"), format!("0{n}")]);
    near.flatten().map(|n| n.to_string()).chain(spelled).chain([String::new()]).collect()
}

/// With one parameter's value replaced.
pub(super) fn with(pairs: &[(Text, Text)], name: &str, value: &str) -> Pairs {
    let other = |pair: &(Text, Text)| {
        if *pair.0 == *name { (Rc::clone(&pair.0), value.into()) } else { pair.clone() }
    };
    pairs.iter().map(other).collect()
}

/// Names otherwise flattened: other indices, lists as one value, other separators.
fn flattened(pairs: &[(Text, Text)]) -> Vec<Changed> {
    let mut found: Vec<Changed> = Vec::new();
    for by in [1_i64, -1] {
        let renamed =
            pairs.iter().map(|(name, value)| (shifted(name, by).into(), Rc::clone(value)));
        found.push((Mistake::IndexShifted, None, renamed.collect()));
    }
    let renamed = |with: fn(&str) -> String| -> Pairs {
        pairs.iter().map(|(name, value)| (with(name).into(), Rc::clone(value))).collect()
    };
    found.push((Mistake::UnderscoreFirstOnly, None, renamed(|name| name.replacen('_', ".", 1))));
    found.push((Mistake::DotsReplaced, None, renamed(|name| name.replace('.', "_"))));
    for (list, items) in lists(pairs) {
        let rest: Pairs =
            pairs.iter().filter(|(name, _)| list_of(name) != Some(list)).cloned().collect();
        for value in as_one(&items) {
            let mut pairs = rest.clone();
            pairs.push((list.into(), value.into()));
            found.push((Mistake::ListNotFlattened, Some(list.to_owned()), pairs));
        }
        let mut repeated = rest.clone();
        repeated.extend(items.iter().map(|value| (list.into(), (*value).into())));
        found.push((Mistake::ListNotFlattened, Some(list.to_owned()), repeated));
    }
    found
}

/// The name with each number in it moved.
fn shifted(name: &str, by: i64) -> String {
    let part = |part: &str| match part.parse::<i64>() {
        Ok(index) if index + by >= 0 => (index + by).to_string(),
        Ok(_) | Err(_) => part.to_owned(),
    };
    name.split('.').map(part).collect::<Vec<_>>().join(".")
}

/// The name without its last index.
fn list_of(name: &str) -> Option<&str> {
    let (list, index) = name.rsplit_once('.')?;
    index.bytes().all(|byte| byte.is_ascii_digit()).then_some(list)
}

fn lists(pairs: &[(Text, Text)]) -> BTreeMap<&str, Vec<&str>> {
    let mut lists: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for (name, value) in pairs {
        if let Some(list) = list_of(name) {
            lists.entry(list).or_default().push(value);
        }
    }
    lists
}

/// A list as text, as languages print it.
fn as_one(items: &[&str]) -> Vec<String> {
    let quoted = |quote: &str| -> Vec<String> {
        items.iter().map(|item| format!("{quote}{item}{quote}")).collect()
    };
    let plain = json::ascii_only(&format!("[{}]", quoted("\"").join(", ")));
    vec![
        "Array".to_owned(),
        format!("[{}]", quoted("\"").join(",")),
        format!("[{}]", quoted("\"").join(", ")),
        format!("[{}]", quoted("'").join(", ")),
        plain,
        items.join(","),
        items.join(", "),
        format!("[{}]", items.join(", ")),
        format!("[{}]", items.join(" ")),
        items.first().map_or_else(String::new, |item| (*item).to_owned()),
        items.last().map_or_else(String::new, |item| (*item).to_owned()),
        "[object Object]".to_owned(),
        String::new(),
    ]
}

/// Up to how many parameters, each two of them are left out.
const TWO_OF_MAX: usize = 24;
/// How many of the action's own parameters are tried.
const DECLARED_MAX: usize = 40;
/// Far enough for a clock that is read twice around a slow call.
const STAMP_NEAR_S: i64 = 300;
/// Half hours to the widest zones, either way.
const ZONES_MAX: i64 = 28;
/// What serialisers leave out between signing and sending.
const DROPPED_VALUES: [&str; 7] = ["", "null", "None", "undefined", "false", "False", "0"];
/// What clients set by themselves (PROTOCOL 1.2).
const COMMON_VALUES: [(&str, &str); 33] = [
    ("SignatureMethod", "HmacSHA1"),
    ("SignatureMethod", "HmacSHA256"),
    ("SignatureMethod", ""),
    ("Region", ""),
    ("Region", "null"),
    ("Region", "None"),
    ("Token", ""),
    ("Token", "null"),
    ("Token", "None"),
    ("Version", ""),
    ("Version", "2017-03-12"),
    ("Version", "2017-03-20"),
    ("Version", "2017-03-10"),
    ("Version", "2018-06-14"),
    ("Version", "2016-06-01"),
    ("Language", "zh-CN"),
    ("Language", "en-US"),
    ("RequestClient", ""),
    ("RequestClient", "SDK_PYTHON_2.0.15"),
    ("RequestClient", "SDK_PYTHON_1.1"),
    ("RequestClient", "SDK_Python_1.3"),
    ("RequestClient", "SDK_NODEJS_0.2.1"),
    ("RequestClient", "SDK_PHP_2.0.9"),
    ("RequestClient", "SDK_JAVA_2.0.7"),
    ("RequestClient", "SDK_DOTNET_1.1"),
    ("Signature", ""),
    ("Signature", "null"),
    ("Signature", "None"),
    ("offset", "0"),
    ("limit", "20"),
    ("limit", "100"),
    ("Offset", "0"),
    ("Limit", "20"),
];

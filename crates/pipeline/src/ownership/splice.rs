//! Cuts items out of the text of a JSON object. What stays is copied byte by byte: a number keeps its form.

use std::fmt;

use faregate_catalog::Step;
use faregate_contract::Members;
use serde::de::{Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

/// The members without what stands at these places; the member that counts them says how many are left.
pub(super) fn without(
    members: &Members,
    drops: &[&[Step]],
    count: Option<(&str, usize)>,
) -> Members {
    let text = format!("{{{}}}", members.as_str());
    let mut left = String::with_capacity(text.len());
    let copied = serde_json::from_str::<&RawValue>(&text)
        .ok()
        .and_then(|value| copy(value, drops, count, &mut left));
    // What cannot be read again is not shown at all.
    copied.and_then(|()| Members::of_object(&left)).unwrap_or_default()
}

fn copy(
    value: &RawValue,
    drops: &[&[Step]],
    count: Option<(&str, usize)>,
    out: &mut String,
) -> Option<()> {
    let text = value.get();
    if drops.is_empty() && count.is_none() {
        out.push_str(text);
    } else if text.starts_with('{') {
        let object: Object<'_> = serde_json::from_str(text).ok()?;
        out.push('{');
        let mut between = "";
        for (name, member) in object.0 {
            let Some(below) = below(drops, |step| matches!(step, Step::Name(it) if *it == name))
            else {
                continue;
            };
            out.push_str(between);
            between = ",";
            out.push_str(&serde_json::to_string(&name).ok()?);
            out.push(':');
            match count.filter(|(counted, _)| *counted == name) {
                Some((_, left)) => out.push_str(&left.to_string()),
                None => copy(member, &below, None, out)?,
            }
        }
        out.push('}');
    } else if text.starts_with('[') {
        let items: Vec<&RawValue> = serde_json::from_str(text).ok()?;
        out.push('[');
        let mut between = "";
        for (place, item) in items.into_iter().enumerate() {
            let Some(below) = below(drops, |step| matches!(step, Step::Index(it) if *it == place))
            else {
                continue;
            };
            out.push_str(between);
            between = ",";
            copy(item, &below, None, out)?;
        }
        out.push(']');
    } else {
        out.push_str(text);
    }
    Some(())
}

/// What is to be dropped below a member; none if the member itself is.
fn below<'d>(drops: &[&'d [Step]], is_it: impl Fn(&Step) -> bool) -> Option<Vec<&'d [Step]>> {
    let mut below = Vec::new();
    for drop in drops {
        if let Some((first, rest)) = drop.split_first()
            && is_it(first)
        {
            if rest.is_empty() {
                return None;
            }
            below.push(rest);
        }
    }
    Some(below)
}

/// The members of an object in their order, the second of a name too.
struct Object<'a>(Vec<(String, &'a RawValue)>);

impl<'de: 'a, 'a> serde::Deserialize<'de> for Object<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct InOrder;
        impl<'de> Visitor<'de> for InOrder {
            type Value = Vec<(String, &'de RawValue)>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a JSON object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut members = Vec::new();
                while let Some(member) = map.next_entry()? {
                    members.push(member);
                }
                Ok(members)
            }
        }
        deserializer.deserialize_map(InOrder).map(Object)
    }
}

//! Properties: reading undoes flattening, and no text breaks the reader.

use proptest::collection::{btree_map, vec};
use proptest::prelude::*;
use serde_json::{Map, Value, json};

use super::action;
use crate::{Operation, Parameters};

const PROPERTIES: &str = "{ flag: { type: boolean }, count: { type: integer }, ratio: { type: number }, name: { type: string }, \
     ids: { type: array, items: { type: string } }, grid: { type: array, items: { type: array, items: { type: integer } } }, \
     disks: { type: array, items: { type: object, properties: { size_gb: { type: integer }, kind: { type: string }, keys: { type: array, items: { type: boolean } } } } }, \
     labels: { type: object, additionalProperties: { type: string } }, \
     node: { $ref: '#/paths/~1act/post/requestBody/content/application~1json/schema/properties/node_schema' }, \
     node_schema: { type: object, properties: { value: { type: integer }, next: { $ref: '#/paths/~1act/post/requestBody/content/application~1json/schema/properties/node_schema' } } } }";

/// Any object of the schema above that has a spelling: no empty lists and objects.
fn object() -> impl Strategy<Value = Map<String, Value>> {
    let integer = any::<i64>().prop_map(Value::from);
    let text = "\\PC{0,12}".prop_map(Value::from);
    let list = |item: BoxedStrategy<Value>| vec(item, 1..5).prop_map(Value::from).boxed();
    let disk = (any::<i64>(), "[a-z]{0,3}", vec(any::<bool>(), 1..4))
        .prop_map(|(size, kind, keys)| json!({ "size_gb": size, "kind": kind, "keys": keys }));
    let node = vec(any::<i64>(), 1..8).prop_map(|values| {
        values
            .into_iter()
            .fold(json!({ "value": 0 }), |next, value| json!({ "value": value, "next": next }))
    });
    let labels = btree_map("[a-z][a-z_-]{0,6}", "\\PC{0,6}", 1..4).prop_map(|map| json!(map));
    let ratio = any::<f64>().prop_filter("finite", |n| n.is_finite()).prop_map(Value::from);
    let member = prop_oneof![
        any::<bool>().prop_map(|flag| ("flag", Value::from(flag))),
        integer.clone().prop_map(|value| ("count", value)),
        ratio.prop_map(|value| ("ratio", value)),
        text.clone().prop_map(|value| ("name", value)),
        list(text.boxed()).prop_map(|value| ("ids", value)),
        list(list(integer.boxed())).prop_map(|value| ("grid", value)),
        list(disk.boxed()).prop_map(|value| ("disks", value)),
        labels.prop_map(|value| ("labels", value)),
        node.prop_map(|value| ("node", value)),
    ];
    vec(member, 0..9).prop_map(|members| {
        members.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
    })
}

fn read(act: &Operation, pairs: &[(String, String)]) -> Option<Map<String, Value>> {
    act.parameters.read(pairs.iter().map(|(name, text)| (name.as_str(), text.as_str()))).ok()
}

thread_local! {
    static ACT: std::sync::Arc<Operation> = action("[]", PROPERTIES);
}

proptest! {
    #[test]
    fn reading_undoes_flattening(object in object(), seed in any::<u64>()) {
        ACT.with(|act| {
            let mut pairs = Parameters::flatten(&object);
            prop_assert_eq!(read(act, &pairs), Some(object.clone()));
            // Neither order nor underscores matter, but in names that the schema leaves free.
            let turn = usize::try_from(seed % 97).unwrap_or(0) % pairs.len().max(1);
            pairs.rotate_left(turn);
            for (name, _) in &mut pairs {
                if !name.starts_with("labels") {
                    *name = name.replace('.', "_");
                }
            }
            prop_assert_eq!(read(act, &pairs), Some(object.clone()));
            for (name, _) in &pairs {
                prop_assert!(act.declares(name), "{}", name);
            }
            Ok(())
        })?;
    }

    #[test]
    fn no_name_and_no_text_breaks_the_reader(
        pairs in vec(("(flag|ids|grid|disks|labels|node|x)([._]([0-9]{1,3}|size_gb|next|\\PC{0,3})){0,5}", "\\PC{0,6}"), 0..12)
    ) {
        ACT.with(|act| {
            if let Err(faults) = act.parameters.read(pairs.iter().map(|(name, text)| (name.as_str(), text.as_str()))) {
                prop_assert!(!faults.is_empty());
                prop_assert!(faults.is_sorted_by(|a, b| a.parameter <= b.parameter));
            }
            Ok(())
        })?;
    }
}

//! Random policies and calls: `bundle` against the naive evaluator, and `explain` against `bundle`.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;

fn policy(statements: &[Value]) -> Value {
    json!({ "version": "2.0", "statement": statements })
}

fn one_of(words: &'static [&'static str]) -> impl Strategy<Value = String> {
    prop::sample::select(words).prop_map(str::to_owned)
}

fn lists(words: &'static [&'static str]) -> impl Strategy<Value = Value> {
    prop::collection::vec(one_of(words), 1..4).prop_map(Value::from)
}

const ACTIONS: &[&str] = &[
    "*",
    "name/*",
    "cvm:*",
    "name/cvm:Describe*",
    "cvm:DescribeZones",
    "cvm:*Instances",
    "cbs:*",
    "name/cvm:StopInstances",
    "cvm:S*p*s",
    "cbs:DescribeZones",
];
const RESOURCES: &[&str] = &[
    "*",
    "qcs::cvm:gz:uin/1:*",
    "qcs::cvm:ap-*::instance/*",
    "qcs:::::instance/ins-1",
    "qcs::cvm:sh::instance/ins-2",
    "qcs::cbs:::*",
    "qcs::cvm:::instance/ins-*",
    "qcs::*:*::*/ins-1",
];

fn conditions() -> impl Strategy<Value = Value> {
    let one = prop_oneof![
        (
            one_of(&["ip_equal", "ip_not_equal"]),
            Just("qcs:ip".to_owned()),
            lists(&["10.0.0.0/8", "::1", "10.0.0.1"])
        ),
        (
            one_of(&["date_less_than", "date_greater_than_equal", "date_equal", "date_not_equal"]),
            Just("qcs:current_time".to_owned()),
            lists(&["2018-05-21T10:00:00Z", "2018-05-22", "2018-05-20"])
        ),
        (
            one_of(&[
                "string_equal",
                "string_not_equal",
                "string_like",
                "string_not_like",
                "string_equal_if_exist"
            ]),
            one_of(&["qcs:region", "cvm:zone", "cbs:zone", "cvm:n", "cvm:ids"]),
            lists(&["ap-guangzhou", "ap-*", "gz-1", "*", "3"])
        ),
        (
            one_of(&[
                "numeric_equal",
                "numeric_less_than",
                "numeric_not_equal",
                "numeric_greater_than_equal_if_exist"
            ]),
            one_of(&["cvm:n", "cvm:zone", "cvm:ids"]),
            lists(&["3", "2.5", "-1"])
        ),
        (Just("bool_equal".to_owned()), one_of(&["cvm:on", "cvm:n"]), lists(&["true", "false"])),
    ];
    prop::collection::vec(one, 0..3).prop_map(|all| {
        let mut object = json!({});
        for (operator, key, values) in all {
            object[operator][key] = values;
        }
        object
    })
}

fn policies() -> impl Strategy<Value = Value> {
    let statement = (prop::bool::weighted(0.7), lists(ACTIONS), lists(RESOURCES), conditions());
    let statement = statement.prop_map(|(allow, action, resource, condition)| {
        let effect = if allow { "allow" } else { "deny" };
        json!({ "effect": effect, "action": action, "resource": resource, "condition": condition })
    });
    prop::collection::vec(statement, 1..6).prop_map(|all| policy(&all))
}

fn arguments() -> impl Strategy<Value = Value> {
    let zone = prop::option::of(one_of(&["gz-1", "gz-2", "3"]));
    let n =
        prop::option::of(prop::sample::select(vec![json!(3), json!(2.5), json!("2.5"), json!(-1)]));
    (zone, n, any::<Option<bool>>(), any::<bool>()).prop_map(|(zone, n, on, ids)| {
        let mut object = json!({});
        object["zone"] = json!(zone);
        object["n"] = json!(n);
        object["on"] = json!(on);
        object["ids"] = if ids { json!(["a"]) } else { Value::Null };
        object
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(ProptestConfig::default().cases.max(2_000)))]

    #[test]
    fn what_is_compiled_decides_as_the_text_does_and_the_changes_named_let_it_be(
        policy in policies(), arguments in arguments(),
        module in one_of(&["cvm", "cbs"]), action in one_of(&["DescribeZones", "StopInstances", "RunInstances"]),
        region in one_of(&["", "gz", "ap-guangzhou", "sh", "mars"]), peer in one_of(&["10.0.0.1", "11.0.0.1", "::1"]),
        at in one_of(&["2018-05-21T10:00:00Z", "2018-05-22", "2018-05-20T23:59:59Z"]),
        resources in prop::collection::vec(one_of(&["*", "instance/*", "instance/ins-1", "instance/ins-2", "disk/ins-1"]), 1..4),
    ) {
        let arguments = arguments.as_object().unwrap();
        let bundle = Bundle::new(vec![read_kept("p", &policy.to_string()).unwrap()], None);
        let now = moment(&at).unwrap();
        let context = Context {
            peer: peer.parse().unwrap(),
            now,
            region: (!region.is_empty()).then_some(region.as_str()),
            arguments: Arguments::Read(arguments),
        };
        let question = Question { module: &module, action: &action, resources: &resources, context };
        let naive = naive::decide(&policy, &naive::Call {
            module: &module, action: &action, region: &region, peer: &peer, now, arguments, resources: &resources,
        });
        let ours = match bundle.decide(&question) {
            Decision::Allowed(_) => 1,
            Decision::NotAllowed(_) => 0,
            Decision::Denied(..) => -1,
        };
        prop_assert_eq!(ours, naive);
        if !bundle.needs_arguments(&module, &action) {
            let blind = Context { arguments: Arguments::NotAsked, ..context };
            let blind = Question { resources: &[], context: blind, ..question };
            prop_assert_eq!(bundle.decide(&blind).is_allowed(), ours == 1, "without its parameters");
        }
        prop_assert!(ours != 1 || bundle.may_allow(&module, &action));
        let explained = explain(&bundle, &question, "1");
        prop_assert_eq!(explained.changes.is_empty(), ours == 1);
    }
}

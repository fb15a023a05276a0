//! What policies say: tables of faults and of decisions.

use std::sync::Arc;

use faregate_catalog::Catalog;
use serde_json::{Map, Value, json};

use super::*;
use crate::fixture::World;
use crate::time::Millis;

const ACCOUNT: &str = "100000001";

fn catalog() -> Arc<Catalog> {
    World::new().catalog
}

/// Everything that is wrong with a policy of these statements: its line, what, and what to write.
fn faults(text: &str) -> Vec<String> {
    match read(("p", "p.json", text), ACCOUNT, &catalog()) {
        Ok((_, told)) => {
            told.iter().map(|told| format!("warning {}: {}", told.line, told.message)).collect()
        }
        Err(faults) => faults
            .iter()
            .map(|fault| {
                let fix = fault.suggestion.as_deref().unwrap_or("-");
                format!("{}: {}; {fix}", fault.line, fault.message)
            })
            .collect(),
    }
}

#[track_caller]
fn wrong(statement: &str, said: &str) {
    let text = format!("{{\"version\": \"2.0\",\n\"statement\": [\n{statement}\n]}}");
    let found = faults(&text);
    assert!(found.iter().any(|fault| fault.contains(said)), "{text}\n{found:#?}, not {said}");
}

#[test]
fn a_policy_that_says_what_nobody_knows_is_refused_with_its_line_and_a_fix() {
    let good = r#""effect": "allow", "action": "name/cvm:DescribeInstances", "resource": "*""#;
    assert_eq!(faults(&format!(r#"{{"version":"2.0","statement":[{{{good}}}]}}"#)), [""; 0]);
    for (statement, said) in [
        (
            r#"{"effect":"allow","action":"name/cvm:DescribeInstance","resource":"*"}"#,
            "3: the module `cvm` has no action `DescribeInstance`; did you mean `DescribeInstances`?",
        ),
        (
            r#"{"effect":"allow","action":"name/cvm:Descrbe*","resource":"*"}"#,
            "matches no action of the module `cvm`; its actions are",
        ),
        (
            r#"{"effect":"allow","action":"name/cvn:Run","resource":"*"}"#,
            "warning 3: there is no module `cvn` here yet",
        ),
        (r#"{"effect":"allow","action":"DescribeInstances","resource":"*"}"#, "names no action"),
        (r#"{"effect":"allow","action":"cvm:a b","resource":"*"}"#, "names no action"),
        (r#"{"effect":"Allow","action":"*","resource":"*"}"#, "3: a statement has an `effect`"),
        (r#"{"effect":"allow","action":"*"}"#, "a statement has `resource`"),
        (r#"{"effect":"allow","action":[],"resource":"*"}"#, "`action` is a text, or a list"),
        (r#"{"effect":"allow","action":[1],"resource":"*"}"#, "`action` is made of texts"),
        (
            r#"{"effect":"allow","action":"*","resource":"*","conditon":{}}"#,
            "there is no key `conditon` here; did you mean `condition`?",
        ),
        (r#"{"effect":"allow","action":"*","resource":"*","principal":"x"}"#, "leave it out"),
        (
            r#"{"effect":"allow","effect":"deny","action":"*","resource":"*"}"#,
            "the key `effect` stands here twice",
        ),
        (r#"{"effect":"allow","action":"*","resource":"instance/ins-1"}"#, "six segments"),
        (
            r#"{"effect":"allow","action":"*","resource":"qcs::cvm::uin/2:instance/*"}"#,
            "`uin/2` is not this policy's account: policies open nobody else's resources; write `uin/100000001`",
        ),
        (
            r#"{"effect":"allow","action":"*","resource":"qcs:7:cvm:::instance/*"}"#,
            "second segment",
        ),
        (
            r#"{"effect":"allow","action":"*","resource":"acs::cvm:::instance/*"}"#,
            "begins with `qcs`",
        ),
        (
            r#"{"effect":"allow","action":"*","resource":"qcs::cvm:::ins-1"}"#,
            "write `instance/ins-1`",
        ),
        (
            r#"{"effect":"allow","action":"*","resource":"qcs::cvm:::instanc/*"}"#,
            "no resources of the type `instanc`; did you mean `instance`?",
        ),
        (
            r#"{"effect":"allow","action":"*","resource":"*","condition":{"ip_equals":{"qcs:ip":"::1"}}}"#,
            "there is no operator `ip_equals`; did you mean `ip_equal`?",
        ),
        (
            r#"{"effect":"allow","action":"*","resource":"*","condition":{"ip_equal":{"qcs:pi":"::1"}}}"#,
            "there is no key `qcs:pi`",
        ),
        (
            r#"{"effect":"allow","action":"*","resource":"*","condition":{"string_equal":{"qcs:resource_tag":"a"}}}"#,
            "resources have no tags here",
        ),
        (
            r#"{"effect":"allow","action":"*","resource":"*","condition":{"string_equal":{"qcs:ip":"::1"}}}"#,
            "its operators are `ip_equal` and `ip_not_equal`",
        ),
        (
            r#"{"effect":"allow","action":"*","resource":"*","condition":{"ip_equal":{"qcs:ip":"10.0.0"}}}"#,
            "write an address or a block of them",
        ),
        (
            r#"{"effect":"allow","action":"*","resource":"*","condition":{"date_less_than":{"qcs:current_time":"soon"}}}"#,
            "write a moment like",
        ),
        (
            r#"{"effect":"allow","action":"*","resource":"*","condition":{"numeric_less_than":{"cvm:goodsNum":"x"}}}"#,
            "write a number",
        ),
        (
            r#"{"effect":"allow","action":"*","resource":"*","condition":{"numeric_less_than":{"cvm:goodsNumb":1}}}"#,
            "no action of the module `cvm` has a parameter `goodsNumb`; did you mean `goodsNum`?",
        ),
        (
            r#"{"effect":"allow","action":"*","resource":"*","condition":{"string_equal":{"cvm:instanceIds":"a"}}}"#,
            "is not one value",
        ),
        (
            r#"{"effect":"allow","action":"*","resource":"*","condition":{"ip_equal":{"qcs:ip":[]}}}"#,
            "nothing to compare with",
        ),
        (
            r#"{"effect":"allow","action":"*","resource":"*","condition":{"ip_equal":"::1"}}"#,
            "an operator has an object of keys",
        ),
        ("7", "a statement is an object"),
    ] {
        wrong(statement, said);
    }
    for (text, said) in [
        ("[]", "1: a policy is an object"),
        ("{", "this is not JSON"),
        (r#"{"version":"1.0","statement":[]}"#, "`version` is \"2.0\""),
        (r#"{"version":"2.0","statement":[]}"#, "`statement` is empty"),
        (r#"{"version":"2.0","Statement":[]}"#, "did you mean `statement`?"),
    ] {
        let found = faults(text);
        assert!(found.iter().any(|fault| fault.contains(said)), "{text}: {found:?}");
    }
    let many = format!("{{{good}}},").repeat(STATEMENTS_MAX + 1);
    wrong(many.trim_end_matches(','), "at most 100 statements");
    let long =
        format!(r#"{{"version":"2.0","statement":[{{{good}}}]}}{}"#, " ".repeat(TEXT_BYTES_MAX));
    assert!(faults(&long)[0].contains("at most 32768 bytes"));
}

fn bundle(policies: &[Value]) -> Bundle {
    let read = |policy: &Value| read_kept("p", &policy.to_string()).unwrap();
    Bundle::new(policies.iter().map(read).collect(), None)
}

fn statement(effect: &str, action: &str, resource: &str) -> Value {
    json!({ "effect": effect, "action": action, "resource": resource })
}

fn policy(statements: &[Value]) -> Value {
    json!({ "version": "2.0", "statement": statements })
}

fn context(arguments: &Map<String, Value>) -> Context<'_> {
    Context {
        peer: "10.1.2.3".parse().unwrap(),
        now: Millis::from_secs(1_526_896_800),
        region: Some("gz"),
        arguments: Arguments::Read(arguments),
    }
}

#[test]
fn a_deny_wins_and_what_nobody_allows_is_refused() {
    let permit = |action, resource| statement("allow", action, resource);
    let deny = |action, resource| statement("deny", action, resource);
    let own = "qcs::cvm:gz:uin/100000001:instance/ins-1";
    for (title, statements, action, resources, answer) in [
        ("allowed", vec![permit("*", "*")], "RunInstances", &["instance/*"][..], 1),
        (
            "denied",
            vec![permit("*", "*"), deny("cvm:Run*", "*")],
            "RunInstances",
            &["instance/*"],
            -1,
        ),
        (
            "denied before",
            vec![deny("cvm:Run*", "*"), permit("*", "*")],
            "RunInstances",
            &["instance/*"],
            -1,
        ),
        (
            "another is denied",
            vec![permit("*", "*"), deny("cvm:Run*", "*")],
            "StopInstances",
            &["instance/a"],
            1,
        ),
        ("of nobody's concern", vec![permit("cvm:Run*", "*")], "StopInstances", &["instance/a"], 0),
        ("its own", vec![permit("*", own)], "StopInstances", &["instance/ins-1"], 1),
        (
            "one of two",
            vec![permit("*", own)],
            "StopInstances",
            &["instance/ins-1", "instance/ins-2"],
            0,
        ),
        ("all of them", vec![permit("*", own)], "DescribeInstances", &["instance/*"], 0),
        ("none at all", vec![permit("*", "qcs::cvm:::instance/*")], "DescribeZones", &["*"], 0),
        (
            "of the type",
            vec![permit("*", "qcs::cvm:::instance/*")],
            "DescribeInstances",
            &["instance/*"],
            1,
        ),
        ("another module's", vec![permit("*", "qcs::cbs:::*")], "DescribeZones", &["*"], 0),
        ("another region", vec![permit("*", "qcs::cvm:sh::*")], "DescribeZones", &["*"], 0),
        (
            "the region's long name",
            vec![permit("*", "qcs::cvm:ap-guangzhou::*")],
            "DescribeZones",
            &["*"],
            1,
        ),
        (
            "one is denied",
            vec![permit("*", "*"), deny("*", own)],
            "StopInstances",
            &["instance/a", "instance/ins-1"],
            -1,
        ),
    ] {
        let bundle = bundle(&[policy(&statements)]);
        let arguments = Map::new();
        let resources: Vec<String> = resources.iter().map(|r| (*r).to_owned()).collect();
        let question =
            Question { module: "cvm", action, resources: &resources, context: context(&arguments) };
        let answered = match bundle.decide(&question) {
            Decision::Allowed(_) => 1,
            Decision::NotAllowed(_) => 0,
            Decision::Denied(..) => -1,
        };
        assert_eq!(answered, answer, "{title}");
        let explained = explain(&bundle, &question, ACCOUNT);
        assert_eq!(explained.allowed, answer == 1, "{title}");
        assert_eq!(explained.changes.is_empty(), answer == 1, "{title}: {explained:?}");
    }
}

#[test]
fn a_condition_holds_when_each_operator_holds_for_one_of_its_values() {
    let arguments = json!({ "goodsNum": 3, "zone": "gz-1", "ids": ["a"], "on": true, "big": 9_007_199_254_740_993_u64 });
    let arguments = arguments.as_object().unwrap();
    for (condition, allow, deny) in [
        (json!({}), true, true),
        (json!({ "ip_equal": { "qcs:ip": "10.0.0.0/8" } }), true, true),
        (json!({ "ip_equal": { "qcs:ip": ["::1", "10.1.2.3"] } }), true, true),
        (json!({ "ip_not_equal": { "qcs:ip": ["::1", "10.1.2.3"] } }), false, false),
        (json!({ "date_less_than": { "qcs:current_time": "2018-05-21T10:00:00Z" } }), false, false),
        (
            json!({ "date_less_than_equal": { "qcs:current_time": "2018-05-21T18:00:00+08:00" } }),
            true,
            true,
        ),
        (json!({ "date_greater_than": { "qcs:current_time": "2018-05-21" } }), true, true),
        (json!({ "string_equal": { "qcs:region": "ap-guangzhou" } }), true, true),
        (json!({ "string_not_equal": { "qcs:region": "ap-guangzhou" } }), false, false),
        (json!({ "numeric_less_than": { "cvm:goodsNum": 4 } }), true, true),
        (json!({ "numeric_less_than": { "cvm:goodsNum": 3 } }), false, false),
        (json!({ "numeric_equal": { "cvm:big": 9_007_199_254_740_992_u64 } }), false, false),
        (json!({ "numeric_equal": { "cvm:goodsNum": "3.0" } }), true, true),
        (json!({ "string_equal": { "cvm:zone": ["gz-2", "gz-1"] } }), true, true),
        (json!({ "string_equal_ignore_case": { "cvm:zone": "GZ-1" } }), true, true),
        (json!({ "string_like": { "cvm:zone": "gz-*" } }), true, true),
        (json!({ "string_not_like": { "cvm:zone": "gz-*" } }), false, false),
        (json!({ "bool_equal": { "cvm:on": "true" } }), true, true),
        (json!({ "string_equal": { "cvm:nothing": "a" } }), false, false),
        (json!({ "string_equal_if_exist": { "cvm:nothing": "a" } }), true, true),
        (json!({ "string_not_equal": { "cvm:nothing": "a" } }), true, true),
        (json!({ "string_equal": { "cbs:zone": "gz-1" } }), false, false),
        // What cannot be compared denies, and allows nothing.
        (json!({ "string_equal": { "cvm:ids": "a" } }), false, true),
        (json!({ "numeric_equal": { "cvm:zone": 1 } }), false, true),
        (
            json!({ "numeric_equal": { "cvm:zone": 1 }, "ip_equal": { "qcs:ip": "::1" } }),
            false,
            false,
        ),
    ] {
        let resources = ["*".to_owned()];
        let of = |effect: &str| {
            let mut one = statement(effect, "*", "*");
            one["condition"] = condition.clone();
            let bundle = bundle(&[policy(&[one])]);
            let (module, action, context) = ("cvm", "RunInstances", context(arguments));
            let question = Question { module, action, resources: &resources, context };
            match bundle.decide(&question) {
                Decision::Allowed(_) | Decision::Denied(..) => true,
                Decision::NotAllowed(_) => false,
            }
        };
        assert_eq!((of("allow"), of("deny")), (allow, deny), "{condition}");
    }
}

#[test]
fn a_session_only_narrows_what_its_user_may() {
    let read = |policy: Value| read_kept("p", &policy.to_string()).unwrap();
    let describes = || read(policy(&[statement("allow", "cvm:Describe*", "*")]));
    let zones = || {
        read(policy(&[statement("allow", "cvm:*Zones", "*"), statement("allow", "cvm:Run*", "*")]))
    };
    let both = Bundle::new(vec![describes()], Some(vec![zones()]));
    let nothing = Bundle::new(Vec::new(), None);
    let arguments = Map::new();
    for (action, is) in
        [("DescribeZones", true), ("DescribeInstances", false), ("RunInstances", false)]
    {
        let resources = ["*".to_owned()];
        let question =
            Question { module: "cvm", action, resources: &resources, context: context(&arguments) };
        assert_eq!(both.decide(&question).is_allowed(), is, "{action}");
        assert!(!nothing.decide(&question).is_allowed(), "no policy allows nothing");
    }
}

#[test]
fn the_smallest_change_is_named() {
    let arguments = Map::new();
    for (statements, resource, deciding, changes) in [
        (
            vec![statement("allow", "cvm:Describe*", "*")],
            "instance/ins-1",
            None,
            vec![
                r#"add the statement { "effect": "allow", "action": "name/cvm:StopInstances", "resource": "qcs::cvm::uin/100000001:instance/ins-1" }"#,
            ],
        ),
        (
            vec![statement("allow", "cvm:Stop*", "qcs::cvm:::instance/ins-2")],
            "instance/ins-1",
            None,
            vec![
                "add \"qcs::cvm::uin/100000001:instance/ins-1\" to `resource` of statement 1 of policy `p`",
            ],
        ),
        (
            vec![statement("allow", "*", "*"), statement("deny", "cvm:Stop*", "*")],
            "instance/ins-1",
            Some(2),
            vec!["remove statement 2 of policy `p`, which denies it, or narrow it"],
        ),
        (
            vec![
                json!({ "effect": "allow", "action": "*", "resource": "*", "condition": { "ip_equal": { "qcs:ip": "::1" } } }),
            ],
            "instance/ins-1",
            None,
            vec![
                "statement 1 of policy `p` would allow it if its condition held: `ip_equal` of `qcs:ip`",
            ],
        ),
    ] {
        let bundle = bundle(&[policy(&statements)]);
        let resources = [resource.to_owned()];
        let question = Question {
            module: "cvm",
            action: "StopInstances",
            resources: &resources,
            context: context(&arguments),
        };
        let explained = explain(&bundle, &question, ACCOUNT);
        assert_eq!(explained.deciding.map(|(_, number)| number), deciding);
        let said: Vec<String> = explained.changes.iter().map(ToString::to_string).collect();
        assert_eq!(said, changes);
    }
}

//! Who may, from where.

use crate::facts::{AccountState, Network};
use crate::fixture::{World, get};

#[test]
fn an_active_account_may_from_its_addresses_what_is_open_to_it() {
    let network = |text| vec![Network::parse(text).unwrap()];
    for (title, change, action, answer) in [
        ("an open action", &(|_: &mut World| {}) as &dyn Fn(&mut World), "DescribeZones", None),
        (
            "suspended",
            &|w| w.account.state = AccountState::Suspended,
            "DescribeZones",
            Some("ACCOUNT_SUSPENDED"),
        ),
        (
            "closed",
            &|w| w.account.state = AccountState::Closed,
            "DescribeZones",
            Some("ACCOUNT_CLOSED"),
        ),
        ("an action for staff", &|_| {}, "DescribeInternalUsage", Some("NOT_IN_USER_RANGE")),
        ("as staff", &|w| w.account.groups.push("staff".into()), "DescribeInternalUsage", None),
        (
            "from a listed address",
            &|w| w.account.sources = network("127.0.0.0/8"),
            "DescribeZones",
            None,
        ),
        (
            "from elsewhere",
            &|w| w.account.sources = network("10.0.0.0/8"),
            "DescribeZones",
            Some("SOURCE_NOT_ALLOWED"),
        ),
        (
            "from elsewhere than the key's",
            &|w| w.sources = network("10.0.0.0/8"),
            "DescribeZones",
            Some("SOURCE_NOT_ALLOWED"),
        ),
        ("from the key's", &|w| w.sources = network("127.0.0.0/8"), "DescribeZones", None),
    ] {
        let mut world = World::new();
        change(&mut world);
        assert_eq!(world.reason(get(action, &[])).map(|(_, reason)| reason), answer, "{title}");
    }
}

#[test]
fn networks_contain_their_addresses_in_either_spelling() {
    for (network, address, inside) in [
        ("10.0.0.0/8", "10.255.0.1", true),
        ("10.0.0.0/8", "11.0.0.1", false),
        ("10.1.2.3", "10.1.2.3", true),
        ("10.1.2.3", "10.1.2.4", false),
        ("0.0.0.0/0", "1.2.3.4", true),
        ("10.0.0.0/8", "::ffff:10.0.0.1", true),
        ("10.0.0.0/8", "::1", false),
        ("fd00::/8", "fd12::1", true),
    ] {
        let network = Network::parse(network).unwrap();
        assert_eq!(network.contains(address.parse().unwrap()), inside, "{network:?} {address}");
    }
    for text in ["", "10.0.0.0/33", "::/129", "10.0.0", "10.0.0.0/-1", "10.0.0.0/a"] {
        assert_eq!(Network::parse(text), None, "{text}");
    }
}

const STOPS_ONE: &str = r#"{"version":"2.0","statement":[
    {"effect":"allow","action":"cvm:StopInstances","resource":"qcs::cvm::uin/100000001:instance/ins-1"},
    {"effect":"allow","action":"cvm:RunInstances","resource":"qcs::cvm:::instance/*",
     "condition":{"numeric_less_than":{"cvm:goodsNum":3}}},
    {"effect":"allow","action":"cvm:Describe*","resource":"*"},
    {"effect":"deny","action":"cvm:DescribeProject","resource":"*"}]}"#;

#[test]
fn a_key_under_policies_may_what_one_allows_and_none_denies() {
    let order = [
        ("zone", "gz-1"),
        ("instanceType", "S1.SMALL1"),
        ("imageId", "img-debian-12"),
        ("period", "1"),
    ];
    let run = |n: &'static str| [order.as_slice(), &[("goodsNum", n)]].concat();
    let (denied, not_allowed) = (Some("DENIED_BY_POLICY"), Some("NOT_ALLOWED_BY_POLICY"));
    for (title, policies, action, parameters, answer) in [
        (
            "no policies: the account's own key",
            None,
            "StopInstances",
            vec![("instanceIds.0", "ins-9")],
            None,
        ),
        ("policies, but none", Some(vec![]), "DescribeZones", vec![], not_allowed),
        ("its own", Some(vec![STOPS_ONE]), "StopInstances", vec![("instanceIds.0", "ins-1")], None),
        (
            "another",
            Some(vec![STOPS_ONE]),
            "StopInstances",
            vec![("instanceIds.0", "ins-2")],
            not_allowed,
        ),
        (
            "one of two",
            Some(vec![STOPS_ONE]),
            "StopInstances",
            vec![("instanceIds.0", "ins-1"), ("instanceIds.1", "ins-2")],
            not_allowed,
        ),
        ("two", Some(vec![STOPS_ONE]), "RunInstances", run("2"), None),
        ("three", Some(vec![STOPS_ONE]), "RunInstances", run("3"), not_allowed),
        (
            "never allowed",
            Some(vec![STOPS_ONE]),
            "CreateProject",
            vec![("projectName", "a")],
            not_allowed,
        ),
        ("denied", Some(vec![STOPS_ONE]), "DescribeProject", vec![], denied),
        (
            "never allowed, and malformed",
            Some(vec![STOPS_ONE]),
            "ReturnInstance",
            vec![("x", "")],
            not_allowed,
        ),
        // What cannot be read is allowed nothing either: gate 10 says why.
        (
            "malformed",
            Some(vec![STOPS_ONE]),
            "StopInstances",
            vec![("instanceIds.x", "ins-2")],
            Some("BAD_INDEX"),
        ),
    ] {
        let mut world = World::new();
        world.policies =
            policies.map(|texts: Vec<&str>| texts.iter().map(|t| (*t).to_owned()).collect());
        let found = world.reason(get(action, &parameters)).map(|(_, reason)| reason);
        assert_eq!(found, answer, "{title}");
    }
}

#[test]
fn a_refusal_by_policy_names_what_was_asked_and_nothing_of_the_policy() {
    let mut world = World::new();
    world.policies = Some(vec![STOPS_ONE.to_owned()]);
    let said = |action, parameters| world.walk(get(action, parameters)).unwrap_err();
    let denied = said("DescribeProject", &[]);
    assert_eq!(denied.code.number(), 4300);
    assert!(denied.message().contains("a policy forbids this key `cvm:DescribeProject` on `*`"));
    assert_eq!(denied.detail.for_log(), Some("statement 4 of policy `p`"));
    let other = said("StopInstances", &[("instanceIds.0", "ins-2")]).message();
    assert!(
        other.contains("no policy allows this key `cvm:StopInstances` on `instance/ins-2`"),
        "{other}"
    );
    assert!(!other.contains("ins-1"), "{other}");
}

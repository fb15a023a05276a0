//! Which Host, path, Action and Version name an operation.

use crate::call::{RawCall, Transport};
use crate::fixture::{World, get};

use super::without_port;

#[test]
fn host_path_action_and_version_together_name_one_operation() {
    let world = World::new();
    let call = |action: &str| get(action, &[]);
    let with = |change: fn(&mut RawCall)| {
        let mut call = call("DescribeZones");
        change(&mut call);
        call
    };
    for (title, call, answer) in [
        ("its domain", call("DescribeZones"), None),
        ("in capitals, which is signed so", with(|c| c.host = "CVM.api.qcloud.com".into()), None),
        (
            "another domain",
            with(|c| c.host = "cbs.api.qcloud.com".into()),
            Some((6100, "NO_SUCH_DOMAIN")),
        ),
        (
            "the base domain alone",
            with(|c| c.host = "api.qcloud.com".into()),
            Some((6100, "NO_SUCH_DOMAIN")),
        ),
        ("no Host", with(|c| c.host = String::new()), Some((6100, "NO_SUCH_DOMAIN"))),
        (
            "a suffix",
            with(|c| c.host = "cvm.api.qcloud.com.evil.example".into()),
            Some((6100, "NO_SUCH_DOMAIN")),
        ),
        ("another path", with(|c| c.path = "/".into()), Some((6100, "NO_SUCH_PATH"))),
        (
            "a longer path",
            with(|c| c.path = "/v2/index.php/x".into()),
            Some((6100, "NO_SUCH_PATH")),
        ),
        ("plain HTTP", with(|c| c.transport = Transport::Plain), Some((4600, "PLAIN_HTTP"))),
        (
            "plain HTTP to an address",
            with(|c| {
                c.transport = Transport::Plain;
                c.host = "127.0.0.1:80".into()
            }),
            Some((4600, "PLAIN_HTTP")),
        ),
        ("another Action", call("DescribeNothing"), Some((6100, "NO_SUCH_ACTION"))),
        ("the Action in lower case", call("describeZones"), Some((6100, "NO_SUCH_ACTION"))),
        ("its Version", get("DescribeZones", &[("Version", "2017-03-12")]), None),
        (
            "another Version",
            get("DescribeZones", &[("Version", "2018-01-01")]),
            Some((6100, "NO_SUCH_VERSION")),
        ),
    ] {
        assert_eq!(world.reason(call), answer, "{title}");
    }
}

#[test]
fn every_6100_says_to_check_the_domain_and_a_slip_of_the_pen_is_named() {
    let world = World::new();
    let refusal = world.walk(get("DescribeZone", &[])).err().unwrap();
    let message = refusal.message();
    assert!(message.contains("Did you mean `DescribeZones`?"), "{message}");
    assert!(message.contains("First check whether the domain"), "{message}");
}

#[test]
fn ports_are_cut_from_hosts() {
    for (host, bare) in [
        ("a.b", "a.b"),
        ("a.b:443", "a.b"),
        ("127.0.0.1:1", "127.0.0.1"),
        ("[::1]:443", "::1"),
        ("[::1]", "::1"),
        ("::1", "::1"),
        ("a:b", "a:b"),
        ("", ""),
    ] {
        assert_eq!(without_port(host), bare, "{host}");
    }
}

#[test]
fn a_call_to_an_unknown_domain_is_told_where_its_action_is() {
    let mut call = get("DescribeZones", &[]);
    call.host = "lb.api.qcloud.com".into();
    let message = World::new().walk(call).err().unwrap().message();
    assert!(message.contains("`DescribeZones` is at cvm.api.qcloud.com."), "{message}");
}

//! Versions and actions on their way out: told by headers, and 6100 when their day has come.

use faregate_signing::Method;

use crate::ends::module;
use crate::raw::{self, Reply};
use crate::serve::{Served, module_lb};

const HOST: &str = "lb.api.qcloud.com";

const VERSIONS: &str = r#"x-faregate:
  module: lb
  protocols: [https]
  versions:
    - { version: "2017-03-12", deprecated: "2019-01-01", sunset: "2020-01-01" }
    - { version: "2018-01-01", deprecated: "2020-01-01", sunset: "2999-12-31" }
    - "2026-01-01"
"#;

fn start() -> Served {
    let (upstream, _) = module(Some(std::time::Duration::ZERO));
    Served::start(|gate| {
        let settings = module_lb(gate, &upstream);
        let file = gate.join("lb.yaml");
        let text = std::fs::read_to_string(&file).unwrap();
        let text = text.replace("x-faregate: { module: lb, protocols: [https] }\n", VERSIONS);
        let old = "  /old:\n    get:\n      operationId: DescribeOld\n      x-faregate: { deprecated: \"2020-01-01\" }\n  /gone:\n    get:\n      operationId: DescribeGone\n      x-faregate: { sunset: \"2020-01-01\" }\n";
        std::fs::write(&file, format!("{text}{old}")).unwrap();
        settings
    })
}

fn call(served: &Served, action: &str, params: &[(&str, &str)]) -> Reply {
    let pairs = raw::pairs(&served.account, action, params);
    let signed = raw::signed_for(HOST, Method::Get, &served.account, pairs);
    let bytes = String::from_utf8(raw::get(&signed)).unwrap().replace(raw::HOST, HOST);
    served.send(bytes.as_bytes())
}

#[test]
fn what_is_deprecated_says_so_and_what_is_over_is_6100() {
    let served = start();
    let zones = "DescribeBalancerZones";
    let (since, until) = ("@1577836800", "Tue, 31 Dec 2999 00:00:00 GMT");
    for (title, action, params, code, deprecation, sunset) in [
        ("without a Version", zones, &[][..], 0, None, None),
        ("the newest", zones, &[("Version", "2026-01-01")], 0, None, None),
        ("deprecated", zones, &[("Version", "2018-01-01")], 0, Some(since), Some(until)),
        ("over", zones, &[("Version", "2017-03-12")], 6100, None, None),
        ("a deprecated action", "DescribeOld", &[], 0, Some(since), None),
        ("an action that is over", "DescribeGone", &[], 6100, None, None),
    ] {
        let reply = call(&served, action, params);
        // With a Version the envelope is that of API 3.0.
        let text = &reply.text;
        let is_over = text.contains("is withdrawn") && text.contains("Sunset");
        assert_eq!(is_over, code == 6100, "{title}: {text}");
        assert_eq!(reply.header("deprecation"), deprecation, "{title}");
        assert_eq!(reply.header("sunset"), sunset, "{title}");
    }
}

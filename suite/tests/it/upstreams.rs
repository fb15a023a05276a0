//! Several servers behind a module: calls are spread, a dead one is passed by, a drained one runs empty.

use std::path::Path;
use std::sync::atomic::Ordering;
use std::time::Duration;

use serde_json::Value;

use crate::ends::module;
use crate::serve::{Served, free, module_lb};

const HOST: &str = "lb.api.qcloud.com";
const ACTION: &str = "DescribeBalancerZones";

/// The module `lb` at these servers.
fn behind(gate: &Path, servers: &[&String]) -> String {
    let one = module_lb(gate, "x");
    let all: Vec<_> = servers.iter().map(|server| format!("\"http://{server}\"")).collect();
    one.replace("upstream = \"http://x\"", &format!("upstreams = [{}]", all.join(", ")))
}

fn server(served: &Served, address: &str) -> Value {
    let all: Value = serde_json::from_str(&served.run(&["upstream", "list", "--json"])).unwrap();
    let mut all = all.as_array().unwrap().iter();
    all.find(|one| one["server"] == address).cloned().expect("the server")
}

#[test]
fn a_dead_server_is_passed_by_and_no_client_hears_of_it() {
    let (live, calls) = module(Some(Duration::ZERO));
    let dead = free();
    let served = Served::start(|gate| behind(gate, &[&live, &dead]));
    for n in 0..20 {
        let reply = served.call(HOST, ACTION);
        assert_eq!(reply.code(), 0, "{n}: {}", reply.text);
    }
    assert!(calls.load(Ordering::SeqCst) >= 20);
    let dead = server(&served, &dead);
    assert_eq!(dead["health"], "resting", "{dead}");
    assert_eq!(dead["inFlight"], 0, "{dead}");
    assert!(dead["ejected"].as_u64() >= Some(1), "{dead}");
    assert_eq!(server(&served, &live)["health"], "up");
}

#[test]
fn a_drained_server_gets_no_new_call_until_it_is_taken_back() {
    let ((one, ones), (other, others)) =
        (module(Some(Duration::ZERO)), module(Some(Duration::ZERO)));
    let served = Served::start(|gate| behind(gate, &[&one, &other]));
    let call = |n: usize| (0..n).for_each(|_| assert_eq!(served.call(HOST, ACTION).code(), 0));
    call(20);
    let (before, now) = (ones.load(Ordering::SeqCst), others.load(Ordering::SeqCst));
    assert!(before > 0 && now > 0, "both: {before} and {now}");

    served.run(&["upstream", "drain", "lb", &one]);
    call(10);
    assert_eq!(ones.load(Ordering::SeqCst), before, "it runs empty");
    // A reload does not bring it back by accident.
    served.run(&["reload"]);
    assert_eq!(server(&served, &one)["drained"], true);
    served.run(&["upstream", "drain", "lb", &other]);
    let refused = served.call(HOST, ACTION);
    assert_eq!((refused.code(), refused.header("retry-after")), (6200, Some("5")));
    assert_eq!(refused.json()["reason"], "MODULE_UNAVAILABLE", "{}", refused.text);

    served.run(&["upstream", "undrain", "lb", &one]);
    call(5);
    assert_eq!(ones.load(Ordering::SeqCst), before + 5);
    let unknown = served.command(&["upstream", "drain", "lb", "127.0.0.1:1"]);
    let said = String::from_utf8_lossy(&unknown.stderr).into_owned();
    assert_eq!(unknown.status.code(), Some(2), "{said}");
    assert!(said.contains("has no server") && said.contains("upstream list"), "{said}");
}

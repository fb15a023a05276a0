//! Maintenance by window: by a command, by a call and by the configuration; testers go on.

use std::thread;
use std::time::Duration;

use faregate_pipeline::authz::policy::show;
use faregate_pipeline::time::Millis;
use serde_json::json;

use crate::client::command;
use crate::raw::{now, send, signed_get};
use crate::serve::{Served, module_lb};
use crate::world::{Account, World};

/// A moment from now, as commands and configurations have it.
fn in_seconds(seconds: i64) -> String {
    show(Millis::from_secs(i64::try_from(now()).unwrap() + seconds))
}

/// Code and Retry-After of one call.
fn zones(world: &World, by: &Account) -> (u64, Option<u64>) {
    let reply = send(world, &signed_get(by, "DescribeZones", &[]));
    let wait = reply.header("retry-after").map(|wait| wait.parse().unwrap());
    assert!(wait.is_none() || reply.text.contains("New disks."), "{}", reply.text);
    (reply.code(), wait)
}

/// Until it is answered so.
#[track_caller]
fn until(what: &str, is: impl Fn() -> bool) {
    let done = (0..160).any(|_| {
        thread::sleep(Duration::from_millis(50));
        is()
    });
    assert!(done, "{what}");
}

#[test]
fn a_window_begins_and_ends_by_itself_and_testers_go_on() {
    let world = World::start();
    let (demo, other) = (world.account("demo"), world.account("other"));
    let (from, end) = (in_seconds(3), in_seconds(6));
    world.run(&[
        "maintenance",
        "on",
        "cvm:DescribeZones",
        "--from",
        &from,
        "--until",
        &end,
        "--message",
        "New disks.",
        "--tester",
        "other",
    ]);
    let listed = world.run(&["maintenance", "list"]);
    assert!(listed.contains(&format!("from {from} on under maintenance for 3 s")), "{listed}");
    assert_eq!(zones(&world, &demo).0, 0, "it has not begun");
    until("it begins", || zones(&world, &demo).0 == 6200);
    let (code, wait) = zones(&world, &demo);
    assert!(code == 6200 && wait.is_some_and(|wait| (1..=4).contains(&wait)), "{code} {wait:?}");
    assert_eq!(zones(&world, &other).0, 0, "a tester goes on");
    until("it ends", || zones(&world, &demo).0 == 0);

    for (arguments, said) in [
        (["cvm:DescribeZone", "--lasting", "--message", "x"], "did you mean `DescribeZones`?"),
        (["vm", "--lasting", "--message", "x"], "there is no module `vm`"),
        (["cvm", "--until", "2018-05-21", "--lasting"], "cannot be used with"),
        (["cvm", "--until", "2018-05-21", "--message=x"], "it ends before it begins"),
    ] {
        let done = world.command(&[&["maintenance", "on"], arguments.as_slice()].concat());
        let err = String::from_utf8_lossy(&done.stderr);
        assert!(done.status.code() == Some(2) && err.contains(said), "{arguments:?}: {err}");
    }
}

#[test]
fn an_operator_puts_a_window_by_a_call() {
    let world = World::start();
    let (operator, demo) = (world.account("operator"), world.account("demo"));
    let put = |params| command(&world).call_with(&operator, "account", "PutMaintenance", &params);
    let soon = now() + 2;
    let window = json!({
        "module": "cvm", "actionName": "DescribeZones", "state": "until", "from": soon, "seconds": 60,
        "message": "New disks.",
    });
    let answer = put(window);
    assert_eq!(answer["maintenance"]["until"], soon + 60, "{answer}");
    assert_eq!(zones(&world, &demo).0, 0, "it has not begun");
    until("it begins", || zones(&world, &demo).0 == 6200);
    let past = put(json!({ "module": "cvm", "state": "until", "until": soon - 60 }));
    assert_eq!(past["code"], 4000, "{past}");
    assert!(past["message"].as_str().unwrap().contains("ends before it begins"), "{past}");
    let unknown = put(json!({ "module": "cvm", "actionName": "DescribeZone", "state": "lasting" }));
    assert_eq!(unknown["code"], 4000, "{unknown}");
    assert!(
        unknown["message"].as_str().unwrap().contains("did you mean `DescribeZones`?"),
        "{unknown}"
    );
    let listed = command(&world).call_with(&operator, "account", "DescribeMaintenance", &json!({}));
    assert_eq!(listed["maintenance"].as_array().unwrap().len(), 1, "{listed}");
}

#[test]
fn the_configuration_takes_out_of_service_and_puts_back_without_a_restart() {
    let world = World::start();
    let upstream = world.upstream();
    let gone = "[[maintenance]]\nmodule = \"lb\"\nmessage = \"It moves house.\"\n";
    let served = Served::start(|gate| format!("{}\n{gone}", module_lb(gate, &upstream)));
    let ask = || served.call("lb.api.qcloud.com", "DescribeBalancerZones");
    let refused = ask();
    assert_eq!(
        (refused.code(), refused.json()["reason"].as_str()),
        (6100, Some("LASTING_MAINTENANCE"))
    );
    assert!(refused.text.contains("It moves house."), "{}", refused.text);
    let config = served.gate().join("faregate.toml");
    let config_of = ["maintenance", "list", "--json", "-c", config.to_str().unwrap()];
    let listed = served.run(&config_of);
    assert!(listed.contains("\"by\":\"configuration\""), "{listed}");
    let text = std::fs::read_to_string(&config).unwrap();
    std::fs::write(&config, text.replace(gone, "")).unwrap();
    until("it is back", || ask().code() == 0);
}

//! A fault strikes at its own gate, and costs what the real one costs.

use std::time::{Duration, Instant};

use serde_json::Value;

use crate::raw::{self, ORDER, Reply, send, signed_get, try_send, with_header};
use crate::world::World;

/// A fresh purchase of `demo`, not sent.
fn purchase(world: &World) -> Vec<u8> {
    signed_get(&world.account("demo"), "RunInstances", &ORDER)
}

fn asking(bytes: &[u8], fault: &str) -> Vec<u8> {
    with_header(bytes, "X-Faregate-Fault", fault)
}

#[track_caller]
fn is_injected(reply: &Reply, code: u64) {
    assert_eq!((reply.status, reply.code()), (200, code), "{}", reply.text);
    assert_eq!(reply.header("faregate-fault"), Some("injected"), "{}", reply.text);
}

fn faults(world: &World) -> Vec<Value> {
    serde_json::from_str(&world.run(&["fault", "list", "--json"])).unwrap()
}

/// The last line of the access log.
fn logged(world: &World) -> Value {
    let text = std::fs::read_to_string(world.data().join("access.log")).unwrap();
    serde_json::from_str(text.lines().last().unwrap()).unwrap()
}

/// Available, held.
fn money(world: &World) -> (String, String) {
    let balance = world.balance(&world.account("demo"));
    let text = |name: &str| balance[name].as_str().unwrap().to_owned();
    (text("available"), text("held"))
}

#[test]
fn each_code_is_made_at_its_own_gate_and_nothing_is_charged() {
    let world = World::start();
    let before = money(&world);
    for (code, gate, reason) in [
        (4000, "parameters", "NOT_ALLOWED"),
        (4100, "signature", "SIGNATURE_MISMATCH"),
        (4200, "validity", "STAMP_TOO_OLD"),
        (4300, "access", "NOT_IN_USER_RANGE"),
        (4400, "quota", "RATE"),
        (4500, "replay", "NONCE_SEEN"),
        (4600, "action", "PLAIN_HTTP"),
        (5000, "resources", "NO_SUCH_RESOURCE"),
        (5100, "module", "MODULE_ERROR"),
        (5200, "module", "NOT_SOLD"),
        (5300, "balance", "INSUFFICIENT_BALANCE"),
        (5500, "identity", "IDENTITY_NOT_VERIFIED"),
        (6100, "action", "LASTING_MAINTENANCE"),
        (6200, "action", "MAINTENANCE"),
    ] {
        let bytes = asking(&purchase(&world), &code.to_string());
        let reply = world.untouched(|| send(&world, &bytes));
        is_injected(&reply, code);
        assert_eq!(reply.json()["reason"], reason, "{}", reply.text);
        let line = logged(&world);
        assert_eq!((&line["gate"], &line["fault"]), (&gate.into(), &"injected".into()), "{line}");
        assert_eq!(reply.header("retry-after").is_some(), matches!(code, 4400 | 6200));
        assert_eq!(reply.header("ratelimit").is_some(), code == 4400);
    }
    assert_eq!(money(&world), before, "nothing is charged, nothing is held");
    // A module that broke may have done it: the money stays held, as after a real one.
    let reply = world.untouched(|| send(&world, &asking(&purchase(&world), "6000")));
    is_injected(&reply, 6000);
    assert_eq!(money(&world).1, "30.00");
    world.money_adds_up();
}

#[test]
fn a_4400_gives_the_claim_back_and_a_5200_keeps_it() {
    let world = World::start();
    for (fault, again) in [("4400", 0), ("6200", 0), ("5200", 4500), ("5300", 4500), ("5500", 4500)]
    {
        let bytes = purchase(&world);
        is_injected(&send(&world, &asking(&bytes, fault)), fault.parse().unwrap());
        assert_eq!(send(&world, &bytes).code(), again, "the same bytes after {fault}");
    }
    assert_eq!(world.executed("RunInstances"), 2);
    world.money_adds_up();
}

#[test]
fn the_units_of_a_quota_are_not_used_by_a_fault_at_it() {
    let world = World::start();
    let limited = world.account("limited");
    let call = || signed_get(&limited, "DescribeZones", &[]);
    for _ in 0..20 {
        let reply = send(&world, &asking(&call(), "4400"));
        is_injected(&reply, 4400);
        assert_eq!(reply.header("ratelimit"), Some("\"account\";r=0;t=1"));
    }
    assert_eq!(send(&world, &call()).code(), 0);
}

#[test]
fn what_stands_before_the_gate_runs_for_real() {
    let world = World::start();
    let (demo, suspended) = (world.account("demo"), world.account("suspended"));
    world.run(&["fault", "add", "cvm:RunInstances", "--code", "5200", "--times", "1"]);
    let rows = [
        (4300, signed_get(&suspended, "RunInstances", &ORDER)),
        (4000, signed_get(&demo, "RunInstances", &[("zone", "gz-1")])),
        (5300, signed_get(&world.account("poor"), "RunInstances", &ORDER)),
        (0, signed_get(&demo, "DescribeZones", &[])),
    ];
    for (code, bytes) in &rows {
        let reply = send(&world, bytes);
        assert_eq!((reply.code(), reply.header("faregate-fault")), (*code, None), "{}", reply.text);
    }
    assert_eq!(faults(&world)[0]["struck"], 0, "an earlier refusal takes no strike away");
    is_injected(&send(&world, &purchase(&world)), 5200);
    assert_eq!(send(&world, &purchase(&world)).code(), 0, "once was asked for");
}

#[test]
fn a_stored_fault_strikes_whom_it_names_as_often_as_it_says() {
    let world = World::start();
    world.run(&[
        "fault",
        "add",
        "cvm:DescribeZones",
        "--code",
        "4300",
        "--times",
        "2",
        "--account",
        "demo",
    ]);
    let call = |name| send(&world, &signed_get(&world.account(name), "DescribeZones", &[])).code();
    assert_eq!([call("other"), call("demo"), call("demo"), call("demo")], [0, 4300, 4300, 0]);
    // What has struck is written a moment later.
    let struck = (0..100).any(|_| {
        std::thread::sleep(Duration::from_millis(10));
        faults(&world)[0]["struck"] == 2
    });
    assert!(struck, "{:?}", faults(&world));
    world.run(&["fault", "add", "cvm", "--code", "6100"]);
    assert_eq!(call("other"), 6100, "all of a module, and the oldest that strikes");
    world.run(&["fault", "remove", "2"]);
    assert_eq!(call("other"), 0);
    assert_eq!(world.run(&["fault", "clear"]).trim(), "faults removed: 1");
}

#[test]
fn a_module_speaks_with_its_own_code_and_a_batch_is_partly_done() {
    let world = World::start();
    let demo = world.account("demo");
    let bytes = asking(&purchase(&world), "module-code=200001");
    let reply = send(&world, &bytes);
    is_injected(&reply, 5200);
    assert_eq!(reply.json()["message"], "(200001) instance type is sold out");

    let buy = || {
        let answer = send(&world, &purchase(&world)).json();
        answer["instanceIds"][0].as_str().expect("an id").to_owned()
    };
    let (first, last) = (buy(), buy());
    let both = [("instanceIds.0", first.as_str()), ("instanceIds.1", last.as_str())];
    let reply = send(&world, &asking(&signed_get(&demo, "StopInstances", &both), "5400"));
    is_injected(&reply, 5400);
    let detail = &reply.json()["detail"];
    assert_eq!((&detail[&first]["code"], &detail[&last]["code"]), (&0.into(), &5100.into()));
    assert_eq!(world.executed("StopInstances"), 1);
    let one = signed_get(&demo, "StopInstances", &both[1..]);
    let reply = send(&world, &asking(&one, "5400"));
    assert_eq!((reply.code(), reply.header("faregate-fault")), (4000, None), "{}", reply.text);
}

#[test]
fn garbage_is_6000_and_nobody_knows() {
    let world = World::start();
    let reply = send(&world, &asking(&purchase(&world), "garbage"));
    is_injected(&reply, 6000);
    assert_eq!(reply.json()["reason"], "UPSTREAM_NONSENSE");
    assert_eq!((world.executed("RunInstances"), money(&world).1.as_str()), (1, "30.00"));
    // It counts at no breaker: others keep their module.
    for _ in 0..8 {
        send(&world, &asking(&purchase(&world), "6000"));
    }
    assert_eq!(send(&world, &signed_get(&world.account("other"), "DescribeZones", &[])).code(), 0);
}

#[test]
fn a_cut_connection_hides_what_was_done() {
    let world = World::start();
    let trust = raw::trust(&world);
    let lost = |bytes: &[u8]| try_send(&world.at("https"), &trust, bytes).is_none();
    let bytes = purchase(&world);
    assert!(lost(&asking(&bytes, "cut")));
    assert_eq!((world.executed("RunInstances"), money(&world).0.as_str()), (1, "9970.00"));
    assert_eq!(send(&world, &bytes).code(), 4500, "it was made, and is not made twice");
    assert!(lost(&asking(&purchase(&world), "5200; cut")));
    assert_eq!(world.executed("RunInstances"), 1);
    assert_eq!(send(&world, &purchase(&world)).code(), 0, "the gateway goes on");
}

#[test]
fn an_answer_comes_as_late_as_it_was_asked_for() {
    let world = World::start();
    let began = Instant::now();
    let bytes = signed_get(&world.account("demo"), "DescribeZones", &[]);
    is_injected(&send(&world, &asking(&bytes, "latency=300ms")), 0);
    assert!(began.elapsed() >= Duration::from_millis(300), "{:?}", began.elapsed());
}

#[test]
fn a_seed_repeats_the_draws_of_a_rate() {
    let draws = |seed: &str| {
        let world = World::start_with(&["--seed", seed]);
        world.run(&["fault", "add", "cvm", "--code", "6200", "--rate", "50%"]);
        let call =
            || send(&world, &signed_get(&world.account("demo"), "DescribeZones", &[])).code();
        (0..24).map(|_| call()).collect::<Vec<_>>()
    };
    let first = draws("7");
    assert!(first.contains(&0) && first.contains(&6200), "{first:?}");
    assert_eq!(first, draws("7"));
    assert_ne!(first, draws("8"));
}

#[test]
fn what_is_no_fault_is_told() {
    let world = World::start();
    for (fault, says) in [
        ("4401", "`4401` is no fault"),
        ("latency=1", "`1` is no latency"),
        ("5400", "`RunInstances` is no batch"),
        ("5100; module-code=200001", "documents 200001 as 5200"),
    ] {
        let reply = world.untouched(|| send(&world, &asking(&purchase(&world), fault)));
        assert_eq!(reply.code(), 4000, "{}", reply.text);
        assert!(reply.text.contains(says), "{}", reply.text);
    }
    for (arguments, says) in [
        (vec!["cvm:RunInstances"], "what shall go wrong?"),
        (vec!["cvm:Nope", "--code", "4400"], "no action `Nope`"),
        (vec!["lb", "--code", "4400"], "no module `lb`"),
        (vec!["cvm:DescribeZones", "--code", "5300"], "costs nothing"),
        (vec!["cvm", "--code", "4401"], "`4401` is no fault"),
        (vec!["cvm", "--code", "4400", "--account", "nobody"], "no account `nobody`"),
        (vec!["cvm", "--code", "4400", "--rate", "10"], "10%"),
    ] {
        let refused = world.command(&[&["fault", "add"], arguments.as_slice()].concat());
        let said = String::from_utf8(refused.stderr).unwrap();
        assert_eq!(refused.status.code(), Some(2), "{arguments:?}: {said}");
        assert!(said.contains(says), "{arguments:?}: {said}");
    }
}

//! Which switches hold for whom, and for how long.

use crate::facts::{Switch, SwitchState};
use crate::fixture::{World, get};

fn switch(action: Option<&str>, state: SwitchState, testers: &[&str]) -> Switch {
    Switch {
        module: "cvm".into(),
        action: action.map(str::to_owned),
        state,
        from: None,
        message: Some("New disks are fitted.".into()),
        testers: testers.iter().map(|t| (*t).to_owned()).collect(),
    }
}

#[test]
fn a_switch_holds_for_its_action_until_its_end_and_not_for_testers() {
    let now = World::new().now;
    let until = |ms| SwitchState::Until(now.plus(ms));
    for (title, switch, answer) in [
        ("the whole module", switch(None, until(60_000), &[]), Some((6200, "MAINTENANCE"))),
        (
            "this action",
            switch(Some("DescribeZones"), until(60_000), &[]),
            Some((6200, "MAINTENANCE")),
        ),
        ("another action", switch(Some("RunInstances"), until(60_000), &[]), None),
        ("at its end", switch(None, until(0), &[]), None),
        ("withdrawn", switch(None, SwitchState::Withdrawn, &[]), Some((6100, "WITHDRAWN"))),
        ("lasting", switch(None, SwitchState::Lasting, &[]), Some((6100, "LASTING_MAINTENANCE"))),
        ("this account tests", switch(None, until(60_000), &["100000001"]), None),
        (
            "another account tests",
            switch(None, until(60_000), &["100000002"]),
            Some((6200, "MAINTENANCE")),
        ),
        (
            "from now on",
            Switch { from: Some(now), ..switch(None, until(60_000), &[]) },
            Some((6200, "MAINTENANCE")),
        ),
        (
            "a window to come",
            Switch { from: Some(now.plus(1)), ..switch(None, SwitchState::Lasting, &[]) },
            None,
        ),
        (
            "another module",
            Switch { module: "cbs".into(), ..switch(None, until(60_000), &[]) },
            None,
        ),
    ] {
        let mut world = World::new();
        world.switches.push(switch);
        assert_eq!(world.reason(get("DescribeZones", &[])), answer, "{title}");
    }
}

#[test]
fn maintenance_says_the_operators_words_and_when_to_come_back_with_the_same_bytes() {
    let mut world = World::new();
    world.switches.push(switch(None, SwitchState::Until(world.now.plus(1_001)), &[]));
    let refusal = world.walk(get("DescribeZones", &[])).err().unwrap();
    assert_eq!(refusal.retry, faregate_contract::Retry::SameBytes { after_s: 2 });
    assert!(refusal.message().contains("New disks are fitted."), "{}", refusal.message());
}

#[test]
fn of_several_the_one_that_lasts_longest_answers_whoever_may_test_the_others() {
    let now = World::new().now;
    let until = |s: i64, testers| switch(None, SwitchState::Until(now.plus(s * 1000)), testers);
    let lasting = |testers| switch(Some("DescribeZones"), SwitchState::Lasting, testers);
    let (ours, theirs): (&[&str], &[&str]) = (&["100000001"], &["100000002"]);
    for (title, switches, answer) in [
        ("two ends", [until(10, &[]), until(20, &[])], Some("for another 20 s")),
        ("an end and none", [lasting(&[]), until(20, &[])], Some("lasting maintenance")),
        ("closed for all beside a test", [until(20, ours), until(10, &[])], Some("another 10 s")),
        ("two tests, one of ours", [until(20, ours), until(10, theirs)], Some("another 10 s")),
        ("two tests of others", [until(20, theirs), until(10, theirs)], Some("another 20 s")),
        ("two tests of ours", [until(20, ours), lasting(ours)], None),
    ] {
        for configured in [false, true] {
            let mut world = World::new();
            let [one, other] = switches.clone();
            world.switches.push(one);
            // Whether by a command or by the configuration, they are all the same.
            if configured {
                world.configured.push(other)
            } else {
                world.switches.push(other)
            }
            let said =
                world.walk(get("DescribeZones", &[])).err().map(|it| it.message().to_owned());
            let as_told = match (&said, answer) {
                (Some(said), Some(answer)) => said.contains(answer),
                (said, answer) => said.is_none() && answer.is_none(),
            };
            assert!(as_told, "{title}: {said:?}");
        }
    }
}

#[test]
fn overload_invites_the_same_bytes_in_a_second() {
    for of in ["connections", "calls"] {
        let refusal = super::overload(of);
        assert_eq!((refusal.code.number(), refusal.reason.as_str()), (6200, "OVERLOAD"));
        assert_eq!(refusal.retry, faregate_contract::Retry::SameBytes { after_s: 1 });
        assert!(refusal.message().contains(of), "{}", refusal.message());
    }
}

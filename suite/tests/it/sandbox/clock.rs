//! The test clock: what waits for time does not wait for it.

use serde_json::Value;

use crate::raw::{now, send, signed_get};
use crate::world::World;

const THREE_HOURS: u64 = 10_800;

/// A call of `demo`, stamped so much later than this machine's clock says.
fn stamped(world: &World, ahead_s: u64) -> Vec<u8> {
    let stamp = (now() + ahead_s).to_string();
    signed_get(&world.account("demo"), "DescribeZones", &[("Timestamp", &stamp)])
}

#[test]
fn signatures_expire_and_new_ones_are_signed_by_the_new_clock() {
    let world = World::start();
    let (soon, later) = (stamped(&world, 0), stamped(&world, 0));
    let said: Value = serde_json::from_str(&world.run(&["clock", "+10m", "--json"])).unwrap();
    assert_eq!(said["aheadMs"], 600_000);
    let reply = send(&world, &soon);
    assert_eq!((reply.code(), &reply.json()["reason"]), (4200, &"STAMP_TOO_OLD".into()));
    world.run(&["clock", "+3h"]);
    let reply = send(&world, &later);
    assert_eq!((reply.code(), &reply.json()["reason"]), (4500, &"STAMP_BEHIND".into()));
    assert_eq!(send(&world, &stamped(&world, THREE_HOURS + 600)).code(), 0);
    let text = world.run(&["clock"]);
    assert!(text.contains("3 h 10 min ahead"), "{text}");
}

#[test]
fn a_spent_nonce_stays_spent_wherever_the_clock_goes() {
    let mut world = World::start();
    let first = stamped(&world, 0);
    assert_eq!(send(&world, &first).code(), 0);
    // Beyond the window of two hours: by this clock alone the first could be forgotten.
    world.run(&["clock", "+3h"]);
    let ahead = stamped(&world, THREE_HOURS);
    assert_eq!(send(&world, &ahead).code(), 0);
    world.run(&["clock", "reset"]);
    assert_eq!(send(&world, &first).code(), 4500, "seen before the clock went ahead");
    assert_eq!(send(&world, &ahead).code(), 4500, "ahead of a clock that went back");
    assert_eq!(send(&world, &stamped(&world, 0)).code(), 0, "calls go on at once");
    // And the clock comes back to where it was, in another life.
    world.run(&["clock", "+3h"]);
    world.restart();
    assert_eq!(send(&world, &ahead).code(), 4500, "seen");
    assert_eq!(send(&world, &first).code(), 4500, "behind");
    assert_eq!(send(&world, &stamped(&world, THREE_HOURS)).code(), 0, "still ahead");
}

#[test]
fn maintenance_ends_and_a_quota_is_full_again() {
    let world = World::start();
    world.run(&["maintenance", "on", "cvm:DescribeZones", "--for", "2h"]);
    world.run(&["clock", "+1h"]);
    assert_eq!(send(&world, &stamped(&world, 3_600)).code(), 6200);
    world.run(&["clock", "+1h"]);
    assert_eq!(send(&world, &stamped(&world, 7_200)).code(), 0);
    // One that is switched on now ends by the sandbox's clock, too.
    world.run(&["maintenance", "on", "cvm:DescribeZones", "--for", "10m"]);
    let reply = send(&world, &stamped(&world, 7_200));
    let wait: u64 = reply.header("retry-after").unwrap().parse().unwrap();
    assert!((590..=600).contains(&wait), "{wait}");
    world.run(&["maintenance", "off", "cvm:DescribeZones"]);

    let limited = world.account("limited");
    let call = |ahead_s: u64| {
        let stamp = (now() + ahead_s).to_string();
        send(&world, &signed_get(&limited, "DescribeZones", &[("Timestamp", &stamp)])).code()
    };
    let refused = (0..50).any(|_| call(7_200) == 4400);
    assert!(refused, "the rate is 5 a second");
    world.run(&["clock", "+10s"]);
    assert_eq!([(); 5].map(|()| call(7_210)), [0; 5]);
    // A cell of the future is empty, at worst: it refuses once, and not until then.
    world.run(&["clock", "reset"]);
    assert_eq!(call(0), 4400);
    std::thread::sleep(std::time::Duration::from_millis(1_100));
    assert_eq!(call(0), 0);
}

#[test]
fn the_clock_goes_forward_only() {
    let world = World::start();
    for (to, says) in [("-3h", "only goes forward"), ("3h", "write it as +3h"), ("+0s", "90s")] {
        let refused = world.command(&["clock", to]);
        let said = String::from_utf8(refused.stderr).unwrap();
        assert_eq!(refused.status.code(), Some(2), "{to}: {said}");
        assert!(said.contains(says), "{to}: {said}");
    }
}

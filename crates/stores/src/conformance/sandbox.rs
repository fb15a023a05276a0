//! The sandbox: what the operator says is followed without a restart, and what is none stays none.

use std::sync::atomic::Ordering;
use std::time::Duration;

use faregate_pipeline::time::Millis;

use super::{TEN, World, world};
use crate::{NewFault, OpenError, Options, Stores};

const SOON: Duration = Duration::from_secs(5);

fn fault(effect: &str) -> NewFault {
    NewFault {
        module: "cvm".into(),
        action: Some("RunInstances".into()),
        account: None,
        effect: effect.into(),
        rate_ppm: 1_000_000,
        times: Some(2),
    }
}

fn sandbox() -> World {
    let world = world();
    world.stores.begin_sandbox(Some(7)).unwrap();
    world
}

#[test]
fn faults_and_the_clock_are_followed_beside_a_running_gateway() {
    let mut world = sandbox();
    assert_eq!((world.stores.faults_version(), world.stores.sandbox().seed), (0, 7));
    let added = world.admin.add_fault(fault("5200")).unwrap();
    assert!(world.admin.followed_within(SOON).unwrap());
    assert_ne!(world.stores.faults_version(), 0);
    assert_eq!(world.stores.sandbox().faults, std::slice::from_ref(&added));

    let ahead = world.stores.clock_ahead();
    assert_eq!(world.admin.advance_clock(3_600_000).unwrap(), 3_600_000);
    assert_eq!(world.admin.advance_clock(3_600_000).unwrap(), 7_200_000);
    assert!(world.admin.followed_within(SOON).unwrap());
    assert_eq!(ahead.load(Ordering::Relaxed), 7_200_000);
    for back in [0, -1, i64::MIN] {
        assert!(world.admin.advance_clock(back).is_err(), "{back}");
    }
    assert!(world.admin.advance_clock(i64::MAX).is_err());

    world.admin.remove_fault(added.id).unwrap();
    assert!(world.admin.remove_fault(added.id).is_err());
    world.admin.reset_clock().unwrap();
    assert!(world.admin.followed_within(SOON).unwrap());
    assert_eq!((world.stores.faults_version(), ahead.load(Ordering::Relaxed)), (0, 0));
}

#[test]
fn what_has_struck_is_written_down_and_stays_at_a_restart() {
    let mut world = sandbox();
    let added = world.admin.add_fault(fault("5200")).unwrap();
    world.stores.fault_fired(added.id, 2);
    world.stores.fault_fired(added.id, 1);
    world.admin.advance_clock(60_000).unwrap();
    let data = world.folder.path().join("data");
    drop(world.stores);
    let stores = Stores::open(Options::new(&data), TEN).unwrap();
    stores.begin_sandbox(None).unwrap();
    let sandbox = stores.sandbox();
    assert_eq!((sandbox.faults[0].fired, sandbox.ahead_ms, sandbox.seed), (2, 60_000, 7));
    assert_eq!(world.admin.clear_faults().unwrap(), 1);
    assert!(world.admin.sandbox().unwrap().faults.is_empty());
}

#[test]
fn where_there_is_no_sandbox_nothing_is_taken_and_nothing_is_left() {
    let mut world = world();
    for refused in [
        world.admin.add_fault(fault("5200")).map(drop),
        world.admin.advance_clock(1).map(drop),
        world.admin.remove_fault(1),
        world.admin.sandbox().map(drop),
    ] {
        let refused = refused.unwrap_err().to_string();
        assert!(refused.contains("sandbox = true"), "{refused}");
    }
    world.stores.end_sandbox().unwrap();

    world.stores.begin_sandbox(None).unwrap();
    world.admin.add_fault(fault("5200")).unwrap();
    world.admin.advance_clock(1_000).unwrap();
    let left = world.stores.end_sandbox().unwrap_err();
    assert!(matches!(left, OpenError::SandboxLeft { ahead_ms: 1_000, n_faults: 1 }), "{left}");
    world.admin.clear_faults().unwrap();
    world.admin.reset_clock().unwrap();
    world.stores.end_sandbox().unwrap();
    assert!(world.admin.sandbox().is_err());
    assert!(world.admin.now().unwrap().since(Millis::new(0)) > 0, "the time is told all the same");
}

#[test]
fn a_fault_names_an_account_that_is_there() {
    let mut world = sandbox();
    let account = world.account("0.00");
    let of = |id: &str| NewFault { account: Some(id.to_owned()), ..fault("4400") };
    assert!(world.admin.add_fault(of("nobody")).is_err());
    let added = world.admin.add_fault(of(&account.id)).unwrap();
    assert_eq!(added.what.account, Some(account.id));
}

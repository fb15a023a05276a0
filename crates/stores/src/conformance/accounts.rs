//! Accounts, keys and switches: what the operator writes, a running gateway sees within a second.

use std::sync::Arc;
use std::time::{Duration, Instant};

use faregate_ledger::Currency;
use faregate_pipeline::facts::{AccountState, Identity, Key, Network, Switch, SwitchState};
use faregate_pipeline::time::Millis;

use super::{TEN, World, rate, world};
use crate::{Admin, AdminError, NewAccount};

fn key(world: &World, id: &str) -> Option<Arc<Key>> {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap()
        .block_on(world.stores.key(id))
        .unwrap()
}

/// The watch runs in real time, five times a second.
#[track_caller]
fn eventually(what: &str, mut is: impl FnMut() -> bool) {
    let end = Instant::now() + Duration::from_secs(10);
    while !is() {
        assert!(Instant::now() < end, "{what} was not seen");
        std::thread::sleep(Duration::from_millis(20));
    }
}

#[test]
pub(super) fn a_key_opens_with_its_account_and_unknown_ones_are_none() {
    let mut world = world();
    let ann = world.account("0");
    assert_eq!((ann.id.as_str(), ann.slot), ("100000001", 1));
    let new = world.admin.create_key(&ann.id).unwrap();
    assert_eq!((new.secret_id.as_str().len(), new.secret_key.len()), (36, 32));
    assert!(new.secret_id.as_str().starts_with("AKID"));
    let found = key(&world, new.secret_id.as_str()).unwrap();
    assert_eq!(found.secret.as_bytes(), new.secret_key.as_bytes());
    assert_eq!((found.enabled, found.token.as_deref()), (true, None));
    assert_eq!(
        (found.account.id.as_str(), found.account.identity),
        ("100000001", Identity::Verified)
    );
    assert!(key(&world, "AKIDnobody").is_none());
    // An id that was unknown a moment ago works at once.
    world.admin.import_key(&ann.id, "AKIDnobody", "secret", Some("token")).unwrap();
    let found = key(&world, "AKIDnobody").unwrap();
    assert_eq!((found.secret.as_bytes(), found.token.as_deref()), (&b"secret"[..], Some("token")));
    let again = key(&world, "AKIDnobody").unwrap();
    assert_eq!(again.secret.as_bytes(), &b"secret"[..]);
    let listed = world.admin.list_keys(Some(&ann.id)).unwrap();
    let tokens: Vec<_> = listed.iter().map(|key| (key.enabled, key.has_token)).collect();
    assert_eq!(tokens.len(), 2);
    assert!(tokens.contains(&(true, false)) && tokens.contains(&(true, true)));
    if world.at.is_some() {
        return;
    }
    assert!(Arc::ptr_eq(&found, &again), "it is opened once");
    let bytes = std::fs::read(world.folder.path().join("data/faregate.db-wal")).unwrap();
    let secret = new.secret_key.as_bytes();
    assert!(!bytes.windows(secret.len()).any(|window| window == secret), "sealed at rest");
}

type Change = fn(&mut Admin, &str) -> Result<(), AdminError>;
type Seen = fn(&Key) -> bool;

#[test]
pub(super) fn what_the_operator_changes_is_seen_without_a_restart() {
    let mut world = world();
    let ann = world.account("0");
    let id = world.admin.create_key(&ann.id).unwrap().secret_id;
    let before = key(&world, id.as_str()).unwrap();
    assert!(before.enabled && before.account.rate.is_none() && before.account.sources.is_empty());
    let net = Network::parse("10.0.0.0/8").unwrap();
    let changes: [(&str, Change, Seen); 5] = [
        (
            "suspension",
            |admin, ann| admin.set_state(ann, AccountState::Suspended),
            |key| key.account.state == AccountState::Suspended,
        ),
        (
            "identity",
            |admin, ann| admin.set_identity(ann, Identity::Failed),
            |key| key.account.identity == Identity::Failed,
        ),
        (
            "rate",
            |admin, ann| admin.set_rate(ann, Some(rate(5, 9))),
            |key| key.account.rate == Some(rate(5, 9)),
        ),
        (
            "groups",
            |admin, ann| admin.set_groups(ann, vec!["beta".into()]),
            |key| key.account.groups == ["beta"],
        ),
        ("no rate", |admin, ann| admin.set_rate(ann, None), |key| key.account.rate.is_none()),
    ];
    for (what, change, seen) in changes {
        change(&mut world.admin, &ann.id).unwrap();
        eventually(what, || seen(&key(&world, id.as_str()).unwrap()));
    }
    world.admin.set_sources(&ann.id, vec![net]).unwrap();
    eventually("sources", || key(&world, id.as_str()).unwrap().account.sources == [net]);
    world.admin.set_key_enabled(id.as_str(), false).unwrap();
    eventually("a disabled key", || !key(&world, id.as_str()).unwrap().enabled);
    assert!(before.enabled, "what a call holds does not change under it");
}

#[test]
pub(super) fn switches_are_put_over_each_other_and_removed() {
    let mut world = world();
    assert!(world.stores.switches().is_empty());
    let whole = Switch {
        module: "cvm".into(),
        action: None,
        state: SwitchState::Until(TEN),
        from: Some(Millis::new(7)),
        message: Some("moving house".into()),
        testers: vec!["100000001".into()],
    };
    let one = Switch {
        action: Some("RunInstances".into()),
        state: SwitchState::Withdrawn,
        from: None,
        message: None,
        testers: Vec::new(),
        ..whole.clone()
    };
    let lasting = Switch { state: SwitchState::Lasting, ..one.clone() };
    world.admin.put_switch(&whole).unwrap();
    world.admin.put_switch(&one).unwrap();
    eventually("both", || *world.stores.switches() == [whole.clone(), one.clone()]);
    world.admin.put_switch(&lasting).unwrap();
    world.admin.remove_switch("cvm", None).unwrap();
    eventually("the other", || *world.stores.switches() == [lasting.clone()]);
    assert_eq!(world.admin.list_switches().unwrap(), [lasting]);
    let refused = world.admin.remove_switch("cvm", None).unwrap_err();
    assert_eq!(refused.to_string(), "there is no switch `cvm`");
}

#[test]
pub(super) fn what_cannot_be_is_refused_and_changes_nothing() {
    let mut world = world();
    let ann = world.account("0").id;
    let new = |id: &str| NewAccount {
        id: Some(id.into()),
        name: "Bob".into(),
        groups: vec!["beta".into()],
        currency: Currency::CNY,
    };
    assert_eq!(world.admin.create_account(new("100000002")).unwrap().slot, 2);
    // Counting on steps over an id that was given by hand.
    assert_eq!(world.account("0").id, "100000003");
    assert_eq!(world.account("0").id, "100000004");
    let admin = &mut world.admin;
    for (refused, why) in [
        (
            admin.create_account(new("100000001")).map(drop),
            "there is an account `100000001` already",
        ),
        (admin.create_account(new("a|b")).map(drop), "cannot be the id of an account"),
        (admin.create_account(new("")).map(drop), "cannot be the id of an account"),
        (admin.create_key("nobody").map(drop), "there is no account `nobody`"),
        (admin.import_key(&ann, "AKID", "", None), "cannot be empty"),
        (admin.import_key(&ann, "AKID", "s", Some("")), "cannot be empty"),
        (admin.import_key(&ann, "a b", "s", None), "cannot be the id of a key"),
        (admin.set_state("nobody", AccountState::Active), "there is no account `nobody`"),
        (admin.set_key_enabled("AKIDx", true), "there is no key `AKIDx`"),
    ] {
        let refused = refused.unwrap_err().to_string();
        assert!(refused.contains(why), "{refused}, not {why}");
    }
    admin.import_key(&ann, "AKID", "s", None).unwrap();
    let refused = admin.import_key("100000002", "AKID", "s", None).unwrap_err();
    assert_eq!(refused.to_string(), "there is a key `AKID` already");
    let listed: Vec<_> =
        admin.list_accounts().unwrap().into_iter().map(|(account, _)| account.id).collect();
    assert_eq!(listed, ["100000001", "100000002", "100000003", "100000004"]);
    assert_eq!(admin.account("100000002").unwrap().0.groups, ["beta"]);
    assert!(admin.account("nobody").is_err());
}

//! Policies limit what they are attached to, from the next call on; a last one is not let go of by a slip.

use std::time::{Duration, Instant};

use faregate_pipeline::authz::policy::{Arguments, Context, Question};
use faregate_pipeline::facts::Network;

use super::{TEN, World, world};
use crate::Principal;

const ZONES: &str = r#"{"version":"2.0","statement":[{"effect":"allow","action":"cvm:DescribeZones","resource":"*"}]}"#;

/// May the key call this, as the gateway sees it: none, if it is under no policy.
pub(super) async fn may(world: &World, key: &str, action: &str) -> Option<bool> {
    let key = world.stores.key(key).await.unwrap().unwrap();
    let context = Context {
        peer: [127, 0, 0, 1].into(),
        now: TEN,
        region: None,
        arguments: Arguments::NotAsked,
    };
    let question = Question { module: "cvm", action, resources: &[], context };
    Some(key.policies.as_ref()?.decide(&question).is_allowed())
}

pub(super) async fn eventually(world: &World, key: &str, action: &str, wanted: Option<bool>) {
    let end = Instant::now() + Duration::from_secs(10);
    while may(world, key, action).await != wanted {
        assert!(Instant::now() < end, "{action} is not {wanted:?}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test]
pub(super) async fn a_policy_limits_a_key_from_the_next_second_on_until_it_is_let_go_of() {
    let mut world = world();
    let ann = world.account("0").id;
    let key = world.admin.create_key(&ann).unwrap().secret_id.to_string();
    let at = Principal::Key(key.clone());
    assert_eq!(may(&world, &key, "DescribeZones").await, None);
    world.admin.put_policy(&ann, "zones", ZONES).unwrap();
    world.admin.attach_policy(&ann, "zones", &at).unwrap();
    world.admin.attach_policy(&ann, "zones", &at).unwrap();
    eventually(&world, &key, "DescribeZones", Some(true)).await;
    assert_eq!(may(&world, &key, "RunInstances").await, Some(false));
    world.admin.put_policy(&ann, "zones", &ZONES.replace("DescribeZones", "Run*")).unwrap();
    eventually(&world, &key, "DescribeZones", Some(false)).await;
    let entry = world.admin.policy(&ann, "zones").unwrap();
    assert_eq!(entry.attached, std::slice::from_ref(&at));
    let net = Network::parse("10.0.0.0/8").unwrap();
    world.admin.set_key_sources(&key, &[net]).unwrap();
    world.admin.set_session_policy(&key, ZONES).unwrap();
    eventually(&world, &key, "RunInstances", Some(false)).await;
    assert_eq!(world.stores.key(&key).await.unwrap().unwrap().sources, [net]);
    let admin = &mut world.admin;
    for (refused, why) in [
        (admin.put_policy("nobody", "p", ZONES), "there is no account `nobody`"),
        (admin.put_policy(&ann, "a b", ZONES), "cannot be the id of a policy"),
        (admin.put_policy(&ann, "p", "{}"), "`version` is \"2.0\""),
        (admin.attach_policy(&ann, "p", &at), "there is no policy `p`"),
        (
            admin.attach_policy(&ann, "zones", &Principal::Key("AKIDother".into())),
            "there is no key of this account `AKIDother`",
        ),
        (
            admin.attach_policy(&ann, "zones", &Principal::User("bob".into())),
            "there is no user of this account `bob`",
        ),
        (admin.delete_policy(&ann, "zones"), "is attached to key/AKID"),
        (admin.delete_policy(&ann, "p"), "there is no policy `p`"),
        (admin.detach_policy(&ann, "zones", &at, false), "is the last policy of key/AKID"),
        (admin.set_session_policy("AKIDother", ZONES), "there is no key `AKIDother`"),
    ] {
        let refused = refused.unwrap_err().to_string();
        assert!(refused.contains(why), "{refused}, not {why}");
    }
    assert_eq!(
        admin.policy(&ann, "zones").unwrap().attached,
        std::slice::from_ref(&at),
        "nothing was let go of"
    );
    admin.detach_policy(&ann, "zones", &at, true).unwrap();
    admin.delete_policy(&ann, "zones").unwrap();
    assert!(admin.list_policies(None).unwrap().is_empty());
    // The session's own policy is left.
    eventually(&world, &key, "DescribeZones", Some(true)).await;
}

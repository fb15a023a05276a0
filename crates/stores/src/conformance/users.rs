//! Users: what they may, what comes after their keys, and what acts for them.

use faregate_pipeline::facts::Network;

use super::policies::{eventually, may};
use super::world;
use crate::{NewSession, Principal};

const ZONES: &str = r#"{"version":"2.0","statement":[{"effect":"allow","action":"cvm:DescribeZones","resource":"*"}]}"#;

#[tokio::test]
pub(super) async fn a_user_may_what_its_policies_and_those_of_its_groups_allow_and_one_of_its_name_begins_anew()
 {
    let mut world = world();
    let ann = world.account("0").id;
    world.admin.create_user(&ann, "deploy").unwrap();
    let key = world.admin.create_key_for(&ann, Some("deploy"), None).unwrap().secret_id.to_string();
    assert_eq!(may(&world, &key, "DescribeZones").await, Some(false), "nothing is allowed yet");
    world.admin.put_policy(&ann, "zones", ZONES).unwrap();
    let user = Principal::User("deploy".into());
    world.admin.attach_policy(&ann, "zones", &user).unwrap();
    eventually(&world, &key, "DescribeZones", Some(true)).await;
    world.admin.detach_policy(&ann, "zones", &user, false).unwrap();
    eventually(&world, &key, "DescribeZones", Some(false)).await;
    world.admin.create_group(&ann, "machines").unwrap();
    world.admin.set_group(&ann, "machines", &["deploy".to_owned()]).unwrap();
    world.admin.attach_policy(&ann, "zones", &Principal::Group("machines".into())).unwrap();
    eventually(&world, &key, "DescribeZones", Some(true)).await;
    // Whoever comes after it under its name is under nothing that was its own.
    world.admin.attach_policy(&ann, "zones", &user).unwrap();
    world.admin.delete_group(&ann, "machines").unwrap();
    assert_eq!(world.admin.policy(&ann, "zones").unwrap().attached, [user]);
    world.admin.set_key_enabled(&key, false).unwrap();
    world.admin.delete_key(&key).unwrap();
    world.admin.delete_user(&ann, "deploy").unwrap();
    assert_eq!(world.admin.policy(&ann, "zones").unwrap().attached, []);
}

#[tokio::test]
pub(super) async fn what_comes_after_a_key_and_what_it_asks_for_is_under_what_the_key_is_under() {
    let mut world = world();
    let ann = world.account("0").id;
    let key = world.admin.create_key(&ann).unwrap().secret_id.to_string();
    let net = Network::parse("10.0.0.0/8").unwrap();
    world.admin.put_policy(&ann, "zones", ZONES).unwrap();
    world.admin.attach_policy(&ann, "zones", &Principal::Key(key.clone())).unwrap();
    world.admin.set_key_sources(&key, &[net]).unwrap();
    let (next, _) = world.admin.rotate_key(&key, 3_600).unwrap();
    let session = NewSession {
        account: ann.clone(),
        user: None,
        issuer: key.clone(),
        name: "upload".to_owned(),
        policy: None,
        seconds: 900,
    };
    let session = world.admin.create_session(&session).unwrap();
    for id in [next.secret_id.as_str(), session.secret_id.as_str()] {
        assert_eq!(may(&world, id, "DescribeZones").await, Some(true), "{id}");
        assert_eq!(may(&world, id, "RunInstances").await, Some(false), "{id}");
        assert_eq!(world.stores.key(id).await.unwrap().unwrap().sources, [net], "{id}");
    }
    assert!(world.admin.is_key_limited(next.secret_id.as_str()).unwrap());
    // A session ends with the key that asked for it.
    world.admin.set_key_enabled(&key, false).unwrap();
    let end = std::time::Instant::now() + std::time::Duration::from_secs(10);
    while world.stores.key(session.secret_id.as_str()).await.unwrap().unwrap().enabled {
        assert!(std::time::Instant::now() < end, "the session outlives its key");
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    world.admin.delete_key(&key).unwrap();
    assert_eq!(
        world.admin.policy(&ann, "zones").unwrap().attached,
        [Principal::Key(next.secret_id.to_string())]
    );
}

//! Ownership is learnt from answers, and nobody's answer takes what is somebody else's.

use faregate_pipeline::facts::{Lesson, Owner, ResourceRef, Settlement};

use super::{TEN, id, intent, world};
use crate::AdminError;

fn instance(id: &str) -> ResourceRef {
    ResourceRef { module: "cvm".into(), kind: "instance".into(), id: id.into() }
}

#[tokio::test]
async fn a_resource_is_absent_then_owned_then_returned() {
    let mut world = world();
    let (ann, bob) = (world.account("0").id, world.account("0").id);
    let created = |name| Lesson::Created(instance(name));
    let returned = |name| Lesson::Returned(instance(name));
    let owned = |account: &String| Owner::Account(account.clone());
    let steps = [
        ("nobody ever did", &ann, vec![], Owner::Absent),
        ("not hers to return", &ann, vec![returned("i")], Owner::Absent),
        ("made", &ann, vec![created("i")], owned(&ann)),
        ("made again", &ann, vec![created("i")], owned(&ann)),
        ("a foreign answer takes nothing", &bob, vec![created("i")], owned(&ann)),
        ("a foreign answer returns nothing", &bob, vec![returned("i")], owned(&ann)),
        ("returned", &ann, vec![returned("i")], Owner::Returned),
        ("an id that comes again", &bob, vec![created("i")], owned(&bob)),
        ("both in one answer", &bob, vec![returned("i"), created("i")], owned(&bob)),
    ];
    for (what, account, lessons, owner) in steps {
        let settled = world.stores.settle(None, Settlement::Commit, account, &lessons, TEN).await;
        settled.unwrap();
        let asked = [instance("other"), instance("i"), instance("I")];
        let owners = world.stores.owners(&asked).await.unwrap();
        assert_eq!(owners, [Owner::Absent, owner, Owner::Absent], "{what}");
    }
}

#[tokio::test]
async fn what_an_answer_taught_is_kept_with_the_money_or_not_at_all() {
    let mut world = world();
    let ann = world.account("10");
    world.stores.reserve(&intent(1, &ann, "4"), TEN).await.unwrap();
    let lesson = [Lesson::Created(instance("i"))];
    let commit = Settlement::Commit;
    let unsent = world.stores.settle(Some(id(1)), commit, &ann.id, &lesson, TEN).await;
    assert!(unsent.is_err(), "it was never sent");
    assert_eq!(world.stores.owners(&[instance("i")]).await.unwrap(), [Owner::Absent]);
    world.stores.mark_sending(id(1)).await.unwrap();
    world.stores.settle(Some(id(1)), commit, &ann.id, &lesson, TEN).await.unwrap();
    let owner = Owner::Account(ann.id.clone());
    assert_eq!(world.stores.owners(&[instance("i")]).await.unwrap(), [owner]);
    assert_eq!(world.balance(&ann), ("6.00".into(), "0.00".into()));
}

#[tokio::test]
async fn the_operator_adopts_what_nobody_owns() {
    let mut world = world();
    let (ann, bob) = (world.account("0").id, world.account("0").id);
    world.admin.adopt(&instance("i"), &ann).unwrap();
    world.admin.adopt(&instance("i"), &ann).unwrap();
    let refused = world.admin.adopt(&instance("i"), &bob).unwrap_err();
    assert!(matches!(refused, AdminError::Exists { .. }), "{refused}");
    let refused = world.admin.adopt(&instance("j"), "nobody").unwrap_err();
    assert!(matches!(refused, AdminError::NotFound { .. }), "{refused}");
    let owners = world.stores.owners(&[instance("i"), instance("j")]).await.unwrap();
    assert_eq!(owners, [Owner::Account(ann), Owner::Absent]);
}

//! Ownership is learnt from answers, and nobody's answer takes what is somebody else's.

use faregate_pipeline::facts::{Grant, Lesson, Owner, ResourceRef, Settlement};

use super::{TEN, id, intent, world};
use crate::AdminError;

fn instance(id: &str) -> ResourceRef {
    ResourceRef { module: "cvm".into(), kind: "instance".into(), id: id.into() }
}

#[tokio::test]
pub(super) async fn a_resource_is_absent_then_owned_then_returned() {
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
        let owners = world.stores.owners(&asked, account).await.unwrap();
        assert_eq!(owners, [Owner::Absent, owner, Owner::Absent], "{what}");
    }
}

#[tokio::test]
pub(super) async fn what_is_lent_is_known_to_its_borrower_until_it_is_given_back_away_or_taken_back()
 {
    let mut world = world();
    let (ann, bob, eve) = (world.account("0").id, world.account("0").id, world.account("0").id);
    let (i, owned) = (|| instance("i"), |account: &String| Owner::Account(account.clone()));
    let lent = |to: &String, grant| Lesson::Shared(i(), to.clone(), grant);
    let moved = |to: &str| Lesson::Transferred(i(), to.to_owned());
    let (read, write, none) = (Grant::Read, Grant::Write, Grant::Nothing);
    // What it did, by whom, and what ann, bob and eve then see.
    let steps = [
        ("made", &ann, Lesson::Created(i()), [owned(&ann), owned(&ann), owned(&ann)]),
        ("read", &ann, lent(&bob, read), [owned(&ann), Owner::Lent(read), owned(&ann)]),
        ("write", &ann, lent(&bob, write), [owned(&ann), Owner::Lent(write), owned(&ann)]),
        ("not hers", &eve, lent(&eve, write), [owned(&ann), Owner::Lent(write), owned(&ann)]),
        ("not lent on", &bob, lent(&eve, read), [owned(&ann), Owner::Lent(write), owned(&ann)]),
        ("not hers to end", &eve, lent(&bob, none), [owned(&ann), Owner::Lent(write), owned(&ann)]),
        ("to itself", &ann, lent(&ann, read), [owned(&ann), Owner::Lent(write), owned(&ann)]),
        ("ended", &ann, lent(&bob, none), [owned(&ann), owned(&ann), owned(&ann)]),
        ("lent again", &ann, lent(&bob, read), [owned(&ann), Owner::Lent(read), owned(&ann)]),
        ("not bob's to give", &bob, moved(&bob), [owned(&ann), Owner::Lent(read), owned(&ann)]),
        ("to nobody", &ann, moved("nobody"), [owned(&ann), Owner::Lent(read), owned(&ann)]),
        ("given away", &ann, moved(&eve), [owned(&eve), owned(&eve), owned(&eve)]),
        (
            "lent by its new owner",
            &eve,
            lent(&ann, read),
            [Owner::Lent(read), owned(&eve), owned(&eve)],
        ),
        (
            "returned",
            &eve,
            Lesson::Returned(i()),
            [Owner::Returned, Owner::Returned, Owner::Returned],
        ),
        ("made by another", &bob, Lesson::Created(i()), [owned(&bob), owned(&bob), owned(&bob)]),
    ];
    for (what, account, lesson, seen) in steps {
        world.stores.settle(None, Settlement::Commit, account, &[lesson], TEN).await.unwrap();
        for (asker, seen) in [&ann, &bob, &eve].into_iter().zip(seen) {
            assert_eq!(world.stores.owners(&[i()], asker).await.unwrap(), [seen], "{what}");
        }
    }
    let faults = world.admin.object_faults().unwrap();
    let counted: Vec<_> =
        faults.iter().map(|f| (f.subject.as_str(), f.what.as_str(), f.n)).collect();
    assert_eq!(counted, [("instance", "not-learnt", 4)], "what changed nothing is not silent");
    let known = world.stores.known(&[], &[ann.clone(), "nobody".into()], &ann).await.unwrap();
    assert_eq!(known.accounts, [true, false]);
}

#[tokio::test]
pub(super) async fn what_an_answer_taught_is_kept_with_the_money_or_not_at_all() {
    let mut world = world();
    let ann = world.account("10");
    world.stores.reserve(&intent(1, &ann, "4"), TEN).await.unwrap();
    let lesson = [Lesson::Created(instance("i"))];
    let commit = Settlement::Commit;
    let unsent = world.stores.settle(Some(id(1)), commit, &ann.id, &lesson, TEN).await;
    assert!(unsent.is_err(), "it was never sent");
    assert_eq!(world.stores.owners(&[instance("i")], &ann.id).await.unwrap(), [Owner::Absent]);
    world.stores.mark_sending(id(1)).await.unwrap();
    world.stores.settle(Some(id(1)), commit, &ann.id, &lesson, TEN).await.unwrap();
    let owner = Owner::Account(ann.id.clone());
    assert_eq!(world.stores.owners(&[instance("i")], &ann.id).await.unwrap(), [owner]);
    assert_eq!(world.balance(&ann), ("6.00".into(), "0.00".into()));
}

#[tokio::test]
pub(super) async fn the_operator_adopts_what_nobody_owns() {
    let mut world = world();
    let (ann, bob) = (world.account("0").id, world.account("0").id);
    world.admin.adopt(&instance("i"), &ann).unwrap();
    world.admin.adopt(&instance("i"), &ann).unwrap();
    let refused = world.admin.adopt(&instance("i"), &bob).unwrap_err();
    assert!(matches!(refused, AdminError::Exists { .. }), "{refused}");
    let refused = world.admin.adopt(&instance("j"), "nobody").unwrap_err();
    assert!(matches!(refused, AdminError::NotFound { .. }), "{refused}");
    let owners = world.stores.owners(&[instance("i"), instance("j")], &ann).await.unwrap();
    assert_eq!(owners, [Owner::Account(ann), Owner::Absent]);
}

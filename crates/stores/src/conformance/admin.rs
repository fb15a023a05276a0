//! What operators do, on either home: done as a whole, written down, and taken back where it is refused.

use std::sync::Arc;

use faregate_ledger::Ending;
use faregate_pipeline::facts::{AccountState, OwnQuota, ResourceRef, Scope, Settlement};

use super::{TEN, id, intent, money, rate, world};
use crate::{
    Actor, Admin, AdminError, AuditCheck, AuditFilter, Import, ImportRow, Imported, NewVote,
    ResourceFilter, VoteFilter,
};

fn newest(admin: &Admin, n: u32) -> Vec<(String, String)> {
    let filter = AuditFilter { limit: n, ..AuditFilter::default() };
    let records = admin.list_audit(&filter).unwrap();
    records.into_iter().map(|record| (record.action, record.subject)).collect()
}

#[test]
pub(super) fn every_change_is_written_down_and_what_is_refused_leaves_nothing() {
    let mut world = world();
    let ann = world.account("100").id;
    let admin = &mut world.admin;
    admin.act_as(Actor::local(Some("root")));
    let before = admin.verify_audit().unwrap().n_records;
    admin.set_state(&ann, AccountState::Suspended).unwrap();
    admin.adjust(&ann, money("-1"), "a slip").unwrap();
    admin.set_daily_cap(&ann, Some(money("50"))).unwrap();
    let refusals = [
        admin.set_state("nobody", AccountState::Active).map(drop),
        admin.adjust(&ann, money("-100"), "too much").map(drop),
        admin.adopt(&machine("i-1"), "nobody"),
        admin.delete_key("AKIDnobody"),
    ];
    assert!(refusals.iter().all(Result::is_err), "{refusals:?}");
    assert_eq!(admin.daily(&ann).unwrap().cap(), Some(money("50")));
    assert_eq!(admin.balance(&ann).unwrap().available(), money("99"));
    let (account, books) = (format!("account/{ann}"), format!("account/{ann}/balance"));
    let told = [("SetDailyCap", &books), ("AdjustBalance", &books), ("SuspendAccount", &account)];
    let told = told.map(|(action, subject)| (action.to_owned(), subject.clone()));
    assert_eq!(newest(admin, 3), told);
    let check = AuditCheck { n_records: before + 3, bad: None };
    assert_eq!(admin.verify_audit().unwrap(), check);
    let of = AuditFilter { subject: Some(account), limit: 50, ..AuditFilter::default() };
    let of = admin.list_audit(&of).unwrap();
    assert!(of.iter().all(|r| r.subject.starts_with("account/")) && of.len() >= 3, "{of:?}");
    assert_eq!(of[0].actor.who, "local:root");
}

fn machine(of: &str) -> ResourceRef {
    ResourceRef { module: "cvm".into(), kind: "instance".into(), id: of.into() }
}

#[test]
pub(super) fn an_account_is_closed_for_good_and_a_key_is_deleted_once_it_is_disabled() {
    let mut world = world();
    let ann = world.account("0").id;
    let key = world.admin.create_key(&ann).unwrap().secret_id.to_string();
    let admin = &mut world.admin;
    assert!(matches!(admin.delete_key(&key), Err(AdminError::Refused(_))));
    admin.set_key_enabled(&key, false).unwrap();
    admin.delete_key(&key).unwrap();
    assert!(admin.list_keys(Some(&ann)).unwrap().is_empty());
    admin.close_account(&ann).unwrap();
    assert_eq!(admin.account(&ann).unwrap().0.state, AccountState::Closed);
    for refused in [admin.close_account(&ann), admin.set_state(&ann, AccountState::Active)] {
        assert!(matches!(refused, Err(AdminError::Refused(_))), "{refused:?}");
    }
}

#[tokio::test]
pub(super) async fn money_is_judged_once_and_the_books_say_why() {
    let mut world = world();
    let ann = world.account("100");
    world.stores.reserve(&intent(1, &ann, "30"), TEN).await.unwrap();
    world.stores.mark_sending(id(1)).await.unwrap();
    assert!(world.admin.settle_hold(id(1), Ending::Commit, "early").is_err(), "not in doubt");
    world.stores.settle(Some(id(1)), Settlement::InDoubt, &ann.id, &[], TEN).await.unwrap();
    assert_eq!(world.admin.holds().unwrap().len(), 1);
    assert!(matches!(world.admin.close_account(&ann.id), Err(AdminError::Refused(_))), "held");
    world.admin.settle_hold(id(1), Ending::Release, "the module says no").unwrap();
    assert!(world.admin.settle_hold(id(1), Ending::Release, "again").is_err());
    assert_eq!(world.balance(&ann), ("100.00".into(), "0.00".into()));
    let (hold, entries) = world.admin.books_of(id(1)).unwrap();
    assert!(!hold.unwrap().state.is_open());
    assert_eq!(entries.last().unwrap().note, "the module says no");
    let newest = world.admin.entries(&ann.id, None, 2).unwrap();
    assert_eq!(newest.iter().map(|entry| entry.seq).max(), newest.first().map(|entry| entry.seq));
    assert!(world.admin.verify_ledger(None, &mut |_, _| {}).unwrap().is_good());
}

#[test]
pub(super) fn resources_are_imported_once_listed_in_order_and_moved() {
    let mut world = world();
    let (ann, bob) = (world.account("0").id, world.account("0").id);
    let admin = &mut world.admin;
    let row =
        |of: &str, account: &str| ImportRow { resource: machine(of), account: account.to_owned() };
    let rows = [row("i-2", &ann), row("i-1", &ann), row("i-1", &bob), row("i-3", "nobody")];
    let done = [Imported::New, Imported::New, Imported::Taken, Imported::NoAccount];
    for (how, n) in [(Import::DryRun, 0), (Import::Write, 4)] {
        assert_eq!(admin.import(&[7; 32], &rows, 4, how).unwrap(), done, "{how:?}");
        assert_eq!(admin.imported(&[7; 32]).unwrap(), n, "{how:?}");
    }
    let all = ResourceFilter { limit: 10, ..ResourceFilter::default() };
    let ids = |filter: &ResourceFilter| -> Vec<String> {
        let found = admin.list_resources(filter).unwrap();
        found.into_iter().map(|entry| entry.resource.id).collect()
    };
    assert_eq!(ids(&all), ["i-1", "i-2"]);
    let after = ResourceFilter { after: Some(machine("i-1")), ..all.clone() };
    assert_eq!(ids(&after), ["i-2"]);
    assert_eq!(ids(&ResourceFilter { account: Some(bob.clone()), ..all }), [""; 0]);
    assert_eq!(admin.transfer_resource(&machine("i-1"), &bob).unwrap().account, bob);
    assert!(admin.adopt(&machine("i-1"), &ann).is_err(), "it is another account's");
}

#[tokio::test]
pub(super) async fn votes_are_kept_found_by_their_receipts_and_answered() {
    let mut world = world();
    let vote = |receipt: &str, page: &str| NewVote {
        receipt: receipt.to_owned(),
        at: TEN,
        page: page.to_owned(),
        language: "en".to_owned(),
        level: 2,
        text: "why?".to_owned(),
    };
    assert_eq!(world.stores.keep_vote(vote("r1", "/errors/4500")).await, Ok(1));
    assert_eq!(world.stores.keep_vote(vote("r2", "/errors/4100")).await, Ok(2));
    assert!(world.stores.keep_vote(vote("r2", "/errors/4100")).await.is_err(), "one a receipt");
    let of = VoteFilter {
        page: Some("/errors/4500".to_owned()),
        open_only: true,
        limit: 10,
        ..VoteFilter::default()
    };
    assert_eq!(world.admin.list_votes(&of).unwrap().len(), 1);
    world.admin.answer_vote(1, "See /errors/4500.").unwrap();
    assert!(world.admin.list_votes(&of).unwrap().is_empty());
    let read = world.stores.vote("r1").await.unwrap().unwrap();
    assert_eq!(read.answer.unwrap().0, "See /errors/4500.");
    assert_eq!(world.stores.vote("r3").await, Ok(None));
}

#[tokio::test]
pub(super) async fn what_an_account_has_of_its_own_comes_with_its_keys() {
    let mut world = world();
    let ann = world.account("0").id;
    let key = world.admin.create_key(&ann).unwrap().secret_id.to_string();
    let known = async || world.stores.key(&key).await.unwrap().unwrap();
    assert!(known().await.account.quotas.is_empty());
    let limits = faregate_pipeline::facts::Limits { rate: Some(rate(3, 9)), ..Default::default() };
    let own = OwnQuota { scope: Scope::Action, action: Some("cvm:RunInstances".into()), limits };
    world.admin.set_quota(&ann, &own).unwrap();
    let end = std::time::Instant::now() + std::time::Duration::from_secs(5);
    while known().await.account.quotas != [own.clone()] {
        assert!(std::time::Instant::now() < end, "it is not seen");
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    assert_eq!(world.admin.account(&ann).unwrap().0.quotas, [own]);
}

#[test]
pub(super) fn operators_who_write_at_once_wait_for_each_other() {
    let mut world = world();
    let ann = world.account("0").id;
    let before = world.admin.verify_audit().unwrap().n_records;
    let (data, at) = (Arc::new(world.folder.path().join("data")), Arc::new(world.at.clone()));
    std::thread::scope(|scope| {
        for _ in 0..4 {
            let (data, at, ann) = (Arc::clone(&data), Arc::clone(&at), &ann);
            scope.spawn(move || {
                let mut admin = Admin::open_at(&data, at.as_ref().as_ref()).unwrap();
                for _ in 0..5 {
                    admin.topup(ann, money("1"), "").unwrap();
                }
            });
        }
    });
    assert_eq!(world.admin.balance(&ann).unwrap().available(), money("20"));
    let check = AuditCheck { n_records: before + 20, bad: None };
    assert_eq!(world.admin.verify_audit().unwrap(), check);
}

//! The audit log: what somebody changed, in a chain that shows what was done to it since.

use faregate_pipeline::facts::{Account, Identity, Switch, SwitchState};
use faregate_pipeline::time::Millis;
use serde_json::{Value, json};

use super::Admin;
use crate::clock;
use crate::error::{AdminError, Fault};
use crate::sql::Connection;
use crate::sqlite::accounts::{identity_text, state_text};
use crate::sqlite::audits::{self, Actor, AuditCheck, AuditFilter, AuditRecord, Change};
use crate::vault::Vault;

/// What a transaction changes, as it goes: written down at its end, in the same transaction.
#[derive(Debug, Default)]
pub(super) struct Noted(Vec<Change>);

impl Noted {
    /// Something was changed, made (no `before`) or taken away (no `after`).
    pub(super) fn changed(
        &mut self,
        action: &'static str,
        subject: String,
        (before, after): (Option<Value>, Option<Value>),
    ) {
        self.0.push(Change { action, subject, before, after });
    }
}

impl Admin {
    /// Says who changes what is changed from now on.
    pub fn act_as(&mut self, actor: Actor) {
        self.actor = actor;
    }

    /// Who changes what is changed.
    #[must_use]
    pub fn acts_as(&self) -> &str {
        &self.actor.who
    }

    /// Notes a change of what is not kept here: of a file, or of the running gateway.
    ///
    /// # Errors
    /// The store failed.
    pub fn note(
        &mut self,
        action: &'static str,
        subject: String,
        values: (Option<Value>, Option<Value>),
    ) -> Result<(), AdminError> {
        self.change(|_, _, noted| {
            noted.changed(action, subject, values);
            Ok(())
        })
    }

    /// The newest records that the filter lets through, newest first.
    ///
    /// # Errors
    /// The store failed.
    pub fn list_audit(&self, filter: &AuditFilter) -> Result<Vec<AuditRecord>, AdminError> {
        Ok(audits::list(self.connection()?, filter)?)
    }

    /// Hands every record over, oldest first, until `each` answers false.
    ///
    /// # Errors
    /// The store failed.
    pub fn each_audit(&self, each: impl FnMut(AuditRecord) -> bool) -> Result<(), AdminError> {
        Ok(audits::each(self.connection()?, each)?)
    }

    /// Follows the chain from its beginning to what the keyring witnessed as its end.
    ///
    /// # Errors
    /// The store failed; what is wrong with the log is in the answer.
    pub fn verify_audit(&mut self) -> Result<AuditCheck, AdminError> {
        // In one transaction: a gateway may append between two reads.
        self.write(|c, vault| Ok(audits::verify(c, vault)?))
    }

    /// One transaction that leaves its records in the audit log: done as a whole, or not at all.
    pub(super) fn change<T>(
        &mut self,
        work: impl FnOnce(&Connection, &Vault, &mut Noted) -> Result<T, AdminError>,
    ) -> Result<T, AdminError> {
        let (now, actor) = (clock::wall(), self.actor.clone());
        self.write(|c, vault| {
            let mut noted = Noted::default();
            let done = work(c, vault, &mut noted)?;
            record(c, vault, &actor, noted, now)?;
            Ok(done)
        })
    }
}

fn record(
    c: &Connection,
    vault: &Vault,
    actor: &Actor,
    noted: Noted,
    now: Millis,
) -> Result<(), Fault> {
    noted.0.into_iter().try_for_each(|change| audits::append(c, vault, actor, change, now))
}

/// An account as the log has it.
pub(super) fn account(account: &Account) -> Value {
    let sources = account.sources.iter().map(|s| format!("{}/{}", s.address, s.prefix_bits));
    json!({
        "name": account.name,
        "state": state_text(account.state),
        "identity": identity_text(account.identity),
        "identityUntilMs": account.identity_until.map(Millis::as_ms),
        "groups": account.groups,
        "sources": sources.collect::<Vec<_>>(),
        "ratePerSecond": account.rate.map(|rate| rate.per_second),
        "rateBurst": account.rate.map(|rate| rate.burst),
        "replayIdentity": account.replay_identity.map(|replay| replay.as_str()),
        "minSignature": account.min_signature.map(|least| least.as_str()),
    })
}

/// The action that changed an account so.
pub(super) fn action_of(before: &Account, after: &Account) -> &'static str {
    use faregate_pipeline::facts::AccountState as S;
    match (before.state, after.state) {
        (S::Active, S::Suspended) => "SuspendAccount",
        (S::Suspended, S::Active) => "ResumeAccount",
        (S::Active | S::Suspended, S::Closed) => "CloseAccount",
        _ if identity(before) != identity(after) => "SetIdentity",
        (S::Active, S::Active) | (S::Suspended, S::Suspended) | (S::Closed, _) => "UpdateAccount",
    }
}

fn identity(account: &Account) -> Identity {
    account.identity
}

/// A switch as the log has it.
pub(super) fn switch(switch: &Switch) -> Value {
    let (state, until) = match switch.state {
        SwitchState::Withdrawn => ("withdrawn", None),
        SwitchState::Lasting => ("lasting", None),
        SwitchState::Until(until) => ("until", Some(until.as_secs())),
    };
    json!({
        "state": state,
        "from": switch.from.map(Millis::as_secs),
        "until": until,
        "message": switch.message,
        "testers": switch.testers,
    })
}

#[cfg(test)]
mod spec {
    use faregate_pipeline::facts::AccountState;

    use super::*;
    use crate::{NewAccount, Stores};

    fn admin() -> (tempfile::TempDir, Admin) {
        let folder = tempfile::tempdir().unwrap();
        let data = folder.path().join("data");
        Stores::create(&data).unwrap();
        let mut admin = Admin::open(&data).unwrap();
        for name in ["ann", "bob"] {
            let (id, name) = (None, name.to_owned());
            let currency = faregate_ledger::Currency::CNY;
            admin.create_account(NewAccount { id, name, groups: Vec::new(), currency }).unwrap();
        }
        admin.act_as(Actor::local(Some("root")));
        admin.set_state("100000001", AccountState::Suspended).unwrap();
        admin.set_state("100000002", AccountState::Suspended).unwrap();
        admin.set_state("100000001", AccountState::Active).unwrap();
        (folder, admin)
    }

    #[test]
    fn every_change_is_written_down_with_what_was_and_what_is() {
        let (_folder, mut admin) = admin();
        let filter = AuditFilter { limit: 10, ..AuditFilter::default() };
        let records = admin.list_audit(&filter).unwrap();
        let told: Vec<_> =
            records.iter().map(|r| (r.seq, r.action.as_str(), r.subject.as_str())).collect();
        assert_eq!(
            told,
            [
                (5, "ResumeAccount", "account/100000001"),
                (4, "SuspendAccount", "account/100000002"),
                (3, "SuspendAccount", "account/100000001"),
                (2, "CreateAccount", "account/100000002"),
                (1, "CreateAccount", "account/100000001"),
            ]
        );
        assert_eq!(records[0].actor.who, "local:root");
        let was: Value = serde_json::from_str(records[0].before.as_deref().unwrap()).unwrap();
        assert_eq!(was["state"], "suspended");
        let ann = AuditFilter { subject: Some("account/100000001".into()), ..filter };
        assert_eq!(admin.list_audit(&ann).unwrap().len(), 3);
        // What is refused leaves nothing.
        admin.set_state("1", AccountState::Active).unwrap_err();
        assert_eq!(admin.verify_audit().unwrap(), AuditCheck { n_records: 5, bad: None });
    }

    #[test]
    fn whoever_has_the_database_alone_changes_nothing_unseen() {
        const OPEN: &str = "DROP TRIGGER audit_is_not_updated; DROP TRIGGER audit_is_not_deleted; ";
        for (what, sql, bad) in [
            ("a changed word", "UPDATE audit SET after = '{}' WHERE seq = 3", Some(3)),
            ("another name", "UPDATE audit SET who = 'local:ann' WHERE seq = 4", Some(4)),
            ("an address added", "UPDATE audit SET address = '' WHERE seq = 1", Some(1)),
            ("one taken out", "DELETE FROM audit WHERE seq = 2", Some(2)),
            ("the first taken out", "DELETE FROM audit WHERE seq = 1", Some(1)),
            ("the end cut off", "DELETE FROM audit WHERE seq > 3", Some(4)),
            ("all of it", "DELETE FROM audit", Some(1)),
            (
                "the end, and its witness",
                "DELETE FROM audit WHERE seq > 3; DELETE FROM audit_head",
                Some(3),
            ),
            (
                "the end, and a witness moved to it",
                "DELETE FROM audit WHERE seq > 3; UPDATE audit_head SET seq = 3",
                Some(3),
            ),
            (
                "two exchanged",
                "UPDATE audit SET seq = 9 WHERE seq = 4; UPDATE audit SET seq = 4 WHERE seq = 5; \
              UPDATE audit SET seq = 5 WHERE seq = 9",
                Some(4),
            ),
            ("nothing", "", None),
        ] {
            let (folder, mut admin) = admin();
            let database = folder.path().join("data/faregate.db");
            rusqlite::Connection::open(database)
                .unwrap()
                .execute_batch(&format!("{OPEN}{sql}"))
                .unwrap();
            let check = admin.verify_audit().unwrap();
            assert_eq!(check.bad.map(|(at, _)| at), bad, "{what}");
        }
    }

    #[test]
    fn the_database_itself_refuses_to_change_a_record() {
        let (folder, _admin) = admin();
        let connection =
            rusqlite::Connection::open(folder.path().join("data/faregate.db")).unwrap();
        for sql in ["UPDATE audit SET who = 'x'", "DELETE FROM audit"] {
            let refused = connection.execute(sql, []).unwrap_err();
            assert!(refused.to_string().contains("audit log is never"), "{refused}");
        }
    }
}

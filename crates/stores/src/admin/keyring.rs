//! The keyring: a new epoch, and everything sealed again under it, beside a running gateway.

use serde_json::json;

use super::{Admin, Side};
use crate::error::{AdminError, Fault};
use crate::sql::Connection;
use crate::sqlite::{sealed, users};
use crate::vault::Vault;

/// How many keys are sealed again in one transaction: a gateway that writes waits for no more than these.
const BATCH: u32 = 64;

/// What a rotation did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rotated {
    /// The epoch under which everything is sealed now.
    pub epoch: u32,
    /// How many keys were sealed again.
    pub n_sealed: usize,
    /// An earlier rotation was interrupted, and this one has finished it.
    pub resumed: bool,
}

impl Admin {
    /// Adds an epoch to the keyring, and seals every key again under it. Interrupted, it goes on where it was when it is
    /// asked for again. The epochs before stay in the keyring: a backup of the database needs them.
    ///
    /// # Errors
    /// The keyring could not be written, a key does not open, or other gateways have copies of the keyring.
    pub fn rotate_keyring(&mut self) -> Result<Rotated, AdminError> {
        if matches!(self.side, Side::Shared(_)) {
            // What is sealed under an epoch that another gateway has not got does not open there.
            let say = "every gateway of a shared home has a copy of the keyring: it is not rotated there, so far";
            return Err(AdminError::Refused(say.to_owned()));
        }
        // In a transaction that writes, so that of two that rotate one waits.
        let (epoch, resumed) = self.write(|c, vault| {
            let unread = |cause: crate::OpenError| Fault::Broken(cause.to_string());
            vault.reload().map_err(unread)?;
            let newest = vault.newest()?;
            if !users::older_than(c, newest, 1)?.is_empty() {
                return Ok((newest, true));
            }
            let added = vault.add_epoch().map_err(unread)?;
            Ok((added, false))
        })?;
        let mut n_sealed = 0;
        loop {
            let n_batch = self.write(|c, vault| {
                let batch = users::older_than(c, epoch, BATCH)?;
                for (id, account) in &batch {
                    seal_again(c, vault, account, id)?;
                }
                Ok(batch.len())
            })?;
            n_sealed += n_batch;
            if n_batch == 0 {
                break;
            }
        }
        self.change(|_, _, noted| {
            let after = json!({ "epoch": epoch, "sealed": n_sealed });
            noted.changed("RotateKeyring", "keyring".to_owned(), (None, Some(after)));
            Ok(())
        })?;
        Ok(Rotated { epoch, n_sealed, resumed })
    }

    /// The epochs of the keyring, and how many keys are sealed under each.
    ///
    /// # Errors
    /// The store failed.
    pub fn keyring(&self) -> Result<Vec<(u32, i64)>, AdminError> {
        let count = |epoch: u32| {
            let sql = "SELECT count(*) FROM keys WHERE epoch = ?1";
            let n: i64 = self.connection()?.query_row(sql, [epoch], |row| row.get(0))?;
            Ok((epoch, n))
        };
        self.vault.epochs().into_iter().map(count).collect()
    }
}

fn seal_again(c: &Connection, vault: &Vault, account: &str, id: &str) -> Result<(), Fault> {
    let Some(key) = sealed::sealed(c, vault, account, id)? else { return Ok(()) };
    sealed::seal(c, vault, (account, id), (&key.0, key.1.as_deref().map(Vec::as_slice)))
}

#[cfg(test)]
mod spec {
    use faregate_ledger::Currency;

    use crate::conformance::TEN;
    use crate::{Admin, NewAccount, Options, Stores};

    #[tokio::test]
    async fn everything_is_sealed_again_beside_a_running_gateway_and_an_interrupted_turn_goes_on() {
        let folder = tempfile::tempdir().unwrap();
        let data = folder.path().join("data");
        Stores::create(&data).unwrap();
        let stores = Stores::open(Options::new(&data), TEN).unwrap();
        let mut admin = Admin::open(&data).unwrap();
        let (id, groups, currency) = (None, Vec::new(), Currency::CNY);
        let ann = NewAccount { id, name: "ann".to_owned(), groups, currency };
        let ann = admin.create_account(ann).unwrap().id;
        for n in 0..150 {
            let token = (n % 3 == 0).then_some("token");
            admin.import_key(&ann, &format!("AKID{n}"), &format!("secret {n}"), token).unwrap();
        }
        let rotated = admin.rotate_keyring().unwrap();
        assert_eq!((rotated.epoch, rotated.n_sealed, rotated.resumed), (2, 150, false));
        assert_eq!(admin.keyring().unwrap(), [(1, 0), (2, 150)]);
        // The gateway has read the keyring before there was this epoch.
        for n in [0, 1, 149] {
            let key = stores.key(&format!("AKID{n}")).await.unwrap().unwrap();
            assert_eq!(key.secret.as_bytes(), format!("secret {n}").as_bytes());
            assert_eq!(key.token.as_deref(), (n % 3 == 0).then_some("token"));
        }
        // As if the one before had been interrupted: some are sealed under the epoch before.
        let other = Admin::open(&data).unwrap();
        other.vault.add_epoch().unwrap();
        let rotated = admin.rotate_keyring().unwrap();
        assert_eq!((rotated.epoch, rotated.n_sealed, rotated.resumed), (3, 150, true));
        assert!(stores.key("AKID7").await.unwrap().is_some());
    }
}

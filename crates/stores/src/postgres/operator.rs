//! What the command line writes into the shared home, beside running gateways.
//!
//! Each write is one transaction and leaves a row in `changes`. The command line waits for it on a thread of its own:
//! whoever calls may be inside a runtime.

use std::future::Future;
use std::time::Duration;

use faregate_contract::RequestId;
use faregate_ledger::{Balance, Daily, Ending, Entry, HoldState, Money, Refused};
use faregate_pipeline::facts::{
    Account, AccountState, KeptBatch, Lesson, Owner, ResourceRef, Settlement, Switch,
};
use tokio::runtime::Runtime;

use super::{Postgres, accounts, audit, batches, ledger, migrate, resources, switches};
use crate::admin::{NewAccount, check_id, fresh_account, no_account};
use crate::clock;
use crate::error::{AdminError, Fault, OpenError, broken};
use crate::options::SharedAt;
use crate::sqlite::accounts::KeyEntry;
use crate::sqlite::audit::LedgerCheck;
use crate::sqlite::ledger::{BookedEntry, OpenHold};
use crate::sqlite::resources::ObjectFault;
use crate::vault::Vault;

/// What a command waits at most.
const PATIENCE: Duration = Duration::from_secs(20);

/// An operator's connection.
pub(crate) struct Operator {
    postgres: Postgres,
    runtime: Option<Runtime>,
}

impl std::fmt::Debug for Operator {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Operator").field("postgres", &self.postgres).finish_non_exhaustive()
    }
}

impl Drop for Operator {
    fn drop(&mut self) {
        // A runtime may not be waited for inside another.
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

impl Operator {
    /// Connects, without looking at what is there.
    pub(crate) fn new(at: &SharedAt) -> Result<Self, OpenError> {
        let postgres = Postgres::new(&at.postgres, at.postgres_password.as_deref())?;
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        Ok(Self { postgres, runtime: Some(runtime.map_err(broken)?) })
    }

    /// Connects to a schema that is up to date, with the keyring that seals its keys.
    pub(crate) fn open(at: &SharedAt, vault: &Vault) -> Result<Self, OpenError> {
        let operator = Self::new(at)?;
        let keyring = vault.store_id();
        operator.wait(async {
            migrate::version(&operator.postgres).await?.is_current()?;
            same_keyring(&operator.postgres, keyring).await
        })?;
        Ok(operator)
    }

    pub(crate) const fn postgres(&self) -> &Postgres {
        &self.postgres
    }

    /// Waits for `work` on a thread of its own, for as long as it takes.
    pub(crate) fn wait<T: Send, E: From<Fault> + Send>(
        &self,
        work: impl Future<Output = Result<T, E>> + Send,
    ) -> Result<T, E> {
        let gone = || E::from(broken("the operator's thread is gone"));
        let runtime = self.runtime.as_ref().ok_or_else(gone)?;
        let waited = std::thread::scope(|scope| scope.spawn(move || runtime.block_on(work)).join());
        waited.unwrap_or_else(|_| Err(gone()))
    }

    fn run<T: Send>(
        &self,
        work: impl Future<Output = Result<T, AdminError>> + Send,
    ) -> Result<T, AdminError> {
        self.wait(async {
            let late = || AdminError::Down(broken("PostgreSQL did not answer in time"));
            tokio::time::timeout(PATIENCE, work).await.map_err(|_| late())?
        })
    }

    pub(crate) fn create_account(&self, new: &NewAccount) -> Result<Account, AdminError> {
        self.run(async {
            let c = self.postgres.client().await?;
            loop {
                let (slot, next_id) = accounts::next_account(&c).await?;
                let id = new.id.clone().unwrap_or(next_id);
                check_id("an account", &id)?;
                if accounts::account(&c, &id, false).await?.is_some() {
                    return Err(AdminError::Exists { what: "an account", name: id });
                }
                let account = fresh_account(id, slot, new);
                match accounts::insert_account(&c, &account, new.currency, clock::wall()).await {
                    Ok(()) => return Ok(account),
                    // Another operator took this slot, or this id, at the same time.
                    Err(fault) if fault.twice().is_some() => {}
                    Err(fault) => return Err(fault.into()),
                }
            }
        })
    }

    pub(crate) fn accounts(&self) -> Result<Vec<(Account, faregate_ledger::Currency)>, AdminError> {
        self.run(async { Ok(accounts::accounts(&self.postgres.client().await?).await?) })
    }

    pub(crate) fn account(
        &self,
        id: &str,
    ) -> Result<(Account, faregate_ledger::Currency), AdminError> {
        self.run(async {
            let found = accounts::account(&self.postgres.client().await?, id, false).await?;
            found.ok_or_else(|| no_account(id))
        })
    }

    pub(crate) fn change_account(
        &self,
        id: &str,
        change: impl FnOnce(&mut Account) + Send,
    ) -> Result<(), AdminError> {
        self.run(async {
            let mut c = self.postgres.client().await?;
            let t = c.transaction().await?;
            let found = accounts::account(&t, id, true).await?;
            let (mut account, _) = found.ok_or_else(|| no_account(id))?;
            if account.state == AccountState::Closed {
                return Err(AdminError::Refused(format!("the account `{id}` is closed, for good")));
            }
            change(&mut account);
            accounts::update_account(&t, &account).await?;
            Ok(t.commit().await?)
        })
    }

    pub(crate) fn import_key(
        &self,
        vault: &Vault,
        account: &str,
        key: (&str, &str, Option<&str>),
    ) -> Result<(), AdminError> {
        self.run(async {
            let c = self.postgres.client().await?;
            if accounts::account(&c, account, false).await?.is_none() {
                return Err(no_account(account));
            }
            match accounts::insert_key(&c, vault, account, key, clock::wall()).await {
                Err(fault) if fault.twice().is_some() => {
                    Err(AdminError::Exists { what: "a key", name: key.0.to_owned() })
                }
                written => Ok(written?),
            }
        })
    }

    pub(crate) fn keys(&self, account: Option<&str>) -> Result<Vec<KeyEntry>, AdminError> {
        self.run(async { Ok(accounts::keys(&self.postgres.client().await?, account).await?) })
    }

    pub(crate) fn set_key_enabled(&self, id: &str, enabled: bool) -> Result<bool, AdminError> {
        self.run(async {
            let c = self.postgres.client().await?;
            Ok(accounts::set_key_enabled(&c, id, enabled).await?)
        })
    }

    /// Books what `change` makes of a balance.
    pub(crate) fn book(
        &self,
        account: &str,
        reason: &str,
        change: impl FnOnce(&mut Balance) -> Result<Option<Entry>, Refused> + Send,
    ) -> Result<Balance, AdminError> {
        self.run(async {
            let mut c = self.postgres.client().await?;
            let t = c.transaction().await?;
            let found = ledger::books(&t, account, true).await?;
            let (mut balance, _) = found.ok_or_else(|| no_account(account))?;
            if let Some(entry) = change(&mut balance)? {
                ledger::book(&t, account, reason, entry, &balance, clock::wall()).await?;
            }
            t.commit().await?;
            Ok(balance)
        })
    }

    pub(crate) fn set_cap(&self, account: &str, cap: Option<Money>) -> Result<(), AdminError> {
        self.run(async {
            let c = self.postgres.client().await?;
            c.execute(
                "UPDATE balances SET daily_cap = $2 WHERE account = $1",
                &[&account, &cap.map(Money::micros)],
            )
            .await?;
            Ok(())
        })
    }

    pub(crate) fn books(&self, account: &str) -> Result<(Balance, Daily), AdminError> {
        self.run(async {
            let found = ledger::books(&self.postgres.client().await?, account, false).await?;
            found.ok_or_else(|| no_account(account))
        })
    }

    pub(crate) fn holds(&self) -> Result<Vec<OpenHold>, AdminError> {
        self.run(async { Ok(ledger::open_holds(&self.postgres.client().await?).await?) })
    }

    pub(crate) fn books_of(
        &self,
        id: RequestId,
    ) -> Result<(Option<OpenHold>, Vec<BookedEntry>), AdminError> {
        self.run(async {
            let c = self.postgres.client().await?;
            Ok((ledger::hold_of(&c, id).await?, ledger::entries_of(&c, id).await?))
        })
    }

    pub(crate) fn batch_of(&self, id: RequestId) -> Result<Option<KeptBatch>, AdminError> {
        self.run(async {
            let c = self.postgres.client().await?;
            Ok(batches::find(&c, id).await?)
        })
    }

    pub(crate) fn settle_hold(
        &self,
        id: RequestId,
        ending: Ending,
        reason: &str,
    ) -> Result<(), AdminError> {
        let settlement = match ending {
            Ending::Commit => Settlement::Commit,
            Ending::Release => Settlement::Release,
        };
        self.run(async {
            let mut c = self.postgres.client().await?;
            let t = c.transaction().await?;
            let sql = "SELECT state FROM holds WHERE request_id = $1 FOR UPDATE";
            let row = t.query_opt(sql, &[&id.as_bytes().as_slice()]).await?;
            let not_found = || AdminError::NotFound { what: "hold", name: id.to_string() };
            let row = row.ok_or_else(not_found)?;
            let state = HoldState::parse(row.try_get(0)?).map_err(broken)?;
            if state != HoldState::InDoubt {
                return Err(AdminError::Invalid(format!(
                    "the hold of {id} is {state}; only one in doubt can be judged"
                )));
            }
            ledger::settle(&t, id, settlement, reason, clock::wall()).await?;
            Ok(t.commit().await?)
        })
    }

    /// One snapshot of sums, balances and holds; the chain of the entries is not kept here yet.
    pub(crate) fn check_ledger(&self) -> Result<LedgerCheck, AdminError> {
        self.wait(async {
            let mut c = self.postgres.patient().client().await?;
            let t = c
                .build_transaction()
                .isolation_level(tokio_postgres::IsolationLevel::RepeatableRead)
                .read_only(true)
                .start()
                .await?;
            Ok(audit::check(&t).await?)
        })
    }

    pub(crate) fn put_switch(&self, switch: &Switch) -> Result<(), AdminError> {
        self.run(async { Ok(switches::put(&self.postgres.client().await?, switch).await?) })
    }

    pub(crate) fn remove_switch(
        &self,
        module: &str,
        action: Option<&str>,
    ) -> Result<bool, AdminError> {
        self.run(async {
            Ok(switches::remove(&self.postgres.client().await?, module, action).await?)
        })
    }

    pub(crate) fn switches(&self) -> Result<Vec<Switch>, AdminError> {
        self.run(async { Ok(switches::all(&self.postgres.client().await?).await?) })
    }

    pub(crate) fn object_faults(&self) -> Result<Vec<ObjectFault>, AdminError> {
        self.run(async { Ok(resources::faults(&self.postgres.client().await?).await?) })
    }

    /// The owner after it.
    pub(crate) fn adopt(
        &self,
        resource: &ResourceRef,
        account: &str,
    ) -> Result<Option<Owner>, AdminError> {
        self.run(async {
            let c = self.postgres.client().await?;
            if accounts::account(&c, account, false).await?.is_none() {
                return Err(no_account(account));
            }
            let lesson = [Lesson::Created(resource.clone())];
            resources::learn(&c, account, &lesson, clock::wall()).await?;
            let owners = resources::owners(&c, std::slice::from_ref(resource), account).await?;
            Ok(owners.into_iter().next())
        })
    }
}

/// Refuses a database whose keys another keyring seals; the first gateway says whose it is.
pub(crate) async fn same_keyring(postgres: &Postgres, keyring: u64) -> Result<(), OpenError> {
    let c = postgres.client().await?;
    let (keyring, sql) = (keyring.cast_signed(), "SELECT keyring FROM home");
    let row = c.query_opt(sql, &[]).await.map_err(Fault::from)?;
    let Some(row) = row else {
        return Err(OpenError::Shared {
            what: "PostgreSQL",
            why: "no keyring was made known to it: run `faregate migrate`".to_owned(),
        });
    };
    let theirs: i64 = row.try_get(0).map_err(Fault::from)?;
    if theirs == keyring { Ok(()) } else { Err(OpenError::KeyringOther("keyring".into())) }
}

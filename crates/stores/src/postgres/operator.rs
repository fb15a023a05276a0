//! What the command line writes into the shared home, beside running gateways.
//!
//! The command line waits on a thread of its own: whoever calls may be inside a runtime.

use std::future::Future;

use tokio::runtime::Runtime;

use super::{Postgres, audit, migrate};
use crate::error::{Fault, OpenError, broken};
use crate::options::SharedAt;
use crate::sql::session::Session;
use crate::sqlite::audit::LedgerCheck;
use crate::vault::Vault;

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
        let postgres = Postgres::of(at)?;
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
}

/// A session for whoever changes things, on a schema that is up to date, with the keyring that seals its keys.
pub(crate) fn session(at: &SharedAt, vault: &Vault) -> Result<Session, OpenError> {
    let postgres = Postgres::of(at)?;
    let session = Session::new(postgres)?;
    let (postgres, keyring) = (session.postgres().clone(), vault.store_id());
    let looked = session.wait(async move {
        let looked = async {
            migrate::version(&postgres).await?.is_current()?;
            same_keyring(&postgres, keyring).await
        };
        Ok(looked.await)
    });
    looked??;
    Ok(session)
}

/// One snapshot of sums, balances and holds; the chain of the entries is not kept here yet.
pub(crate) fn check_ledger(session: &Session) -> Result<LedgerCheck, Fault> {
    let postgres = session.postgres().patient();
    session.wait(async move {
        let mut c = postgres.client().await?;
        let t = c
            .build_transaction()
            .isolation_level(tokio_postgres::IsolationLevel::RepeatableRead)
            .read_only(true)
            .start()
            .await?;
        audit::check(&t).await
    })
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

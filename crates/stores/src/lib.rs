//! What survives: accounts, keys, resources, money, nonces, quotas.
//!
//! [`Stores`] is what a running gateway asks: on the call path, from any worker, without waiting for
//! the disk except where money or `durability = disk` demands it. [`Admin`] is what the command line
//! writes with, beside it. A data folder holds everything; [`Stores::create`] makes one.
//!
//! Invariants: a claim is new once; a hold ends once; cells are taken from all or from none. Never:
//! "allow" when something could not be read or written; that is [`StoreDown`], and nothing else is.
//!
//! | asked | answered from | waits for |
//! | --- | --- | --- |
//! | `key`, `switches` | memory, at most a second old | a point read at the first time |
//! | `owners` | the database | a point read a resource |
//! | `enter` | the nonce buckets and the cells | one `write(2)`; the disk under `disk` |
//! | `reserve`, `mark_sending`, `settle` | the database | the commit of their group |

mod admin;
mod administer;
mod adopt;
mod batches;
mod cache;
mod changes;
mod clock;
#[cfg(test)]
mod conformance;
mod disk;
mod environment;
mod error;
pub mod failpoint;
mod home;
pub mod inspect;
mod migrate;
mod nonces;
mod objects;
mod open;
mod options;
mod orders;
mod postgres;
mod quotas;
mod receipts;
mod redis;
mod sandbox;
mod shared;
mod sql;
mod sqlite;
mod ticket;
mod tls;
mod vault;

use std::path::PathBuf;
use std::sync::Arc;

use faregate_contract::RequestId;
use faregate_pipeline::facts::{
    Cell, Claim, ClaimRequest, HoldOutcome, Intent, Key, Lesson, Settlement, StoreDown, Switch,
    Verdict,
};
use faregate_pipeline::replay::Prints;
use faregate_pipeline::time::Millis;
use faregate_signing::{KeyId, SecretKey};

pub use admin::{
    Admin, Import, ImportRow, Imported, NewAccount, NewKey, NewSession, OPERATOR, OPERATORS,
    Rotated, Session,
};
pub use adopt::adopt;
use cache::Cache;
use changes::Watch;
pub use error::{AdminError, Fault, OpenError};
pub use nonces::Durability;
use nonces::{Entered, Nonces};
pub use objects::ObjectNote;
pub use options::{Opened, Options, SharedAt};
pub use orders::{Booked, Ending};
pub use postgres::copy::{Copied, copy_to_shared};
use quotas::Quotas;
pub use receipts::{Charge, ChargeState, Kept, Receipt, Receipts};
use shared::Shared;
pub use shared::setup::{Migrated, examine, migrate as migrate_shared};
pub use sqlite::accounts::KeyEntry;
pub use sqlite::audit::{BadEntry, Differs, LedgerCheck};
pub use sqlite::audits::{Actor, AuditCheck, AuditFilter, AuditRecord};
pub use sqlite::chain::Head;
pub use sqlite::feedback::{NewVote, Vote, VoteFilter};
pub use sqlite::ledger::{BookedEntry, OpenHold};
pub use sqlite::orders::{Doubt, KeptOrder, OrderEnd, Save};
pub use sqlite::policies::{PolicyEntry, Principal};
use sqlite::readers::Readers;
pub use sqlite::resources::{ObjectFault, ResourceEntry, ResourceFilter};
pub use sqlite::sandbox::{NewFault, Sandbox, StoredFault};
pub use sqlite::users::{KeyUse, User};
use sqlite::writer::{Pending, Writer};
use sqlite::{feedback, ledger, resources};
pub use ticket::Ticket;
use vault::Vault;

/// All stores of a running gateway, in one data folder. Cheap to clone; the last one to go waits for
/// what is queued and closes properly.
#[derive(Clone, Debug)]
pub struct Stores {
    inner: Arc<Inner>,
}

/// Dropped from the top: first whatever writes, last the lock.
#[derive(Debug)]
struct Inner {
    /// Before the writer, which it writes by.
    _keeper: Option<quotas::Keeper>,
    writer: Arc<Writer>,
    _watch: Option<Watch>,
    readers: Readers,
    nonces: Option<Nonces>,
    /// The shared home: where it is there, the writer, the readers and the nonces are none.
    shared: Option<Shared>,
    quotas: Arc<Quotas>,
    receipts: Receipts,
    cache: Arc<Cache>,
    admin: std::sync::Mutex<Option<Admin>>,
    vault: Arc<Vault>,
    window_ms: i64,
    opened: Opened,
    database: PathBuf,
    _lock: std::fs::File,
}

impl Stores {
    /// What was found at the start.
    #[must_use]
    pub fn opened(&self) -> &Opened {
        &self.inner.opened
    }

    /// Calls of this key stamped at or before it are refused: what they claimed may be forgotten.
    #[must_use]
    pub fn fence(&self, key_id: &KeyId) -> Option<Millis> {
        let print = || Prints::new(self.inner.vault.prints()).of_key(key_id.as_str());
        match &self.inner.shared {
            Some(shared) => shared.fence(print),
            None => self.inner.nonces.as_ref()?.fence(print),
        }
    }

    /// The key of the prints in [`ClaimRequest`]: the same for as long as the data folder lives.
    #[must_use]
    pub fn print_secret(&self) -> [u8; 16] {
        self.inner.vault.prints()
    }

    /// What became of each call of the last day.
    #[must_use]
    pub fn receipts(&self) -> &Receipts {
        &self.inner.receipts
    }

    /// A key with its account; none if there is no such key.
    ///
    /// # Errors
    /// It could not be read, or does not open.
    pub async fn key(&self, key_id: &str) -> Result<Option<Arc<Key>>, StoreDown> {
        let Inner { readers, vault, cache, shared, .. } = &*self.inner;
        if let Some(shared) = shared {
            return shared.key(cache, vault, key_id).await;
        }
        let load = || readers.read("keys", |c| sqlite::accounts::key(c, vault, key_id));
        cache.key(key_id, load)
    }

    /// The secrets of an account's other keys, for finding out with which one a call was signed by mistake.
    ///
    /// # Errors
    /// They could not be read, or do not open.
    pub fn other_secrets(&self, account: &str, but: &str) -> Result<Vec<SecretKey>, StoreDown> {
        let Inner { readers, vault, shared, cache, .. } = &*self.inner;
        if shared.is_some() {
            return Ok(cache.other_secrets(account, but));
        }
        readers.read("keys", |c| sqlite::accounts::other_secrets(c, vault, account, but))
    }

    /// Notes, without waiting, that a key was used; once a minute is enough.
    pub fn key_used(&self, key: &Key, last: KeyUse) {
        let id = key.id.as_str().to_owned();
        match &self.inner.shared {
            Some(shared) => shared.key_used(id, last),
            None => drop(self.write("keys", move |c| sqlite::users::used(c, &id, &last))),
        }
    }

    /// What is out of service.
    #[must_use]
    pub fn switches(&self) -> Arc<Vec<Switch>> {
        self.inner.cache.switches()
    }

    /// Claims, then takes from the cells: gates 8 and 9 in one trip.
    ///
    /// Of copies that race one is [`Claim::New`]; only that one reaches the cells, which give all or
    /// nothing. If one refuses, the claim stays unspent, for 4400 invites the same bytes again. A
    /// [`Ticket`] comes with what was spent; the one other place that may use it is an unsent 6200.
    ///
    /// # Errors
    /// The claim could not be written. Nobody was told that it is new; it may be spent.
    pub async fn enter(
        &self,
        claim: &ClaimRequest,
        cells: &[Cell],
        now: Millis,
    ) -> Result<(Claim, Verdict, Option<Ticket>), StoreDown> {
        if let Some(shared) = &self.inner.shared {
            let (claim, verdict, ticket) = shared.enter(claim, cells, now).await?;
            return Ok((claim, verdict, ticket.map(Ticket::shared)));
        }
        let take = || self.inner.quotas.take(cells, now);
        match self.inner.nonces()?.enter(claim, now, take).await? {
            Entered::Refused(claim) => Ok((claim, Verdict::default(), None)),
            Entered::NotTaken(verdict) => Ok((Claim::New, verdict, None)),
            Entered::Taken(verdict, ticket) => {
                Ok((Claim::New, verdict, Some(Ticket::embedded(ticket))))
            }
        }
    }

    /// Takes from the cells alone, for a call that may come again.
    /// # Errors
    /// They could not be read.
    pub async fn take(&self, cells: &[Cell], now: Millis) -> Result<Verdict, StoreDown> {
        if let Some(shared) = &self.inner.shared {
            return shared.take(cells, now, true).await;
        }
        self.inner.quotas.take(cells, now)
    }

    /// Makes a claim unspent, for the answer invites the same bytes again: an unsent 6200.
    ///
    /// # Errors
    /// It could not be written; the claim stays spent.
    pub async fn give_back(&self, ticket: &Ticket) -> Result<(), StoreDown> {
        match (&self.inner.shared, ticket.kind()) {
            (Some(shared), ticket::Kind::Shared(ticket)) => shared.give_back(ticket).await,
            (_, ticket::Kind::Embedded(ticket)) => self.inner.nonces()?.give_back(ticket),
            // No home gives out the other's tickets.
            (None, ticket::Kind::Shared(_)) => Ok(()),
        }
    }

    /// Sets the price aside: on disk when this returns.
    ///
    /// Dropped while it waits, the hold may still be made: whoever drops it follows with
    /// [`Self::settle_later`], which is queued behind it and does nothing where there is no hold.
    ///
    /// # Errors
    /// It could not be written.
    pub async fn reserve(&self, intent: &Intent, now: Millis) -> Result<HoldOutcome, StoreDown> {
        if intent.amount.micros() == 0 {
            return Ok(HoldOutcome::NothingToPay);
        }
        if let Some(shared) = &self.inner.shared {
            return shared.reserve(intent, None, now).await;
        }
        let (intent, window_ms) = (intent.clone(), self.inner.window_ms);
        self.write("ledger", move |c| ledger::reserve(c, &intent, window_ms, now)).done().await
    }

    /// Marks a hold as sent: on disk when this returns, before the first byte goes upstream.
    ///
    /// # Errors
    /// It could not be written, or there is no such hold that was not sent yet.
    pub async fn mark_sending(&self, id: RequestId) -> Result<(), StoreDown> {
        if let Some(shared) = &self.inner.shared {
            return shared.mark_sending(id).await;
        }
        self.write("ledger", move |c| ledger::mark_sending(c, id)).done().await
    }

    /// Ends a call, in one transaction: its hold, if it has one, and what its answer taught about
    /// ownership. Said twice it changes nothing; said otherwise after the end it is refused.
    ///
    /// # Errors
    /// It could not be written, or the hold ended otherwise.
    pub async fn settle(
        &self,
        id: Option<RequestId>,
        settlement: Settlement,
        account: &str,
        lessons: &[Lesson],
        now: Millis,
    ) -> Result<(), StoreDown> {
        if id.is_none() && lessons.is_empty() {
            return Ok(());
        }
        if let Some(shared) = &self.inner.shared {
            return shared.settle(id, settlement, account, lessons, now).await;
        }
        self.end(id, settlement, account, lessons, now).done().await
    }

    /// Ends a hold without waiting, for a call that is being dropped.
    pub fn settle_later(&self, id: RequestId, settlement: Settlement, now: Millis) {
        match &self.inner.shared {
            Some(shared) => shared.settle_later(id, settlement, now),
            None => drop(self.end(Some(id), settlement, "", &[], now)),
        }
    }

    /// Keeps what a reader said of a page: on disk when this returns, with its number.
    ///
    /// # Errors
    /// It could not be written.
    pub async fn keep_vote(&self, vote: NewVote) -> Result<i64, StoreDown> {
        if let Some(shared) = &self.inner.shared {
            return shared.desk("feedback", move |c| feedback::insert(c, &vote)).await;
        }
        self.write("feedback", move |c| feedback::insert(c, &vote)).done().await
    }

    /// The vote of this receipt.
    ///
    /// # Errors
    /// It could not be read.
    pub async fn vote(&self, receipt: &str) -> Result<Option<Vote>, StoreDown> {
        if let Some(shared) = &self.inner.shared {
            let receipt = receipt.to_owned();
            return shared.desk("feedback", move |c| feedback::by_receipt(c, &receipt)).await;
        }
        self.inner.readers.read("feedback", |c| feedback::by_receipt(c, receipt))
    }

    /// The hold of a call, whatever became of it.
    ///
    /// # Errors
    /// It could not be read.
    pub async fn hold(&self, id: RequestId) -> Result<Option<OpenHold>, StoreDown> {
        if let Some(shared) = &self.inner.shared {
            return shared.hold(id).await;
        }
        self.inner.readers.read("ledger", |c| ledger::hold_of(c, id))
    }

    /// Answers if claims can be taken and money can be written.
    ///
    /// # Errors
    /// They cannot.
    pub async fn healthy(&self) -> Result<(), StoreDown> {
        if let Some(shared) = &self.inner.shared {
            return shared.healthy().await;
        }
        self.inner.nonces()?.healthy()?;
        self.write("database", |_| Ok(())).done().await
    }

    fn end(
        &self,
        id: Option<RequestId>,
        settlement: Settlement,
        account: &str,
        lessons: &[Lesson],
        now: Millis,
    ) -> Pending<()> {
        let (account, lessons) = (account.to_owned(), lessons.to_vec());
        self.write("ledger", move |c| {
            id.map_or(Ok(()), |id| ledger::settle(c, id, settlement, "", now))?;
            resources::learn(c, &account, &lessons, now)
        })
    }

    fn write<T: Send + 'static>(
        &self,
        store: &'static str,
        work: impl FnOnce(&rusqlite::Connection) -> Result<T, Fault> + Send + 'static,
    ) -> Pending<T> {
        self.inner.writer.submit(store, work)
    }
}

impl Inner {
    fn nonces(&self) -> Result<&Nonces, StoreDown> {
        let none = || StoreDown { store: "nonces", cause: error::NOT_CARRIED.to_owned() };
        self.nonces.as_ref().ok_or_else(none)
    }
}

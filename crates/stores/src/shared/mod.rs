//! The shared home: PostgreSQL keeps what must be exact and last, Redis what must be quick; many gateways ask them.
//!
//! | asked | answered from | waits for |
//! | --- | --- | --- |
//! | `key`, `switches` | memory, at most a second old; ten, while PostgreSQL is away | PostgreSQL at the first time |
//! | `owners`, orders, money | PostgreSQL | a statement |
//! | `enter`, `take` | Redis | one trip |
//!
//! What is kept by the embedded home alone is refused here, by its writer and readers that are none.

mod desks;
mod keeper;
pub(crate) mod setup;

use std::sync::Arc;

use faregate_contract::RequestId;
use faregate_ledger::{Balance, Daily};
use faregate_pipeline::facts::{
    Cell, Claim, ClaimRequest, HoldOutcome, Intent, KeptBatch, Key, Known, Lesson, Order,
    Purchased, ResourceRef, Settlement, StoreDown, Verdict,
};
use faregate_pipeline::time::Millis;

use self::desks::Desks;
use self::keeper::Keeper;
use crate::cache::Cache;
use crate::error::{Fault, OpenError, broken};
use crate::options::{Opened, SharedAt};
use crate::orders::{Booked, Ending};
use crate::postgres::accounts::Found;
use crate::postgres::{self, Postgres, batches, ledger, moved, orders, refunds, resources};
use crate::redis::{self, Entered, Redis};
use crate::sql::Connection;
use crate::sqlite::accounts;
use crate::sqlite::ledger::OpenHold;
use crate::sqlite::orders::{Doubt, KeptOrder, OrderEnd};
use crate::sqlite::users::KeyUse;
use crate::vault::Vault;

/// This gateway among others: another number at each start.
pub(crate) type Node = [u8; 16];

/// What a running gateway asks.
#[derive(Debug)]
pub(crate) struct Shared {
    keeper: Keeper,
    postgres: Arc<Postgres>,
    redis: Arc<Redis>,
    node: Node,
    window_ms: i64,
    at: SharedAt,
    desks: Desks,
}

/// How it is opened.
pub(crate) struct Setting<'a> {
    pub(crate) at: &'a SharedAt,
    pub(crate) vault: &'a Vault,
    pub(crate) cache: &'a Arc<Cache>,
    pub(crate) window_ms: i64,
    pub(crate) retention_ms: i64,
}

impl Shared {
    /// Connects to both, and refuses what cannot be worked on: each says what to do.
    pub(crate) fn open(setting: &Setting<'_>) -> Result<(Self, Opened), OpenError> {
        let Setting { at, vault, cache, window_ms, retention_ms } = *setting;
        let postgres = Arc::new(Postgres::of(at)?);
        let mut node = Node::default();
        getrandom::fill(&mut node).map_err(Fault::from)?;
        let redis = redis::Setting {
            retention_ms,
            window_ms,
            node: short(&node),
            is_timed_by_callers: cfg!(test),
            ..redis::Setting::new(at, prefix(vault))?
        };
        let redis = Redis::new(redis, Arc::clone(&postgres))?;
        let (keeper, opened) = Keeper::start(keeper::Kept {
            postgres: Arc::clone(&postgres),
            redis: Arc::clone(&redis),
            cache: Arc::clone(cache),
            node,
            keyring: vault.store_id(),
            window_ms,
        })?;
        let desks = Desks::new(&postgres);
        let at = at.clone();
        Ok((Self { keeper, postgres, redis, node, window_ms, at, desks }, opened))
    }

    pub(crate) fn fence(&self, key_print: impl FnOnce() -> u64) -> Option<Millis> {
        self.redis.fence(key_print)
    }

    /// A key with its account; remembered until it changes.
    pub(crate) async fn key(
        &self,
        cache: &Cache,
        vault: &Arc<Vault>,
        id: &str,
    ) -> Result<Option<Arc<Key>>, StoreDown> {
        let generation = match cache.known_key(id) {
            Ok(key) => return Ok(Some(key)),
            Err(generation) => generation,
        };
        let loaded =
            moved!(self.postgres, "keys", |c| postgres::accounts::key(&c, vault, id).await)?;
        let Some((found, secrets)) = loaded else { return Ok(None) };
        let key = match found {
            Found::Key(key) => Some(*key),
            // What limits it is read by the same code as in the embedded home.
            Found::Limited => {
                let (vault, id) = (Arc::clone(vault), id.to_owned());
                self.desk("keys", move |c| accounts::key(c, &vault, &id)).await?
            }
        };
        Ok(key.map(|key| cache.keep_key(generation, key, secrets)))
    }

    pub(crate) fn key_used(&self, id: String, last: KeyUse) {
        self.keeper.used(id, last);
    }

    /// Where it is.
    pub(crate) const fn at(&self) -> &SharedAt {
        &self.at
    }

    /// Does what is done by the code of both homes, on a thread that may wait.
    pub(crate) async fn desk<T: Send + 'static>(
        &self,
        store: &'static str,
        work: impl FnOnce(&Connection) -> Result<T, Fault> + Send + 'static,
    ) -> Result<T, StoreDown> {
        self.desks.work(store, work).await
    }

    pub(crate) async fn known(
        &self,
        wanted: &[ResourceRef],
        accounts: &[String],
        asker: &str,
    ) -> Result<Known, StoreDown> {
        moved!(self.postgres, "resources", |c| {
            let owners = resources::owners(&c, wanted, asker).await?;
            Ok(Known { owners, accounts: resources::accounts(&c, accounts).await? })
        })
    }

    pub(crate) fn note_object(
        &self,
        (module, subject): (&str, &str),
        what: &'static str,
        request_id: RequestId,
        now: Millis,
    ) {
        let (module, subject) = (module.to_owned(), subject.to_owned());
        self.keeper.note(keeper::Seen { module, subject, what, request_id, now });
    }

    pub(crate) async fn enter(
        &self,
        claim: &ClaimRequest,
        cells: &[Cell],
        now: Millis,
    ) -> Result<(Claim, Verdict, Option<redis::Ticket>), StoreDown> {
        Ok(match self.redis.enter(claim, cells, now).await? {
            Entered::Refused(claim) => (claim, Verdict::default(), None),
            Entered::NotTaken(verdict) => (Claim::New, verdict, None),
            Entered::Taken(verdict, ticket) => (Claim::New, verdict, ticket),
        })
    }

    pub(crate) async fn take(
        &self,
        cells: &[Cell],
        now: Millis,
        is_taken: bool,
    ) -> Result<Verdict, StoreDown> {
        self.redis.take(cells, now, is_taken).await
    }

    pub(crate) async fn give_back(&self, ticket: &redis::Ticket) -> Result<(), StoreDown> {
        self.redis.give_back(ticket).await
    }

    pub(crate) async fn reserve(
        &self,
        intent: &Intent,
        order: Option<&Order>,
        now: Millis,
    ) -> Result<HoldOutcome, StoreDown> {
        let reserve = (&self.node, self.window_ms, now);
        let Some(order) = order.filter(|order| !order.refunds.is_empty()) else {
            return moved!(self.postgres, "ledger", |c| {
                ledger::reserve(&c, intent, order, reserve).await
            });
        };
        moved!(self.postgres, "ledger", |c| {
            let mut c = c;
            let transaction = c.transaction().await?;
            let held = ledger::reserve(&transaction, intent, Some(order), reserve).await?;
            if held == HoldOutcome::Held {
                refunds::begin(&transaction, order, &self.node, now).await?;
            }
            transaction.commit().await?;
            Ok(held)
        })
    }

    pub(crate) async fn mark_sending(&self, id: RequestId) -> Result<(), StoreDown> {
        moved!(self.postgres, "ledger", |c| ledger::mark_sending(&c, id).await)
    }

    pub(crate) fn settle_later(&self, id: RequestId, settlement: Settlement, now: Millis) {
        self.keeper.settle(id, settlement, now);
    }

    pub(crate) async fn settle(
        &self,
        id: Option<RequestId>,
        settlement: Settlement,
        account: &str,
        lessons: &[Lesson],
        now: Millis,
    ) -> Result<(), StoreDown> {
        let ending = Ending {
            hold: id,
            settlement,
            account: account.to_owned(),
            lessons: lessons.to_vec(),
            bought: Vec::new(),
            refunds: None,
            order: None,
            note: String::new(),
        };
        self.conclude(ending, now).await.map(drop)
    }

    /// One statement where there is only money to move; else one transaction.
    pub(crate) async fn conclude(
        &self,
        mut ending: Ending,
        now: Millis,
    ) -> Result<Booked, StoreDown> {
        let has_order = !matches!(ending.order, None | Some((_, OrderEnd::Keep)));
        let is_money_alone =
            ending.lessons.is_empty() && ending.bought.is_empty() && ending.refunds.is_none();
        if !has_order && is_money_alone {
            return moved!(self.postgres, "ledger", |c| {
                orders::conclude(&c, &mut ending, now).await
            });
        }
        moved!(self.postgres, "ledger", |c| {
            if has_order && ending.order.is_none() {
                // What saves an answer can be asked once.
                return Err(broken("a conflict after the answer was made"));
            }
            let mut c = c;
            let transaction = c.transaction().await?;
            let booked = orders::conclude(&transaction, &mut ending, now).await?;
            transaction.commit().await?;
            Ok(booked)
        })
    }

    pub(crate) async fn keep_batch(&self, batch: &KeptBatch) -> Result<(), StoreDown> {
        moved!(self.postgres, "batches", |c| batches::keep(&c, batch).await)
    }

    pub(crate) async fn batch(&self, id: RequestId) -> Result<Option<KeptBatch>, StoreDown> {
        moved!(self.postgres, "batches", |c| batches::find(&c, id).await)
    }

    pub(crate) async fn resume_batch(
        &self,
        id: RequestId,
        by: RequestId,
    ) -> Result<bool, StoreDown> {
        moved!(self.postgres, "batches", |c| batches::resume(&c, id, by).await)
    }

    pub(crate) async fn begin(&self, order: &Order, now: Millis) -> Result<(), StoreDown> {
        if order.refunds.is_empty() {
            return moved!(self.postgres, "orders", |c| orders::insert(&c, order, now).await);
        }
        moved!(self.postgres, "orders", |c| {
            let mut c = c;
            let transaction = c.transaction().await?;
            orders::insert(&transaction, order, now).await?;
            refunds::begin(&transaction, order, &self.node, now).await?;
            transaction.commit().await?;
            Ok(())
        })
    }

    pub(crate) async fn purchased(
        &self,
        wanted: &[ResourceRef],
    ) -> Result<Vec<Option<Purchased>>, StoreDown> {
        moved!(self.postgres, "ledger", |c| refunds::purchased(&c, wanted).await)
    }

    pub(crate) fn doubt_refunds_later(&self, id: RequestId) {
        self.keeper.doubt(id);
    }

    pub(crate) async fn doubted_returns(&self, vault: &Vault) -> Result<Vec<KeptOrder>, StoreDown> {
        moved!(self.postgres, "ledger", |c| refunds::doubted(&c, vault).await)
    }

    pub(crate) async fn order(
        &self,
        vault: &Vault,
        account: &str,
        token: &str,
        now: Millis,
    ) -> Result<Option<KeptOrder>, StoreDown> {
        moved!(self.postgres, "orders", |c| orders::by_token(&c, vault, account, token, now).await)
    }

    pub(crate) async fn order_of(
        &self,
        vault: &Vault,
        id: RequestId,
    ) -> Result<Option<KeptOrder>, StoreDown> {
        moved!(self.postgres, "orders", |c| orders::by_id(&c, vault, id).await)
    }

    pub(crate) async fn funds(&self, account: &str) -> Result<Option<(Balance, Daily)>, StoreDown> {
        moved!(self.postgres, "ledger", |c| ledger::books(&c, account, false).await)
    }

    pub(crate) async fn hold(&self, id: RequestId) -> Result<Option<OpenHold>, StoreDown> {
        moved!(self.postgres, "ledger", |c| ledger::hold_of(&c, id).await)
    }

    pub(crate) async fn doubts(&self, vault: &Vault) -> Result<Vec<Doubt>, StoreDown> {
        moved!(self.postgres, "ledger", |c| orders::doubts(&c, vault).await)
    }

    pub(crate) async fn healthy(&self) -> Result<(), StoreDown> {
        self.redis.healthy().await?;
        moved!(self.postgres, "database", |c| {
            c.execute("SELECT 1", &[]).await?;
            Ok(())
        })
    }
}

/// A gateway's name where names are short.
pub(crate) fn short(node: &Node) -> u32 {
    node.first_chunk().map_or(0, |bytes| u32::from_be_bytes(*bytes))
}

/// What this installation's keys in Redis begin with.
pub(crate) fn prefix(vault: &Vault) -> String {
    format!("fg{:08x}", vault.store_id() >> 32)
}

//! The Redis home: claims, last Nonces and quotas of many gateways, in one trip a call.
//!
//! An account's book (its keys' last Nonces, its cells) and its buckets of claims lie in one slot, so that one script
//! judges all of them at once. Claims are fields of small hashes (CRATES 6), by the minute of their stamp; the time is
//! Redis's. The cells of an address lie in a slot of its own: they are asked in a trip more, where there are any.
//!
//! Invariant: whoever is told [`Claim::New`] is the only one, for as long as the stamp is good or fenced: what a Redis
//! that was lost may have forgotten is fenced before the first claim after the loss ([`link`]). Never: answers "new"
//! when Redis did not say so, but for a read while it is away ([`alone`]), which is fenced when it is back.

mod alone;
mod cells;
pub(crate) mod desk;
pub(crate) mod inspect;
mod link;
mod quotas;
mod said;
#[cfg(test)]
mod spec;
mod state;

use std::sync::{Arc, Mutex, PoisonError, RwLock, Weak};
use std::time::Duration;

use faregate_pipeline::facts::{Cell, CellKey, Claim, ClaimRequest, StoreDown, Verdict};
use faregate_pipeline::time::Millis;
use redis::{Script, ScriptInvocation};

use self::alone::Alone;
use self::cells::{Book, books, tell};
use self::said::{Judged, Said};
use self::state::State;
use crate::error::OpenError;
use crate::options::SharedAt;
use crate::postgres::{Postgres, books};
use crate::tls::Tls;

/// What a call waits for Redis at most, a new connection included.
const DEADLINE: Duration = Duration::from_millis(500);
/// How often a claim may find that something is yet to be made for it.
const TRIES: usize = 6;
/// A lead reaches so much further than the stamp that asked for it.
const STEP_MS: i64 = 60_000;
/// A stamp so little ahead of Redis's clock needs no lead: the fence at a loss covers it.
const AHEAD_MS: i64 = 1_000;

/// How the nonce store is used.
#[derive(Clone, Debug)]
pub(crate) struct Setting {
    pub(crate) url: String,
    /// Whom to trust, where it is spoken to under TLS.
    pub(crate) tls: Option<Tls>,
    pub(crate) password: Option<String>,
    /// What all keys begin with: two installations may share a Redis.
    pub(crate) prefix: String,
    pub(crate) retention_ms: i64,
    pub(crate) window_ms: i64,
    /// Judges by the caller's clock instead of Redis's: tests move it.
    pub(crate) is_timed_by_callers: bool,
    /// This gateway among others, for its calls under way.
    pub(crate) node: u32,
}

impl Setting {
    /// Where it is, and what opens it; nothing is kept yet.
    ///
    /// # Errors
    /// TLS is asked for, and there is nobody to trust.
    pub(crate) fn new(at: &SharedAt, prefix: String) -> Result<Self, OpenError> {
        let under_tls = at.redis.strip_prefix("rediss://");
        let tls = under_tls.map(|_| Tls::new("Redis", at.ca_file.as_deref())).transpose()?;
        Ok(Self {
            url: under_tls.map_or(at.redis.clone(), |rest| format!("redis://{rest}")),
            tls,
            password: at.redis_password.clone(),
            prefix,
            retention_ms: 0,
            window_ms: 0,
            is_timed_by_callers: false,
            node: 0,
        })
    }
}

/// The shared nonce and quota store.
pub(crate) struct Redis {
    id: u64,
    client: redis::Client,
    setting: Setting,
    enter: Script,
    take: Script,
    back: Script,
    leave: Script,
    home: Script,
    state: State,
    alone: Alone,
    postgres: Arc<Postgres>,
    /// The gateways that live, this one first.
    nodes: RwLock<Arc<str>>,
    /// Calls that are over, and could not be counted out yet.
    over: Mutex<Vec<CellKey>>,
    me: Weak<Self>,
}

impl std::fmt::Debug for Redis {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // The client's address holds the password.
        f.debug_struct("Redis").field("state", &self.state).finish_non_exhaustive()
    }
}

/// The right to give one claim back, once.
#[derive(Clone, Debug)]
pub(crate) struct Ticket {
    account: i64,
    key_print: u64,
    minute: i64,
    print: u128,
    nonce: String,
    previous: String,
    is_counted: bool,
}

/// What entering gave.
pub(crate) enum Entered {
    /// The claim was not new.
    Refused(Claim),
    /// The claim was new, but the quota said no: nothing was spent.
    NotTaken(Verdict),
    /// Spent; a read that was judged without Redis has nothing to give back.
    Taken(Verdict, Option<Ticket>),
}

impl Redis {
    /// Nothing is connected yet.
    pub(crate) fn new(setting: Setting, postgres: Arc<Postgres>) -> Result<Arc<Self>, OpenError> {
        let unread =
            |cause: redis::RedisError| OpenError::Shared { what: "Redis", why: cause.to_string() };
        let client = link::client(&setting).map_err(unread)?;
        let script = |of: &str| Script::new(&format!("{}\n{of}", include_str!("cells.lua")));
        Ok(Arc::new_cyclic(|me| Self {
            id: link::next_id(),
            client,
            enter: script(include_str!("enter.lua")),
            take: script(include_str!("take.lua")),
            back: Script::new(include_str!("back.lua")),
            leave: Script::new(include_str!("leave.lua")),
            home: Script::new(include_str!("home.lua")),
            state: State::default(),
            alone: Alone::default(),
            nodes: RwLock::new(node_name(setting.node).into()),
            over: Mutex::default(),
            me: Weak::clone(me),
            setting,
            postgres,
        }))
    }

    /// Stamps of this key at or before it are refused.
    pub(crate) fn fence(&self, key_print: impl FnOnce() -> u64) -> Option<Millis> {
        self.state.fence(key_print)
    }

    /// Which other gateways share the quotas, as far as is known.
    pub(crate) fn set_others(&self, others: &[u32]) {
        self.alone.set_nodes(u32::try_from(others.len()).unwrap_or(u32::MAX).saturating_add(1));
        let all = std::iter::once(&self.setting.node).chain(others);
        let names: Vec<String> = all.map(|node| node_name(*node)).collect();
        *self.nodes.write().unwrap_or_else(PoisonError::into_inner) = names.join(",").into();
    }

    fn nodes(&self) -> Arc<str> {
        Arc::clone(&self.nodes.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Claims, unless the claim is not new or the cells refuse.
    pub(crate) async fn enter(
        &self,
        claim: &ClaimRequest,
        cells: &[Cell],
        now: Millis,
    ) -> Result<Entered, StoreDown> {
        let mut may_begin = false;
        for _ in 0..TRIES {
            if self.state.is_skewed() {
                self.look_again().await?;
            }
            let said = match self.trip(&self.entering(claim, cells, now, may_begin)).await {
                Ok(said) => said,
                Err(_) if claim.is_read && self.alone.is_long_enough() => {
                    return self.alone.enter(claim, cells, now);
                }
                Err(down) => return Err(down),
            };
            // Asked after the trip: a fence that rose meanwhile counts.
            if self.state.fence(|| claim.key_print).is_some_and(|fence| claim.stamp <= fence) {
                return Ok(Entered::Refused(Claim::BeforeFence));
            }
            match said.word() {
                "ok" | "full" => return self.judged(claim, cells, &said, now).await,
                "seen" => return Ok(Entered::Refused(Claim::Seen)),
                "last" => return Ok(Entered::Refused(Claim::SameAsLast)),
                "many" => {
                    let after_s = said.number(2).and_then(|s| u32::try_from(s).ok()).unwrap_or(1);
                    return Ok(Entered::Refused(Claim::TooMany { after_s }));
                }
                // A book that is not there: the account is new here, or Redis was emptied.
                "new" => {
                    self.look_again().await?;
                    may_begin = true;
                }
                "behind" => self.look_again().await?,
                "lead" => self.lead(claim, said.now_us() / 1000).await?,
                "skew" => {
                    self.state.saw_skew();
                    return Err(skewed(said.now_us() / 1000, now));
                }
                other => return Err(down(format!("the script said `{other}`"))),
            }
        }
        Err(down("a book or a lead goes away as often as it is made"))
    }

    /// What became of a claim that was new: spent, unless a cell refused, be it one of an address.
    async fn judged(
        &self,
        claim: &ClaimRequest,
        cells: &[Cell],
        said: &Said,
        now: Millis,
    ) -> Result<Entered, StoreDown> {
        let own = Book::Account(claim.account);
        let mut judged = Judged::new(cells);
        judged.add(own, said)?;
        let ticket = self.ticket(claim, said);
        let mut taken = if judged.gives() { vec![own] } else { Vec::new() };
        for book in books(cells).into_iter().filter(|book| *book != own) {
            let how = if judged.gives() { "take" } else { "look" };
            judged.add(book, &self.trip(&self.taking(book, cells, now, how)).await?)?;
            if judged.gives() {
                taken.push(book);
            }
        }
        if judged.gives() {
            let verdict = self.placed(judged.verdict(true), cells);
            return Ok(Entered::Taken(verdict, Some(ticket)));
        }
        if !taken.is_empty() {
            self.undo(&taken, cells, now).await;
            self.give_back(&ticket).await?;
        }
        Ok(Entered::NotTaken(judged.verdict(true)))
    }

    /// Makes a claim unspent, for the same bytes are invited again.
    pub(crate) async fn give_back(&self, ticket: &Ticket) -> Result<(), StoreDown> {
        let mut call = self.back.prepare_invoke();
        call.key(self.book(ticket.account))
            .key(self.page(ticket.account, ticket.key_print))
            .arg(ticket.minute)
            .arg(&fingerprint(ticket.print)[..])
            .arg(low_bits(ticket.print))
            .arg(format!("{:x}", ticket.key_print))
            .arg(&ticket.nonce)
            .arg(&ticket.previous)
            .arg(u8::from(ticket.is_counted));
        let _: i64 = self.ask(&call).await?;
        Ok(())
    }

    /// Answers if claims can be taken.
    pub(crate) async fn healthy(&self) -> Result<(), StoreDown> {
        self.look_again().await
    }

    fn entering(
        &self,
        claim: &ClaimRequest,
        cells: &[Cell],
        now: Millis,
        may_begin: bool,
    ) -> ScriptInvocation<'_> {
        // Every field by its name: one that is new is carried over here, or does not compile.
        let ClaimRequest {
            account,
            is_read: _,
            print,
            key_print,
            nonce,
            stamp,
            refuse_last_nonce,
            live_max,
        } = claim;
        let mut call = self.enter.prepare_invoke();
        call.key(self.book(*account))
            .key(self.page(*account, *key_print))
            .arg(self.state.epoch())
            .arg(self.clock(now))
            .arg(now.as_ms())
            .arg(stamp.as_ms())
            .arg(&fingerprint(*print)[..])
            .arg(low_bits(*print))
            .arg(format!("l{key_print:x}"))
            .arg(nonce.to_string())
            .arg(u8::from(*refuse_last_nonce))
            .arg(live_max.map_or(String::new(), |most| most.to_string()))
            .arg(self.setting.retention_ms)
            .arg(self.state.lead(*key_print).as_ms())
            .arg(u8::from(may_begin))
            .arg(&*self.nodes())
            .arg(stamp.as_ms().div_euclid(60_000));
        let own = Book::Account(*account);
        cells.iter().filter(|cell| Book::of(cell) == own).for_each(|cell| tell(&mut call, cell));
        call
    }

    fn ticket(&self, claim: &ClaimRequest, said: &Said) -> Ticket {
        Ticket {
            account: claim.account,
            key_print: claim.key_print,
            minute: claim.stamp.as_ms().div_euclid(60_000),
            print: claim.print,
            nonce: claim.nonce.to_string(),
            previous: said.last().to_owned(),
            is_counted: claim.live_max.is_some(),
        }
    }

    /// Writes a lead down where no loss of Redis reaches it, before the claim is taken.
    async fn lead(&self, claim: &ClaimRequest, redis_ms: i64) -> Result<(), StoreDown> {
        let furthest = Millis::new(redis_ms).plus(self.setting.window_ms);
        let until = claim.stamp.plus(STEP_MS).min(furthest).max(claim.stamp);
        let epoch = self.state.epoch();
        books::lead(&self.postgres, claim.key_print, epoch, until).await?;
        self.state.led(claim.key_print, epoch, until);
        Ok(())
    }

    /// Nothing: Redis's own clock.
    fn clock(&self, now: Millis) -> String {
        if self.setting.is_timed_by_callers {
            now.as_ms().saturating_mul(1000).to_string()
        } else {
            String::new()
        }
    }

    fn book(&self, account: i64) -> String {
        Book::Account(account).name(&self.setting.prefix)
    }

    fn page(&self, account: i64, key_print: u64) -> String {
        format!("{}{{{account}}}k{key_print:x}", self.setting.prefix)
    }

    async fn trip(&self, call: &ScriptInvocation<'_>) -> Result<Said, StoreDown> {
        self.ask(call).await
    }
}

/// A gateway's name in the fields of calls under way.
fn node_name(node: u32) -> String {
    format!("{node:08x}")
}

/// 96 bits of the print: as many as embedded buckets keep.
fn fingerprint(print: u128) -> [u8; 12] {
    let mut bytes = [0; 12];
    bytes.iter_mut().zip(print.to_be_bytes()).for_each(|(to, from)| *to = from);
    bytes
}

/// Bits that the fingerprint leaves out: which bucket.
fn low_bits(print: u128) -> u32 {
    u32::try_from(print & u128::from(u32::MAX)).unwrap_or(0)
}

fn skewed(redis_ms: i64, now: Millis) -> StoreDown {
    let s = now.as_ms().saturating_sub(redis_ms) / 1000;
    down(format!("this machine's clock is {s} s from Redis's: set them by the same time server"))
}

pub(crate) fn down(cause: impl ToString) -> StoreDown {
    StoreDown { store: "nonces", cause: cause.to_string() }
}

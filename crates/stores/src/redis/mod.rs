//! The Redis home: claims, last Nonces and quotas of many gateways, in one trip a call.
//!
//! An account's book, its keys' pages, its buckets of claims and its cells lie in one slot, so that one script judges
//! all of them at once. Claims are fields of small hashes (CRATES 6), by the minute of their stamp; the time is Redis's.
//!
//! Invariant: whoever is told [`Claim::New`] is the only one, for as long as the stamp is good or fenced: what a Redis
//! that was lost may have forgotten is fenced before the first claim after the loss ([`link`]). Never: answers "new"
//! when Redis did not say so, but for a read while it is away ([`alone`]), which is fenced when it is back.

mod alone;
mod cells;
pub(crate) mod inspect;
mod link;
#[cfg(test)]
mod spec;
mod state;

use std::sync::Arc;
use std::time::Duration;

use faregate_pipeline::facts::{Cell, CellVerdict, Claim, ClaimRequest, StoreDown, Verdict};
use faregate_pipeline::quota::cells::{Kept, decide};
use faregate_pipeline::time::Millis;
use redis::{Script, ScriptInvocation};

use self::alone::Alone;
use self::cells::{Known, known};
use self::state::State;
use crate::error::OpenError;
use crate::postgres::{Postgres, books};

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
    pub(crate) password: Option<String>,
    /// What all keys begin with: two installations may share a Redis.
    pub(crate) prefix: String,
    pub(crate) retention_ms: i64,
    pub(crate) window_ms: i64,
    /// Judges by the caller's clock instead of Redis's: tests move it.
    pub(crate) is_timed_by_callers: bool,
}

/// The shared nonce and quota store.
pub(crate) struct Redis {
    id: u64,
    client: redis::Client,
    setting: Setting,
    enter: Script,
    take: Script,
    back: Script,
    home: Script,
    state: State,
    alone: Alone,
    postgres: Arc<Postgres>,
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
    pub(crate) fn new(setting: Setting, postgres: Arc<Postgres>) -> Result<Self, OpenError> {
        let unread =
            |cause: redis::RedisError| OpenError::Shared { what: "Redis", why: cause.to_string() };
        let client = link::client(&setting).map_err(unread)?;
        let script = |of: &str| Script::new(&format!("{}\n{of}", include_str!("cells.lua")));
        Ok(Self {
            id: link::next_id(),
            client,
            enter: script(include_str!("enter.lua")),
            take: script(include_str!("take.lua")),
            back: Script::new(include_str!("back.lua")),
            home: Script::new(include_str!("home.lua")),
            state: State::default(),
            alone: Alone::default(),
            setting,
            postgres,
        })
    }

    /// Stamps of this key at or before it are refused.
    pub(crate) fn fence(&self, key_print: impl FnOnce() -> u64) -> Option<Millis> {
        self.state.fence(key_print)
    }

    /// How many gateways share the quotas, as far as is known.
    pub(crate) fn set_nodes(&self, n: u32) {
        self.alone.set_nodes(n);
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
            let said = match self.trip(&self.entering(claim, cells, now, may_begin)?).await {
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
                "ok" => {
                    let verdict = said.verdict(cells)?;
                    return Ok(Entered::Taken(verdict, Some(self.ticket(claim, &said))));
                }
                "full" => return Ok(Entered::NotTaken(said.verdict(cells)?)),
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

    /// Takes from the cells alone, or only looks; while Redis is away from this gateway's share of them.
    pub(crate) async fn take(
        &self,
        cells: &[Cell],
        now: Millis,
        is_taken: bool,
    ) -> Result<Verdict, StoreDown> {
        if cells.is_empty() {
            return Ok(Verdict::default());
        }
        let mut call = self.take.prepare_invoke();
        call.arg(self.clock(now)).arg(u8::from(is_taken));
        for cell in cells {
            let known = known(cell)?;
            call.key(self.cell(&known)).arg(known.burst_us).arg(known.cost_us);
        }
        match self.trip(&call).await {
            Ok(said) if is_taken => said.verdict(cells),
            Ok(said) => said.verdict_of(cells, false),
            Err(_) => self.alone.take(cells, now, is_taken),
        }
    }

    /// Makes a claim unspent, for the same bytes are invited again.
    pub(crate) async fn give_back(&self, ticket: &Ticket) -> Result<(), StoreDown> {
        let mut call = self.back.prepare_invoke();
        call.key(self.book(ticket.account))
            .key(self.page(ticket.account, ticket.key_print))
            .arg(ticket.minute)
            .arg(&fingerprint(ticket.print)[..])
            .arg(low_bits(ticket.print))
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
    ) -> Result<ScriptInvocation<'_>, StoreDown> {
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
            .arg(nonce.to_string())
            .arg(u8::from(*refuse_last_nonce))
            .arg(live_max.map_or(String::new(), |most| most.to_string()))
            .arg(self.setting.retention_ms)
            .arg(self.state.lead(*key_print).as_ms())
            .arg(u8::from(may_begin));
        for cell in cells {
            let known = known(cell)?;
            call.key(self.cell(&known)).arg(known.burst_us).arg(known.cost_us);
        }
        Ok(call)
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
        format!("{}{{{account}}}", self.setting.prefix)
    }

    fn page(&self, account: i64, key_print: u64) -> String {
        format!("{}{{{account}}}k{key_print:x}", self.setting.prefix)
    }

    fn cell(&self, known: &Known) -> String {
        format!("{}{{{}}}{}", self.setting.prefix, known.account, known.name)
    }

    async fn trip(&self, call: &ScriptInvocation<'_>) -> Result<Said, StoreDown> {
        Ok(Said(self.ask(call).await?))
    }
}

/// What a script said: a word, Redis's clock in microseconds, and then what belongs to the word.
struct Said(Vec<String>);

impl Said {
    fn word(&self) -> &str {
        self.0.first().map_or("", String::as_str)
    }

    fn number(&self, at: usize) -> Option<i64> {
        self.0.get(at).and_then(|text| text.parse().ok())
    }

    fn now_us(&self) -> i64 {
        self.number(1).unwrap_or(0)
    }

    fn last(&self) -> &str {
        self.0.last().map_or("", String::as_str)
    }

    fn verdict(&self, cells: &[Cell]) -> Result<Verdict, StoreDown> {
        self.verdict_of(cells, true)
    }

    /// The same arithmetic as everywhere, from the numbers that the script judged by.
    fn verdict_of(&self, cells: &[Cell], is_taken: bool) -> Result<Verdict, StoreDown> {
        let now = Millis::new(self.now_us() / 1000);
        let mut kept = Vec::with_capacity(cells.len());
        for at in 0..cells.len() {
            let tat = self.number(at + 2).ok_or_else(|| down("the script left a cell out"))?;
            kept.push(Kept { at: tat, used: 0 });
        }
        let all = cells.iter().zip(&kept);
        let ask = |cell: &Cell, kept: &Kept, cost| decide(*kept, now, cell, cost).0;
        let refused = |verdict: &CellVerdict| verdict.refused_for_s.is_some();
        let is_refused = all.clone().any(|(cell, kept)| refused(&ask(cell, kept, cell.cost)));
        let said = all.map(|(cell, kept)| {
            let verdict = ask(cell, kept, cell.cost);
            // Those that would have let it pass keep their units, and say so.
            let keeps = is_taken && is_refused && !refused(&verdict);
            if keeps { ask(cell, kept, 0) } else { verdict }
        });
        Ok(Verdict { cells: said.collect(), place: None })
    }
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

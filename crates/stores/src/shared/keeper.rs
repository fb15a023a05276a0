//! The keeper: the one thread of the shared home that nobody waits for.
//!
//! It follows what operators change (five times a second), says that this gateway lives, looks whether Redis is still
//! the one it was, ends what dead gateways left, and ends holds of calls that were dropped, again until that is done.

use std::collections::HashSet;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use faregate_contract::RequestId;
use faregate_pipeline::facts::{Settlement, StoreDown};
use faregate_pipeline::time::Millis;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

use super::Node;
use crate::cache::Cache;
use crate::clock;
use crate::error::{Fault, OpenError};
use crate::options::Opened;
use crate::postgres::{
    Postgres, accounts, books, ledger, migrate, moved, nodes, operator, refunds, resources,
    switches,
};
use crate::redis::Redis;
use crate::sqlite::resources::Note;
use crate::sqlite::users::KeyUse;

const ROUND: Duration = Duration::from_millis(200);
/// For how long keys are believed while nobody says whether they changed (RELIABILITY 4).
const BLIND: Duration = Duration::from_secs(10);
/// Changes are read again for so long: what is numbered earlier may be committed later.
const OVERLAP_MS: i64 = 5_000;
/// A hold that is to end and is not there yet may still be made by a statement under way.
const LATE: Duration = Duration::from_secs(5);
/// What the last errands may take when the gateway ends.
const LAST: Duration = Duration::from_secs(3);

/// What it looks after.
pub(super) struct Kept {
    pub(super) postgres: Arc<Postgres>,
    pub(super) redis: Arc<Redis>,
    pub(super) cache: Arc<Cache>,
    pub(super) node: Node,
    pub(super) keyring: u64,
    pub(super) window_ms: i64,
}

/// What a module did otherwise than its document says.
pub(super) struct Seen {
    pub(super) module: String,
    pub(super) subject: String,
    pub(super) what: &'static str,
    pub(super) request_id: RequestId,
    pub(super) now: Millis,
}

/// What nobody waits for.
enum Told {
    End(Errand),
    Doubt(RequestId),
    Note(Seen),
    Used(String, KeyUse),
}

struct Errand {
    id: RequestId,
    settlement: Settlement,
    now: Millis,
    since: Instant,
}

/// Dropped, it ends what waits, and says that this gateway is gone.
#[derive(Debug)]
pub(super) struct Keeper {
    errands: Option<UnboundedSender<Told>>,
    thread: Option<JoinHandle<()>>,
}

impl std::fmt::Debug for Errand {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:?} {}", self.settlement, self.id)
    }
}

impl Keeper {
    /// Starts it; it looks at everything once before this returns.
    pub(super) fn start(kept: Kept) -> Result<(Self, Opened), OpenError> {
        let (errands, queue) = unbounded_channel();
        let (tell, told) = std::sync::mpsc::channel();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        let runtime = runtime.map_err(crate::error::broken)?;
        let run = move || runtime.block_on(run(kept, queue, &tell));
        let thread = std::thread::Builder::new().name("keeper".to_owned()).spawn(run);
        let thread = thread.map_err(crate::error::broken)?;
        let gone = |_| OpenError::Database("the keeper is gone".to_owned());
        let opened = told.recv().map_err(gone)??;
        Ok((Self { errands: Some(errands), thread: Some(thread) }, opened))
    }

    /// Ends a hold without waiting.
    pub(super) fn settle(&self, id: RequestId, settlement: Settlement, now: Millis) {
        if let Some(errands) = &self.errands {
            // A keeper that is gone leaves the hold to the next sweep.
            let errand = Errand { id, settlement, now, since: clock::monotonic() };
            drop(errands.send(Told::End(errand)));
        }
    }

    /// Leaves the refunds of a call in doubt without waiting; a keeper that is gone leaves them to the next sweep.
    pub(super) fn doubt(&self, id: RequestId) {
        if let Some(errands) = &self.errands {
            drop(errands.send(Told::Doubt(id)));
        }
    }

    /// Writes down when a key was last used, without waiting; while PostgreSQL is away, it is not written.
    pub(super) fn used(&self, id: String, last: KeyUse) {
        if let Some(errands) = &self.errands {
            drop(errands.send(Told::Used(id, last)));
        }
    }

    /// Counts what a module did without waiting; while PostgreSQL is away, it is not counted.
    pub(super) fn note(&self, seen: Seen) {
        if let Some(errands) = &self.errands {
            drop(errands.send(Told::Note(seen)));
        }
    }
}

impl Drop for Keeper {
    fn drop(&mut self) {
        self.errands = None;
        if let Some(thread) = self.thread.take() {
            // A keeper that panicked has nothing left to do.
            drop(thread.join());
        }
    }
}

type Tell = std::sync::mpsc::Sender<Result<Opened, OpenError>>;

async fn run(kept: Kept, mut queue: UnboundedReceiver<Told>, tell: &Tell) {
    let mut watch = Watch::default();
    let opened = open(&kept, &mut watch).await;
    let is_open = opened.is_ok();
    if tell.send(opened).is_err() || !is_open {
        return;
    }
    let (mut errands, mut doubts, mut n_rounds) = (Vec::new(), Vec::new(), 0_u64);
    let mut rounds = tokio::time::interval(ROUND);
    rounds.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            errand = queue.recv() => {
                match errand {
                    None => break,
                    Some(Told::End(errand)) => errands.push(errand),
                    Some(Told::Doubt(id)) => doubts.push(id),
                    Some(Told::Note(seen)) => note(&kept, &seen).await,
                    Some(Told::Used(id, last)) => used(&kept, &id, &last).await,
                }
            }
            _ = rounds.tick() => {
                n_rounds = n_rounds.wrapping_add(1);
                watch.round(&kept).await;
                if n_rounds.is_multiple_of(5) {
                    second(&kept, &watch, n_rounds.is_multiple_of(300)).await;
                }
            }
        }
        serve(&kept, &mut errands).await;
        doubt(&kept, &mut doubts).await;
    }
    let last = async {
        while !errands.is_empty() {
            serve(&kept, &mut errands).await;
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        let left: Result<(), StoreDown> =
            moved!(kept.postgres, "nodes", |c| nodes::leave(&c, &kept.node).await);
        drop(left);
    };
    // What is not ended by then is ended by the next sweep, of another gateway or at the next start.
    drop(tokio::time::timeout(LAST, last).await);
}

async fn open(kept: &Kept, watch: &mut Watch) -> Result<Opened, OpenError> {
    let unused = |what| move |down: StoreDown| OpenError::Shared { what, why: down.cause };
    migrate::version(&kept.postgres).await?.is_current()?;
    operator::same_keyring(&kept.postgres, kept.keyring).await?;
    kept.redis.look_again().await.map_err(unused("Redis"))?;
    watch.look(kept).await?;
    let swept: Result<(usize, usize), StoreDown> = moved!(kept.postgres, "nodes", |c| {
        beat(kept, &c).await?;
        nodes::sweep(&c, clock::wall()).await
    });
    let (n_holds_released, n_holds_in_doubt) = swept.map_err(unused("PostgreSQL"))?;
    Ok(Opened { n_nonces: 0, fenced_because: None, n_holds_released, n_holds_in_doubt })
}

/// Says that this gateway lives, and hears of the others.
async fn beat(kept: &Kept, c: &impl deadpool_postgres::GenericClient) -> Result<(), Fault> {
    let others = nodes::beat(c, &kept.node).await?;
    let others: Vec<u32> = others.iter().map(super::short).collect();
    kept.redis.set_others(&others);
    Ok(())
}

/// What is done once a second.
async fn second(kept: &Kept, watch: &Watch, is_minute: bool) {
    // Whatever fails is done again in a second; each is safe left undone.
    let lives: Result<(), StoreDown> = moved!(kept.postgres, "nodes", |c| {
        beat(kept, &c).await?;
        if watch.is_settled() {
            nodes::sweep(&c, clock::wall()).await?;
        }
        if is_minute {
            let now = clock::wall();
            ledger::clear(&c, now.plus(kept.window_ms.saturating_mul(-2)).as_ms(), now).await?;
            books::forget(&c, now.plus(-kept.window_ms)).await?;
            let yesterday = now.plus(-86_400_000).as_ms();
            c.execute("DELETE FROM changes WHERE at_ms < $1", &[&yesterday]).await?;
        }
        Ok(())
    });
    drop(lives);
    drop(kept.redis.look_again().await);
    kept.redis.count_out().await;
}

async fn note(kept: &Kept, seen: &Seen) {
    let Seen { module, subject, what, request_id, now } = seen;
    let told = Note { module, subject, what };
    let counted: Result<(), StoreDown> = moved!(kept.postgres, "resources", |c| {
        resources::note(&c, &told, Some(*request_id), *now).await
    });
    drop(counted);
}

async fn used(kept: &Kept, id: &str, last: &KeyUse) {
    let written: Result<(), StoreDown> =
        moved!(kept.postgres, "keys", |c| accounts::used(&c, id, last).await);
    drop(written);
}

/// Doubts refunds; those that cannot be doubted now stay.
async fn doubt(kept: &Kept, doubts: &mut Vec<RequestId>) {
    let mut left = Vec::new();
    for id in std::mem::take(doubts) {
        let done: Result<(), StoreDown> =
            moved!(kept.postgres, "ledger", |c| refunds::doubt(&c, id).await);
        if done.is_err() {
            left.push(id);
        }
    }
    *doubts = left;
}

/// Ends holds; those that cannot be ended now stay.
async fn serve(kept: &Kept, errands: &mut Vec<Errand>) {
    let mut left = Vec::new();
    for errand in std::mem::take(errands) {
        let ended = async {
            let client = kept.postgres.client().await.map_err(|_| Left::Away)?;
            let settled =
                ledger::settle(&client, errand.id, errand.settlement, "", errand.now).await;
            settled.map_err(|fault| match fault {
                Fault::Postgres(_) => Left::Away,
                Fault::Sqlite(_) | Fault::Broken(_) | Fault::Random(_) => Left::NotThere,
            })
        };
        let ended = tokio::time::timeout(crate::postgres::DEADLINE, ended).await;
        match ended.unwrap_or(Err(Left::Away)) {
            Ok(()) => {}
            Err(Left::NotThere) if errand.since.elapsed() > LATE => {}
            Err(Left::NotThere | Left::Away) => left.push(errand),
        }
    }
    *errands = left;
}

enum Left {
    Away,
    NotThere,
}

/// A change: its number, its kind, and what was changed.
type Change = (i64, String, String);

/// What operators changed.
#[derive(Default)]
struct Watch {
    seen: HashSet<i64>,
    /// When the changes were last read, and since when without a gap.
    looked: Option<(Instant, Instant)>,
}

impl Watch {
    /// Long enough in touch to know who lives: after an outage everybody looks dead for a moment.
    fn is_settled(&self) -> bool {
        let enough = Duration::from_millis(nodes::ALIVE_MS.unsigned_abs());
        self.looked.is_some_and(|(_, since)| since.elapsed() > enough)
    }

    async fn round(&mut self, kept: &Kept) {
        if self.look(kept).await.is_err() {
            let is_blind = self.looked.is_none_or(|(last, _)| last.elapsed() > BLIND);
            if is_blind {
                kept.cache.forget_keys();
            }
        }
    }

    async fn look(&mut self, kept: &Kept) -> Result<(), OpenError> {
        let now = clock::monotonic();
        let looked: Result<Vec<Change>, StoreDown> = moved!(kept.postgres, "changes", |c| {
            let sql = "SELECT seq, kind, key FROM changes WHERE at_ms > \
                       (extract(epoch FROM clock_timestamp()) * 1000)::bigint - $1";
            let statement = c.prepare_cached(sql).await?;
            let rows = c.query(&statement, &[&OVERLAP_MS]).await?;
            rows.iter().map(|row| Ok((row.try_get(0)?, row.try_get(1)?, row.try_get(2)?))).collect()
        });
        let unread = |down: StoreDown| OpenError::Shared { what: "PostgreSQL", why: down.cause };
        let rows = looked.map_err(unread)?;
        let overlap = Duration::from_millis(OVERLAP_MS.unsigned_abs());
        // Out of touch for nearly as long as changes are read again: something may have been missed.
        let gap = self.looked.is_none_or(|(last, _)| now.duration_since(last) * 5 > overlap * 4);
        let new = rows.iter().filter(|(seq, ..)| gap || !self.seen.contains(seq));
        let mut is_switched = gap;
        if gap {
            kept.cache.forget_keys();
        }
        for (_, kind, key) in new {
            match kind.as_str() {
                "switch" => is_switched = true,
                // Whoever made cells new did so in Redis itself.
                "quota" => {}
                "account" | "policy" => kept.cache.forget_account(key),
                _ => kept.cache.forget_keys(),
            }
        }
        if is_switched {
            let all = moved!(kept.postgres, "switches", |c| switches::all(&c).await);
            kept.cache.set_switches(all.map_err(unread)?);
        }
        self.seen = rows.into_iter().map(|(seq, ..)| seq).collect();
        let since = self.looked.filter(|_| !gap).map_or(now, |(_, since)| since);
        self.looked = Some((clock::monotonic(), since));
        Ok(())
    }
}

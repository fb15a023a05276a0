//! Faults on purpose: a client developer asks for an error, and meets it at its own gate.
//!
//! A fault is found for a call once its module, action and account are known. What stands before the fault's
//! own gate runs for real, the answer is made by that gate's own constructor, and what it costs is what the
//! real one costs: nothing is held by a 5300, and a 4400 gives the claim back.
//! Invariant: a gateway that is no sandbox has no [`Faults`], and reads no `X-Faregate-Fault`. Without faults a
//! call in a sandbox pays one relaxed load.

mod effect;
mod module;
mod plan;
mod reasons;

use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};

use faregate_contract::Refusal;
use faregate_pipeline::availability::Open;
use faregate_pipeline::facts::{Key, Verdict};
use faregate_pipeline::order;
use faregate_pipeline::parameters;
use faregate_pipeline::{quota, validity};
use faregate_stores::{OpenError, Sandbox, StoredFault, Stores, Ticket};
use http::header::HeaderName;

use crate::config::Config;
use crate::driver::Trail;
use crate::shared::Shared;

pub use effect::{Effect, FakeAnswer, Latency};
pub(crate) use module::Faked;
pub(crate) use plan::Plan;
pub use plan::possible;

/// The request header that asks for a fault.
pub const HEADER: &str = "x-faregate-fault";

/// The header of an answer that a fault has touched.
pub(crate) const MARK: HeaderName = HeaderName::from_static("faregate-fault");
pub(crate) const INJECTED: &str = "injected";

/// Tells the stores whether this is a sandbox; what one left behind never reaches real clients.
///
/// # Errors
/// It is none, and the data folder has faults or a clock that is ahead.
pub(crate) fn settle(config: &Config, stores: &Stores) -> Result<(), OpenError> {
    if config.sandbox { stores.begin_sandbox(config.seed) } else { stores.end_sandbox() }
}

/// The faults of a sandbox, with what each has drawn so far.
#[derive(Debug, Default)]
pub(crate) struct Faults {
    known: RwLock<Known>,
    /// How many headers asked: what their latencies are drawn from.
    n_asked: AtomicU64,
}

#[derive(Debug, Default)]
struct Known {
    version: u64,
    live: Arc<Vec<Arc<Live>>>,
}

/// One stored fault at work.
#[derive(Debug)]
struct Live {
    of: StoredFault,
    effect: Effect,
    seed: u64,
    /// How many calls it could have struck.
    n_asked: AtomicU64,
    fired: AtomicU32,
}

impl Live {
    fn new(of: &StoredFault, seed: u64) -> Option<Self> {
        // What another version wrote and this one cannot read strikes nobody.
        let effect = of.what.effect.parse().ok()?;
        let fired = AtomicU32::new(of.fired);
        Some(Self { of: of.clone(), effect, seed, n_asked: AtomicU64::new(0), fired })
    }

    fn concerns(&self, open: &Open, account: Option<&str>) -> bool {
        let what = &self.of.what;
        what.module == open.module().name
            && what.action.as_ref().is_none_or(|action| *action == open.operation().action)
            && what.account.as_deref().is_none_or(|wanted| account == Some(wanted))
    }

    /// Takes one of its times, if there is one left and the draw says so. Gives the draw's number.
    fn take(&self) -> Option<u64> {
        let n = self.n_asked.fetch_add(1, Ordering::Relaxed);
        if draw(self.seed, self.number(), n) % 1_000_000 >= u64::from(self.of.what.rate_ppm) {
            return None;
        }
        let left = |fired| self.of.what.times.is_none_or(|times| fired < times);
        let taken = self.fired.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |fired| {
            left(fired).then(|| fired.saturating_add(1))
        });
        taken.is_ok().then_some(n)
    }

    fn give_back(&self) {
        let less = |fired: u32| Some(fired.saturating_sub(1));
        // It always succeeds: the closure refuses nothing.
        let _ = self.fired.fetch_update(Ordering::Relaxed, Ordering::Relaxed, less);
    }

    fn number(&self) -> u64 {
        self.of.id.unsigned_abs()
    }
}

impl Faults {
    /// The fault of this call: what its header asks for, else the oldest stored one that strikes.
    ///
    /// # Errors
    /// 4000 for a header that is no fault, or one that this call could never meet.
    fn plan(
        &self,
        stores: &Stores,
        open: &Open,
        account: Option<&str>,
        policy: &validity::Policy,
    ) -> Result<Option<Box<Plan>>, Refusal> {
        if let Some(header) = &open.raw().fault {
            let asked = header.parse().and_then(|effect| Plan::of_header(&effect, open, policy));
            let mut plan = asked.map_err(parameters::no_such_fault)?;
            let n = self.n_asked.fetch_add(1, Ordering::Relaxed);
            plan.draw_latency(seed(&stores.sandbox()), 0, n);
            return Ok(Some(Box::new(plan)));
        }
        let live = self.live(stores);
        let mut concerned = live.iter().filter(|live| live.concerns(open, account));
        Ok(concerned.find_map(|live| Plan::of_stored(live, open, policy)).map(Box::new))
    }

    fn live(&self, stores: &Stores) -> Arc<Vec<Arc<Live>>> {
        let version = stores.faults_version();
        {
            let known = self.known.read().unwrap_or_else(PoisonError::into_inner);
            if known.version == version {
                return Arc::clone(&known.live);
            }
        }
        let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
        let sandbox = stores.sandbox();
        // One that is known already goes on where it is: its draws and its count are here.
        let live = sandbox.faults.iter().filter_map(|stored| {
            let same = known.live.iter().find(|live| live.of.id == stored.id);
            same.map(Arc::clone).or_else(|| Live::new(stored, seed(&sandbox)).map(Arc::new))
        });
        let live = Arc::new(live.collect());
        *known = Known { version, live: Arc::clone(&live) };
        live
    }
}

fn seed(sandbox: &Sandbox) -> u64 {
    u64::from_ne_bytes(sandbox.seed.to_ne_bytes())
}

/// The `n`th draw of a fault: the same for the same seed (SplitMix64, Steele et al. 2014).
fn draw(seed: u64, fault: u64, n: u64) -> u64 {
    let mut z = seed
        .wrapping_add(fault.wrapping_mul(0xd134_2543_de82_ef95))
        .wrapping_add(n.wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15));
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

impl Shared {
    /// Looks for the call's fault; those of the gates `action` and `signature` strike here.
    pub(crate) fn arm(
        &self,
        trail: &mut Trail,
        open: &Open,
        key: Option<&Key>,
    ) -> Result<(), Refusal> {
        let Some(faults) = &self.faults else { return Ok(()) };
        if self.stores.faults_version() == 0 && open.raw().fault.is_none() {
            return Ok(());
        }
        let account = key.map(|key| key.account.id.as_str());
        trail.plan = faults.plan(&self.stores, open, account, &self.validity)?;
        trail.at(order::ACTION)?;
        trail.at(order::SIGNATURE)
    }

    /// The cells' verdict, or that of a fault: then the claim is unspent again, as the real one leaves it.
    pub(crate) async fn verdict(
        &self,
        trail: &mut Trail,
        verdict: Verdict,
        ticket: Option<&Ticket>,
    ) -> Result<Verdict, Refusal> {
        if !trail.plan.as_mut().is_some_and(|plan| plan.strikes_quota()) {
            return Ok(verdict);
        }
        if let Some(ticket) = ticket {
            self.stores.give_back(ticket).await?;
        }
        Ok(quota::used_up(&trail.touched))
    }
}

#[cfg(test)]
mod spec {
    use super::*;

    fn live(rate_ppm: u32, times: Option<u32>, seed: u64) -> Live {
        let what = faregate_stores::NewFault {
            module: "cvm".into(),
            action: None,
            account: None,
            effect: "4400".into(),
            rate_ppm,
            times,
        };
        Live::new(&StoredFault { id: 1, what, fired: 0 }, seed).unwrap()
    }

    #[test]
    fn a_fault_strikes_as_often_as_it_may_and_what_is_given_back_strikes_again() {
        let twice = live(1_000_000, Some(2), 0);
        assert_eq!([twice.take(), twice.take(), twice.take()], [Some(0), Some(1), None]);
        twice.give_back();
        assert!(twice.take().is_some() && twice.take().is_none());
        let always = live(1_000_000, None, 0);
        assert!((0..100).all(|_| always.take().is_some()));
    }

    #[test]
    fn a_rate_is_that_share_and_a_seed_repeats_it() {
        let strikes = |seed| {
            let tenth = live(100_000, None, seed);
            (0..10_000).map(|_| tenth.take().is_some()).collect::<Vec<_>>()
        };
        let first = strikes(7);
        let n = first.iter().filter(|struck| **struck).count();
        assert!((850..1150).contains(&n), "{n} of 10,000");
        assert_eq!(first, strikes(7));
        assert_ne!(first, strikes(8));
    }
}

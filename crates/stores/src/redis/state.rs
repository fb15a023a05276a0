//! What a gateway knows of the nonce store: its epoch, the fences, and how far its keys have stamped ahead.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::sync::{Mutex, PoisonError, RwLock};

use faregate_pipeline::time::Millis;

use crate::postgres::books::Epoch;

/// Leads that are remembered, above which those of the past are let go of.
const LEADS: usize = 65_536;

#[derive(Debug, Default)]
pub(crate) struct State {
    epoch: AtomicI64,
    /// 0 is none.
    fence_ms: AtomicI64,
    has_key_fences: AtomicBool,
    is_skewed: AtomicBool,
    key_fences: RwLock<HashMap<u64, Millis>>,
    leads: Mutex<HashMap<u64, (i64, Millis)>>,
}

impl State {
    pub(crate) fn epoch(&self) -> i64 {
        self.epoch.load(Ordering::Acquire)
    }

    /// Takes an epoch over, unless a later one is known: first its fences, then its number.
    pub(crate) fn adopt(&self, epoch: Epoch, key_fences: HashMap<u64, Millis>) {
        let mut kept = self.key_fences.write().unwrap_or_else(PoisonError::into_inner);
        if epoch.number < self.epoch() {
            return;
        }
        for (key, fence) in key_fences {
            let own = kept.entry(key).or_insert(fence);
            *own = (*own).max(fence);
        }
        self.has_key_fences.store(!kept.is_empty(), Ordering::Release);
        self.fence_ms.fetch_max(epoch.fence_ms, Ordering::AcqRel);
        self.epoch.store(epoch.number, Ordering::Release);
    }

    /// Redis's clock was seen far from this machine's: keys may have expired before their time.
    pub(crate) fn saw_skew(&self) {
        self.is_skewed.store(true, Ordering::Release);
    }

    pub(crate) fn is_skewed(&self) -> bool {
        self.is_skewed.load(Ordering::Acquire)
    }

    pub(crate) fn skew_is_fenced(&self) {
        self.is_skewed.store(false, Ordering::Release);
    }

    /// Stamps of this key at or before it are refused.
    pub(crate) fn fence(&self, key_print: impl FnOnce() -> u64) -> Option<Millis> {
        let ms = self.fence_ms.load(Ordering::Acquire);
        let all = (ms > 0).then_some(Millis::new(ms));
        if !self.has_key_fences.load(Ordering::Acquire) {
            return all;
        }
        let kept = self.key_fences.read().unwrap_or_else(PoisonError::into_inner);
        all.max(kept.get(&key_print()).copied())
    }

    /// How far ahead a key may stamp in this epoch without asking.
    pub(crate) fn lead(&self, key_print: u64) -> Millis {
        let leads = self.leads.lock().unwrap_or_else(PoisonError::into_inner);
        let own = leads.get(&key_print).filter(|(epoch, _)| *epoch == self.epoch());
        own.map_or(Millis::new(0), |(_, until)| *until)
    }

    pub(crate) fn led(&self, key_print: u64, epoch: i64, until: Millis) {
        let mut leads = self.leads.lock().unwrap_or_else(PoisonError::into_inner);
        if leads.len() >= LEADS {
            leads.retain(|_, (of, _)| *of == epoch);
        }
        if leads.len() < LEADS {
            leads.insert(key_print, (epoch, until));
        }
    }
}

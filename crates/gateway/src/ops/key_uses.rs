//! When each key was last used: told to the store once a minute a key, which costs every other call one relaxed load.

use std::sync::atomic::Ordering;

use faregate_pipeline::authn::Authenticated;
use faregate_pipeline::time::Millis;
use faregate_stores::KeyUse;

use crate::shared::Shared;

const EVERY_MS: i64 = 60_000;

impl Shared {
    pub(crate) fn note_use(&self, call: &Authenticated, now: Millis) {
        let key = call.key();
        let last = key.used_at_ms.load(Ordering::Relaxed);
        // A clock that was set back does not stop the notes; a call that nobody signed has no key.
        if now.as_ms().saturating_sub(last).abs() < EVERY_MS || key.id.as_str().is_empty() {
            return;
        }
        let taken = key.used_at_ms.compare_exchange(
            last,
            now.as_ms(),
            Ordering::Relaxed,
            Ordering::Relaxed,
        );
        if taken.is_ok() {
            let address = call.raw().peer.to_canonical().to_string();
            let action = format!("{}:{}", call.module().name, call.operation().action);
            self.stores.key_used(key, KeyUse { at: now, address, action });
        }
    }
}

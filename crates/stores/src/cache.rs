//! What is remembered of the database for at most a second: opened keys, switches.

use std::collections::HashMap;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};

use faregate_pipeline::facts::{Key, StoreDown, Switch};
use faregate_signing::{KeyId, SecretKey};

use crate::sqlite::sandbox::Sandbox;

#[derive(Debug, Default)]
pub(crate) struct Cache {
    keys: RwLock<Keys>,
    switches: RwLock<Arc<Vec<Switch>>>,
    sandbox: RwLock<(u64, Option<Arc<Sandbox>>)>,
    faults_version: AtomicU64,
    ahead_ms: Arc<AtomicI64>,
}

#[derive(Debug, Default)]
struct Keys {
    /// Counts how often everything was forgotten.
    generation: u64,
    known: HashMap<Box<str>, Arc<Key>>,
    /// The secrets of an account's keys, where they are a trip away.
    secrets: HashMap<Box<str>, Vec<(KeyId, SecretKey)>>,
}

impl Cache {
    /// The key, remembered or loaded. Unknown keys are not remembered: a stranger could fill the
    /// memory, and a new key must work at once.
    pub(crate) fn key(
        &self,
        id: &str,
        load: impl FnOnce() -> Result<Option<Key>, StoreDown>,
    ) -> Result<Option<Arc<Key>>, StoreDown> {
        let generation = {
            let keys = self.keys.read().unwrap_or_else(PoisonError::into_inner);
            if let Some(key) = keys.known.get(id) {
                return Ok(Some(Arc::clone(key)));
            }
            keys.generation
        };
        let Some(key) = load()?.map(Arc::new) else {
            return Ok(None);
        };
        let mut keys = self.keys.write().unwrap_or_else(PoisonError::into_inner);
        // Forgotten while it was loaded, it may be as it was before the change: used, not kept.
        if keys.generation == generation {
            keys.known.insert(id.into(), Arc::clone(&key));
        }
        Ok(Some(key))
    }

    /// The key that is remembered; else what [`Self::keep_key`] needs, once it is loaded.
    pub(crate) fn known_key(&self, id: &str) -> Result<Arc<Key>, u64> {
        let keys = self.keys.read().unwrap_or_else(PoisonError::into_inner);
        keys.known.get(id).map(Arc::clone).ok_or(keys.generation)
    }

    /// Remembers a key and all secrets of its account, unless anything was forgotten since it was asked for.
    pub(crate) fn keep_key(
        &self,
        generation: u64,
        key: Key,
        secrets: Vec<(KeyId, SecretKey)>,
    ) -> Arc<Key> {
        let key = Arc::new(key);
        let mut keys = self.keys.write().unwrap_or_else(PoisonError::into_inner);
        if keys.generation == generation {
            keys.known.insert(key.id.as_str().into(), Arc::clone(&key));
            keys.secrets.insert(key.account.id.as_str().into(), secrets);
        }
        key
    }

    /// The secrets of an account's keys but one, as far as they are remembered.
    pub(crate) fn other_secrets(&self, account: &str, but: &str) -> Vec<SecretKey> {
        let keys = self.keys.read().unwrap_or_else(PoisonError::into_inner);
        let all = keys.secrets.get(account).into_iter().flatten();
        all.filter(|(id, _)| id.as_str() != but).map(|(_, secret)| secret.clone()).collect()
    }

    /// Forgets the keys of an account.
    pub(crate) fn forget_account(&self, account: &str) {
        let mut keys = self.keys.write().unwrap_or_else(PoisonError::into_inner);
        // What is being loaded may be as it was before.
        keys.generation = keys.generation.wrapping_add(1);
        keys.known.retain(|_, key| key.account.id != account);
        keys.secrets.remove(account);
    }

    pub(crate) fn forget_keys(&self) {
        let mut keys = self.keys.write().unwrap_or_else(PoisonError::into_inner);
        keys.generation = keys.generation.wrapping_add(1);
        keys.known.clear();
        keys.secrets.clear();
    }

    pub(crate) fn switches(&self) -> Arc<Vec<Switch>> {
        Arc::clone(&self.switches.read().unwrap_or_else(PoisonError::into_inner))
    }

    pub(crate) fn set_switches(&self, switches: Vec<Switch>) {
        *self.switches.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(switches);
    }

    /// Takes over what the sandbox is told; none where there is no sandbox.
    pub(crate) fn set_sandbox(&self, new: Option<Sandbox>) {
        let mut sandbox = self.sandbox.write().unwrap_or_else(PoisonError::into_inner);
        let n_faults = new.as_ref().map_or(0, |new| new.faults.len());
        let ahead_ms = new.as_ref().map_or(0, |new| new.ahead_ms);
        let version = sandbox.0.saturating_add(1);
        *sandbox = (version, new.map(Arc::new));
        self.ahead_ms.store(ahead_ms, Ordering::Release);
        self.faults_version.store(if n_faults == 0 { 0 } else { version }, Ordering::Release);
    }

    pub(crate) fn is_sandbox(&self) -> bool {
        self.sandbox.read().unwrap_or_else(PoisonError::into_inner).1.is_some()
    }

    pub(crate) fn sandbox(&self) -> Arc<Sandbox> {
        let sandbox = self.sandbox.read().unwrap_or_else(PoisonError::into_inner);
        sandbox.1.clone().unwrap_or_default()
    }

    pub(crate) fn faults_version(&self) -> u64 {
        self.faults_version.load(Ordering::Relaxed)
    }

    pub(crate) fn ahead_ms(&self) -> Arc<AtomicI64> {
        Arc::clone(&self.ahead_ms)
    }
}

#[cfg(test)]
mod spec {
    use super::*;
    use faregate_pipeline::facts::Account;

    fn key(enabled: bool) -> Key {
        let account = Arc::new(Account::new("100000001", 1, "Ann"));
        Key { enabled, ..Key::new(KeyId::from("AKIDone"), SecretKey::new("secret"), account) }
    }

    #[test]
    fn a_key_that_changed_while_it_was_loaded_is_not_remembered() {
        let cache = Cache::default();
        let overtaken = cache.key("AKIDone", || {
            let before = key(true);
            cache.forget_keys();
            Ok(Some(before))
        });
        assert!(overtaken.unwrap().unwrap().enabled, "this call began before the change");
        let enabled = |load| cache.key("AKIDone", || Ok(Some(key(load)))).unwrap().unwrap().enabled;
        assert!(!enabled(false), "the next one loads it anew");
        assert!(!enabled(true), "and that one is remembered");
    }
}

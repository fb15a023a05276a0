//! What is remembered of the database for at most a second: opened keys, switches.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};

use faregate_pipeline::facts::{Key, StoreDown, Switch};

#[derive(Debug, Default)]
pub(crate) struct Cache {
    keys: RwLock<Keys>,
    switches: RwLock<Arc<Vec<Switch>>>,
}

#[derive(Debug, Default)]
struct Keys {
    /// Counts how often everything was forgotten.
    generation: u64,
    known: HashMap<Box<str>, Arc<Key>>,
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

    pub(crate) fn forget_keys(&self) {
        let mut keys = self.keys.write().unwrap_or_else(PoisonError::into_inner);
        keys.generation = keys.generation.wrapping_add(1);
        keys.known.clear();
    }

    pub(crate) fn switches(&self) -> Arc<Vec<Switch>> {
        Arc::clone(&self.switches.read().unwrap_or_else(PoisonError::into_inner))
    }

    pub(crate) fn set_switches(&self, switches: Vec<Switch>) {
        *self.switches.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(switches);
    }
}

#[cfg(test)]
mod spec {
    use faregate_pipeline::facts::{Account, AccountState, Identity};
    use faregate_signing::{KeyId, SecretKey};

    use super::*;

    fn key(enabled: bool) -> Key {
        let account = Account {
            id: "100000001".into(),
            slot: 1,
            name: "Ann".into(),
            state: AccountState::Active,
            identity: Identity::Verified,
            groups: Vec::new(),
            sources: Vec::new(),
            rate: None,
        };
        Key {
            id: KeyId::from("AKIDone"),
            enabled,
            secret: SecretKey::new("secret"),
            token: None,
            account: Arc::new(account),
        }
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

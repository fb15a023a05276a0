//! `Authorization: SKIP`: a call that nobody signed, of an action that is public (PROTOCOL, the table at the top).

use std::sync::{Arc, LazyLock};

use faregate_signing::{KeyId, Tag, dummy_secret};

use super::{Profile, Signed};
use crate::facts::{Account, AccountState, Identity, Key};

/// Nobody's call: its account has no id, which no account can have, so it owns nothing and is in no group. All such calls
/// share one quota, as slot 0 is no account's.
pub(super) fn signed() -> Signed {
    static NOBODY: LazyLock<Arc<Key>> = LazyLock::new(|| {
        Arc::new(Key {
            id: KeyId::from(""),
            enabled: true,
            secret: dummy_secret().clone(),
            token: None,
            sources: Vec::new(),
            policies: None,
            account: Arc::new(Account {
                id: String::new(),
                slot: 0,
                name: String::new(),
                state: AccountState::Active,
                identity: Identity::Unverified,
                identity_until: None,
                groups: Vec::new(),
                sources: Vec::new(),
                rate: None,
                quotas: Vec::new(),
                replay_identity: None,
                min_signature: None,
            }),
        })
    });
    Signed { key: Arc::clone(&NOBODY), profile: Profile::Unsigned, tag: Tag::Sha256([0; 32]) }
}

//! `Authorization: SKIP`: a call that nobody signed, of an action that is public (PROTOCOL, the table at the top).

use std::sync::{Arc, LazyLock};

use faregate_signing::{KeyId, Tag, dummy_secret};

use super::{Profile, Signed};
use crate::facts::{Account, Key};

/// Nobody's call: its account has no id, which no account can have, so it owns nothing and is in no group. All such calls
/// share one quota, as slot 0 is no account's.
pub(super) fn signed() -> Signed {
    static NOBODY: LazyLock<Arc<Key>> = LazyLock::new(|| {
        let nobody = Arc::new(Account::new("", 0, ""));
        Arc::new(Key::new(KeyId::from(""), dummy_secret().clone(), nobody))
    });
    Signed { key: Arc::clone(&NOBODY), profile: Profile::Unsigned, tag: Tag::Sha256([0; 32]) }
}

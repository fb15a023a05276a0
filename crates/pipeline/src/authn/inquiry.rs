//! Which mistake made a wrong signature: looked for in full in a sandbox, within bounds elsewhere.
//!
//! Elsewhere only an exact finding is told: the client signed by a mistake that was recomputed, so it holds the secret.
//! A stranger, who does not, reads the same whether the SecretId is known or not, and makes the same work: an unknown key
//! is searched with a secret of nobody's, and a short list of other keys is filled up with it.

use std::fmt;

use faregate_signing::SecretKey;
use faregate_signing::diagnose::{Certainty, Diagnosis, Evidence, diagnose};

use super::Policy;
use crate::availability::Open;
use crate::facts::Key;

/// How many other keys of the account are tried where there is no sandbox, whether it has them or not.
const OTHERS: usize = 3;

/// What the search asks of the world, and only once a signature was wrong.
pub trait Inquiry: fmt::Debug {
    /// May the mistake behind a wrong signature of this SecretId be looked for now, in a gateway that is no sandbox.
    fn granted(&self, secret_id: &str) -> bool;

    /// The secrets of the account's other keys; none where they cannot be read.
    fn other_secrets(&self, account: &str, but: &str) -> Vec<SecretKey>;

    /// A secret that nobody has or knows, in the form of a real one.
    fn nobody(&self) -> &SecretKey;
}

/// All that can be found, for a sandbox.
pub(super) fn in_full(
    inquiry: &dyn Inquiry,
    evidence: &Evidence<'_>,
    key: &Key,
) -> Option<Diagnosis> {
    let others = inquiry.other_secrets(&key.account.id, key.id.as_str());
    diagnose(evidence, &key.secret, &others.iter().collect::<Vec<_>>())
}

/// What is sure, of a key or of none; in a sandbox nobody asks for it.
pub(super) fn in_production(
    (policy, inquiry): (&Policy, &dyn Inquiry),
    open: &Open,
    evidence: &Evidence<'_>,
    key: Option<&Key>,
) -> Option<Diagnosis> {
    let secret_id = &open.common().secret_id;
    if policy.sandbox || !inquiry.granted(secret_id) {
        return None;
    }
    let account = key.map_or("", |key| &key.account.id);
    let mut others = inquiry.other_secrets(account, secret_id);
    others.resize_with(OTHERS, || inquiry.nobody().clone());
    let secret = key.map_or_else(|| inquiry.nobody(), |key| &key.secret);
    let found = diagnose(evidence, secret, &others.iter().collect::<Vec<_>>());
    found.filter(|found| found.certainty == Certainty::Exact)
}

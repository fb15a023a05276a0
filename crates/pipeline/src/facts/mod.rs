//! What the world tells the gates: accounts, keys, owners, switches, outcomes of stores.
//!
//! Stores make these values, gates read them. None of them changes while a call is under way.

mod quota;
mod resources;

use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::AtomicI64;

use crate::authz::policy::Bundle;
pub use crate::purchase::{Bought, Purchased, Refund};
use crate::time::Millis;
pub use faregate_catalog::{Grant, MinSignature};
use faregate_contract::RequestId;
use faregate_ledger::Money;
use faregate_signing::{KeyId, SecretKey};
pub use quota::{
    Cell, CellKey, CellVerdict, Kind, Leave, Limit, Limits, OwnQuota, Place, Quotas, Rate, Scope,
    Subject, Verdict,
};
pub use resources::{Known, Lesson, Owner, ResourceRef};

/// Who owns money and objects.
#[derive(Clone, Debug)]
pub struct Account {
    /// The name by which policies, audiences and modules know it.
    pub id: String,
    /// A small number that is the account's for ever: names its quota cells.
    pub slot: i64,
    /// What people call it.
    pub name: String,
    /// May it call at all.
    pub state: AccountState,
    /// What is known of who it is.
    pub identity: Identity,
    /// Until when that is good, if it is verified; none: until somebody says otherwise.
    pub identity_until: Option<Millis>,
    /// Groups that an action's audience may name.
    pub groups: Vec<String>,
    /// Addresses it may call from; empty means any.
    pub sources: Vec<Network>,
    /// Its own request rate over all actions.
    pub rate: Option<Rate>,
    /// Its own limits beside that rate.
    pub quotas: Vec<OwnQuota>,
    /// What its calls are told apart by, if not as everywhere.
    pub replay_identity: Option<ReplayIdentity>,
    /// The weakest signature that it takes of its own keys, if it takes not all that are taken here.
    pub min_signature: Option<MinSignature>,
}

/// What makes two calls the same one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum ReplayIdentity {
    /// Key, Timestamp and Nonce: what is signed anew under a used Nonce is a copy too.
    #[default]
    TimestampNonce,
    /// The signature: only equal bytes are copies. For clients that draw Nonces from a small range.
    Signature,
}

impl ReplayIdentity {
    /// As it is written in configurations and commands.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::TimestampNonce => "timestamp-nonce",
            Self::Signature => "signature",
        }
    }

    /// Reads [`Self::as_str`].
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        [Self::TimestampNonce, Self::Signature].into_iter().find(|it| it.as_str() == text)
    }
}

/// May an account call at all.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AccountState {
    /// Yes.
    Active,
    /// No: 4300.
    Suspended,
    /// Nor ever again: 4300.
    Closed,
}

/// May an account buy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Identity {
    /// Never shown.
    Unverified,
    /// Shown, not yet judged.
    Pending,
    /// Yes.
    Verified,
    /// Judged and refused.
    Failed,
    /// Judged and accepted, and that is over: what a `Verified` becomes by itself.
    Expired,
}

impl Account {
    /// As every account begins: active, unverified, without anything of its own.
    #[must_use]
    pub fn new(id: impl Into<String>, slot: i64, name: impl Into<String>) -> Self {
        Self {
            id: id.into(),
            slot,
            name: name.into(),
            state: AccountState::Active,
            identity: Identity::Unverified,
            identity_until: None,
            groups: Vec::new(),
            sources: Vec::new(),
            rate: None,
            quotas: Vec::new(),
            replay_identity: None,
            min_signature: None,
        }
    }

    /// What is known of who it is now. Exactly at its end a verification is still good.
    #[must_use]
    pub fn identity_at(&self, now: Millis) -> Identity {
        let is_over = self.identity_until.is_some_and(|until| now > until);
        if self.identity == Identity::Verified && is_over {
            Identity::Expired
        } else {
            self.identity
        }
    }
}

/// A block of addresses in CIDR notation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Network {
    /// Any address of the block.
    pub address: IpAddr,
    /// How many leading bits count.
    pub prefix_bits: u8,
}

impl Network {
    /// Is `address` in the block. An IPv4 address and its IPv6-mapped form are the same address.
    #[must_use]
    pub fn contains(&self, address: IpAddr) -> bool {
        let (ours, theirs) = (self.address.to_canonical(), address.to_canonical());
        let differing = match (ours, theirs) {
            (IpAddr::V4(a), IpAddr::V4(b)) => (u32::from(a) ^ u32::from(b)).leading_zeros(),
            (IpAddr::V6(a), IpAddr::V6(b)) => (u128::from(a) ^ u128::from(b)).leading_zeros(),
            (IpAddr::V4(_), IpAddr::V6(_)) | (IpAddr::V6(_), IpAddr::V4(_)) => return false,
        };
        differing >= u32::from(self.prefix_bits)
    }

    /// Reads `10.0.0.0/8`, or an address alone.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (address, bits) = text.split_once('/').map_or((text, None), |(a, b)| (a, Some(b)));
        let address: IpAddr = address.parse().ok()?;
        let most = if address.is_ipv4() { 32 } else { 128 };
        let prefix_bits = bits.map_or(Some(most), |b| b.parse().ok().filter(|n| *n <= most))?;
        Some(Self { address, prefix_bits })
    }
}

impl std::fmt::Display for Network {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}/{}", self.address, self.prefix_bits)
    }
}

/// A key with the account behind it, unsealed. Cached by the stores, shared by calls.
#[derive(Debug)]
pub struct Key {
    /// The SecretId.
    pub id: KeyId,
    /// A disabled key is refused like an unknown one.
    pub enabled: bool,
    /// What signatures are checked with.
    pub secret: SecretKey,
    /// A temporary key's Token, which every call must carry.
    pub token: Option<String>,
    /// The user it is for; none is the account itself.
    pub user: Option<String>,
    /// When it ends by itself, if it does.
    pub expires_at: Option<Millis>,
    /// When its use was last written down, in milliseconds; 0 is never.
    pub used_at_ms: AtomicI64,
    /// Addresses it may call from, within those of its account; empty means any.
    pub sources: Vec<Network>,
    /// What it may do of what its account may; none is a key of the account itself, which may do all.
    pub policies: Option<Bundle>,
    /// Whose key it is.
    pub account: Arc<Account>,
}

impl Key {
    /// A lasting key of the account itself, enabled.
    #[must_use]
    pub fn new(id: KeyId, secret: SecretKey, account: Arc<Account>) -> Self {
        Self {
            id,
            enabled: true,
            secret,
            token: None,
            user: None,
            expires_at: None,
            used_at_ms: AtomicI64::new(0),
            sources: Vec::new(),
            policies: None,
            account,
        }
    }
}

/// What a claim needs to be judged and written.
#[derive(Clone, Copy, Debug)]
pub struct ClaimRequest {
    /// [`Account::slot`]: what an account claims is kept in one place.
    pub account: i64,
    /// It changes nothing and costs nothing: one gateway may judge it alone while the store is away.
    pub is_read: bool,
    /// Keyed print of (SecretId, Timestamp, Nonce).
    pub print: u128,
    /// Keyed print of the SecretId alone: whose last nonce.
    pub key_print: u64,
    /// The Nonce itself, compared with the key's last one.
    pub nonce: u64,
    /// The Timestamp: which minute bucket, and when the claim may be forgotten.
    pub stamp: Millis,
    /// `replay.refuse_last_nonce`.
    pub refuse_last_nonce: bool,
    /// How many claims of the key may be live at once; none: as many as come.
    pub live_max: Option<u64>,
}

/// What became of a claim.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Claim {
    /// It was unspent and is spent now, durably.
    New,
    /// The same (SecretId, Timestamp, Nonce) was claimed before.
    Seen,
    /// The Nonce is the same as the key's last one.
    SameAsLast,
    /// It is stamped at or before a fence: what was claimed then may be forgotten.
    BeforeFence,
    /// The key has as many live claims as it may have; nothing is spent.
    TooMany {
        /// Whole seconds until the oldest of them are over.
        after_s: u32,
    },
}

/// What a purchase wants to hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Intent {
    /// The hold's name: each call holds at most once.
    pub request_id: RequestId,
    /// Whose money.
    pub account: String,
    /// How much.
    pub amount: Money,
    /// For what.
    pub module: String,
    /// For what.
    pub action: String,
    /// The call's claim, written again beside the hold: money never trusts the nonce store alone.
    pub print: u128,
}

/// What a priced call, or one with a token, is about to send: written down before its first byte goes
/// upstream, so that after a crash the module can be asked about it, or sent the same once more.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Order {
    /// The call that makes it.
    pub request_id: RequestId,
    /// Whose call.
    pub account: String,
    /// What is called.
    pub module: String,
    /// What is called.
    pub action: String,
    /// The client's token: the same token gets the same answer.
    pub token: Option<String>,
    /// What makes two calls the same: a keyed print of each parameter, by its name.
    pub prints: Vec<(String, u64)>,
    /// What it gives back if it is done.
    pub refunds: Vec<Refund>,
    /// What is sent; only the gateway reads it.
    pub sending: Vec<u8>,
}

/// A batch that was answered: what each item came to, in the order of the call.
#[derive(Clone, Debug)]
pub struct KeptBatch {
    /// The call.
    pub request_id: RequestId,
    /// Whose call.
    pub account: String,
    /// What was called.
    pub module: String,
    /// What was called.
    pub action: String,
    /// What makes two calls the same: a keyed print of each parameter, by its name.
    pub prints: Vec<(String, u64)>,
    /// How it ended, as `saved` writes it.
    pub answer: Vec<u8>,
    /// The call that did again what failed, if there was one.
    pub resumed_by: Option<RequestId>,
    /// When it was answered.
    pub at: Millis,
}

/// What became of an intent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum HoldOutcome {
    /// The call costs nothing, so nothing was asked.
    NothingToPay,
    /// The money is held.
    Held,
    /// The price is more than the available balance.
    Insufficient {
        /// What there is.
        available: Money,
        /// How much of it is lent, or was and is spent.
        credit: Money,
    },
    /// The price is more than may still be spent today.
    Capped {
        /// The most that may be spent in a day.
        cap: Money,
        /// What is spent of it.
        spent: Money,
        /// When the next day begins.
        resets_at: Millis,
    },
    /// This very call holds already: its bytes are being executed somewhere.
    Duplicate,
}

/// How a hold ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Settlement {
    /// The module did it: the money is ours.
    Commit,
    /// The module did not do it: the money is the account's again.
    Release,
    /// Nobody knows: it stays held.
    InDoubt,
}

/// Takes an action out of service, or a whole module.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Switch {
    /// The module's name.
    pub module: String,
    /// The action; none is all of them.
    pub action: Option<String>,
    /// For how long.
    pub state: SwitchState,
    /// From when on; none is at once.
    pub from: Option<Millis>,
    /// The operator's words, shown to clients.
    pub message: Option<String>,
    /// Accounts that may go on: noted here, judged by `authz`.
    pub testers: Vec<String>,
}

/// For how long something is out of service.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SwitchState {
    /// For good: 6100.
    Withdrawn,
    /// Until then: 6200 with Retry-After.
    Until(Millis),
    /// Under lasting maintenance, no end known: 6100.
    Lasting,
}

/// A store did not answer. The only error of a store that a gate hears of; it never means "allow".
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoreDown {
    /// Which store, for the log.
    pub store: &'static str,
    /// Why, for the log.
    pub cause: String,
}

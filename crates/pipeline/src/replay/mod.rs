//! 4500 Replay attack: a signed call is executed at most once.
//!
//! Claimed before the quota: a flood of copies must cost the victim nothing. The claim is given back only
//! where the same bytes are invited again: a 4400, and a 6200 before anything was sent. Every other refusal
//! keeps it spent: a purchase refused for want of money must not run by itself after the next top-up.
//! Invariant: a `Claimed` exists only after a store has written the claim. Never: reads a clock, awaits,
//! sees a body.

mod fingerprint;
mod token;

use faregate_contract::{Code, Origin, Public, Reason, Refusal, Retry};

use crate::authz::Permitted;
use crate::facts::{Claim, ClaimRequest, Rate, ReplayIdentity};
use crate::quota;
use crate::time::Millis;
use crate::validity::{self, LooksLike};

pub use fingerprint::Prints;
pub use token::{Token, asked, differences, token, token_text};

/// How copies are told.
#[derive(Clone, Copy, Debug)]
pub struct Policy {
    /// What makes two calls the same one, unless their account says otherwise.
    pub identity: ReplayIdentity,
    /// Refuse a Nonce that is the same as the key's last one: the page's own words.
    pub refuse_last_nonce: bool,
    /// How far from the clock a stamp may be, either way.
    pub window_s: i64,
    /// The rate of an account that has none of its own.
    pub default_rate: Option<Rate>,
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            identity: ReplayIdentity::default(),
            refuse_last_nonce: true,
            window_s: 7_200,
            default_rate: None,
        }
    }
}

/// Claims are let go of ten minutes of stamps at a time.
const KEPT_BEYOND_S: u64 = 600;

/// A call whose nonce is spent, by it.
#[derive(Debug)]
pub struct Claimed {
    of: Permitted,
    print: u128,
}

owns!(Claimed => Permitted);

impl Claimed {
    /// The claim's print: written again beside a hold.
    #[must_use]
    pub fn print(&self) -> u128 {
        self.print
    }
}

/// The reasons of this room.
pub const REASONS: &[Reason] =
    &[NONCE_SEEN, SIGNATURE_SEEN, NONCE_SAME_AS_LAST, STAMP_BEHIND, STAMP_AHEAD];
const NONCE_SEEN: Reason = Reason::new("NONCE_SEEN");
const SIGNATURE_SEEN: Reason = Reason::new("SIGNATURE_SEEN");
const NONCE_SAME_AS_LAST: Reason = Reason::new("NONCE_SAME_AS_LAST");
const STAMP_BEHIND: Reason = Reason::new("STAMP_BEHIND");
const STAMP_AHEAD: Reason = Reason::new("STAMP_AHEAD");

/// Why a call is taken for a copy.
#[derive(Debug, PartialEq, Eq)]
pub enum Refused {
    /// This (SecretId, Timestamp, Nonce) was used before.
    Seen {
        /// The server's Timestamp.
        server: i64,
    },
    /// This very signature was used before, in a dialect that has no Nonce.
    SignatureSeen {
        /// The server's Timestamp.
        server: i64,
    },
    /// The Nonce is the same as the key's last one: the page's own words.
    SameAsLast {
        /// The server's Timestamp.
        server: i64,
    },
    /// The clocks are further apart than the window.
    TooFar {
        /// Positive: the Timestamp is behind.
        age_s: i64,
        /// The window.
        window_s: i64,
        /// The server's Timestamp.
        server: i64,
        /// What the Timestamp looks like.
        looks_like: LooksLike,
    },
}

impl From<Refused> for Refusal {
    fn from(refused: Refused) -> Self {
        let (reason, say) = match refused {
            Refused::Seen { server } => (
                NONCE_SEEN,
                format!(
                    "a request of this key with this Timestamp and Nonce was made before, and is not made twice; the server's Timestamp is {server}."
                ),
            ),
            Refused::SignatureSeen { server } => (
                SIGNATURE_SEEN,
                format!(
                    "the same signed request was made before, and its answer is not at hand any more; it is not made twice. Look whether it was executed, then sign again. The server's Timestamp is {server}."
                ),
            ),
            Refused::SameAsLast { server } => (
                NONCE_SAME_AS_LAST,
                format!(
                    "the Nonce is the same as this key's last one; draw a new one for each request. The server's Timestamp is {server}."
                ),
            ),
            Refused::TooFar { age_s, window_s, server, looks_like } => {
                let (reason, way) =
                    if age_s > 0 { (STAMP_BEHIND, "behind") } else { (STAMP_AHEAD, "ahead of") };
                let apart = age_s.saturating_abs();
                (
                    reason,
                    format!(
                        "the Timestamp is {apart} s {way} the server's, more than {window_s} s; the server's Timestamp is {server}.{looks_like} Set the clock and sign again."
                    ),
                )
            }
        };
        Refusal::new(Code::ReplayAttack, reason, Origin::Client, Public::new(say))
            .retry(Retry::SignAgain)
    }
}

/// What the store is asked to claim for this call.
///
/// Nothing for a read that has no Nonce: identical calls in one second have one signature, and honest polling makes them
/// (PROTOCOL 3). What changes something, or costs something, is claimed by its signature.
#[must_use]
pub fn request(permitted: &Permitted, prints: &Prints, policy: &Policy) -> Option<ClaimRequest> {
    let (common, id) = (permitted.common(), permitted.key().id.as_str());
    let stamp = Millis::from_secs(common.timestamp);
    let rate = permitted.account().rate.or(policy.default_rate);
    let live_max = rate.map(|rate| live_max(rate, policy.window_s));
    let (account, is_read) = (permitted.account().slot, !is_once(permitted));
    let of_tag = || prints.of_tag(id, common.timestamp, permitted.tag().as_bytes());
    match (common.nonce, identity(permitted, policy)) {
        (Some(nonce), ReplayIdentity::TimestampNonce) => Some(ClaimRequest {
            account,
            is_read,
            print: prints.of_call(id, common.timestamp, nonce),
            key_print: prints.of_key(id),
            nonce,
            stamp,
            refuse_last_nonce: policy.refuse_last_nonce,
            live_max,
        }),
        // A client that draws its Nonces from a small range draws the same one twice in a row.
        (Some(nonce), ReplayIdentity::Signature) => Some(ClaimRequest {
            account,
            is_read,
            print: of_tag(),
            key_print: prints.of_key(id),
            nonce,
            stamp,
            refuse_last_nonce: false,
            live_max,
        }),
        (None, _) if is_once(permitted) => Some(ClaimRequest {
            account,
            is_read,
            print: of_tag(),
            key_print: prints.of_nonceless_key(id),
            nonce: 0,
            stamp,
            refuse_last_nonce: false,
            live_max,
        }),
        (None, _) => None,
    }
}

fn identity(permitted: &Permitted, policy: &Policy) -> ReplayIdentity {
    permitted.account().replay_identity.unwrap_or(policy.identity)
}

/// Must it not happen twice.
fn is_once(permitted: &Permitted) -> bool {
    let operation = permitted.operation();
    operation.mutating || operation.purchase.is_some()
}

/// What a key at this rate has live in a window, and in the ten minutes for which a claim may be kept
/// beyond its time: a key with more stamps ahead on purpose, and is refused rather than forgotten.
fn live_max(rate: Rate, window_s: i64) -> u64 {
    let kept_s = u64::try_from(window_s).unwrap_or(0).saturating_add(KEPT_BEYOND_S);
    u64::from(rate.per_second.get()).saturating_mul(kept_s).saturating_add(rate.burst.get().into())
}

/// Judges what the store answered.
///
/// # Errors
/// 4500 when the claim was spent before; 4200 when nobody can tell any more; 4400 when the key has
/// stamped more than its rate allows.
pub fn check(
    permitted: Permitted,
    request: Option<&ClaimRequest>,
    claim: Claim,
) -> Result<Claimed, Refusal> {
    let server = permitted.now().as_secs();
    match claim {
        // Only what is claimed can be held for: a call without a claim has no price.
        Claim::New => {
            Ok(Claimed { print: request.map_or(0, |request| request.print), of: permitted })
        }
        Claim::Seen if permitted.common().nonce.is_none() => {
            Err(Refused::SignatureSeen { server }.into())
        }
        Claim::Seen => Err(Refused::Seen { server }.into()),
        Claim::SameAsLast => Err(Refused::SameAsLast { server }.into()),
        Claim::BeforeFence => Err(validity::before_fence(server)),
        Claim::TooMany { after_s } => Err(quota::too_many_live(after_s)),
    }
}

/// 4500 for clocks that are too far apart; made here, asked for by `validity`.
#[must_use]
pub fn too_far(age_s: i64, window_s: i64, server: i64, looks_like: LooksLike) -> Refusal {
    Refused::TooFar { age_s, window_s, server, looks_like }.into()
}

/// 4500 for a purchase whose claim stands in the ledger already; asked for by `balance`.
#[must_use]
pub fn seen(server: i64) -> Refusal {
    Refused::Seen { server }.into()
}

#[cfg(test)]
mod spec {
    use super::*;

    #[test]
    fn each_refusal_names_its_reason_and_the_servers_timestamp() {
        for (refused, reason) in [
            (Refused::Seen { server: 1_491_677_126 }, "NONCE_SEEN"),
            (Refused::SameAsLast { server: 1_491_677_126 }, "NONCE_SAME_AS_LAST"),
            (Refused::SignatureSeen { server: 1_491_677_126 }, "SIGNATURE_SEEN"),
            (
                Refused::TooFar {
                    age_s: 10_800,
                    window_s: 7_200,
                    server: 1_491_677_126,
                    looks_like: LooksLike::Seconds,
                },
                "STAMP_BEHIND",
            ),
            (
                Refused::TooFar {
                    age_s: -10_800,
                    window_s: 7_200,
                    server: 1_491_677_126,
                    looks_like: LooksLike::Seconds,
                },
                "STAMP_AHEAD",
            ),
        ] {
            let refusal = Refusal::from(refused);
            assert_eq!((refusal.code, refusal.reason.as_str()), (Code::ReplayAttack, reason));
            assert!(refusal.message().contains("1491677126"), "{}", refusal.message());
        }
    }
}

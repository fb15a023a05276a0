//! 4500 Replay attack: a signed call is executed at most once.
//!
//! Claimed before the quota: a flood of copies must cost the victim nothing. The claim is given back only
//! where the same bytes are invited again: a 4400, and a 6200 before anything was sent. Every other refusal
//! keeps it spent: a purchase refused for want of money must not run by itself after the next top-up.
//! Invariant: a `Claimed` exists only after a store has written the claim. Never: reads a clock, awaits,
//! sees a body.

mod fingerprint;

use faregate_contract::{Code, Origin, Public, Reason, Refusal, Retry};

use crate::authz::Permitted;
use crate::facts::{Claim, ClaimRequest};
use crate::time::Millis;

pub use fingerprint::Prints;

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
pub const REASONS: &[Reason] = &[NONCE_SEEN, NONCE_SAME_AS_LAST, STAMP_BEHIND, STAMP_AHEAD];
const NONCE_SEEN: Reason = Reason::new("NONCE_SEEN");
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
            Refused::SameAsLast { server } => (
                NONCE_SAME_AS_LAST,
                format!(
                    "the Nonce is the same as this key's last one; draw a new one for each request. The server's Timestamp is {server}."
                ),
            ),
            Refused::TooFar { age_s, window_s, server } => {
                let (reason, way) =
                    if age_s > 0 { (STAMP_BEHIND, "behind") } else { (STAMP_AHEAD, "ahead of") };
                let apart = age_s.saturating_abs();
                (
                    reason,
                    format!(
                        "the Timestamp is {apart} s {way} the server's, more than {window_s} s; the server's Timestamp is {server}. Set the clock and sign again."
                    ),
                )
            }
        };
        Refusal::new(Code::ReplayAttack, reason, Origin::Client, Public::new(say))
            .retry(Retry::SignAgain)
    }
}

/// What the store is asked to claim for this call.
#[must_use]
pub fn request(permitted: &Permitted, prints: &Prints, refuse_last_nonce: bool) -> ClaimRequest {
    let common = permitted.common();
    ClaimRequest {
        print: prints.of_call(permitted.key().id.as_str(), common.timestamp, common.nonce),
        key_print: prints.of_key(permitted.key().id.as_str()),
        nonce: common.nonce,
        stamp: Millis::from_secs(common.timestamp),
        refuse_last_nonce,
    }
}

/// Judges what the store answered.
///
/// # Errors
/// 4500 when the claim was spent before.
pub fn check(
    permitted: Permitted,
    request: &ClaimRequest,
    claim: Claim,
) -> Result<Claimed, Refused> {
    let server = permitted.now().as_secs();
    match claim {
        Claim::New => Ok(Claimed { of: permitted, print: request.print }),
        Claim::Seen => Err(Refused::Seen { server }),
        Claim::SameAsLast => Err(Refused::SameAsLast { server }),
    }
}

/// 4500 for clocks that are too far apart; made here, asked for by `validity`.
#[must_use]
pub fn too_far(age_s: i64, window_s: i64, server: i64) -> Refusal {
    Refused::TooFar { age_s, window_s, server }.into()
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
            (
                Refused::TooFar { age_s: 10_800, window_s: 7_200, server: 1_491_677_126 },
                "STAMP_BEHIND",
            ),
            (
                Refused::TooFar { age_s: -10_800, window_s: 7_200, server: 1_491_677_126 },
                "STAMP_AHEAD",
            ),
        ] {
            let refusal = Refusal::from(refused);
            assert_eq!((refusal.code, refusal.reason.as_str()), (Code::ReplayAttack, reason));
            assert!(refusal.message().contains("1491677126"), "{}", refusal.message());
        }
    }
}

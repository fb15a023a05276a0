//! 4200 Request expired: a signature is good for a while, and not from before a loss.
//!
//! After the signature, so that only a key's owner learns the server's clock from it; before replay, so
//! that the nonce store never sees a stamp outside its buckets. Exactly at a bound is accepted; stamps have
//! whole seconds, so the server's clock is read in whole seconds too (Node rounds up: PROTOCOL 1.5).
//! Invariant: a `Fresh` was stamped within window and validity period, and after the fence. Never: reads a
//! clock.

use faregate_contract::{Code, Origin, Public, Reason, Refusal, Retry};

use crate::authn::Authenticated;
use crate::replay;
use crate::time::Millis;

/// How old a call may be.
#[derive(Clone, Copy, Debug)]
pub struct Policy {
    /// Beyond it, either way, 4500 (the page: 2 hours).
    pub window_s: i64,
    /// Older than this, 4200; at most the window.
    pub period_s: i64,
}

impl Default for Policy {
    fn default() -> Self {
        Self { window_s: 7_200, period_s: 300 }
    }
}

/// A call that is still good.
#[derive(Debug)]
pub struct Fresh {
    of: Authenticated,
    now: Millis,
}

owns!(Fresh => Authenticated);

impl Fresh {
    /// When it was found fresh.
    #[must_use]
    pub fn now(&self) -> Millis {
        self.now
    }
}

/// The reasons of this room.
pub const REASONS: &[Reason] = &[STAMP_TOO_OLD, STAMP_TOO_NEW, STAMPED_BEFORE_FENCE];
const STAMP_TOO_OLD: Reason = Reason::new("STAMP_TOO_OLD");
const STAMP_TOO_NEW: Reason = Reason::new("STAMP_TOO_NEW");
const STAMPED_BEFORE_FENCE: Reason = Reason::new("STAMPED_BEFORE_FENCE");

/// Why a call is no longer good.
#[derive(Debug, PartialEq, Eq)]
pub enum Refused {
    /// Older than the validity period.
    TooOld {
        /// Its age in seconds.
        age_s: i64,
        /// The validity period.
        period_s: i64,
        /// The server's Timestamp.
        server: i64,
    },
    /// Ahead by more than the validity period, in a dialect that has no Nonce.
    TooNew {
        /// How far ahead, in seconds.
        ahead_s: i64,
        /// The validity period.
        period_s: i64,
        /// The server's Timestamp.
        server: i64,
    },
    /// Stamped at or before the replay fence: memory of that time may be lost.
    BeforeFence {
        /// The server's Timestamp.
        server: i64,
    },
}

impl From<Refused> for Refusal {
    fn from(refused: Refused) -> Self {
        let (reason, say) = match refused {
            Refused::TooOld { age_s, period_s, server } => (
                STAMP_TOO_OLD,
                format!(
                    "the Timestamp is {age_s} s old and a signature is good for {period_s} s; the server's Timestamp is {server}. Sign again."
                ),
            ),
            Refused::TooNew { ahead_s, period_s, server } => (
                STAMP_TOO_NEW,
                format!(
                    "the Timestamp is {ahead_s} s ahead of the server's, more than {period_s} s; the server's Timestamp is {server}. Set the clock and sign again."
                ),
            ),
            Refused::BeforeFence { server } => (
                STAMPED_BEFORE_FENCE,
                format!(
                    "the gateway may have lost its memory of requests signed before now, so it takes only newer ones; the server's Timestamp is {server}. Sign again."
                ),
            ),
        };
        Refusal::new(Code::RequestExpired, reason, Origin::Client, Public::new(say))
            .retry(Retry::SignAgain)
    }
}

/// Compares the call's Timestamp with the server's.
///
/// # Errors
/// 4500 beyond the window, either way; 4200 when older than the validity period or not after the fence.
pub fn check(
    authenticated: Authenticated,
    now: Millis,
    fence: Option<Millis>,
    policy: &Policy,
) -> Result<Fresh, Refusal> {
    let common = authenticated.common();
    // Without a Nonce only the period limits how often a copy can come (PROTOCOL 3): either way, and no code but 4200.
    if common.nonce.is_none() {
        within(common.timestamp, now, policy.period_s)?;
    }
    decide(common.timestamp, now, fence, policy)?;
    Ok(Fresh { of: authenticated, now })
}

fn within(stamp: i64, now: Millis, period_s: i64) -> Result<(), Refused> {
    let server = now.as_secs();
    let age_s = server.saturating_sub(stamp);
    if age_s > period_s {
        return Err(Refused::TooOld { age_s, period_s, server });
    }
    let ahead_s = age_s.saturating_neg();
    if ahead_s > period_s {
        return Err(Refused::TooNew { ahead_s, period_s, server });
    }
    Ok(())
}

/// 4200 for a call that a fence overtook; asked for by `replay`.
#[must_use]
pub fn before_fence(server: i64) -> Refusal {
    Refused::BeforeFence { server }.into()
}

fn decide(stamp: i64, now: Millis, fence: Option<Millis>, policy: &Policy) -> Result<(), Refusal> {
    let server = now.as_secs();
    let age_s = server.saturating_sub(stamp);
    if age_s.saturating_abs() > policy.window_s {
        return Err(replay::too_far(age_s, policy.window_s, server));
    }
    if age_s > policy.period_s {
        return Err(Refused::TooOld { age_s, period_s: policy.period_s, server }.into());
    }
    if fence.is_some_and(|fence| Millis::from_secs(stamp) <= fence) {
        return Err(Refused::BeforeFence { server }.into());
    }
    Ok(())
}

#[cfg(test)]
mod spec {
    use super::*;

    const NOW: i64 = 1_500_000_000;

    #[test]
    fn without_a_nonce_a_stamp_is_good_for_the_period_either_way() {
        for (stamp, reason) in [
            (NOW - 300, None),
            (NOW + 300, None),
            (NOW - 301, Some("STAMP_TOO_OLD")),
            (NOW + 301, Some("STAMP_TOO_NEW")),
            (0, Some("STAMP_TOO_OLD")),
            (i64::MIN, Some("STAMP_TOO_OLD")),
            (i64::MAX, Some("STAMP_TOO_NEW")),
        ] {
            let refused = within(stamp, Millis::from_secs(NOW), 300).err().map(Refusal::from);
            assert_eq!(refused.as_ref().map(|r| r.reason.as_str()), reason, "{stamp}");
            assert!(refused.is_none_or(|r| r.public.as_str().contains("1500000000")), "{stamp}");
        }
    }

    #[test]
    fn a_stamp_is_good_from_the_period_to_the_window_and_after_the_fence() {
        for (title, stamp, fence, reason) in [
            ("now", NOW, None, None),
            ("exactly the period", NOW - 300, None, None),
            ("a second more", NOW - 301, None, Some("STAMP_TOO_OLD")),
            ("exactly the window behind", NOW - 7_200, None, Some("STAMP_TOO_OLD")),
            ("beyond the window behind", NOW - 7_201, None, Some("STAMP_BEHIND")),
            ("exactly the window ahead", NOW + 7_200, None, None),
            ("beyond the window ahead", NOW + 7_201, None, Some("STAMP_AHEAD")),
            ("milliseconds", NOW * 1000, None, Some("STAMP_AHEAD")),
            ("the year 1970", 0, None, Some("STAMP_BEHIND")),
            ("at the fence", NOW - 10, Some(NOW - 10), Some("STAMPED_BEFORE_FENCE")),
            ("after the fence", NOW - 9, Some(NOW - 10), None),
            ("a fence ahead of now", NOW, Some(NOW + 60), Some("STAMPED_BEFORE_FENCE")),
            ("i64::MIN does not overflow", i64::MIN, None, Some("STAMP_BEHIND")),
        ] {
            let refused = decide(
                stamp,
                Millis::new(NOW * 1000 + 999),
                fence.map(Millis::from_secs),
                &Policy::default(),
            );
            let refused = refused.err();
            assert_eq!(refused.as_ref().map(|r| r.reason.as_str()), reason, "{title}");
            if let Some(refused) = refused {
                assert!(
                    refused.public.as_str().contains("1500000000"),
                    "{title}: it tells the server's Timestamp"
                );
            }
        }
    }
}

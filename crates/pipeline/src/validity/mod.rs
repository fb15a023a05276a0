//! 4200 Request expired: a signature is good for a while, and not from before a loss.
//!
//! After the signature, so that only a key's owner learns the server's clock from it; before replay, so
//! that the nonce store never sees a stamp outside its buckets. Exactly at a bound is accepted; stamps have
//! whole seconds, so the server's clock is read in whole seconds too (Node rounds up: PROTOCOL 1.5).
//! Invariant: a `Fresh` was stamped within window and validity period, and after the fence. Never: reads a
//! clock.

use std::fmt;

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

/// What a Timestamp that is not good looks like: the two mistakes that clocks do not make.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LooksLike {
    /// A Unix time, by a clock that is wrong.
    Seconds,
    /// A Unix time in milliseconds.
    Milliseconds,
    /// The time of a clock on a wall, so many minutes from UTC.
    LocalTime {
        /// Of the time zone.
        utc_offset_min: i64,
    },
}

/// How much a clock that is otherwise right may be wrong.
const SKEW_S: i64 = 60;

impl LooksLike {
    /// Time zones are whole quarters of an hour from UTC, 12 hours behind to 14 ahead.
    fn of(stamp: i64, server: i64) -> Self {
        if (stamp / 1000).saturating_sub(server).saturating_abs() <= 86_400 {
            return Self::Milliseconds;
        }
        let ahead_s = stamp.saturating_sub(server);
        let utc_offset_min = ahead_s.saturating_add(450).div_euclid(900).saturating_mul(15);
        let rest_s = ahead_s.saturating_sub(utc_offset_min.saturating_mul(60));
        let is_zone = (-720..=840).contains(&utc_offset_min) && utc_offset_min % 30 == 0;
        if is_zone && utc_offset_min != 0 && rest_s.saturating_abs() <= SKEW_S {
            Self::LocalTime { utc_offset_min }
        } else {
            Self::Seconds
        }
    }
}

impl fmt::Display for LooksLike {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Seconds => Ok(()),
            Self::Milliseconds => f.write_str(" It is in milliseconds: send whole seconds."),
            Self::LocalTime { utc_offset_min } => {
                let sign = if *utc_offset_min < 0 { '-' } else { '+' };
                let minutes = utc_offset_min.abs();
                let (hours, minutes) = (minutes / 60, minutes % 60);
                write!(
                    f,
                    " It looks like local time at UTC{sign}{hours:02}:{minutes:02}: send the Unix time, which is the same everywhere."
                )
            }
        }
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
        /// What the Timestamp looks like.
        looks_like: LooksLike,
    },
    /// Ahead by more than the validity period, in a dialect that has no Nonce.
    TooNew {
        /// How far ahead, in seconds.
        ahead_s: i64,
        /// The validity period.
        period_s: i64,
        /// The server's Timestamp.
        server: i64,
        /// What the Timestamp looks like.
        looks_like: LooksLike,
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
            Refused::TooOld { age_s, period_s, server, looks_like } => (
                STAMP_TOO_OLD,
                format!(
                    "the Timestamp is {age_s} s old and a signature is good for {period_s} s; the server's Timestamp is {server}.{looks_like} Sign again."
                ),
            ),
            Refused::TooNew { ahead_s, period_s, server, looks_like } => (
                STAMP_TOO_NEW,
                format!(
                    "the Timestamp is {ahead_s} s ahead of the server's, more than {period_s} s; the server's Timestamp is {server}.{looks_like} Set the clock and sign again."
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
    // What nobody signed was not signed at any time, and may come as often as its quota lets it.
    if !authenticated.is_signed() {
        return Ok(Fresh { of: authenticated, now });
    }
    // Without a Nonce only the period limits how often a copy can come (PROTOCOL 3): either way, and no code but 4200.
    if common.nonce.is_none() {
        within(common.timestamp, now, policy.period_s)?;
    }
    decide(common.timestamp, now, fence, policy)?;
    Ok(Fresh { of: authenticated, now })
}

fn within(stamp: i64, now: Millis, period_s: i64) -> Result<(), Refused> {
    let server = now.as_secs();
    let (age_s, looks_like) = (server.saturating_sub(stamp), LooksLike::of(stamp, server));
    if age_s > period_s {
        return Err(Refused::TooOld { age_s, period_s, server, looks_like });
    }
    let ahead_s = age_s.saturating_neg();
    if ahead_s > period_s {
        return Err(Refused::TooNew { ahead_s, period_s, server, looks_like });
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
        let looks_like = LooksLike::of(stamp, server);
        return Err(replay::too_far(age_s, policy.window_s, server, looks_like));
    }
    if age_s > policy.period_s {
        let (period_s, looks_like) = (policy.period_s, LooksLike::of(stamp, server));
        return Err(Refused::TooOld { age_s, period_s, server, looks_like }.into());
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

    #[test]
    fn milliseconds_and_local_time_are_named() {
        for (title, stamp, says) in [
            ("milliseconds", NOW * 1000 + 250, "It is in milliseconds"),
            ("local time in Shanghai", NOW + 8 * 3_600 + 20, "local time at UTC+08:00"),
            ("local time in Kolkata", NOW + 19_800, "local time at UTC+05:30"),
            ("local time in New York", NOW - 5 * 3_600, "local time at UTC-05:00"),
            ("local time in Lisbon, within the window", NOW - 3_600 - 3, "local time at UTC-01:00"),
        ] {
            let refused = decide(stamp, Millis::from_secs(NOW), None, &Policy::default());
            let say = refused.unwrap_err().message();
            assert!(say.contains(says), "{title}: {say}");
        }
        for (title, stamp) in [("a wrong clock", NOW - 400), ("a wrong day", NOW - 90_000)] {
            let refused = decide(stamp, Millis::from_secs(NOW), None, &Policy::default());
            let say = refused.unwrap_err().message();
            assert!(!say.contains("It "), "{title}: {say}");
        }
    }
}

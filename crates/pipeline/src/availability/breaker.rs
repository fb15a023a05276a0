//! The circuit breaker of one module: closed, open, one probe.
//!
//! - **Closed**: calls go on. Failures in a row are counted; a success sets the count to 0.
//! - **Open**: after that many failures in a row, no call goes on for a while. The client is told for how long.
//! - **Probe**: then one call goes on. If it succeeds the breaker closes, if it fails it opens again. Others
//!   are refused meanwhile; a probe that is never reported (its task died) is given up after the same while.
//!
//! Only the module's own failures count: timeouts, resets, nonsense, 5xx. A refusal is an answer.

use crate::time::Millis;

/// When it opens and for how long.
#[derive(Clone, Copy, Debug)]
pub struct Policy {
    /// Failures in a row that open it.
    pub failures: u32,
    /// For how long it stays open, in milliseconds.
    pub open_ms: i64,
}

impl Default for Policy {
    fn default() -> Self {
        Self { failures: 5, open_ms: 10_000 }
    }
}

/// The state of one module's breaker.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Breaker {
    /// Calls go on.
    Closed {
        /// Failures in a row.
        failures: u32,
    },
    /// No call goes on before that moment.
    Open {
        /// The moment of the probe.
        until: Millis,
    },
    /// One call is under way to find out.
    Probing {
        /// When the probe is given up.
        until: Millis,
    },
}

impl Default for Breaker {
    fn default() -> Self {
        Self::Closed { failures: 0 }
    }
}

impl Breaker {
    /// May a call go on now; if not, for how many milliseconds not.
    ///
    /// # Errors
    /// The time to wait, in milliseconds, while it is open or a probe is under way.
    pub fn admit(&mut self, now: Millis, policy: Policy) -> Result<(), i64> {
        match *self {
            Self::Closed { .. } => Ok(()),
            Self::Open { until } | Self::Probing { until } if now < until => Err(until.since(now)),
            Self::Open { .. } | Self::Probing { .. } => {
                *self = Self::Probing { until: now.plus(policy.open_ms) };
                Ok(())
            }
        }
    }

    /// The module answered, whatever it said.
    pub fn succeeded(&mut self) {
        *self = Self::default();
    }

    /// The module failed.
    pub fn failed(&mut self, now: Millis, policy: Policy) {
        *self = match *self {
            Self::Closed { failures } if failures.saturating_add(1) < policy.failures => {
                Self::Closed { failures: failures.saturating_add(1) }
            }
            Self::Closed { .. } | Self::Open { .. } | Self::Probing { .. } => {
                Self::Open { until: now.plus(policy.open_ms) }
            }
        };
    }
}

#[cfg(test)]
mod spec {
    use super::*;

    /// Each row: at which second, what happens, may a call go on afterwards (or the wait in s).
    #[track_caller]
    fn verify(rows: &[(i64, &str, Result<(), i64>)]) {
        let policy = Policy { failures: 3, open_ms: 10_000 };
        let mut breaker = Breaker::default();
        for (n, (at, event, expected)) in rows.iter().enumerate() {
            let now = Millis::from_secs(*at);
            match *event {
                "fails" => breaker.failed(now, policy),
                "succeeds" => breaker.succeeded(),
                "asks" => {}
                other => panic!("no such event: {other}"),
            }
            let admitted = breaker.admit(now, policy).map_err(|ms| ms / 1000);
            assert_eq!(admitted, *expected, "row {n}: {event} at {at}");
        }
    }

    #[test]
    fn it_opens_after_failures_in_a_row_and_closes_by_one_good_probe() {
        verify(&[
            (0, "fails", Ok(())),
            (1, "succeeds", Ok(())),
            (2, "fails", Ok(())),
            (3, "fails", Ok(())),
            (4, "fails", Err(10)),
            (13, "asks", Err(1)),
            (14, "asks", Ok(())), // the probe
            (15, "asks", Err(9)), // one only
            (16, "succeeds", Ok(())),
            (17, "fails", Ok(())),
        ]);
    }

    #[test]
    fn a_failed_probe_opens_it_again_and_a_lost_one_is_given_up() {
        verify(&[
            (0, "fails", Ok(())),
            (0, "fails", Ok(())),
            (0, "fails", Err(10)),
            (10, "asks", Ok(())),
            (11, "fails", Err(10)),
            (21, "asks", Ok(())), // a probe that is never reported
            (30, "asks", Err(1)),
            (31, "asks", Ok(())),
        ]);
    }
}

//! `Daily`: how much an account may spend in a day of UTC, and how much of it it has.
//!
//! What counts is what was set aside that day and not given back. A clock that goes back does not begin the
//! day before again.

use thiserror::Error;

use crate::money::Money;

const DAY_MS: i64 = 86_400_000;

/// The price is more than is left of the day's cap.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("{spent} of at most {cap} a day are spent")]
pub struct Capped {
    /// The most that may be spent in a day.
    pub cap: Money,
    /// What is spent of it.
    pub spent: Money,
    /// When the next day begins, in milliseconds since the epoch.
    pub resets_at_ms: i64,
}

/// The spending of one account in one day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Daily {
    cap: Option<Money>,
    /// Days since the epoch.
    day: i64,
    spent: Money,
}

impl Daily {
    /// As a store kept it; without a cap everything is counted and nothing refused.
    #[must_use]
    pub const fn restore(cap: Option<Money>, day: i64, spent: Money) -> Self {
        Self { cap, day, spent }
    }

    /// The most that may be spent in a day, if there is such a bound.
    #[must_use]
    pub const fn cap(&self) -> Option<Money> {
        self.cap
    }

    /// Which day, in days since the epoch.
    #[must_use]
    pub const fn day(&self) -> i64 {
        self.day
    }

    /// What is spent of it.
    #[must_use]
    pub const fn spent(&self) -> Money {
        self.spent
    }

    /// What is spent on the day of `now_ms`.
    #[must_use]
    pub fn spent_at(&self, now_ms: i64) -> Money {
        self.at(now_ms).spent
    }

    /// When the day of `now_ms` is over, in milliseconds since the epoch.
    #[must_use]
    pub fn resets_at_ms(&self, now_ms: i64) -> i64 {
        self.at(now_ms).day.saturating_add(1).saturating_mul(DAY_MS)
    }

    /// Counts what is set aside.
    ///
    /// # Errors
    /// It is more than is left of the cap; nothing changed.
    pub fn spend(&mut self, amount: Money, now_ms: i64) -> Result<(), Capped> {
        let mut next = self.at(now_ms);
        // A sum that does not fit is above every cap; without one it only is no longer counted.
        let sum = next.spent.checked_add(amount);
        match (self.cap, sum) {
            (Some(cap), Some(sum)) if sum <= cap => next.spent = sum,
            (Some(cap), Some(_) | None) => {
                let resets_at_ms = self.resets_at_ms(now_ms);
                return Err(Capped { cap, spent: next.spent, resets_at_ms });
            }
            (None, sum) => next.spent = sum.unwrap_or(next.spent),
        }
        *self = next;
        Ok(())
    }

    /// Counts what was given back, if it was set aside on the day that is counted.
    pub fn give_back(&mut self, amount: Money, held_at_ms: i64) {
        if held_at_ms.div_euclid(DAY_MS) == self.day {
            let left = self.spent.checked_sub(amount).filter(|left| !left.is_negative());
            self.spent = left.unwrap_or(Money::zero(self.spent.currency()));
        }
    }

    fn at(&self, now_ms: i64) -> Self {
        let today = now_ms.div_euclid(DAY_MS);
        if today > self.day {
            return Self { day: today, spent: Money::zero(self.spent.currency()), ..*self };
        }
        *self
    }
}

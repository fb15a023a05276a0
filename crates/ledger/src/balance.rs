//! `Balance`: what one account has, and the only way to change it.

use thiserror::Error;

use crate::entry::{Entry, LedgerAccount, Move};
use crate::hold::{HoldState, Step};
use crate::money::{Currency, Money};

/// Why nothing was booked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum Refused {
    /// More than there is to spend.
    #[error("the amount is more than the available balance, {available}")]
    Insufficient {
        /// What there is.
        available: Money,
    },
    /// The entry would take more out of `held` than is held.
    #[error("more would leave `held` than is held, {held}")]
    NotHeld {
        /// What there is.
        held: Money,
    },
    /// Nothing, or less than nothing, cannot move.
    #[error("the amount of an entry must be positive, not {0}")]
    NotPositive(Money),
    /// An account has one currency.
    #[error("the account's currency is {ours}, not {theirs}")]
    Currency {
        /// The account's.
        ours: Currency,
        /// The amount's.
        theirs: Currency,
    },
    /// A sum left 64 bits.
    #[error("the sum does not fit")]
    Overflow,
    /// A hold in this state does not take this step.
    #[error("a hold that is {from} cannot take the step {step:?}")]
    WrongStep {
        /// Where it is.
        from: HoldState,
        /// What was asked.
        step: Step,
    },
}

/// The four sums of one account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Balance {
    currency: Currency,
    available: i64,
    held: i64,
    revenue: i64,
    adjustments: i64,
}

impl Balance {
    /// An account without history.
    #[must_use]
    pub const fn empty(currency: Currency) -> Self {
        Self { currency, available: 0, held: 0, revenue: 0, adjustments: 0 }
    }

    /// A balance as a store kept it: what is available, held and spent. The rest follows, for the
    /// sum of all four is zero.
    ///
    /// # Errors
    /// No history leads there: something is negative, or does not fit.
    pub fn restore(
        currency: Currency,
        available: i64,
        held: i64,
        revenue: i64,
    ) -> Result<Self, Refused> {
        for micros in [available, held, revenue] {
            if micros < 0 {
                return Err(Refused::NotPositive(Money::from_micros(micros, currency)));
            }
        }
        let inside = available.checked_add(held).and_then(|sum| sum.checked_add(revenue));
        let adjustments = inside.and_then(i64::checked_neg).ok_or(Refused::Overflow)?;
        Ok(Self { currency, available, held, revenue, adjustments })
    }

    /// Free to spend.
    #[must_use]
    pub const fn available(&self) -> Money {
        self.of(LedgerAccount::Available)
    }

    /// Reserved for calls that have not ended.
    #[must_use]
    pub const fn held(&self) -> Money {
        self.of(LedgerAccount::Held)
    }

    /// What `account` holds.
    #[must_use]
    pub const fn of(&self, account: LedgerAccount) -> Money {
        let micros = match account {
            LedgerAccount::Available => self.available,
            LedgerAccount::Held => self.held,
            LedgerAccount::Revenue => self.revenue,
            LedgerAccount::Adjustments => self.adjustments,
        };
        Money::from_micros(micros, self.currency)
    }

    /// The sum of all four: zero, always.
    #[must_use]
    pub fn sum_micros(&self) -> i128 {
        LedgerAccount::ALL.iter().map(|account| i128::from(self.of(*account).micros())).sum()
    }

    /// Money comes in.
    ///
    /// # Errors
    /// The amount is not positive, of another currency, or too much.
    pub fn top_up(&mut self, amount: Money) -> Result<Entry, Refused> {
        self.book(Move::TopUp, amount)
    }

    pub(crate) fn book(&mut self, way: Move, amount: Money) -> Result<Entry, Refused> {
        let entry = Entry::of(way, amount);
        self.apply(entry).map(|()| entry)
    }

    /// Moves the entry's amount, or changes nothing.
    ///
    /// # Errors
    /// The entry breaks one of the promises of this crate.
    pub fn apply(&mut self, entry: Entry) -> Result<(), Refused> {
        let Entry { debit, credit, amount } = entry;
        if amount.currency() != self.currency {
            return Err(Refused::Currency { ours: self.currency, theirs: amount.currency() });
        }
        if !amount.is_positive() {
            return Err(Refused::NotPositive(amount));
        }
        let mut next = *self;
        let left = next.slot(debit).checked_sub(amount.micros()).ok_or(Refused::Overflow)?;
        *next.slot(debit) = left;
        let come = next.slot(credit).checked_add(amount.micros()).ok_or(Refused::Overflow)?;
        *next.slot(credit) = come;
        // The other three must sum to a number too, or the balance could be kept but not restored.
        if next.adjustments == i64::MIN {
            return Err(Refused::Overflow);
        }
        if next.available < 0 {
            return Err(Refused::Insufficient { available: self.available() });
        }
        if next.held < 0 {
            return Err(Refused::NotHeld { held: self.held() });
        }
        *self = next;
        Ok(())
    }

    const fn slot(&mut self, account: LedgerAccount) -> &mut i64 {
        match account {
            LedgerAccount::Available => &mut self.available,
            LedgerAccount::Held => &mut self.held,
            LedgerAccount::Revenue => &mut self.revenue,
            LedgerAccount::Adjustments => &mut self.adjustments,
        }
    }
}

/// What the entries of one account sum to, checked at every prefix.
///
/// # Errors
/// The position of the first entry that breaks a promise, and the promise.
pub fn recompute(
    currency: Currency,
    entries: impl IntoIterator<Item = Entry>,
) -> Result<Balance, (usize, Refused)> {
    let mut balance = Balance::empty(currency);
    for (at, entry) in entries.into_iter().enumerate() {
        balance.apply(entry).map_err(|refused| (at, refused))?;
    }
    Ok(balance)
}

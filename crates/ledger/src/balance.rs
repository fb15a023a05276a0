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
    /// A refund gives back more than was spent.
    #[error("more would be given back than was spent, {spent}")]
    NotSpent {
        /// What there is.
        spent: Money,
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

/// The four sums of one account, and how much of them is lent.
///
/// Credit is lent by an entry, from `adjustments` to `available`: so `available` is what can be spent, and is
/// never negative, whether or not there is credit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Balance {
    currency: Currency,
    available: i64,
    held: i64,
    revenue: i64,
    adjustments: i64,
    lent: i64,
}

impl Balance {
    /// An account without history.
    #[must_use]
    pub const fn empty(currency: Currency) -> Self {
        Self { currency, available: 0, held: 0, revenue: 0, adjustments: 0, lent: 0 }
    }

    /// A balance as a store kept it: what is available, held, spent and lent. The rest follows, for the
    /// sum of all four is zero.
    ///
    /// # Errors
    /// No history leads there: something is negative, or does not fit.
    pub fn restore(
        currency: Currency,
        available: i64,
        held: i64,
        revenue: i64,
        lent: i64,
    ) -> Result<Self, Refused> {
        for micros in [available, held, revenue, lent] {
            if micros < 0 {
                return Err(Refused::NotPositive(Money::from_micros(micros, currency)));
            }
        }
        let inside = available.checked_add(held).and_then(|sum| sum.checked_add(revenue));
        let adjustments = inside.and_then(i64::checked_neg).ok_or(Refused::Overflow)?;
        Ok(Self { currency, available, held, revenue, adjustments, lent })
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

    /// How much may be spent on credit. It is part of what is available, or was spent.
    #[must_use]
    pub const fn credit(&self) -> Money {
        Money::from_micros(self.lent, self.currency)
    }

    /// What is the account's own: less than nothing once credit was spent.
    #[must_use]
    pub fn own(&self) -> Money {
        // Neither is negative, so that the difference always fits.
        Money::from_micros(self.available.saturating_sub(self.lent), self.currency)
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

    /// An operator's correction, either way.
    ///
    /// # Errors
    /// It would take more than is available, is nothing, of another currency, or too much.
    pub fn adjust(&mut self, amount: Money) -> Result<Entry, Refused> {
        if amount.is_negative() {
            let taken = Money::zero(amount.currency()).checked_sub(amount);
            return self.book(Move::AdjustDown, taken.ok_or(Refused::Overflow)?);
        }
        self.book(Move::AdjustUp, amount)
    }

    /// Lets the account spend up to `limit` that it does not have. No entry if it is the limit already.
    ///
    /// # Errors
    /// The limit is negative or of another currency, or more of the credit was spent.
    pub fn set_credit(&mut self, limit: Money) -> Result<Option<Entry>, Refused> {
        if limit.is_negative() {
            return Err(Refused::NotPositive(limit));
        }
        let theirs = limit.currency();
        let currency = Refused::Currency { ours: self.currency, theirs };
        let more = limit.checked_sub(self.credit()).ok_or(currency)?;
        let less = self.credit().checked_sub(limit).ok_or(currency)?;
        match (more.is_positive(), less.is_positive()) {
            (true, _) => self.book(Move::CreditUp, more).map(Some),
            (false, true) => self.book(Move::CreditDown, less).map(Some),
            (false, false) => Ok(None),
        }
    }

    /// Gives back a part of what was spent.
    ///
    /// # Errors
    /// It is more than was spent, or not positive, or of another currency.
    pub fn refund(&mut self, amount: Money) -> Result<Entry, Refused> {
        self.book(Move::Refund, amount)
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
        let (amount, (debit, credit)) = (entry.amount, entry.way.between());
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
        next.lent = match entry.way {
            Move::CreditUp => next.lent.checked_add(amount.micros()),
            Move::CreditDown => next.lent.checked_sub(amount.micros()),
            Move::TopUp
            | Move::Reserve
            | Move::Commit
            | Move::Release
            | Move::Refund
            | Move::AdjustUp
            | Move::AdjustDown => Some(next.lent),
        }
        .filter(|lent| *lent >= 0)
        .ok_or(Refused::Overflow)?;
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
        if next.revenue < 0 {
            return Err(Refused::NotSpent { spent: self.of(LedgerAccount::Revenue) });
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

//! `Entry`: money leaves one ledger account and comes to another. Never changed, never deleted.

use std::fmt;

use thiserror::Error;

use crate::money::Money;

/// The four places where an account's money can be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum LedgerAccount {
    /// Free to spend.
    Available,
    /// Reserved for calls that have not ended.
    Held,
    /// Spent.
    Revenue,
    /// The world outside, from which top-ups come: its balance is negative.
    Adjustments,
}

/// A text that names no ledger account.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("`{0}` is not a ledger account")]
pub struct UnknownLedgerAccount(pub String);

impl LedgerAccount {
    /// All four.
    pub const ALL: [Self; 4] = [Self::Available, Self::Held, Self::Revenue, Self::Adjustments];

    /// The name under which stores keep it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Available => "available",
            Self::Held => "held",
            Self::Revenue => "revenue",
            Self::Adjustments => "adjustments",
        }
    }

    /// The ledger account of that name.
    ///
    /// # Errors
    /// There is none.
    pub fn parse(text: &str) -> Result<Self, UnknownLedgerAccount> {
        let named = Self::ALL.into_iter().find(|account| account.as_str() == text);
        named.ok_or_else(|| UnknownLedgerAccount(text.to_owned()))
    }
}

impl fmt::Display for LedgerAccount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// The only ways in which money moves.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Move {
    /// Money comes in from outside.
    TopUp,
    /// A purchase sets its price aside.
    Reserve,
    /// The purchase was done.
    Commit,
    /// The purchase was not done.
    Release,
    /// What was bought is given back, and a part of its price with it.
    Refund,
    /// An operator adds money, and says why.
    AdjustUp,
    /// An operator takes money, and says why.
    AdjustDown,
    /// More may be spent on credit.
    CreditUp,
    /// Less may be spent on credit.
    CreditDown,
}

/// A text that names no move.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("`{0}` is not a way in which money moves")]
pub struct UnknownMove(pub String);

impl Move {
    /// Every way.
    pub const ALL: [Self; 9] = [
        Self::TopUp,
        Self::Reserve,
        Self::Commit,
        Self::Release,
        Self::Refund,
        Self::AdjustUp,
        Self::AdjustDown,
        Self::CreditUp,
        Self::CreditDown,
    ];

    /// From which ledger account to which.
    #[must_use]
    pub const fn between(self) -> (LedgerAccount, LedgerAccount) {
        match self {
            Self::TopUp | Self::AdjustUp | Self::CreditUp => {
                (LedgerAccount::Adjustments, LedgerAccount::Available)
            }
            Self::AdjustDown | Self::CreditDown => {
                (LedgerAccount::Available, LedgerAccount::Adjustments)
            }
            Self::Reserve => (LedgerAccount::Available, LedgerAccount::Held),
            Self::Commit => (LedgerAccount::Held, LedgerAccount::Revenue),
            Self::Release => (LedgerAccount::Held, LedgerAccount::Available),
            Self::Refund => (LedgerAccount::Revenue, LedgerAccount::Available),
        }
    }

    /// The name under which stores keep it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::TopUp => "top-up",
            Self::Reserve => "reserve",
            Self::Commit => "commit",
            Self::Release => "release",
            Self::Refund => "refund",
            Self::AdjustUp => "adjust-up",
            Self::AdjustDown => "adjust-down",
            Self::CreditUp => "credit-up",
            Self::CreditDown => "credit-down",
        }
    }

    /// The move of that name.
    ///
    /// # Errors
    /// There is none.
    pub fn parse(text: &str) -> Result<Self, UnknownMove> {
        let named = Self::ALL.into_iter().find(|way| way.as_str() == text);
        named.ok_or_else(|| UnknownMove(text.to_owned()))
    }
}

/// One move of money: leaves one ledger account, comes to another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Why it moves, which says from where and to where.
    pub way: Move,
    /// How much; more than nothing in every entry that a [`Balance`](crate::Balance) accepts.
    pub amount: Money,
}

impl Entry {
    /// The entry of `way`.
    #[must_use]
    pub const fn of(way: Move, amount: Money) -> Self {
        Self { way, amount }
    }

    /// Where it leaves.
    #[must_use]
    pub const fn debit(self) -> LedgerAccount {
        self.way.between().0
    }

    /// Where it comes to.
    #[must_use]
    pub const fn credit(self) -> LedgerAccount {
        self.way.between().1
    }
}

//! Quotas as facts: limits, the cells that keep them, and what became of a call at them.

use std::num::{NonZeroU32, NonZeroU64};
use std::sync::Arc;

use smallvec::SmallVec;

/// A sustained rate with a burst: one GCRA cell's parameters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rate {
    /// Units a second, sustained.
    pub per_second: NonZeroU32,
    /// Units at once.
    pub burst: NonZeroU32,
}

/// How much a cell gives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Limit {
    /// So much a second.
    Rate(Rate),
    /// So much a day of the calendar, in UTC.
    Day(NonZeroU64),
    /// So much a month of the calendar, in UTC.
    Month(NonZeroU64),
    /// So many calls under way.
    AtOnce(NonZeroU32),
}

/// The kind of a limit: a subject has at most one cell of each.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// Of a rate.
    Rate,
    /// Of a day.
    Day,
    /// Of a month.
    Month,
    /// Of calls under way.
    AtOnce,
}

impl Kind {
    /// The kind of a limit.
    #[must_use]
    pub const fn of(limit: Limit) -> Self {
        match limit {
            Limit::Rate(_) => Self::Rate,
            Limit::Day(_) => Self::Day,
            Limit::Month(_) => Self::Month,
            Limit::AtOnce(_) => Self::AtOnce,
        }
    }

    /// As it is kept and shown.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Rate => "rate",
            Self::Day => "day",
            Self::Month => "month",
            Self::AtOnce => "at-once",
        }
    }

    /// Reads [`Self::as_str`].
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Rate, Self::Day, Self::Month, Self::AtOnce]
            .into_iter()
            .find(|it| it.as_str() == text)
    }
}

/// Whose cell.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Subject {
    /// An account's, by its [`Account::slot`].
    Account(i64),
    /// An account's at one action: a print of the module's and the action's name, which outlives any catalog.
    Action(i64, u64),
    /// A key's of an account: a print of the SecretId.
    Key(i64, u64),
    /// An address's: IPv4 whole, of IPv6 the first 64 bits, for one client has all of the others.
    Address(u128),
    /// An account's for what it rehearses.
    Rehearsal(i64),
}

/// Which cell.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct CellKey {
    /// Whose.
    pub subject: Subject,
    /// Of which limit.
    pub kind: Kind,
}

impl std::fmt::Display for CellKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.subject {
            Subject::Account(slot) => write!(f, "account/{slot}")?,
            Subject::Action(slot, print) => write!(f, "action/{slot}/{print:016x}")?,
            Subject::Key(slot, print) => write!(f, "key/{slot}/{print:016x}")?,
            Subject::Address(address) => write!(f, "address/{address:032x}")?,
            Subject::Rehearsal(slot) => write!(f, "rehearsal/{slot}")?,
        }
        write!(f, "/{}", self.kind.as_str())
    }
}

impl CellKey {
    /// Reads what [`std::fmt::Display`] writes.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (subject, kind) = text.rsplit_once('/')?;
        let kind = Kind::parse(kind)?;
        let mut parts = subject.split('/');
        let (what, first, second) = (parts.next()?, parts.next()?, parts.next());
        let print = || u64::from_str_radix(second?, 16).ok();
        let subject = match what {
            "account" => Subject::Account(first.parse().ok()?),
            "action" => Subject::Action(first.parse().ok()?, print()?),
            "key" => Subject::Key(first.parse().ok()?, print()?),
            "address" => Subject::Address(u128::from_str_radix(first, 16).ok()?),
            "rehearsal" => Subject::Rehearsal(first.parse().ok()?),
            _ => return None,
        };
        Some(Self { subject, kind })
    }

    /// The account whose cell it is; none is an address's.
    #[must_use]
    pub const fn account(&self) -> Option<i64> {
        match self.subject {
            Subject::Account(slot)
            | Subject::Action(slot, _)
            | Subject::Key(slot, _)
            | Subject::Rehearsal(slot) => Some(slot),
            Subject::Address(_) => None,
        }
    }
}

/// A cell that a call touches.
#[derive(Clone, Copy, Debug)]
pub struct Cell {
    /// Which.
    pub key: CellKey,
    /// How much it gives.
    pub limit: Limit,
    /// Units that the call takes: its items, or 1.
    pub cost: u32,
    /// The policy's name in the `RateLimit` header.
    pub name: &'static str,
    /// A protective limit, of which nothing is told.
    pub hidden: bool,
    /// Does it count calls, and not the items of a batch.
    pub in_calls: bool,
}

/// Who may have a limit: each account, or each account at each action, key, address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Scope {
    /// Each account.
    Account,
    /// Each account at one action.
    Action,
    /// Each key.
    Key,
    /// Each address.
    Address,
}

impl Scope {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Account, Self::Action, Self::Key, Self::Address];

    /// As it is written in configurations and commands.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Account => "account",
            Self::Action => "action",
            Self::Key => "key",
            Self::Address => "address",
        }
    }

    /// Reads [`Self::as_str`].
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|it| it.as_str() == text)
    }
}

/// The limits of a scope.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Limits {
    /// A rate.
    pub rate: Option<Rate>,
    /// A total a day.
    pub day: Option<NonZeroU64>,
    /// A total a month.
    pub month: Option<NonZeroU64>,
    /// Calls under way.
    pub at_once: Option<NonZeroU32>,
    /// Do they count calls, and not the items of a batch.
    pub in_calls: bool,
    /// Are they protective ones, of which nothing is told.
    pub hidden: bool,
}

/// The limits where nothing else is said, by scope.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Quotas {
    /// Of each account.
    pub account: Limits,
    /// Of each account at each action; the module's document goes before it.
    pub action: Limits,
    /// Of each key.
    pub key: Limits,
    /// Of each address.
    pub address: Limits,
}

/// Limits of one account, in place of what is said for all.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OwnQuota {
    /// Of what.
    pub scope: Scope,
    /// `cvm:RunInstances`, for one action.
    pub action: Option<String>,
    /// How much.
    pub limits: Limits,
}

/// What became of one cell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CellVerdict {
    /// The policy's name in the `RateLimit` header.
    pub name: &'static str,
    /// How much it gives.
    pub limit: Limit,
    /// In so many seconds; of calls under way there is none.
    pub window_s: u32,
    /// A protective limit, of which nothing is told.
    pub hidden: bool,
    /// Does it count calls, and not the items of a batch.
    pub in_calls: bool,
    /// Units left now.
    pub remaining: u64,
    /// Whole seconds until it is full again.
    pub reset_s: u32,
    /// Whole seconds until this call would pass, if it was refused by this cell.
    pub refused_for_s: Option<u32>,
}

/// What became of all cells of a call: taken from all, or from none.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Verdict {
    /// In the order in which they were asked.
    pub cells: SmallVec<[CellVerdict; 2]>,
    /// The call's place among those under way, where they are counted.
    pub place: Option<Arc<Place>>,
}

impl Verdict {
    /// The cell that refused, if one did.
    #[must_use]
    pub fn refused(&self) -> Option<&CellVerdict> {
        self.cells.iter().find(|cell| cell.refused_for_s.is_some())
    }
}

/// Whoever counts calls under way.
pub trait Leave: Send + Sync {
    /// A call that these cells count is over.
    fn leave(&self, keys: &[CellKey]);
}

/// A call that is counted while it is under way: dropped, by whatever way, it is over.
pub struct Place {
    keys: SmallVec<[CellKey; 2]>,
    kept_by: Arc<dyn Leave>,
}

impl Place {
    /// Of a call that these cells have counted.
    #[must_use]
    pub fn new(keys: SmallVec<[CellKey; 2]>, kept_by: Arc<dyn Leave>) -> Arc<Self> {
        Arc::new(Self { keys, kept_by })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.kept_by.leave(&self.keys);
    }
}

impl std::fmt::Debug for Place {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Place").field("keys", &self.keys).finish_non_exhaustive()
    }
}

impl PartialEq for Place {
    fn eq(&self, other: &Self) -> bool {
        self.keys == other.keys
    }
}

impl Eq for Place {}

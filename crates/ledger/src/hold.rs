//! `Hold`: a purchase's money, from the reservation to its one end.
//!
//! ```text
//!              send             answer(e)              settle
//!   reserved ────────► sending ──────────► answered(e) ──────► committed | released
//!      │ give back        │ doubt                                  ▲
//!      ▼                  ▼                 judge(e)               │
//!   released           in doubt ───────────────────────────────────┘
//! ```
//! After a crash (RELIABILITY 3): reserved was never sent and is given back; sending is in doubt,
//! and stays held until somebody knows; answered is settled from the saved answer.

use std::fmt;

use thiserror::Error;

use crate::balance::{Balance, Refused};
use crate::entry::{Entry, Move};
use crate::money::Money;

/// How a hold ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Ending {
    /// The module did it.
    Commit,
    /// The module did not do it.
    Release,
}

/// Where a hold is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum HoldState {
    /// Money set aside, nothing sent.
    Reserved,
    /// Written before the first byte goes upstream.
    Sending,
    /// The upstream answered, and this follows.
    Answered(Ending),
    /// Nobody knows what the upstream did: it stays held.
    InDoubt,
    /// Ended: spent.
    Committed,
    /// Ended: given back.
    Released,
}

/// What can happen to a hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Step {
    /// The call is about to be sent.
    Send,
    /// The upstream answered.
    Answer(Ending),
    /// What the answer says is booked.
    Settle,
    /// The call will not be sent.
    GiveBack,
    /// The call was sent and its answer is lost.
    Doubt,
    /// Somebody found out what happened to a call in doubt.
    Judge(Ending),
}

/// A text that names no state of a hold.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("`{0}` is not a state of a hold")]
pub struct UnknownHoldState(pub String);

impl HoldState {
    /// Every state.
    pub const ALL: [Self; 7] = [
        Self::Reserved,
        Self::Sending,
        Self::Answered(Ending::Commit),
        Self::Answered(Ending::Release),
        Self::InDoubt,
        Self::Committed,
        Self::Released,
    ];

    /// The name under which stores keep it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Reserved => "reserved",
            Self::Sending => "sending",
            Self::Answered(Ending::Commit) => "answered-commit",
            Self::Answered(Ending::Release) => "answered-release",
            Self::InDoubt => "in-doubt",
            Self::Committed => "committed",
            Self::Released => "released",
        }
    }

    /// The state of that name.
    ///
    /// # Errors
    /// There is none.
    pub fn parse(text: &str) -> Result<Self, UnknownHoldState> {
        let named = Self::ALL.into_iter().find(|state| state.as_str() == text);
        named.ok_or_else(|| UnknownHoldState(text.to_owned()))
    }

    /// Its money is neither spent nor given back.
    #[must_use]
    pub const fn is_open(self) -> bool {
        !matches!(self, Self::Committed | Self::Released)
    }

    /// The state after `step`, or none if a hold in this state does not take it.
    #[must_use]
    pub const fn after(self, step: Step) -> Option<Self> {
        match (self, step) {
            (Self::Reserved, Step::Send) => Some(Self::Sending),
            (Self::Reserved, Step::GiveBack) => Some(Self::Released),
            (Self::Sending, Step::Answer(ending)) => Some(Self::Answered(ending)),
            (Self::Sending, Step::Doubt) => Some(Self::InDoubt),
            (Self::Answered(ending), Step::Settle) | (Self::InDoubt, Step::Judge(ending)) => {
                Some(Self::ended(ending))
            }
            (
                Self::Reserved
                | Self::Sending
                | Self::Answered(_)
                | Self::InDoubt
                | Self::Committed
                | Self::Released,
                Step::Send
                | Step::Answer(_)
                | Step::Settle
                | Step::GiveBack
                | Step::Doubt
                | Step::Judge(_),
            ) => None,
        }
    }

    /// The step that a hold found after a crash has to take; none if it may lie as it is.
    #[must_use]
    pub const fn on_restart(self) -> Option<Step> {
        match self {
            Self::Reserved => Some(Step::GiveBack),
            Self::Sending => Some(Step::Doubt),
            Self::Answered(_) => Some(Step::Settle),
            Self::InDoubt | Self::Committed | Self::Released => None,
        }
    }

    const fn ended(ending: Ending) -> Self {
        match ending {
            Ending::Commit => Self::Committed,
            Ending::Release => Self::Released,
        }
    }
}

impl fmt::Display for HoldState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// Money set aside for one call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Hold {
    amount: Money,
    state: HoldState,
}

impl Hold {
    /// Sets `amount` aside.
    ///
    /// # Errors
    /// There is less available, or the amount cannot be booked. Nothing changed.
    pub fn reserve(balance: &mut Balance, amount: Money) -> Result<(Self, Entry), Refused> {
        let entry = balance.book(Move::Reserve, amount)?;
        Ok((Self { amount, state: HoldState::Reserved }, entry))
    }

    /// A hold as a store kept it.
    #[must_use]
    pub const fn restore(amount: Money, state: HoldState) -> Self {
        Self { amount, state }
    }

    /// How much.
    #[must_use]
    pub const fn amount(&self) -> Money {
        self.amount
    }

    /// Where it is.
    #[must_use]
    pub const fn state(&self) -> HoldState {
        self.state
    }

    /// Takes a step; the entry, if the step ends the hold.
    ///
    /// # Errors
    /// This hold does not take this step now, or its balance does not hold it. Nothing changed.
    pub fn step(&mut self, balance: &mut Balance, step: Step) -> Result<Option<Entry>, Refused> {
        let from = self.state;
        let next = from.after(step).ok_or(Refused::WrongStep { from, step })?;
        let way = match next {
            HoldState::Committed => Some(Move::Commit),
            HoldState::Released => Some(Move::Release),
            HoldState::Reserved
            | HoldState::Sending
            | HoldState::Answered(_)
            | HoldState::InDoubt => None,
        };
        let entry = way.map(|way| balance.book(way, self.amount)).transpose()?;
        self.state = next;
        Ok(entry)
    }
}

//! Money: integer micro-units, double entry, holds settled once.
//!
//! Money is reserved before a purchase is sent and committed or released after it, each exactly
//! once. When nobody knows what became of the call, it stays held: a guess is never booked.
//!
//! What always holds, at every prefix of a history:
//!
//! * the four ledger accounts of an account sum to zero ([`Balance::sum_micros`]);
//! * `available`, `held` and `revenue` are never negative, credit or not;
//! * a hold ends at most once ([`HoldState::after`]), by a commit only if it was sent;
//! * a step that is refused changes nothing.
//!
//! This crate does no I/O, reads no clock and knows no float. Stores keep a [`Balance`] and a
//! [`Hold`], hand them in within one transaction, and write down what comes back.
#![warn(clippy::arithmetic_side_effects, clippy::as_conversions)]

mod balance;
mod daily;
mod entry;
mod hold;
mod money;

pub use balance::{Balance, Refused, recompute};
pub use daily::{Capped, Daily};
pub use entry::{Entry, LedgerAccount, Move, UnknownLedgerAccount, UnknownMove};
pub use hold::{Ending, Hold, HoldState, Step, UnknownHoldState};
pub use money::{Currency, Money, NotMoney};

#[cfg(test)]
mod model;
#[cfg(test)]
mod simulation;
#[cfg(test)]
mod spec;

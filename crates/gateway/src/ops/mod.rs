//! What operators see.

pub mod access_log;
pub(crate) mod clock_steps;
mod key_uses;
pub(crate) mod metrics;
pub mod receipts;
pub mod tally;

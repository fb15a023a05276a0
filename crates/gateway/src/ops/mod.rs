//! What operators see.

pub mod access_log;
pub(crate) mod clock_steps;
pub mod receipts;
pub mod tally;

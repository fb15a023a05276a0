//! What operators see.

pub mod access_log;
pub mod receipts;
pub mod tally;

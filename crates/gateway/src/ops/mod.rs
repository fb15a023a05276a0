//! What operators see.

pub mod access_log;

//! Errors on purpose and a clock of its own: in a sandbox, and nowhere else.

mod clock;
mod faults;
mod outside;
mod reasons;
mod scenarios;

//! What a call costs between its first gate and the bytes of its answer: five reference calls.
//!
//! `scripts/counts` runs them optimised: under callgrind, which counts the instructions inside `reference_call` alone,
//! and on the clock. Counts repeat where times do not, so `instructions.json` beside this file keeps them, and the
//! script refuses a change of more than 2 %. In every other run the calls are tried once each: are they what they are called?

mod spec;

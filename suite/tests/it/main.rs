//! All end-to-end tests, one binary: `faregate demo` is started for real, and spoken to from outside.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "a test that cannot go on says so"
)]

mod access;
mod administration;
mod adopt;
mod authn;
mod browser;
mod client;
mod clients;
mod clocks;
mod codes;
mod corpus;
mod crash;
mod crash_matrix;
mod dialects;
mod dice;
mod documents;
mod doubts;
mod dry_run;
mod ends;
mod figures;
mod gate;
mod homes;
mod keep_alive;
mod lots;
mod maintenance;
mod metrics;
mod modules;
mod money;
mod notes;
mod objects;
mod page;
mod quota;
mod quotes;
mod raw;
mod receipts;
mod reference;
mod refunds;
mod reload;
mod replay;
mod sandbox;
mod serve;
mod shop;
mod tls;
mod tokens;
mod upstreams;
mod versions;
mod world;

//! The edge: listeners, TLS, HTTP. It reads requests and writes answers, and decides nothing.

pub(crate) mod accept;
mod admin;
mod http;
pub(crate) mod pages;
mod patience;
mod proxy;
mod sniff;
mod speak;
mod strict;
pub(crate) mod tls;
mod turn_away;

#[cfg(test)]
mod spec;

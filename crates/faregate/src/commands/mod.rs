//! One file a command; each has its arguments and what it does with them.

use faregate_pipeline::facts::Network;

pub(crate) mod account;
pub(crate) mod adopt;
pub(crate) mod audit;
pub(crate) mod call;
pub(crate) mod check;
pub(crate) mod clock;
pub(crate) mod codes;
mod credentials;
#[cfg(feature = "demo")]
pub(crate) mod demo;
pub(crate) mod doctor;
pub(crate) mod explain;
pub(crate) mod fault;
pub(crate) mod feedback;
pub(crate) mod identity;
pub(crate) mod init;
pub(crate) mod key;
pub(crate) mod keyring;
pub(crate) mod ledger;
pub(crate) mod maintenance;
pub(crate) mod migrate;
pub(crate) mod module;
pub(crate) mod policy;
pub(crate) mod quota;
mod receipt;
pub(crate) mod reload;
pub(crate) mod resources;
pub(crate) mod scenario;
pub(crate) mod serve;
pub(crate) mod shell;
pub(crate) mod sign;
mod signer;
pub(crate) mod store;
mod unbound;
pub(crate) mod upstream;

/// `name=value`, as calls are given on the command line.
pub(crate) fn parameter(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((name, value)) if !name.is_empty() => Ok((name.to_owned(), value.to_owned())),
        Some(_) | None => Err("write it as name=value, like limit=5".to_owned()),
    }
}

/// A block of addresses; `any` is none.
pub(crate) fn source(text: &str) -> Result<Option<Network>, String> {
    match (text, Network::parse(text)) {
        ("any", _) => Ok(None),
        (_, Some(network)) => Ok(Some(network)),
        (_, None) => Err("write 10.0.0.0/8, an address, or `any` for no list".to_owned()),
    }
}

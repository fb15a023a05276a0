//! Compute: an ordinary HTTP service that rents virtual machines, for the demo.
//!
//! It knows nothing of signing, quotas or money: whoever reaches it is believed. What it offers is
//! [`DOCUMENT`]; whose instances a call may see is the header `Faregate-Account`.
//! Everything it knows is in `compute.db`, so that it is the same service after a crash.

mod answer;
mod api;
mod fault;
mod instances;
mod lending;
mod offer;
mod parameters;
mod projects;
mod purchases;
mod route;
mod server;
#[cfg(test)]
mod spec;
mod store;

use std::path::Path;

pub use server::{run, run_at, serve};

/// The service's OpenAPI 3.1 document, as the gateway reads it.
pub const DOCUMENT: &str = include_str!("../openapi.yaml");

/// The images that can be booted. Any other `imageId` is module error 100008 or a fault on purpose.
pub const IMAGES: [&str; 3] = ["img-debian-12", "img-ubuntu-24", "img-rocky-9"];

/// Where `GET` tells tests what was executed; it is not in the document, so no gateway passes it on.
pub const EXECUTIONS: &str = "/_admin/executions";

/// Why the service cannot start or go on.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The data folder or a socket refused.
    #[error("compute cannot use its folder, its port or its standard output")]
    Io(#[from] std::io::Error),
    /// The database refused.
    #[error("compute cannot use compute.db")]
    Store(#[from] rusqlite::Error),
}

/// Gives an account a running instance with this id, unless the id is known already.
///
/// # Errors
/// When `compute.db` in the folder `data` cannot be opened or written.
pub fn seed(data: &Path, account_id: &str, instance_id: &str) -> Result<(), Error> {
    Ok(instances::seed(&store::Store::open(data)?, account_id, instance_id)?)
}

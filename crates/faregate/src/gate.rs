//! Starts a gateway with its pages, for `serve` and `demo` alike, and waits for the end.

use faregate_catalog::Catalog;
use faregate_gateway::config::Config;
use faregate_gateway::{Gateway, Running};
use faregate_stores::Stores;

use crate::exit::{Exit, Failure};
use crate::reference;

/// Starts it.
pub(crate) fn start(config: Config, catalog: Catalog, stores: Stores) -> Result<Running, Failure> {
    let site = reference::site(&config, &catalog, &stores);
    let pages = reference::pages(site, stores.clone());
    Gateway::start(config, catalog, stores, Some(pages))
        .map_err(|cause| Failure::new(Exit::Unexpected, cause))
}

/// Until Ctrl-C or SIGTERM.
pub(crate) async fn until_told_to_stop() -> std::io::Result<()> {
    let mut terminate = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate())?;
    tokio::select! {
        interrupted = tokio::signal::ctrl_c() => interrupted,
        _ = terminate.recv() => Ok(()),
    }
}

//! Starts a gateway with its pages, for `serve` and `demo` alike, and waits for the end.

use std::sync::Arc;

use faregate_catalog::{Catalog, Module};
use faregate_console::{ModuleErrorInfo, ModuleInfo, Site};
use faregate_gateway::config::Config;
use faregate_gateway::{Gateway, PageReply, Pages, Running};
use faregate_stores::Stores;

use crate::exit::{Exit, Failure};

/// Starts it.
pub(crate) fn start(config: Config, catalog: Catalog, stores: Stores) -> Result<Running, Failure> {
    let site = Site {
        base_domain: config.base_domain.clone(),
        support: config.support.clone(),
        modules: catalog.modules().iter().map(|module| module_info(module)).collect(),
    };
    let pages: Pages = Arc::new(move |asked| {
        let (query, language) = (asked.query.as_deref(), asked.accept_language.as_deref());
        let page = faregate_console::respond(&asked.path, query, language, &site);
        let reply = PageReply {
            status: page.status,
            content_type: page.content_type,
            body: page.body,
            headers: page.location.map(|to| ("location", to)).into_iter().collect(),
        };
        Box::pin(async move { reply })
    });
    Gateway::start(config, catalog, stores, Some(pages))
        .map_err(|cause| Failure::new(Exit::Unexpected, cause))
}

fn module_info(module: &Module) -> ModuleInfo {
    let errors = module.errors.iter().map(|(code, error)| ModuleErrorInfo {
        code: code.clone(),
        message: error.message.clone(),
        common_code: error.code,
        cause: error.cause.clone(),
        fix: error.fix.clone(),
    });
    ModuleInfo {
        name: module.name.clone(),
        title: module.title.clone(),
        domains: module.domains.clone(),
        errors: errors.collect(),
        actions: module.operations().map(|operation| operation.action.clone()).collect(),
    }
}

/// Until Ctrl-C or SIGTERM.
pub(crate) async fn until_told_to_stop() -> std::io::Result<()> {
    let mut terminate = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate())?;
    tokio::select! {
        interrupted = tokio::signal::ctrl_c() => interrupted,
        _ = terminate.recv() => Ok(()),
    }
}

//! Starts a gateway with its pages, for `serve` and `demo` alike, and waits for the end.

use std::sync::Arc;

use faregate_catalog::Catalog;
use faregate_gateway::config::Config;
use faregate_gateway::reload::{Control, Status};
use faregate_gateway::{Gateway, Running};
use faregate_stores::Stores;
use tokio::signal::unix::{SignalKind, signal};

use crate::exit::{Exit, Failure};
use crate::{output, reference};

/// Starts it.
pub(crate) fn start(config: Config, catalog: Catalog, stores: Stores) -> Result<Running, Failure> {
    let pages = reference::pages(stores.clone());
    Gateway::start(config, catalog, stores, Some(pages))
        .map_err(|cause| Failure::new(Exit::Unexpected, cause))
}

/// Until Ctrl-C or SIGTERM; SIGHUP reads configuration and documents anew. What becomes of a reload is said.
pub(crate) async fn until_told_to_stop(control: &Arc<Control>) -> std::io::Result<()> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut hangup = signal(SignalKind::hangup())?;
    let mut interrupted = std::pin::pin!(tokio::signal::ctrl_c());
    let mut reloads = control.listen();
    loop {
        tokio::select! {
            interrupted = &mut interrupted => return interrupted,
            _ = terminate.recv() => return Ok(()),
            _ = hangup.recv() => {
                let control = Arc::clone(control);
                // What came of it is told below, as of any other reload.
                tokio::task::spawn_blocking(move || drop(control.reload("SIGHUP")));
            }
            Ok(()) = reloads.changed() => say(&reloads.borrow_and_update()),
        }
    }
}

/// Until it is told to stop and what was under way has ended, its time is over, or it is told once more.
pub(crate) async fn until_ended(gateway: Running) -> Result<(), Failure> {
    until_told_to_stop(gateway.control()).await?;
    let deadline = gateway.deadline();
    output::note(format_args!(
        "stopping: nothing more is accepted, calls under way have {} s; once more ends at once",
        deadline.as_secs()
    ));
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    let ending = tokio::task::spawn_blocking(move || gateway.stop(deadline));
    tokio::select! {
        ended = ending => {
            if !ended.unwrap_or(false) {
                output::note("the time is over: what was still under way is left as it is");
            }
            Ok(())
        }
        _ = terminate.recv() => Err(Failure::silent(Exit::Terminated)),
        _ = interrupt.recv() => Err(Failure::silent(Exit::Interrupted)),
    }
}

fn say(status: &Status) {
    let because = status.because;
    if !status.good {
        output::note(status.faults.trim_end());
        output::note(format_args!(
            "not reloaded ({because}): what was loaded before goes on; mend it, and it is read again"
        ));
        return;
    }
    for warning in &status.warnings {
        output::note(warning.trim_end());
    }
    let (modules, actions) = (status.modules, status.actions);
    output::note(format_args!("reloaded ({because}): {modules} modules, {actions} actions"));
    if !status.waits_for_restart.is_empty() {
        let keys = status.waits_for_restart.join(", ");
        output::note(format_args!("note: a restart is needed for what changed at {keys}"));
    }
}

//! Reload: configuration and documents are read aside, checked whole, and take their place between two calls.
//!
//! ```text
//! SIGHUP ─┐
//! a file changed ─┼─► read and checked aside ─► good: every worker's desk gets a new driver
//! `faregate reload` ─┘                        └► bad: nothing changes; the faults are logged, shown and counted
//! ```
//! Invariant: a bad file never replaces a good one. What is bound to the start (listeners, the data folder, the
//! sandbox, all that decides which nonces are kept) stays as it was, and is named.

mod files;
mod remember;
pub mod socket;

use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use faregate_catalog::Catalog;
use faregate_pipeline::time::Millis;
use serde::Serialize;
use serde_json::json;
use tokio::sync::watch;

use crate::clock;
use crate::config::{self, Config, Fault, Faults};
use crate::desk::Desk;
use crate::edge::tls::{self, Certificates};
use crate::shared::Shared;
use files::Files;

/// What became of the last reload, or of the start.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Status {
    /// How often something was loaded; the start is the first time.
    pub generation: u64,
    /// When what is served now was loaded.
    pub loaded_at: i64,
    /// When something was last read, good or bad.
    pub read_at: i64,
    /// Was it good?
    pub good: bool,
    /// What asked for it: the start, a signal, a changed file, a command.
    pub because: &'static str,
    /// Every fault, rendered; empty when it was good.
    pub faults: String,
    /// What is allowed but probably not meant, rendered.
    pub warnings: Vec<String>,
    /// Keys whose new values wait for a restart.
    pub waits_for_restart: Vec<&'static str>,
    /// How many modules are served.
    pub modules: usize,
    /// How many actions they have.
    pub actions: usize,
}

/// Reloads, counted and told: for metrics, `faregate status` and whoever waits.
#[derive(Debug)]
pub(crate) struct Reloads {
    pub(crate) n_good: AtomicU64,
    pub(crate) n_refused: AtomicU64,
    told: watch::Sender<Arc<Status>>,
}

impl Reloads {
    pub(crate) fn started(config: &Config, catalog: &Catalog) -> Self {
        let now = clock::machine().as_ms();
        let (modules, actions) = count(catalog);
        let status = Status {
            generation: 1,
            loaded_at: now,
            read_at: now,
            good: true,
            because: "start",
            faults: String::new(),
            warnings: config.warnings.clone(),
            waits_for_restart: Vec::new(),
            modules,
            actions,
        };
        let (told, _) = watch::channel(Arc::new(status));
        Self { n_good: AtomicU64::new(1), n_refused: AtomicU64::new(0), told }
    }

    pub(crate) fn status(&self) -> Arc<Status> {
        Arc::clone(&self.told.borrow())
    }

    /// Tells of every reload from now on.
    pub(crate) fn listen(&self) -> watch::Receiver<Arc<Status>> {
        self.told.subscribe()
    }
}

fn count(catalog: &Catalog) -> (usize, usize) {
    let modules = catalog.modules();
    (modules.len(), modules.iter().map(|module| module.operations().count()).sum())
}

/// Replaces what the workers serve.
#[derive(Debug)]
pub struct Control {
    file: Option<PathBuf>,
    certificates: Arc<Certificates>,
    desks: Mutex<Vec<Weak<Desk>>>,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    shared: Arc<Shared>,
    /// What calls or connections may still hold. Ended here, so that no worker has to take a catalog apart.
    before: Vec<Arc<Shared>>,
    files: Files,
}

impl Control {
    pub(crate) fn new(shared: Arc<Shared>, certificates: Arc<Certificates>) -> Self {
        let config = &shared.config;
        let files = Files::of(&config.files);
        let file = config.file.clone();
        let state = Mutex::new(State { shared, before: Vec::new(), files });
        Self { file, certificates, desks: Mutex::default(), state }
    }

    /// One more worker that serves.
    pub(crate) fn seat(&self, desk: &Arc<Desk>) {
        // Locked in the order of `reload`: a worker that comes meanwhile is served the same.
        let state = self.state();
        let mut desks = self.desks.lock().unwrap_or_else(PoisonError::into_inner);
        if !Arc::ptr_eq(&desk.driver().shared, &state.shared) {
            desk.seat(desk.driver().renewed(Arc::clone(&state.shared)));
        }
        desks.push(Arc::downgrade(desk));
    }

    /// What is served now.
    #[must_use]
    pub(crate) fn shared(&self) -> Arc<Shared> {
        Arc::clone(&self.state().shared)
    }

    /// What became of the last reload.
    #[must_use]
    pub fn status(&self) -> Arc<Status> {
        self.shared().reloads.status()
    }

    /// Tells of every reload from now on.
    #[must_use]
    pub fn listen(&self) -> watch::Receiver<Arc<Status>> {
        self.shared().reloads.listen()
    }

    /// Reads configuration and documents anew, and serves them from the next call on. It takes as long as reading
    /// takes: not for a worker's thread.
    ///
    /// # Errors
    /// Every fault that was found; then nothing has changed.
    pub fn reload(&self, because: &'static str) -> Result<Arc<Status>, Faults> {
        let status = self.activate(because)?;
        self.remember(because);
        Ok(status)
    }

    /// The same by somebody who keeps and notes what is new by himself.
    pub(crate) fn activate(&self, because: &'static str) -> Result<Arc<Status>, Faults> {
        let mut state = self.state();
        self.replace(&mut state, because)
    }

    /// Reloads if a file has changed since it was read; called again and again.
    pub(crate) fn look(&self) {
        let mut state = self.state();
        state.before.retain(|shared| Arc::strong_count(shared) > 1);
        if state.files.have_changed() {
            // What came of it is told to everybody who listens.
            let is_good = self.replace(&mut state, A_FILE).is_ok();
            drop(state);
            if is_good {
                self.remember(A_FILE);
            }
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // Each change of it is one assignment.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn replace(&self, state: &mut State, because: &'static str) -> Result<Arc<Status>, Faults> {
        let read = self.read(state);
        let (now, before) = (clock::machine().as_ms(), state.shared.reloads.status());
        let reloads = |shared: &Shared, status: Status| {
            let status = Arc::new(status);
            log(shared, &status);
            shared.reloads.told.send_replace(Arc::clone(&status));
            status
        };
        let (config, catalog, certificates, waits_for_restart) = match read {
            Ok(read) => read,
            Err(faults) => {
                state.shared.reloads.n_refused.fetch_add(1, Ordering::Relaxed);
                let said = faults.render(false);
                let status = Status::clone(&before);
                let refused = Status { read_at: now, good: false, because, faults: said, ..status };
                reloads(&state.shared, refused);
                return Err(faults);
            }
        };
        let ((modules, actions), warnings) = (count(&catalog), config.warnings.clone());
        let shared = state.shared.renewed(config, catalog);
        self.certificates.show(certificates);
        self.serve(&shared);
        let old = std::mem::replace(&mut state.shared, Arc::clone(&shared));
        state.before.push(old);
        state.before.retain(|shared| Arc::strong_count(shared) > 1);
        shared.reloads.n_good.fetch_add(1, Ordering::Relaxed);
        let status = Status {
            generation: before.generation.saturating_add(1),
            loaded_at: now,
            read_at: now,
            good: true,
            because,
            faults: String::new(),
            warnings,
            waits_for_restart,
            modules,
            actions,
        };
        Ok(reloads(&shared, status))
    }

    fn read(&self, state: &mut State) -> Result<Read, Faults> {
        let Some(file) = &self.file else {
            let say = "this gateway was started without a configuration file: there is nothing to read again";
            return Err(Faults::of(Fault::plain(say.to_owned())));
        };
        let mut named = vec![file.clone()];
        // Looked at first: a file that changes while it is read is read again.
        let looked = Files::of(&state.shared.config.files);
        let loaded = config::load_after(file, &state.shared.catalog, &mut named, &[]);
        state.files = Files::read(&looked, &named);
        let loaded = loaded?;
        let (config, waits) = bound_to_the_start(loaded.config, &state.shared.config);
        let names = tls::names(&config, &loaded.catalog);
        let certificates = self.certificates.prepare(&config, names).map_err(|cause| {
            Faults::of(Fault::plain(format!("the certificates cannot be used: {cause}")))
        })?;
        Ok((config, loaded.catalog, certificates, waits))
    }

    fn serve(&self, shared: &Arc<Shared>) {
        let mut desks = self.desks.lock().unwrap_or_else(PoisonError::into_inner);
        desks.retain(|desk| {
            let Some(desk) = desk.upgrade() else { return false };
            desk.seat(desk.driver().renewed(Arc::clone(shared)));
            true
        });
    }
}

/// Why something is read again that nobody asked for.
const A_FILE: &str = "a changed file";

/// What was read, and the keys that wait for a restart.
type Read = (Config, Catalog, tls::Shown, Vec<&'static str>);

/// What a running gateway cannot change, as it is; and which of it the file says otherwise by now.
fn bound_to_the_start(read: Config, running: &Config) -> (Config, Vec<&'static str>) {
    let kept = Config {
        listen: running.listen,
        asked: running.asked,
        data: running.data.clone(),
        stores: running.stores.clone(),
        sandbox: running.sandbox,
        seed: running.seed,
        replay: running.replay,
        validity: running.validity,
        access_log: running.access_log.clone(),
        limits: config::Limits { workers: running.limits.workers, ..read.limits },
        pages_url: if read.pages_url.is_empty() {
            running.pages_url.clone()
        } else {
            read.pages_url.clone()
        },
        ..read.clone()
    };
    let waits = [
        ("listen", read.asked != running.asked),
        ("data", read.data != kept.data),
        ("stores", read.stores != kept.stores),
        ("sandbox", read.sandbox != kept.sandbox),
        ("faults.seed", read.seed != kept.seed),
        ("replay", read.replay != kept.replay),
        ("validity.period_s", read.validity != kept.validity),
        ("log.access", read.access_log != kept.access_log),
        ("limits.workers", read.limits.workers != kept.limits.workers),
    ];
    let waits = waits.into_iter().filter(|(_, differs)| *differs).map(|(key, _)| key).collect();
    (kept, waits)
}

fn log(shared: &Shared, status: &Status) {
    shared.log.event(&json!({
        "time_ms": Millis::as_ms(clock::machine()),
        "event": "reload",
        "good": status.good,
        "because": status.because,
        "generation": status.generation,
        "modules": status.modules,
        "actions": status.actions,
        "faults": status.faults,
        "waits_for_restart": status.waits_for_restart,
    }));
}

#[cfg(test)]
mod spec;

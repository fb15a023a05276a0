//! What can be measured from outside, in Prometheus' text format: the names are here, in one place.
//!
//! Labels are bounded: modules and actions are those of the documents, codes, gates and reasons those of the
//! contract, servers those of the configuration. An account or a key is never a label.

mod cells;
mod process;
mod text;

use std::collections::BTreeMap;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, PoisonError};

use faregate_catalog::Catalog;
use faregate_contract::Code;
use faregate_pipeline::order::ORDER;
use faregate_pipeline::pages::PAGES;
use faregate_pipeline::time::Millis;

use crate::edge::accept::Crowd;
use crate::in_flight::InFlight;
use crate::shared::Shared;
use crate::upstream::servers::ServerStatus;
use cells::{Action, Book, CODES, Ends, TimesRead};
pub(crate) use cells::{Meters, Spent};
use text::{Kind, Text};

/// The content type of what [`Metrics::text`] writes.
pub(crate) const CONTENT_TYPE: &str = "text/plain; version=0.0.4; charset=utf-8";

/// The label of calls that came to no action.
const NONE: &str = "none";

/// Where everything that counts is known.
#[derive(Debug)]
pub(crate) struct Metrics {
    started: Millis,
    books: Mutex<Vec<Arc<Book>>>,
    doors: Mutex<Vec<(&'static str, Arc<Crowd>)>>,
}

/// A worker's own cells, kept over every change of the catalog.
#[derive(Clone, Debug)]
pub(crate) struct Ledger(Arc<Book>);

impl Ledger {
    /// Handles for this catalog's actions.
    pub(crate) fn meters(&self, catalog: &Catalog) -> Arc<Meters> {
        Arc::new(Meters::new(Arc::clone(&self.0), catalog))
    }

    pub(crate) fn in_flight(&self) -> Arc<InFlight> {
        Arc::clone(&self.0.in_flight)
    }
}

impl Metrics {
    pub(crate) fn new(started: Millis) -> Self {
        Self { started, books: Mutex::default(), doors: Mutex::default() }
    }

    /// Cells for one more worker.
    pub(crate) fn worker(&self) -> Ledger {
        let book = Arc::<Book>::default();
        self.books.lock().unwrap_or_else(PoisonError::into_inner).push(Arc::clone(&book));
        Ledger(book)
    }

    /// A listener, whose connections are counted.
    pub(crate) fn door(&self, name: &'static str, crowd: &Arc<Crowd>) {
        let mut doors = self.doors.lock().unwrap_or_else(PoisonError::into_inner);
        doors.push((name, Arc::clone(crowd)));
    }

    /// Everything, as it is now.
    pub(crate) async fn text(&self, shared: &Shared) -> String {
        let mut text = Text::default();
        let books = self.books.lock().unwrap_or_else(PoisonError::into_inner).clone();
        requests(&mut text, &books);
        durations(&mut text, &books);
        reasons(&mut text, shared);
        self.now(&mut text, &books);
        stores(&mut text, shared).await;
        reloads(&mut text, shared);
        upstreams(&mut text, shared);
        let version = [("version", env!("CARGO_PKG_VERSION"))];
        text.family("faregate_build_info", Kind::Gauge, "Always 1; the version is a label.");
        text.sample(&version, 1);
        process::write(&mut text, self.started.as_ms());
        text.finish()
    }

    fn now(&self, text: &mut Text, books: &[Arc<Book>]) {
        let in_flight = books.iter().map(|book| book.in_flight.count()).sum();
        let help = "Calls that are under way.";
        text.one("faregate_requests_in_flight", Kind::Gauge, help, in_flight);
        text.family("faregate_connections", Kind::Gauge, "Open connections, by listener.");
        for (name, crowd) in self.doors.lock().unwrap_or_else(PoisonError::into_inner).iter() {
            text.sample(&[("listener", name)], crowd.count());
        }
    }
}

/// The label of a place among codes.
fn code_label(place: usize) -> String {
    Code::ALL.get(place).map_or("other".to_owned(), |code| code.number().to_string())
}

fn sum(into: &mut [u64; CODES], ends: &Ends) {
    for (sum, n) in into.iter_mut().zip(ends.read()) {
        *sum = sum.saturating_add(n);
    }
}

fn requests(text: &mut Text, books: &[Arc<Book>]) {
    let mut actions: BTreeMap<Action, [u64; CODES]> = BTreeMap::new();
    let mut gates = [[0_u64; CODES]; ORDER.len()];
    for book in books {
        for (action, ends) in &*book.actions.lock().unwrap_or_else(PoisonError::into_inner) {
            sum(actions.entry(action.clone()).or_default(), ends);
        }
        sum(actions.entry((NONE.to_owned(), NONE.to_owned())).or_default(), &book.strays);
        for (sums, ends) in gates.iter_mut().zip(&book.gates) {
            sum(sums, ends);
        }
    }
    text.family("faregate_requests_total", Kind::Counter, "Calls that were answered, by code.");
    for ((module, action), ends) in &actions {
        for (place, n) in ends.iter().enumerate().filter(|(_, n)| **n > 0) {
            let code = code_label(place);
            text.sample(&[("module", module), ("action", action), ("code", &code)], *n);
        }
    }
    let help = "Calls that were refused, by the gate that refused.";
    text.family("faregate_refusals_total", Kind::Counter, help);
    for (gate, ends) in ORDER.iter().zip(&gates) {
        for (place, n) in ends.iter().enumerate().filter(|(_, n)| **n > 0) {
            text.sample(&[("gate", gate.name), ("code", &code_label(place))], *n);
        }
    }
}

fn durations(text: &mut Text, books: &[Arc<Book>]) {
    let mut modules: BTreeMap<String, (TimesRead, TimesRead)> = BTreeMap::new();
    let mut own = TimesRead::default();
    for book in books {
        own.add(&book.own);
        for (module, times) in &*book.modules.lock().unwrap_or_else(PoisonError::into_inner) {
            let (whole, upstream) = modules.entry(module.clone()).or_default();
            whole.add(&times.whole);
            upstream.add(&times.upstream);
        }
    }
    let help = "From a call's head to its answer, by module.";
    text.family("faregate_request_duration_seconds", Kind::Histogram, help);
    for (module, (whole, _)) in &modules {
        text.histogram(&[("module", module)], whole);
    }
    let help = "The module's part of a call.";
    text.family("faregate_upstream_duration_seconds", Kind::Histogram, help);
    for (module, (_, upstream)) in &modules {
        text.histogram(&[("module", module)], upstream);
    }
    let help = "The gateway's own part of every call, without the module's.";
    text.family("faregate_gateway_duration_seconds", Kind::Histogram, help);
    text.histogram(&[], &own);
}

/// Each reason has its sample from the start, so that a rate over its first refusal is right.
fn reasons(text: &mut Text, shared: &Shared) {
    let help = "Refusals by reason, of whole calls and of items of batches.";
    text.family("faregate_refusal_reasons_total", Kind::Counter, help);
    for page in PAGES {
        let code = page.code.number();
        for reason in page.reasons {
            let n = shared.tally.count(code, reason.as_str());
            text.sample(&[("code", &code.to_string()), ("reason", reason.as_str())], n);
        }
    }
}

fn reloads(text: &mut Text, shared: &Shared) {
    let (reloads, status) = (&shared.reloads, shared.reloads.status());
    let help = "Times that configuration and documents were read, by whether they were good.";
    text.family("faregate_config_reloads_total", Kind::Counter, help);
    for (result, n) in [("good", &reloads.n_good), ("refused", &reloads.n_refused)] {
        text.sample(&[("result", result)], n.load(Ordering::Relaxed));
    }
    let help =
        "1 if the last reading was good; 0 if it was refused, and what was before is served.";
    text.one("faregate_config_last_reload_successful", Kind::Gauge, help, u64::from(status.good));
    let help = "When what is served now was loaded, since the epoch.";
    text.family("faregate_config_last_reload_success_timestamp_seconds", Kind::Gauge, help);
    text.seconds(&[], status.loaded_at);
    let waits = u64::try_from(status.waits_for_restart.len()).unwrap_or(u64::MAX);
    let help = "Keys of the configuration whose new values wait for a restart.";
    text.one("faregate_config_waiting_for_restart", Kind::Gauge, help, waits);
    text.one("faregate_modules", Kind::Gauge, "Modules that are served.", n(status.modules));
    text.one("faregate_actions", Kind::Gauge, "Actions that they have.", n(status.actions));
}

fn upstreams(text: &mut Text, shared: &Shared) {
    let all = shared.targets.status();
    let mut family = |name, kind, help: &str, value: &dyn Fn(&ServerStatus) -> u64| {
        text.family(name, kind, help);
        for one in &all {
            text.sample(&[("module", &one.module), ("server", &one.server)], value(one));
        }
    };
    let help = "1 if the server takes calls; 0 while it rests after failures.";
    family("faregate_upstream_up", Kind::Gauge, help, &|it| u64::from(it.health == "up"));
    let help = "1 while the server gets no new calls, by an operator's word.";
    family("faregate_upstream_drained", Kind::Gauge, help, &|it| u64::from(it.drained));
    let help = "Calls that are under way at the server.";
    family("faregate_upstream_requests_in_flight", Kind::Gauge, help, &|it| n(it.in_flight));
    let help = "Calls that the server was given.";
    family("faregate_upstream_requests_total", Kind::Counter, help, &|it| it.calls);
    let help = "Times that the server was put to rest.";
    family("faregate_upstream_ejections_total", Kind::Counter, help, &|it| it.ejected);
}

fn n(count: usize) -> u64 {
    u64::try_from(count).unwrap_or(u64::MAX)
}

async fn stores(text: &mut Text, shared: &Shared) {
    let up = u64::from(shared.stores.healthy().await.is_ok());
    let help = "1 if claims can be taken and money can be written.";
    text.one("faregate_stores_up", Kind::Gauge, help, up);
    if let Ok(doubts) = shared.stores.doubts().await {
        let n = n(doubts.len());
        let help = "Purchases whose outcome nobody knows yet.";
        text.one("faregate_holds_in_doubt", Kind::Gauge, help, n);
    }
    let help = "What operators took out of service: modules and actions.";
    let switches =
        n(shared.stores.switches().len().saturating_add(shared.config.maintenance.len()));
    text.one("faregate_switches", Kind::Gauge, help, switches);
}

#[cfg(test)]
mod spec;

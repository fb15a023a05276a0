//! What all workers share: what lasts as long as the process, and what a reload replaces.

use std::ops::Deref;
use std::sync::{Arc, OnceLock, Weak};

use faregate_catalog::Catalog;
use faregate_contract::Refusal;
use faregate_contract::envelope::Voice;
use faregate_pipeline::replay::Prints;
use faregate_pipeline::{authn, availability, parameters, replay, validity};
use faregate_stores::Stores;

use crate::clock::{self, Clock};
use crate::config::Config;
use crate::echo::Echoes;
use crate::inquiries::Inquiries;
use crate::ops::access_log::AccessLog;
use crate::ops::metrics::Metrics;
use crate::ops::tally::Tally;
use crate::reload::{Control, Reloads};
use crate::sandbox::Faults;
use crate::tokens::Tokens;
use crate::upstream::servers::{NoServer, Pick, Targets};

/// What lasts as long as the process.
#[derive(Debug)]
pub struct Kept {
    /// What survives.
    pub stores: Stores,
    /// The only reader of time.
    pub clock: Clock,
    /// Makes replay identities.
    pub prints: Prints,
    /// How often each reason was given.
    pub tally: Arc<Tally>,
    /// One line a call.
    pub log: AccessLog,
    /// What is measured.
    pub(crate) metrics: Metrics,
    /// What was loaded, and when.
    pub(crate) reloads: Reloads,
    /// Faults on purpose; none where there is no sandbox.
    pub(crate) faults: Option<Faults>,
    /// The tokens whose calls are under way.
    pub tokens: Arc<Tokens>,
    /// Answers for copies of calls without a Nonce.
    pub(crate) echoes: Echoes,
    /// How often mistakes in signatures are looked for.
    pub(crate) inquiries: Inquiries,
    /// Who replaces what is served.
    control: OnceLock<Weak<Control>>,
}

/// One installation, as its workers see it: each call has one of these from its beginning to its end, and a
/// reload makes another.
#[derive(Debug)]
pub struct Shared {
    kept: Arc<Kept>,
    /// Where everything stands and how strict it is.
    pub config: Arc<Config>,
    /// What the modules offer.
    pub catalog: Arc<Catalog>,
    /// What the installation says of itself.
    pub voice: Voice,
    /// How signatures are judged.
    pub authn: authn::Policy,
    /// How copies are told.
    pub replay: replay::Policy,
    /// How stamps are judged.
    pub validity: validity::Policy,
    /// How much a request may bring.
    pub limits: parameters::Limits,
    /// The servers of each module.
    pub(crate) targets: Targets,
}

impl Deref for Shared {
    type Target = Kept;

    fn deref(&self) -> &Kept {
        &self.kept
    }
}

impl Shared {
    /// Takes everything over.
    ///
    /// # Errors
    /// The access log could not be opened.
    pub fn new(config: Config, catalog: Catalog, stores: Stores) -> std::io::Result<Arc<Self>> {
        let kept = Kept {
            prints: Prints::new(stores.print_secret()),
            tally: Arc::default(),
            log: AccessLog::open(&config.access_log)?,
            metrics: Metrics::new(clock::machine()),
            reloads: Reloads::started(&config, &catalog),
            echoes: Echoes::default(),
            inquiries: Inquiries::new().map_err(std::io::Error::other)?,
            faults: config.sandbox.then(Faults::default),
            clock: Clock::ahead_by(stores.clock_ahead()),
            tokens: Arc::default(),
            control: OnceLock::new(),
            stores,
        };
        Ok(Self::of(Arc::new(kept), config, catalog, &Targets::default()))
    }

    /// The same installation with another configuration and catalog: what lasts goes along.
    #[must_use]
    pub fn renewed(&self, config: Config, catalog: Catalog) -> Arc<Self> {
        Self::of(Arc::clone(&self.kept), config, catalog, &self.targets)
    }

    /// Says who replaces it; there is one from the start on.
    pub(crate) fn controlled_by(&self, control: &Arc<Control>) {
        // Said twice, it is the same one.
        let _ = self.kept.control.set(Arc::downgrade(control));
    }

    /// Who replaces what is served; none if nobody does.
    pub(crate) fn control(&self) -> Option<Arc<Control>> {
        self.kept.control.get().and_then(Weak::upgrade)
    }

    fn of(kept: Arc<Kept>, config: Config, catalog: Catalog, targets: &Targets) -> Arc<Self> {
        Arc::new(Self {
            kept,
            voice: Voice { pages: config.pages_url.clone(), support: config.support.clone() },
            authn: authn::Policy { sandbox: config.sandbox, weakest: config.min_signature },
            replay: replay::Policy {
                identity: config.replay.identity,
                refuse_last_nonce: config.replay.refuse_last_nonce,
                window_s: config.replay.window_s,
                default_rate: config.default_rate,
            },
            validity: validity::Policy {
                window_s: config.replay.window_s,
                period_s: config.validity.period_s,
            },
            limits: parameters::Limits {
                query_bytes_max: config.limits.query_bytes_max,
                parameters_max: config.limits.parameters_max,
            },
            targets: Targets::after(targets, &catalog, &config.servers),
            catalog: Arc::new(catalog),
            config: Arc::new(config),
        })
    }

    /// The server that takes a call of this module; none where the gateway itself does.
    ///
    /// # Errors
    /// 6200, with the time to wait: nothing was sent.
    pub(crate) fn admit(&self, module: &str) -> Result<Option<Pick>, Refusal> {
        let Some(target) = self.targets.of(module) else { return Ok(None) };
        target.pick(self.clock.now()).map(Some).map_err(|none| match none {
            NoServer::Resting(wait_ms) => availability::breaker_open(module, wait_ms),
            NoServer::Drained => availability::drained(module),
        })
    }

    /// Another server for a call of which this one has seen nothing.
    pub(crate) fn instead(&self, module: &str, failed: &Pick) -> Option<Pick> {
        self.targets.of(module)?.instead(failed, self.clock.now())
    }
}

//! What all workers share: what lasts as long as the process, and what a reload replaces.

use std::collections::HashMap;
use std::ops::Deref;
use std::sync::{Arc, Mutex};

use faregate_catalog::Catalog;
use faregate_contract::envelope::Voice;
use faregate_pipeline::availability::breaker::{Breaker, Policy as BreakerPolicy};
use faregate_pipeline::replay::Prints;
use faregate_pipeline::{authn, parameters, replay, validity};
use faregate_stores::Stores;

use crate::clock::{self, Clock};
use crate::config::Config;
use crate::echo::Echoes;
use crate::inquiries::Inquiries;
use crate::ops::access_log::AccessLog;
use crate::ops::metrics::Metrics;
use crate::ops::tally::Tally;
use crate::reload::Reloads;
use crate::sandbox::Faults;
use crate::tokens::Tokens;

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
    breakers: HashMap<String, Arc<Mutex<Breaker>>>,
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
            stores,
        };
        Ok(Self::of(Arc::new(kept), config, catalog, &HashMap::new()))
    }

    /// The same installation with another configuration and catalog: what lasts goes along.
    #[must_use]
    pub fn renewed(&self, config: Config, catalog: Catalog) -> Arc<Self> {
        Self::of(Arc::clone(&self.kept), config, catalog, &self.breakers)
    }

    fn of(
        kept: Arc<Kept>,
        config: Config,
        catalog: Catalog,
        breakers: &HashMap<String, Arc<Mutex<Breaker>>>,
    ) -> Arc<Self> {
        let breaker =
            |name: &String| (name.clone(), breakers.get(name).cloned().unwrap_or_default());
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
            breakers: catalog.modules().iter().map(|module| breaker(&module.name)).collect(),
            catalog: Arc::new(catalog),
            config: Arc::new(config),
        })
    }

    /// May a call go to this module now; if not, for how many milliseconds not.
    ///
    /// # Errors
    /// The time to wait, in milliseconds.
    pub fn admit(&self, module: &str) -> Result<(), i64> {
        self.breaker(module, |breaker| breaker.admit(self.clock.now(), BreakerPolicy::default()))
            .unwrap_or(Ok(()))
    }

    /// Tells the breaker how a call went.
    pub fn report(&self, module: &str, is_fault: bool) {
        let now = self.clock.now();
        self.breaker(module, |breaker| {
            if is_fault {
                breaker.failed(now, BreakerPolicy::default());
            } else {
                breaker.succeeded();
            }
        });
    }

    fn breaker<T>(&self, module: &str, ask: impl FnOnce(&mut Breaker) -> T) -> Option<T> {
        // A breaker is a plain value: a panic over it leaves nothing half done.
        let lock = self.breakers.get(module)?;
        let mut breaker = lock.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        Some(ask(&mut breaker))
    }
}

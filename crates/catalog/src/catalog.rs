//! The catalog: every module that is offered, and how to find it.

use std::collections::HashMap;
use std::sync::Arc;

use crate::diagnostic::{Diagnostic, Report, Severity};
use crate::document::{Document, Source};
use crate::module::{Module, NotAnUpstream, Upstream};

/// What the documents do not say.
#[derive(Clone, Copy, Debug)]
pub struct Settings<'a> {
    /// The domain below which every module has its own: `api.qcloud.com`.
    pub base_domain: &'a str,
}

/// All modules, checked and compiled.
#[derive(Clone, Debug, Default)]
pub struct Catalog {
    modules: Vec<Arc<Module>>,
    /// The gateway's own actions.
    own: Option<Arc<Module>>,
    by_domain: HashMap<String, Arc<Module>>,
    by_action: HashMap<String, Vec<Arc<Module>>>,
    /// Below these a module answers for every region, too: `<module>.<region>.<base domain>`.
    regional: Vec<String>,
    operation_count: usize,
}

/// What came of loading.
#[derive(Debug)]
pub struct Loaded {
    /// The catalog; `None` exactly when a diagnostic is an error: a bad file never replaces a good one.
    pub catalog: Option<Catalog>,
    /// Every problem of every document.
    pub diagnostics: Vec<Diagnostic>,
}

impl Catalog {
    /// Loads the documents: all of them or none.
    #[must_use]
    pub fn load(sources: &[Source<'_>], settings: &Settings<'_>) -> Loaded {
        let mut diagnostics = Vec::new();
        let mut modules: Vec<Module> = Vec::new();
        for source in sources {
            match Document::parse(*source) {
                Ok(document) => {
                    let mut report = Report::new(&document);
                    let module = Module::read(&mut report, settings.base_domain);
                    if let Some(module) = &module {
                        check_apart(&mut report, module, &modules);
                    }
                    diagnostics.extend(report.finish());
                    modules.extend(module);
                }
                Err(diagnostic) => diagnostics.push(diagnostic),
            }
        }
        let failed = diagnostics.iter().any(|diagnostic| diagnostic.severity == Severity::Error);
        let own = Document::parse(crate::builtin::SOURCE).ok();
        let own = own.and_then(|own| Module::read(&mut Report::new(&own), settings.base_domain));
        Loaded { catalog: (!failed).then(|| Self::of(modules, own)), diagnostics }
    }

    /// A catalog without modules.
    #[must_use]
    pub fn empty() -> Self {
        Self::default()
    }

    fn of(mut modules: Vec<Module>, mut own: Option<Module>) -> Self {
        modules.sort_by(|a, b| a.name.cmp(&b.name));
        let mut operation_count = 0;
        for module in &mut modules {
            operation_count = module.number(operation_count);
        }
        if let Some(own) = &mut own {
            operation_count = own.number(operation_count);
        }
        let modules = modules.into_iter().map(Arc::new).collect();
        let own = own.map(Arc::new);
        let mut catalog = Self { modules, own, operation_count, ..Self::default() };
        catalog.index();
        catalog
    }

    fn index(&mut self) {
        self.by_domain.clear();
        self.by_action.clear();
        for module in &self.modules {
            for domain in &module.domains {
                self.by_domain.insert(domain.clone(), Arc::clone(module));
            }
            for operation in module.operations() {
                let modules = self.by_action.entry(operation.action.clone()).or_default();
                modules.push(Arc::clone(module));
            }
        }
        if let Some(own) = &self.own {
            for domain in &own.domains {
                // A document may describe a module of that name: then its domain is its own.
                self.by_domain.entry(domain.clone()).or_insert_with(|| Arc::clone(own));
            }
        }
    }

    /// The gateway's own module, if the action is one that it answers itself.
    #[must_use]
    pub fn builtin(&self, action: &str) -> Option<&Arc<Module>> {
        self.own.as_ref().filter(|own| own.operation(action).is_some())
    }

    /// The module of a Host, which is lower-case and without its port.
    #[must_use]
    pub fn module_by_domain(&self, host: &str) -> Option<&Arc<Module>> {
        self.by_domain.get(host).or_else(|| self.module_by_region(host))
    }

    fn module_by_region(&self, host: &str) -> Option<&Arc<Module>> {
        let below = self
            .regional
            .iter()
            .find_map(|base| host.strip_suffix(base.as_str())?.strip_suffix('.'))?;
        let (name, region) = below.split_once('.')?;
        let plain = region.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
        self.module(name).filter(|_| plain && !region.is_empty())
    }

    /// The same catalog below further base domains: `<module>.<base domain>`, and
    /// `<module>.<region>.<base domain>` for any region. A domain that a document names stays its own.
    #[must_use]
    pub fn below(mut self, base_domains: &[String]) -> Self {
        for base in base_domains {
            for known in &mut self.modules {
                let domain = format!("{}.{base}", known.name);
                if !self.by_domain.contains_key(&domain) {
                    let mut module = Module::clone(known);
                    module.domains.push(domain);
                    *known = Arc::new(module);
                }
            }
            self.regional.push(base.clone());
            self.index();
        }
        self
    }

    /// All modules, by name.
    #[must_use]
    pub fn modules(&self) -> &[Arc<Module>] {
        &self.modules
    }

    /// The module of that name.
    #[must_use]
    pub fn module(&self, name: &str) -> Option<&Arc<Module>> {
        self.modules.iter().find(|module| module.name == name)
    }

    /// The modules that have an action of that name.
    #[must_use]
    pub fn modules_with_action(&self, action: &str) -> &[Arc<Module>] {
        self.by_action.get(action).map_or(&[], Vec::as_slice)
    }

    /// How many operations there are: every [`crate::Operation::ordinal`] is below it.
    #[must_use]
    pub const fn operation_count(&self) -> usize {
        self.operation_count
    }

    /// The same catalog with a module's upstream at another address: `http://host:port/base`. The
    /// module keeps its timeout. A name that no module has changes nothing.
    ///
    /// # Errors
    /// When the address is not one of an upstream.
    pub fn with_upstream(mut self, module: &str, url: &str) -> Result<Self, NotAnUpstream> {
        for known in self.modules.iter_mut().filter(|known| known.name == module) {
            let upstream = Upstream::parse(url, known.upstream.timeout_ms)?;
            *known = Arc::new(Module::clone(known).with_upstream(upstream));
        }
        self.index();
        Ok(self)
    }
}

/// Two modules share neither name nor domain.
fn check_apart(report: &mut Report<'_>, module: &Module, others: &[Module]) {
    let extension = report.document.root().get(crate::extension::KEY);
    let place = |report: &Report<'_>, key: &str| {
        let spot = extension.as_ref().and_then(|extension| extension.get(key));
        spot.map_or(0..0, |spot| report.value(&spot))
    };
    for other in others {
        if other.name == module.name {
            let what = format!("another document describes the module `{}`", module.name);
            report.error(place(report, "module"), what, None);
            continue;
        }
        let shared = module.domains.iter().find(|domain| other.domains.contains(domain));
        if let Some(domain) = shared {
            let what = format!("`{domain}` is a domain of the module `{}`", other.name);
            report.error(place(report, "domains"), what, None);
        }
    }
}

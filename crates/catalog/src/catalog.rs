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
    /// The gateway's own.
    own: Vec<Arc<Module>>,
    by_domain: HashMap<String, Arc<Module>>,
    by_action: HashMap<String, Vec<Arc<Module>>>,
    /// Below these a module answers for every region, too: `<module>.<region>.<base domain>`.
    regional: Vec<String>,
    /// What was read, so that the next load reads only what changed.
    read: Arc<Vec<Read>>,
    /// The number of each action that ever was, by module and name: a quota's cells are found by it.
    numbers: Arc<HashMap<(String, String), usize>>,
}

/// A document that was read, and what came of it.
#[derive(Clone, Debug)]
struct Read {
    name: String,
    text: String,
    upstream: Option<String>,
    module: Arc<Module>,
    warnings: Vec<Diagnostic>,
}

impl Read {
    fn is_of(&self, source: &Source<'_>, base_domain: &str) -> bool {
        self.name == source.name
            && self.upstream.as_deref() == source.upstream
            && self.module.is_below(base_domain)
            && self.text == source.text
    }
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
        Self::load_after(&Self::default(), sources, settings)
    }

    /// The same in place of another catalog: a document that did not change is not read again, and an action
    /// keeps its number.
    #[must_use]
    pub fn load_after(before: &Self, sources: &[Source<'_>], settings: &Settings<'_>) -> Loaded {
        let mut diagnostics = Vec::new();
        let mut numbers = Arc::clone(&before.numbers);
        let mut all: Vec<Read> = Vec::new();
        for source in sources {
            let known = before.read.iter().find(|read| read.is_of(source, settings.base_domain));
            if let Some(known) = known
                && all.iter().all(|other| are_apart(&known.module, &other.module))
            {
                diagnostics.extend(known.warnings.iter().cloned());
                all.push(known.clone());
                continue;
            }
            match Document::parse(*source) {
                Ok(document) => {
                    let mut report = Report::new(&document);
                    let module = Module::read(&mut report, settings.base_domain);
                    if let Some(module) = &module {
                        check_apart(&mut report, module, &all);
                    }
                    let said = report.finish();
                    diagnostics.extend(said.iter().cloned());
                    all.extend(module.map(|mut module| {
                        module.number(Arc::make_mut(&mut numbers));
                        Read {
                            name: source.name.to_owned(),
                            text: source.text.to_owned(),
                            upstream: source.upstream.map(str::to_owned),
                            module: Arc::new(module),
                            warnings: said,
                        }
                    }));
                }
                Err(diagnostic) => diagnostics.push(diagnostic),
            }
        }
        let failed = diagnostics.iter().any(|diagnostic| diagnostic.severity == Severity::Error);
        if failed {
            return Loaded { catalog: None, diagnostics };
        }
        let kept = before.own.first().is_some_and(|own| own.is_below(settings.base_domain));
        let own = if kept { before.own.clone() } else { own(settings, &mut numbers) };
        Loaded { catalog: Some(Self::of(all, own, numbers)), diagnostics }
    }

    /// A catalog without modules.
    #[must_use]
    pub fn empty() -> Self {
        Self::default()
    }

    fn of(
        read: Vec<Read>,
        own: Vec<Arc<Module>>,
        numbers: Arc<HashMap<(String, String), usize>>,
    ) -> Self {
        let mut modules: Vec<_> = read.iter().map(|read| Arc::clone(&read.module)).collect();
        modules.sort_by(|a, b| a.name.cmp(&b.name));
        let read = Arc::new(read);
        let mut catalog = Self { modules, own, read, numbers, ..Self::default() };
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
        for own in &self.own {
            for domain in &own.domains {
                // A document may describe a module of that name: then its domain is its own.
                self.by_domain.entry(domain.clone()).or_insert_with(|| Arc::clone(own));
            }
            for operation in own.operations() {
                // Nor does an action of ours make one of a module ambiguous.
                let modules = self.by_action.entry(operation.action.clone()).or_default();
                if modules.is_empty() {
                    modules.push(Arc::clone(own));
                }
            }
        }
    }

    /// The gateway's own module, if the action is one that it answers at every domain.
    #[must_use]
    pub fn builtin(&self, action: &str) -> Option<&Arc<Module>> {
        let mut own = self.own.iter().filter(|_| crate::builtin::EVERYWHERE.contains(&action));
        own.find(|own| own.operation(action).is_some())
    }

    /// The gateway's own modules, but those whose name a document has taken.
    pub fn own(&self) -> impl Iterator<Item = &Arc<Module>> {
        let taken = |own: &Arc<Module>| self.modules.iter().any(|known| known.name == own.name);
        self.own.iter().filter(move |own| !taken(own))
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
            for known in self.modules.iter_mut().chain(&mut self.own) {
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

    /// All modules that documents describe, by name.
    #[must_use]
    pub fn modules(&self) -> &[Arc<Module>] {
        &self.modules
    }

    /// The module of that name; the gateway's own where no document describes one.
    #[must_use]
    pub fn module(&self, name: &str) -> Option<&Arc<Module>> {
        self.modules.iter().chain(&self.own).find(|module| module.name == name)
    }

    /// The document that a module was read from, as it was read.
    #[must_use]
    pub fn text(&self, module: &str) -> Option<&str> {
        let mut read = self.read.iter();
        read.find(|read| read.module.name == module).map(|read| read.text.as_str())
    }

    /// The modules that have an action of that name.
    #[must_use]
    pub fn modules_with_action(&self, action: &str) -> &[Arc<Module>] {
        self.by_action.get(action).map_or(&[], Vec::as_slice)
    }

    /// How many operations there are: every [`crate::Operation::ordinal`] is below it.
    #[must_use]
    pub fn operation_count(&self) -> usize {
        self.numbers.len()
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

fn are_apart(module: &Module, other: &Module) -> bool {
    let shared = || module.domains.iter().any(|domain| other.domains.contains(domain));
    module.name != other.name && !shared()
}

/// The gateway's own modules, read for the first time.
fn own(
    settings: &Settings<'_>,
    numbers: &mut Arc<HashMap<(String, String), usize>>,
) -> Vec<Arc<Module>> {
    let own = crate::builtin::SOURCES.into_iter().filter_map(|source| {
        let document = Document::parse(source).ok()?;
        let mut own = Module::read(&mut Report::new(&document), settings.base_domain)?;
        own.number(Arc::make_mut(numbers));
        Some(Arc::new(own))
    });
    own.collect()
}

/// Two modules share neither name nor domain.
fn check_apart(report: &mut Report<'_>, module: &Module, others: &[Read]) {
    let extension = report.document.root().get(crate::extension::KEY);
    let place = |report: &Report<'_>, key: &str| {
        let spot = extension.as_ref().and_then(|extension| extension.get(key));
        spot.map_or(0..0, |spot| report.value(&spot))
    };
    for other in others.iter().map(|read| &read.module) {
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

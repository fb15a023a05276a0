//! The configuration: one `faregate.toml` and the module documents, checked as a whole.
//!
//! Parsed once, at the door: `RawConfig` is what serde sees, [`Config`] is what the gateway uses, and every
//! fault is reported in one run, with its line. `faregate check` is exactly what `serve` accepts.

mod checks;
mod environment;
mod faults;
mod maintenance;
mod quotas;
mod raw;
mod shape;
mod stores;

use std::collections::HashMap;
use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use faregate_catalog::{Catalog, Settings, Severity, Source, Upstream};
use faregate_pipeline::facts::{MinSignature, Quotas, Rate, ReplayIdentity, Switch};
use faregate_stores::{Durability, SharedAt};

use crate::ops::access_log::Target;

pub use faults::{Fault, Faults};
pub use maintenance::served;
pub use stores::{POSTGRES_PASSWORD, REDIS_PASSWORD, stores_of};

/// A starting configuration with strict defaults, for `faregate init`.
pub const STARTER: &str = include_str!("starter.toml");

/// A checked configuration.
#[derive(Clone, Debug)]
pub struct Config {
    /// What module domains end in: `cvm.<base domain>`.
    pub base_domain: String,
    /// What they end in as well, for clients of API 3.0: `cvm.<api3 domain>`, `cvm.<region>.<api3 domain>`.
    pub api3_domain: Option<String>,
    /// The folder of the embedded stores.
    pub data: PathBuf,
    /// The shared home, if accounts, money and nonces are not in the data folder.
    pub stores: Option<SharedAt>,
    /// Whom clients may ask.
    pub support: String,
    /// Tells clients all about their mistakes; opens the CONNECT proxy.
    pub sandbox: bool,
    /// What the draws of a sandbox begin from; none: what they began from before, else 0.
    pub seed: Option<i64>,
    /// Takes HmacSHA1 as well.
    pub compat: bool,
    /// The weakest signature that is taken of anybody.
    pub min_signature: MinSignature,
    /// Where it listens.
    pub listen: Listen,
    /// Where its pages are, from outside; empty: where its pages listener is.
    pub pages_url: String,
    /// Do the pages say how often each reason was given?
    pub pages_counts: bool,
    /// What its certificate is.
    pub tls: Tls,
    /// Further certificates and their keys, picked by the names that they are good for.
    pub certificates: Vec<(PathBuf, PathBuf)>,
    /// How long what is under way may take when the gateway ends, in seconds.
    pub deadline_s: i64,
    /// How copies are told.
    pub replay: Replay,
    /// How long signatures are good.
    pub validity: Validity,
    /// The rate of an account that has none of its own.
    pub default_rate: Option<Rate>,
    /// What limits accounts, actions, keys and addresses where nothing else is said.
    pub quotas: Quotas,
    /// What is out of service, now or in a window.
    pub maintenance: Vec<Switch>,
    /// How much a connection or request may bring.
    pub limits: Limits,
    /// How long a purchase in doubt is asked about before it is settled as its document says; in seconds.
    pub in_doubt_s: i64,
    /// The servers of each module that has several.
    pub servers: HashMap<String, Vec<Upstream>>,
    /// Where a line a call goes.
    pub access_log: Target,
    /// The file that it was read from; none where it was made in memory.
    pub file: Option<PathBuf>,
    /// Every file that it was read from, the documents and certificates among them.
    pub files: Vec<PathBuf>,
    /// The listeners as the file names them, before port 0 became another.
    pub asked: Listen,
    /// What is allowed but probably not meant, rendered.
    pub warnings: Vec<String>,
    /// Modules whose calls may name what is not known to be their account's: it is written down only.
    pub shadow_modules: Vec<String>,
}

/// The listeners; plain HTTP elsewhere than on loopback cannot be configured.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Listen {
    /// TLS, and plain HTTP told apart by its first byte.
    pub https: Option<SocketAddr>,
    /// Plain HTTP, on loopback.
    pub http: Option<SocketAddr>,
    /// CONNECT, on loopback, in the sandbox.
    pub proxy: Option<SocketAddr>,
    /// Pages for people.
    pub pages: Option<SocketAddr>,
    /// Metrics and health, for operators.
    pub admin: Option<SocketAddr>,
}

/// What the certificate is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Tls {
    /// A local CA under the data folder.
    LocalCa,
    /// Own files, PEM.
    Files {
        /// The chain, leaf first.
        certificate: PathBuf,
        /// Its key.
        key: PathBuf,
    },
}

impl Tls {
    /// The files that it is read from.
    fn files(&self) -> impl Iterator<Item = &PathBuf> {
        let files = match self {
            Self::LocalCa => None,
            Self::Files { certificate, key } => Some([certificate, key]),
        };
        files.into_iter().flatten()
    }
}

/// How copies are told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Replay {
    /// What makes two calls the same one, unless their account says otherwise.
    pub identity: ReplayIdentity,
    /// Beyond it, either way, 4500; in seconds.
    pub window_s: i64,
    /// Refuse a Nonce that is the same as the key's last one.
    pub refuse_last_nonce: bool,
    /// What a claim survives.
    pub durability: Durability,
}

/// How long signatures are good.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Validity {
    /// In seconds; at most the window.
    pub period_s: i64,
}

/// How much a connection or request may bring (RELIABILITY 5).
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Time for the first byte and the TLS handshake, in seconds.
    pub header_timeout_s: u64,
    /// Time for a whole body, in seconds.
    pub body_timeout_s: u64,
    /// Time for the next head on a connection, in seconds.
    pub idle_timeout_s: u64,
    /// Longest head, in bytes.
    pub head_bytes_max: usize,
    /// Most headers.
    pub headers_max: usize,
    /// Longest body, in bytes.
    pub body_bytes_max: usize,
    /// Longest query, in bytes.
    pub query_bytes_max: usize,
    /// Most parameters.
    pub parameters_max: usize,
    /// Most connections.
    pub connections_max: usize,
    /// Most connections of one address that is not loopback.
    pub connections_per_address_max: usize,
    /// Most calls that a worker has under way.
    pub calls_in_flight_max: usize,
    /// Worker threads; none: one a core.
    pub workers: Option<usize>,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            header_timeout_s: 5,
            body_timeout_s: 10,
            idle_timeout_s: 60,
            head_bytes_max: 16 * 1024,
            headers_max: 100,
            body_bytes_max: 1024 * 1024,
            query_bytes_max: 32 * 1024,
            parameters_max: 512,
            connections_max: 10_000,
            connections_per_address_max: 256,
            calls_in_flight_max: 1_024,
            workers: None,
        }
    }
}

impl Config {
    /// Everything that module domains end in.
    pub fn base_domains(&self) -> impl Iterator<Item = &String> {
        std::iter::once(&self.base_domain).chain(&self.api3_domain)
    }

    /// A configuration with every default, listening nowhere yet.
    #[must_use]
    pub fn new(base_domain: impl Into<String>, data: impl Into<PathBuf>) -> Self {
        Self {
            base_domain: base_domain.into(),
            api3_domain: None,
            data: data.into(),
            stores: None,
            support: "the operator of this API".to_owned(),
            sandbox: false,
            seed: None,
            compat: false,
            min_signature: MinSignature::V2Sha256,
            listen: Listen::default(),
            pages_url: String::new(),
            pages_counts: false,
            tls: Tls::LocalCa,
            certificates: Vec::new(),
            deadline_s: 10,
            replay: Replay {
                identity: ReplayIdentity::default(),
                window_s: 7_200,
                refuse_last_nonce: true,
                durability: Durability::Os,
            },
            validity: Validity { period_s: 300 },
            default_rate: None,
            quotas: Quotas::default(),
            maintenance: Vec::new(),
            limits: Limits::default(),
            in_doubt_s: 900,
            servers: HashMap::new(),
            access_log: Target::Stderr,
            file: None,
            files: Vec::new(),
            asked: Listen::default(),
            warnings: Vec::new(),
            shadow_modules: Vec::new(),
        }
    }
}

/// A configuration with its catalog, all of it good.
#[derive(Debug)]
pub struct Loaded {
    /// The configuration.
    pub config: Config,
    /// What its modules offer.
    pub catalog: Catalog,
    /// What is allowed but probably not meant, rendered.
    pub warnings: Vec<String>,
}

/// Reads and checks a configuration and the documents that it names.
///
/// # Errors
/// Every fault that was found, in all files.
pub fn load(path: &Path) -> Result<Loaded, Faults> {
    load_with(path, &[])
}

/// The same as it would be if these files were otherwise.
///
/// # Errors
/// Every fault that was found, in all files.
pub fn load_with(path: &Path, instead: &[(PathBuf, String)]) -> Result<Loaded, Faults> {
    load_after(path, &Catalog::empty(), &mut Vec::new(), instead)
}

fn text_of(path: &Path, instead: &[(PathBuf, String)]) -> std::io::Result<String> {
    let found = instead.iter().find(|(other, _)| other == path);
    found.map_or_else(|| fs::read_to_string(path), |(_, text)| Ok(text.clone()))
}

/// The same in place of what was loaded before; `files` gets every file that it names, though it be bad.
pub(crate) fn load_after(
    path: &Path,
    before: &Catalog,
    files: &mut Vec<PathBuf>,
    instead: &[(PathBuf, String)],
) -> Result<Loaded, Faults> {
    files.push(path.to_owned());
    let name = path.display().to_string();
    let text = text_of(path, instead).map_err(|e| {
        Faults::of(Fault::plain(format!(
            "{name}: {e}; `faregate init` writes a configuration to start from"
        )))
    })?;
    let mut faults = Faults::default();
    let folder = path.parent().unwrap_or_else(|| Path::new("."));
    let Some(mut read) = checks::read(&name, &text, folder, &mut faults) else {
        return Err(faults);
    };
    files.extend(read.modules.iter().map(|module| module.document.clone()));
    files.extend(read.config.tls.files().cloned());
    files.extend(read.config.certificates.iter().flat_map(|(one, key)| [one.clone(), key.clone()]));

    let mut texts = Vec::new();
    for module in &read.modules {
        match text_of(&module.document, instead) {
            Ok(text) => {
                let name = module.document.display().to_string();
                texts.push((name, text, module.upstream.as_deref()));
            }
            Err(e) => faults.push(module.fault(
                &name,
                &text,
                format!("{}: {e}", module.document.display()),
            )),
        }
    }
    let sources: Vec<Source<'_>> = texts
        .iter()
        .map(|(name, text, upstream)| Source { name, text, upstream: *upstream })
        .collect();
    let settings = Settings { base_domain: &read.config.base_domain };
    let loaded = Catalog::load_after(before, &sources, &settings);
    let mut warnings = Vec::new();
    for diagnostic in &loaded.diagnostics {
        match diagnostic.severity {
            Severity::Error => faults.push(Fault::rendered(
                diagnostic.render(&sources, false),
                diagnostic.render(&sources, true),
            )),
            Severity::Warning => warnings.push(diagnostic.render(&sources, false)),
        }
    }
    let api3_domain: Vec<String> = read.config.api3_domain.iter().cloned().collect();
    let catalog = loaded.catalog.map(|catalog| catalog.below(&api3_domain));
    if let Some(catalog) = &catalog {
        maintenance::check(&read.maintenance, catalog, (&name, &text), &mut faults);
    }
    read.config.maintenance = read.maintenance.into_iter().map(|entry| entry.switch).collect();
    read.config.servers = servers(&read.modules, catalog.as_ref());
    read.config.file = Some(path.to_owned());
    read.config.files = files.clone();
    read.config.asked = read.config.listen;
    read.config.warnings.clone_from(&warnings);
    read.config.shadow_modules = shadowed(&read.modules, catalog.as_ref());
    match catalog {
        Some(catalog) if faults.is_empty() => Ok(Loaded { config: read.config, catalog, warnings }),
        Some(_) | None => Err(faults),
    }
}

/// The servers of each module that has several; addresses that are none are told of elsewhere.
fn servers(
    entries: &[checks::ModuleEntry],
    catalog: Option<&Catalog>,
) -> HashMap<String, Vec<Upstream>> {
    let several = entries.iter().filter(|entry| !entry.upstreams.is_empty());
    let servers = several.filter_map(|entry| {
        let name = entry.document.display().to_string();
        let mut modules = catalog?.modules().iter();
        let module = modules.find(|module| module.source == name)?;
        let timeout_ms = module.upstream.timeout_ms;
        let all = entry.upstreams.iter().filter_map(|url| Upstream::parse(url, timeout_ms).ok());
        Some((module.name.clone(), all.collect()))
    });
    servers.collect()
}

/// The names of the modules in shadow.
fn shadowed(entries: &[checks::ModuleEntry], catalog: Option<&Catalog>) -> Vec<String> {
    let in_shadow = entries.iter().filter(|entry| entry.is_shadow);
    let names = in_shadow.filter_map(|entry| {
        let name = entry.document.display().to_string();
        let mut modules = catalog?.modules().iter();
        Some(modules.find(|module| module.source == name)?.name.clone())
    });
    names.collect()
}

#[cfg(test)]
mod spec;

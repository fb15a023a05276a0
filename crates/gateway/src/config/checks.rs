//! From what was written to what is meant, every fault on the way.

use std::net::SocketAddr;
use std::ops::Range;
use std::path::{Path, PathBuf};

use faregate_catalog::Upstream;
use faregate_pipeline::facts::{MinSignature, ReplayIdentity};
use faregate_stores::{Durability, SharedAt};
use toml::Spanned;

use super::maintenance;
use super::raw::{RawConfig, RawLimits, RawListen, RawModule};
use super::{Config, Fault, Faults, Limits, Listen, Tls, shape};
use crate::edge::tls;
use crate::ops::access_log::Target;

/// What `ownership` says of a module whose refusals are only written down.
const SHADOW: &str = "shadow";

/// A configuration before its documents are read.
pub(super) struct Read {
    pub(super) config: Config,
    pub(super) modules: Vec<ModuleEntry>,
    pub(super) maintenance: Vec<maintenance::Entry>,
}

/// One `[[modules]]` entry.
pub(super) struct ModuleEntry {
    pub(super) document: PathBuf,
    document_span: Range<usize>,
    pub(super) upstream: Option<String>,
    /// Every server, where there are several.
    pub(super) upstreams: Vec<String>,
    pub(super) is_shadow: bool,
}

impl ModuleEntry {
    /// A fault at this entry's document.
    pub(super) fn fault(&self, name: &str, text: &str, sentence: String) -> Fault {
        Fault::at(
            name,
            text,
            self.document_span.clone(),
            &sentence,
            Some("the path is relative to this file"),
        )
    }
}

pub(super) struct Checker<'a> {
    name: &'a str,
    text: &'a str,
    faults: &'a mut Faults,
}

impl Checker<'_> {
    pub(super) fn fault(&mut self, span: Range<usize>, sentence: &str, help: &str) {
        self.faults.push(Fault::at(self.name, self.text, span, sentence, Some(help)));
    }

    fn address(
        &mut self,
        key: &str,
        value: Option<&Spanned<String>>,
        loopback: bool,
    ) -> Option<SocketAddr> {
        let value = value?;
        let Ok(address) = value.as_ref().parse::<SocketAddr>() else {
            self.fault(
                value.span(),
                &format!("`listen.{key}` is no address with a port"),
                "write it as \"127.0.0.1:8443\"",
            );
            return None;
        };
        if loopback && !address.ip().is_loopback() {
            self.fault(
                value.span(),
                &format!("`listen.{key}` speaks plain text, so it may only be on loopback"),
                "use 127.0.0.1, or `listen.https` for the world",
            );
            return None;
        }
        Some(address)
    }

    fn min_signature(&mut self, raw: &RawConfig) -> MinSignature {
        let (value, compat) = (raw.min_signature.as_ref(), raw.compat);
        let usual = if compat { MinSignature::V2Sha1 } else { MinSignature::V2Sha256 };
        let Some(value) = value else { return usual };
        match MinSignature::parse(value.as_ref()) {
            Some(least) if compat && least != usual => {
                let sentence = "`compat` takes HmacSHA1, and `min_signature` does not";
                self.fault(value.span(), sentence, "leave one of the two out");
            }
            Some(least) => return least,
            None => {
                let known = MinSignature::ALL.map(|it| format!("\"{}\"", it.as_str()));
                let help = format!("write {}", known.join(", "));
                self.fault(value.span(), "`min_signature` is no signature method", &help);
            }
        }
        usual
    }

    fn tls(&mut self, raw: &RawConfig, folder: &Path, config: &mut Config) {
        let Some(tls) = &raw.tls else { return };
        match (&tls.as_ref().certificate, &tls.as_ref().key) {
            (Some(certificate), Some(key)) => {
                let (certificate, key) = (folder.join(certificate), folder.join(key));
                self.certificate(tls.span(), &certificate, &key, false);
                config.tls = Tls::Files { certificate, key };
            }
            (None, None) => {}
            (Some(_), None) | (None, Some(_)) => {
                let what = "`tls.certificate` and `tls.key` go together: one of them is missing";
                self.fault(tls.span(), what, "leave both out for a local CA");
            }
        }
        for one in &tls.as_ref().certificates {
            let (certificate, key) =
                (folder.join(&one.as_ref().certificate), folder.join(&one.as_ref().key));
            self.certificate(one.span(), &certificate, &key, true);
            config.certificates.push((certificate, key));
        }
    }

    fn certificate(&mut self, span: Range<usize>, certificate: &Path, key: &Path, by_name: bool) {
        if let Err(cause) = tls::check(certificate, key, by_name) {
            let help =
                "PEM files, relative to this file: the chain with the leaf first, and its key";
            self.fault(span, &format!("the certificate cannot be used: {cause}"), help);
        }
    }

    fn within(&mut self, key: &str, value: Option<&Spanned<i64>>, default: i64, most: i64) -> i64 {
        let Some(value) = value else { return default };
        let n = *value.as_ref();
        if !(1..=most).contains(&n) {
            self.fault(
                value.span(),
                &format!("`{key}` is from 1 to {most}"),
                &format!("the default is {default}"),
            );
        }
        n
    }

    /// A number that may not be 0 and fits this machine; one that is told of does no harm.
    fn size<N: TryFrom<i64>>(&mut self, key: &str, value: Option<&Spanned<i64>>, default: N) -> N {
        let Some(value) = value else { return default };
        match N::try_from(*value.as_ref()) {
            Ok(n) if *value.as_ref() >= 1 => n,
            Ok(_) | Err(_) => {
                let sentence = format!("`limits.{key}` is at least 1");
                self.fault(value.span(), &sentence, "leave it out for the default");
                default
            }
        }
    }

    fn limits(&mut self, raw: &RawLimits) -> Limits {
        let usual = Limits::default();
        let mut size = |key, value: &Option<Spanned<i64>>, default: usize| {
            self.size(key, value.as_ref(), default)
        };
        let workers = raw.workers.as_ref().map(Spanned::as_ref);
        let mut limits = Limits {
            head_bytes_max: size("head_bytes_max", &raw.head_bytes_max, usual.head_bytes_max),
            headers_max: size("headers_max", &raw.headers_max, usual.headers_max),
            body_bytes_max: size("body_bytes_max", &raw.body_bytes_max, usual.body_bytes_max),
            query_bytes_max: size("query_bytes_max", &raw.query_bytes_max, usual.query_bytes_max),
            parameters_max: size("parameters_max", &raw.parameters_max, usual.parameters_max),
            connections_max: size("connections_max", &raw.connections_max, usual.connections_max),
            connections_per_address_max: size(
                "connections_per_address_max",
                &raw.connections_per_address_max,
                usual.connections_per_address_max,
            ),
            calls_in_flight_max: size(
                "calls_in_flight_max",
                &raw.calls_in_flight_max,
                usual.calls_in_flight_max,
            ),
            // 0 is a value of its own here: one a core.
            workers: workers.and_then(|n| usize::try_from(*n).ok()).filter(|n| *n > 0),
            ..usual
        };
        let mut seconds = |key, value: &Option<Spanned<i64>>, default: u64| {
            self.size(key, value.as_ref(), default)
        };
        limits.header_timeout_s =
            seconds("header_timeout_s", &raw.header_timeout_s, usual.header_timeout_s);
        limits.body_timeout_s =
            seconds("body_timeout_s", &raw.body_timeout_s, usual.body_timeout_s);
        limits.idle_timeout_s =
            seconds("idle_timeout_s", &raw.idle_timeout_s, usual.idle_timeout_s);
        limits
    }

    fn listen(&mut self, listen: &Spanned<RawListen>, sandbox: bool) -> Listen {
        let (raw, span) = (listen.as_ref(), listen.span());
        if raw.https.is_none() && raw.http.is_none() {
            self.fault(
                span,
                "nothing listens: neither `https` nor `http` is given",
                "add https = \"0.0.0.0:8443\"",
            );
        }
        if let Some(proxy) = raw.proxy.as_ref().filter(|_| !sandbox) {
            let help = "set sandbox = true, or leave `listen.proxy` out";
            self.fault(proxy.span(), "the CONNECT proxy is only for the sandbox", help);
        }
        Listen {
            https: self.address("https", raw.https.as_ref(), false),
            http: self.address("http", raw.http.as_ref(), true),
            proxy: self.address("proxy", raw.proxy.as_ref(), true),
            pages: self.address("pages", raw.pages.as_ref(), false),
            admin: self.address("admin", raw.admin.as_ref(), false),
        }
    }

    fn api3_domain(&mut self, domain: Option<&Spanned<String>>, base: &str) -> Option<String> {
        let domain = domain?;
        let text = domain.as_ref().to_ascii_lowercase();
        if !is_domain(&text) || text == base {
            let what = "`api3_domain` is no further domain";
            self.fault(domain.span(), what, "write it as \"tencentcloudapi.com\"");
        }
        Some(text)
    }

    fn upstreams(&mut self, modules: &[RawModule]) {
        for module in modules {
            if let (Some(one), [_, ..]) = (&module.upstream, module.upstreams.as_slice()) {
                let what = "`upstream` and `upstreams` both say where the service listens";
                self.fault(one.span(), what, "leave `upstream` out");
            }
        }
        let all = modules.iter().flat_map(|module| module.upstream.iter().chain(&module.upstreams));
        for url in all {
            if let Err(refused) = Upstream::parse(url.as_ref(), 0) {
                let help = refused
                    .suggestion
                    .unwrap_or_else(|| "write it as \"http://127.0.0.1:9001\"".to_owned());
                self.fault(url.span(), &refused.message, &help);
            }
        }
        for mode in modules.iter().filter_map(|module| module.ownership.as_ref()) {
            if !["enforce", SHADOW].contains(&mode.as_ref().as_str()) {
                let sentence = "`ownership` is `enforce` or `shadow`";
                self.fault(mode.span(), sentence, "`shadow` refuses nothing, and writes it down");
            }
        }
    }

    fn stores(&mut self, raw: &RawConfig, folder: &Path) -> Option<SharedAt> {
        let stores = raw.stores.as_ref()?;
        match stores.as_ref().resolve(folder) {
            Ok(Some(_)) if raw.sandbox => {
                let says = "a sandbox needs the embedded home, so far";
                self.fault(stores.span(), says, "leave `[stores]` out, or set sandbox = false");
                None
            }
            Ok(at) => at,
            Err(wrong) => {
                self.fault(wrong.at.unwrap_or(stores.span()), &wrong.says, &wrong.help);
                None
            }
        }
    }

    fn replay(&mut self, raw: &RawConfig, config: &mut Config) {
        let window_s = self.within("replay.window_s", raw.replay.window_s.as_ref(), 7_200, 86_400);
        config.replay.window_s = window_s;
        config.validity.period_s = self.within(
            "validity.period_s",
            raw.validity.period_s.as_ref(),
            300.min(window_s),
            window_s,
        );
        config.in_doubt_s =
            self.within("money.in_doubt_s", raw.money.in_doubt_s.as_ref(), 900, 604_800);
        config.replay.refuse_last_nonce = raw.replay.refuse_last_nonce.unwrap_or(true);
        if let Some(identity) = &raw.replay.identity {
            match ReplayIdentity::parse(identity.as_ref()) {
                Some(known) => config.replay.identity = known,
                None => {
                    let sentence = "`replay.identity` is \"timestamp-nonce\" or \"signature\"";
                    let help = "\"signature\" is for clients that draw Nonces from a small range";
                    self.fault(identity.span(), sentence, help);
                }
            }
        }
        let Some(durability) = &raw.replay.durability else { return };
        match durability.as_ref().as_str() {
            "os" => config.replay.durability = Durability::Os,
            "disk" => config.replay.durability = Durability::Disk,
            _ => {
                let help = "\"os\" survives a killed process, \"disk\" a lost machine";
                self.fault(durability.span(), "`replay.durability` is \"os\" or \"disk\"", help);
            }
        }
    }
}

/// Reads a configuration; none if its very form is wrong, else every fault is in `faults`.
pub(super) fn read(name: &str, text: &str, folder: &Path, faults: &mut Faults) -> Option<Read> {
    let raw = shape::read(name, text, faults)?;
    let mut check = Checker { name, text, faults };
    let mut config =
        Config::new(raw.base_domain.as_ref().to_ascii_lowercase(), folder.join(&raw.data));
    if !is_domain(&config.base_domain) {
        check.fault(
            raw.base_domain.span(),
            "`base_domain` is no domain",
            "write it as \"api.example.com\"",
        );
    }
    config.api3_domain = check.api3_domain(raw.api3_domain.as_ref(), &config.base_domain);
    config.listen = check.listen(&raw.listen, raw.sandbox);
    if let Some(url) = &raw.pages.url {
        if !url.as_ref().starts_with("http://") && !url.as_ref().starts_with("https://") {
            check.fault(
                url.span(),
                "`pages.url` is no URL",
                "write it as \"https://docs.example.com\"",
            );
        }
        config.pages_url = url.as_ref().trim_end_matches('/').to_owned();
    }
    config.pages_counts = raw.pages.counts;
    config.stores = check.stores(&raw, folder);
    check.replay(&raw, &mut config);
    config.quotas = check.quotas(raw.quota.as_ref());
    config.default_rate = config.quotas.account.rate;
    (config.sandbox, config.compat, config.min_signature) =
        (raw.sandbox, raw.compat, check.min_signature(&raw));
    if let Some(faults) = &raw.faults {
        config.seed = faults.as_ref().seed;
        if !raw.sandbox {
            let help = "set sandbox = true, or leave `[faults]` out";
            check.fault(faults.span(), "faults on purpose exist only in a sandbox", help);
        }
    }
    if let Some(support) = &raw.support {
        config.support.clone_from(support);
    }
    check.tls(&raw, folder, &mut config);
    let deadline_s = raw.shutdown.deadline_s.as_ref();
    config.deadline_s = check.within("shutdown.deadline_s", deadline_s, 10, 3_600);
    config.limits = check.limits(&raw.limits);
    config.access_log = match raw.log.access.as_deref() {
        None | Some("stderr") => Target::Stderr,
        Some("off") => Target::Off,
        Some(file) => Target::File(folder.join(file)),
    };
    check.upstreams(&raw.modules);
    let modules = raw.modules.iter().map(|module| entry(module, folder)).collect();
    Some(Read { config, modules, maintenance: check.maintenance(&raw.maintenance) })
}

fn entry(module: &RawModule, folder: &Path) -> ModuleEntry {
    ModuleEntry {
        document: folder.join(module.document.as_ref()),
        document_span: module.document.span(),
        upstream: module
            .upstream
            .iter()
            .chain(&module.upstreams)
            .next()
            .map(|url| url.as_ref().clone()),
        upstreams: module.upstreams.iter().map(|url| url.as_ref().clone()).collect(),
        is_shadow: module.ownership.as_ref().is_some_and(|mode| mode.as_ref() == SHADOW),
    }
}

fn is_domain(text: &str) -> bool {
    let label = |label: &str| {
        (1..=63).contains(&label.len())
            && label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    text.contains('.') && text.len() <= 253 && text.split('.').all(label)
}

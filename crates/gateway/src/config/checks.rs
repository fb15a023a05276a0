//! From what was written to what is meant, every fault on the way.

use std::net::SocketAddr;
use std::num::NonZeroU32;
use std::ops::Range;
use std::path::{Path, PathBuf};

use faregate_catalog::{Catalog, Upstream};
use faregate_pipeline::facts::Rate;
use faregate_stores::Durability;
use toml::Spanned;

use super::raw::{RawConfig, RawLimits, RawListen, RawModule};
use super::{Config, Fault, Faults, Limits, Listen, Tls};
use crate::ops::access_log::Target;

/// A configuration before its documents are read.
pub(super) struct Read {
    pub(super) config: Config,
    pub(super) modules: Vec<ModuleEntry>,
}

/// One `[[modules]]` entry.
pub(super) struct ModuleEntry {
    pub(super) document: PathBuf,
    document_span: Range<usize>,
    pub(super) upstream: Option<(String, Range<usize>)>,
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

    /// The catalog with this entry's module at its configured address.
    pub(super) fn place(
        &self,
        catalog: Catalog,
        name: &str,
        text: &str,
        faults: &mut Faults,
    ) -> Option<Catalog> {
        let (url, span) = self.upstream.clone()?;
        let own = Catalog::load(
            &[faregate_catalog::Source {
                name: "",
                text: &std::fs::read_to_string(&self.document).ok()?,
            }],
            &faregate_catalog::Settings { base_domain: "x" },
        );
        let module = own
            .catalog
            .as_ref()
            .and_then(|own| own.modules().first().map(|module| module.name.clone()))?;
        match catalog.with_upstream(&module, &url) {
            Ok(catalog) => Some(catalog),
            Err(refused) => {
                faults.push(Fault::at(
                    name,
                    text,
                    span,
                    &refused.message,
                    refused.suggestion.as_deref(),
                ));
                None
            }
        }
    }
}

struct Checker<'a> {
    name: &'a str,
    text: &'a str,
    faults: &'a mut Faults,
}

impl Checker<'_> {
    fn fault(&mut self, span: Range<usize>, sentence: &str, help: &str) {
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
        }
    }

    fn upstreams(&mut self, modules: &[RawModule]) {
        for url in modules.iter().filter_map(|module| module.upstream.as_ref()) {
            if let Err(refused) = Upstream::parse(url.as_ref(), 0) {
                let help = refused
                    .suggestion
                    .unwrap_or_else(|| "write it as \"http://127.0.0.1:9001\"".to_owned());
                self.fault(url.span(), &refused.message, &help);
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
        config.replay.refuse_last_nonce = raw.replay.refuse_last_nonce.unwrap_or(true);
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
    let raw: RawConfig = match toml::from_str(text) {
        Ok(raw) => raw,
        Err(e) => {
            let span = e.span().unwrap_or(0..0);
            faults.push(Fault::at(
                name,
                text,
                span,
                e.message(),
                Some("docs/operations.md lists every key"),
            ));
            return None;
        }
    };
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
    check.replay(&raw, &mut config);
    if let Some(quota) = &raw.quota {
        let rate =
            (NonZeroU32::new(quota.as_ref().per_second), NonZeroU32::new(quota.as_ref().burst));
        match rate {
            (Some(per_second), Some(burst)) => {
                config.default_rate = Some(Rate { per_second, burst })
            }
            _ => check.fault(
                quota.span(),
                "a rate of 0 would refuse every call",
                "leave `[quota]` out for no limit",
            ),
        }
    }
    (config.sandbox, config.compat) = (raw.sandbox, raw.compat);
    if let Some(support) = raw.support {
        config.support = support;
    }
    if let Some(tls) = &raw.tls {
        config.tls =
            Tls::Files { certificate: folder.join(&tls.certificate), key: folder.join(&tls.key) };
    }
    config.limits = limits(&raw.limits);
    config.access_log = match raw.log.access.as_deref() {
        None | Some("stderr") => Target::Stderr,
        Some("off") => Target::Off,
        Some(file) => Target::File(folder.join(file)),
    };
    check.upstreams(&raw.modules);
    Some(Read { config, modules: raw.modules.iter().map(|module| entry(module, folder)).collect() })
}

fn entry(module: &RawModule, folder: &Path) -> ModuleEntry {
    ModuleEntry {
        document: folder.join(module.document.as_ref()),
        document_span: module.document.span(),
        upstream: module.upstream.as_ref().map(|url| (url.as_ref().clone(), url.span())),
    }
}

fn limits(raw: &RawLimits) -> Limits {
    let usual = Limits::default();
    Limits {
        header_timeout_s: raw.header_timeout_s.unwrap_or(usual.header_timeout_s),
        body_timeout_s: raw.body_timeout_s.unwrap_or(usual.body_timeout_s),
        idle_timeout_s: raw.idle_timeout_s.unwrap_or(usual.idle_timeout_s),
        head_bytes_max: raw.head_bytes_max.unwrap_or(usual.head_bytes_max),
        headers_max: raw.headers_max.unwrap_or(usual.headers_max),
        body_bytes_max: raw.body_bytes_max.unwrap_or(usual.body_bytes_max),
        query_bytes_max: raw.query_bytes_max.unwrap_or(usual.query_bytes_max),
        parameters_max: raw.parameters_max.unwrap_or(usual.parameters_max),
        connections_max: raw.connections_max.unwrap_or(usual.connections_max),
        connections_per_address_max: raw
            .connections_per_address_max
            .unwrap_or(usual.connections_per_address_max),
        workers: raw.workers.filter(|n| *n > 0),
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

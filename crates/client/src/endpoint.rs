//! `Endpoint`: where the API listens, and by which names it is known there.

use std::path::{Path, PathBuf};

use crate::CallError;

/// Where calls are sent.
///
/// The connection goes to the endpoint's address; SNI and Host say the module's domain, so that one address can serve
/// all modules.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Endpoint {
    tls: bool,
    /// None: each module's own domain.
    address: Option<(String, u16)>,
    base_domain: String,
    ca: Option<PathBuf>,
}

impl Endpoint {
    /// Each module at its own domain, `<module>.<base_domain>`, port 443.
    #[must_use]
    pub fn direct(base_domain: impl Into<String>) -> Self {
        Self { tls: true, address: None, base_domain: base_domain.into(), ca: None }
    }

    /// All modules at one address: `https://127.0.0.1:8443`, `http://[::1]:8080`, or `host:port`, which is https.
    ///
    /// # Errors
    /// The text is no such address.
    pub fn at(url: &str, base_domain: impl Into<String>) -> Result<Self, CallError> {
        let fault = || CallError::Endpoint(url.to_owned());
        let (tls, rest) = match url.split_once("://") {
            None => (true, url),
            Some(("https", rest)) => (true, rest),
            Some(("http", rest)) => (false, rest),
            Some(_) => return Err(fault()),
        };
        let authority: http::uri::Authority =
            rest.strip_suffix('/').unwrap_or(rest).parse().map_err(|_| fault())?;
        let host = authority.host().trim_start_matches('[').trim_end_matches(']').to_owned();
        if host.is_empty() || authority.as_str().contains('@') {
            return Err(fault());
        }
        // A port that is no number is no port to the parser, and would silently become the default.
        if authority.port_u16().is_none() && authority.as_str() != authority.host() {
            return Err(fault());
        }
        let port = authority.port_u16().unwrap_or(if tls { 443 } else { 80 });
        Ok(Self { tls, address: Some((host, port)), base_domain: base_domain.into(), ca: None })
    }

    /// Trusts the certificates of this PEM file alone, not the system's.
    #[must_use]
    pub fn with_ca(mut self, pem: impl Into<PathBuf>) -> Self {
        self.ca = Some(pem.into());
        self
    }

    /// The domain of a module: what SNI, Host and the string to sign say.
    #[must_use]
    pub fn domain(&self, module: &str) -> String {
        format!("{module}.{}", self.base_domain)
    }

    /// Is it TLS.
    #[must_use]
    pub const fn is_tls(&self) -> bool {
        self.tls
    }

    pub(crate) fn ca(&self) -> Option<&Path> {
        self.ca.as_deref()
    }

    /// Where to connect for a module of this domain.
    pub(crate) fn address(&self, domain: &str) -> (String, u16) {
        self.address.clone().unwrap_or_else(|| (domain.to_owned(), 443))
    }
}

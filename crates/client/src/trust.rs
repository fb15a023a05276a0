//! Which certificates are trusted: those of one file, or the system's.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustls::crypto::aws_lc_rs;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls::{ClientConfig, RootCertStore};

use crate::{CallError, environment};

/// Where Linux distributions and macOS keep them.
const SYSTEM: [&str; 4] = [
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/ssl/ca-bundle.pem",
    "/etc/ssl/cert.pem",
];

/// A TLS client that trusts the file `ca`; without one, `SSL_CERT_FILE`, then the system's bundle.
pub(crate) fn config(ca: Option<&Path>) -> Result<Arc<ClientConfig>, CallError> {
    let path = ca.map(Path::to_owned).unwrap_or_else(system_bundle);
    let fault = |cause: String| CallError::Certificates { path: path.clone(), cause };
    let mut roots = RootCertStore::empty();
    for certificate in
        CertificateDer::pem_file_iter(&path).map_err(|cause| fault(cause.to_string()))?
    {
        let certificate = certificate.map_err(|cause| fault(cause.to_string()))?;
        let added = roots.add(certificate);
        // A system's bundle may hold one that is too old to read; a file that was named may not.
        if let (Some(_), Err(cause)) = (ca, added) {
            return Err(fault(cause.to_string()));
        }
    }
    if roots.is_empty() {
        return Err(fault("there is none in it".to_owned()));
    }
    let config = ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(|cause| fault(cause.to_string()))?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(Arc::new(config))
}

fn system_bundle() -> PathBuf {
    environment::path("SSL_CERT_FILE").unwrap_or_else(|| {
        let found = SYSTEM.iter().find(|path| Path::new(path).exists());
        PathBuf::from(found.unwrap_or(&"/etc/ssl/cert.pem"))
    })
}

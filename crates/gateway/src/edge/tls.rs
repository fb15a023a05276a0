//! TLS: own certificate files, or a local CA made once and a leaf made at each start.

use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair, KeyUsagePurpose};
use rustls::ServerConfig;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer, pem::PemObject};
use tokio_rustls::TlsAcceptor;

use crate::clock;
use crate::config::Tls;

const DAY: Duration = Duration::from_secs(86_400);

/// What the listeners need, and where clients find the CA.
pub(crate) struct Identity {
    pub(crate) acceptor: TlsAcceptor,
    pub(crate) ca: Option<PathBuf>,
}

/// Loads the configured certificate, or makes one for `names`, signed by the CA under `data`.
pub(crate) fn identity(tls: &Tls, data: &Path, names: Vec<String>) -> io::Result<Identity> {
    let (chain, key, ca) = match tls {
        Tls::Files { certificate, key } => (read_chain(certificate)?, read_key(key)?, None),
        Tls::LocalCa => {
            let folder = data.join("tls");
            let (chain, key) = local(&folder, names)?;
            (chain, key, Some(folder.join("ca.pem")))
        }
    };
    Ok(Identity { acceptor: acceptor(chain, key)?, ca })
}

/// Can the configured files be used; a local CA is made when it is needed.
pub(crate) fn check(tls: &Tls) -> io::Result<()> {
    match tls {
        Tls::Files { certificate, key } => {
            acceptor(read_chain(certificate)?, read_key(key)?).map(drop)
        }
        Tls::LocalCa => Ok(()),
    }
}

fn acceptor(
    chain: Vec<CertificateDer<'static>>,
    key: PrivateKeyDer<'static>,
) -> io::Result<TlsAcceptor> {
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let mut config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(io::Error::other)?
        .with_no_client_auth()
        .with_single_cert(chain, key)
        .map_err(io::Error::other)?;
    // Only HTTP/1.1 is spoken so far.
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(TlsAcceptor::from(Arc::new(config)))
}

fn read_chain(path: &Path) -> io::Result<Vec<CertificateDer<'static>>> {
    let pem = fs::read(path).map_err(|e| at(path, e))?;
    let chain: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&pem).collect();
    chain.map_err(|e| at(path, io::Error::other(e)))
}

fn read_key(path: &Path) -> io::Result<PrivateKeyDer<'static>> {
    let pem = fs::read(path).map_err(|e| at(path, e))?;
    PrivateKeyDer::from_pem_slice(&pem).map_err(|e| at(path, io::Error::other(e)))
}

fn at(path: &Path, e: io::Error) -> io::Error {
    io::Error::new(e.kind(), format!("{}: {e}", path.display()))
}

/// A leaf for 90 days, signed by the folder's CA.
fn local(
    folder: &Path,
    names: Vec<String>,
) -> io::Result<(Vec<CertificateDer<'static>>, PrivateKeyDer<'static>)> {
    fs::create_dir_all(folder)?;
    let issuer = authority(folder)?;
    let mut leaf = CertificateParams::new(names).map_err(io::Error::other)?;
    leaf.distinguished_name.push(DnType::CommonName, "Faregate local");
    // An hour back, for clients whose clock is a little behind.
    leaf.not_before = (clock::wall() - Duration::from_secs(3_600)).into();
    leaf.not_after = (clock::wall() + 90 * DAY).into();
    leaf.use_authority_key_identifier_extension = true;
    let key = KeyPair::generate().map_err(io::Error::other)?;
    let certificate = leaf.signed_by(&key, &issuer).map_err(io::Error::other)?;
    let der = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(key.serialize_der()));
    Ok((vec![certificate.der().clone()], der))
}

/// The folder's CA: made once, for ten years, its key readable by its owner alone.
fn authority(folder: &Path) -> io::Result<Issuer<'static, KeyPair>> {
    let (certificate, key) = (folder.join("ca.pem"), folder.join("ca.key"));
    if !certificate.exists() || !key.exists() {
        let pair = KeyPair::generate().map_err(io::Error::other)?;
        let made = authority_params()?.self_signed(&pair).map_err(io::Error::other)?;
        let mut file =
            OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&key)?;
        file.write_all(pair.serialize_pem().as_bytes())?;
        // Whole or not at all: half a CA would be taken for one at the next start.
        let half = folder.join("ca.pem.new");
        fs::write(&half, made.pem())?;
        fs::rename(&half, &certificate)?;
    }
    let pair = KeyPair::from_pem(&fs::read_to_string(&key)?).map_err(io::Error::other)?;
    // A leaf names its issuer by name and key, and both are the same at each start.
    Ok(Issuer::new(authority_params()?, pair))
}

fn authority_params() -> io::Result<CertificateParams> {
    let mut ca = CertificateParams::new(Vec::<String>::new()).map_err(io::Error::other)?;
    ca.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    ca.key_usages = vec![
        KeyUsagePurpose::KeyCertSign,
        KeyUsagePurpose::CrlSign,
        KeyUsagePurpose::DigitalSignature,
    ];
    ca.distinguished_name.push(DnType::CommonName, "Faregate local CA");
    ca.not_before = (clock::wall() - DAY).into();
    ca.not_after = (clock::wall() + 3_650 * DAY).into();
    Ok(ca)
}

//! TLS: own certificate files, or a local CA made once and a leaf made at each start.
//!
//! SNI picks a certificate and nothing else: which module is meant, Host decides. A reload replaces all certificates at
//! once; connections that are open keep theirs.

use std::collections::HashMap;
use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use faregate_catalog::Catalog;
use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair, KeyUsagePurpose};
use rustls::ServerConfig;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer, pem::PemObject};
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use tokio_rustls::TlsAcceptor;

use crate::clock;
use crate::config::{Config, Tls};

const DAY: Duration = Duration::from_secs(86_400);

/// The certificates that are shown by now.
#[derive(Debug)]
pub(crate) struct Certificates(RwLock<Arc<Shown>>);

/// Certificates, by the names that they are good for.
#[derive(Debug)]
pub(crate) struct Shown {
    /// For whoever names none of the others, or nobody.
    usual: Arc<CertifiedKey>,
    by_name: HashMap<String, Arc<CertifiedKey>>,
    /// What the local CA's leaf is good for; empty where the usual one is not its.
    names: Vec<String>,
}

impl Shown {
    /// Loads the configured certificates; the usual one may be made for `names`, signed by the CA under `data`.
    fn load(config: &Config, names: Vec<String>, before: Option<&Self>) -> io::Result<Self> {
        let (usual, names) = match &config.tls {
            Tls::Files { certificate, key } => (certified(certificate, key)?, Vec::new()),
            Tls::LocalCa => match before.filter(|before| before.names == names) {
                Some(before) => (Arc::clone(&before.usual), names),
                None => {
                    let (chain, key) = local(&config.data.join("tls"), names.clone())?;
                    (certified_key(chain, key)?, names)
                }
            },
        };
        let mut by_name = HashMap::new();
        for (certificate, key) in &config.certificates {
            let certified = certified(certificate, key)?;
            for name in names_of(&certified).map_err(|e| at(certificate, e))? {
                // The first that names it has it.
                by_name.entry(name).or_insert_with(|| Arc::clone(&certified));
            }
        }
        Ok(Self { usual, by_name, names })
    }

    fn of(&self, name: Option<&str>) -> Arc<CertifiedKey> {
        let known = name.and_then(|name| {
            let name = name.to_ascii_lowercase();
            // A wildcard stands for one label (RFC 6125, 6.4.3).
            let wild = || Some(format!("*.{}", name.split_once('.')?.1));
            self.by_name.get(&name).or_else(|| self.by_name.get(&wild()?))
        });
        Arc::clone(known.unwrap_or(&self.usual))
    }
}

impl Certificates {
    pub(crate) fn load(config: &Config, names: Vec<String>) -> io::Result<Arc<Self>> {
        Ok(Arc::new(Self(RwLock::new(Arc::new(Shown::load(config, names, None)?)))))
    }

    /// What another configuration would show.
    pub(crate) fn prepare(&self, config: &Config, names: Vec<String>) -> io::Result<Shown> {
        Shown::load(config, names, Some(&self.shown()))
    }

    /// Shows these from the next handshake on.
    pub(crate) fn show(&self, shown: Shown) {
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(shown);
    }

    fn shown(&self) -> Arc<Shown> {
        Arc::clone(&self.0.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// What a listener needs.
    pub(crate) fn acceptor(self: &Arc<Self>) -> io::Result<TlsAcceptor> {
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let mut config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(io::Error::other)?
            .with_no_client_auth()
            .with_cert_resolver(Arc::clone(self) as Arc<dyn ResolvesServerCert>);
        // Only HTTP/1.1 is spoken so far.
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(TlsAcceptor::from(Arc::new(config)))
    }
}

impl ResolvesServerCert for Certificates {
    fn resolve(&self, hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(self.shown().of(hello.server_name()))
    }
}

/// Where clients find the local CA, if it made the usual certificate.
pub(crate) fn ca(config: &Config) -> Option<PathBuf> {
    (config.tls == Tls::LocalCa).then(|| config.data.join("tls").join("ca.pem"))
}

/// Can these files be used; a certificate to be picked by its names must have one.
pub(crate) fn check(certificate: &Path, key: &Path, by_name: bool) -> io::Result<()> {
    let certified = certified(certificate, key)?;
    if by_name && names_of(&certified)?.is_empty() {
        let say = "it names no domain, so nobody could ask for it";
        return Err(at(certificate, io::Error::other(say)));
    }
    Ok(())
}

fn certified(certificate: &Path, key: &Path) -> io::Result<Arc<CertifiedKey>> {
    certified_key(read_chain(certificate)?, read_key(key)?)
}

/// The two belong together, or it is an error.
fn certified_key(
    chain: Vec<CertificateDer<'static>>,
    key: PrivateKeyDer<'static>,
) -> io::Result<Arc<CertifiedKey>> {
    let provider = rustls::crypto::aws_lc_rs::default_provider();
    CertifiedKey::from_der(chain, key, &provider).map(Arc::new).map_err(io::Error::other)
}

/// The DNS names of a leaf, in lower case.
fn names_of(certified: &CertifiedKey) -> io::Result<Vec<String>> {
    let leaf = certified.end_entity_cert().map_err(io::Error::other)?;
    let leaf = webpki::EndEntityCert::try_from(leaf).map_err(io::Error::other)?;
    Ok(leaf.valid_dns_names().map(str::to_ascii_lowercase).collect())
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

/// The regions of `<module>.<region>.<api3 domain>` that the local CA's certificate is good for.
const REGIONS: [&str; 18] = [
    "ap-bangkok",
    "ap-beijing",
    "ap-chengdu",
    "ap-chongqing",
    "ap-guangzhou",
    "ap-hongkong",
    "ap-jakarta",
    "ap-nanjing",
    "ap-seoul",
    "ap-shanghai",
    "ap-shanghai-fsi",
    "ap-shenzhen-fsi",
    "ap-singapore",
    "ap-tokyo",
    "eu-frankfurt",
    "na-ashburn",
    "na-siliconvalley",
    "sa-saopaulo",
];

/// Every name that the leaf certificate is good for.
pub(crate) fn names(config: &Config, catalog: &Catalog) -> Vec<String> {
    let mut names: Vec<String> =
        config.base_domains().flat_map(|base| [base.clone(), format!("*.{base}")]).collect();
    // A wildcard stands for one label, so each region has its own.
    let regional = |base: &String| REGIONS.map(|region| format!("*.{region}.{base}"));
    names.extend(config.api3_domain.iter().flat_map(regional));
    names.extend(["localhost", "127.0.0.1", "::1"].map(str::to_owned));
    for domain in catalog.modules().iter().flat_map(|module| &module.domains) {
        if !names.contains(domain) {
            names.push(domain.clone());
        }
    }
    names
}

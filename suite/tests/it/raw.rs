//! Bytes as they are: signed once, sent as often as a test wants, over TLS or plainly.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use faregate_signing::{Algorithm, Method, SecretKey, form, sign};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};
use serde_json::Value;

use crate::world::{Account, World};

pub(crate) const HOST: &str = "cvm.api.qcloud.com";
const PATH: &str = "/v2/index.php";

/// A purchase of one small instance for one month, as `RunInstances` takes it.
pub(crate) const ORDER: [(&str, &str); 5] = [
    ("zone", "gz-1"),
    ("instanceType", "S1.SMALL1"),
    ("imageId", "img-debian-12"),
    ("period", "1"),
    ("goodsNum", "1"),
];

/// A parsed answer.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) text: String,
}

impl Reply {
    pub(crate) fn parse(bytes: &[u8]) -> Self {
        let text = String::from_utf8_lossy(bytes);
        let (head, body) =
            text.split_once("\r\n\r\n").unwrap_or_else(|| panic!("no HTTP answer: {text:?}"));
        let mut lines = head.lines();
        let status =
            lines.next().and_then(|line| line.split(' ').nth(1)).and_then(|code| code.parse().ok());
        let headers: Vec<_> = lines
            .filter_map(|line| line.split_once(": "))
            .map(|(name, value)| (name.to_ascii_lowercase(), value.to_owned()))
            .collect();
        let chunked =
            headers.iter().any(|(name, value)| name == "transfer-encoding" && value == "chunked");
        let text = if chunked { dechunk(body) } else { body.to_owned() };
        Self { status: status.expect("a status"), headers, text }
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    #[track_caller]
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|e| panic!("{e}: {}", self.text))
    }

    #[track_caller]
    pub(crate) fn code(&self) -> u64 {
        self.json()["code"].as_u64().unwrap_or_else(|| panic!("no code: {}", self.text))
    }
}

fn dechunk(mut rest: &str) -> String {
    let mut whole = String::new();
    while let Some((size, after)) = rest.split_once("\r\n") {
        let size = usize::from_str_radix(size, 16).expect("a chunk size");
        whole.push_str(after.get(..size).expect("the chunk"));
        rest = after.get(size + 2..).unwrap_or_default();
        if size == 0 {
            break;
        }
    }
    whole
}

pub(crate) fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs()
}

/// A Nonce that no other call of this process has, and hardly one of another.
pub(crate) fn nonce() -> u64 {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    let start = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().subsec_nanos();
    u64::from(start) * 1_000_000 + NEXT.fetch_add(1, Ordering::Relaxed) % 1_000_000
}

/// The pairs of a call, fresh unless `params` say otherwise.
pub(crate) fn pairs(
    account: &Account,
    action: &str,
    params: &[(&str, &str)],
) -> Vec<(String, String)> {
    let mut pairs: Vec<(String, String)> = Vec::new();
    let own = [
        ("Action", action.to_owned()),
        ("SecretId", account.secret_id.clone()),
        ("Region", "ap-guangzhou".to_owned()),
        ("Timestamp", now().to_string()),
        ("Nonce", nonce().to_string()),
        ("SignatureMethod", "HmacSHA256".to_owned()),
    ];
    pairs.extend(params.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
    for (name, value) in own {
        if !pairs.iter().any(|(known, _)| known == name) {
            pairs.push((name.to_owned(), value));
        }
    }
    pairs
}

/// Signs the pairs and appends the Signature.
pub(crate) fn signed(
    method: Method,
    account: &Account,
    pairs: Vec<(String, String)>,
) -> Vec<(String, String)> {
    signed_for(HOST, method, account, pairs)
}

/// The same, for another domain.
pub(crate) fn signed_for(
    host: &str,
    method: Method,
    account: &Account,
    mut pairs: Vec<(String, String)>,
) -> Vec<(String, String)> {
    let secret = SecretKey::new(account.secret_key.as_bytes());
    sign::v2(method, host, PATH, &mut pairs, &secret, Algorithm::HmacSha256);
    pairs
}

/// A GET with these pairs, as bytes.
pub(crate) fn get(pairs: &[(String, String)]) -> Vec<u8> {
    let query = form::encode(pairs);
    format!("GET {PATH}?{query} HTTP/1.1\r\nHost: {HOST}\r\nConnection: close\r\n\r\n").into_bytes()
}

/// A POST with these pairs, as bytes.
pub(crate) fn post(pairs: &[(String, String)]) -> Vec<u8> {
    let body = form::encode(pairs);
    let media = "application/x-www-form-urlencoded";
    format!(
        "POST {PATH} HTTP/1.1\r\nHost: {HOST}\r\nContent-Type: {media}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
        body.len()
    )
    .into_bytes()
}

/// A signed GET, ready to be sent as often as wanted.
pub(crate) fn signed_get(account: &Account, action: &str, params: &[(&str, &str)]) -> Vec<u8> {
    get(&signed(Method::Get, account, pairs(account, action, params)))
}

/// The same bytes with one more header, which no signature covers.
pub(crate) fn with_header(bytes: &[u8], name: &str, value: &str) -> Vec<u8> {
    let text = std::str::from_utf8(bytes).unwrap();
    let (line, rest) = text.split_once("\r\n").unwrap();
    format!("{line}\r\n{name}: {value}\r\n{rest}").into_bytes()
}

/// The bytes of a GET of this URL.
pub(crate) fn get_url(url: &str) -> Vec<u8> {
    let (_, after) = url.split_once("://").unwrap();
    let (host, path) = after.split_once('/').unwrap();
    format!("GET /{path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n").into_bytes()
}

/// Sends bytes over TLS to the gateway; none when it breaks off without an answer.
pub(crate) fn try_send(address: &str, tls: &Arc<ClientConfig>, bytes: &[u8]) -> Option<Reply> {
    let socket = TcpStream::connect(address).ok()?;
    socket.set_read_timeout(Some(Duration::from_secs(60))).ok()?;
    let name = ServerName::try_from(HOST).unwrap();
    let connection = ClientConnection::new(Arc::clone(tls), name).unwrap();
    let mut stream = StreamOwned::new(connection, socket);
    stream.write_all(bytes).ok()?;
    let answer = read_all(&mut stream);
    answer.windows(4).any(|end| end == b"\r\n\r\n").then(|| Reply::parse(&answer))
}

/// Sends bytes over TLS; there has to be an answer.
#[track_caller]
pub(crate) fn send(world: &World, bytes: &[u8]) -> Reply {
    try_send(&world.at("https"), &trust(world), bytes).expect("an answer")
}

/// Sends bytes without TLS to this address.
pub(crate) fn plain(address: &str, bytes: &[u8]) -> Reply {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.write_all(bytes).unwrap();
    Reply::parse(&read_all(&mut stream))
}

/// Sends bytes without TLS to the https port.
pub(crate) fn send_plain(world: &World, bytes: &[u8]) -> Reply {
    send_to(&world.at("https"), bytes)
}

/// Sends bytes without TLS.
pub(crate) fn send_to(address: &str, bytes: &[u8]) -> Reply {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.write_all(bytes).unwrap();
    Reply::parse(&read_all(&mut stream))
}

/// TLS that trusts the demo's CA and nobody else.
pub(crate) fn trust(world: &World) -> Arc<ClientConfig> {
    trust_file(world.at("ca"))
}

/// TLS that trusts this CA and nobody else.
pub(crate) fn trust_file(ca: impl AsRef<Path>) -> Arc<ClientConfig> {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_file(ca).unwrap()).unwrap();
    Arc::new(ClientConfig::builder().with_root_certificates(roots).with_no_client_auth())
}

/// To the end, or as far as it goes: a peer need not say goodbye (`close_notify`).
fn read_all(stream: &mut impl Read) -> Vec<u8> {
    let mut bytes = Vec::new();
    let _ = stream.read_to_end(&mut bytes);
    bytes
}

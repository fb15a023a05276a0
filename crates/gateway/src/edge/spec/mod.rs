//! What a socket sees: every kind of bytes is answered, slow clients are not waited for, a stop is a stop.

mod limits;
mod smuggling;

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;
use std::time::{Duration, Instant};

use faregate_catalog::Catalog;
use faregate_pipeline::time::Millis;
use faregate_stores::{Durability, Options, Stores};
use rustls::pki_types::{CertificateDer, ServerName, pem::PemObject};

use crate::config::Config;
use crate::edge::pages::{PageReply, Pages};
use crate::gateway::{Gateway, Running};
use crate::ops::access_log::Target;

const GET: &str = "GET /v2/index.php HTTP/1.1\r\nHost: cvm.api.example.com\r\n\r\n";

/// A gateway without modules at free ports, and the folder that it lives in.
fn gateway(change: impl FnOnce(&mut Config)) -> (Running, tempfile::TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    Stores::create(&data).unwrap();
    let options = Options { durability: Durability::Os, ..Options::new(&data) };
    let stores = Stores::open(options, Millis::from_secs(1_500_000_000)).unwrap();
    let mut config = Config::new("api.example.com", data);
    let free = Some(SocketAddr::from(([127, 0, 0, 1], 0)));
    config.sandbox = true;
    (config.listen.https, config.listen.http) = (free, free);
    (config.listen.proxy, config.listen.pages) = (free, free);
    (config.access_log, config.limits.workers) = (Target::Off, Some(2));
    change(&mut config);
    let pages: Pages = Arc::new(|request| {
        let form = request.submission.map_or(String::new(), |sent| format!(" {sent:?}"));
        let body = format!("{}{form}", request.path).into_bytes();
        let headers = vec![("x-page", "yes".to_owned())];
        let content_type = "text/plain".to_owned();
        Box::pin(async move { PageReply { status: 200, content_type, body, headers } })
    });
    (Gateway::start(config, Catalog::empty(), stores, Some(pages)).unwrap(), folder)
}

fn open(address: Option<SocketAddr>) -> TcpStream {
    let stream = TcpStream::connect(address.unwrap()).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(5))).unwrap();
    stream
}

/// Reads until the other end closes.
fn rest(stream: &mut impl Read) -> String {
    let mut out = Vec::new();
    // A peer that closes without TLS's farewell, or with bytes unread, has still said what it had to say.
    let _ = stream.read_to_end(&mut out);
    String::from_utf8_lossy(&out).into_owned()
}

/// Reads one answer: a head, and a body as long as it says.
fn one(stream: &mut impl Read) -> String {
    let mut out = Vec::new();
    let mut byte = [0];
    while !out.ends_with(b"\r\n\r\n") {
        stream.read_exact(&mut byte).unwrap();
        out.extend_from_slice(&byte);
    }
    let head = String::from_utf8(out).unwrap();
    let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")).unwrap();
    let mut body = vec![0; length.parse().unwrap()];
    stream.read_exact(&mut body).unwrap();
    head + std::str::from_utf8(&body).unwrap()
}

/// The client's end of TLS to this name, trusting the gateway's own CA.
fn tls(
    running: &Running,
    stream: TcpStream,
    name: &'static str,
) -> rustls::StreamOwned<rustls::ClientConnection, TcpStream> {
    let ca = std::fs::read(running.ca.as_ref().unwrap()).unwrap();
    let mut roots = rustls::RootCertStore::empty();
    roots.add(CertificateDer::from_pem_slice(&ca).unwrap()).unwrap();
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let client = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    let name = ServerName::try_from(name).unwrap();
    let session = rustls::ClientConnection::new(Arc::new(client), name).unwrap();
    rustls::StreamOwned::new(session, stream)
}

#[test]
fn whatever_is_no_request_is_answered_in_the_contract_and_closed() {
    let (running, _folder) = gateway(|_| {});
    let host = "Host: cvm.api.example.com\r\n";
    let many = "a: b\r\n".repeat(101);
    let long = format!("GET /?{} HTTP/1.1\r\n{host}\r\n", "a".repeat(60_000));
    for (title, bytes) in [
        ("garbage", "garbage\r\n\r\n".to_owned()),
        ("a head of binary", "\u{1}\u{2}\u{3}\r\n\r\n".to_owned()),
        ("too many headers", format!("GET /v2/index.php HTTP/1.1\r\n{host}{many}\r\n")),
        ("a head too long", long),
        ("an underscore", format!("GET /v2/index.php HTTP/1.1\r\n{host}X_Y: 1\r\n\r\n")),
        ("two Hosts", format!("GET /v2/index.php HTTP/1.1\r\n{host}{host}\r\n")),
        (
            "two lengths",
            format!(
                "POST /v2/index.php HTTP/1.1\r\n{host}Content-Length: 1\r\nContent-Length: 2\r\n\r\nab"
            ),
        ),
    ] {
        let mut stream = open(running.http);
        stream.write_all(bytes.as_bytes()).unwrap();
        let answer = rest(&mut stream);
        assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"), "{title}: {answer}");
        assert!(answer.contains("server: faregate\r\n"), "{title}: {answer}");
        assert!(answer.contains("connection: close\r\n"), "{title}: {answer}");
        assert!(answer.contains("\"code\":4000"), "{title}: {answer}");
    }
    // On the path of API 3.0, in its envelope.
    let mut stream = open(running.http);
    stream.write_all(format!("GET / HTTP/1.1\r\n{host}X_Y: 1\r\n\r\n").as_bytes()).unwrap();
    let answer = rest(&mut stream);
    assert!(answer.contains("content-type: application/json\r\n"), "{answer}");
    assert!(answer.contains("{\"Response\":{\"Error\":{\"Code\":\"InvalidRequest\""), "{answer}");
    running.stop(Duration::from_secs(2));
}

#[test]
fn a_body_too_large_is_still_answered() {
    let (running, _folder) = gateway(|config| config.limits.body_bytes_max = 1_000);
    let mut stream = open(running.http);
    let head =
        "POST /v2/index.php HTTP/1.1\r\nHost: cvm.api.example.com\r\nContent-Length: 5000\r\n\r\n";
    stream.write_all(head.as_bytes()).unwrap();
    stream.write_all(&[b'a'; 5_000]).unwrap();
    assert!(one(&mut stream).contains("\"code\":"));
    // The body was read to its end, so that the connection is good for another call.
    stream.write_all(GET.as_bytes()).unwrap();
    assert!(one(&mut stream).contains("\"code\":6100"));
    running.stop(Duration::from_secs(2));
}

#[test]
fn a_slow_head_ends_a_connection_and_a_quiet_one_after_an_answer_does_not() {
    let (running, _folder) = gateway(|config| config.limits.header_timeout_s = 1);
    let mut quiet = open(running.http);
    quiet.write_all(GET.as_bytes()).unwrap();
    assert!(one(&mut quiet).contains("\"code\":6100"));

    for (title, address, first_bytes) in [
        ("no TLS", running.https, ""),
        ("nothing", running.http, ""),
        ("half a line", running.http, "GET / HT"),
    ] {
        let began = Instant::now();
        let mut slow = open(address);
        slow.write_all(first_bytes.as_bytes()).unwrap();
        assert_eq!(rest(&mut slow), "", "{title}");
        let took = began.elapsed();
        assert!(took < Duration::from_secs(2), "{title} was waited for {took:?}");
    }
    quiet.write_all(GET.as_bytes()).unwrap();
    assert!(one(&mut quiet).contains("\"code\":6100"));
    running.stop(Duration::from_secs(2));
}

#[test]
fn tls_plain_and_tunnel_end_at_the_same_gates() {
    let (running, _folder) = gateway(|_| {});
    let mut plain = open(running.https);
    plain.write_all(GET.as_bytes()).unwrap();
    assert!(one(&mut plain).contains("\"code\":6100"));

    let mut tunnel = open(running.proxy);
    tunnel.write_all(b"CONNECT cvm.api.example.com:443 HTTP/1.0\r\n\r\n").unwrap();
    let mut established = [0; 39];
    tunnel.read_exact(&mut established).unwrap();
    assert_eq!(&established, b"HTTP/1.1 200 Connection established\r\n\r\n");

    for (stream, name) in [
        (open(running.https), "127.0.0.1"),
        (open(running.https), "api.example.com"),
        (tunnel, "cvm.api.example.com"),
    ] {
        let mut tls = tls(&running, stream, name);
        tls.write_all(GET.as_bytes()).unwrap();
        assert!(one(&mut tls).contains("\"code\":6100"));
    }
    running.stop(Duration::from_secs(2));
}

#[test]
fn the_proxy_is_no_way_out() {
    let (running, _folder) = gateway(|_| {});
    for line in [
        "CONNECT example.com:443 HTTP/1.1\r\nHost: example.com:443\r\n\r\n",
        "CONNECT cvm.api.example.com:80 HTTP/1.1\r\n\r\n",
        "GET http://example.com/ HTTP/1.1\r\n\r\n",
    ] {
        let mut stream = open(running.proxy);
        stream.write_all(line.as_bytes()).unwrap();
        assert!(rest(&mut stream).starts_with("HTTP/1.1 403 Forbidden\r\n"), "{line}");
    }
    running.stop(Duration::from_secs(2));
}

#[test]
fn one_connection_too_many_is_told_so_and_closed() {
    let (running, _folder) = gateway(|config| config.limits.connections_max = 1);
    // Each listener has a crowd of its own; one that was answered is certainly counted.
    let kept: Vec<_> = [running.http, running.https, running.pages]
        .into_iter()
        .map(|address| {
            let mut stream = open(address);
            stream.write_all(GET.as_bytes()).unwrap();
            one(&mut stream);
            stream
        })
        .collect();
    let told = |title: &str, answer: String| {
        for said in
            ["\"code\":6200", "\"reason\":\"OVERLOAD\"", "retry-after: 1", "connection: close"]
        {
            assert!(answer.contains(said), "{title} without {said}: {answer}");
        }
    };
    told("plain, at once", rest(&mut open(running.http)));
    let mut plain = open(running.https);
    plain.write_all(GET.as_bytes()).unwrap();
    told("plain, at the https port", rest(&mut plain));
    let mut tls = tls(&running, open(running.https), "127.0.0.1");
    tls.write_all(GET.as_bytes()).unwrap();
    told("over TLS", rest(&mut tls));
    let page = rest(&mut open(running.pages));
    assert!(page.starts_with("HTTP/1.1 503 ") && page.contains("retry-after: 1"), "{page}");
    drop(kept);
    // The place comes back when the gateway has seen the connection go.
    let again = (0..200).any(|_| {
        let mut stream = open(running.http);
        let _ = stream.write_all(GET.as_bytes());
        std::thread::sleep(Duration::from_millis(5));
        one(&mut stream).contains("\"code\":6100")
    });
    assert!(again, "a place that is given back is taken again");
    running.stop(Duration::from_secs(2));
}

#[test]
fn pages_are_read_forms_are_sent_and_nothing_else() {
    let (running, _folder) = gateway(|_| {});
    let huge = "a".repeat(20_000);
    for (method, form, status, said) in [
        ("GET", "", "200 OK", "/errors"),
        ("POST", "a=b", "200 OK", "form: \"a=b\", host: Some(\"x\"), origin: None"),
        ("POST", &huge, "413 Payload Too Large", "at most 16 KiB"),
        ("PUT", "", "405 Method Not Allowed", "read by GET"),
    ] {
        let mut stream = open(running.pages);
        let n = form.len();
        let head = format!(
            "{method} /errors HTTP/1.1\r\nHost: x\r\nContent-Length: {n}\r\nConnection: close\r\n\r\n"
        );
        stream.write_all(format!("{head}{form}").as_bytes()).unwrap();
        let answer = rest(&mut stream);
        assert!(answer.starts_with(&format!("HTTP/1.1 {status}\r\n")), "{answer}");
        assert!(answer.contains("content-security-policy: default-src 'none'"), "{answer}");
        assert!(answer.contains(said), "{method}: {answer}");
    }
    running.stop(Duration::from_secs(2));
}

#[test]
fn after_a_stop_nothing_listens_and_an_idle_connection_is_not_waited_for() {
    let (running, _folder) = gateway(|_| {});
    let address = running.http.unwrap();
    let mut idle = open(running.http);
    idle.write_all(GET.as_bytes()).unwrap();
    one(&mut idle);
    let began = Instant::now();
    running.stop(Duration::from_secs(4));
    assert!(began.elapsed() < Duration::from_secs(2));
    assert!(TcpStream::connect(address).is_err());
}

#[test]
fn an_address_in_use_is_named_with_its_key() {
    let (running, folder) = gateway(|_| {});
    let data = folder.path().join("other");
    Stores::create(&data).unwrap();
    let options = Options { durability: Durability::Os, ..Options::new(&data) };
    let stores = Stores::open(options, Millis::from_secs(1_500_000_000)).unwrap();
    let mut config = Config::new("api.example.com", data);
    config.listen.http = running.http;
    let refused = Gateway::start(config, Catalog::empty(), stores, None).unwrap_err().to_string();
    assert!(refused.starts_with("listen.http = \"127.0.0.1:"), "{refused}");
    running.stop(Duration::from_secs(2));
}

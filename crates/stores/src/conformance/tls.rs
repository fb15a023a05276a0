//! Both stores under TLS: whoever has no good certificate for its name is not believed.

use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::Command;

use faregate_pipeline::facts::Claim;
use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair};

use super::nonces::claim;
use super::servers::Servers;
use super::{TEN, shared_at};
use crate::{Options, SharedAt, Stores};

/// An authority, and what it says of `localhost`: certificate and key.
fn authority(folder: &Path, name: &str) -> (PathBuf, PathBuf, PathBuf) {
    let at = |what: &str| folder.join(format!("{name}-{what}.pem"));
    let mut params = CertificateParams::new(Vec::new()).unwrap();
    params.distinguished_name.push(DnType::CommonName, name);
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let key = KeyPair::generate().unwrap();
    let ca = params.self_signed(&key).unwrap();
    std::fs::write(at("ca"), ca.pem()).unwrap();
    let issuer = Issuer::new(params, key);
    let key = KeyPair::generate().unwrap();
    let of_server = CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
    std::fs::write(at("cert"), of_server.signed_by(&key, &issuer).unwrap().pem()).unwrap();
    std::fs::write(at("key"), key.serialize_pem()).unwrap();
    (at("ca"), at("cert"), at("key"))
}

fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

#[tokio::test]
async fn both_stores_are_spoken_to_under_tls_and_a_wrong_name_or_authority_is_refused() {
    let mut servers = Servers::start();
    let data = servers.folder().join("data");
    let plain = shared_at(&servers, "tls", &data);
    let (ca, cert, key) = authority(servers.folder(), "ours");
    let (other, ..) = authority(servers.folder(), "other");
    // PostgreSQL reads a key that is its own alone.
    let own = servers.folder().join("pg/server.key");
    std::fs::copy(&key, &own).unwrap();
    let alike =
        Command::new("chown").arg("--reference").arg(own.parent().unwrap()).arg(&own).status();
    assert!(alike.unwrap().success());
    assert!(Command::new("chmod").arg("600").arg(&own).status().unwrap().success());
    let [postgres, redis] = [free_port(), free_port()];
    let text = |path: &Path| path.display().to_string();
    for setting in [
        "ssl=on".to_owned(),
        format!("ssl_cert_file={}", text(&cert)),
        format!("ssl_key_file={}", text(&own)),
        "listen_addresses=localhost".to_owned(),
    ] {
        servers.postgres_options.extend(["-c".to_owned(), setting]);
    }
    servers.postgres_port = postgres;
    servers.redis_options = [
        ("--tls-port", redis.to_string()),
        ("--tls-cert-file", text(&cert)),
        ("--tls-key-file", text(&key)),
        ("--tls-ca-cert-file", text(&ca)),
        ("--tls-auth-clients", "no".to_owned()),
    ]
    .into_iter()
    .flat_map(|(name, value)| [name.to_owned(), value])
    .collect();
    servers.stop_redis();
    servers.start_redis();
    servers.stop_postgres();
    servers.start_postgres();

    let at = |host: &str, ca: &Path| SharedAt {
        postgres: format!("postgres://faregate@{host}:{postgres}/tls?sslmode=verify-full"),
        redis: format!("rediss://{host}:{redis}"),
        ca_file: Some(ca.to_owned()),
        ..plain.clone()
    };
    let good = at("localhost", &ca);
    assert_eq!(crate::examine(&data, &good).unwrap().len(), 1, "a test's fsync is off");
    let stores =
        Stores::open(Options { shared: Some(good.clone()), ..Options::new(&data) }, TEN).unwrap();
    let (entered, ..) = stores.enter(&claim(1, 1, TEN), &[], TEN).await.unwrap();
    assert_eq!(entered, Claim::New);
    drop(stores);
    for (why, wrong) in [("UnknownIssuer", at("localhost", &other)), ("name", at("127.0.0.1", &ca))]
    {
        let problems = crate::examine(&data, &wrong).unwrap();
        assert_eq!(problems.len(), 2, "{problems:?}");
        assert!(problems.iter().all(|problem| problem.contains(why)), "{why}: {problems:?}");
    }
    let missing = at("localhost", Path::new("/nonexistent/ca.pem"));
    let refused = crate::examine(&data, &missing).unwrap_err().to_string();
    assert!(refused.contains("/nonexistent/ca.pem"), "{refused}");
    // A server that speaks no TLS is not spoken to without it.
    servers.stop_postgres();
    servers.postgres_options.extend(["-c".to_owned(), "ssl=off".to_owned()]);
    servers.start_postgres();
    let problems = crate::examine(&data, &good).unwrap();
    assert!(problems.iter().any(|problem| problem.contains("TLS")), "{problems:?}");
}

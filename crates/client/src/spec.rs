//! What the client promises, against a server of a few lines.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use faregate_signing::{Algorithm, Method, SecretKey, Tag, form, v2};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use crate::{CallError, Client, Credentials, Endpoint, PATH};

const ID: &str = "AKIDz8krbsJ5yKBZQpn74WFkmLPx3gnPhESA";
const SECRET: &str = "Gu5t9xGARNpq86cd98joQYCN3Cozk1qA";

#[test]
fn endpoints_are_read_or_refused() {
    for (url, tls, address) in [
        ("https://127.0.0.1:8443", true, ("127.0.0.1", 8443)),
        ("https://127.0.0.1:8443/", true, ("127.0.0.1", 8443)),
        ("http://[::1]:8080", false, ("::1", 8080)),
        ("localhost:9", true, ("localhost", 9)),
        ("http://cloud", false, ("cloud", 80)),
        ("cloud", true, ("cloud", 443)),
    ] {
        let endpoint = Endpoint::at(url, "b.c").unwrap();
        let found = endpoint.address("cvm.b.c");
        assert_eq!(
            (endpoint.is_tls(), found.0.as_str(), found.1),
            (tls, address.0, address.1),
            "{url}"
        );
    }
    for url in ["", "ftp://a", "https://", "https://a:x", "https://u@a", "https://a/b", "a:70000"] {
        assert!(matches!(Endpoint::at(url, "b.c"), Err(CallError::Endpoint(_))), "{url}");
    }
    assert_eq!(Endpoint::direct("b.c").address("cvm.b.c"), ("cvm.b.c".to_owned(), 443));
}

/// Answers each connection with the next answer, and keeps the bodies that came.
async fn server(answers: Vec<&'static str>) -> (Client, Arc<Mutex<Vec<String>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let bodies = Arc::new(Mutex::new(Vec::new()));
    let seen = Arc::clone(&bodies);
    tokio::spawn(async move {
        for answer in answers {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut text = String::new();
            let body = loop {
                let mut bytes = [0; 4096];
                let n = stream.read(&mut bytes).await.unwrap();
                text.push_str(std::str::from_utf8(&bytes[..n]).unwrap());
                if let Some((_, body)) = text.split_once("\r\n\r\n")
                    && body.contains("Signature=")
                {
                    break body.to_owned();
                }
            };
            assert!(text.to_ascii_lowercase().contains("host: cvm.b.c\r\n"), "{text}");
            seen.lock().unwrap().push(body);
            let (headers, body) = answer.split_once('|').unwrap();
            let n = body.len();
            let reply = format!("HTTP/1.1 200 OK\r\n{headers}content-length: {n}\r\n\r\n{body}");
            stream.write_all(reply.as_bytes()).await.unwrap();
        }
    });
    let endpoint = Endpoint::at(&format!("http://{address}"), "b.c").unwrap();
    (Client::new(endpoint, Credentials::new(ID, SECRET)).unwrap(), bodies)
}

fn value(body: &str, name: &str) -> String {
    let pairs = form::decode(body).unwrap();
    pairs.into_iter().find(|(known, _)| known == name).unwrap().1
}

#[tokio::test]
async fn a_call_is_signed_as_the_verifier_wants_it() {
    let (client, bodies) = server(vec![r#"|{"code":0,"totalCount":2}"#]).await;
    let params = [("name".to_owned(), "a b&ü=~".to_owned())];
    let answer = client.call("cvm", "DescribeInstances", &params).await.unwrap();
    assert_eq!(answer["totalCount"], 2);
    let body = bodies.lock().unwrap()[0].clone();
    let pairs = form::decode(&body).unwrap();
    let sent: Vec<_> = pairs
        .iter()
        .filter(|(name, _)| name != "Signature")
        .map(|(name, value)| (name.as_str(), value.as_str()))
        .collect();
    assert!(sent.contains(&("name", "a b&ü=~")));
    let tag = Tag::decode(&value(&body, "Signature")).unwrap();
    let algorithm = Algorithm::HmacSha256;
    let request = v2::Request {
        method: Method::Post,
        host: "cvm.b.c",
        path: PATH,
        pairs: &sent,
        algorithm,
        tag: &tag,
    };
    assert!(v2::verify(&request, &SecretKey::new(SECRET)).is_ok());
}

#[tokio::test]
async fn a_wait_is_obeyed_twice_with_fresh_nonces() {
    const WAIT: &str = "retry-after: 0\r\n|{\"code\":4400,\"message\":\"Quota exceed\"}";
    let (client, bodies) = server(vec![WAIT, WAIT, WAIT]).await;
    let error = client.call("cvm", "DescribeZones", &[]).await.unwrap_err();
    assert!(matches!(error, CallError::Api(error) if error.code.number() == 4400));
    let bodies = bodies.lock().unwrap();
    let mut nonces: Vec<_> = bodies.iter().map(|body| value(body, "Nonce")).collect();
    nonces.dedup();
    assert_eq!((bodies.len(), nonces.len()), (3, 3));
}

#[tokio::test]
async fn the_clock_is_set_once_by_the_servers() {
    const LATE: &str = "|{\"code\":4500,\"message\":\"the server's Timestamp is 1500000000.\"}";
    let (client, bodies) = server(vec![LATE, "|{\"code\":0}", LATE, LATE]).await;
    assert!(client.call("cvm", "DescribeZones", &[]).await.is_ok());
    let stamp: i64 = value(&bodies.lock().unwrap()[1], "Timestamp").parse().unwrap();
    assert!((stamp - 1_500_000_000).abs() < 5, "{stamp}");
    assert!(client.call("cvm", "DescribeZones", &[]).await.is_err());
    assert_eq!(bodies.lock().unwrap().len(), 4);
}

#[tokio::test]
async fn without_retries_the_first_answer_is_the_answer() {
    let (client, bodies) =
        server(vec!["retry-after: 0\r\n|{\"code\":6200,\"message\":\"\"}", "|{\"code\":0}"]).await;
    assert!(client.retries(0).call("cvm", "DescribeZones", &[]).await.is_err());
    assert_eq!(bodies.lock().unwrap().len(), 1);
}

#[tokio::test]
async fn what_is_no_answer_is_told_apart() {
    let (client, _) = server(vec!["|<html>"]).await;
    let error = client.call("cvm", "DescribeZones", &[]).await.unwrap_err();
    assert!(matches!(error, CallError::NotAnAnswer(_)), "{error}");

    let gone = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = gone.local_addr().unwrap();
    let endpoint = Endpoint::at(&format!("http://{address}"), "b.c").unwrap();
    let client = Client::new(endpoint, Credentials::new(ID, SECRET)).unwrap();
    let silent = client.timeout(Duration::from_millis(50));
    let error = silent.call("cvm", "DescribeZones", &[]).await.unwrap_err();
    assert!(matches!(error, CallError::Timeout(_)), "{error}");
    drop(gone);
    let error = silent.call("cvm", "DescribeZones", &[]).await.unwrap_err();
    assert!(matches!(error, CallError::Unreachable { .. }), "{error}");
}

#[tokio::test]
async fn what_cannot_be_asked_is_said_before_it_is_sent() {
    let (client, _) = server(vec![]).await;
    for (module, params) in [
        ("", vec![]),
        ("c vm", vec![]),
        ("cvm/..", vec![]),
        ("cvm", vec![("Action".to_owned(), "x".to_owned())]),
    ] {
        let error = client.call(module, "DescribeZones", &params).await.unwrap_err();
        assert!(matches!(error, CallError::Request(_)), "{module}: {error}");
    }
}

#[test]
fn secrets_do_not_show_themselves() {
    let shown = format!("{:?}", Credentials::new(ID, SECRET).with_token("tok"));
    assert!(shown.contains(ID) && !shown.contains(SECRET) && !shown.contains("tok\""), "{shown}");
}

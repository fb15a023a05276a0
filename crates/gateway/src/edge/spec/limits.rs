//! Each limit of a connection, met: the answer in the contract, or the end of the connection.

use std::io::Write;
use std::time::{Duration, Instant};

use super::{GET, gateway, one, open, rest};
use crate::config::Limits;

const HOST: &str = "Host: cvm.api.example.com\r\n";

fn is_malformed(title: &str, answer: &str) {
    for said in ["\"code\":4000", "\"reason\":\"MALFORMED_HTTP\"", "connection: close\r\n"] {
        assert!(answer.contains(said), "{title} without {said}: {answer}");
    }
}

#[test]
fn a_head_has_at_most_headers_max_headers_and_head_bytes_max_bytes() {
    let (running, _folder) = gateway(|config| {
        let limits =
            Limits { headers_max: 3, head_bytes_max: 8_192, query_bytes_max: 1, ..config.limits };
        config.limits = limits;
    });
    for (title, n_headers, n_bytes, good) in [
        ("three headers", 2, 10, true),
        ("four headers", 3, 10, false),
        ("a head within the limit", 1, 8_000, true),
        ("a head of more bytes", 1, 9_000, false),
    ] {
        let lines = format!("A: {}\r\n", "a".repeat(n_bytes / n_headers)).repeat(n_headers);
        let mut stream = open(running.http);
        stream
            .write_all(format!("GET /v2/index.php HTTP/1.1\r\n{HOST}{lines}\r\n").as_bytes())
            .unwrap();
        if good {
            assert!(one(&mut stream).contains("\"code\":6100"), "{title}");
        } else {
            is_malformed(title, &rest(&mut stream));
        }
    }
    running.stop(Duration::from_secs(2));
}

#[test]
fn a_body_that_stands_still_is_waited_for_body_timeout_s() {
    let (running, _folder) = gateway(|config| config.limits.body_timeout_s = 1);
    let began = Instant::now();
    let mut stream = open(running.http);
    let head = format!("POST /v2/index.php HTTP/1.1\r\n{HOST}Content-Length: 9\r\n\r\n");
    stream.write_all(format!("{head}half").as_bytes()).unwrap();
    let answer = rest(&mut stream);
    // No module has the domain, and that gate comes first; what counts here is that there is an answer, and an end.
    assert!(answer.contains("\"code\":6100"), "{answer}");
    let took = began.elapsed();
    assert!((Duration::from_millis(900)..Duration::from_secs(4)).contains(&took), "{took:?}");
    running.stop(Duration::from_secs(2));
}

#[test]
fn a_connection_that_asks_nothing_more_ends_after_idle_timeout_s() {
    let (running, _folder) = gateway(|config| config.limits.idle_timeout_s = 1);
    let mut stream = open(running.http);
    stream.write_all(GET.as_bytes()).unwrap();
    one(&mut stream);
    let began = Instant::now();
    assert_eq!(rest(&mut stream), "", "there is nothing to answer");
    let took = began.elapsed();
    assert!((Duration::from_millis(900)..Duration::from_secs(4)).contains(&took), "{took:?}");
    running.stop(Duration::from_secs(2));
}

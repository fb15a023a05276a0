//! No request hides in another: every published class of smuggling is refused and closed, or read in the one way.
//!
//! The classes are those of PortSwigger (CL.TE, TE.CL, TE.TE, CL.0, 0.CL, Expect) and of the HTTP Garden's list of
//! disagreements. Behind each row's bytes follows a whole request: where the row is refused, it gets no answer.

use std::io::Write;
use std::time::Duration;

use super::{GET, gateway, open, rest};

const HOST: &str = "Host: cvm.api.example.com\r\n";

/// A GET whose head holds these lines.
fn get(lines: &str) -> String {
    format!("GET /v2/index.php HTTP/1.1\r\n{HOST}{lines}\r\n")
}

/// A POST whose head holds these lines, with this body.
fn post(lines: &str, body: &str) -> String {
    format!("POST /v2/index.php HTTP/1.1\r\n{HOST}{lines}\r\n{body}")
}

/// What is answered to these bytes, the next request right behind them in the same segment.
fn answers(address: Option<std::net::SocketAddr>, bytes: &[u8]) -> String {
    let mut stream = open(address);
    let next = get("Connection: close\r\n");
    stream.write_all(&[bytes, next.as_bytes()].concat()).unwrap();
    rest(&mut stream)
}

/// Each is refused with its code, closed, and nothing behind it is answered.
#[track_caller]
fn refused<const N: usize>(rows: [(&str, String, u16); N]) {
    let (running, _folder) = gateway(|_| {});
    for (title, bytes, code) in rows {
        let answers = answers(running.http, bytes.as_bytes());
        assert_eq!(answers.matches("HTTP/1.1 ").count(), 1, "{title}: {answers}");
        for said in [&format!("\"code\":{code}"), "connection: close\r\n", "\"requestId\":"] {
            assert!(answers.contains(said), "{title} without {said}: {answers}");
        }
    }
    running.stop(Duration::from_secs(2));
}

#[test]
fn no_transfer_encoding_is_taken_however_it_is_spelt() {
    let te = "Transfer-Encoding: chunked\r\n";
    refused([
        ("CL.TE", post(&format!("Content-Length: 5\r\n{te}"), "0\r\n\r\n"), 4600),
        ("TE.CL", post(&format!("{te}Content-Length: 3\r\n"), "0\r\n\r\n"), 4600),
        ("chunked alone", post(te, "0\r\n\r\n"), 4600),
        ("TE.TE", post(&format!("{te}Transfer-Encoding: x\r\n"), "0\r\n\r\n"), 4600),
        ("TE: identity", post("Transfer-Encoding: identity\r\n", ""), 4600),
        ("TE: xchunked", post("Transfer-Encoding: xchunked\r\n", "0\r\n\r\n"), 4600),
        ("TE: gzip, chunked", post("Transfer-Encoding: gzip, chunked\r\n", "0\r\n\r\n"), 4600),
        ("TE: chunked, identity", post("Transfer-Encoding: chunked, identity\r\n", ""), 4600),
        ("TE in quotes", post("Transfer-Encoding: \"chunked\"\r\n", "0\r\n\r\n"), 4600),
        ("TE after a tab", post("Transfer-Encoding:\tchunked\r\n", "0\r\n\r\n"), 4600),
        ("TE of odd case", post("tRANSFER-eNCODING: cHuNkEd\r\n", "0\r\n\r\n"), 4600),
        ("TE of nothing", post("Transfer-Encoding:\r\n", ""), 4600),
        ("TE in HTTP/1.0", post(te, "0\r\n\r\n").replacen("1.1", "1.0", 1), 4600),
        ("TE of a GET", get(te) + "0\r\n\r\n", 4600),
        ("chunk extensions", post(te, "1;a=b\r\nx\r\n0;c\r\n\r\n"), 4600),
        ("a chunk size too large", post(te, "10000000000000000\r\nx\r\n0\r\n\r\n"), 4600),
        ("trailers", post(te, "0\r\nContent-Length: 5\r\n\r\n"), 4600),
        ("TE with a space in its name", post("Transfer-Encoding : chunked\r\n", ""), 4000),
        ("TE after a space", post(" Transfer-Encoding: chunked\r\n", ""), 4000),
        ("TE with an underscore", post("Transfer_Encoding: chunked\r\n", "0\r\n\r\n"), 4000),
        ("TE behind a bare CR", post("X: y\rTransfer-Encoding: chunked\r\n", ""), 4000),
        ("TE behind a bare LF", post("X: y\nTransfer-Encoding: chunked\r\n", ""), 4000),
        ("TE, folded", post("Transfer-Encoding:\r\n chunked\r\n", "0\r\n\r\n"), 4600),
    ]);
}

#[test]
fn a_length_is_one_number() {
    refused([
        ("two lengths", post("Content-Length: 1\r\nContent-Length: 2\r\n", "ab"), 4000),
        ("two equal lengths", post("Content-Length: 1\r\nContent-Length: 1\r\n", "a"), 4000),
        ("a list of lengths", post("Content-Length: 1, 1\r\n", "a"), 4000),
        ("a signed length", post("Content-Length: +1\r\n", "a"), 4000),
        ("a negative length", post("Content-Length: -1\r\n", ""), 4000),
        ("a length in hex", post("Content-Length: 0x1\r\n", "a"), 4000),
        ("a length with a point", post("Content-Length: 1.0\r\n", "a"), 4000),
        ("a length of nothing", post("Content-Length:\r\n", ""), 4000),
        ("a length too long", post("Content-Length: 99999999999999999999\r\n", ""), 4000),
        ("a length with an underscore", post("Content_Length: 1\r\n", "a"), 4000),
        ("a length after a space", post("Content-Length : 1\r\n", "a"), 4000),
        ("a length and a vertical tab", post("Content-Length: 1\u{b}\r\n", "a"), 4000),
    ]);
}

#[test]
fn lines_names_hosts_and_targets_are_read_in_one_way() {
    let long_name = format!("{}: 1\r\n", "a".repeat(257));
    refused([
        ("bare LF in the first line", get("").replacen("\r\n", "\n", 1), 4000),
        ("bare LF after a header", get("A: b\n"), 4000),
        ("bare LF as the end", get("A: b\r\n\n"), 4000),
        ("a bare CR", get("A: b\rc\r\n"), 4000),
        ("a folded header", get("A: b\r\n c\r\n"), 4000),
        ("a header folded with a tab", get("A: b\r\n\tc\r\n"), 4000),
        ("a space before a colon", get("A : b\r\n"), 4000),
        ("a space in a name", get("A B: c\r\n"), 4000),
        ("no name", get(": b\r\n"), 4000),
        ("no colon", get("A\r\n"), 4000),
        ("an underscore", get("A_B: c\r\n"), 4000),
        ("NUL in a name", get("A\0: b\r\n"), 4000),
        ("NUL in a value", get("A: b\0\r\n"), 4000),
        ("a bell in a value", get("A: b\u{7}\r\n"), 4000),
        ("DEL in a value", get("A: b\u{7f}\r\n"), 4000),
        ("a name too long", get(&long_name), 4000),
        ("two Hosts", get(HOST), 4000),
        ("two other Hosts", get("host: evil.example.com\r\n"), 4000),
        ("no Host", "GET /v2/index.php HTTP/1.1\r\nA: b\r\n\r\n".to_owned(), 4000),
        ("a whole URL", get("").replacen("/v2", "http://evil.example.com/v2", 1), 4600),
        ("a whole URL of ours", get("").replacen("/v2", "https://cvm.api.example.com/v2", 1), 4600),
        ("a fragment", get("").replacen("index.php", "index.php#a", 1), 4000),
        ("a space in the target", get("").replacen("index.php", "index .php", 1), 4000),
        ("a tab in the first line", get("").replacen("GET ", "GET\t", 1), 4000),
        ("NUL in the target", get("").replacen("index.php", "index\0.php", 1), 4000),
        ("HTTP/0.9", "GET /v2/index.php\r\n\r\n".to_owned(), 4000),
        ("HTTP/1.2", get("").replacen("1.1", "1.2", 1), 4000),
        ("http in lower case", get("").replacen("HTTP", "http", 1), 4000),
    ]);
}

#[test]
fn what_every_reader_reads_alike_is_two_requests() {
    let (running, _folder) = gateway(|_| {});
    for (title, bytes) in [
        ("a GET", GET.to_owned()),
        ("an empty line before it", format!("\r\n{GET}")),
        ("CL.0: a GET with a body", get("Content-Length: 43\r\n") + &"G".repeat(43)),
        ("0.CL: a POST of nothing", post("Content-Length: 0\r\n", "")),
        ("a POST without a length", post("", "")),
        (
            "a POST whose body is a request",
            post(&format!("Content-Length: {}\r\n", GET.len()), GET),
        ),
        ("a body of line feeds", post("Content-Length: 4\r\n", "\n\n\n\n")),
        ("a body of bare LF heads", post("Content-Length: 12\r\n", "GET / \nA_B\n\n")),
        ("an expectation", post("Expect: 100-continue\r\nContent-Length: 1\r\n", "a")),
        ("an odd expectation", post("Expect: y 100-continue\r\nContent-Length: 1\r\n", "a")),
        ("a header with text beyond ASCII", get("A: \u{e9}\r\n")),
        ("a length with zeros before it", post("Content-Length: 0001\r\n", "a")),
        ("an offer of h2c", get("Connection: Upgrade\r\nUpgrade: h2c\r\n")),
    ] {
        let answers = answers(running.http, bytes.as_bytes());
        let n_answers = answers.matches("HTTP/1.1 200 OK").count();
        assert_eq!(n_answers, 2, "{title}: {answers}");
        assert_eq!(answers.matches("\"requestId\":").count(), 2, "{title}: {answers}");
    }
    running.stop(Duration::from_secs(2));
}

#[test]
fn no_tunnel_is_opened_and_its_refusal_is_read() {
    let (running, _folder) = gateway(|_| {});
    let answers =
        answers(running.http, format!("CONNECT a.b:443 HTTP/1.1\r\n{HOST}\r\n").as_bytes());
    assert!(answers.starts_with("HTTP/1.1 405 Method Not Allowed\r\n"), "{answers}");
    assert!(
        answers.contains("\"code\":4600") && answers.contains("connection: close"),
        "{answers}"
    );
    assert_eq!(answers.matches("HTTP/1.1 ").count(), 1, "{answers}");
    running.stop(Duration::from_secs(2));
}

#[test]
fn the_preface_of_http_2_is_closed_without_a_word_for_who_sends_it_reads_no_http_1() {
    let (running, _folder) = gateway(|_| {});
    assert_eq!(answers(running.http, b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"), "");
    running.stop(Duration::from_secs(2));
}

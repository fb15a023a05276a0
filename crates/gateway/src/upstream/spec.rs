//! What comes back from addresses that behave, and from those that do not.

use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use super::*;

fn upstreams() -> Upstreams {
    Upstreams::new(crate::clock::Clock::new().stopwatch())
}

/// Longer than any of these takes.
fn long() -> Deadline {
    Deadline::after_ms(10_000)
}

fn request() -> Request<Full<Bytes>> {
    Request::get("/instances?limit=1").header("host", "module.test").body(Full::default()).unwrap()
}

/// Reads one request, up to the end of its head.
async fn head(stream: &mut TcpStream) -> bool {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        match stream.read_u8().await {
            Ok(byte) => head.push(byte),
            Err(_) => return false,
        }
    }
    true
}

/// A module that answers each request on one connection with the next of these, then closes it.
async fn module(answers: &'static [&'static str]) -> (String, tokio::task::JoinHandle<usize>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let authority = listener.local_addr().unwrap().to_string();
    let served = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut n = 0;
        for answer in answers {
            if !head(&mut stream).await {
                break;
            }
            n += 1;
            stream.write_all(answer.as_bytes()).await.unwrap();
        }
        n
    });
    (authority, served)
}

#[tokio::test]
async fn answers_are_read_whole_and_broken_ones_are_resets() {
    for (name, answer, expected) in [
        ("with a length", "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}", Some((200, "{}"))),
        (
            "in chunks",
            "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n1\r\n{\r\n1\r\n}\r\n0\r\n\r\n",
            Some((200, "{}")),
        ),
        ("until the end", "HTTP/1.1 503 Away\r\nretry-after: 7\r\n\r\nno", Some((503, "no"))),
        ("without a body", "HTTP/1.1 204 No Content\r\n\r\n", Some((204, ""))),
        ("cut in the body", "HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\n{}", None),
        ("cut in a chunk", "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n9\r\n{}", None),
        ("no HTTP", "hello\r\n\r\n", None),
        ("nothing", "", None),
    ] {
        let answers: &'static [&'static str] = Box::leak(Box::new([answer]));
        let (authority, served) = module(answers).await;
        let upstream = upstreams().exchange(&authority, request(), long()).await;
        match (&upstream, expected) {
            (Upstream::Answered { status, body, .. }, Some((code, text))) => {
                assert_eq!((*status, &body[..]), (code, text.as_bytes()), "{name}");
            }
            (Upstream::Reset(_), None) => {}
            _ => panic!("{name}: {upstream:?}"),
        }
        assert_eq!(served.await.unwrap(), 1, "{name}: sent once");
    }
}

#[tokio::test]
async fn a_connection_is_used_again_and_one_that_closed_meanwhile_is_not() {
    const ANSWER: &str = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}";
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let authority = listener.local_addr().unwrap().to_string();
    let served = tokio::spawn(async move {
        let mut by_connection = Vec::new();
        // The first connection is closed after two answers, the second after one.
        for answers in [2, 1] {
            let (mut stream, _) = listener.accept().await.unwrap();
            for _ in 0..answers {
                assert!(head(&mut stream).await);
                stream.write_all(ANSWER.as_bytes()).await.unwrap();
            }
            by_connection.push(answers);
        }
        by_connection
    });
    let upstreams = upstreams();
    for n in 0..3 {
        let upstream = upstreams.exchange(&authority, request(), long()).await;
        assert!(matches!(upstream, Upstream::Answered { status: 200, .. }), "{n}: {upstream:?}");
        // Time for the end of the connection to arrive.
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert_eq!(served.await.unwrap(), [2, 1]);
}

#[tokio::test]
async fn nobody_at_the_address_means_nothing_was_sent() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let authority = listener.local_addr().unwrap().to_string();
    drop(listener);
    let upstream = upstreams().exchange(&authority, request(), long()).await;
    assert!(matches!(upstream, Upstream::Unreachable(_)), "{upstream:?}");
}

#[tokio::test]
async fn more_than_is_read_is_not_kept() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let authority = listener.local_addr().unwrap().to_string();
    let served = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        assert!(head(&mut stream).await);
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\n\r\n").await;
        let part = vec![b' '; 64 * 1024];
        while stream.write_all(&part).await.is_ok() {}
    });
    let upstream = upstreams().exchange(&authority, request(), long()).await;
    assert!(matches!(upstream, Upstream::TooLarge { .. }), "{upstream:?}");
    served.await.unwrap();
}

#[test]
fn an_address_without_a_port_has_the_port_of_http() {
    for (authority, address) in [
        ("module.test", "module.test:80"),
        ("module.test:8080", "module.test:8080"),
        ("[::1]", "[::1]:80"),
        ("[::1]:8080", "[::1]:8080"),
    ] {
        assert_eq!(with_port(authority), address);
    }
}

#[tokio::test]
async fn an_answer_that_does_not_come_or_does_not_end_is_a_timeout() {
    for (name, answer) in [
        ("never begun", ""),
        ("begun", "HTTP/1.1 200 OK\r\n"),
        ("half a body", "HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\n{}"),
    ] {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let authority = listener.local_addr().unwrap().to_string();
        let served = tokio::spawn(async move {
            let (mut stream, _) = listener.accept().await.unwrap();
            head(&mut stream).await;
            stream.write_all(answer.as_bytes()).await.unwrap();
            // Kept open until the client goes away.
            let _ = stream.read_u8().await;
        });
        let deadline = Deadline::after_ms(50);
        let upstream = upstreams().exchange(&authority, request(), deadline).await;
        assert!(matches!(upstream, Upstream::Timeout { after_ms: 50 }), "{name}: {upstream:?}");
        served.await.unwrap();
    }
}

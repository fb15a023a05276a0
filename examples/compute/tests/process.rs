//! The service as a process: what it prints, when it ends, and what it still knows after a crash.

#![expect(clippy::expect_used, reason = "helpers of tests stand outside the test functions")]

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, Stdio};

struct Service {
    child: Child,
    address: String,
}

impl Service {
    fn start(data: &Path) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_faregate-compute"))
            .arg(data)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("started");
        let mut line = String::new();
        // Only what is needed is read: the reader gives the pipe back, and the end of it is looked at by `close`.
        let mut out = BufReader::new(child.stdout.take().expect("piped"));
        out.read_line(&mut line).expect("a line");
        child.stdout = Some(out.into_inner());
        let address = line.strip_prefix("listening ").expect("the line").trim_end().to_owned();
        assert!(address.starts_with("127.0.0.1:"), "{line}");
        Self { child, address }
    }

    /// The status code and the rest of the answer; nothing when the service went away without one.
    fn call(&self, method: &str, target: &str, key: &str, body: &str) -> Option<(u16, String)> {
        let mut stream = TcpStream::connect(&self.address).expect("connected");
        write!(
            stream,
            "{method} {target} HTTP/1.1\r\nHost: compute\r\nFaregate-Account: ann\r\nIdempotency-Key: {key}\r\n\
             Connection: close\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        )
        .expect("sent");
        let mut answer = String::new();
        // A reset is no answer either.
        let _ended = stream.read_to_string(&mut answer);
        let status = answer.strip_prefix("HTTP/1.1 ")?.get(..3)?.parse().ok()?;
        Some((status, answer.rsplit("\r\n").next()?.to_owned()))
    }

    /// Closes standard input; gives back how the process ended and what else it had printed.
    fn close(mut self) -> (Option<i32>, String) {
        drop(self.child.stdin.take());
        let mut rest = String::new();
        let mut out = self.child.stdout.take().expect("piped");
        out.read_to_string(&mut rest).expect("text");
        (self.child.wait().expect("ended").code(), rest)
    }
}

#[test]
fn it_prints_one_line_and_ends_when_its_standard_input_closes() {
    let data = tempfile::tempdir().expect("a folder");
    let service = Service::start(data.path());
    let (status, zones) = service.call("GET", "/zones", "", "").expect("answered");
    assert_eq!(status, 200);
    assert!(zones.contains(r#""totalCount":4"#), "{zones}");
    // A connection that stays open does not hold it up.
    let _idle = TcpStream::connect(&service.address).expect("connected");
    assert_eq!(service.close(), (Some(0), String::new()));
}

#[test]
fn a_purchase_that_crashed_it_was_made_and_its_answer_is_given_after_a_restart() {
    let data = tempfile::tempdir().expect("a folder");
    let order = r#"{"zone":"gz-1","instanceType":"S1.SMALL1","imageId":"img-crash","period":1,"goodsNum":1}"#;
    let service = Service::start(data.path());
    assert_eq!(service.call("POST", "/instances", "k1", order), None);
    assert_eq!(service.close().0, Some(70));

    let service = Service::start(data.path());
    let (status, answer) = service.call("POST", "/instances", "k1", order).expect("answered");
    assert_eq!(status, 200, "{answer}");
    let (_, list) = service.call("GET", "/instances", "", "").expect("answered");
    assert!(list.contains(r#""totalCount":1"#), "{list}");
    let (_, executions) = service.call("GET", "/_admin/executions", "", "").expect("answered");
    assert!(executions.contains(r#""total":1"#), "{executions}");

    let price = "/instances/price?instanceType=S1.SMALL1&imageId=img-crash";
    assert_eq!(service.call("GET", price, "", ""), None);
    assert_eq!(service.close().0, Some(70));
}

#[test]
fn it_says_why_it_cannot_start() {
    let data = tempfile::tempdir().expect("a folder");
    let file = data.path().join("file");
    std::fs::write(&file, "not a folder").expect("written");
    for arguments in [vec![], vec![file.as_os_str()]] {
        let ended = Command::new(env!("CARGO_BIN_EXE_faregate-compute"))
            .args(&arguments)
            .stdin(Stdio::null())
            .output()
            .expect("ran");
        assert_eq!(ended.status.code(), Some(1), "{arguments:?}");
        assert!(!ended.stderr.is_empty() && ended.stdout.is_empty(), "{arguments:?}");
    }
}

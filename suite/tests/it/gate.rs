//! `Gate`: `faregate serve` on data that outlive it, with an upstream that logs what it executes.

use std::fs::{self, File};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use faregate_signing::{Method, form};
use serde_json::Value;
use tempfile::TempDir;

use crate::raw;
use crate::world::{Account, binary};

const MARKS: &str = r#"
openapi: 3.1.0
info: { title: Marks, version: "1" }
servers: [{ url: "http://127.0.0.1:9001" }]
x-faregate: { module: cvm, protocols: [http, https] }
paths:
  /mark:
    post:
      operationId: Mark
      requestBody:
        content:
          application/json:
            schema: { type: object, properties: { n: { type: string } }, required: [n] }
      responses: { "200": { description: Marked. } }
"#;

/// What the upstream was told to mark, in order.
pub(crate) type Marks = Arc<Mutex<Vec<String>>>;

/// A gateway that can be killed, damaged and started again. Its one action marks a text at the upstream.
pub(crate) struct Gate {
    folder: TempDir,
    pub(crate) address: String,
    /// One who stamps as it likes, and one who stamps with the time of now.
    pub(crate) alice: Account,
    pub(crate) bob: Account,
    pub(crate) marks: Marks,
    environment: Vec<(String, String)>,
    process: Option<Child>,
}

impl Gate {
    /// Starts it; `settings` are `[replay]` and whatever follows.
    pub(crate) fn start(settings: &str) -> Self {
        Self::start_in(settings, Vec::new())
    }

    /// The same, with variables in its environment.
    pub(crate) fn start_in(settings: &str, environment: Vec<(String, String)>) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let marks = Marks::default();
        let upstream = TcpListener::bind("127.0.0.1:0").unwrap();
        let upstream_at = upstream.local_addr().unwrap();
        let log = Arc::clone(&marks);
        std::thread::spawn(move || {
            for stream in upstream.incoming().flatten() {
                let log = Arc::clone(&log);
                std::thread::spawn(move || mark(stream, &log));
            }
        });
        // Free a moment ago, and nobody else asks for it by name.
        let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string();
        let place = folder.path();
        fs::write(place.join("marks.yaml"), MARKS).unwrap();
        let config = format!(
            "base_domain = \"api.qcloud.com\"\n[listen]\nhttp = \"{address}\"\n[validity]\nperiod_s = 7200\n\
             [log]\naccess = \"access.log\"\n[[modules]]\ndocument = \"marks.yaml\"\n\
             upstream = \"http://{upstream_at}\"\n[replay]\n{settings}\n"
        );
        fs::write(place.join("faregate.toml"), config).unwrap();
        let data = place.join("data");
        let made = Command::new(binary()).args(["init"]).arg(place.join("made")).output().unwrap();
        assert!(made.status.success(), "{made:?}");
        fs::rename(place.join("made/data"), &data).unwrap();
        let account = |name: &str| {
            let id = text(&run(&["account", "create", name], &data));
            let key: Value =
                serde_json::from_str(&text(&run(&["key", "create", &id, "--json"], &data)))
                    .unwrap();
            let field = |name: &str| key[name].as_str().expect("a key").to_owned();
            Account { id, secret_id: field("secretId"), secret_key: field("secretKey") }
        };
        let (alice, bob) = (account("alice"), account("bob"));
        let mut gate = Self { folder, address, alice, bob, marks, environment, process: None };
        gate.resume();
        gate
    }

    /// Starts the process, and waits until it listens.
    pub(crate) fn resume(&mut self) {
        let log = self.path("serve.log");
        let _ = fs::remove_file(&log);
        let process = Command::new(binary())
            .args(["serve", "-c"])
            .arg(self.path("faregate.toml"))
            .envs(self.environment.iter().map(|(name, value)| (name, value)))
            .env("XDG_STATE_HOME", self.folder.path())
            .stdin(Stdio::null())
            .stderr(File::create(&log).unwrap())
            .spawn()
            .unwrap();
        self.process = Some(process);
        for _ in 0..2_000 {
            if self.said().contains("http listens on") {
                return;
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        panic!("serve does not listen: {}", self.said());
    }

    /// `kill -9`.
    pub(crate) fn kill(&mut self) {
        if let Some(mut process) = self.process.take() {
            process.kill().unwrap();
            process.wait().unwrap();
        }
    }

    /// What the process said since it was started.
    pub(crate) fn said(&self) -> String {
        fs::read_to_string(self.path("serve.log")).unwrap_or_default()
    }

    /// The lines of its calls and of its clock, over all starts.
    pub(crate) fn access_log(&self) -> String {
        fs::read_to_string(self.path("access.log")).unwrap_or_default()
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// `faregate …` on its configuration.
    pub(crate) fn command(&self, arguments: &[&str]) -> Output {
        let config = self.path("faregate.toml");
        Command::new(binary()).args(arguments).arg("-c").arg(config).output().unwrap()
    }

    /// A variable of its environment.
    pub(crate) fn environment(&self, name: &str) -> &str {
        let found = self.environment.iter().find(|(known, _)| known == name);
        found.map(|(_, value)| value.as_str()).expect("a variable that was set")
    }

    /// Its resident memory, in bytes.
    pub(crate) fn resident(&self) -> u64 {
        let pid = self.process.as_ref().unwrap().id();
        let statm = fs::read_to_string(format!("/proc/{pid}/statm")).unwrap();
        statm.split(' ').nth(1).unwrap().parse::<u64>().unwrap() * 4_096
    }

    /// A connection that is kept.
    pub(crate) fn connect(&self) -> Option<Connection> {
        Connection::to(&self.address)
    }

    /// One call on a connection of its own; its code.
    #[track_caller]
    pub(crate) fn code(&self, bytes: &[u8]) -> u64 {
        code_of(&self.connect().and_then(|mut c| c.send(bytes)).expect("an answer"))
    }
}

impl Drop for Gate {
    fn drop(&mut self) {
        self.kill();
    }
}

pub(crate) fn code_of(answer: &Value) -> u64 {
    answer["code"].as_u64().unwrap_or_else(|| panic!("no code: {answer}"))
}

fn run(arguments: &[&str], data: &Path) -> Output {
    let done = Command::new(binary()).args(arguments).arg("--data").arg(data).output().unwrap();
    assert!(done.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&done.stderr));
    done
}

fn text(done: &Output) -> String {
    String::from_utf8(done.stdout.clone()).unwrap().trim().to_owned()
}

/// A signed Mark, to be sent on a connection that is kept.
pub(crate) fn signed(account: &Account, n: &str, stamp: u64, nonce: u64) -> Vec<u8> {
    let (stamp, nonce) = (stamp.to_string(), nonce.to_string());
    let params = [("n", n), ("Timestamp", stamp.as_str()), ("Nonce", nonce.as_str())];
    let pairs = raw::signed(Method::Get, account, raw::pairs(account, "Mark", &params));
    let query = form::encode(&pairs);
    format!("GET /v2/index.php?{query} HTTP/1.1\r\nHost: {}\r\n\r\n", raw::HOST).into_bytes()
}

/// A kept connection to a gateway.
pub(crate) struct Connection {
    stream: BufReader<TcpStream>,
}

impl Connection {
    fn to(address: &str) -> Option<Self> {
        let stream = TcpStream::connect(address).ok()?;
        stream.set_read_timeout(Some(Duration::from_secs(60))).ok()?;
        stream.set_nodelay(true).ok()?;
        Some(Self { stream: BufReader::new(stream) })
    }

    /// None when it breaks off without an answer.
    pub(crate) fn send(&mut self, bytes: &[u8]) -> Option<Value> {
        self.stream.get_mut().write_all(bytes).ok()?;
        let body = message(&mut self.stream)?;
        serde_json::from_slice(&body).ok()
    }
}

/// The body of the next message; none at the end.
fn message(stream: &mut BufReader<TcpStream>) -> Option<Vec<u8>> {
    let mut length = 0;
    loop {
        let mut line = String::new();
        if stream.read_line(&mut line).ok()? == 0 {
            return None;
        }
        let line = line.trim_end().to_ascii_lowercase();
        if let Some(n) = line.strip_prefix("content-length:") {
            length = n.trim().parse().ok()?;
        }
        if line.is_empty() {
            break;
        }
    }
    let mut body = vec![0; length];
    stream.read_exact(&mut body).ok()?;
    Some(body)
}

/// The upstream: writes down what it is to mark, then says that it did.
fn mark(stream: TcpStream, marks: &Marks) {
    let mut stream = BufReader::new(stream);
    while let Some(body) = message(&mut stream) {
        let request: Value = serde_json::from_slice(&body).unwrap_or_default();
        marks.lock().unwrap().push(request["n"].as_str().unwrap_or_default().to_owned());
        let answer =
            "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}";
        if stream.get_mut().write_all(answer.as_bytes()).is_err() {
            return;
        }
    }
}

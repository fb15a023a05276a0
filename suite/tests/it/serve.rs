//! `faregate serve` with a configuration of one's own: two modules on one compute.

use std::fs::File;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::Duration;

use faregate_signing::Method;
use serde_json::Value;
use tempfile::TempDir;

use crate::raw::{self, Reply};
use crate::world::{Account, World, binary};

const LB: &str = r#"
openapi: 3.1.0
info: { title: Load balancers, version: "1" }
servers: [{ url: "http://127.0.0.1:9001" }]
x-faregate: { module: lb, protocols: [https] }
paths:
  /zones:
    get:
      operationId: DescribeBalancerZones
      responses: { "200": { description: The zones. } }
"#;

/// A `faregate serve` in a folder of its own, with one account.
pub(crate) struct Served {
    pub(crate) account: Account,
    pub(crate) address: String,
    process: Child,
    folder: TempDir,
}

impl Served {
    /// Starts it where `settings` are its configuration, apart from `base_domain`, `data` and `[listen]`; they may
    /// write files beside it.
    pub(crate) fn start(settings: impl FnOnce(&Path) -> String) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let gate = folder.path().join("gate");
        faregate(&["init", gate.to_str().unwrap()]);
        let address = free();
        let config = format!(
            "base_domain = \"api.qcloud.com\"\ndata = \"data\"\n[listen]\nhttps = \"{address}\"\n{}",
            settings(&gate)
        );
        let file = gate.join("faregate.toml");
        std::fs::write(&file, config).unwrap();
        faregate(&["check", "-c", file.to_str().unwrap()]);
        let data = gate.join("data");
        let account =
            json(&["account", "create", "alice", "--json", "--data", data.to_str().unwrap()]);
        let id = account["accountId"].as_str().expect("an accountId").to_owned();
        let key = json(&["key", "create", &id, "--json", "--data", data.to_str().unwrap()]);
        let text = |field: &str| key[field].as_str().expect("a key").to_owned();
        let account = Account { id, secret_id: text("secretId"), secret_key: text("secretKey") };
        let process = launch(folder.path());
        Self { account, address, process, folder }
    }

    /// Sends it a signal.
    pub(crate) fn tell(&self, signal: &str) {
        let pid = self.process.id().to_string();
        let done = Command::new("kill").args([&format!("-{signal}"), &pid]).status().unwrap();
        assert!(done.success(), "kill -{signal}");
    }

    /// Its exit code, once it has ended; none if it does not, or a signal ended it.
    pub(crate) fn ended(&mut self) -> Option<i32> {
        (0..1_200)
            .find_map(|_| {
                thread::sleep(Duration::from_millis(25));
                self.process.try_wait().unwrap()
            })?
            .code()
    }

    /// What it said so far.
    pub(crate) fn said(&self) -> String {
        std::fs::read_to_string(self.folder.path().join("serve.log")).unwrap_or_default()
    }

    /// `faregate …` on its data, whatever comes of it.
    pub(crate) fn command(&self, arguments: &[&str]) -> std::process::Output {
        Command::new(binary()).args(arguments).arg("--data").arg(self.data()).output().unwrap()
    }

    /// The folder of its configuration.
    pub(crate) fn gate(&self) -> PathBuf {
        self.folder.path().join("gate")
    }

    /// Ends it as an operator does, and waits for it.
    pub(crate) fn stop(&mut self) {
        Command::new("kill").arg(self.process.id().to_string()).status().unwrap();
        self.process.wait().unwrap();
    }

    /// `kill -9`.
    pub(crate) fn kill(&mut self) {
        // It may have been stopped already.
        let _ = self.process.kill();
        self.process.wait().unwrap();
    }

    /// `kill -9`, then the same again on the same data, at another port: its own may be somebody else's by now.
    pub(crate) fn restart(&mut self) {
        self.restart_in(&[]);
    }

    /// The same, with variables in its environment.
    pub(crate) fn restart_in(&mut self, environment: &[(&str, &str)]) {
        self.kill();
        let file = self.gate().join("faregate.toml");
        let address = free();
        let config = std::fs::read_to_string(&file).unwrap().replace(&self.address, &address);
        std::fs::write(&file, config).unwrap();
        self.address = address;
        self.process = launch_in(self.folder.path(), environment);
    }

    /// `kill -9` of a process that somebody else waits for.
    pub(crate) fn kill_now(&self) {
        let id = self.process.id().to_string();
        assert!(Command::new("kill").args(["-9", &id]).status().unwrap().success());
    }

    /// `faregate …` on its data, which has to succeed; what it printed.
    #[track_caller]
    pub(crate) fn run(&self, arguments: &[&str]) -> String {
        let done = self.command(arguments);
        assert!(done.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&done.stderr));
        String::from_utf8(done.stdout).unwrap()
    }

    /// A signed call to this host, as bytes.
    pub(crate) fn signed(&self, host: &str, action: &str) -> Vec<u8> {
        let pairs = raw::pairs(&self.account, action, &[]);
        let signed = raw::signed_for(host, Method::Get, &self.account, pairs);
        String::from_utf8(raw::get(&signed)).unwrap().replace(raw::HOST, host).into_bytes()
    }

    /// A signed call to this host, trusting the gateway's own CA.
    #[track_caller]
    pub(crate) fn call(&self, host: &str, action: &str) -> Reply {
        self.send(&self.signed(host, action))
    }

    /// Sends bytes, trusting the gateway's own CA.
    #[track_caller]
    pub(crate) fn send(&self, bytes: &[u8]) -> Reply {
        let trusted = raw::trust_file(self.data().join("tls/ca.pem"));
        raw::try_send(&self.address, &trusted, bytes).expect("an answer")
    }

    /// Its data folder.
    pub(crate) fn data(&self) -> PathBuf {
        self.folder.path().join("gate/data")
    }
}

/// An address that was free a moment ago, and nobody else asks for by name.
pub(crate) fn free() -> String {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string()
}

/// Starts it, and returns when it says that it listens: that its port takes connections is true a little earlier.
fn launch(folder: &Path) -> Child {
    launch_in(folder, &[])
}

fn launch_in(folder: &Path, environment: &[(&str, &str)]) -> Child {
    let log = folder.join("serve.log");
    let process = Command::new(binary())
        .args(["serve", "-c"])
        .arg(folder.join("gate/faregate.toml"))
        .stdin(Stdio::null())
        .env("XDG_STATE_HOME", folder)
        .envs(environment.iter().copied())
        .stderr(File::create(&log).unwrap())
        .spawn()
        .unwrap();
    let said = || std::fs::read_to_string(&log).unwrap_or_default();
    let up = (0..400).any(|_| {
        thread::sleep(Duration::from_millis(25));
        said().contains("https listens on")
    });
    assert!(up, "serve does not listen: {}", said());
    process
}

impl Drop for Served {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// A gateway with the modules `cvm` and `lb`. The upstream is a demo's compute.
pub(crate) struct TwoModules {
    // Its compute is the upstream, as long as it lives.
    _world: World,
    pub(crate) served: Served,
}

impl TwoModules {
    pub(crate) fn start() -> Self {
        let world = World::start();
        let upstream = world.upstream();
        let served = Served::start(|gate| {
            let compute =
                Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples/compute/openapi.yaml");
            std::fs::copy(compute, gate.join("cvm.yaml")).unwrap();
            std::fs::write(gate.join("lb.yaml"), LB).unwrap();
            module("cvm.yaml", &upstream) + &module("lb.yaml", &upstream)
        });
        Self { _world: world, served }
    }

    /// A signed call to this host.
    #[track_caller]
    pub(crate) fn call(&self, host: &str, action: &str) -> Value {
        self.served.call(host, action).json()
    }
}

pub(crate) fn module(document: &str, upstream: &str) -> String {
    format!("[[modules]]\ndocument = \"{document}\"\nupstream = \"http://{upstream}\"\n")
}

/// The module `lb` alone, at this upstream: its document is written, its settings are returned.
pub(crate) fn module_lb(gate: &Path, upstream: &str) -> String {
    std::fs::write(gate.join("lb.yaml"), LB).unwrap();
    module("lb.yaml", upstream)
}

/// Reads a request's head, and answers `{}` to it.
pub(crate) fn answer_emptily(stream: &mut TcpStream) {
    let mut head = Vec::new();
    let mut byte = [0];
    while !head.ends_with(b"\r\n\r\n") {
        stream.read_exact(&mut byte).unwrap();
        head.push(byte[0]);
    }
    stream
        .write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\nconnection: close\r\n\r\n{}")
        .unwrap();
}

#[test]
fn one_call_too_many_is_answered_6200_and_its_nonce_stays_unspent() {
    let upstream = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = upstream.local_addr().unwrap().to_string();
    let served = Served::start(|gate| {
        let limits = "[limits]\nworkers = 1\ncalls_in_flight_max = 1\n";
        limits.to_owned() + &module_lb(gate, &address)
    });
    let host = "lb.api.qcloud.com";
    let trusted = raw::trust_file(served.folder.path().join("gate/data/tls/ca.pem"));
    let second = served.signed(host, "DescribeBalancerZones");
    std::thread::scope(|scope| {
        let first = scope.spawn(|| served.call(host, "DescribeBalancerZones"));
        // Once the module has the first call, it is in flight until it is answered.
        let (mut under_way, _) = upstream.accept().unwrap();
        let refused = raw::try_send(&served.address, &trusted, &second).expect("an answer");
        assert_eq!((refused.code(), refused.header("retry-after")), (6200, Some("1")));
        assert_eq!(refused.json()["reason"], "OVERLOAD", "{}", refused.text);
        answer_emptily(&mut under_way);
        assert_eq!(first.join().unwrap().code(), 0);
        // The same bytes again: nothing was claimed by the refusal.
        scope.spawn(|| answer_emptily(&mut upstream.accept().unwrap().0));
        let same = raw::try_send(&served.address, &trusted, &second).expect("an answer");
        assert_eq!(same.code(), 0, "{}", same.text);
    });
}

#[track_caller]
fn faregate(arguments: &[&str]) -> String {
    let done = Command::new(binary()).args(arguments).output().unwrap();
    assert!(done.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&done.stderr));
    String::from_utf8(done.stdout).unwrap()
}

#[track_caller]
fn json(arguments: &[&str]) -> Value {
    serde_json::from_str(&faregate(arguments)).unwrap()
}

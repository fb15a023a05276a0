//! `World`: a demo cloud of its own for each test, with its accounts, its compute, and its data to restart on.

use std::fs::File;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Output, Stdio};

use serde_json::Value;
use tempfile::TempDir;

/// A running `faregate demo`. It is killed when dropped, and its data removed.
#[derive(Debug)]
pub(crate) struct World {
    folder: TempDir,
    demo: Demo,
}

#[derive(Debug)]
struct Demo {
    process: Child,
    ready: Value,
    // Kept, so that the demo never writes into a closed pipe.
    _stdout: BufReader<ChildStdout>,
}

/// One of the demo's accounts.
#[derive(Clone, Debug)]
pub(crate) struct Account {
    pub(crate) id: String,
    pub(crate) secret_id: String,
    pub(crate) secret_key: String,
}

impl World {
    pub(crate) fn start() -> Self {
        Self::start_with(&[])
    }

    /// The same, with more arguments of `demo`.
    pub(crate) fn start_with(arguments: &[&str]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let demo = Demo::start(folder.path(), arguments);
        Self { folder, demo }
    }

    /// `kill -9` of the gateway, nothing else.
    pub(crate) fn kill(&mut self) {
        self.demo.process.kill().unwrap();
        self.demo.process.wait().unwrap();
    }

    /// `kill -9`, then a new demo on the same data.
    pub(crate) fn restart(&mut self) {
        self.kill();
        self.demo = Demo::start(self.folder.path(), &[]);
    }

    /// An address of the ready line: `http`, `https`, `proxy`, `pages`, `ca`, `baseDomain`.
    pub(crate) fn at(&self, name: &str) -> String {
        self.demo.ready[name]
            .as_str()
            .unwrap_or_else(|| panic!("no `{name}` in {}", self.demo.ready))
            .to_owned()
    }

    pub(crate) fn account(&self, name: &str) -> Account {
        let account = &self.demo.ready["accounts"][name];
        let text = |field: &str| match &account[field] {
            Value::String(text) => text.clone(),
            Value::Number(number) => number.to_string(),
            Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => {
                panic!("no {field} of account {name} in {}", self.demo.ready)
            }
        };
        Account {
            id: text("accountId"),
            secret_id: text("secretId"),
            secret_key: text("secretKey"),
        }
    }

    /// `XDG_STATE_HOME` of this world: a command that has it finds this demo.
    pub(crate) fn state(&self) -> &Path {
        self.folder.path()
    }

    pub(crate) fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    /// `kill -9` of the compute process.
    pub(crate) fn kill_compute(&self) {
        let pid = self.demo.ready["modules"]["cvm"]["upstreamPid"].as_u64().expect("upstreamPid");
        let done = Command::new("kill").args(["-9", &pid.to_string()]).status().unwrap();
        assert!(done.success(), "kill -9 {pid}");
    }

    /// Where compute listens.
    pub(crate) fn upstream(&self) -> String {
        self.demo.ready["modules"]["cvm"]["upstream"]
            .as_str()
            .expect("modules.cvm.upstream")
            .to_owned()
    }

    /// How many requests compute has been sent since it was started, questions of ours not counted.
    pub(crate) fn calls(&self) -> u64 {
        let upstream = self.upstream();
        let executions: Value =
            serde_json::from_str(&http_get(&upstream, "/_admin/executions")).unwrap();
        executions["calls"].as_u64().expect("calls")
    }

    /// How often compute executed this action, in all its life.
    pub(crate) fn executed(&self, action: &str) -> u64 {
        let upstream = self.upstream();
        let executions: Value =
            serde_json::from_str(&http_get(&upstream, "/_admin/executions")).unwrap();
        executions["byAction"][action].as_u64().unwrap_or(0)
    }

    /// That compute was not called by what `act` does.
    #[track_caller]
    pub(crate) fn untouched<T>(&self, act: impl FnOnce() -> T) -> T {
        let before = self.calls();
        let out = act();
        let after = self.calls();
        assert_eq!(after - before, 0, "compute was called");
        out
    }

    /// A page, by its path.
    pub(crate) fn page(&self, path: &str) -> String {
        let pages = self.at("pages");
        let host = pages.trim_start_matches("http://").split('/').next().unwrap();
        http_get(host, path)
    }

    /// `faregate …` on this data, beside the running gateway.
    pub(crate) fn command(&self, arguments: &[&str]) -> Output {
        Command::new(binary()).args(arguments).arg("--data").arg(self.data()).output().unwrap()
    }

    /// The same, and it has to succeed; what it printed.
    #[track_caller]
    pub(crate) fn run(&self, arguments: &[&str]) -> String {
        let done = self.command(arguments);
        assert!(done.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&done.stderr));
        String::from_utf8(done.stdout).unwrap()
    }

    /// What an account has: available and held, as `ledger balance` says it.
    #[track_caller]
    pub(crate) fn balance(&self, account: &Account) -> Value {
        serde_json::from_str(&self.run(&["ledger", "balance", &account.id, "--json"])).unwrap()
    }

    /// Sum of entries 0, no negative balance, each hold ended at most once.
    #[track_caller]
    pub(crate) fn money_adds_up(&self) {
        self.run(&["ledger", "verify"]);
    }
}

impl Demo {
    fn start(folder: &Path, arguments: &[&str]) -> Self {
        let log = folder.join("demo.log");
        let mut process = Command::new(binary())
            .args(["demo", "--json", "--data"])
            .arg(folder.join("data"))
            .args(arguments)
            // Its own, so that no demo takes another's place as the running one.
            .env("XDG_STATE_HOME", folder)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(File::options().create(true).append(true).open(&log).unwrap())
            .spawn()
            .unwrap_or_else(|e| {
                panic!("{}: {e}: build it with `cargo build -p faregate`", binary().display())
            });
        let mut stdout = BufReader::new(process.stdout.take().unwrap());
        let mut line = String::new();
        stdout.read_line(&mut line).unwrap();
        let Ok(ready) = serde_json::from_str(&line) else {
            panic!(
                "no ready line but {line:?}; its log: {}",
                std::fs::read_to_string(&log).unwrap_or_default()
            );
        };
        Self { process, ready, _stdout: stdout }
    }
}

impl Drop for Demo {
    fn drop(&mut self) {
        // It may be dead already; then there is nothing to do.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// `FAREGATE_BIN`, or the binary beside this test: `target/<profile>/deps/it-…` → `target/<profile>/faregate`.
pub(crate) fn binary() -> PathBuf {
    if let Some(named) = std::env::var_os("FAREGATE_BIN") {
        return named.into();
    }
    let test = std::env::current_exe().unwrap();
    test.ancestors().nth(2).unwrap().join("faregate")
}

/// The body of a plain HTTP answer.
pub(crate) fn http_get(address: &str, path: &str) -> String {
    let mut stream = TcpStream::connect(address).unwrap();
    write!(stream, "GET {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n").unwrap();
    let mut bytes = Vec::new();
    stream.read_to_end(&mut bytes).unwrap();
    crate::raw::Reply::parse(&bytes).text
}

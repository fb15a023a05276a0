//! `Cloud`: compute, and a gateway before it that can be started on one document after another.

use std::fs::{self, File};
use std::io::{BufRead, BufReader};
use std::net::TcpListener;
use std::process::{Child, Command, Output, Stdio};
use std::time::Duration;

use faregate_signing::Method;
use serde_json::Value;
use tempfile::TempDir;

use crate::raw::{self, Reply};
use crate::world::{Account, binary};

/// Compute's own document.
pub(crate) const DOCUMENT: &str = include_str!("../../../../examples/compute/openapi.yaml");

/// Compute with its data, accounts, and whichever gateway was started last.
pub(crate) struct Cloud {
    folder: TempDir,
    compute: Child,
    upstream: String,
    gate: Option<Child>,
    pub(crate) address: String,
    pub(crate) ann: Account,
    pub(crate) bob: Account,
}

impl Cloud {
    pub(crate) fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut compute = Command::new(binary())
            .arg("__compute")
            .arg(folder.path().join("compute"))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(compute.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let upstream = line.trim().strip_prefix("listening ").expect("an address").to_owned();
        // Free a moment ago, and nobody else asks for it by name.
        let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string();
        let made = folder.path().join("made");
        let init = Command::new(binary()).arg("init").arg(&made).output().unwrap();
        assert!(init.status.success(), "{init:?}");
        fs::rename(made.join("data"), folder.path().join("data")).unwrap();
        let nobody =
            || Account { id: String::new(), secret_id: String::new(), secret_key: String::new() };
        let (ann, bob) = (nobody(), nobody());
        let mut cloud = Self { folder, compute, upstream, gate: None, address, ann, bob };
        (cloud.ann, cloud.bob) = (cloud.account("ann"), cloud.account("bob"));
        cloud
    }

    fn account(&self, name: &str) -> Account {
        let id = self.run(&["account", "create", name]).trim().to_owned();
        self.run(&["identity", "set", &id, "verified"]);
        self.run(&["ledger", "topup", &id, "100000.00"]);
        let key: Value =
            serde_json::from_str(&self.run(&["key", "create", &id, "--json"])).unwrap();
        let field = |name: &str| key[name].as_str().expect("a key").to_owned();
        Account { id, secret_id: field("secretId"), secret_key: field("secretKey") }
    }

    /// `faregate …` on its data.
    pub(crate) fn command(&self, arguments: &[&str]) -> Output {
        let data = self.folder.path().join("data");
        Command::new(binary()).args(arguments).arg("--data").arg(data).output().unwrap()
    }

    /// The same, and it has to succeed; what it printed.
    #[track_caller]
    pub(crate) fn run(&self, arguments: &[&str]) -> String {
        let done = self.command(arguments);
        assert!(done.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&done.stderr));
        String::from_utf8(done.stdout).unwrap()
    }

    /// A path below its folder.
    pub(crate) fn path(&self, name: &str) -> std::path::PathBuf {
        self.folder.path().join(name)
    }

    /// Starts a gateway on this document in place of the one before; false if it does not load.
    pub(crate) fn serve(&mut self, document: &str, module_settings: &str) -> bool {
        self.stop();
        let at = |name: &str| self.folder.path().join(name);
        fs::write(at("compute.yaml"), document).unwrap();
        let config = format!(
            "base_domain = \"api.qcloud.com\"\nsandbox = true\n[listen]\nhttp = \"{}\"\n[log]\naccess = \"access.log\"\n\
             [[modules]]\ndocument = \"compute.yaml\"\nupstream = \"http://{}\"\n{module_settings}\n",
            self.address, self.upstream
        );
        fs::write(at("faregate.toml"), config).unwrap();
        let log = at("serve.log");
        let gate = Command::new(binary())
            .args(["serve", "-c"])
            .arg(at("faregate.toml"))
            .env("XDG_STATE_HOME", self.folder.path())
            .stdin(Stdio::null())
            .stderr(File::create(&log).unwrap())
            .spawn()
            .unwrap();
        self.gate = Some(gate);
        for _ in 0..2_000 {
            if fs::read_to_string(&log).unwrap_or_default().contains("http listens on") {
                return true;
            }
            if self.gate.as_mut().unwrap().try_wait().unwrap().is_some() {
                return false;
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        panic!("serve neither listens nor ends");
    }

    fn stop(&mut self) {
        if let Some(mut gate) = self.gate.take() {
            // It may have ended by itself; then there is nothing to do.
            let _ = gate.kill();
            let _ = gate.wait();
        }
    }

    /// How many requests compute was sent.
    pub(crate) fn calls(&self) -> u64 {
        let host = &self.upstream;
        let bytes =
            format!("GET /_admin/executions HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n");
        raw::plain(host, bytes.as_bytes()).json()["calls"].as_u64().expect("calls")
    }

    /// A signed call, by GET or by POST.
    pub(crate) fn call(
        &self,
        account: &Account,
        method: Method,
        action: &str,
        params: &[(String, String)],
    ) -> Reply {
        raw::plain(&self.address, &request(account, method, action, params))
    }

    /// A call that has to succeed.
    #[track_caller]
    pub(crate) fn done(&self, account: &Account, action: &str, params: &[(&str, &str)]) -> Value {
        let params: Vec<_> =
            params.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect();
        let reply = self.call(account, Method::Post, action, &params);
        assert_eq!(reply.code(), 0, "{action} {params:?}: {}", reply.text);
        reply.json()
    }

    /// Buys one small instance.
    #[track_caller]
    pub(crate) fn buy(&self, account: &Account) -> String {
        let bought = self.done(account, "RunInstances", &raw::ORDER);
        bought["instanceIds"][0].as_str().expect("an id").to_owned()
    }
}

impl Drop for Cloud {
    fn drop(&mut self) {
        self.stop();
        let _ = self.compute.kill();
        let _ = self.compute.wait();
    }
}

/// The bytes of a signed call on a connection of its own.
pub(crate) fn request(
    account: &Account,
    method: Method,
    action: &str,
    params: &[(String, String)],
) -> Vec<u8> {
    let borrowed: Vec<(&str, &str)> =
        params.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    let pairs = raw::signed(method, account, raw::pairs(account, action, &borrowed));
    match method {
        Method::Get => raw::get(&pairs),
        Method::Post => raw::post(&pairs),
    }
}

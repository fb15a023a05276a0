//! Two gateways, their stores, and the compute of a demo behind them.

use std::fs::File;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use rustls::ClientConfig;
use serde_json::Value;

use super::servers::Servers;
use crate::raw::{self, Reply, signed_get};
use crate::world::{Account, World, binary};

/// Both gateways. What it starts is gone when it is dropped.
pub(super) struct Cluster {
    pub(super) gates: Vec<Gate>,
    pub(super) servers: Servers,
    /// Its compute is the module.
    pub(super) world: World,
}

/// One gateway, in a folder of its own.
pub(super) struct Gate {
    folder: PathBuf,
    process: Option<Child>,
    address: String,
    tls: Option<Arc<ClientConfig>>,
}

impl Cluster {
    /// Starts everything; `settings` stand in both configurations.
    pub(super) fn start(settings: &str) -> Self {
        let (servers, world) = (Servers::start(), World::start());
        let document =
            Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples/compute/openapi.yaml");
        let mut gates: Vec<Gate> = Vec::new();
        for name in ["one", "two"] {
            let folder = servers.folder().join(name);
            std::fs::create_dir_all(folder.join("data")).unwrap();
            // What was lost with a gateway is asked about once its time to answer is over: a short one.
            let text = std::fs::read_to_string(&document).unwrap();
            let text = text.replacen("  module: cvm\n", "  module: cvm\n  timeout: 3s\n", 1);
            std::fs::write(folder.join("cvm.yaml"), text).unwrap();
            let address =
                TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string();
            let config = format!(
                "base_domain = \"api.qcloud.com\"\n[stores]\npostgres = \"{}\"\nredis = \"{}\"\n\
                 [listen]\nhttps = \"{address}\"\n{settings}\n\
                 [[modules]]\ndocument = \"cvm.yaml\"\nupstream = \"http://{}\"\n",
                servers.postgres_url("faregate"),
                servers.redis_url(),
                world.upstream()
            );
            std::fs::write(folder.join("faregate.toml"), config).unwrap();
            if let Some(first) = gates.first() {
                let keyring = folder.join("data/keyring");
                std::fs::copy(first.folder.join("data/keyring"), &keyring).unwrap();
            }
            let gate = Gate { folder, process: None, address, tls: None };
            gate.run(&["migrate"]);
            gates.push(gate);
        }
        gates.iter_mut().for_each(Gate::launch);
        Self { gates, servers, world }
    }

    /// An account of this name with money, verified, and a key; an `operator` administers all others.
    pub(super) fn account(&self, name: &str, money: u32) -> Account {
        let gate = &self.gates[0];
        let json =
            |arguments: &[&str]| -> Value { serde_json::from_str(&gate.run(arguments)).unwrap() };
        let group: &[&str] = if name == "operator" { &["--group", "operators"] } else { &[] };
        let account = json(&[&["account", "create", name, "--json"], group].concat());
        let id = account["accountId"].as_str().unwrap().to_owned();
        gate.run(&["identity", "set", &id, "verified"]);
        if money > 0 {
            gate.run(&["ledger", "topup", &id, &format!("{money}.00")]);
        }
        let key = json(&["key", "create", &id, "--json"]);
        let text = |field: &str| key[field].as_str().unwrap().to_owned();
        Account { id, secret_id: text("secretId"), secret_key: text("secretKey") }
    }

    /// What an account has available and held.
    pub(super) fn balance(&self, account: &Account) -> (String, String) {
        let told = self.gates[0].run(&["ledger", "balance", &account.id, "--json"]);
        let told: Value = serde_json::from_str(&told).unwrap();
        let text = |field: &str| told[field].as_str().unwrap().to_owned();
        (text("available"), text("held"))
    }

    pub(super) fn money_adds_up(&self) {
        self.gates[0].run(&["ledger", "verify"]);
    }

    /// Runs `act` with each number below `n`, in as many threads as there are clients, on both gateways in turn.
    pub(super) fn both(&self, n: usize, n_clients: usize, act: impl Fn(usize, &Gate) + Sync) {
        let next = std::sync::atomic::AtomicUsize::new(0);
        thread::scope(|scope| {
            for client in 0..n_clients {
                let (next, act, gate) = (&next, &act, &self.gates[client % 2]);
                scope.spawn(move || {
                    loop {
                        let at = next.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
                        if at >= n {
                            return;
                        }
                        act(at, gate);
                    }
                });
            }
        });
    }
}

impl Gate {
    pub(super) fn launch(&mut self) {
        let log = self.folder.join("serve.log");
        let process = Command::new(binary())
            .args(["serve", "-c"])
            .arg(self.folder.join("faregate.toml"))
            .env("XDG_STATE_HOME", &self.folder)
            .stdin(Stdio::null())
            .stderr(File::create(&log).unwrap())
            .spawn()
            .unwrap();
        self.process = Some(process);
        let said = || std::fs::read_to_string(&log).unwrap_or_default();
        until("serve listens", || said().contains("https listens on"), &said);
        self.tls = Some(raw::trust_file(self.folder.join("data/tls/ca.pem")));
    }

    /// `kill -9`.
    pub(super) fn kill(&mut self) {
        if let Some(mut process) = self.process.take() {
            process.kill().unwrap();
            process.wait().unwrap();
        }
    }

    /// None if it did not answer.
    pub(super) fn try_send(&self, bytes: &[u8]) -> Option<Reply> {
        raw::try_send(&self.address, self.tls.as_ref().unwrap(), bytes)
    }

    /// Sends bytes to where it listens now, whatever becomes of it meanwhile.
    pub(super) fn caller(&self) -> impl Fn(&[u8]) -> Option<u64> + Send + use<> {
        let (address, tls) = (self.address.clone(), Arc::clone(self.tls.as_ref().unwrap()));
        move |bytes| Some(raw::try_send(&address, &tls, bytes)?.code())
    }

    #[track_caller]
    pub(super) fn send(&self, bytes: &[u8]) -> Reply {
        self.try_send(bytes).expect("an answer")
    }

    #[track_caller]
    pub(super) fn call(&self, account: &Account, action: &str, params: &[(&str, &str)]) -> Reply {
        self.send(&signed_get(account, action, params))
    }

    /// `faregate …` with this gateway's configuration.
    pub(super) fn command(&self, arguments: &[&str]) -> Output {
        let mut command = Command::new(binary());
        command.args(arguments).arg("-c").arg(self.folder.join("faregate.toml")).output().unwrap()
    }

    /// The same, and it has to succeed; what it printed.
    #[track_caller]
    pub(super) fn run(&self, arguments: &[&str]) -> String {
        let done = self.command(arguments);
        assert!(done.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&done.stderr));
        String::from_utf8(done.stdout).unwrap()
    }

    pub(super) fn data(&self) -> PathBuf {
        self.folder.join("data")
    }

    pub(super) fn config(&self) -> PathBuf {
        self.folder.join("faregate.toml")
    }

    pub(super) fn said(&self) -> String {
        std::fs::read_to_string(self.folder.join("serve.log")).unwrap_or_default()
    }
}

impl Drop for Gate {
    fn drop(&mut self) {
        self.kill();
    }
}

/// Waits until it is so; how long that took.
#[track_caller]
pub(super) fn until(
    what: &str,
    mut is: impl FnMut() -> bool,
    said: &dyn Fn() -> String,
) -> Duration {
    let began = Instant::now();
    while !is() {
        assert!(began.elapsed() < Duration::from_secs(40), "{what}: not within 40 s: {}", said());
        thread::sleep(Duration::from_millis(25));
    }
    began.elapsed()
}

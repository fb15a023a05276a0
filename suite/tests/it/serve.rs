//! `faregate serve` with a configuration of one's own: two modules on one compute.

use std::fs::File;
use std::net::TcpListener;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use faregate_signing::Method;
use serde_json::Value;
use tempfile::TempDir;

use crate::raw;
use crate::world::{Account, World, binary};

/// A gateway with the modules `cvm` and `lb`. The upstream is a demo's compute.
pub(crate) struct TwoModules {
    // Its compute is the upstream, as long as it lives.
    _world: World,
    account: Account,
    address: String,
    serve: Child,
    folder: TempDir,
}

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

impl TwoModules {
    pub(crate) fn start() -> Self {
        let world = World::start();
        let folder = tempfile::tempdir().unwrap();
        let gate = folder.path().join("gate");
        faregate(&["init", gate.to_str().unwrap()]);
        let compute =
            Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples/compute/openapi.yaml");
        std::fs::copy(compute, gate.join("cvm.yaml")).unwrap();
        std::fs::write(gate.join("lb.yaml"), LB).unwrap();
        // Free a moment ago, and nobody else asks for it by name.
        let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string();
        let upstream = world.upstream();
        let config = format!(
            "base_domain = \"api.qcloud.com\"\ndata = \"data\"\n[listen]\nhttps = \"{address}\"\n\
             [[modules]]\ndocument = \"cvm.yaml\"\nupstream = \"http://{upstream}\"\n\
             [[modules]]\ndocument = \"lb.yaml\"\nupstream = \"http://{upstream}\"\n"
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
        let serve = Command::new(binary())
            .args(["serve", "-c", file.to_str().unwrap()])
            .stdin(Stdio::null())
            .env("XDG_STATE_HOME", folder.path())
            .stderr(File::create(folder.path().join("serve.log")).unwrap())
            .spawn()
            .unwrap();
        // It says so once it is ready; that its port takes connections is true a little earlier.
        let log = || std::fs::read_to_string(folder.path().join("serve.log")).unwrap_or_default();
        let up = (0..400).any(|_| {
            std::thread::sleep(Duration::from_millis(25));
            log().contains("https listens on")
        });
        assert!(up, "serve does not listen: {}", log());
        Self { _world: world, account, address, serve, folder }
    }

    /// A signed call to this host.
    #[track_caller]
    pub(crate) fn call(&self, host: &str, action: &str) -> Value {
        let pairs = raw::pairs(&self.account, action, &[]);
        let signed = raw::signed_for(host, Method::Get, &self.account, pairs);
        let bytes = String::from_utf8(raw::get(&signed)).unwrap().replace(raw::HOST, host);
        let trusted = raw::trust_file(self.folder.path().join("gate/data/tls/ca.pem"));
        raw::try_send(&self.address, &trusted, bytes.as_bytes()).expect("an answer").json()
    }
}

impl Drop for TwoModules {
    fn drop(&mut self) {
        let _ = self.serve.kill();
        let _ = self.serve.wait();
    }
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

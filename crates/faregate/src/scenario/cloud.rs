//! Where scenarios are played: the running demo, or one of their own.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::Duration;

use faregate_catalog::Catalog;
use faregate_client::{Client, Credentials, Endpoint};
use faregate_stores::Admin;
use serde_json::Value;
use tempfile::TempDir;

use crate::exit::{Exit, Failure};
use crate::running::{Profile, Running};

/// How long one call may take.
const TIMEOUT: Duration = Duration::from_secs(60);

/// A sandbox with accounts.
#[derive(Debug)]
pub(crate) struct Cloud {
    pub(super) admin: Admin,
    accounts: BTreeMap<String, Profile>,
    catalog: Option<Catalog>,
    https: Endpoint,
    /// Plain HTTP at the same port: what a module that demands https refuses.
    http: Endpoint,
    clients: BTreeMap<(String, bool), Client>,
    // Ended, when the scenarios are.
    _own: Option<OwnDemo>,
}

/// A demo that nobody else knows.
#[derive(Debug)]
struct OwnDemo {
    process: Child,
    // Kept, so that it never writes into a closed pipe.
    _stdout: BufReader<ChildStdout>,
    _folder: TempDir,
}

impl Drop for OwnDemo {
    fn drop(&mut self) {
        // It may be dead already; then there is nothing to do.
        drop(self.process.kill());
        drop(self.process.wait());
    }
}

impl Cloud {
    /// The demo that runs.
    pub(crate) fn running() -> Result<Self, Failure> {
        let running = Running::find().ok_or_else(|| {
            Failure::new(
                Exit::Unreachable,
                "no demo runs: start `faregate demo`, or let this command start one with --start-demo",
            )
        })?;
        Self::of(running, None)
    }

    /// One of its own, on free ports and a temporary folder; it ends with this value.
    pub(crate) fn start(seed: Option<i64>) -> Result<Self, Failure> {
        let folder = tempfile::Builder::new().prefix("faregate-scenario-").tempdir()?;
        let mut command = Command::new(std::env::current_exe()?);
        command.args(["demo", "--json", "--data"]).arg(folder.path().join("data"));
        if let Some(seed) = seed {
            command.args(["--seed", &seed.to_string()]);
        }
        // Its own state, so that it takes nobody's place as the running demo, and is found there.
        let mut process = command
            .env("XDG_STATE_HOME", folder.path())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()?;
        let failed = || Failure::new(Exit::Unexpected, "the demo does not start");
        let mut stdout = BufReader::new(process.stdout.take().ok_or_else(failed)?);
        let mut ready = String::new();
        stdout.read_line(&mut ready)?;
        let own = OwnDemo { process, _stdout: stdout, _folder: folder };
        if serde_json::from_str::<Value>(&ready).is_err() {
            return Err(failed());
        }
        let state = own._folder.path().join("faregate").join("demo.json");
        let running = serde_json::from_slice(&std::fs::read(state)?).map_err(|_| failed())?;
        Self::of(running, Some(own))
    }

    fn of(running: Running, own: Option<OwnDemo>) -> Result<Self, Failure> {
        let domain = running.base_domain.as_str();
        let https = Endpoint::at(&running.https, domain)?.with_ca(&running.ca);
        let http = Endpoint::at(&format!("http://{}", running.https), domain)?;
        Ok(Self {
            admin: Admin::open(&running.data)?,
            accounts: running.accounts,
            catalog: crate::modules::demo().ok(),
            https,
            http,
            clients: BTreeMap::new(),
            _own: own,
        })
    }

    /// The domain of a module.
    pub(super) fn domain(&self, module: &str) -> String {
        self.https.domain(module)
    }

    /// The newest Version of a module; nothing for one that the demo does not have.
    pub(super) fn version(&self, module: &str) -> String {
        let known = self.catalog.as_ref().and_then(|catalog| catalog.module(module));
        known.and_then(|module| module.versions.last().cloned()).unwrap_or_default()
    }

    /// The key of an account, by its name.
    pub(super) fn credentials(&self, account: &str) -> Result<Credentials, String> {
        let profile = self.accounts.get(account).ok_or_else(|| {
            let names: Vec<&str> = self.accounts.keys().map(String::as_str).collect();
            format!("there is no account `{account}`; there is {}", names.join(", "))
        })?;
        Ok(Credentials::new(&profile.secret_id, &profile.secret_key))
    }

    /// The id of an account, by its name.
    pub(super) fn account_id(&self, account: &str) -> Result<String, String> {
        self.credentials(account)?;
        Ok(self.accounts.get(account).map(|profile| profile.account_id.clone()).unwrap_or_default())
    }

    /// A client that tries nothing again, for an account and a transport.
    pub(super) fn client(&mut self, account: &str, is_plain: bool) -> Result<&Client, String> {
        let endpoint = if is_plain { self.http.clone() } else { self.https.clone() };
        let credentials = self.credentials(account)?;
        match self.clients.entry((account.to_owned(), is_plain)) {
            std::collections::btree_map::Entry::Occupied(known) => Ok(known.into_mut()),
            std::collections::btree_map::Entry::Vacant(place) => {
                let client = Client::new(endpoint, credentials).map_err(|e| e.to_string())?;
                Ok(place.insert(client.retries(0).timeout(TIMEOUT)))
            }
        }
    }
}

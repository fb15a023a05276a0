//! `faregate demo`: a whole cloud on loopback.

mod accounts;
pub(crate) mod compute;
mod environment;
mod welcome;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use clap::Args;
use faregate_gateway::config::Loaded;
use faregate_gateway::reload::Control;
use faregate_pipeline::time::Millis;
use faregate_stores::{Options, Stores};

use self::compute::Process;
use self::welcome::Ready;
use crate::exit::{Exit, Failure};
use crate::running::Running;
use crate::{gate, output};

const BASE_DOMAIN: &str = "api.qcloud.com";
const API3_DOMAIN: &str = "tencentcloudapi.com";
/// How long calls under way may take when the demo ends.
const STOP_MAX: Duration = Duration::from_secs(3);

/// Run a whole cloud on this machine, and say what to type next
#[derive(Debug, Args)]
#[command(
    before_help = "Examples:\n  faregate demo\n  faregate demo --data ./cloud --https-port 8443"
)]
pub(crate) struct Demo {
    /// Keep accounts, keys, money and machines in this folder [default: a temporary one]
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    /// The port of plain HTTP; 0 is a free one
    #[arg(long, value_name = "PORT", default_value = "0")]
    http_port: u16,
    /// The port of HTTPS; 0 is a free one
    #[arg(long, value_name = "PORT", default_value = "0")]
    https_port: u16,
    /// The port of the CONNECT proxy; 0 is a free one
    #[arg(long, value_name = "PORT", default_value = "0")]
    proxy_port: u16,
    /// The port of the pages; 0 is a free one
    #[arg(long, value_name = "PORT", default_value = "0")]
    pages_port: u16,
    /// What the draws of `faregate fault` begin from: rates and latencies repeat with it [default: 0]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(i64).range(0..))]
    seed: Option<i64>,
    /// Print one JSON line when ready, and nothing else
    #[arg(long)]
    json: bool,
    /// Start nothing: print the environment of the running demo, for `eval "$(faregate demo --env)"`
    #[arg(long, exclusive = true)]
    env: bool,
}

impl Demo {
    pub(crate) fn run(self) -> Result<(), Failure> {
        if self.env {
            return environment::print();
        }
        let temporary = match &self.data {
            Some(_) => None,
            None => Some(tempfile::Builder::new().prefix("faregate-demo-").tempdir()?),
        };
        let data = match (&self.data, &temporary) {
            (Some(data), _) => data.clone(),
            (None, Some(temporary)) => temporary.path().to_owned(),
            (None, None) => return Err(Failure::new(Exit::Unexpected, "no folder")),
        };
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        runtime.block_on(self.serve(&data))
    }

    async fn serve(&self, data: &Path) -> Result<(), Failure> {
        if !data.join("faregate.db").exists() {
            Stores::create(data)?;
        }
        let data = &data.canonicalize()?;
        // The store first: it refuses a folder on which another demo runs.
        let stores = Stores::open(Options::new(data), Millis::new(crate::clock::now_ms()))?;
        let compute_data = data.join("compute");
        let accounts = accounts::ensure(data, &compute_data)?;
        let balances = accounts::balances(data, &accounts)?;
        let mut compute = Process::start(&compute_data).await?;
        let loaded = self.configure(data, &compute.address)?;
        let gateway = gate::start(loaded.config, loaded.catalog, stores)?;
        let (Some(https), Some(ca)) = (gateway.https, gateway.ca.clone()) else {
            return Err(Failure::new(Exit::Unexpected, "the gateway does not listen"));
        };
        let running = Running {
            pid: std::process::id(),
            data: data.clone(),
            https: https.to_string(),
            http: gateway.http.map(|address| address.to_string()),
            ca: ca.canonicalize().unwrap_or(ca),
            proxy: gateway.proxy.map(|address| address.to_string()),
            pages: gateway.pages.map(|address| format!("http://{address}")),
            base_domain: BASE_DOMAIN.to_owned(),
            accounts,
        };
        if let Err(cause) = running.announce() {
            output::note(format_args!("note: other commands cannot find this demo: {cause}"));
        }
        let ready = Ready {
            running: &running,
            balances: &balances,
            http: gateway.http,
            proxy: gateway.proxy,
            pages: gateway.pages,
            admin: gateway.admin,
            compute: &compute,
        };
        if self.json {
            ready.json()
        } else {
            ready.text()?
        }
        let ended = until_stopped(&mut compute, gateway.control()).await;
        running.withdraw();
        gateway.stop(STOP_MAX);
        compute.stop().await;
        ended
    }
}

impl Demo {
    /// Writes the configuration beside the data and loads it, as `serve` would: it is an example, too.
    fn configure(&self, data: &Path, compute: &str) -> Result<Loaded, Failure> {
        let path = data.join("faregate.toml");
        std::fs::write(data.join("compute.yaml"), faregate_compute::DOCUMENT)?;
        let text = format!(
            include_str!("faregate.toml"),
            base_domain = BASE_DOMAIN,
            api3_domain = API3_DOMAIN,
            http = self.http_port,
            https = self.https_port,
            proxy = self.proxy_port,
            pages = self.pages_port,
            compute = compute,
        );
        let seed = self.seed.map(|seed| format!("\n[faults]\nseed = {seed}\n"));
        let text = text + &seed.unwrap_or_default();
        std::fs::write(&path, text)?;
        crate::commands::check::load(&path)
    }
}

/// Until Ctrl-C; a dead compute is said, not mended: that it is missing is worth seeing.
async fn until_stopped(compute: &mut Process, control: &Arc<Control>) -> Result<(), Failure> {
    // One future throughout: a signal between two would be lost.
    let mut told = std::pin::pin!(gate::until_told_to_stop(control));
    tokio::select! {
        told = &mut told => return Ok(told?),
        how = compute.dead() => {
            output::note(format_args!(
                "compute is dead ({how}); it is not restarted, calls answer 6000 and then 6200"
            ));
        }
    }
    Ok(told.await?)
}

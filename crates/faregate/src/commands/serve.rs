//! `faregate serve`: the gateway, with your own modules.

use std::time::Duration;

use clap::Args;
use faregate_pipeline::time::Millis;
use faregate_stores::{Options, Stores};

use crate::exit::Failure;
use crate::place::ConfigFile;
use crate::{gate, output};

/// Run the gateway
#[derive(Debug, Args)]
#[command(
    before_help = "Examples:\n  faregate serve\n  faregate serve -c /etc/faregate/faregate.toml"
)]
pub(crate) struct Serve {
    #[command(flatten)]
    of: ConfigFile,
}

impl Serve {
    pub(crate) fn run(self) -> Result<(), Failure> {
        let loaded = super::check::load(&self.of.config)?;
        let options = Options {
            data: loaded.config.data.clone(),
            durability: loaded.config.replay.durability,
            shared: loaded.config.stores.clone(),
            window_ms: loaded.config.replay.window_s.saturating_mul(1000),
            retention_ms: loaded.config.validity.period_s.saturating_mul(1000),
        };
        let now = Millis::new(crate::clock::now_ms());
        let stores = Stores::open_watched(options, now, &mut progress())?;
        if let Some(why) = &stores.opened().fenced_because {
            output::note(format_args!("note: calls signed before now are refused: {why}"));
            output::note(
                "note: `faregate doctor` says for how long; after a copy or a restore, `faregate adopt` may shorten it",
            );
        }
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let gateway = gate::start(loaded.config, loaded.catalog, stores)?;
        let listeners = [
            ("https", gateway.https),
            ("http", gateway.http),
            ("proxy", gateway.proxy),
            ("pages", gateway.pages),
            ("admin", gateway.admin),
        ];
        for (name, address) in listeners {
            if let Some(address) = address {
                output::note(format_args!("{name} listens on {address}"));
            }
        }
        let ended = runtime.block_on(gate::until_ended(gateway));
        // The second signal ends it at once: nobody waits for whoever still waits.
        runtime.shutdown_background();
        ended
    }
}

/// How long reading may take before anything is said of it, and between two lines.
const QUIET: Duration = Duration::from_millis(300);

/// Says how far the nonces are read, where it takes long enough to be wondered about.
fn progress() -> impl FnMut(u64, u64) {
    let mut said = crate::clock::monotonic();
    move |n_read, n_all| {
        if said.elapsed() >= QUIET {
            said = crate::clock::monotonic();
            output::note(format_args!("reading the nonces: {n_read} of {n_all} records"));
        }
    }
}

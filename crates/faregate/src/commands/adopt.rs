//! `faregate adopt`: takes over a data folder that was copied, moved to another disk, or restored from the past.

use std::path::PathBuf;

use clap::Args;
use faregate_gateway::config;
use faregate_pipeline::time::Millis;
use serde_json::json;

use super::maintenance::duration_ms;
use crate::clock::{date_and_time, now_ms};
use crate::exit::Failure;
use crate::output::{self, Shape};
use crate::place::{ConfigFile, data_of};

/// The window, unless the configuration says another (the page: 2 hours).
const WINDOW_MS: i64 = 7_200_000;

/// Take over a data folder that was copied, moved to another disk, or restored
#[derive(Debug, Args)]
#[command(
    before_help = "Examples:\n  faregate adopt -c /etc/faregate/faregate.toml\n  faregate adopt --clients-ahead 1m",
    after_help = "What such a folder remembers of Nonces is not believed, and is deleted: calls were accepted after it was copied.\n\
                  Instead a fence is set: calls stamped before it are refused with 4200, and their clients sign again. It stands as\n\
                  far ahead of the machine's clock as a client's clock may have been: by default the whole window. Say less with\n\
                  --clients-ahead, if you know that no client's clock is ahead by more. Set the machine's clock first."
)]
pub(crate) struct Adopt {
    #[command(flatten)]
    of: ConfigFile,
    /// This data folder, without a configuration
    #[arg(long, value_name = "DIR", conflicts_with = "config")]
    data: Option<PathBuf>,
    /// How far ahead the clock of some client may be: 90s, 10m [default: the window]
    #[arg(long, value_name = "TIME", value_parser = duration_ms)]
    clients_ahead: Option<i64>,
    #[command(flatten)]
    shape: Shape,
}

impl Adopt {
    pub(crate) fn run(self) -> Result<(), Failure> {
        let loaded = self.data.is_none().then(|| config::load(&self.of.config).ok()).flatten();
        let window_ms = loaded.as_ref().map(|it| it.config.replay.window_s.saturating_mul(1000));
        let window_ms = window_ms.unwrap_or(WINDOW_MS);
        let data = match (&self.data, loaded) {
            (Some(data), _) => data.clone(),
            (None, Some(loaded)) => loaded.config.data,
            // An upstream that is wrong keeps nobody from taking over the folder.
            (None, None) => data_of(&self.of.config)?,
        };
        let ahead_ms = self.clients_ahead.unwrap_or(window_ms).min(window_ms);
        let now = now_ms();
        let fence = faregate_stores::adopt(&data, ahead_ms, Millis::new(now))?;
        let told = json!({ "data": data, "clock": now / 1000, "fence": fence.as_secs() });
        self.shape.write(&told, || {
            output::data(format_args!(
                "`{}` is taken over. Calls stamped until {} UTC are refused with 4200; later ones pass.",
                data.display(),
                date_and_time(fence.as_secs())
            ));
            output::note(format_args!(
                "The machine's clock says {} UTC. If that is not the time, set it and adopt again.",
                date_and_time(now / 1000)
            ));
        });
        Ok(())
    }
}

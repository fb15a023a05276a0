//! `faregate migrate`: brings the stores of a configuration up to date.

use clap::Args;
use faregate_stores::Admin;

use crate::exit::Failure;
use crate::output;
use crate::place::{ConfigFile, data_of, stores_of};

/// Bring the schema of the stores up to date
///
/// On the embedded home every command does so by itself. On PostgreSQL nothing does but this: run it once before the
/// first gateway starts, and again before the first one of a newer version does; gateways that run go on.
#[derive(Debug, Args)]
#[command(
    before_help = "Examples:\n  faregate migrate\n  faregate migrate -c /etc/faregate/faregate.toml"
)]
pub(crate) struct Migrate {
    #[command(flatten)]
    of: ConfigFile,
}

impl Migrate {
    pub(crate) fn run(self) -> Result<(), Failure> {
        let data = data_of(&self.of.config)?;
        let Some(at) = stores_of(&self.of.config)? else {
            drop(Admin::open(&data)?);
            output::data(format_args!("`{}` is up to date", data.display()));
            return Ok(());
        };
        let migrated = faregate_stores::migrate_shared(&data, &at)?;
        match migrated.n_applied {
            0 => output::data(format_args!("up to date at version {}", migrated.version)),
            n => output::data(format_args!("applied {n}, now at version {}", migrated.version)),
        }
        Ok(())
    }
}

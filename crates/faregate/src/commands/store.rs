//! `faregate store`: what moves a whole home.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};

use crate::exit::{Exit, Failure};
use crate::output;
use crate::place::{ConfigFile, data_of, stores_of};

/// Move a home as a whole
#[derive(Debug, Subcommand)]
pub(crate) enum Store {
    Copy(Copy),
}

/// Copy an embedded home into PostgreSQL
///
/// Stop the gateway on the embedded home first. Accounts, keys, objects, money, orders and switches go over; nonces do
/// not: calls that are signed before the first start on the new home are refused once (4200), and clients sign again.
/// Interrupted, it goes on where it was; at the end both sides are counted.
#[derive(Debug, Args)]
#[command(before_help = "Examples:\n  faregate store copy --from embedded --to postgres\n  \
                         faregate store copy --from embedded --to postgres --data old/data -c new.toml")]
pub(crate) struct Copy {
    /// From which home
    #[arg(long, value_enum)]
    from: From,
    /// Into which home
    #[arg(long, value_enum)]
    to: To,
    /// The data folder that is copied [default: the one that the configuration names]
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    #[command(flatten)]
    of: ConfigFile,
}

/// Where a copy comes from.
#[derive(Clone, Copy, Debug, ValueEnum)]
enum From {
    /// A data folder
    Embedded,
}

/// Where a copy goes.
#[derive(Clone, Copy, Debug, ValueEnum)]
enum To {
    /// The PostgreSQL of `[stores]`
    Postgres,
}

impl Store {
    pub(crate) fn run(self) -> Result<(), Failure> {
        match self {
            Self::Copy(copy) => copy.run(),
        }
    }
}

impl Copy {
    fn run(self) -> Result<(), Failure> {
        let (From::Embedded, To::Postgres) = (self.from, self.to);
        let Some(at) = stores_of(&self.of.config)? else {
            return Err(Failure::new(
                Exit::Invalid,
                format!("`{}` names no `[stores]` to copy into", self.of.config.display()),
            ));
        };
        let home = data_of(&self.of.config)?;
        let data = self.data.unwrap_or_else(|| home.clone());
        let copied = faregate_stores::copy_to_shared(&data, &home, &at, &mut |table, n, all| {
            output::note(format_args!("{table}: {n} of {all} rows"));
        })?;
        output::data(format_args!(
            "copied and counted: {} rows in {} tables; the embedded home is as it was",
            copied.n_rows, copied.n_tables
        ));
        Ok(())
    }
}

//! `faregate identity`: who may buy.

use clap::{Subcommand, ValueEnum};
use faregate_pipeline::facts;

use super::account::show;
use crate::exit::Failure;
use crate::place::{Place, account_of};

/// Say what is known of an account's identity
#[derive(Debug, Subcommand)]
#[command(
    before_help = "Examples:\n  faregate identity set alice verified\n  faregate identity set 100000001 failed"
)]
pub(crate) enum Identity {
    /// Only a verified account may buy: 5500
    Set {
        /// Its id or name
        account: String,
        /// What is known
        #[arg(value_enum)]
        identity: Known,
        #[command(flatten)]
        place: Place,
    },
}

#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum Known {
    /// Never shown
    Unverified,
    /// Shown, not yet judged
    Pending,
    /// May buy
    Verified,
    /// Judged and refused
    Failed,
}

impl Identity {
    pub(crate) fn run(self) -> Result<(), Failure> {
        let Self::Set { account, identity, place } = self;
        let mut admin = place.open()?;
        let id = account_of(&admin, &account)?;
        let identity = match identity {
            Known::Unverified => facts::Identity::Unverified,
            Known::Pending => facts::Identity::Pending,
            Known::Verified => facts::Identity::Verified,
            Known::Failed => facts::Identity::Failed,
        };
        admin.set_identity(&id, identity)?;
        show(&admin, &id, &place.shape)
    }
}

//! `faregate keyring`: what opens the sealed keys.

use clap::Subcommand;
use serde_json::{Value, json};

use crate::exit::Failure;
use crate::output;
use crate::place::Place;

/// Seal every key again under a new epoch, and list the epochs
#[derive(Debug, Subcommand)]
#[command(before_help = "Examples:\n  faregate keyring list\n  faregate keyring rotate")]
pub(crate) enum Keyring {
    /// Add an epoch and seal every key again; a gateway may be running, and what was interrupted goes on
    Rotate {
        #[command(flatten)]
        place: Place,
    },
    /// List the epochs, and how many keys are sealed under each
    List {
        #[command(flatten)]
        place: Place,
    },
}

impl Keyring {
    pub(crate) fn run(self) -> Result<(), Failure> {
        match self {
            Self::Rotate { place } => {
                let rotated = place.open()?.rotate_keyring()?;
                let told = json!({
                    "epoch": rotated.epoch,
                    "sealed": rotated.n_sealed,
                    "resumed": rotated.resumed,
                });
                place.shape.write(&told, || {
                    let (n, epoch) = (rotated.n_sealed, rotated.epoch);
                    output::data(format_args!("{n} keys are sealed under epoch {epoch}"));
                    output::note("Back up the keyring: what it was does not open them.");
                });
                Ok(())
            }
            Self::List { place } => {
                let epochs = place.open()?.keyring()?;
                let told: Value =
                    epochs.iter().map(|(epoch, n)| json!({ "epoch": epoch, "keys": n })).collect();
                let rows: Vec<[String; 2]> =
                    epochs.iter().map(|(epoch, n)| [epoch.to_string(), n.to_string()]).collect();
                place.shape.write(&told, || output::table(["EPOCH", "KEYS"], &rows));
                Ok(())
            }
        }
    }
}

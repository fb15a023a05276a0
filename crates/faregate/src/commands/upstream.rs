//! `faregate upstream`: the servers behind each module, as the running gateway sees them.

use clap::Subcommand;
use faregate_gateway::reload::socket::Ask;
use serde_json::Value;

use crate::exit::Failure;
use crate::place::Place;
use crate::{control, output};

/// Show the servers behind each module, and take them out of service
#[derive(Debug, Subcommand)]
#[command(
    before_help = "Examples:\n  faregate upstream list\n  faregate upstream drain cvm 10.0.0.2:9001"
)]
pub(crate) enum Upstream {
    /// List servers: their health, what is under way, how often each was put to rest
    List {
        #[command(flatten)]
        place: Place,
    },
    /// Give a server no new calls; those under way end. A restart of the gateway forgets it
    Drain {
        /// The module
        module: String,
        /// Its server, HOST:PORT
        server: String,
        #[command(flatten)]
        place: Place,
    },
    /// Give it calls again at once, even if it rests after failures
    Undrain {
        /// The module
        module: String,
        /// Its server, HOST:PORT
        server: String,
        #[command(flatten)]
        place: Place,
    },
}

impl Upstream {
    pub(crate) fn run(self) -> Result<(), Failure> {
        match self {
            Self::List { place } => show(&place, &Ask::Upstreams),
            Self::Drain { module, server, place } => {
                show(&place, &Ask::Drain { module, server, drained: true })
            }
            Self::Undrain { module, server, place } => {
                show(&place, &Ask::Drain { module, server, drained: false })
            }
        }
    }
}

fn show(place: &Place, question: &Ask) -> Result<(), Failure> {
    let answer = control::ask(&place.folder()?, question)?;
    let upstreams = answer.get("upstreams").cloned().unwrap_or_default();
    let rows: Vec<[String; 6]> =
        upstreams.as_array().map(Vec::as_slice).unwrap_or_default().iter().map(row).collect();
    place.shape.write(&upstreams, || {
        output::table(["MODULE", "SERVER", "STATE", "UNDER WAY", "CALLS", "PUT TO REST"], &rows);
    });
    Ok(())
}

fn row(server: &Value) -> [String; 6] {
    let text = |key: &str| {
        let value = server.get(key).unwrap_or(&Value::Null);
        value.as_str().map_or_else(|| value.to_string(), str::to_owned)
    };
    let drained = server.get("drained").and_then(Value::as_bool) == Some(true);
    let state = if drained { "drained".to_owned() } else { text("health") };
    [text("module"), text("server"), state, text("inFlight"), text("calls"), text("ejected")]
}

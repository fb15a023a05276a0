//! `faregate module`: what stands behind the gateway.

mod add;
mod document;
mod life;

use clap::Subcommand;
use serde_json::{Value, json};

use crate::exit::Failure;
use crate::output::{self, Shape};
use crate::place::ConfigFile;

/// Add modules from their OpenAPI documents, compare, list and roll them back
#[derive(Debug, Subcommand)]
#[command(
    before_help = "Examples:\n  faregate module add http://127.0.0.1:8000/openapi.json --name notes\n  faregate module diff notes.yaml\n  faregate module rollback notes"
)]
pub(crate) enum Module {
    Add(add::Add),
    Diff(life::Diff),
    /// List the documents of a module that were served; `*` is the one that is
    History {
        #[command(flatten)]
        named: life::Named,
    },
    /// Print the document of a module
    Show {
        #[command(flatten)]
        named: life::Named,
        /// The one of that number in its history [default: the one that is served]
        #[arg(long, value_name = "N")]
        version: Option<u32>,
    },
    /// Serve again what was served before
    Rollback {
        #[command(flatten)]
        named: life::Named,
        /// To the one of that number in its history [default: the last one that is another]
        #[arg(long = "to", value_name = "N")]
        version: Option<u32>,
    },
    /// List the modules of the configuration
    List {
        #[command(flatten)]
        of: ConfigFile,
        #[command(flatten)]
        shape: Shape,
    },
}

impl Module {
    pub(crate) fn run(self) -> Result<(), Failure> {
        match self {
            Self::Add(add) => add.run(),
            Self::Diff(diff) => diff.run(),
            Self::History { named } => named.list(),
            Self::Show { named, version } => named.show(version),
            Self::Rollback { named, version } => named.roll_back(version),
            Self::List { of, shape } => list(&of, &shape),
        }
    }
}

fn list(of: &ConfigFile, shape: &Shape) -> Result<(), Failure> {
    let loaded = super::check::load(&of.config)?;
    let modules = loaded.catalog.modules();
    let rows: Vec<[String; 4]> = modules
        .iter()
        .map(|module| {
            let domain = module.domains.first().cloned().unwrap_or_default();
            let upstream =
                format!("http://{}{}", module.upstream.authority, module.upstream.base_path);
            [module.name.clone(), module.operations().count().to_string(), domain, upstream]
        })
        .collect();
    let told = modules.iter().map(|module| {
        json!({
            "name": module.name,
            "domains": module.domains,
            "upstream": format!("http://{}{}", module.upstream.authority, module.upstream.base_path),
            "versions": module.versions,
            "actions": module.operations().map(|operation| operation.action.as_str()).collect::<Vec<_>>(),
        })
    });
    shape.write(&told.collect::<Value>(), || {
        output::table(["MODULE", "ACTIONS", "DOMAIN", "UPSTREAM"], &rows);
    });
    Ok(())
}

//! `faregate module`: what stands behind the gateway.

mod add;

use clap::Subcommand;
use serde_json::{Value, json};

use crate::exit::Failure;
use crate::output::{self, Shape};
use crate::place::ConfigFile;

/// Add modules from their OpenAPI documents, and list them
#[derive(Debug, Subcommand)]
#[command(
    before_help = "Examples:\n  faregate module add http://127.0.0.1:8000/openapi.json --name notes\n  faregate module list"
)]
pub(crate) enum Module {
    Add(add::Add),
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

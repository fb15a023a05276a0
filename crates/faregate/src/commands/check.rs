//! `faregate check`: is the configuration good, and are the documents; all problems at once.

use std::path::Path;

use clap::Args;
use faregate_gateway::config::{self, Loaded};

use crate::exit::{Exit, Failure};
use crate::output;
use crate::place::ConfigFile;

/// Check a configuration and its module documents
#[derive(Debug, Args)]
#[command(
    before_help = "Examples:\n  faregate check\n  faregate check -c /etc/faregate/faregate.toml"
)]
pub(crate) struct Check {
    #[command(flatten)]
    of: ConfigFile,
}

impl Check {
    pub(crate) fn run(self) -> Result<(), Failure> {
        let loaded = load(&self.of.config)?;
        stores(&loaded)?;
        let modules = loaded.catalog.modules();
        output::data(format_args!(
            "`{}` is good: {} modules, {} actions",
            self.of.config.display(),
            modules.len(),
            modules.iter().flat_map(|module| module.operations()).count()
        ));
        Ok(())
    }
}

/// What `serve` would refuse of a shared home; nothing is changed.
fn stores(loaded: &Loaded) -> Result<(), Failure> {
    let Some(at) = &loaded.config.stores else { return Ok(()) };
    let problems = faregate_stores::examine(&loaded.config.data, at)?;
    for problem in &problems {
        output::note(format_args!("stores: {problem}"));
    }
    match problems.len() {
        0 => Ok(()),
        1 => Err(Failure::new(Exit::Invalid, "the stores are not ready: 1 problem")),
        n => Err(Failure::new(Exit::Invalid, format!("the stores are not ready: {n} problems"))),
    }
}

/// Loads a configuration exactly as `serve` does; what is wrong with it has been shown when this returns.
pub(crate) fn load(path: &Path) -> Result<Loaded, Failure> {
    match config::load(path) {
        Ok(loaded) => {
            for warning in &loaded.warnings {
                output::note(warning.trim_end());
            }
            Ok(loaded)
        }
        Err(faults) => {
            output::note(faults.render(output::is_coloured()).trim_end());
            let n = faults.len();
            let word = if n == 1 { "fault" } else { "faults" };
            Err(Failure::new(Exit::Invalid, format!("`{}` has {n} {word}", path.display())))
        }
    }
}

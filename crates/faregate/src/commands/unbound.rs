//! `faregate audit objects`: what documents leave open.

use clap::Args;
use faregate_catalog::{Finding, Lack};
use serde_json::{Value, json};

use super::check::load;
use crate::exit::{Exit, Failure};
use crate::output::{self, Shape};
use crate::place::ConfigFile;

/// List what looks like an id and is bound to no type, and actions that create or list without saying so
#[derive(Debug, Args)]
#[command(
    before_help = "Examples:\n  faregate audit objects\n  faregate audit objects cvm --json",
    after_help = "What is nobody's, or judged by the module itself, stands with its reason in `x-faregate: unowned`.\nExit 0: nothing found; 4: something found."
)]
pub(crate) struct Objects {
    /// This module alone [default: all of them]
    module: Option<String>,
    #[command(flatten)]
    of: ConfigFile,
    #[command(flatten)]
    shape: Shape,
}

impl Objects {
    pub(super) fn run(self) -> Result<(), Failure> {
        let catalog = load(&self.of.config)?.catalog;
        if let Some(name) = &self.module
            && catalog.module(name).is_none()
        {
            let names = catalog.modules().iter().map(|module| module.name.as_str());
            let names = names.collect::<Vec<_>>().join(", ");
            return Err(Failure::usage(format!("there is no module `{name}`, but {names}")));
        }
        let wanted = |name: &str| self.module.as_deref().is_none_or(|module| module == name);
        let modules = catalog.modules().iter().filter(|module| wanted(&module.name));
        let findings: Vec<(String, Finding)> = modules
            .flat_map(|module| {
                let findings = module.audit_objects().into_iter();
                findings.map(|finding| (module.name.clone(), finding))
            })
            .collect();
        let told = findings.iter().map(|(module, finding)| {
            json!({
                "module": module,
                "action": finding.action,
                "name": finding.name,
                "lack": finding.lack.as_str(),
                "fix": finding.fix,
            })
        });
        self.shape.write(&told.collect::<Value>(), || people(&findings));
        if findings.is_empty() { Ok(()) } else { Err(Failure::silent(Exit::Failed)) }
    }
}

fn people(findings: &[(String, Finding)]) {
    if findings.is_empty() {
        output::data("every id is bound to a type or said to be unowned");
        return;
    }
    let rows: Vec<[String; 4]> = findings
        .iter()
        .map(|(module, finding)| {
            let action = format!("{module}:{}", finding.action);
            let lack = match finding.lack {
                Lack::Unbound => "is bound to no type: nobody checks whose it is",
                Lack::Uncreated => "is made, and the answer says whose to nobody",
                Lack::Unfiltered => "is listed, and whose it is is left to the module",
            };
            [action, finding.name.clone(), lack.to_owned(), finding.fix.clone()]
        })
        .collect();
    output::table(["ACTION", "NAME", "WHAT IT LACKS", "FIX"], &rows);
    output::note(
        "what is nobody's stands with its reason in `x-faregate: unowned: { NAME: \"why\" }`",
    );
}

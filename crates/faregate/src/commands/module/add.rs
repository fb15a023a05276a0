//! `faregate module add`: from an OpenAPI document to a module that `serve` takes, or nothing at all.

use clap::Args;
use faregate_catalog::{Module, Operation};
use serde_json::json;

use super::document::{Document, put, shown};
use crate::exit::{Exit, Failure};
use crate::output::{self, Shape};
use crate::place::ConfigFile;

/// Fetch an OpenAPI 3.1 document and add its module to the configuration
///
/// Says what it understood and what is missing. A document that cannot be served changes nothing. A module that
/// is there already gets the new document, and what that changes is shown; a running gateway serves it by itself.
#[derive(Debug, Args)]
#[command(
    before_help = "Examples:\n  faregate module add http://127.0.0.1:8000/openapi.json --name notes\n  faregate module add notes.yaml --upstream http://127.0.0.1:8000"
)]
pub(crate) struct Add {
    #[command(flatten)]
    document: Document,
    /// Changes of a module that is there already may break callers, or open what was closed
    #[arg(long)]
    allow_breaking: bool,
    /// Show what would be added, and write nothing
    #[arg(long)]
    dry_run: bool,
    #[command(flatten)]
    of: ConfigFile,
    #[command(flatten)]
    shape: Shape,
}

impl Add {
    pub(crate) fn run(self) -> Result<(), Failure> {
        let config = &self.of.config;
        if !config.exists() {
            let say = format!("`{}` is not there; `faregate init` writes one", config.display());
            return Err(Failure::new(Exit::Invalid, say));
        }
        let judged = self.document.judge(config, true)?;
        shown(&judged);
        if !self.dry_run {
            let grave = judged.grave().count();
            if grave > 0 && !self.allow_breaking {
                let say = format!(
                    "{grave} changes break callers, or open what was closed: nothing was added; --allow-breaking says that they are meant"
                );
                return Err(Failure::new(Exit::Failed, say));
            }
            put(&judged, "module add")?;
        }
        self.tell(&judged.module);
        Ok(())
    }

    fn tell(&self, module: &Module) {
        let operations: Vec<_> = module.operations().collect();
        let missing = missing(module);
        let domain = module.domains.first().cloned().unwrap_or_default();
        let upstream = format!("http://{}{}", module.upstream.authority, module.upstream.base_path);
        let actions = operations.iter().map(|operation| {
            let parameters = operation.parameters.describe().iter();
            json!({
                "action": operation.action,
                "mutating": operation.mutating,
                "parameters": parameters.map(|one| one.name.as_str()).collect::<Vec<_>>(),
            })
        });
        let told = json!({
            "module": module.name,
            "domain": domain,
            "upstream": upstream,
            "actions": actions.collect::<Vec<_>>(),
            "missing": missing,
            "written": !self.dry_run,
        });
        self.shape.write(&told, || {
            let n = operations.len();
            output::data(format_args!("{}: {n} actions at {domain}, served by {upstream}\n", module.name));
            let rows: Vec<[String; 3]> = operations.iter().map(|one| row(one)).collect();
            output::table(["ACTION", "CHANGES", "PARAMETERS"], &rows);
            for missing in &missing {
                output::note(format_args!("note: {missing}"));
            }
            let config = self.of.config.display();
            if self.dry_run {
                output::note("nothing was written");
            } else {
                output::note(format_args!(
                    "next: faregate serve -c {config}; a gateway that runs already serves it by itself"
                ));
            }
        });
    }
}

fn row(operation: &Operation) -> [String; 3] {
    let parameters: Vec<String> = operation
        .parameters
        .describe()
        .iter()
        .map(|one| if one.required { one.name.clone() } else { format!("[{}]", one.name) })
        .collect();
    let changes = if operation.mutating { "yes" } else { "no" };
    [operation.action.clone(), changes.to_owned(), parameters.join(" ")]
}

/// What the document could say and does not: each with the key of `x-faregate` that says it.
fn missing(module: &Module) -> Vec<String> {
    let mut missing = Vec::new();
    let operations = || module.operations();
    if operations().any(|it| it.action.contains('_')) {
        missing.push("some actions are named by their framework, like `read_note_notes__note_id__get`: give each an `operationId` of its own, for clients call it so".to_owned());
    }
    if operations().all(|it| it.resources.is_empty() && it.creates.is_none()) {
        missing.push("no object has an owner, so any account may name any: say `creates` and `resources`, or let the service look at Faregate-Account".to_owned());
    }
    if operations().all(|it| it.purchase.is_none()) {
        missing.push("nothing costs anything: `purchase` gives an action its price".to_owned());
    }
    if module.errors.is_empty() {
        missing
            .push("the module has no errors of its own: `errors` gives each its page".to_owned());
    }
    let bare = operations().filter(|it| it.summary.is_empty()).count();
    if bare > 0 {
        missing.push(format!("{bare} actions have no `summary`, and their pages say nothing"));
    }
    missing
}

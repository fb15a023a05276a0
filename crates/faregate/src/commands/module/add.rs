//! `faregate module add`: from an OpenAPI document to a module that `serve` takes, or nothing at all.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::Args;
use faregate_catalog::{Catalog, Module, Operation, Settings, Source};
use faregate_client::FetchLimits;
use faregate_gateway::config;
use serde_json::{Value, json};

use crate::exit::{Exit, Failure};
use crate::output::{self, Shape};
use crate::place::ConfigFile;

/// How much of a document is read, and for how long it is waited for.
const LIMITS: FetchLimits =
    FetchLimits { within: Duration::from_secs(10), bytes_max: 16 * 1024 * 1024 };

/// Fetch an OpenAPI 3.1 document and add its module to the configuration
///
/// Says what it understood and what is missing. A document that cannot be served changes nothing. A module that
/// is there already gets the new document; a running gateway serves it by itself.
#[derive(Debug, Args)]
#[command(
    before_help = "Examples:\n  faregate module add http://127.0.0.1:8000/openapi.json --name notes\n  faregate module add notes.yaml --upstream http://127.0.0.1:8000"
)]
pub(crate) struct Add {
    /// The document: a URL or a file, JSON or YAML
    #[arg(value_name = "URL|FILE")]
    document: String,
    /// What the module is called: the first label of its domain [default: what the document says, else its title]
    #[arg(long)]
    name: Option<String>,
    /// Where its service listens [default: where the URL is; of a file, the document's `servers`]
    #[arg(long, value_name = "URL")]
    upstream: Option<String>,
    /// The certificates to trust when an https URL is fetched [default: the system's]
    #[arg(long, value_name = "FILE")]
    ca: Option<PathBuf>,
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
        let running = fs::read_to_string(config).map_err(|cause| {
            let say = format!("`{}`: {cause}; `faregate init` writes one", config.display());
            Failure::new(Exit::Invalid, say)
        })?;
        let before = super::super::check::load(config)?;
        let text = self.read()?;
        let upstream = self.upstream.clone().or_else(|| origin(&self.document));
        let module = self.understand(&text, upstream.as_deref(), &before.config.base_domain)?;
        if !self.dry_run {
            let extension = if text.trim_start().starts_with('{') { "json" } else { "yaml" };
            let file = format!("{}.{extension}", module.name);
            let entry = entry(&file, upstream.as_deref());
            let known = known(&before.catalog, &module.name);
            write(config, &running, (&file, &text), (!known).then_some(entry.as_str()))?;
        }
        self.tell(&module);
        Ok(())
    }

    fn read(&self) -> Result<String, Failure> {
        if !self.document.contains("://") {
            return fs::read_to_string(&self.document).map_err(|cause| {
                Failure::usage(format!("cannot read `{}`: {cause}", self.document))
            });
        }
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let fetched =
            runtime.block_on(faregate_client::fetch(&self.document, self.ca.as_deref(), LIMITS));
        let bytes = fetched.map_err(|why| Failure::new(Exit::Unreachable, why))?;
        String::from_utf8(bytes.to_vec())
            .map_err(|_| Failure::new(Exit::Invalid, format!("{} is no text", self.document)))
    }

    /// The module that the document describes; every fault of it has been shown when this fails.
    fn understand(
        &self,
        text: &str,
        upstream: Option<&str>,
        base_domain: &str,
    ) -> Result<std::sync::Arc<Module>, Failure> {
        // A document that does not name its module is called after its file.
        let name = self.name.as_ref().map(|name| format!("{name}.json"));
        let source = Source { name: name.as_deref().unwrap_or("openapi.json"), text, upstream };
        let loaded = Catalog::load(&[source], &Settings { base_domain });
        for diagnostic in &loaded.diagnostics {
            output::note(diagnostic.render(&[source], output::is_coloured()).trim_end());
        }
        let module = loaded.catalog.and_then(|catalog| catalog.modules().first().cloned());
        let Some(module) = module else {
            let say = format!("{} cannot be served as it is: nothing was added", self.document);
            return Err(Failure::new(Exit::Invalid, say));
        };
        match &self.name {
            Some(name) if *name != module.name => Err(Failure::usage(format!(
                "the document calls itself `{}` (x-faregate.module): leave --name out, or change it there",
                module.name
            ))),
            Some(_) | None => Ok(module),
        }
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

/// `http://host:port` of a URL; the upstream speaks plain HTTP.
fn origin(document: &str) -> Option<String> {
    let rest = document.strip_prefix("http://")?;
    let authority = rest.split('/').next().filter(|authority| !authority.is_empty())?;
    Some(format!("http://{authority}"))
}

fn entry(file: &str, upstream: Option<&str>) -> String {
    let upstream = upstream.map(|url| format!("upstream = {}\n", Value::from(url)));
    format!("\n[[modules]]\ndocument = {}\n{}", Value::from(file), upstream.unwrap_or_default())
}

fn known(catalog: &Catalog, name: &str) -> bool {
    catalog.module(name).is_some()
}

/// Writes the document beside the configuration, and its entry at the end of it: both, or neither.
fn write(
    config: &Path,
    running: &str,
    (file, text): (&str, &str),
    entry: Option<&str>,
) -> Result<(), Failure> {
    let document = config.parent().unwrap_or(Path::new("")).join(file);
    let failed = |path: &Path, cause: std::io::Error| {
        Failure::new(Exit::Unexpected, format!("cannot write `{}`: {cause}", path.display()))
    };
    if entry.is_some() && document.exists() {
        let say = format!(
            "`{}` is there already: remove it, or choose another --name",
            document.display()
        );
        return Err(Failure::usage(say));
    }
    let before = fs::read(&document).ok();
    replace(&document, text.as_bytes()).map_err(|cause| failed(&document, cause))?;
    let end = if running.is_empty() || running.ends_with('\n') { "" } else { "\n" };
    let whole = format!("{running}{end}{}", entry.unwrap_or_default());
    // Beside it, so that paths in it mean the same; `serve` never sees one that is not good.
    let tried = config.with_extension("toml.tried");
    fs::write(&tried, &whole).map_err(|cause| failed(&tried, cause))?;
    let judged = config::load(&tried);
    drop(fs::remove_file(&tried));
    if let Err(faults) = judged {
        match before {
            Some(before) => drop(replace(&document, &before)),
            None => drop(fs::remove_file(&document)),
        }
        output::note(faults.render(output::is_coloured()).trim_end());
        return Err(Failure::new(Exit::Invalid, "nothing was added"));
    }
    if entry.is_some() {
        replace(config, whole.as_bytes()).map_err(|cause| failed(config, cause))?;
    }
    Ok(())
}

/// Whole or not at all: a gateway may be looking.
fn replace(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    let mut name = path.as_os_str().to_owned();
    name.push(".new");
    let new = PathBuf::from(name);
    fs::write(&new, bytes)?;
    fs::rename(&new, path)
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

#[cfg(test)]
mod spec {
    use super::*;

    #[test]
    fn an_upstream_is_where_the_document_came_from() {
        for (document, upstream) in [
            ("http://127.0.0.1:8000/openapi.json", Some("http://127.0.0.1:8000")),
            ("http://notes/v1/openapi.json", Some("http://notes")),
            ("https://notes/openapi.json", None),
            ("notes.yaml", None),
        ] {
            assert_eq!(origin(document).as_deref(), upstream, "{document}");
        }
    }

    #[test]
    fn a_document_is_added_whole_or_not_at_all() {
        let folder = tempfile::tempdir().unwrap();
        let (config, document) =
            (folder.path().join("faregate.toml"), folder.path().join("lb.json"));
        let running = "base_domain = \"a.b\"\n[listen]\nhttps = \"127.0.0.1:1\"";
        fs::write(&config, running).unwrap();
        let good = r#"{"openapi":"3.1.0","info":{"title":"L","version":"1"},"paths":{"/a":{"get":{"operationId":"A"}}}}"#;
        let up = entry("lb.json", Some("http://127.0.0.1:9"));
        assert!(write(&config, running, ("lb.json", "{}"), Some(&up)).is_err());
        assert!(!document.exists() && fs::read_to_string(&config).unwrap() == running);
        write(&config, running, ("lb.json", good), Some(&up)).unwrap();
        let whole = fs::read_to_string(&config).unwrap();
        assert!(
            whole.ends_with(
                "\n[[modules]]\ndocument = \"lb.json\"\nupstream = \"http://127.0.0.1:9\"\n"
            ),
            "{whole}"
        );
        // The document alone, anew; a bad one leaves the good one.
        write(&config, &whole, ("lb.json", &good.replace('A', "B")), None).unwrap();
        assert!(write(&config, &whole, ("lb.json", "{}"), None).is_err());
        assert!(fs::read_to_string(&document).unwrap().contains("\"B\""));
        assert!(
            write(&config, &whole, ("lb.json", good), Some(&up)).is_err(),
            "it is there already"
        );
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 2, "nothing else is left");
    }
}

//! A document that a command is given: a file or a URL, judged in its place in the configuration.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::Args;
use faregate_client::FetchLimits;
use faregate_gateway::modules::{self, Judged, New, Version, Wrong};

use crate::exit::{Exit, Failure};
use crate::output;
use crate::{clock, environment};

/// How much of a document is read, and for how long it is waited for.
const LIMITS: FetchLimits =
    FetchLimits { within: Duration::from_secs(10), bytes_max: 16 * 1024 * 1024 };

/// The document, and what it does not say itself.
#[derive(Debug, Args)]
pub(crate) struct Document {
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
}

impl Document {
    /// Reads and judges it; what is wrong with it has been shown when this fails.
    pub(crate) fn judge(&self, config: &Path, adds: bool) -> Result<Judged, Failure> {
        let text = self.read()?;
        let named = self.upstream.as_deref();
        let new = New { text: &text, name: self.name.as_deref(), upstream: named };
        // Where the document came from is where a new module's service is; one that is there stays where it is.
        let origin = origin(&self.document);
        let is_known = || modules::name_of(config, new).is_ok_and(|(_, is_known)| is_known);
        let upstream = named.or_else(|| origin.as_deref().filter(|_| !is_known()));
        modules::judge(config, New { upstream, ..new })
            .map_err(|wrong| failure(wrong, (&self.document, adds)))
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
}

pub(crate) fn failure(wrong: Wrong, (document, adds): (&str, bool)) -> Failure {
    match wrong {
        Wrong::Faults(faults) => {
            output::note(faults.render(output::is_coloured()).trim_end());
            let nothing = if adds { ": nothing was added" } else { "" };
            Failure::new(Exit::Invalid, format!("{document} cannot be served as it is{nothing}"))
        }
        Wrong::Asked(say) => Failure::usage(say),
        Wrong::File { .. } => Failure::new(Exit::Unexpected, wrong),
    }
}

/// Writes it and keeps it; a running gateway serves it by itself.
pub(crate) fn put(judged: &Judged, because: &str) -> Result<Version, Failure> {
    let now_ms = clock::now_ms();
    let user = environment::text("USER").or_else(|| environment::text("LOGNAME"));
    let by = format!("local:{}", user.as_deref().unwrap_or("operator"));
    let done = judged.write(now_ms).and_then(|()| judged.keep(&by, because, now_ms));
    done.map_err(|wrong| Failure::new(Exit::Unexpected, wrong))
}

/// Tells what is probably not meant, and what it changes.
pub(crate) fn shown(judged: &Judged) {
    for (plain, coloured) in &judged.warnings {
        output::note(if output::is_coloured() { coloured.trim_end() } else { plain.trim_end() });
    }
    for change in judged.changes.iter().flatten() {
        output::note(format_args!("{}: {change}", change.impact.as_str()));
    }
}

/// `http://host:port` of a URL; the upstream speaks plain HTTP.
fn origin(document: &str) -> Option<String> {
    let rest = document.strip_prefix("http://")?;
    let authority = rest.split('/').next().filter(|authority| !authority.is_empty())?;
    Some(format!("http://{authority}"))
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
}

//! `faregate module diff`, `show`, `history` and `rollback`: a module's documents, before and after they are served.

use clap::Args;
use faregate_gateway::config::Loaded;
use faregate_gateway::modules::{self, History, New, Version};
use serde_json::{Value, json};

use super::document::{Document, failure, put, shown};
use crate::clock::date_and_time;
use crate::exit::{Exit, Failure};
use crate::output::{self, Shape};
use crate::place::ConfigFile;

/// Say what a document would change for callers, and write nothing
///
/// A change breaks if a call that was good may be refused or means something else, and opens if something was refused,
/// checked or paid for and is no longer.
#[derive(Debug, Args)]
#[command(
    before_help = "Examples:\n  faregate module diff http://127.0.0.1:8000/openapi.json --name notes\n  faregate module diff notes.yaml --exit-code"
)]
pub(crate) struct Diff {
    #[command(flatten)]
    document: Document,
    /// End with 4 if anything breaks or opens
    #[arg(long)]
    exit_code: bool,
    #[command(flatten)]
    of: ConfigFile,
    #[command(flatten)]
    shape: Shape,
}

impl Diff {
    pub(crate) fn run(self) -> Result<(), Failure> {
        let judged = self.document.judge(&self.of.config, false)?;
        let all: Vec<_> = judged.changes.iter().flatten().collect();
        let told: Vec<Value> = all
            .iter()
            .map(|change| {
                let impact = change.impact.as_str();
                json!({ "impact": impact, "action": change.action, "what": change.what })
            })
            .collect();
        let name = &judged.module.name;
        let told = json!({ "module": name, "isNew": judged.changes.is_none(), "changes": told });
        self.shape.write(&told, || {
            if judged.changes.is_none() {
                output::data(format_args!("{name} is new: there is nothing to compare it with"));
            } else if all.is_empty() {
                output::data(format_args!("{name}: nothing changes for its callers"));
            } else {
                let rows: Vec<[String; 3]> = all
                    .iter()
                    .map(|change| {
                        let action = change.action.clone().unwrap_or_else(|| "-".to_owned());
                        [change.impact.as_str().to_owned(), action, change.what.clone()]
                    })
                    .collect();
                output::table(["IMPACT", "ACTION", "CHANGE"], &rows);
            }
        });
        let n = judged.grave().count();
        if self.exit_code && n > 0 {
            return Err(Failure::new(Exit::Failed, format!("{n} changes break or open")));
        }
        Ok(())
    }
}

/// A module of the configuration.
#[derive(Debug, Args)]
pub(crate) struct Named {
    /// The module
    name: String,
    #[command(flatten)]
    of: ConfigFile,
    #[command(flatten)]
    shape: Shape,
}

impl Named {
    fn loaded(&self) -> Result<Loaded, Failure> {
        let loaded = crate::commands::check::load(&self.of.config)?;
        let names = || loaded.catalog.modules().iter().map(|module| module.name.as_str());
        if names().any(|name| name == self.name) {
            return Ok(loaded);
        }
        let near = faregate_catalog::did_you_mean(&self.name, names()).unwrap_or_default();
        Err(Failure::usage(format!("there is no module `{}`; {near}", self.name)))
    }

    fn history(&self, loaded: &Loaded) -> Result<(History, Vec<Version>), Failure> {
        let history = History::of(&loaded.config.data, &self.name);
        let versions = history.versions()?;
        Ok((history, versions))
    }

    fn text<'a>(&self, loaded: &'a Loaded) -> &'a str {
        loaded.catalog.text(&self.name).unwrap_or_default()
    }

    /// Lists the documents that are kept, the newest last.
    pub(crate) fn list(&self) -> Result<(), Failure> {
        let loaded = self.loaded()?;
        let (_, versions) = self.history(&loaded)?;
        let text = self.text(&loaded);
        let served = versions.iter().rev().find(|it| it.is_of(text)).map(|it| it.number);
        let is_served = |version: &Version| Some(version.number) == served;
        let told = versions.iter().map(|version| {
            json!({
                "version": version.number,
                "at": version.at_ms.div_euclid(1000),
                "by": version.by,
                "because": version.because,
                "digest": version.digest,
                "served": is_served(version),
            })
        });
        self.shape.write(&told.collect(), || {
            let rows: Vec<[String; 5]> = versions
                .iter()
                .map(|version| {
                    let mark = if is_served(version) { "*" } else { "" };
                    [
                        format!("{}{mark}", version.number),
                        date_and_time(version.at_ms.div_euclid(1000)),
                        version.by.clone(),
                        version.because.clone(),
                        version.digest.clone(),
                    ]
                })
                .collect();
            output::table(["VERSION", "SINCE", "BY", "BECAUSE", "DIGEST"], &rows);
            if versions.is_empty() {
                output::note("nothing is kept yet: a gateway keeps what it serves");
            }
        });
        Ok(())
    }

    /// Prints a document.
    pub(crate) fn show(&self, version: Option<u32>) -> Result<(), Failure> {
        let loaded = self.loaded()?;
        let (history, versions) = self.history(&loaded)?;
        let text = match version {
            None => self.text(&loaded).to_owned(),
            Some(number) if versions.iter().any(|it| it.number == number) => {
                history.text(number)?
            }
            Some(number) => {
                let say =
                    format!("no version {number} is kept: faregate module history {}", self.name);
                return Err(Failure::usage(say));
            }
        };
        let told = json!({ "module": self.name, "version": version, "document": text });
        self.shape.write(&told, || output::data(text.trim_end()));
        Ok(())
    }

    /// Puts an earlier document back.
    pub(crate) fn roll_back(&self, version: Option<u32>) -> Result<(), Failure> {
        let loaded = self.loaded()?;
        let (history, _) = self.history(&loaded)?;
        let told = |wrong| failure(wrong, (&self.name, false));
        let (number, text) =
            modules::earlier(&history, self.text(&loaded), version).map_err(told)?;
        let new = New { text: &text, name: Some(&self.name), upstream: None };
        let judged = modules::judge(&self.of.config, new).map_err(told)?;
        shown(&judged);
        let kept = put(&judged, &format!("back to version {number}"))?;
        let value = json!({ "module": self.name, "version": kept.number, "from": number });
        self.shape.write(&value, || {
            let (name, kept) = (&self.name, kept.number);
            output::data(format_args!("{name}: version {kept} is what version {number} was"));
            output::note("a gateway that runs already serves it by itself");
        });
        Ok(())
    }
}

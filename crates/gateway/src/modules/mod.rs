//! The life of a module's document: judged as a whole, compared with the one before, put in its place, kept, put back.
//!
//! ```text
//! a new text ─► judge (nothing is written) ─► what it changes ─► write ─► a reload swaps it in
//!                  └► every fault                └► asked about first, if it breaks or opens
//! ```
//! The files that the configuration names stay what is served: a call and a command both end there, and so does an
//! editor. Invariant: a text that `serve` would refuse is never written.

mod history;

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use faregate_catalog::{Catalog, Change, Impact, Module, Settings, Severity, Source, changes};
use serde_json::Value;

use crate::config::{self, Fault, Faults, Loaded};

pub use history::{History, Version};

/// A document that is to be served.
#[derive(Clone, Copy, Debug)]
pub struct New<'a> {
    /// The whole of it, JSON or YAML.
    pub text: &'a str,
    /// What the module is called, if the document does not say.
    pub name: Option<&'a str>,
    /// Where its service listens, for a module that is not served yet; else what the document says.
    pub upstream: Option<&'a str>,
}

/// Why a document is not served.
#[derive(Debug, thiserror::Error)]
pub enum Wrong {
    /// It, or the configuration with it, is not good.
    #[error("{0}")]
    Faults(Faults),
    /// It cannot be as it was asked for.
    #[error("{0}")]
    Asked(String),
    /// A file could not be read or written.
    #[error("`{}`: {cause}", path.display())]
    File {
        /// Which.
        path: PathBuf,
        /// Why.
        cause: io::Error,
    },
}

/// A document that would be served, and what that would change.
#[derive(Debug)]
pub struct Judged {
    /// The module, as it would be.
    pub module: Arc<Module>,
    /// What it changes for those who call; none is a module that was not there.
    pub changes: Option<Vec<Change>>,
    /// What is allowed and probably not meant, rendered: plainly, and for a terminal.
    pub warnings: Vec<(String, String)>,
    /// What was loaded before.
    pub loaded: Loaded,
    file: PathBuf,
    text: String,
    /// The file as it was.
    before: Option<String>,
    entry: Option<Entry>,
}

/// The configuration, as it was and as it would be.
#[derive(Debug)]
struct Entry {
    file: PathBuf,
    before: String,
    after: String,
}

/// How the module of a text would be called.
struct Understood {
    module: Arc<Module>,
    warnings: Vec<(String, String)>,
}

/// Judges a document as `serve` would, in its place in the configuration. Nothing is written.
///
/// # Errors
/// Every fault of it.
pub fn judge(config: &Path, new: New<'_>) -> Result<Judged, Wrong> {
    let loaded = config::load(config).map_err(Wrong::Faults)?;
    let understood = understand(new, &loaded.config.base_domain)?;
    let name = &understood.module.name;
    let known = loaded.catalog.modules().iter().find(|known| known.name == *name).cloned();
    let folder = config.parent().unwrap_or_else(|| Path::new(""));
    let (file, entry) = match &known {
        Some(known) => (PathBuf::from(&known.source), None),
        None => {
            let file = format!("{name}.{}", ending(new.text));
            (folder.join(&file), Some(entry_of(&file, new.upstream)))
        }
    };
    if let (Some(known), Some(url)) = (&known, new.upstream)
        && url != format!("http://{}{}", known.upstream.authority, known.upstream.base_path)
    {
        let (at, path) = (&known.upstream.authority, &known.upstream.base_path);
        return Err(Wrong::Asked(format!(
            "the service of `{name}` is at http://{at}{path}: leave the upstream out, or change it in the configuration"
        )));
    }
    if entry.is_some() && file.exists() {
        let path = file.display();
        let say = format!("`{path}` is there already: remove it, or give the module another name");
        return Err(Wrong::Asked(say));
    }
    if file.extension().is_some_and(|it| it == "json") && ending(new.text) != "json" {
        let say = format!("`{}` is JSON, and the new document is YAML: send JSON", file.display());
        return Err(Wrong::Asked(say));
    }
    let mut instead = vec![(file.clone(), new.text.to_owned())];
    let entry = entry.map(|entry| appended(config, &entry)).transpose()?;
    instead.extend(entry.iter().map(|entry| (config.to_owned(), entry.after.clone())));
    let then = config::load_with(config, &instead).map_err(Wrong::Faults)?;
    let mut served = then.catalog.modules().iter();
    let module = served.find(|it| it.name == *name).cloned().unwrap_or(understood.module);
    Ok(Judged {
        changes: known.map(|known| changes(&known, &module)),
        module,
        warnings: understood.warnings,
        before: fs::read_to_string(&file).ok(),
        loaded,
        file,
        text: new.text.to_owned(),
        entry,
    })
}

/// How the module of a document is called, and whether it is served already.
///
/// # Errors
/// The document or the configuration is not good.
pub fn name_of(config: &Path, new: New<'_>) -> Result<(String, bool), Wrong> {
    let loaded = config::load(config).map_err(Wrong::Faults)?;
    let name = understand(new, &loaded.config.base_domain)?.module.name.clone();
    let is_known = loaded.catalog.modules().iter().any(|known| known.name == name);
    Ok((name, is_known))
}

/// The module that a text describes, before its place is known.
fn understand(new: New<'_>, base_domain: &str) -> Result<Understood, Wrong> {
    let name = format!("{}.{}", new.name.unwrap_or("openapi"), ending(new.text));
    // Of a module that is served already the configuration says where its service is.
    let upstream = new.upstream.or(Some("http://127.0.0.1:1"));
    let source = Source { name: &name, text: new.text, upstream };
    let read = Catalog::load(&[source], &Settings { base_domain });
    let rendered = |severity| {
        let of = read.diagnostics.iter().filter(move |it| it.severity == severity);
        of.map(|it| (it.render(&[source], false), it.render(&[source], true)))
    };
    let module = read.catalog.as_ref().and_then(|catalog| catalog.modules().first().cloned());
    let Some(module) = module else {
        let mut faults = Faults::default();
        rendered(Severity::Error)
            .for_each(|(plain, coloured)| faults.push(Fault::rendered(plain, coloured)));
        return Err(Wrong::Faults(faults));
    };
    match new.name {
        Some(name) if name != module.name => Err(Wrong::Asked(format!(
            "the document calls itself `{}` (x-faregate.module): leave the name out, or change it there",
            module.name
        ))),
        Some(_) | None => {
            Ok(Understood { module, warnings: rendered(Severity::Warning).collect() })
        }
    }
}

/// Of the file that a text is kept in.
fn ending(text: &str) -> &'static str {
    if text.trim_start().starts_with('{') { "json" } else { "yaml" }
}

fn entry_of(file: &str, upstream: Option<&str>) -> String {
    let upstream = upstream.map(|url| format!("upstream = {}\n", Value::from(url)));
    format!("\n[[modules]]\ndocument = {}\n{}", Value::from(file), upstream.unwrap_or_default())
}

fn appended(config: &Path, entry: &str) -> Result<Entry, Wrong> {
    let before = fs::read_to_string(config).map_err(at(config))?;
    let end = if before.is_empty() || before.ends_with('\n') { "" } else { "\n" };
    let after = format!("{before}{end}{entry}");
    Ok(Entry { file: config.to_owned(), before, after })
}

fn at(path: &Path) -> impl FnOnce(io::Error) -> Wrong {
    let path = path.to_owned();
    move |cause| Wrong::File { path, cause }
}

impl Judged {
    /// The changes that want to be meant: those that break, and those that open.
    pub fn grave(&self) -> impl Iterator<Item = &Change> {
        let all = self.changes.iter().flatten();
        all.filter(|change| change.impact != Impact::Harmless)
    }

    /// Every document of the module that was served.
    #[must_use]
    pub fn history(&self) -> History {
        History::of(&self.loaded.config.data, &self.module.name)
    }

    /// Writes it where it is served from: a gateway that looks meets all of it, or nothing.
    ///
    /// # Errors
    /// A file could not be written; then all of them are as they were.
    pub fn write(&self, now_ms: i64) -> Result<(), Wrong> {
        if let Some(before) = &self.before {
            // What was put there while nobody kept it would be lost.
            self.keep_text(before, ("local:files", "it was there before"), now_ms)?;
        }
        replace(&self.file, self.text.as_bytes()).map_err(at(&self.file))?;
        let entry = self.entry.as_ref();
        let written = entry.map_or(Ok(()), |entry| {
            replace(&entry.file, entry.after.as_bytes()).map_err(at(&entry.file))
        });
        written.inspect_err(|_| self.undo())
    }

    /// Keeps it as a version of its module, for it is served now.
    ///
    /// # Errors
    /// It could not be written.
    pub fn keep(&self, by: &str, because: &str, now_ms: i64) -> Result<Version, Wrong> {
        self.keep_text(&self.text, (by, because), now_ms)
    }

    fn keep_text(
        &self,
        text: &str,
        (by, because): (&str, &str),
        now_ms: i64,
    ) -> Result<Version, Wrong> {
        let history = self.history();
        history.add(text, by, because, now_ms).map_err(at(history.folder()))
    }

    /// Puts back what was there before it was written.
    pub fn undo(&self) {
        // What could be written a moment ago can be written again; if not, the fault that is told is the first.
        match &self.before {
            Some(before) => drop(replace(&self.file, before.as_bytes())),
            None => drop(fs::remove_file(&self.file)),
        }
        if let Some(entry) = &self.entry {
            drop(replace(&entry.file, entry.before.as_bytes()));
        }
    }
}

/// Whole or not at all: a gateway may be looking.
fn replace(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut name = path.as_os_str().to_owned();
    name.push(".new");
    let new = PathBuf::from(name);
    fs::write(&new, bytes)?;
    fs::rename(&new, path)
}

/// The text of an earlier document, and its number: that of the version, or of the last one that was another.
///
/// # Errors
/// There is none.
pub fn earlier(
    history: &History,
    served: &str,
    version: Option<u32>,
) -> Result<(u32, String), Wrong> {
    let folder = history.folder();
    let versions = history.versions().map_err(at(folder))?;
    let mut newest = versions.iter().rev();
    let found = match version {
        Some(number) => newest.find(|it| it.number == number),
        None => newest.find(|it| !it.is_of(served)),
    };
    let module = folder.file_name().unwrap_or_default().to_string_lossy();
    let Some(found) = found else {
        return Err(Wrong::Asked(match version {
            Some(number) => format!("`{module}` has no version {number} that is kept"),
            None => format!("no other document of `{module}` is kept"),
        }));
    };
    Ok((found.number, history.text(found.number).map_err(at(folder))?))
}

#[cfg(test)]
mod spec;

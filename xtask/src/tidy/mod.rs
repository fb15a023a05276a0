//! The house rules that no compiler checks. Each finding names file and line, and what mends it.

mod arrows;
mod attributes;
mod code;
mod codes;
mod files;
mod fresh;
mod licences;
mod lints;
mod order;
mod settings;
mod wildcards;
mod words;
mod world;

#[cfg(test)]
mod spec;

use std::fmt;
use std::path::Path;
use std::process::Command;

use serde_json::Value;

/// One rule broken in one place.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Finding {
    path: String,
    line: usize,
    message: String,
}

impl Finding {
    fn new(path: impl Into<String>, line: usize, message: impl Into<String>) -> Self {
        Self { path: path.into(), line, message: message.into() }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {}", self.path, self.line, self.message)
    }
}

/// A file of the work tree, by its path from the root.
#[derive(Debug)]
pub(crate) struct Source {
    path: String,
    text: String,
}

/// Checks everything, and says everything that is wrong.
pub(crate) fn run(root: &Path) -> Result<(), String> {
    let sources = sources(root)?;
    let metadata = metadata(root)?;
    let mut findings = Vec::new();
    findings.extend(arrows::check(&metadata));
    findings.extend(licences::check(&metadata));
    let tree = "tree --workspace --target all --prefix none --format {p}";
    let tree = output(root, "cargo", &tree.split(' ').collect::<Vec<_>>())?;
    findings.extend(licences::check_banned(&tree));
    findings.extend(codes::check(&sources));
    findings.extend(order::check(&sources));
    findings.extend(files::check(&sources));
    findings.extend(lints::check(&sources));
    findings.extend(wildcards::check(&sources));
    findings.extend(world::check(&sources));
    findings.extend(attributes::check(&sources));
    findings.extend(words::check(&sources));
    findings.extend(fresh::check(&sources));
    findings.extend(settings::check(&sources));
    for finding in &findings {
        eprintln!("{finding}");
    }
    match findings.len() {
        0 => {
            println!(
                "tidy: {} files; arrows, codes, order, licences, lints, words, time, settings, tables: nothing to say",
                sources.len()
            );
            Ok(())
        }
        n => Err(format!("tidy: {n} to mend")),
    }
}

/// Every file that git knows or would take, read once. What is not text is left out.
fn sources(root: &Path) -> Result<Vec<Source>, String> {
    let listed = output(root, "git", &["ls-files", "--cached", "--others", "--exclude-standard"])?;
    let kinds = [".rs", ".md", ".toml"];
    let wanted = listed.lines().filter(|path| kinds.iter().any(|kind| path.ends_with(kind)));
    // A listed file that cannot be read was deleted and not yet committed.
    let read = wanted.filter_map(|path| {
        let text = std::fs::read_to_string(root.join(path)).ok()?;
        Some(Source { path: path.to_owned(), text })
    });
    Ok(read.collect())
}

fn metadata(root: &Path) -> Result<Value, String> {
    let text = output(root, "cargo", &["metadata", "--format-version", "1", "--locked"])?;
    serde_json::from_str(&text).map_err(|e| format!("cargo metadata: {e}"))
}

fn output(root: &Path, program: &str, arguments: &[&str]) -> Result<String, String> {
    let done = Command::new(program)
        .args(arguments)
        .current_dir(root)
        .output()
        .map_err(|e| format!("{program}: {e}"))?;
    if !done.status.success() {
        return Err(format!("{program}: {}", String::from_utf8_lossy(&done.stderr)));
    }
    String::from_utf8(done.stdout).map_err(|e| format!("{program}: {e}"))
}

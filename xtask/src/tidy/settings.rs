//! Every key of the configuration and every variable of the environment has its row in the reference, with the version
//! since which it is there; and every limit is named by a test that is not the configuration's own.

use super::{Finding, Source, code};

const SHAPE: &str = "crates/gateway/src/config/shape.rs";
const CONFIG: &str = "crates/gateway/src/config/";
const REFERENCE: &str = "docs/reference/configuration.md";

pub(crate) fn check(sources: &[Source]) -> Vec<Finding> {
    let text = |path: &str| {
        sources.iter().find(|source| source.path == path).map_or("", |source| &source.text)
    };
    let (keys, reference) = (keys(text(SHAPE)), text(REFERENCE));
    let mut findings = Vec::new();
    if keys.is_empty() {
        findings.push(Finding::new(
            SHAPE,
            1,
            "no key is found here: `tidy` reads `key(\"…\", Kind::…)`",
        ));
    }
    for name in keys.iter().cloned().chain(variables(sources)) {
        if !has_row(reference, &name) {
            let say =
                format!("no row `| `{name}` | … | since |`: say what it does, and since when");
            findings.push(Finding::new(REFERENCE, 1, say));
        }
    }
    for limit in keys.iter().filter_map(|key| key.strip_prefix("limits.")) {
        let mut tests = code::rust(sources)
            .filter(|source| ![CONFIG, "xtask/"].iter().any(|own| source.path.starts_with(own)));
        if !tests.any(|source| code::tests(source).contains(limit)) {
            let say = format!("no test names the limit `{limit}`: write one that meets it");
            findings.push(Finding::new(SHAPE, 1, say));
        }
    }
    findings
}

/// A row of a table: the name first, and something in the last cell.
fn has_row(reference: &str, name: &str) -> bool {
    let begin = format!("| `{name}` |");
    reference.lines().filter(|line| line.starts_with(&begin)).any(|line| {
        let since = line.trim_end_matches(" |").rsplit(" | ").next().unwrap_or_default();
        since.contains('.') && since.chars().all(|c| c.is_ascii_digit() || c == '.')
    })
}

/// `limits.headers_max` and all others, as `shape.rs` lists them.
pub(crate) fn keys(shape: &str) -> Vec<String> {
    let mut keys = Vec::new();
    read(shape, list(shape, "ROOT"), "", &mut keys);
    keys
}

fn list<'a>(shape: &'a str, name: &str) -> &'a str {
    let after =
        shape.split_once(&format!("const {name}: &[Key] = &[")).map_or("", |(_, rest)| rest);
    bracketed(after)
}

/// What stands before the bracket that ends it.
fn bracketed(text: &str) -> &str {
    let mut depth = 1_usize;
    for (at, c) in text.char_indices() {
        depth = match c {
            '[' => depth + 1,
            ']' => depth - 1,
            _ => depth,
        };
        if depth == 0 {
            return text.get(..at).unwrap_or_default();
        }
    }
    ""
}

fn read(shape: &str, list_text: &str, path: &str, keys: &mut Vec<String>) {
    let mut rest = list_text;
    while let Some((name, behind)) = next_key(rest) {
        rest = behind;
        let kind = behind.trim_start_matches(',').trim_start();
        let inner =
            kind.strip_prefix("Kind::Table(").or_else(|| kind.strip_prefix("Kind::Tables("));
        match inner {
            None => keys.push(format!("{path}{name}")),
            Some(inner) => {
                let below = format!("{path}{name}.");
                if let Some(inline) = inner.strip_prefix("&[") {
                    let inside = bracketed(inline);
                    read(shape, inside, &below, keys);
                    rest = inline.get(inside.len()..).unwrap_or_default();
                } else {
                    let constant = inner.split(')').next().unwrap_or_default();
                    read(shape, list(shape, constant), &below, keys);
                }
            }
        }
    }
}

/// The next key's name, and what is behind it.
fn next_key(text: &str) -> Option<(&str, &str)> {
    let calls = ["key(", "required("];
    let at = calls.iter().filter_map(|call| Some(text.find(call)? + call.len())).min()?;
    let (_, quoted) = text.get(at..)?.split_once('"')?;
    quoted.split_once('"')
}

/// Every variable that a command or the client reads.
fn variables(sources: &[Source]) -> Vec<String> {
    let mut found = Vec::new();
    for source in code::rust(sources) {
        let shipped = code::shipped(source);
        let reads =
            ["env = \"", "environment::text(\"", "environment::path(\"", "environment::is_set(\""];
        for read in reads {
            let named = shipped.split(read).skip(1).filter_map(|rest| rest.split('"').next());
            found.extend(named.map(str::to_owned));
        }
    }
    found.sort();
    found.dedup();
    found
}

//! Codes: one code, one room, with its page in two languages and its table of cases. Every reason stands on both pages.

use super::order::CODES;
use super::{Finding, Source, code};

const ROOMS: &str = "crates/pipeline/src/";

pub(crate) fn check(sources: &[Source]) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (name, code) in CODES {
        let heading = format!("//! {code} ");
        let rooms: Vec<_> = sources
            .iter()
            .filter(|source| is_room(source) && source.text.starts_with(&heading))
            .collect();
        match rooms.as_slice() {
            [room] => findings.extend(check_room(sources, room, name, code)),
            [] => findings.push(Finding::new(
                ROOMS,
                1,
                format!("no room begins with `{heading}…`: one code, one room"),
            )),
            [_, second, ..] => {
                findings.push(Finding::new(
                    &second.path,
                    1,
                    format!("a second room for {code}: one code, one room"),
                ));
            }
        }
    }
    findings
}

fn is_room(source: &Source) -> bool {
    source.path.starts_with(ROOMS) && source.path.ends_with("/mod.rs")
}

fn check_room(sources: &[Source], room: &Source, name: &str, code: u16) -> Vec<Finding> {
    let mut findings = Vec::new();
    let folder = room.path.trim_end_matches("mod.rs");
    for (path, line) in makers(sources, name) {
        if !path.starts_with(folder) {
            let say = format!("{code} is made in {folder} only: call the room's own constructor");
            findings.push(Finding::new(path, line, say));
        }
    }
    for file in [format!("{code}.md"), format!("{code}.zh.md")] {
        let path = format!("{folder}{file}");
        match sources.iter().find(|source| source.path == path) {
            None => findings.push(Finding::new(path, 1, "the room's page is not there: write it")),
            Some(page) => {
                for (line, reason) in reasons(&room.text) {
                    if !page
                        .text
                        .lines()
                        .any(|heading| heading.trim_start_matches('#').trim() == reason)
                    {
                        let say = format!(
                            "reason {reason} ({}:{line}) has no heading here: add `### {reason}`",
                            room.path
                        );
                        findings.push(Finding::new(&page.path, 1, say));
                    }
                }
            }
        }
    }
    let has_cases = room.text.lines().any(|line| line.trim().starts_with("mod spec"));
    if !has_cases {
        findings.push(Finding::new(&room.path, 1, "no cases: add `#[cfg(test)] mod spec;`"));
    }
    findings
}

/// Where a refusal with this code is constructed, outside tests.
pub(crate) fn makers<'a>(sources: &'a [Source], name: &str) -> Vec<(&'a str, usize)> {
    let needle = format!("Refusal::new(Code::{name},");
    let code = code::rust(sources).filter(|source| !is_test(&source.path));
    let lines = code.flat_map(|source| {
        let shipped = source.text.split("#[cfg(test)]").next().unwrap_or_default();
        shipped.lines().enumerate().map(|(n, line)| (source.path.as_str(), n + 1, line))
    });
    lines
        .filter(|(path, _, line)| !path.starts_with("xtask/") && !line.trim().starts_with("//"))
        .filter(|(_, _, line)| line.replace(' ', "").contains(&needle.replace(' ', "")))
        .map(|(path, line, _)| (path, line))
        .collect()
}

fn is_test(path: &str) -> bool {
    path.ends_with("/spec.rs") || path.contains("/spec/") || path.contains("/tests/")
}

/// The reasons that the room lists in `REASONS`, each with the line that names it. Reasons within a reason (a failing
/// parameter's rule) are not listed there, and need no heading.
pub(crate) fn reasons(text: &str) -> Vec<(usize, &str)> {
    let listed =
        text.split_once("REASONS: &[Reason] = &[").and_then(|(_, rest)| rest.split_once(']'));
    let listed: Vec<_> =
        listed.map(|(list, _)| list.split(',').map(str::trim).collect()).unwrap_or_default();
    let named = text.lines().enumerate().filter_map(|(n, line)| {
        let (_, constant) = line.split_once("const ")?;
        let (name, value) = constant.split_once(": Reason = Reason::new(\"")?;
        let (reason, _) = value.split_once('"')?;
        listed.contains(&name).then_some((n + 1, reason))
    });
    named.collect()
}

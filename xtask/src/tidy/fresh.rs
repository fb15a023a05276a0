//! Tables in documents that repeat what the code says are as fresh as the code: the gates, and each code's room.
//!
//! The code pages are the rooms' own files, the schema of `x-faregate` is compared with its reader by the catalog's
//! tests, and the worked example of the signature by the console's; these two are compared with nothing else.

use super::order::CODES;
use super::{Finding, Source};

const ORDER: &str = "crates/pipeline/src/order.rs";
const LIFE: &str = "docs/concepts/life-of-a-call.md";
const MAP: &str = "ARCHITECTURE.md";

pub(crate) fn check(sources: &[Source]) -> Vec<Finding> {
    let text = |path: &str| {
        sources.iter().find(|source| source.path == path).map_or("", |source| &source.text)
    };
    let mut findings = Vec::new();
    let (gates, told) = (gates(text(ORDER)), rows(text(LIFE)));
    if gates != told {
        let say = format!("its table has the gates {told:?}, and {ORDER} {gates:?}");
        findings.push(Finding::new(LIFE, 1, say));
    }
    for (_, code) in CODES {
        let page = format!("/{code}.md");
        let room = sources.iter().find_map(|source| {
            let (rest, room) = source.path.strip_suffix(&page)?.rsplit_once('/')?;
            rest.starts_with("crates/pipeline").then_some(room)
        });
        let row = format!("| {code} | `{}/` |", room.unwrap_or_default());
        if !text(MAP).contains(&row) {
            findings.push(Finding::new(MAP, 1, format!("the code map has no row `{row} …`")));
        }
    }
    findings
}

/// The names of the gates, in order.
fn gates(order: &str) -> Vec<&str> {
    order
        .lines()
        .filter_map(|line| {
            let (_, named) = line.split_once(" = \"")?;
            let (name, _) = named.split_once("\" in \"")?;
            Some(name)
        })
        .collect()
}

/// The second cells of a table whose first cells are numbers.
fn rows(document: &str) -> Vec<&str> {
    document
        .lines()
        .filter_map(|line| {
            let mut cells = line.strip_prefix("| ")?.split(" | ");
            cells.next()?.parse::<u8>().ok()?;
            cells.next()
        })
        .collect()
}

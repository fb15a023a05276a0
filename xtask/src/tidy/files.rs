//! Files: at most 400 lines each, and the first says what the file is for.

use super::{Finding, Source, code};

const LINES_MAX: usize = 400;

pub(crate) fn check(sources: &[Source]) -> Vec<Finding> {
    let mut findings = Vec::new();
    for source in code::rust(sources) {
        let n_lines = source.text.lines().count();
        if n_lines > LINES_MAX {
            let say = format!(
                "{n_lines} lines, at most {LINES_MAX}: split it into rooms with names of their own"
            );
            findings.push(Finding::new(&source.path, LINES_MAX + 1, say));
        }
        if !source.text.starts_with("//! ") {
            findings.push(Finding::new(
                &source.path,
                1,
                "say what the file is for: begin with a `//! ` line",
            ));
        }
    }
    findings
}

//! No test is ignored or expected to panic, and no lint is allowed: `expect` with a reason ends when its cause does.

use super::{Finding, Source, code};

const BANNED: [(&str, &str); 5] = [
    ("#[ignore", "a test that is not run is no test: make it quick, or move it to the soak"),
    ("#[should_panic", "say what is returned: a panic is not an answer"),
    ("#[allow(", "write `expect(lint, reason = …)`: it ends when its cause does"),
    ("#![allow(", "write `expect(lint, reason = …)`: it ends when its cause does"),
    (", allow(", "write `expect(lint, reason = …)`: it ends when its cause does"),
];

pub(crate) fn check(sources: &[Source]) -> Vec<Finding> {
    let rust = sources.iter().filter(|source| source.path.ends_with(".rs"));
    let mut findings = Vec::new();
    for source in rust {
        let bare = code::bare(&source.text);
        for (line, text) in code::numbered(&bare) {
            for (attribute, say) in BANNED {
                if text.contains(attribute) {
                    findings.push(Finding::new(&source.path, line, say));
                }
            }
        }
    }
    findings
}

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
    let find = |line: &str| {
        let banned = BANNED.iter().filter(|(attribute, _)| line.contains(attribute));
        banned.map(|(_, say)| (*say).to_owned()).collect()
    };
    code::rust(sources)
        .flat_map(|source| code::each_line(&source.path, &source.text, find))
        .collect()
}

//! No `_ =>` on `Refused`, `Code`, `Retry` and `Effect`: a new variant does not compile until somebody decides.
//!
//! clippy's `wildcard_enum_match_arm` refuses it where the enum itself is matched, and `lints` sees that it is on. It
//! says nothing where the enum stands inside a tuple or an `Option`; that is what is looked for here, by the arms of
//! the same match, which rustfmt indents alike.

use super::{Finding, Source, code};

const DECIDED: [&str; 4] = ["Refused::", "Code::", "Retry::", "Effect::"];

pub(crate) fn check(sources: &[Source]) -> Vec<Finding> {
    let mut findings = Vec::new();
    for source in code::rust(sources) {
        let bare = code::bare(code::shipped(source));
        let lines: Vec<&str> = bare.lines().collect();
        for (at, line) in lines.iter().enumerate() {
            if !line.trim_start().starts_with("_ =>") {
                continue;
            }
            let indent = indent_of(line);
            let arms = lines.iter().take(at).rev();
            let arms = arms.take_while(|arm| arm.trim().is_empty() || indent_of(arm) >= indent);
            let decides = arms.filter(|arm| indent_of(arm) == indent).find_map(|arm| {
                let pattern = arm.split("=>").next().unwrap_or_default();
                DECIDED.into_iter().find(|name| names(pattern, name))
            });
            if let Some(name) = decides {
                let say = format!("`_ =>` beside `{name}…`: name every variant that is meant");
                findings.push(Finding::new(&source.path, at + 1, say));
            }
        }
    }
    findings
}

fn indent_of(line: &str) -> usize {
    line.len() - line.trim_start().len()
}

/// The name as a whole word: `StatusCode::` is none.
fn names(pattern: &str, name: &str) -> bool {
    pattern.match_indices(name).any(|(at, _)| {
        let before = pattern.get(..at).and_then(|before| before.chars().next_back());
        before.is_none_or(|c| !c.is_ascii_alphanumeric() && c != '_')
    })
}

//! Source text as the rules read it: without comments, without what strings hold, and with its tests apart.

use super::{Finding, Source};

/// The same lines, with comments and the insides of strings and characters blanked.
pub(crate) fn bare(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        let (kept, taken) = match c {
            '/' if rest.starts_with("//") => (String::new(), rest.find('\n').unwrap_or(rest.len())),
            '/' if rest.starts_with("/*") => {
                let end = rest.find("*/").map_or(rest.len(), |end| end + 2);
                (lines_of(rest, end), end)
            }
            '"' => {
                let end = string_end(rest);
                (format!("\"{}\"", lines_of(rest, end)), end)
            }
            'r' if !out.ends_with(is_word) && raw_end(rest).is_some() => {
                let end = raw_end(rest).unwrap_or(rest.len());
                (format!("\"{}\"", lines_of(rest, end)), end)
            }
            '\'' => match character_end(rest) {
                Some(end) => ("' '".to_owned(), end),
                None => (c.to_string(), 1),
            },
            _ => (c.to_string(), c.len_utf8()),
        };
        out.push_str(&kept);
        rest = rest.get(taken..).unwrap_or_default();
    }
    out
}

/// The line breaks of the part that is left out, so that lines keep their numbers.
fn lines_of(text: &str, end: usize) -> String {
    text.get(..end).unwrap_or_default().matches('\n').collect()
}

fn is_word(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '_'
}

fn string_end(text: &str) -> usize {
    let mut is_escaped = false;
    for (at, c) in text.char_indices().skip(1) {
        match c {
            '"' if !is_escaped => return at + 1,
            _ => is_escaped = c == '\\' && !is_escaped,
        }
    }
    text.len()
}

/// `r"…"`, `r#"…"#`.
fn raw_end(text: &str) -> Option<usize> {
    let after = text.strip_prefix('r')?;
    let hashes: String = after.chars().take_while(|c| *c == '#').collect();
    let inner = after.strip_prefix(&hashes)?.strip_prefix('"')?;
    let begin = text.len() - inner.len();
    let end = inner.find(&format!("\"{hashes}"))?;
    Some(begin + end + 1 + hashes.len())
}

/// `'a'` and `'\n'`, but not a lifetime.
fn character_end(text: &str) -> Option<usize> {
    let inner = text.strip_prefix('\'')?;
    let end = if inner.starts_with('\\') {
        inner.char_indices().skip(2).find(|(_, c)| *c == '\'')?.0
    } else {
        inner.chars().next()?.len_utf8()
    };
    inner.get(end..)?.starts_with('\'').then_some(end + 2)
}

/// The part of a file that is shipped.
pub(crate) fn shipped(source: &Source) -> &str {
    if is_test(&source.path) {
        return "";
    }
    let tests = source.text.match_indices("#[cfg(test)]").find(|(at, _)| {
        let after = source.text.get(*at..).and_then(|after| after.lines().nth(1));
        after.is_some_and(|line| line.contains("mod ") && line.ends_with('{'))
    });
    source.text.get(..tests.map_or(source.text.len(), |(at, _)| at)).unwrap_or_default()
}

/// The part of a file that is tests.
pub(crate) fn tests(source: &Source) -> &str {
    source.text.get(shipped(source).len()..).unwrap_or_default()
}

/// Is the whole file tests, or a tool that is never shipped.
pub(crate) fn is_test(path: &str) -> bool {
    path.ends_with("/spec.rs")
        || path.contains("/spec/")
        || path.contains("/tests/")
        || path.contains("/conformance/")
        || path.starts_with("xtask/")
        || path.starts_with("suite/")
        || path.starts_with("fuzz/")
        || path.starts_with("oracle/")
}

/// The sources that are Rust.
pub(crate) fn rust(sources: &[Source]) -> impl Iterator<Item = &Source> {
    sources.iter().filter(|source| source.path.ends_with(".rs"))
}

/// What is found at each line of a text whose comments and strings are blanked.
pub(crate) fn each_line(
    path: &str,
    text: &str,
    find: impl Fn(&str) -> Vec<String>,
) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (n, line) in bare(text).lines().enumerate() {
        findings.extend(find(line).into_iter().map(|say| Finding::new(path, n + 1, say)));
    }
    findings
}

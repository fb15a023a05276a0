//! Licences of everything that is built, and the crates that are not let in.

use serde_json::Value;

use super::Finding;
use super::arrows::list;

const LICENCES: &[&str] = &[
    "0BSD",
    "Apache-2.0",
    "Apache-2.0 WITH LLVM-exception",
    "BSD-2-Clause",
    "BSD-3-Clause",
    "BSL-1.0",
    "CC0-1.0",
    "CDLA-Permissive-2.0",
    "ISC",
    "MIT",
    "MIT-0",
    "MPL-2.0",
    "OpenSSL",
    "Unicode-3.0",
    "Unlicense",
    "Zlib",
];

/// The crate, and what is used instead.
const BANNED: &[(&str, &str)] = &[
    ("openssl", "rustls with aws-lc-rs"),
    ("ring", "aws-lc-rs: one TLS back end"),
    ("notify", "the changes table, and reload by signal"),
    ("serde_yaml", "serde-saphyr: serde_yaml is no longer maintained"),
];

pub(crate) fn check(metadata: &Value) -> Vec<Finding> {
    let text = |value: &Value, key: &str| {
        value.get(key).and_then(Value::as_str).unwrap_or_default().to_owned()
    };
    let mut findings = Vec::new();
    for package in list(metadata, "packages") {
        let (name, version, licence) =
            (text(package, "name"), text(package, "version"), text(package, "license"));
        if !accepted(&licence) {
            let say = format!(
                "{name} {version} has the licence `{licence}`: use another crate, or accept it in tidy"
            );
            findings.push(Finding::new("Cargo.lock", 1, say));
        }
    }
    findings
}

/// `tree` is what `cargo tree` prints, a package a line: unlike the lock file and the metadata it holds only what is built.
pub(crate) fn check_banned(tree: &str) -> Vec<Finding> {
    let built = |name: &str| tree.lines().any(|line| line.split(' ').next() == Some(name));
    let banned = BANNED.iter().filter(|(name, _)| built(name));
    banned
        .map(|(name, instead)| {
            let say = format!(
                "{name} is banned, use {instead}: `cargo tree -i {name}` says who brings it"
            );
            Finding::new("Cargo.lock", 1, say)
        })
        .collect()
}

/// An SPDX expression: of alternatives one is enough, of a sum all are needed. `/` is the old spelling of `OR`.
pub(crate) fn accepted(expression: &str) -> bool {
    let spaced = expression.replace('/', " OR ").replace('(', " ( ").replace(')', " ) ");
    let mut words = spaced.split_whitespace().peekable();
    either(&mut words) && words.next().is_none()
}

type Words<'a> = std::iter::Peekable<std::str::SplitWhitespace<'a>>;

fn either(words: &mut Words<'_>) -> bool {
    let mut good = every(words);
    while words.next_if_eq(&"OR").is_some() {
        good |= every(words);
    }
    good
}

fn every(words: &mut Words<'_>) -> bool {
    let mut good = one(words);
    while words.next_if_eq(&"AND").is_some() {
        good &= one(words);
    }
    good
}

fn one(words: &mut Words<'_>) -> bool {
    if words.next_if_eq(&"(").is_some() {
        let good = either(words);
        return words.next_if_eq(&")").is_some() && good;
    }
    let mut licence = words.next().unwrap_or_default().to_owned();
    if words.next_if_eq(&"WITH").is_some() {
        licence = format!("{licence} WITH {}", words.next().unwrap_or_default());
    }
    LICENCES.contains(&licence.as_str())
}

//! One word a thing, in identifiers: the field's word, and none of its synonyms.
//!
//! Only words that mean nothing else here are listed. The wire's own words (`Timestamp`, `SignatureMethod`) stay as
//! the wire has them.

use super::{Finding, Source, code};

/// The synonym, its words apart, and the word that is used.
const SYNONYMS: [(&str, &str); 16] = [
    ("tenant", "account"),
    ("customer", "account"),
    ("access key", "key"),
    ("api key", "key"),
    ("apikey", "key"),
    ("backend", "upstream"),
    ("circuit", "breaker"),
    ("throttle", "quota"),
    ("throttled", "quota"),
    ("limiter", "quota"),
    ("rate limit", "quota"),
    ("reservation", "hold"),
    ("rejection", "refusal"),
    ("rejected", "refused"),
    ("whitelist", "the list of what may"),
    ("blacklist", "the list of what may not"),
];

pub(crate) fn check(sources: &[Source]) -> Vec<Finding> {
    code::rust(sources)
        .flat_map(|source| code::each_line(&source.path, &source.text, synonyms))
        .collect()
}

fn synonyms(line: &str) -> Vec<String> {
    let mut said = Vec::new();
    for name in line.split(|c: char| !c.is_ascii_alphanumeric() && c != '_') {
        let spoken = spoken(name);
        for (synonym, word) in SYNONYMS {
            if format!(" {spoken} ").contains(&format!(" {synonym} ")) {
                said.push(format!("`{name}`: the word here is {word}"));
            }
        }
    }
    said
}

/// An identifier's words, in lower case: `RateLimit_max` is `rate limit max`.
pub(crate) fn spoken(name: &str) -> String {
    let mut words = String::with_capacity(name.len() + 4);
    let mut was_lower = false;
    for c in name.chars() {
        if c == '_' || (c.is_ascii_uppercase() && was_lower) {
            words.push(' ');
        }
        if c != '_' {
            words.push(c.to_ascii_lowercase());
        }
        was_lower = c.is_ascii_lowercase() || c.is_ascii_digit();
    }
    words
}

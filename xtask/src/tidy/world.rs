//! Time and environment are read in one file a crate: `clock.rs` and `environment.rs`. Everything else is told.

use super::{Finding, Source, code};

/// What is called, and where it belongs.
const ASKED: [(&str, &str); 4] = [
    ("SystemTime::now", "clock.rs"),
    ("Instant::now", "clock.rs"),
    ("UNIX_EPOCH.elapsed", "clock.rs"),
    ("env::var", "environment.rs"),
];

/// A file that may, and why.
const LISTED: [(&str, &str, &str); 2] = [
    (
        "crates/gateway/src/edge/patience.rs",
        "Instant::now",
        "tokio's own clock, which its tests pause",
    ),
    (
        "crates/gateway/src/upstream/pool.rs",
        "Instant::now",
        "tokio's own clock, which its tests pause",
    ),
];

/// Programs of one file each, printed by `faregate sign --as`: they are nobody's crate.
const PROGRAMS: &str = "examples/clients/";

pub(crate) fn check(sources: &[Source]) -> Vec<Finding> {
    // A benchmark measures time: that is what it is for.
    let told = code::rust(sources)
        .filter(|source| !source.path.starts_with(PROGRAMS) && !source.path.contains("/benches/"));
    told.flat_map(|source| {
        code::each_line(&source.path, code::shipped(source), |line| asked(&source.path, line))
    })
    .collect()
}

fn asked(path: &str, line: &str) -> Vec<String> {
    let listed = |call| LISTED.iter().any(|(listed, may, _)| *listed == path && *may == call);
    let elsewhere = ASKED.into_iter().filter(|(call, home)| {
        line.contains(call) && !path.ends_with(&format!("/{home}")) && !listed(*call)
    });
    elsewhere
        .map(|(call, home)| {
            format!("{call} belongs in {home}: ask there, or take it as an argument")
        })
        .collect()
}

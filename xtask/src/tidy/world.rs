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
    let rust = sources.iter().filter(|source| source.path.ends_with(".rs"));
    // A benchmark measures time: that is what it is for.
    let rust = rust
        .filter(|source| !source.path.starts_with(PROGRAMS) && !source.path.contains("/benches/"));
    let mut findings = Vec::new();
    for source in rust {
        let bare = code::bare(code::shipped(source));
        for (line, text) in code::numbered(&bare) {
            for (call, home) in ASKED {
                let listed =
                    LISTED.iter().any(|(path, may, _)| *path == source.path && *may == call);
                let at_home = source.path.ends_with(&format!("/{home}"));
                if text.contains(call) && !at_home && !listed {
                    let say =
                        format!("{call} belongs in {home}: ask there, or take it as an argument");
                    findings.push(Finding::new(&source.path, line, say));
                }
            }
        }
    }
    findings
}

//! The tables and the chart of docs/performance.md are those of the figures kept beside them.

use std::process::Command;

#[test]
fn the_document_of_performance_says_what_its_figures_say() {
    let done = Command::new("python3")
        .args(["scripts/bench", "render", "--check"])
        .current_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/.."))
        .output()
        .unwrap();
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
}

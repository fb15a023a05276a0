//! What CI runs, in order, with times. The tests come last, so that their summary is the last thing printed.

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Instant;

/// Runs every step; the first that fails ends the run.
pub(crate) fn run(root: &Path) -> Result<(), String> {
    for arguments in [
        "fmt --all --check",
        "clippy --workspace --all-targets -- -D warnings",
        "xtask tidy",
        "build --package faregate",
        "test --quiet --doc --workspace",
    ] {
        step(root, arguments)?;
    }
    step(root, tests(root))
}

/// nextest where it is there: it gives each test a process of its own.
fn tests(root: &Path) -> &'static str {
    let nextest = Command::new("cargo")
        .args(["nextest", "--version"])
        .current_dir(root)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status();
    if nextest.is_ok_and(|status| status.success()) {
        "nextest run --workspace --no-fail-fast --status-level fail"
    } else {
        "test --workspace --no-fail-fast --lib --bins --tests"
    }
}

fn step(root: &Path, arguments: &str) -> Result<(), String> {
    println!("==> cargo {arguments}");
    let begun = Instant::now();
    let mut command = Command::new("cargo");
    command
        .args(arguments.split(' '))
        .current_dir(root)
        .env("FAREGATE_BIN", root.join("target/debug/faregate"));
    if std::env::var_os("CARGO_BUILD_JOBS").is_none() {
        command.env("CARGO_BUILD_JOBS", "2");
    }
    let status = command.status().map_err(|e| format!("cargo {arguments}: {e}"))?;
    if !status.success() {
        return Err(format!("cargo {arguments}: {status}"));
    }
    // Of the last step the runner itself says the time: nothing is printed after its summary.
    if !arguments.contains("--no-fail-fast") {
        println!("    {:.1} s", begun.elapsed().as_secs_f64());
    }
    Ok(())
}

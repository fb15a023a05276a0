//! The lints that this house relies on are on, in every crate: what clippy checks, no rule here repeats.

use super::{Finding, Source};

/// Among them the rules of the house that clippy checks: functions of at most 70 lines, no `_ =>` on an enum, no print.
pub(crate) const ON: [&str; 27] = [
    "unsafe_code",
    "missing_docs",
    "missing_debug_implementations",
    "unreachable_pub",
    "unwrap_used",
    "expect_used",
    "panic",
    "todo",
    "unimplemented",
    "unreachable",
    "indexing_slicing",
    "string_slice",
    "cast_possible_truncation",
    "cast_sign_loss",
    "wildcard_enum_match_arm",
    "match_wildcard_for_single_variants",
    "allow_attributes",
    "allow_attributes_without_reason",
    "await_holding_lock",
    "self_named_module_files",
    "fn_params_excessive_bools",
    "struct_excessive_bools",
    "print_stdout",
    "print_stderr",
    "exit",
    "large_futures",
    "too_many_lines",
];

/// Workspaces of their own: what they need is nobody else's.
const APART: [&str; 2] = ["fuzz/", "oracle/"];

const LINES_MAX: &str = "too-many-lines-threshold = 70";

pub(crate) fn check(sources: &[Source]) -> Vec<Finding> {
    let mut findings = Vec::new();
    for source in sources {
        let lines = || source.text.lines().map(str::trim);
        if source.path == "Cargo.toml" {
            for lint in ON {
                let levels = ["\"warn\"", "\"deny\"", "\"forbid\""];
                let on = levels
                    .iter()
                    .any(|level| lines().any(|line| line == format!("{lint} = {level}")));
                if !on {
                    findings.push(Finding::new(
                        &source.path,
                        1,
                        format!("the lint {lint} is not on"),
                    ));
                }
            }
        } else if source.path == "clippy.toml" {
            if !lines().any(|line| line == LINES_MAX) {
                findings.push(Finding::new(&source.path, 1, format!("`{LINES_MAX}` is not there")));
            }
        } else if source.path.ends_with("/Cargo.toml")
            && !APART.iter().any(|apart| source.path.starts_with(apart))
        {
            let mut below = lines().skip_while(|line| *line != "[lints]").skip(1);
            if below.next() != Some("workspace = true") {
                let say =
                    "the lints of the workspace are not on: add `[lints]` and `workspace = true`";
                findings.push(Finding::new(&source.path, 1, say));
            }
        }
    }
    findings
}

//! The worked examples of documents, typed as they stand, with a demo running: each call answers the code beside it.

use serde_json::Value;

use crate::reference::run;
use crate::world::World;

/// What a shell does with `faregate` in place of it: everything is printed as ever, and told to us.
const TOLD: &str = r#"
cd "$(mktemp -d)"
told=$PWD/told
faregate() {
    command faregate "$@" >"$told.out" 2>"$told.err"
    local code=$?
    { echo "== $1 $code"; cat "$told.out" "$told.err"; } >>"$told"
    cat "$told.out"
    return "$code"
}
"#;

/// The lines of the blocks of commands.
fn lines(document: &str) -> Vec<&str> {
    let inside = document.split("```sh\n").skip(1);
    inside.flat_map(|rest| rest.split("\n```").next().unwrap().lines()).collect()
}

/// The code that is said beside a line: `… # 5400: one charge`.
fn said(line: &str) -> Option<u64> {
    let (_, comment) = line.rsplit_once(" # ")?;
    comment.split(|c: char| !c.is_ascii_digit()).next()?.parse().ok()
}

#[track_caller]
fn does_as_it_says(name: &str, document: &str) {
    let world = World::start();
    let (mut n_calls, mut n_said) = (0, 0);
    // One shell for all of them: a block goes on with what the one before it has named.
    let lines: Vec<&str> = lines(document);
    let marked =
        lines.iter().enumerate().map(|(n, line)| format!("echo \"@@ {n}\" >>\"$told\"\n{line}\n"));
    let script = format!("{TOLD}{}cat \"$told\"\n", marked.collect::<String>());
    let printed = run(&world, "sh", &script);
    let told = printed.split_once("@@ 0").unwrap_or_else(|| panic!("{name}: {printed}")).1;
    let told: Vec<&str> = told.split("@@ ").collect();
    for (line, told) in lines.iter().zip(&told) {
        for one in told.split("\n== ").skip(1) {
            let command = format!("{name}: {line}\n{one}");
            let (head, answer) = one.split_once('\n').unwrap();
            let (verb, status) = head.split_once(' ').unwrap();
            if verb != "call" {
                assert_eq!(status, "0", "{command}");
                continue;
            }
            n_calls += 1;
            let answer = answer.lines().find_map(|line| serde_json::from_str::<Value>(line).ok());
            let answer = answer.unwrap_or_else(|| panic!("{command}"));
            assert_eq!(answer["code"].as_u64(), Some(said(line).unwrap_or(0)), "{command}");
            n_said += u64::from(said(line).is_some());
        }
    }
    assert_eq!(told.len(), lines.len(), "{name}: {printed}");
    assert!(n_calls > 0, "{name} shows calls");
    println!("{name}: {n_calls} calls, {n_said} with a code beside them");
}

#[test]
fn money_is_moved_as_its_document_shows() {
    does_as_it_says("money.md", include_str!("../../../docs/money.md"));
}

#[test]
fn resources_are_kept_as_their_document_shows() {
    does_as_it_says("resources.md", include_str!("../../../docs/resources.md"));
}

#[test]
fn batches_are_done_as_their_document_shows() {
    does_as_it_says("batch.md", include_str!("../../../docs/batch.md"));
}

#[test]
fn the_code_beside_a_line_is_read() {
    for (line, code) in [
        ("faregate call a B  # 5400: one", Some(5400)),
        ("faregate call a B # 0", Some(0)),
        ("faregate call a B", None),
        ("faregate ledger verify # nothing", None),
    ] {
        assert_eq!(said(line), code, "{line}");
    }
}

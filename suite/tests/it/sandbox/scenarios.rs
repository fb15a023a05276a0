//! Scenario files: those that are shipped hold, and one that does not hold says so.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use faregate_contract::Code;
use serde_json::Value;

use crate::world::binary;

fn shipped() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples/scenarios");
    let mut files: Vec<_> =
        std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    files
}

fn scenario(home: &Path, arguments: &[&str], files: &[PathBuf]) -> Output {
    Command::new(binary())
        .args(["scenario", "run"])
        .args(arguments)
        .args(files)
        .env("XDG_STATE_HOME", home)
        .output()
        .unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

#[test]
fn the_shipped_scenarios_hold_and_meet_every_code() {
    let folder = tempfile::tempdir().unwrap();
    let junit = folder.path().join("out.xml");
    let arguments = ["--start-demo", "--json", "--junit", junit.to_str().unwrap()];
    // And the one that the document shows.
    let document = include_str!("../../../../docs/sandbox.md");
    let (_, shown) = document.split_once("```yaml\n").unwrap();
    let in_document = folder.path().join("document.yaml");
    std::fs::write(&in_document, shown.split_once("```").unwrap().0).unwrap();
    let files: Vec<PathBuf> = shipped().into_iter().chain([in_document]).collect();
    let done = scenario(folder.path(), &arguments, &files);
    assert!(done.status.success(), "{}{}", text(&done.stdout), text(&done.stderr));
    let said: Value = serde_json::from_slice(&done.stdout).unwrap();
    let n_steps: usize =
        said.as_array().unwrap().iter().map(|file| file["steps"].as_array().unwrap().len()).sum();
    let xml = std::fs::read_to_string(&junit).unwrap();
    assert_eq!(xml.matches("<testcase ").count(), n_steps, "{xml}");
    assert!(!xml.contains("<failure"), "{xml}");
    assert!(!folder.path().join("faregate").exists(), "its own demo takes nobody's place");
    // What a file expects it has met.
    for (name, n_codes) in [("every-code.yaml", 17), ("faults.yaml", 17)] {
        let file = shipped().into_iter().find(|file| file.ends_with(name)).unwrap();
        let text = std::fs::read_to_string(file).unwrap();
        let met = |code: &&Code| text.contains(&format!("code: {}", code.number()));
        let missing: Vec<_> = Code::ALL.iter().filter(|code| !met(code)).collect();
        assert_eq!(missing.len(), 17 - n_codes, "{name} does not meet {missing:?}");
    }
}

#[test]
fn what_does_not_hold_is_told_with_its_line_and_exit_4() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("s.yaml");
    let steps = r#"name: Mine
steps:
  - call: cvm DescribeZones
    expect: { code: 4100, body: { "$.totalCount": 5 } }
  - call: cvm DescribeProject
    account: nobody
  - fault: { on: cvm, fault: 4400 }
  - name: faulty
    call: cvm DescribeZones
    expect: { code: 4400 }
"#;
    std::fs::write(&file, steps).unwrap();
    let junit = folder.path().join("out.xml");
    let arguments = ["--start-demo", "--junit", junit.to_str().unwrap()];
    let done = scenario(folder.path(), &arguments, &[file.clone(), file.clone()]);
    let said = text(&done.stdout);
    assert_eq!(done.status.code(), Some(4), "{said}{}", text(&done.stderr));
    for line in [
        // The second file meets no fault of the first: it was taken back.
        "s.yaml:3: code is 0, expected 4100",
        "s.yaml:3: $.totalCount is 4, expected 5",
        "s.yaml:5: there is no account `nobody`",
        "ok    faulty",
        "4 steps, 2 failed",
    ] {
        assert_eq!(said.matches(line).count(), 2, "{line}: {said}");
    }
    assert!(text(&done.stderr).contains("4 steps failed"), "{}", text(&done.stderr));
    let xml = std::fs::read_to_string(&junit).unwrap();
    assert_eq!(xml.matches("failures=\"2\"").count(), 2, "{xml}");
}

#[test]
fn what_is_no_scenario_is_exit_3_and_no_demo_exit_5() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("s.yaml");
    std::fs::write(&file, "steps:\n  - cal: cvm DescribeZones\n").unwrap();
    let done = scenario(folder.path(), &["--start-demo"], &[file, folder.path().join("none.yaml")]);
    assert_eq!(done.status.code(), Some(3));
    let said = text(&done.stderr);
    for words in ["s.yaml:2", "cal", "none.yaml", "2 files are no scenarios"] {
        assert!(said.contains(words), "{words}: {said}");
    }
    let done = scenario(folder.path(), &[], &shipped());
    assert_eq!(done.status.code(), Some(5));
    assert!(text(&done.stderr).contains("--start-demo"), "{}", text(&done.stderr));
}

//! The examples of `docs/resources.md` and `docs/batch.md`: each line answers with the code that its comment says.

use std::path::Path;
use std::process::Command;

use serde_json::Value;

use crate::world::{World, binary};

const DOCUMENTS: [(&str, &str); 2] = [
    ("resources.md", include_str!("../../../../docs/resources.md")),
    ("batch.md", include_str!("../../../../docs/batch.md")),
];

/// The shell blocks of a document.
fn blocks(text: &str) -> impl Iterator<Item = &str> {
    text.split("```sh\n").skip(1).filter_map(|rest| rest.split("```").next())
}

#[test]
fn every_line_of_the_examples_answers_as_its_comment_says() {
    let world = World::start();
    let mut n_lines = 0;
    for (name, text) in DOCUMENTS {
        for block in blocks(text) {
            let folder = tempfile::tempdir().unwrap();
            let wanted: Vec<u64> = block
                .lines()
                .filter_map(|line| line.rsplit_once("  # ")?.1.split(':').next()?.parse().ok())
                .collect();
            // The answers of the lines with a comment, each marked: the others are only done.
            let marked: String = block
                .lines()
                .map(|line| match line.split_once("  # ") {
                    Some((call, _)) if call.contains(" > ") => {
                        format!("{call}\nprintf 'ANSWER '; cat first.json\n")
                    }
                    Some((call, _)) => format!("printf 'ANSWER '; {call}\n"),
                    None => format!("{line}\n"),
                })
                .collect();
            let at = std::path::absolute(binary()).unwrap();
            let path = format!(
                "{}:{}",
                at.parent().unwrap_or(Path::new("/")).display(),
                std::env::var("PATH").unwrap()
            );
            let done = Command::new("bash")
                .args(["-c", &marked])
                .current_dir(folder.path())
                .env("PATH", path)
                .env("XDG_STATE_HOME", world.state())
                .output()
                .unwrap();
            let printed = String::from_utf8_lossy(&done.stdout);
            let codes: Vec<u64> = printed
                .lines()
                .filter_map(|line| line.strip_prefix("ANSWER "))
                .map(|answer| {
                    let answer: Value = serde_json::from_str(answer)
                        .unwrap_or_else(|e| panic!("{name}: {e}: {answer}\n{block}"));
                    answer["code"].as_u64().unwrap()
                })
                .collect();
            assert_eq!(
                codes,
                wanted,
                "{name}:\n{block}\n{printed}\n{}",
                String::from_utf8_lossy(&done.stderr)
            );
            n_lines += wanted.len();
        }
    }
    assert!(n_lines >= 13, "{n_lines}");
}

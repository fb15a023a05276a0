//! What came of the scenarios: for a person, for a program, and as JUnit's XML for a CI.

use std::fmt::Write as _;

use serde_json::{Value, json};

use super::run::{Outcome, Played};
use crate::output;

/// Longest answer that is shown, in characters.
const ANSWER_CHARS_MAX: usize = 600;

/// Each step in a line, and why those failed that did.
pub(crate) fn print(played: &Played) {
    output::data(format_args!("{}: {}", played.file, played.name));
    for step in &played.steps {
        let word = if step.failures.is_empty() { "ok  " } else { "FAIL" };
        output::data(format_args!("  {word}  {}  ({} ms)", step.name, step.took.as_millis()));
        for failure in &step.failures {
            output::data(format_args!("        {}:{}: {failure}", played.file, step.line));
        }
        if let Some(answer) = step.answer.as_ref().filter(|_| !step.failures.is_empty()) {
            output::data(format_args!("        {}", cut(answer)));
        }
    }
    output::data(format_args!("  {} steps, {} failed\n", played.steps.len(), played.n_failed()));
}

/// The same for a program.
pub(crate) fn json(played: &[Played]) -> Value {
    let step = |step: &Outcome| {
        json!({
            "name": step.name,
            "line": step.line,
            "passed": step.failures.is_empty(),
            "failures": step.failures,
            "ms": u64::try_from(step.took.as_millis()).unwrap_or(u64::MAX),
        })
    };
    let scenario = |played: &Played| {
        json!({
            "file": played.file,
            "name": played.name,
            "passed": played.n_failed() == 0,
            "steps": played.steps.iter().map(step).collect::<Vec<_>>(),
        })
    };
    played.iter().map(scenario).collect()
}

/// One suite a file, one case a step.
pub(crate) fn junit(played: &[Played]) -> String {
    let mut xml = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites>\n");
    for suite in played {
        let took: f64 = suite.steps.iter().map(|step| step.took.as_secs_f64()).sum();
        // Writing into a text cannot fail.
        let _ = writeln!(
            xml,
            "  <testsuite name=\"{}\" file=\"{}\" tests=\"{}\" failures=\"{}\" time=\"{took:.3}\">",
            escaped(&suite.name),
            escaped(&suite.file),
            suite.steps.len(),
            suite.n_failed()
        );
        for step in &suite.steps {
            let _ = write!(
                xml,
                "    <testcase classname=\"{}\" name=\"{}\" file=\"{}\" line=\"{}\" time=\"{:.3}\"",
                escaped(&suite.name),
                escaped(&step.name),
                escaped(&suite.file),
                step.line,
                step.took.as_secs_f64()
            );
            let Some(first) = step.failures.first() else {
                xml.push_str("/>\n");
                continue;
            };
            let all = step.failures.join("\n");
            let answer = step.answer.as_deref().map(cut).unwrap_or_default();
            let _ = write!(
                xml,
                ">\n      <failure message=\"{}\">{}</failure>\n    </testcase>\n",
                escaped(first),
                escaped(&format!("{all}\n{answer}"))
            );
        }
        xml.push_str("  </testsuite>\n");
    }
    xml.push_str("</testsuites>\n");
    xml
}

fn cut(text: &str) -> String {
    let mut shown: String = text.trim().chars().take(ANSWER_CHARS_MAX).collect();
    if shown.len() < text.trim().len() {
        shown.push('…');
    }
    shown
}

/// As XML 1.0 takes it, in text and in attributes; what it has no way to say is shown as such.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\n' => out.push_str("&#10;"),
            '\t' => out.push_str("&#9;"),
            c if c.is_control() || matches!(c, '\u{fffe}' | '\u{ffff}') => out.push('\u{fffd}'),
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod spec {
    use std::time::Duration;

    use super::*;

    #[test]
    fn a_failure_is_told_in_all_three_forms() {
        let step = |name: &str, failures: &[&str]| Outcome {
            name: name.to_owned(),
            line: 3,
            failures: failures.iter().map(|text| (*text).to_owned()).collect(),
            answer: Some("{\"code\":4000}".to_owned()),
            took: Duration::from_millis(12),
        };
        let steps = vec![step("good", &[]), step("a < b & \"c\"\u{0}", &["code is 0", "more"])];
        let played = [Played { file: "f.yaml".to_owned(), name: "All".to_owned(), steps }];
        let xml = junit(&played);
        assert!(xml.contains("tests=\"2\" failures=\"1\""), "{xml}");
        assert!(xml.contains("name=\"a &lt; b &amp; &quot;c&quot;\u{fffd}\""), "{xml}");
        assert!(xml.contains("code is 0&#10;more&#10;{&quot;code&quot;:4000}"), "{xml}");
        assert!(xml.contains("name=\"good\" file=\"f.yaml\" line=\"3\" time=\"0.012\"/>"), "{xml}");
        let said = json(&played);
        assert_eq!(
            (&said[0]["passed"], &said[0]["steps"][1]["failures"][0]),
            (&false.into(), &"code is 0".into())
        );
    }
}

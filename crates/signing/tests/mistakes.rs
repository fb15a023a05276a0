//! The corpus of mistaken requests in `tests/signing/mistakes`: at least nine in ten are named, none wrongly with
//! certainty, none is accepted.

#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a helper that fails is a test that fails, and the figures are printed"
)]

use faregate_signing::SecretKey;
use faregate_signing::capture::{Captured, Verdict};
use faregate_signing::diagnose::{Certainty, MACS_MAX};
use serde::Deserialize;

/// Keys of TC3 are derived in one go, and counted before the budget is looked at again.
const KEYS_AT_ONCE: usize = 200;

/// Hand-written signers, and the vendor's own SDKs.
const CORPORA: [(&str, &str); 2] = [
    ("hand-written", include_str!("../../../tests/signing/mistakes/mistakes.jsonl")),
    ("SDKs", include_str!("../../../tests/signing/mistakes/sdk.jsonl")),
];

#[derive(Deserialize)]
struct Line {
    mistake: String,
    #[serde(default)]
    others: Vec<String>,
    #[serde(flatten)]
    captured: Captured,
}

/// What came of a corpus.
#[derive(Default)]
struct Tally {
    n_lines: usize,
    n_named: usize,
    n_exact: usize,
    n_macs_max: usize,
    wrong: Vec<String>,
}

impl Tally {
    fn count(&mut self, line: &str) {
        let line: Line = serde_json::from_str(line).unwrap();
        let id = &line.captured.id;
        let judged = line.captured.judge().unwrap();
        assert_eq!(judged.verdict, Verdict::Fail, "{id} {}: accepted", line.mistake);
        let others: Vec<SecretKey> =
            line.others.iter().map(|k| SecretKey::new(k.as_str())).collect();
        let others: Vec<&SecretKey> = others.iter().collect();
        self.n_lines += 1;
        let Some(found) = line.captured.diagnose(&others).unwrap() else {
            println!("{id} {}: nothing", line.mistake);
            return;
        };
        assert!(found.n_macs <= MACS_MAX + KEYS_AT_ONCE, "{id}: {}", found.n_macs);
        let named = found.mistake.name() == line.mistake;
        let exact = found.certainty == Certainty::Exact;
        self.n_named += usize::from(named);
        self.n_exact += usize::from(named && exact);
        if exact {
            self.n_macs_max = self.n_macs_max.max(found.n_macs);
        }
        if !named {
            let Line { mistake, .. } = &line;
            let said = format!(
                "{id} {mistake}: {:?} {} {:?}",
                found.certainty, found.mistake, found.subject
            );
            println!("{said}");
            if exact {
                self.wrong.push(said);
            }
        }
    }
}

#[test]
fn nine_in_ten_mistakes_are_named_and_none_wrongly_with_certainty() {
    for (what, corpus) in CORPORA {
        let mut tally = Tally::default();
        corpus.lines().for_each(|line| tally.count(line));
        let Tally { n_lines, n_named, n_exact, n_macs_max, wrong } = tally;
        println!(
            "{what}: {n_lines} mistaken requests, {n_named} named right ({n_exact} proven), {} wrongly with certainty, none accepted; at most {n_macs_max} MACs for a proof",
            wrong.len()
        );
        assert!(wrong.is_empty(), "{wrong:#?}");
        assert!(n_named * 10 >= n_lines * 9, "{what}: {n_named} of {n_lines}");
    }
    let n_lines: usize = CORPORA.iter().map(|(_, corpus)| corpus.lines().count()).sum();
    assert!(n_lines >= 200, "{n_lines}");
}

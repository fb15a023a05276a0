//! The corpus of mistaken requests in `tests/signing/mistakes`: at least nine in ten are named, none wrongly with
//! certainty, none is accepted.

use faregate_signing::SecretKey;
use faregate_signing::capture::{Captured, Verdict};
use faregate_signing::diagnose::{Certainty, MACS_MAX};
use serde::Deserialize;

/// Keys of TC3 are derived in one go, and counted before the budget is looked at again.
const KEYS_AT_ONCE: usize = 200;

const CORPUS: &str = include_str!("../../../tests/signing/mistakes/mistakes.jsonl");

#[derive(Deserialize)]
struct Line {
    mistake: String,
    #[serde(default)]
    others: Vec<String>,
    #[serde(flatten)]
    captured: Captured,
}

#[test]
fn nine_in_ten_mistakes_are_named_and_none_wrongly_with_certainty() {
    let (mut n_lines, mut n_named, mut n_exact, mut n_macs_max) = (0_usize, 0_usize, 0_usize, 0);
    let mut wrong = Vec::new();
    for line in CORPUS.lines() {
        let line: Line = serde_json::from_str(line).unwrap();
        let id = &line.captured.id;
        let judged = line.captured.judge().unwrap();
        assert_eq!(judged.verdict, Verdict::Fail, "{id}: accepted");
        let others: Vec<SecretKey> =
            line.others.iter().map(|k| SecretKey::new(k.as_str())).collect();
        let others: Vec<&SecretKey> = others.iter().collect();
        let found = line.captured.diagnose(&others).unwrap();
        n_lines += 1;
        let Some(found) = found else {
            println!("{id}: nothing");
            continue;
        };
        assert!(found.n_macs <= MACS_MAX + KEYS_AT_ONCE, "{id}: {}", found.n_macs);
        if found.certainty == Certainty::Exact {
            n_macs_max = n_macs_max.max(found.n_macs);
        }
        let named = found.mistake.name() == line.mistake;
        n_named += usize::from(named);
        n_exact += usize::from(named && found.certainty == Certainty::Exact);
        if !named {
            let said = format!("{id}: {:?} {} {:?}", found.certainty, found.mistake, found.subject);
            println!("{said}");
            if found.certainty == Certainty::Exact {
                wrong.push(said);
            }
        }
    }
    println!(
        "{n_lines} mistaken requests: {n_named} named right ({n_exact} proven), {} wrongly with certainty, none accepted; at most {n_macs_max} MACs for a proof",
        wrong.len()
    );
    assert!(n_lines >= 200, "{n_lines}");
    assert!(wrong.is_empty(), "{wrong:#?}");
    assert!(n_named * 10 >= n_lines * 9, "{n_named} of {n_lines}");
}

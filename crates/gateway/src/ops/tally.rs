//! How often each reason was given since this gateway started: for the pages, not for an audit.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};

use faregate_contract::{Answer, Code, Outcome};
use faregate_pipeline::pages::PAGES;
use faregate_pipeline::{batch, operation};

/// A counter for each (code, reason) that has a place on a page. They are all known when it is built, so
/// a refusal is counted without a lock.
#[derive(Debug)]
pub struct Tally {
    counts: HashMap<(u16, &'static str), AtomicU64>,
}

impl Default for Tally {
    fn default() -> Self {
        let reasons = PAGES.iter().flat_map(|page| {
            page.reasons.iter().map(|reason| (page.code.number(), reason.as_str()))
        });
        Self { counts: reasons.map(|key| (key, AtomicU64::new(0))).collect() }
    }
}

impl Tally {
    /// How often this reason was given.
    #[must_use]
    pub fn count(&self, code: u16, reason: &str) -> u64 {
        self.counts.get(&(code, reason)).map_or(0, |count| count.load(Ordering::Relaxed))
    }

    /// Counts what an answer refuses: as a whole, or item by item.
    pub(crate) fn add(&self, answer: &Answer) {
        match &answer.outcome {
            Outcome::Success(_) => {}
            Outcome::Refused(refusal) => self.one(refusal.code, refusal.reason.as_str()),
            Outcome::Batch(items) => {
                for refusal in items.iter().filter_map(|item| item.result.as_ref().err()) {
                    self.one(refusal.code, refusal.reason.as_str());
                }
                let code = answer.code();
                if code == Code::PartialSuccess {
                    self.one(code, batch::SOME_FAILED.as_str());
                } else if code == Code::OperationFailed {
                    self.one(code, operation::ALL_FAILED.as_str());
                }
            }
        }
    }

    fn one(&self, code: Code, reason: &'static str) {
        if let Some(count) = self.counts.get(&(code.number(), reason)) {
            count.fetch_add(1, Ordering::Relaxed);
        }
    }
}

#[cfg(test)]
mod spec {
    use faregate_contract::{Item, Members, Origin, Public, Reason, Refusal, RequestId};

    use super::*;

    fn refusal(code: Code, reason: Reason) -> Refusal {
        Refusal::new(code, reason, Origin::Client, Public::new("so it is."))
    }

    fn answer(outcome: Outcome) -> Answer {
        Answer { request_id: RequestId::new(1, [0; 10]), outcome }
    }

    fn item(result: Result<Members, Refusal>) -> Item {
        Item { id: "a".to_owned(), result, request_id: RequestId::new(1, [0; 10]) }
    }

    #[test]
    fn what_is_refused_is_counted_as_a_whole_and_by_item() {
        let tally = Tally::default();
        let gone = || refusal(Code::ResourceNotFound, faregate_pipeline::ownership::REASONS[0]);
        let good = || item(Ok(Members::none()));
        for outcome in [
            Outcome::Success(Members::none()),
            Outcome::Refused(Box::new(gone())),
            Outcome::Batch(vec![good(), item(Err(gone()))]),
            Outcome::Batch(vec![item(Err(gone())), item(Err(gone()))]),
            Outcome::Batch(vec![good()]),
            Outcome::Refused(Box::new(refusal(Code::ResourceNotFound, Reason::new("UNHEARD_OF")))),
        ] {
            tally.add(&answer(outcome));
        }
        for (code, reason, count) in [
            (5000, "NO_SUCH_RESOURCE", 4),
            (5400, "SOME_FAILED", 1),
            (5100, "ALL_FAILED", 1),
            (5000, "UNHEARD_OF", 0),
            (4500, "NONCE_SEEN", 0),
        ] {
            assert_eq!(tally.count(code, reason), count, "{code} {reason}");
        }
    }
}

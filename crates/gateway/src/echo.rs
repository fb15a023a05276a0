//! The first call's answer, for copies of it in a dialect that has no Nonce (DESIGN 2, Replay identity).
//!
//! Two identical TC3 calls in one second have one signature, and an honest client makes them. What changes or costs
//! something is executed once; a copy waits for its answer and gets it. Answers are kept in memory, within bounds: when
//! one is gone, by its age or by a crash, the claim in the nonce store still stands, and the copy is answered 4500.
//! Invariant: of calls with one print, one at a time is between its claim and its answer. Never: executes anything.

use std::collections::{HashMap, VecDeque};
use std::mem::size_of;
use std::sync::{Arc, Mutex, PoisonError};

use faregate_contract::{Item, Outcome, Refusal, RequestId, Retry};
use tokio::sync::{Mutex as Turns, OwnedMutexGuard};

/// Most calls whose answers are kept.
const CALLS_MAX: usize = 4_096;

/// Most bytes of answers that are kept, about; a single one takes a quarter of them at most.
const BYTES_MAX: usize = 16 * 1024 * 1024;

/// How a call ended, and which one it was.
pub(crate) type Ended = (RequestId, Result<Outcome, Refusal>);

type Slot = Arc<Turns<Option<Arc<Ended>>>>;

/// The answers of the last calls without a Nonce, shared by all workers.
#[derive(Debug, Default)]
pub(crate) struct Echoes {
    book: Mutex<Book>,
}

#[derive(Debug, Default)]
struct Book {
    slots: HashMap<u128, (Slot, usize)>,
    /// Oldest first; a print stands once.
    order: VecDeque<u128>,
    bytes: usize,
}

/// Whose turn it is.
#[derive(Debug)]
pub(crate) enum Turn {
    /// The first's, or that of the next one after a first that left no answer.
    Ours(Echo),
    /// A copy's: this is the answer.
    Copy(Arc<Ended>),
}

impl Turn {
    pub(crate) fn ours(self) -> Option<Echo> {
        match self {
            Self::Ours(echo) => Some(echo),
            Self::Copy(_) => None,
        }
    }
}

/// The right to leave an answer for copies, who wait as long as it is held.
#[derive(Debug)]
pub(crate) struct Echo {
    print: u128,
    slot: OwnedMutexGuard<Option<Arc<Ended>>>,
}

impl Echoes {
    /// Waits until no other call of this print is under way.
    pub(crate) async fn turn(&self, print: u128) -> Turn {
        let slot = self.book().slot(print);
        let slot = slot.lock_owned().await;
        match &*slot {
            Some(ended) => Turn::Copy(Arc::clone(ended)),
            None => Turn::Ours(Echo { print, slot }),
        }
    }

    /// Leaves an answer, unless the same bytes are invited again or it is too large.
    pub(crate) fn keep(
        &self,
        mut echo: Echo,
        request_id: RequestId,
        ended: &Result<Outcome, Refusal>,
    ) {
        let invited =
            ended.as_ref().is_err_and(|refusal| matches!(refusal.retry, Retry::SameBytes { .. }));
        let bytes = weight(ended);
        if invited || bytes > BYTES_MAX / 4 {
            return;
        }
        *echo.slot = Some(Arc::new((request_id, ended.clone())));
        self.book().weigh(echo.print, bytes);
    }

    fn book(&self) -> std::sync::MutexGuard<'_, Book> {
        // A book is plain values: a panic over it loses an answer at most, and the claims stand.
        self.book.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Book {
    fn slot(&mut self, print: u128) -> Slot {
        if let Some((slot, _)) = self.slots.get(&print) {
            return Arc::clone(slot);
        }
        let slot = Slot::default();
        self.slots.insert(print, (Arc::clone(&slot), 0));
        self.order.push_back(print);
        self.forget();
        slot
    }

    fn weigh(&mut self, print: u128, bytes: usize) {
        if let Some((_, weight)) = self.slots.get_mut(&print) {
            *weight = bytes;
            self.bytes = self.bytes.saturating_add(bytes);
            self.forget();
        }
    }

    /// Lets go of the oldest, until the rest is within bounds.
    fn forget(&mut self) {
        while self.order.len() > CALLS_MAX || self.bytes > BYTES_MAX {
            let Some(oldest) = self.order.pop_front() else { return };
            if let Some((_, weight)) = self.slots.remove(&oldest) {
                self.bytes = self.bytes.saturating_sub(weight);
            }
        }
    }
}

/// About how many bytes an answer takes.
fn weight(ended: &Result<Outcome, Refusal>) -> usize {
    let refused = |refusal: &Refusal| size_of::<Refusal>() + refusal.message().len();
    let item = |item: &Item| {
        let result = item.result.as_ref();
        size_of::<Item>()
            + item.id.len()
            + result.map_or_else(&refused, |members| members.as_str().len())
    };
    match ended {
        Ok(Outcome::Success(members)) => members.as_str().len(),
        Ok(Outcome::Batch(items)) => items.iter().map(item).sum(),
        Ok(Outcome::Refused(refusal)) => refused(refusal),
        Err(refusal) => refused(refusal),
    }
}

#[cfg(test)]
mod spec {
    use faregate_contract::{Code, Members, Origin, Public, Reason};

    use super::*;

    fn id(n: u8) -> RequestId {
        RequestId::from_bytes([n; 16])
    }

    fn success(text: &str) -> Result<Outcome, Refusal> {
        Ok(Outcome::Success(Members::one("a", &format!("\"{text}\""))))
    }

    async fn ours(echoes: &Echoes, print: u128) -> Option<Echo> {
        echoes.turn(print).await.ours()
    }

    #[tokio::test]
    async fn a_copy_waits_for_the_first_and_gets_its_answer() {
        let echoes = Arc::new(Echoes::default());
        let first = ours(&echoes, 1).await.unwrap();
        let waiting = tokio::spawn({
            let echoes = Arc::clone(&echoes);
            async move { matches!(echoes.turn(1).await, Turn::Copy(ended) if ended.0 == id(7)) }
        });
        tokio::task::yield_now().await;
        assert!(ours(&echoes, 2).await.is_some(), "another print waits for nobody");
        echoes.keep(first, id(7), &success("x"));
        assert!(waiting.await.unwrap());
    }

    #[tokio::test]
    async fn what_left_no_answer_or_invites_the_same_bytes_leaves_the_turn_to_the_next() {
        let echoes = Echoes::default();
        drop(ours(&echoes, 1).await.unwrap());
        let echo = ours(&echoes, 1).await.unwrap();
        let refusal = |retry| {
            let reason = Reason::new("RATE");
            Refusal::new(Code::QuotaExceeded, reason, Origin::Client, Public::new("x."))
                .retry(retry)
        };
        echoes.keep(echo, id(1), &Err(refusal(Retry::SameBytes { after_s: 1 })));
        let echo = ours(&echoes, 1).await.unwrap();
        echoes.keep(echo, id(1), &Err(refusal(Retry::Never)));
        assert!(ours(&echoes, 1).await.is_none(), "any other refusal is an answer");
    }

    #[tokio::test]
    async fn answers_are_kept_within_bounds_of_number_and_bytes() {
        let echoes = Echoes::default();
        for print in 0..=4_096 {
            let echo = ours(&echoes, print).await.unwrap();
            echoes.keep(echo, id(1), &success("x"));
        }
        assert!(ours(&echoes, 1).await.is_none());
        assert!(ours(&echoes, 0).await.is_some(), "the oldest is gone");
        let large = "x".repeat(BYTES_MAX / 5);
        for print in 10_000..10_006 {
            let echo = ours(&echoes, print).await.unwrap();
            echoes.keep(echo, id(1), &success(&large));
        }
        assert!(ours(&echoes, 10_000).await.is_some() && ours(&echoes, 10_005).await.is_none());
        let echo = ours(&echoes, 20_000).await.unwrap();
        echoes.keep(echo, id(1), &success(&"x".repeat(BYTES_MAX / 4 + 1)));
        assert!(ours(&echoes, 20_000).await.is_some(), "too large to be kept");
    }
}

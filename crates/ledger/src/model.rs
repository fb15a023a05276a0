//! The naive reference: a list of everything that happened, summed anew for every question.
#![expect(clippy::arithmetic_side_effects, reason = "tests may overflow: they then fail")]

use crate::{Ending, HoldState, Step};

/// What happened, in order; amounts in micro-units.
#[derive(Debug, Default)]
pub(crate) struct Model {
    top_ups: Vec<i128>,
    adjusted: Vec<i128>,
    credits: Vec<i128>,
    refunds: Vec<i128>,
    holds: Vec<(i128, HoldState)>,
}

impl Model {
    pub(crate) fn available(&self) -> i128 {
        let came = self.came() + self.refunds.iter().sum::<i128>();
        let gone = |hold: &&(i128, HoldState)| hold.1 != HoldState::Released;
        came - self.holds.iter().filter(gone).map(|hold| hold.0).sum::<i128>()
    }

    /// All that came from outside, less what went there.
    fn came(&self) -> i128 {
        let all = [&self.top_ups, &self.adjusted, &self.credits];
        all.iter().flat_map(|moves| moves.iter()).sum()
    }

    pub(crate) fn lent(&self) -> i128 {
        self.credits.iter().sum()
    }

    fn fits(&self, more: i64) -> bool {
        self.came() + i128::from(more) <= i128::from(i64::MAX)
    }

    pub(crate) fn adjust(&mut self, micros: i64) -> bool {
        let may = match micros {
            0 | i64::MIN => false,
            1.. => self.fits(micros),
            _ => i128::from(micros) + self.available() >= 0,
        };
        if may {
            self.adjusted.push(micros.into());
        }
        may
    }

    pub(crate) fn credit(&mut self, limit: i64) -> bool {
        let more = i128::from(limit) - self.lent();
        let may = limit >= 0
            && more + self.available() >= 0
            && self.came() + more <= i128::from(i64::MAX);
        if may {
            self.credits.push(more);
        }
        may
    }

    pub(crate) fn refund(&mut self, micros: i64) -> bool {
        let may = micros > 0 && i128::from(micros) <= self.spent();
        if may {
            self.refunds.push(micros.into());
        }
        may
    }

    pub(crate) fn held(&self) -> i128 {
        self.holds.iter().filter(|hold| hold.1.is_open()).map(|hold| hold.0).sum()
    }

    pub(crate) fn spent(&self) -> i128 {
        let committed = |hold: &&(i128, HoldState)| hold.1 == HoldState::Committed;
        let refunded: i128 = self.refunds.iter().sum();
        self.holds.iter().filter(committed).map(|hold| hold.0).sum::<i128>() - refunded
    }

    pub(crate) fn top_up(&mut self, micros: i64) -> bool {
        let may = micros > 0 && self.fits(micros);
        if may {
            self.top_ups.push(micros.into());
        }
        may
    }

    pub(crate) fn reserve(&mut self, micros: i64) -> bool {
        let may = micros > 0 && i128::from(micros) <= self.available();
        if may {
            self.holds.push((micros.into(), HoldState::Reserved));
        }
        may
    }

    /// The diagram of `hold.rs`, written once more as a list of arrows.
    pub(crate) fn step(&mut self, hold_idx: usize, step: Step) -> bool {
        use HoldState::{Answered, Committed, InDoubt, Released, Reserved, Sending};
        let arrows = [
            (Reserved, Step::Send, Sending),
            (Reserved, Step::GiveBack, Released),
            (Sending, Step::Answer(Ending::Commit), Answered(Ending::Commit)),
            (Sending, Step::Answer(Ending::Release), Answered(Ending::Release)),
            (Sending, Step::Doubt, InDoubt),
            (Answered(Ending::Commit), Step::Settle, Committed),
            (Answered(Ending::Release), Step::Settle, Released),
            (InDoubt, Step::Judge(Ending::Commit), Committed),
            (InDoubt, Step::Judge(Ending::Release), Released),
        ];
        let (_, state) = &mut self.holds[hold_idx];
        let found = arrows.iter().find(|(from, by, _)| from == state && *by == step);
        if let Some((_, _, to)) = found {
            *state = *to;
        }
        found.is_some()
    }
}

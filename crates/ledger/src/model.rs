//! The naive reference: a list of everything that happened, summed anew for every question.
#![expect(clippy::arithmetic_side_effects, reason = "tests may overflow: they then fail")]

use crate::{Ending, HoldState, Step};

/// What happened, in order; amounts in micro-units.
#[derive(Debug, Default)]
pub(crate) struct Model {
    top_ups: Vec<i128>,
    holds: Vec<(i128, HoldState)>,
}

impl Model {
    pub(crate) fn available(&self) -> i128 {
        let came: i128 = self.top_ups.iter().sum();
        let gone = |hold: &&(i128, HoldState)| hold.1 != HoldState::Released;
        came - self.holds.iter().filter(gone).map(|hold| hold.0).sum::<i128>()
    }

    pub(crate) fn held(&self) -> i128 {
        self.holds.iter().filter(|hold| hold.1.is_open()).map(|hold| hold.0).sum()
    }

    pub(crate) fn spent(&self) -> i128 {
        let committed = |hold: &&(i128, HoldState)| hold.1 == HoldState::Committed;
        self.holds.iter().filter(committed).map(|hold| hold.0).sum()
    }

    pub(crate) fn top_up(&mut self, micros: i64) -> bool {
        let fits = self.top_ups.iter().sum::<i128>() + i128::from(micros) <= i128::from(i64::MAX);
        let may = micros > 0 && fits;
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

//! What a script said, and what it means for the cells of a call.

use faregate_pipeline::facts::{Cell, CellVerdict, StoreDown, Verdict};
use faregate_pipeline::quota::cells::{Kept, decide};
use faregate_pipeline::time::Millis;
use redis::{FromRedisValue, ParsingError, Value};

use super::cells::Book;
use super::down;

/// A word, Redis's clock in microseconds, and then what belongs to the word: of `ok` and `full` the Nonce before and
/// two numbers a cell.
pub(super) struct Said(Vec<Value>);

impl FromRedisValue for Said {
    fn from_redis_value(value: Value) -> Result<Self, ParsingError> {
        Vec::<Value>::from_redis_value(value).map(Self)
    }
}

impl Said {
    pub(super) fn word(&self) -> &str {
        self.text(0)
    }

    fn text(&self, at: usize) -> &str {
        match self.0.get(at) {
            Some(Value::BulkString(bytes)) => std::str::from_utf8(bytes).unwrap_or(""),
            Some(Value::SimpleString(text)) => text,
            _ => "",
        }
    }

    pub(super) fn number(&self, at: usize) -> Option<i64> {
        if let Some(Value::Int(number)) = self.0.get(at) { Some(*number) } else { None }
    }

    pub(super) fn now_us(&self) -> i64 {
        self.number(1).unwrap_or(0)
    }

    /// The Nonce before this one.
    pub(super) fn last(&self) -> &str {
        // The minute of its stamp stands behind it.
        self.text(2).split(' ').next().unwrap_or("")
    }
}

/// What was said of the cells of a call, book by book.
pub(super) struct Judged<'a> {
    cells: &'a [Cell],
    kept: Vec<Kept>,
    now: Millis,
    gives: bool,
}

impl<'a> Judged<'a> {
    pub(super) fn new(cells: &'a [Cell]) -> Self {
        let kept = vec![Kept::UNUSED; cells.len()];
        Self { cells, kept, now: Millis::new(0), gives: true }
    }

    /// Takes over what was said of the cells in one book, in their order.
    pub(super) fn add(&mut self, book: Book, said: &Said) -> Result<(), StoreDown> {
        self.now = Millis::new(said.now_us() / 1000);
        self.gives &= said.word() == "ok";
        let mut at = 3;
        for (cell, kept) in self.cells.iter().zip(&mut self.kept) {
            if Book::of(cell) == book {
                let two = said.number(at).zip(said.number(at + 1));
                let (of, used) = two.ok_or_else(|| down("the script left a cell out"))?;
                *kept = Kept { at: of, used: u64::try_from(used).unwrap_or(0) };
                at += 2;
            }
        }
        Ok(())
    }

    /// Do all give that were asked so far.
    pub(super) const fn gives(&self) -> bool {
        self.gives
    }

    /// The same arithmetic as everywhere, from the numbers that the script judged by.
    pub(super) fn verdict(&self, is_taken: bool) -> Verdict {
        let ask = |cell: &Cell, kept: &Kept, cost| decide(*kept, self.now, cell, cost).0;
        let refused = |verdict: &CellVerdict| verdict.refused_for_s.is_some();
        let all = || self.cells.iter().zip(&self.kept);
        let is_refused = all().any(|(cell, kept)| refused(&ask(cell, kept, cell.cost)));
        let said = all().map(|(cell, kept)| {
            let verdict = ask(cell, kept, cell.cost);
            // Those that would have let it pass keep their units, and say so.
            let keeps = is_taken && is_refused && !refused(&verdict);
            if keeps { ask(cell, kept, 0) } else { verdict }
        });
        Verdict { cells: said.collect(), place: None }
    }
}

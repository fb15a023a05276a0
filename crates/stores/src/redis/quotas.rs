//! Cells without a claim, and calls under way: counted where they begin, counted out where they end.

use std::sync::{Arc, PoisonError};

use faregate_pipeline::facts::{Cell, CellKey, Kind, Leave, Place, StoreDown, Verdict};
use faregate_pipeline::time::Millis;
use redis::ScriptInvocation;

use super::cells::{Book, books, field, tell};
use super::said::Judged;
use super::{Redis, node_name};

impl Redis {
    /// Takes from the cells alone, or only looks; while Redis is away from this gateway's share of them.
    pub(crate) async fn take(
        &self,
        cells: &[Cell],
        now: Millis,
        is_taken: bool,
    ) -> Result<Verdict, StoreDown> {
        if cells.is_empty() {
            return Ok(Verdict::default());
        }
        let (mut judged, mut taken) = (Judged::new(cells), Vec::new());
        for book in books(cells) {
            let how = if is_taken && judged.gives() { "take" } else { "look" };
            let Ok(said) = self.trip(&self.taking(book, cells, now, how)).await else {
                return self.alone.take(cells, now, is_taken);
            };
            judged.add(book, &said)?;
            if is_taken && judged.gives() {
                taken.push(book);
            }
        }
        if !judged.gives() {
            self.undo(&taken, cells, now).await;
            return Ok(judged.verdict(is_taken));
        }
        let verdict = judged.verdict(is_taken);
        Ok(if is_taken { self.placed(verdict, cells) } else { verdict })
    }

    pub(super) fn taking(
        &self,
        book: Book,
        cells: &[Cell],
        now: Millis,
        how: &'static str,
    ) -> ScriptInvocation<'_> {
        let mut call = self.take.prepare_invoke();
        call.key(book.name(&self.setting.prefix)).arg(self.clock(now)).arg(how).arg(&*self.nodes());
        cells.iter().filter(|cell| Book::of(cell) == book).for_each(|cell| tell(&mut call, cell));
        call
    }

    /// Gives back what was taken from some books before another refused. What cannot be given back stays used.
    pub(super) async fn undo(&self, taken: &[Book], cells: &[Cell], now: Millis) {
        for book in taken {
            drop(self.trip(&self.taking(*book, cells, now, "back")).await);
            let of_book = |cell: &&Cell| Book::of(cell) == *book && cell.key.kind == Kind::AtOnce;
            let over: Vec<CellKey> = cells.iter().filter(of_book).map(|cell| cell.key).collect();
            self.leave(&over);
        }
    }

    /// With the call's place, where calls under way are counted.
    pub(super) fn placed(&self, mut verdict: Verdict, cells: &[Cell]) -> Verdict {
        let counted = cells.iter().filter(|cell| cell.key.kind == Kind::AtOnce);
        let keys: smallvec::SmallVec<[CellKey; 2]> = counted.map(|cell| cell.key).collect();
        if let Some(me) = self.me.upgrade().filter(|_| !keys.is_empty()) {
            verdict.place = Some(Place::new(keys, me as Arc<dyn Leave>));
        }
        verdict
    }

    /// Counts out the calls that are over and could not be counted out when they were.
    pub(crate) async fn count_out(&self) {
        let over = std::mem::take(&mut *self.over());
        if !over.is_empty() && self.counted_out(&over).await.is_err() {
            self.over().extend(over);
        }
    }

    async fn counted_out(&self, keys: &[CellKey]) -> Result<(), StoreDown> {
        let name = node_name(self.setting.node);
        let mut left = keys;
        while let Some((first, _)) = left.split_first() {
            let of = |key: &CellKey| Book::of_key(key);
            let n = left.iter().take_while(|key| of(key) == of(first)).count();
            let (here, rest) = left.split_at(n);
            let mut call = self.leave.prepare_invoke();
            call.key(of(first).name(&self.setting.prefix));
            for key in here {
                call.arg(format!("{}{name}", field(key)));
            }
            let _: i64 = self.ask(&call).await?;
            left = rest;
        }
        Ok(())
    }

    fn over(&self) -> std::sync::MutexGuard<'_, Vec<CellKey>> {
        self.over.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Leave for Redis {
    /// At once, where there is a runtime; else, and while Redis is away, when the keeper comes to it.
    fn leave(&self, keys: &[CellKey]) {
        if keys.is_empty() {
            return;
        }
        let over = keys.to_vec();
        match (self.me.upgrade(), tokio::runtime::Handle::try_current()) {
            (Some(me), Ok(runtime)) => {
                runtime.spawn(async move {
                    if me.counted_out(&over).await.is_err() {
                        me.over().extend(over);
                    }
                });
            }
            (None, _) | (_, Err(_)) => self.over().extend(over),
        }
    }
}

//! What calls and the keeper share: the book, and the files that say what the book is.
//!
//! Two locks, always in this order: `files`, under which the disk is waited for, then `book`, under
//! which nothing is.

use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Instant;

use faregate_pipeline::facts::StoreDown;
use faregate_pipeline::time::Millis;

use super::book::{Book, Ticket, keep_until};
use super::disk_io::Disk;
use super::leads::Leads;
use super::segment::{self, Segment};
use super::state::State;
use super::{AHEAD_MS, Durability, NONE, STEP_MS, down};
use crate::clock;
use crate::disk::Lasting;

/// How often the clock that was seen is made to last.
const CLOCK_SYNC_MS: i64 = 60_000;

#[derive(Debug)]
pub(super) struct Shared {
    pub(super) book: Mutex<Book>,
    pub(super) files: Mutex<Files>,
    pub(super) fence: AtomicI64,
    pub(super) has_key_fences: AtomicBool,
    pub(super) folder: PathBuf,
    pub(super) disk: Disk,
    pub(super) ahead_ms: Arc<AtomicI64>,
    pub(super) window_ms: i64,
}

/// Whoever holds them writes the state; what is in the book stands first in `base`.
#[derive(Debug)]
pub(super) struct Files {
    pub(super) leads: Leads,
    pub(super) base: State,
    /// The book's sequence and the clock, when the state was last written.
    pub(super) beaten: (u64, Millis),
    pub(super) clock_synced: Millis,
}

impl Shared {
    /// What the machine's own clock says when calls are judged by `now`: a loss is fenced by it, so a
    /// sandbox's clock that is ahead counts as ahead.
    pub(super) fn machine(&self, now: Millis) -> Millis {
        now.plus(self.ahead_ms.load(Ordering::Relaxed).saturating_neg())
    }

    pub(super) fn book(&self) -> Result<MutexGuard<'_, Book>, StoreDown> {
        let book = self.any_book()?;
        match &book.broken {
            Some(cause) => Err(down(cause)),
            None => Ok(book),
        }
    }

    /// The book, even while it is not to be believed.
    fn any_book(&self) -> Result<MutexGuard<'_, Book>, StoreDown> {
        // A panic while the book was open leaves memory and journal apart: nothing is new any more.
        self.book.lock().map_err(|_| down("a call panicked over the book"))
    }

    fn files(&self) -> Result<MutexGuard<'_, Files>, StoreDown> {
        self.files.lock().map_err(|_| down("the keeper panicked over its files"))
    }

    fn save(&self, files: &mut Files, state: &State, lasting: Lasting) -> Result<(), StoreDown> {
        files.base.leads = files.leads.count();
        let state = State { leads: files.base.leads, ..state.clone() };
        state.write(&self.disk, &self.folder, lasting).map_err(down)
    }

    /// How long names and marks must last: as long as the claims that need them.
    fn lasting(files: &Files) -> Lasting {
        match files.base.durability {
            Durability::Os => Lasting::Process,
            Durability::Disk => Lasting::Power,
        }
    }

    /// Makes the segment of a stamp that came, if it is not there.
    pub(super) fn make_segment(&self, number: i64, now: Millis) -> Result<(), StoreDown> {
        let mut files = self.files()?;
        let (mut state, retention_ms) = {
            let book = self.book()?;
            if book.segments.contains_key(&number) {
                return Ok(());
            }
            (book.state(&files.base), book.retention_ms)
        };
        let keep_until = keep_until(number, retention_ms, now, clock::monotonic());
        // The file first, then its name in the state: a file that the state does not name is read all
        // the same, a name without a file is a loss. No claim is written before both are there.
        let id = files.base.store_id;
        let segment =
            Segment::create(&self.disk, &self.folder, number, id, keep_until).map_err(down)?;
        state.segments.insert(number, 0);
        let lasting = Self::lasting(&files);
        self.save(&mut files, &state, lasting)?;
        self.any_book()?.segments.insert(number, segment);
        Ok(())
    }

    /// Makes the segments of this minute and the next, so that no call waits for a file.
    pub(super) fn prepare(&self) -> Result<(), StoreDown> {
        let now = self.book()?.now;
        for number in [segment::number(now), segment::number(now.plus(AHEAD_MS + STEP_MS))] {
            self.make_segment(number, now)?;
        }
        Ok(())
    }

    /// Syncs everything written so far.
    pub(super) fn sync(&self) -> Result<(), StoreDown> {
        let unsynced = self.book()?.unsynced();
        for (number, file, n_records) in unsynced {
            if let Err(cause) = self.disk.sync(&file) {
                return Err(self.break_down(&cause));
            }
            let mut book = self.any_book()?;
            let segment = book.segments.get_mut(&number);
            if let Some(segment) = segment.filter(|segment| Arc::ptr_eq(&segment.file(), &file)) {
                segment.n_synced = segment.n_synced.max(n_records);
            }
        }
        Ok(())
    }

    /// Claims stop until what was to be synced has been written anew ([`Self::heal`]).
    fn break_down(&self, cause: &std::io::Error) -> StoreDown {
        if let Ok(mut book) = self.any_book() {
            book.broken.get_or_insert_with(|| cause.to_string());
        }
        down(cause)
    }

    pub(super) fn unspend<'a>(&self, tickets: impl Iterator<Item = &'a Ticket>) {
        if let Ok(mut book) = self.any_book() {
            tickets.for_each(|ticket| book.unspend(ticket));
        }
    }

    /// After a failed sync: writes the segments that were not synced anew from memory, into new files.
    /// Meanwhile no claim looks at the book, so that they can be taken out of it.
    pub(super) fn heal(&self) -> Result<(), StoreDown> {
        let mut files = self.files()?;
        let (mut taken, lasts, state) = {
            let mut book = self.any_book()?;
            if book.broken.is_none() {
                return Ok(());
            }
            let state = book.state(&files.base);
            let numbers: Vec<i64> = book.unsynced().into_iter().map(|(n, _, _)| n).collect();
            let taken: Vec<Segment> =
                numbers.iter().filter_map(|number| book.segments.remove(number)).collect();
            (taken, book.keys.lasts(), state)
        };
        let mut write = || {
            let newest = taken.len().saturating_sub(1);
            for (idx, segment) in taken.iter_mut().enumerate() {
                let lasts = if idx == newest { lasts.as_slice() } else { &[] };
                segment.write_anew(&self.disk, &self.folder, lasts)?;
            }
            Ok(())
        };
        let written: std::io::Result<()> = write();
        let saved = match written {
            // Counts of what was written anew are lower, or higher: none is told until the next beat.
            Ok(()) => {
                let segments = state.segments.keys().map(|number| (*number, 0)).collect();
                self.save(&mut files, &State { segments, ..state }, Lasting::Power)
            }
            Err(cause) => Err(down(cause)),
        };
        let mut book = self.any_book()?;
        book.segments.extend(taken.into_iter().map(|segment| (segment.number, segment)));
        saved?;
        book.broken = None;
        Ok(())
    }

    /// Makes leads last; a mark reaches a step further than the stamp, so that a client whose clock is
    /// ahead pays for a sync once a minute.
    pub(super) fn lead(&self, wanted: &[(u64, Millis)]) -> Result<(), StoreDown> {
        let mut files = self.files()?;
        let now = self.any_book()?.machine;
        // Further than the window nothing is accepted, and nothing needs to be fenced.
        let furthest = now.plus(self.window_ms);
        let mark = |stamp: Millis| stamp.plus(STEP_MS).min(furthest).max(stamp);
        let marks: Vec<_> = wanted.iter().map(|(key, stamp)| (*key, mark(*stamp))).collect();
        let all = || self.any_book().map(|book| book.keys.leads(now)).unwrap_or_default();
        files.leads.add(&self.disk, &marks, now, all).map_err(down)?;
        let mut book = self.any_book()?;
        for (key, mark) in marks {
            if let Some(key) = book.keys.entry(key) {
                key.lead = key.lead.max(Some(mark));
            }
        }
        Ok(())
    }

    /// Lets go of the segments whose time is over. First they are fenced, then that is written down,
    /// then they are gone; what takes time is done while nobody waits.
    pub(super) fn forget(&self, monotonic: Instant) -> Result<(), StoreDown> {
        let mut files = self.files()?;
        let (numbers, mut state) = {
            let mut book = self.book()?;
            let numbers = book.over(monotonic);
            let Some(highest) = numbers.last() else { return Ok(()) };
            book.forgotten = book.forgotten.max(Some(segment::last_stamp(*highest)));
            let now = book.now;
            book.key_fences.retain(|_, fence| *fence > now);
            self.has_key_fences.store(!book.key_fences.is_empty(), Ordering::Release);
            self.fence.store(book.fence().map_or(NONE, Millis::as_ms), Ordering::Release);
            (numbers, book.state(&files.base))
        };
        state.segments.retain(|number, _| !numbers.contains(number));
        self.save(&mut files, &state, Lasting::Power)?;
        let gone: Vec<Segment> = {
            let mut book = self.any_book()?;
            numbers.iter().filter_map(|number| book.segments.remove(number)).collect()
        };
        for number in gone.iter().map(|segment| segment.number) {
            // Left over, it is removed by the next start: it is fenced.
            self.disk.remove(&segment::path(&self.folder, number)).map_err(down)?;
        }
        Ok(())
    }

    /// Each second in which something was claimed: how many records there are, and what time it is.
    pub(super) fn beat(&self) -> Result<(), StoreDown> {
        let mut files = self.files()?;
        let (state, seq, now) = {
            let book = self.book()?;
            (book.state(&files.base), book.seq, book.machine)
        };
        if files.beaten == (seq, now) {
            return Ok(());
        }
        let sync = now.since(files.clock_synced).saturating_abs() >= CLOCK_SYNC_MS;
        files.leads.see(&self.disk, now, sync).map_err(down)?;
        if sync {
            files.clock_synced = now;
        }
        self.save(&mut files, &state, Lasting::Process)?;
        files.beaten = (seq, now);
        Ok(())
    }

    /// Says that everything is on disk. Not said, it was not closed: the next start does the careful
    /// thing.
    pub(super) fn close(&self) -> Result<(), StoreDown> {
        self.sync()?;
        let mut files = self.files()?;
        let (mut state, now) = {
            let book = self.book()?;
            (book.state(&files.base), book.machine)
        };
        files.leads.see(&self.disk, now, true).map_err(down)?;
        state.closed = true;
        self.save(&mut files, &state, Lasting::Power)
    }
}

//! What a start makes of what it finds: reads the journal back, and fences what it cannot know.
//!
//! | found | fence |
//! | --- | --- |
//! | everything, and the boot is the same: only the process died | the old one |
//! | everything, closed properly, or kept on disk call by call | the old one |
//! | everything, but the machine restarted under `os` durability | a second from now, or the high-water mark |
//! | a bad record, a missing segment, no state | a second from now, or the high-water mark |
//! | neither state nor high-water mark | now and the window: nobody knows how far ahead |
//!
//! The fence is written down before the damage is repaired: a crash in between repeats the repair.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::io;
use std::path::Path;
use std::time::Instant;

use faregate_pipeline::time::Millis;

use super::AHEAD_MS;
use super::book::{Book, Last};
use super::marks::{self, Durability, State};
use super::record::{Kind, Record};
use super::segment::{self, Segment};
use crate::disk::{Lasting, sync_folder};

/// What was found at the start, for the log.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Recovery {
    /// Nonces that are spent.
    pub(crate) n_nonces: usize,
    /// Why the fence was raised at this start; none if it was not.
    pub(crate) fenced_because: Option<String>,
}

/// Makes a new, empty store: nothing was claimed, so nothing is fenced.
pub(crate) fn create(folder: &Path) -> io::Result<()> {
    std::fs::create_dir_all(folder)?;
    let state = State {
        boot: marks::boot_id(),
        closed: true,
        durability: Durability::Os,
        fence: None,
        forgotten: None,
        segments: BTreeSet::new(),
    };
    marks::write_high_water(folder, Millis::new(0))?;
    state.write(folder, Lasting::Power)
}

/// The book as it was left, its high-water mark, and what had to be fenced.
pub(crate) fn open(
    folder: &Path,
    durability: Durability,
    retention_ms: i64,
    now: Millis,
    monotonic: Instant,
) -> io::Result<(Book, Millis, Recovery)> {
    std::fs::create_dir_all(folder)?;
    let (found, high_water) = (State::read(folder)?, marks::read_high_water(folder)?);
    let boot = marks::boot_id();
    let mut because = match &found {
        None => Some("the state of the nonce journal is missing or damaged".to_owned()),
        Some(state) => restarted(state, &boot),
    };
    let old_fence = found.as_ref().and_then(|state| state.fence);
    let forgotten = found.as_ref().and_then(|state| state.forgotten);
    let mut book = Book {
        folder: folder.to_owned(),
        retention_ms,
        segments: BTreeMap::new(),
        last: HashMap::new(),
        seq: 1,
        state: State {
            boot,
            closed: false,
            durability,
            fence: old_fence,
            forgotten,
            segments: BTreeSet::new(),
        },
        state_dirty: false,
        now,
        broken: None,
    };
    let listed = found.map(|state| state.segments).unwrap_or_default();
    let present = present(folder)?;
    if let Some(missing) = listed.difference(&present).next() {
        because.get_or_insert_with(|| format!("segment {missing} of the nonce journal is missing"));
    }
    if high_water.is_none() && because.is_none() && !present.is_empty() {
        // The journal is whole, so nothing is forgotten; only the mark must be made anew, and high
        // enough for whatever the journal holds.
        let highest = present.last().map_or(now, |number| segment::last_stamp(*number));
        marks::write_high_water(folder, highest)?;
    }
    if because.is_none() {
        because = unreadable(folder, &present)?;
    }
    if because.is_some() {
        let unknown = now.plus(retention_ms);
        // Stamps so little ahead of the clock raised no mark.
        let fence = high_water.map_or(unknown, |mark| mark.max(now.plus(AHEAD_MS)));
        book.state.fence = old_fence.max(Some(fence));
    }
    book.state.segments = present;
    book.state.write(folder, Lasting::Power)?;
    let n_nonces = read_segments(&mut book, now, monotonic)?;
    let mark = marks::read_high_water(folder)?;
    let mark = mark.unwrap_or_else(|| now.plus(retention_ms));
    marks::write_high_water(folder, mark)?;
    sync_folder(folder)?;
    Ok((book, mark, Recovery { n_nonces, fenced_because: because }))
}

/// Why the end of the journal may be missing; none if it cannot be.
fn restarted(state: &State, boot: &str) -> Option<String> {
    let same_boot = !boot.is_empty() && state.boot == boot;
    let kept = same_boot || state.closed || state.durability == Durability::Disk;
    (!kept).then(|| "the machine restarted and the gateway had not been closed".to_owned())
}

fn present(folder: &Path) -> io::Result<BTreeSet<i64>> {
    let mut numbers = BTreeSet::new();
    for entry in std::fs::read_dir(folder)? {
        numbers.extend(segment::number_of(&entry?.path()));
    }
    Ok(numbers)
}

/// Looks for bad records before anything is repaired, for the fence must be written first.
fn unreadable(folder: &Path, numbers: &BTreeSet<i64>) -> io::Result<Option<String>> {
    for number in numbers {
        let bytes = std::fs::read(segment::path(folder, *number))?;
        let (records, _) = bytes.as_chunks::<{ super::record::RECORD_BYTES }>();
        let n_bad = records.iter().filter(|r| Record::decode(*r, *number).is_none()).count();
        if n_bad > 0 {
            let say =
                format!("{n_bad} records of segment {number} of the nonce journal are damaged");
            return Ok(Some(say));
        }
    }
    Ok(None)
}

fn read_segments(book: &mut Book, now: Millis, monotonic: Instant) -> io::Result<usize> {
    let mut lasts: HashMap<u64, (u64, Option<Last>)> = HashMap::new();
    let folder = book.folder.clone();
    for number in book.state.segments.clone() {
        let keep_until = book.keep_until(number, now, monotonic);
        let mut segment = Segment::open(&folder, number, keep_until)?;
        for record in segment.read_back(&folder)?.records {
            book.seq = book.seq.max(record.seq.saturating_add(1));
            let last = match record.kind {
                Kind::Claim => Some(Last { nonce: record.nonce, seq: record.seq }),
                // Older than any claim that could still be given back.
                Kind::BackTo => Some(Last { nonce: record.nonce, seq: 0 }),
                Kind::BackToNone => None,
                Kind::Back => continue,
            };
            let newest = lasts.entry(record.key_print).or_insert((record.seq, last));
            if record.seq >= newest.0 {
                *newest = (record.seq, last);
            }
        }
        // Some may have been written under `os` durability and not be on disk yet.
        segment.file().sync_all()?;
        book.segments.insert(number, segment);
    }
    book.last = lasts.into_iter().filter_map(|(key, (_, last))| Some((key, last?))).collect();
    Ok(book.segments.values().map(Segment::n_prints).sum())
}

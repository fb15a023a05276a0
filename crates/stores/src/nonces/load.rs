//! Reads segments back, several at a time: seven million claims in less than two seconds.

use std::collections::HashMap;
use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt as _;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use faregate_pipeline::time::Millis;

use super::disk_io::{Disk, is_original};
use super::keys::{ByPrint, Last};
use super::record::{Kind, RECORD_BYTES, Record, seed};
use super::segment::{self, CHUNK_BYTES, HEADER_BYTES, Segment, offset_of, parse_header};

/// What a segment knows of a key.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Found {
    /// The newest word on its last nonce, and that word's sequence.
    pub(crate) last: Option<(u64, Option<Last>)>,
    pub(crate) n_live: u32,
    /// The highest stamp that it claimed.
    pub(crate) highest_ms: i64,
}

/// A segment as it was found.
#[derive(Debug)]
pub(crate) struct Loaded {
    pub(crate) segment: Segment,
    /// Why some of it may be missing; none if all of it is there.
    pub(crate) damage: Option<String>,
    pub(crate) keys: HashMap<u64, Found, ByPrint>,
    pub(crate) seq_max: u64,
}

/// Which segment to read, and how much of it there must be at least.
pub(crate) type Wanted = (i64, u64, Instant);

/// Reads segments, and says from time to time how many records are read, of how many.
pub(crate) fn all(
    disk: &Disk,
    folder: &Path,
    store_id: u64,
    mut wanted: Vec<Wanted>,
    progress: &mut dyn FnMut(u64, u64),
) -> io::Result<Vec<Loaded>> {
    let size = |number| std::fs::metadata(segment::path(folder, number)).map_or(0, |m| m.len());
    let records = |bytes: u64| bytes / RECORD_BYTES as u64;
    // The longest last, so that it is popped first.
    wanted.sort_by_key(|(number, _, _)| size(*number));
    let total = records(wanted.iter().map(|(number, _, _)| size(*number)).sum());
    let n_threads = std::thread::available_parallelism().map_or(1, usize::from).min(wanted.len());
    let (queue, done, n_read) = (Mutex::new(wanted), Mutex::new(Vec::new()), AtomicU64::new(0));
    let next = || queue.lock().unwrap_or_else(PoisonError::into_inner).pop();
    let work = || {
        while let Some((number, at_least, keep_until)) = next() {
            let loaded = one(disk, folder, store_id, (number, at_least, keep_until), &n_read);
            done.lock().unwrap_or_else(PoisonError::into_inner).push(loaded);
        }
    };
    std::thread::scope(|scope| {
        let workers: Vec<_> = (0..n_threads).map(|_| scope.spawn(work)).collect();
        while !workers.iter().all(std::thread::ScopedJoinHandle::is_finished) {
            std::thread::sleep(Duration::from_micros(200));
            progress(n_read.load(Ordering::Relaxed), total);
        }
    });
    done.into_inner().unwrap_or_else(PoisonError::into_inner).into_iter().collect()
}

fn one(
    disk: &Disk,
    folder: &Path,
    store_id: u64,
    (number, at_least, keep_until): Wanted,
    n_read: &AtomicU64,
) -> io::Result<Loaded> {
    let file = disk.open(&segment::path(folder, number))?;
    let length = file.metadata()?.len();
    let head = read_at(&file, HEADER_BYTES, 0)?;
    let head = head.first_chunk().and_then(|head| parse_header(head, store_id, number));
    let mut damage = match head {
        None => Some("is not of this store, or its head is damaged".to_owned()),
        Some((born, _)) if !is_original(&file, born) => Some("is a copy".to_owned()),
        Some((_, n_chunks)) if length < offset_of(n_chunks * segment::CHUNK_RECORDS) => {
            Some("is shorter than it was".to_owned())
        }
        Some(_) => None,
    };
    let (mut offset, mut walk) = (HEADER_BYTES, Walk::default());
    let mut loaded = Loaded {
        segment: Segment::of(file, number, store_id, keep_until),
        damage: None,
        keys: HashMap::default(),
        seq_max: 0,
    };
    let seed = seed(store_id, number);
    while offset < length {
        let chunk = read_at(&loaded.segment.file(), CHUNK_BYTES as u64, offset)?;
        let (records, _) = chunk.as_chunks::<RECORD_BYTES>();
        for bytes in records {
            walk.step(bytes, seed, &mut loaded);
        }
        n_read.fetch_add(records.len() as u64, Ordering::Relaxed);
        offset += CHUNK_BYTES as u64;
    }
    if walk.n_bad > 0 {
        damage.get_or_insert_with(|| format!("has {} damaged records", walk.n_bad));
    } else if walk.n_records < at_least {
        let lost = at_least - walk.n_records;
        damage.get_or_insert_with(|| format!("is {lost} records shorter than it was"));
    }
    let (segment, n_chunks) = (&mut loaded.segment, head.map_or(0, |(_, n_chunks)| n_chunks));
    (segment.n_records, segment.n_chunks) = (walk.n_records, n_chunks);
    loaded.damage = damage.map(|damage| format!("segment {number} of the nonce journal {damage}"));
    Ok(loaded)
}

/// Every record of a segment, in the order of the file; none of a file that is not ours.
pub(crate) fn each_record(
    folder: &Path,
    number: i64,
    store_id: u64,
    act: &mut impl FnMut(&Record),
) -> io::Result<()> {
    let file = File::open(segment::path(folder, number))?;
    let (mut offset, seed) = (HEADER_BYTES, seed(store_id, number));
    loop {
        let chunk = read_at(&file, CHUNK_BYTES as u64, offset)?;
        if chunk.is_empty() {
            return Ok(());
        }
        let (records, _) = chunk.as_chunks::<RECORD_BYTES>();
        records.iter().filter_map(|bytes| Record::decode(bytes, seed)).for_each(|r| act(&r));
        offset += CHUNK_BYTES as u64;
    }
}

/// At most so many bytes; fewer at the end of the file.
fn read_at(file: &File, n_bytes: u64, offset: u64) -> io::Result<Vec<u8>> {
    let mut bytes = vec![0; usize::try_from(n_bytes).unwrap_or(0)];
    let mut filled = 0;
    while let Some(rest) = bytes.get_mut(filled..).filter(|rest| !rest.is_empty()) {
        match file.read_at(rest, offset + filled as u64)? {
            0 => break,
            n => filled += n,
        }
    }
    bytes.truncate(filled);
    Ok(bytes)
}

/// Where a reader is: records, then nothing but zeroes.
#[derive(Debug, Default)]
struct Walk {
    n_records: u64,
    n_bad: u64,
    /// The last place held what is no record. A torn one was never answered for, if nothing follows.
    torn: bool,
    ended: bool,
}

impl Walk {
    fn step(&mut self, bytes: &[u8; RECORD_BYTES], seed: u32, loaded: &mut Loaded) {
        if bytes.iter().all(|byte| *byte == 0) {
            self.ended = true;
            return;
        }
        // Something behind zeroes, or behind what is no record: that was written whole.
        self.n_bad += u64::from(std::mem::take(&mut self.torn)) + u64::from(self.ended);
        match Record::decode(bytes, seed) {
            Some(record) => {
                self.n_records += 1;
                loaded.take(&record);
            }
            None => self.torn = true,
        }
    }
}

impl Loaded {
    fn take(&mut self, record: &Record) {
        self.seq_max = self.seq_max.max(record.seq);
        let number = self.segment.number;
        let stamp =
            Millis::new(number.saturating_mul(segment::SEGMENT_MS)).plus(record.offset_ms.into());
        let is_there = self.segment.contains(stamp, record.print);
        let last = match record.kind {
            Kind::Claim | Kind::Kept if is_there => return,
            Kind::Claim | Kind::Last => Some(Last { nonce: record.nonce, seq: record.seq }),
            // Older than any claim that could still be given back.
            Kind::BackTo => Some(Last { nonce: record.nonce, seq: 0 }),
            Kind::BackToNone => None,
            Kind::Back | Kind::Kept => return self.segment.keep(record),
        };
        self.segment.keep(record);
        let found = self.keys.entry(record.key_print).or_default();
        match record.kind {
            Kind::Claim => {
                found.n_live += 1;
                found.highest_ms = found.highest_ms.max(stamp.as_ms());
            }
            Kind::BackTo | Kind::BackToNone => found.n_live = found.n_live.saturating_sub(1),
            Kind::Back | Kind::Kept | Kind::Last => {}
        }
        if found.last.is_none_or(|(seq, _)| record.seq >= seq) {
            found.last = Some((record.seq, last));
        }
    }
}

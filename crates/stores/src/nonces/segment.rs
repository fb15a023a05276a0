//! `Segment`: ten minutes of stamps, in memory and in one append-only file that is unlinked whole.

use std::fs::{File, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

use faregate_pipeline::time::Millis;

use super::bucket::{Bucket, Print};
use super::record::{Kind, RECORD_BYTES, Record};

const MINUTE_MS: i64 = 60_000;
const SEGMENT_MS: i64 = 10 * MINUTE_MS;

/// The segment in which a stamp's claims lie.
pub(crate) fn number(stamp: Millis) -> i64 {
    stamp.as_ms().div_euclid(SEGMENT_MS)
}

/// The last stamp that lies in a segment.
pub(crate) fn last_stamp(number: i64) -> Millis {
    Millis::new(number.saturating_add(1).saturating_mul(SEGMENT_MS).saturating_sub(1))
}

pub(crate) fn path(folder: &Path, number: i64) -> PathBuf {
    folder.join(format!("{number}.segment"))
}

/// The number in a segment's file name.
pub(crate) fn number_of(path: &Path) -> Option<i64> {
    let segment = path.extension().is_some_and(|ending| ending == "segment");
    segment.then(|| path.file_stem()?.to_str()?.parse().ok())?
}

#[derive(Debug)]
pub(crate) struct Segment {
    number: i64,
    file: Arc<File>,
    /// How much of the file is known to be whole records.
    length: u64,
    /// The monotonic clock's word on when it may go, counted from when it was opened.
    pub(crate) keep_until: Instant,
    /// A bucket a minute.
    buckets: [Option<Bucket>; 10],
    /// Written to since the last sync.
    pub(crate) dirty: bool,
}

/// What a segment's file held.
#[derive(Debug, Default)]
pub(crate) struct ReadBack {
    pub(crate) records: Vec<Record>,
    /// Whole records that were none.
    pub(crate) n_bad: usize,
}

impl Segment {
    /// Opens the file, empty or as it was left.
    pub(crate) fn open(folder: &Path, number: i64, keep_until: Instant) -> io::Result<Self> {
        let path = path(folder, number);
        let file = OpenOptions::new().append(true).create(true).mode(0o600).open(path)?;
        let length = file.metadata()?.len();
        let buckets = std::array::from_fn(|_| None);
        Ok(Self { number, file: Arc::new(file), length, keep_until, buckets, dirty: false })
    }

    /// The records of the file. A last one that is cut short was never answered for: it is cut off.
    /// Bad ones elsewhere are left out, of the file too, and counted.
    pub(crate) fn read_back(&mut self, folder: &Path) -> io::Result<ReadBack> {
        let path = path(folder, self.number);
        let bytes = std::fs::read(&path)?;
        let (whole, torn) = bytes.as_chunks::<RECORD_BYTES>();
        let mut read = ReadBack::default();
        for record in whole {
            match Record::decode(record, self.number) {
                Some(record) => read.records.push(record),
                None => read.n_bad += 1,
            }
        }
        if read.n_bad > 0 {
            let good = read.records.iter().flat_map(|record| record.encode(self.number));
            crate::disk::replace(&path, &good.collect::<Vec<u8>>(), crate::disk::Lasting::Power)?;
            *self = Self::open(folder, self.number, self.keep_until)?;
        } else if !torn.is_empty() {
            self.length = u64::try_from(bytes.len() - torn.len()).unwrap_or(0);
            self.file.set_len(self.length)?;
        }
        for record in &read.records {
            self.keep(record);
        }
        Ok(read)
    }

    pub(crate) fn contains(&self, stamp: Millis, print: Print) -> bool {
        let bucket = self.buckets.get(minute_idx(stamp)).and_then(Option::as_ref);
        bucket.is_some_and(|bucket| bucket.contains(print))
    }

    /// Writes the record, then keeps it in mind. What could not be written did not happen.
    pub(crate) fn write(&mut self, record: &Record) -> io::Result<()> {
        let bytes = record.encode(self.number);
        if let Err(cause) = (&*self.file).write_all(&bytes) {
            // Part of it may be there; the next record must not begin in the middle of one.
            self.file.set_len(self.length)?;
            return Err(cause);
        }
        self.length += u64::try_from(RECORD_BYTES).unwrap_or(0);
        self.dirty = true;
        self.keep(record);
        Ok(())
    }

    /// How far `stamp` is into its segment.
    pub(crate) fn offset_ms(stamp: Millis) -> u32 {
        u32::try_from(stamp.as_ms().rem_euclid(SEGMENT_MS)).unwrap_or(0)
    }

    pub(crate) fn path(&self, folder: &Path) -> PathBuf {
        path(folder, self.number)
    }

    pub(crate) fn file(&self) -> Arc<File> {
        Arc::clone(&self.file)
    }

    pub(crate) fn n_prints(&self) -> usize {
        self.buckets.iter().flatten().map(Bucket::n_prints).sum()
    }

    fn keep(&mut self, record: &Record) {
        let minute = minute_idx(Millis::new(record.offset_ms.into()));
        if let Some(bucket) = self.buckets.get_mut(minute) {
            let bucket = bucket.get_or_insert_with(Bucket::new);
            match record.kind {
                Kind::Claim => bucket.insert(record.print),
                Kind::BackTo | Kind::BackToNone | Kind::Back => bucket.remove(record.print),
            };
        }
    }
}

fn minute_idx(stamp: Millis) -> usize {
    usize::try_from(stamp.as_ms().rem_euclid(SEGMENT_MS) / MINUTE_MS).unwrap_or(0)
}

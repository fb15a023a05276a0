//! `Segment`: ten minutes of stamps, in memory and in one file that is unlinked whole.
//!
//! ```text
//!  0       8          16        24     32         40    44     64
//!  ├ magic ┼ store id ┼ number ─┼ born ┼ n chunks ┼ crc ┼ 0 … ┤ records, 1,600 a chunk, zeroes behind the last
//! ```
//! A chunk is written as zeroes before its first record: what it takes is taken, a sync has no new
//! length to write, and a file that is shorter than it says was cut by somebody else.

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

use faregate_pipeline::time::Millis;

use super::bucket::{Bucket, Print};
use super::disk_io::{Disk, born};
use super::keys::Last;
use super::record::{Kind, RECORD_BYTES, Record, seed};

const SECOND_MS: i64 = 1_000;
const N_SECONDS: usize = 600;
pub(crate) const SEGMENT_MS: i64 = 600 * SECOND_MS;

pub(super) const MAGIC: &[u8; 8] = b"faregno2";
pub(super) const HEADER_BYTES: u64 = 64;
pub(super) const CHUNK_RECORDS: u64 = 1_600;
pub(super) const CHUNK_BYTES: usize = 1_600 * RECORD_BYTES;

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
    pub(super) number: i64,
    pub(super) store_id: u64,
    pub(super) file: Arc<File>,
    pub(super) n_records: u64,
    pub(super) n_chunks: u64,
    /// Records that are known to outlast a power cut.
    pub(crate) n_synced: u64,
    /// The monotonic clock's word on when it may go, counted from when it was opened.
    pub(crate) keep_until: Instant,
    pub(super) seconds: Vec<Bucket>,
}

impl Segment {
    /// A new, empty segment. Whatever a file of that name held is gone.
    pub(crate) fn create(
        disk: &Disk,
        folder: &Path,
        number: i64,
        store_id: u64,
        keep_until: Instant,
    ) -> io::Result<Self> {
        let file = disk.create(&path(folder, number))?;
        let segment = Self::of(file, number, store_id, keep_until);
        segment.write_header(disk, 0)?;
        Ok(segment)
    }

    pub(super) fn of(file: File, number: i64, store_id: u64, keep_until: Instant) -> Self {
        let mut seconds = Vec::new();
        seconds.resize_with(N_SECONDS, Bucket::default);
        let file = Arc::new(file);
        Self { number, store_id, file, n_records: 0, n_chunks: 0, n_synced: 0, keep_until, seconds }
    }

    pub(crate) fn contains(&self, stamp: Millis, print: Print) -> bool {
        self.seconds.get(second_idx(stamp)).is_some_and(|second| second.contains(print))
    }

    /// Writes the record, then keeps it in mind. What could not be written did not happen: the next
    /// record is written over whatever is there of it.
    pub(crate) fn write(&mut self, disk: &Disk, record: &Record) -> io::Result<()> {
        if self.n_records == self.n_chunks * CHUNK_RECORDS {
            self.extend(disk)?;
        }
        let bytes = record.encode(seed(self.store_id, self.number));
        disk.write_at(&self.file, &bytes, offset_of(self.n_records))?;
        self.n_records += 1;
        self.keep(record);
        Ok(())
    }

    fn extend(&mut self, disk: &Disk) -> io::Result<()> {
        disk.write_at(&self.file, &[0; CHUNK_BYTES], offset_of(self.n_chunks * CHUNK_RECORDS))?;
        self.write_header(disk, self.n_chunks + 1)?;
        self.n_chunks += 1;
        Ok(())
    }

    fn write_header(&self, disk: &Disk, n_chunks: u64) -> io::Result<()> {
        disk.write_at(
            &self.file,
            &header(self.store_id, self.number, born(&self.file), n_chunks),
            0,
        )
    }

    /// Makes a print unspent in memory alone: for a claim that nobody was told of, of which the disk
    /// may hold anything. Another file is made of what is in memory before the next claim.
    pub(crate) fn unspend(&mut self, stamp: Millis, print: Print) {
        if let Some(second) = self.seconds.get_mut(second_idx(stamp)) {
            second.remove(print);
        }
    }

    pub(super) fn keep(&mut self, record: &Record) {
        let second_idx = second_idx(Millis::new(record.offset_ms.into()));
        match record.kind {
            Kind::Claim | Kind::Kept => self.put(second_idx, record.print),
            Kind::BackTo | Kind::BackToNone | Kind::Back => {
                if let Some(second) = self.seconds.get_mut(second_idx) {
                    second.remove(record.print);
                }
            }
            Kind::Last => {}
        }
    }

    fn put(&mut self, second_idx: usize, print: Print) {
        let has_room = self.seconds.get(second_idx).is_none_or(Bucket::has_room);
        let before = second_idx.checked_sub(1).and_then(|idx| self.seconds.get(idx));
        let n_before = if has_room { 0 } else { before.map_or(0, Bucket::n_prints) };
        if let Some(second) = self.seconds.get_mut(second_idx) {
            if !has_room {
                second.make_room(n_before);
            }
            second.put(print);
        }
    }

    /// Makes the file anew from what is in memory, in place of one that is damaged or that nobody can
    /// believe any more: after a failed sync the kernel may have dropped what was to be written and say
    /// "done" next time (fsyncgate, RELIABILITY 4). It lasts when this returns.
    pub(crate) fn write_anew(
        &mut self,
        disk: &Disk,
        folder: &Path,
        lasts: &[(u64, Last)],
    ) -> io::Result<()> {
        let path = path(folder, self.number);
        let beside = path.with_extension("new");
        let file = disk.create(&beside)?;
        let (mut chunk, mut n_records, mut failed) = (Vec::new(), 0_u64, None);
        let seed = seed(self.store_id, self.number);
        let mut write = |record: &Record| {
            chunk.extend(record.encode(seed));
            n_records += 1;
            if chunk.len() == CHUNK_BYTES && failed.is_none() {
                failed = disk.write_at(&file, &chunk, offset_of(n_records - CHUNK_RECORDS)).err();
                chunk.clear();
            }
        };
        for (second, bucket) in (0_u32..).zip(&self.seconds) {
            let kept = |print| Record {
                kind: Kind::Kept,
                offset_ms: second * 1_000,
                seq: 0,
                key_print: 0,
                nonce: 0,
                print,
            };
            bucket.for_each(&mut |print| write(&kept(print)));
        }
        let nothing = Print::from_bits(0);
        for &(key_print, Last { nonce, seq }) in lasts {
            write(&Record {
                kind: Kind::Last,
                offset_ms: 0,
                seq,
                key_print,
                nonce,
                print: nothing,
            });
        }
        if let Some(cause) = failed {
            return Err(cause);
        }
        let n_chunks = n_records.div_ceil(CHUNK_RECORDS);
        if !chunk.is_empty() {
            chunk.resize(CHUNK_BYTES, 0);
            disk.write_at(&file, &chunk, offset_of((n_chunks - 1) * CHUNK_RECORDS))?;
        }
        disk.write_at(&file, &header(self.store_id, self.number, born(&file), n_chunks), 0)?;
        disk.sync(&file)?;
        disk.rename(&beside, &path)?;
        disk.sync_folder(folder)?;
        self.file = Arc::new(file);
        (self.n_records, self.n_synced, self.n_chunks) = (n_records, n_records, n_chunks);
        Ok(())
    }

    /// How far `stamp` is into its segment.
    pub(crate) fn offset_ms(stamp: Millis) -> u32 {
        u32::try_from(stamp.as_ms().rem_euclid(SEGMENT_MS)).unwrap_or(0)
    }

    pub(crate) fn file(&self) -> Arc<File> {
        Arc::clone(&self.file)
    }

    pub(crate) fn n_records(&self) -> u64 {
        self.n_records
    }

    pub(crate) fn n_prints(&self) -> usize {
        self.seconds.iter().map(Bucket::n_prints).sum()
    }
}

pub(super) fn offset_of(n_records: u64) -> u64 {
    HEADER_BYTES + n_records * (CHUNK_BYTES as u64 / CHUNK_RECORDS)
}

fn header(store_id: u64, number: i64, born: u64, n_chunks: u64) -> [u8; 64] {
    let mut bytes = [0; 64];
    let words = [u64::from_be_bytes(*MAGIC), store_id, number.cast_unsigned(), born, n_chunks];
    let (places, _) = bytes.as_chunks_mut::<8>();
    places.iter_mut().zip(words).for_each(|(place, word)| *place = word.to_be_bytes());
    let crc = bytes.get(..40).map_or(0, crc32fast::hash).to_be_bytes();
    if let Some(place) = bytes.get_mut(40..44) {
        place.copy_from_slice(&crc);
    }
    bytes
}

fn second_idx(stamp: Millis) -> usize {
    usize::try_from(stamp.as_ms().rem_euclid(SEGMENT_MS) / SECOND_MS).unwrap_or(0)
}

/// What a header says: when the file was born, and how many chunks it has.
pub(super) fn parse_header(bytes: &[u8; 64], store_id: u64, number: i64) -> Option<(u64, u64)> {
    let (words, _) = bytes.as_chunks::<8>();
    let &[_, _, _, born, n_chunks] = words.first_chunk()?;
    let (born, n_chunks) = (u64::from_be_bytes(born), u64::from_be_bytes(n_chunks));
    (header(store_id, number, born, n_chunks) == *bytes).then_some((born, n_chunks))
}

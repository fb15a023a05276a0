//! `Leads`: how far ahead of the clock each key was ever accepted, in a file of its own.
//!
//! A claim stamped ahead outlives the moment of a loss, so it is covered by a mark that lasts on disk
//! before the claim is accepted. A mark is its key's alone: one client's clock that is wrong fences
//! nobody else. The file lies beside the journal, so that whatever takes the one leaves the other.
//!
//! ```text
//!  0       8          16     24    28     64
//!  ├ magic ┼ store id ┼ born ┼ crc ┼ 0 … ┼ the clock ┼ marks …     24 bytes each: crc, 0, key print, stamp
//! ```

use std::collections::HashMap;
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};

use faregate_pipeline::time::Millis;

use super::disk_io::{Disk, born, is_original};
use super::keys::ByPrint;
use super::state::boot_id;
use crate::disk::{self, Lasting};

const MAGIC: &[u8; 8] = b"faregld2";
const HEADER_BYTES: usize = 64;
const MARK_BYTES: usize = 24;
/// Marks in the file, above twice the living and this the file is made anew.
const SPARE: u64 = 4_096;

/// The open file.
#[derive(Debug)]
pub(crate) struct Leads {
    folder: PathBuf,
    store_id: u64,
    file: File,
    /// A print of the boot id of now.
    boot: u64,
    /// Marks in the file, the clock not counted.
    n_marks: u64,
    /// A write or a sync failed: what the file holds is not known, so it is made anew.
    is_doubtful: bool,
}

/// What the file said.
#[derive(Debug)]
pub(crate) struct Said {
    pub(crate) leads: Leads,
    pub(crate) marks: HashMap<u64, Millis, ByPrint>,
    /// The wall clock, as it was last seen, and a print of the boot in which it was.
    pub(crate) clock: Millis,
    pub(crate) boot: u64,
}

impl Leads {
    /// Writes the file anew; it lasts when this returns.
    pub(crate) fn create(
        disk: &Disk,
        folder: &Path,
        store_id: u64,
        clock: Millis,
        marks: &[(u64, Millis)],
    ) -> io::Result<Self> {
        let boot = boot_print();
        let text = |born| {
            let mut bytes = header(store_id, born).to_vec();
            bytes.extend(mark(boot, clock));
            marks.iter().for_each(|(print, stamp)| bytes.extend(mark(*print, *stamp)));
            bytes
        };
        let file = disk.replace(&path(folder), text, Lasting::Power)?;
        let (folder, n_marks) = (folder.to_owned(), marks.len() as u64);
        Ok(Self { folder, store_id, file, boot, n_marks, is_doubtful: false })
    }

    /// None if there is no file that can be believed: one of another store, a copy, one with a bad mark
    /// or with fewer marks than `least` (if it is the one that was counted, by its birth).
    pub(crate) fn read(
        folder: &Path,
        store_id: u64,
        least: Option<(u64, u64)>,
    ) -> io::Result<Option<Said>> {
        let Some(bytes) = disk::read(&path(folder))? else { return Ok(None) };
        let file = File::options().read(true).write(true).open(path(folder))?;
        Ok(parse(&bytes, file, folder, store_id, least))
    }

    /// Adds marks; they last when this returns. `all` are the living, for a file that must be made anew.
    pub(crate) fn add(
        &mut self,
        disk: &Disk,
        marks: &[(u64, Millis)],
        clock: Millis,
        all: impl FnOnce() -> Vec<(u64, Millis)>,
    ) -> io::Result<()> {
        if self.is_doubtful || self.n_marks > SPARE {
            let mut all = all();
            all.extend(marks);
            if self.is_doubtful || self.n_marks > SPARE + 2 * all.len() as u64 {
                *self = Self::create(disk, &self.folder, self.store_id, clock, &all)?;
                return Ok(());
            }
        }
        let bytes: Vec<u8> = marks.iter().flat_map(|(key, stamp)| mark(*key, *stamp)).collect();
        let end = HEADER_BYTES as u64 + (1 + self.n_marks) * MARK_BYTES as u64;
        let written = disk.write_at(&self.file, &bytes, end).and_then(|()| disk.sync(&self.file));
        self.is_doubtful = written.is_err();
        written?;
        self.n_marks += marks.len() as u64;
        Ok(())
    }

    /// Writes down the wall clock; it survives the process, and with `sync` the machine.
    pub(crate) fn see(&mut self, disk: &Disk, clock: Millis, sync: bool) -> io::Result<()> {
        disk.write_at(&self.file, &mark(self.boot, clock), HEADER_BYTES as u64)?;
        if sync {
            let synced = disk.sync(&self.file);
            self.is_doubtful |= synced.is_err();
            synced?;
        }
        Ok(())
    }

    /// When the file was born, and how many marks it holds.
    pub(crate) fn count(&self) -> (u64, u64) {
        (born(&self.file), self.n_marks)
    }
}

/// Of the boot id, in the width of a key print.
pub(crate) fn boot_print() -> u64 {
    crc32fast::hash(boot_id().as_bytes()).into()
}

fn path(folder: &Path) -> PathBuf {
    folder.join("leads")
}

fn parse(
    bytes: &[u8],
    file: File,
    folder: &Path,
    store_id: u64,
    least: Option<(u64, u64)>,
) -> Option<Said> {
    let (head, rest) = bytes.split_first_chunk::<HEADER_BYTES>()?;
    let (words, _) = head.as_chunks::<8>();
    let born = u64::from_be_bytes(*words.get(2)?);
    if header(store_id, born) != *head || !is_original(&file, born) {
        return None;
    }
    let (places, _torn) = rest.as_chunks::<MARK_BYTES>();
    let (clock, places) = places.split_first()?;
    let (boot, clock) = unmark(clock)?;
    let (mut marks, mut n_marks) = (HashMap::<_, _, ByPrint>::default(), 0);
    for (place, bytes) in places.iter().enumerate() {
        match unmark(bytes) {
            Some((key, stamp)) => {
                let known: &mut Millis = marks.entry(key).or_insert(stamp);
                *known = (*known).max(stamp);
                n_marks += 1;
            }
            // The last may be torn: nobody was told that it lasts.
            None if place + 1 == places.len() => {}
            None => return None,
        }
    }
    if least.is_some_and(|(counted, n)| counted == born && n_marks < n) {
        return None;
    }
    let (folder, now) = (folder.to_owned(), boot_print());
    let leads = Leads { folder, store_id, file, boot: now, n_marks, is_doubtful: false };
    Some(Said { leads, marks, clock, boot })
}

fn header(store_id: u64, born: u64) -> [u8; HEADER_BYTES] {
    let mut bytes = [0; HEADER_BYTES];
    let words = [u64::from_be_bytes(*MAGIC), store_id, born];
    let (places, _) = bytes.as_chunks_mut::<8>();
    places.iter_mut().zip(words).for_each(|(place, word)| *place = word.to_be_bytes());
    let crc = bytes.get(..24).map_or(0, crc32fast::hash).to_be_bytes();
    if let Some(place) = bytes.get_mut(24..28) {
        place.copy_from_slice(&crc);
    }
    bytes
}

fn mark(key_print: u64, stamp: Millis) -> [u8; MARK_BYTES] {
    let mut bytes = [0; MARK_BYTES];
    let words = [0, key_print, stamp.as_ms().cast_unsigned()];
    let (places, _) = bytes.as_chunks_mut::<8>();
    places.iter_mut().zip(words).for_each(|(place, word)| *place = word.to_be_bytes());
    if let Some((crc, body)) = bytes.split_first_chunk_mut::<4>() {
        *crc = crc32fast::hash(body).to_be_bytes();
    }
    bytes
}

fn unmark(bytes: &[u8; MARK_BYTES]) -> Option<(u64, Millis)> {
    let (words, _) = bytes.as_chunks::<8>();
    let &[_, key_print, stamp] = words.first_chunk()?;
    let key_print = u64::from_be_bytes(key_print);
    let stamp = Millis::new(u64::from_be_bytes(stamp).cast_signed());
    (mark(key_print, stamp) == *bytes).then_some((key_print, stamp))
}

#[cfg(test)]
mod spec {
    use super::*;

    #[test]
    fn marks_come_back_and_what_cannot_be_believed_does_not() {
        let folder = tempfile::tempdir().unwrap();
        let (folder, disk) = (folder.path(), Disk::default());
        let (early, late) = (Millis::new(500), Millis::new(900));
        let read = |store, least| Leads::read(folder, store, least).unwrap();
        assert!(read(7, None).is_none(), "no file");
        let mut leads = Leads::create(&disk, folder, 7, early, &[(1, late)]).unwrap();
        leads.add(&disk, &[(2, early), (2, late), (1, early)], early, Vec::new).unwrap();
        leads.see(&disk, late, true).unwrap();
        let said = read(7, Some(leads.count())).unwrap();
        assert_eq!(said.clock, late);
        assert_eq!(said.marks, [(1, late), (2, late)].into_iter().collect());
        assert!(read(8, None).is_none(), "another store's");
        let good = std::fs::read(path(folder)).unwrap();
        let write = |bytes: &[u8]| {
            // In place: it is still the same file.
            File::options().write(true).truncate(true).open(path(folder)).unwrap();
            std::fs::write(path(folder), bytes).unwrap();
        };
        write(&[&good[..], &[1; 30]].concat());
        assert!(read(7, None).is_some(), "a torn tail");
        write(&good[..good.len() - MARK_BYTES]);
        assert!(read(7, None).is_some(), "nobody counted");
        assert!(read(7, Some(leads.count())).is_none(), "cut short");
        let bits = (0..28 * 8).chain(64 * 8..good.len() * 8 - MARK_BYTES * 8);
        for bit in bits {
            let mut bad = good.clone();
            bad[bit / 8] ^= 1 << (bit % 8);
            write(&bad);
            assert!(read(7, None).is_none(), "bit {bit}");
        }
        write(b"");
        assert!(read(7, None).is_none(), "empty");
        std::fs::write(folder.join("copy"), &good).unwrap();
        std::fs::rename(folder.join("copy"), path(folder)).unwrap();
        assert!(read(7, None).is_none(), "a copy");
    }

    #[test]
    fn a_file_that_grew_is_made_anew_of_what_lives() {
        let folder = tempfile::tempdir().unwrap();
        let (folder, disk, at) = (folder.path(), Disk::default(), Millis::new(5));
        let mut leads = Leads::create(&disk, folder, 7, at, &[]).unwrap();
        let many: Vec<_> = (0..SPARE + 10).map(|key| (key, at)).collect();
        leads.add(&disk, &many, at, Vec::new).unwrap();
        leads.add(&disk, &[(1, Millis::new(9))], at, || vec![(3, at)]).unwrap();
        assert_eq!(leads.count().1, 2);
        let said = Leads::read(folder, 7, None).unwrap().unwrap();
        assert_eq!(said.marks, [(1, Millis::new(9)), (3, at)].into_iter().collect());
    }
}

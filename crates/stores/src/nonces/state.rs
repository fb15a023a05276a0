//! `State`: what the nonce store knows of itself, in a small file beside the segments.
//!
//! It says which segments there are and how many records each had a second ago, who wrote them, and
//! which fences are in force. It ends in a line with its checksum, and is replaced as a whole.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};

use faregate_pipeline::time::Millis;

use super::disk_io::{Disk, is_original};
use crate::disk::{self, Lasting};

/// How much survives what.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Durability {
    /// A claim survives the death of the process. After a power cut the fence covers the rest.
    #[default]
    Os,
    /// A claim survives a power cut: calls wait for the disk, in groups.
    Disk,
}

/// The contents of `state`.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub(crate) struct State {
    /// Whose store it is: a print of the keyring's secret.
    pub(crate) store_id: u64,
    /// The kernel's boot id when it was written: the same means that only the process died.
    pub(crate) boot: String,
    /// Everything was written and synced, and the process said so.
    pub(crate) closed: bool,
    pub(crate) durability: Durability,
    /// Stamps at or before it are refused.
    pub(crate) fence: Option<Millis>,
    /// Stamps at or before it are forgotten: should the clock go back, they are refused too.
    pub(crate) forgotten: Option<Millis>,
    /// Keys that were accepted ahead of time before a loss: their stamps are refused up to here.
    pub(crate) key_fences: BTreeMap<u64, Millis>,
    /// Each with the records that it had at least.
    pub(crate) segments: BTreeMap<i64, u64>,
    /// When the file of the leads was born, and how many marks it had at least.
    pub(crate) leads: (u64, u64),
}

const FIRST_LINE: &str = "faregate nonces 2\n";

impl State {
    pub(crate) fn write(&self, disk: &Disk, folder: &Path, lasting: Lasting) -> io::Result<()> {
        let text = |born| self.text(born).into_bytes();
        disk.replace(&path(folder), text, lasting).map(drop)
    }

    /// None if there is no state of this store that can be believed; a copy cannot.
    pub(crate) fn read(folder: &Path, store_id: u64) -> io::Result<Option<Self>> {
        let Some(bytes) = disk::read(&path(folder))? else { return Ok(None) };
        let file = File::open(path(folder))?;
        let said = Self::parse(&bytes).filter(|(state, _)| state.store_id == store_id);
        Ok(said.filter(|(_, born)| is_original(&file, *born)).map(|(state, _)| state))
    }

    fn text(&self, born: u64) -> String {
        let mut text = String::from(FIRST_LINE);
        let durability = match self.durability {
            Durability::Os => "os",
            Durability::Disk => "disk",
        };
        let closed = if self.closed { "yes" } else { "no" };
        let _ = write!(text, "store {}\nborn {born}\nboot {}\n", self.store_id, self.boot);
        let _ = write!(text, "closed {closed}\ndurability {durability}\n");
        for (name, mark) in [("fence", self.fence), ("forgotten", self.forgotten)] {
            if let Some(mark) = mark {
                let _ = writeln!(text, "{name} {mark}");
            }
        }
        for (key, mark) in &self.key_fences {
            let _ = writeln!(text, "key-fence {key} {mark}");
        }
        for (number, n_records) in &self.segments {
            let _ = writeln!(text, "segment {number} {n_records}");
        }
        let _ = writeln!(text, "leads {} {}", self.leads.0, self.leads.1);
        sealed(text)
    }

    fn parse(bytes: &[u8]) -> Option<(Self, u64)> {
        let (mut state, mut born) = (Self::default(), 0);
        for line in unsealed(bytes)?.strip_prefix(FIRST_LINE)?.lines() {
            let (name, rest) = line.split_once(' ')?;
            let mark = || Some(Millis::new(rest.parse().ok()?));
            let pair = || rest.split_once(' ');
            match name {
                "store" => state.store_id = rest.parse().ok()?,
                "born" => born = rest.parse().ok()?,
                "boot" => rest.clone_into(&mut state.boot),
                "closed" => state.closed = rest == "yes",
                "durability" if rest == "disk" => state.durability = Durability::Disk,
                "durability" => state.durability = Durability::Os,
                "fence" => state.fence = Some(mark()?),
                "forgotten" => state.forgotten = Some(mark()?),
                "key-fence" => {
                    let (key, mark) = pair()?;
                    state.key_fences.insert(key.parse().ok()?, Millis::new(mark.parse().ok()?));
                }
                "segment" => {
                    let (number, n_records) = pair()?;
                    state.segments.insert(number.parse().ok()?, n_records.parse().ok()?);
                }
                "leads" => {
                    let (born, n_marks) = pair()?;
                    state.leads = (born.parse().ok()?, n_marks.parse().ok()?);
                }
                _ => return None,
            }
        }
        Some((state, born))
    }
}

/// The id that the kernel drew when it started; empty where it tells none, which is never the same.
pub(crate) fn boot_id() -> String {
    let id = std::fs::read_to_string("/proc/sys/kernel/random/boot_id").unwrap_or_default();
    id.trim().to_owned()
}

fn path(folder: &Path) -> PathBuf {
    folder.join("state")
}

fn sealed(mut text: String) -> String {
    let sum = crc32fast::hash(text.as_bytes());
    let _ = writeln!(text, "crc {sum:08x}");
    text
}

fn unsealed(bytes: &[u8]) -> Option<&str> {
    let text = std::str::from_utf8(bytes).ok()?.strip_suffix('\n')?;
    let (body, sum) = text.rsplit_once("crc ")?;
    (u32::from_str_radix(sum, 16).ok()? == crc32fast::hash(body.as_bytes())).then_some(body)
}

#[cfg(test)]
mod spec {
    use super::*;

    #[test]
    fn a_state_comes_back_and_a_changed_byte_another_store_or_a_copy_makes_it_none() {
        let folder = tempfile::tempdir().unwrap();
        let folder = folder.path();
        let state = State {
            store_id: 7,
            boot: "3f1c".into(),
            closed: true,
            durability: Durability::Disk,
            fence: Some(Millis::new(7)),
            forgotten: None,
            key_fences: [(5, Millis::new(8))].into(),
            segments: [(-1, 3), (2_940_000, 0)].into(),
            leads: (11, 2),
        };
        state.write(&Disk::default(), folder, Lasting::Process).unwrap();
        assert_eq!(State::read(folder, 7).unwrap().as_ref(), Some(&state));
        assert_eq!(State::read(folder, 8).unwrap(), None, "another store's");
        let good = std::fs::read(path(folder)).unwrap();
        for at in 0..good.len() {
            let mut bad = good.clone();
            bad[at] ^= 4;
            // In place: it is still the same file.
            std::fs::write(path(folder), bad).unwrap();
            assert_eq!(State::read(folder, 7).unwrap(), None, "byte {at}");
        }
        std::fs::write(path(folder), &good).unwrap();
        assert!(State::read(folder, 7).unwrap().is_some());
        std::fs::remove_file(path(folder)).unwrap();
        assert_eq!(State::read(folder, 7).unwrap(), None);
        std::fs::write(folder.join("other"), &good).unwrap();
        std::fs::rename(folder.join("other"), path(folder)).unwrap();
        assert_eq!(State::read(folder, 7).unwrap(), None, "a copy");
    }
}

//! What the nonce store knows of itself: two small files beside the segments.
//!
//! `state` says which segments there are, who wrote them, and which fence is in force. `high-water`
//! says how far ahead of the clock a stamp was ever accepted: it lies apart, so that whatever takes
//! the one away leaves the other. Each ends in a line with its checksum.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::io;
use std::path::{Path, PathBuf};

use faregate_pipeline::time::Millis;

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
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct State {
    /// The kernel's boot id when it was written: the same means that only the process died.
    pub(crate) boot: String,
    /// Everything was written and synced, and the process said so.
    pub(crate) closed: bool,
    pub(crate) durability: Durability,
    /// Stamps at or before it are refused.
    pub(crate) fence: Option<Millis>,
    /// Stamps at or before it are forgotten: should the clock go back, they are refused too.
    pub(crate) forgotten: Option<Millis>,
    pub(crate) segments: BTreeSet<i64>,
}

impl State {
    pub(crate) fn write(&self, folder: &Path, lasting: Lasting) -> io::Result<()> {
        disk::replace(&path(folder), self.text().as_bytes(), lasting)
    }

    /// None if there is no state that could be believed.
    pub(crate) fn read(folder: &Path) -> io::Result<Option<Self>> {
        Ok(disk::read(&path(folder))?.and_then(|bytes| Self::parse(&bytes)))
    }

    fn text(&self) -> String {
        let mut text = String::from("faregate nonces 1\n");
        let durability = match self.durability {
            Durability::Os => "os",
            Durability::Disk => "disk",
        };
        let closed = if self.closed { "yes" } else { "no" };
        let _ = write!(text, "boot {}\nclosed {closed}\ndurability {durability}\n", self.boot);
        for (name, mark) in [("fence", self.fence), ("forgotten", self.forgotten)] {
            if let Some(mark) = mark {
                let _ = writeln!(text, "{name} {mark}");
            }
        }
        for segment in &self.segments {
            let _ = writeln!(text, "segment {segment}");
        }
        sealed(text)
    }

    fn parse(bytes: &[u8]) -> Option<Self> {
        let body = unsealed(bytes)?.strip_prefix("faregate nonces 1\n")?;
        let mut state = Self {
            boot: String::new(),
            closed: false,
            durability: Durability::Os,
            fence: None,
            forgotten: None,
            segments: BTreeSet::new(),
        };
        for line in body.lines() {
            match line.split_once(' ')? {
                ("boot", id) => id.clone_into(&mut state.boot),
                ("closed", word) => state.closed = word == "yes",
                ("durability", word) => {
                    state.durability =
                        if word == "disk" { Durability::Disk } else { Durability::Os };
                }
                ("fence", ms) => state.fence = Some(Millis::new(ms.parse().ok()?)),
                ("forgotten", ms) => state.forgotten = Some(Millis::new(ms.parse().ok()?)),
                ("segment", number) => {
                    state.segments.insert(number.parse().ok()?);
                }
                _ => return None,
            }
        }
        Some(state)
    }
}

/// Writes the highest stamp that may be accepted from now on; it lasts when this returns.
pub(crate) fn write_high_water(folder: &Path, mark: Millis) -> io::Result<()> {
    let text = sealed(format!("faregate high-water 1\nstamp {mark}\n"));
    disk::replace(&folder.join("high-water"), text.as_bytes(), Lasting::Power)
}

/// None if there is no mark that could be believed.
pub(crate) fn read_high_water(folder: &Path) -> io::Result<Option<Millis>> {
    let parse = |bytes: Vec<u8>| {
        let mark = unsealed(&bytes)?.strip_prefix("faregate high-water 1\nstamp ")?;
        mark.trim_end().parse().ok().map(Millis::new)
    };
    Ok(disk::read(&folder.join("high-water"))?.and_then(parse))
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
    fn marks_come_back_and_a_changed_byte_makes_them_none() {
        let folder = tempfile::tempdir().unwrap();
        let state = State {
            boot: "3f1c".into(),
            closed: true,
            durability: Durability::Disk,
            fence: Some(Millis::new(7)),
            forgotten: None,
            segments: [-1, 2_940_000].into(),
        };
        state.write(folder.path(), Lasting::Process).unwrap();
        assert_eq!(State::read(folder.path()).unwrap(), Some(state));
        write_high_water(folder.path(), Millis::new(99)).unwrap();
        assert_eq!(read_high_water(folder.path()).unwrap(), Some(Millis::new(99)));
        for name in ["state", "high-water"] {
            let path = folder.path().join(name);
            let good = std::fs::read(&path).unwrap();
            for at in 0..good.len() {
                let mut bad = good.clone();
                bad[at] ^= 4;
                std::fs::write(&path, bad).unwrap();
                let read = match name {
                    "state" => State::read(folder.path()).unwrap().map(|_| ()),
                    _ => read_high_water(folder.path()).unwrap().map(|_| ()),
                };
                assert_eq!(read, None, "{name}, byte {at}");
            }
            std::fs::remove_file(&path).unwrap();
        }
        assert_eq!(State::read(folder.path()).unwrap(), None);
        assert_eq!(read_high_water(folder.path()).unwrap(), None);
    }
}

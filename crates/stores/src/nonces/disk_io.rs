//! `Disk`: all that the nonce store writes, step by step, so that a test can make any step fail, and
//! know what a power cut would leave instead of waiting for a real disk.
//!
//! A file's birth time is part of what it says of itself: a copy, yesterday's from a backup say, was
//! born at another moment than the file that it is a copy of, whatever its other times pretend.

use std::fs::{File, OpenOptions};
use std::io;
use std::os::unix::fs::{FileExt as _, OpenOptionsExt as _};
use std::path::Path;
use std::time::UNIX_EPOCH;

#[cfg(test)]
use super::faults::{Faults, Op};
use crate::disk::Lasting;

/// A disk, or in tests one that fails when it is told to.
#[derive(Clone, Debug, Default)]
pub(crate) struct Disk {
    #[cfg(test)]
    pub(crate) faults: Faults,
}

impl Disk {
    /// A new, empty file in place of whatever `path` was.
    pub(crate) fn create(&self, path: &Path) -> io::Result<File> {
        #[cfg(test)]
        self.faults.step(Op::Create)?;
        // Not truncated but removed: a file that is written anew is born anew.
        match std::fs::remove_file(path) {
            Err(cause) if cause.kind() != io::ErrorKind::NotFound => return Err(cause),
            Ok(()) | Err(_) => {}
        }
        let mut options = OpenOptions::new();
        options.read(true).write(true).create_new(true).mode(0o600).open(path)
    }

    pub(crate) fn open(&self, path: &Path) -> io::Result<File> {
        #[cfg(test)]
        self.faults.step(Op::Create)?;
        OpenOptions::new().read(true).write(true).open(path)
    }

    pub(crate) fn write_at(&self, file: &File, bytes: &[u8], offset: u64) -> io::Result<()> {
        #[cfg(test)]
        self.faults.write(file, bytes, offset)?;
        file.write_all_at(bytes, offset)
    }

    pub(crate) fn sync(&self, file: &File) -> io::Result<()> {
        #[cfg(test)]
        return self.faults.step(Op::Sync).map(|()| self.faults.synced(file));
        #[cfg(not(test))]
        file.sync_data()
    }

    /// Makes the names in a folder last.
    pub(crate) fn sync_folder(&self, folder: &Path) -> io::Result<()> {
        #[cfg(test)]
        return self.faults.step(Op::Sync).map(|()| self.faults.synced_folder(folder));
        #[cfg(not(test))]
        crate::disk::sync_folder(folder)
    }

    pub(crate) fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        #[cfg(test)]
        self.faults.step(Op::Rename)?;
        std::fs::rename(from, to)
    }

    /// No file is as good as a removed one.
    pub(crate) fn remove(&self, path: &Path) -> io::Result<()> {
        #[cfg(test)]
        self.faults.step(Op::Rename)?;
        match std::fs::remove_file(path) {
            Err(cause) if cause.kind() != io::ErrorKind::NotFound => Err(cause),
            Ok(()) | Err(_) => Ok(()),
        }
    }

    /// Puts a file in place of whatever `path` held: a reader finds the old or the new, never a part.
    /// `text` is told when the new one was born.
    pub(crate) fn replace(
        &self,
        path: &Path,
        text: impl FnOnce(u64) -> Vec<u8>,
        lasting: Lasting,
    ) -> io::Result<File> {
        let beside = path.with_extension("new");
        let file = self.create(&beside)?;
        self.write_at(&file, &text(born(&file)), 0)?;
        if lasting == Lasting::Power {
            self.sync(&file)?;
        }
        self.rename(&beside, path)?;
        if lasting == Lasting::Power
            && let Some(folder) = path.parent()
        {
            self.sync_folder(folder)?;
        }
        Ok(file)
    }
}

/// When the file was made, in nanoseconds; 0 where the file system does not tell.
pub(crate) fn born(file: &File) -> u64 {
    let created = file.metadata().and_then(|metadata| metadata.created()).ok();
    let since = created.and_then(|created| created.duration_since(UNIX_EPOCH).ok());
    since.and_then(|since| u64::try_from(since.as_nanos()).ok()).unwrap_or(0)
}

/// Is a file that says it was born then the very one that was. Where nobody knows, it is believed.
pub(crate) fn is_original(file: &File, said: u64) -> bool {
    let born = born(file);
    born == said || born == 0 || said == 0
}

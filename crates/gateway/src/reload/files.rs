//! Which files were read, and whether they are still the same: by their time, size and number, twice a second.
//!
//! No watcher of the kernel's: editors replace files, mounts of configuration maps replace folders, and network
//! file systems tell nobody. A look costs a `stat` a file.

use std::collections::BTreeMap;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

/// What a file looks like from outside; none while it is not there.
type Look = Option<(i64, i64, u64, u64)>;

/// How many looks a file may go on changing before it is read all the same.
const CHANGING_MAX: u32 = 4;

/// The files of the last reading.
#[derive(Debug)]
pub(super) struct Files {
    read: BTreeMap<PathBuf, Look>,
    /// As they were at the last look, where that was another.
    changing: Option<BTreeMap<PathBuf, Look>>,
    n_changing: u32,
}

impl Files {
    pub(super) fn of(paths: &[PathBuf]) -> Self {
        Self { read: look(paths.iter()), changing: None, n_changing: 0 }
    }

    /// These have been read since that look; what was not looked at before is looked at now.
    pub(super) fn read(before: &Self, paths: &[PathBuf]) -> Self {
        let mut files = Self::of(paths);
        for (path, look) in &mut files.read {
            if let Some(before) = before.read.get(path) {
                *look = *before;
            }
        }
        files
    }

    /// Has one changed, and come to rest: what is being written is not read in the middle.
    pub(super) fn have_changed(&mut self) -> bool {
        let now = look(self.read.keys());
        if now == self.read {
            (self.changing, self.n_changing) = (None, 0);
            return false;
        }
        self.n_changing = self.n_changing.saturating_add(1);
        let rests = self.changing.as_ref() == Some(&now);
        self.changing = Some(now);
        rests || self.n_changing >= CHANGING_MAX
    }
}

fn look<'a>(paths: impl Iterator<Item = &'a PathBuf>) -> BTreeMap<PathBuf, Look> {
    paths.map(|path| (path.clone(), look_at(path))).collect()
}

fn look_at(path: &Path) -> Look {
    let found = std::fs::metadata(path).ok()?;
    Some((found.mtime(), found.mtime_nsec(), found.size(), found.ino()))
}

#[cfg(test)]
mod spec {
    use super::*;

    #[test]
    fn a_change_is_seen_when_it_has_come_to_rest() {
        let folder = tempfile::tempdir().unwrap();
        let (file, other) = (folder.path().join("a"), folder.path().join("b"));
        std::fs::write(&file, "1").unwrap();
        let mut files = Files::of(&[file.clone(), other.clone()]);
        assert!(!files.have_changed(), "nothing has");
        std::fs::write(&file, "12").unwrap();
        assert!(!files.have_changed(), "it may still be written");
        assert!(files.have_changed(), "it rests");
        files = Files::of(&[file.clone(), other.clone()]);
        assert!(!files.have_changed(), "it was read");
        std::fs::write(&other, "1").unwrap();
        assert!(!files.have_changed() && files.have_changed(), "a file that came");
        files = Files::of(&[file.clone(), other]);
        std::fs::remove_file(&file).unwrap();
        assert!(!files.have_changed() && files.have_changed(), "a file that went");
    }

    #[test]
    fn a_file_that_never_rests_is_read_all_the_same() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("a");
        std::fs::write(&file, "").unwrap();
        let mut files = Files::of(std::slice::from_ref(&file));
        let mut looks = (1..).map(|n| {
            std::fs::write(&file, "x".repeat(n)).unwrap();
            files.have_changed()
        });
        assert_eq!(looks.position(|changed| changed), Some(3));
    }
}

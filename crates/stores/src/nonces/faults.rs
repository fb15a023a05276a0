//! A disk that fails at the n-th step, and one that forgets what was not synced.

use std::collections::HashMap;
use std::fs::{self, File};
use std::io;
use std::os::unix::fs::{FileExt as _, MetadataExt as _};
use std::path::Path;
use std::sync::{Arc, Mutex};

/// What is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Op {
    Create,
    Write,
    Sync,
    Rename,
}

/// What goes wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    /// ENOSPC of whatever takes space.
    NoSpace,
    /// EIO of everything.
    Broken,
    /// Half of what was to be written, then ENOSPC.
    Short,
    /// EIO of every sync.
    Sync,
}

impl Fault {
    fn hits(self, op: Op) -> bool {
        match self {
            Self::NoSpace => op != Op::Sync,
            Self::Broken => true,
            Self::Short => op == Op::Write,
            Self::Sync => op == Op::Sync,
        }
    }

    fn error(self) -> io::Error {
        let (no_space, eio) = (28, 5);
        io::Error::from_raw_os_error(match self {
            Self::NoSpace | Self::Short => no_space,
            Self::Broken | Self::Sync => eio,
        })
    }
}

#[derive(Debug, Default)]
struct Plan {
    /// Steps so far.
    n_steps: u64,
    reached: bool,
    /// From this step on, for that many steps, this.
    fault: Option<(u64, u64, Fault)>,
    /// What would survive a power cut, by inode: contents, and names by folder.
    contents: HashMap<u64, Vec<u8>>,
    names: HashMap<String, u64>,
}

/// Shared by a disk and its test.
#[derive(Clone, Debug, Default)]
pub(crate) struct Faults(Arc<Mutex<Plan>>);

impl Faults {
    pub(crate) fn begin_at(&self, n: u64, for_steps: u64, fault: Fault) {
        let mut plan = self.0.lock().unwrap();
        (plan.n_steps, plan.reached) = (0, false);
        plan.fault = Some((n, for_steps, fault));
    }

    /// The disk is good again.
    pub(crate) fn no_more(&self) {
        let mut plan = self.0.lock().unwrap();
        let fault = plan.fault.take();
        plan.reached |= fault.is_some_and(|(from, _, _)| plan.n_steps >= from);
    }

    /// Did the history ever come to the step from which something was to fail?
    pub(crate) fn reached(&self) -> bool {
        self.0.lock().unwrap().reached
    }

    pub(crate) fn step(&self, op: Op) -> io::Result<()> {
        let mut plan = self.0.lock().unwrap();
        plan.n_steps += 1;
        let n = plan.n_steps;
        match plan.fault {
            Some((from, for_steps, fault))
                if fault.hits(op) && n >= from && n < from.saturating_add(for_steps) =>
            {
                Err(fault.error())
            }
            Some(_) | None => Ok(()),
        }
    }

    pub(crate) fn write(&self, file: &File, bytes: &[u8], offset: u64) -> io::Result<()> {
        let failed = self.step(Op::Write);
        let is_short = matches!(self.0.lock().unwrap().fault, Some((_, _, Fault::Short)));
        if failed.is_err() && is_short {
            file.write_all_at(&bytes[..bytes.len() / 2], offset).unwrap();
        }
        failed
    }

    pub(crate) fn synced(&self, file: &File) {
        let metadata = file.metadata().unwrap();
        let mut bytes = vec![0; usize::try_from(metadata.len()).unwrap()];
        file.read_exact_at(&mut bytes, 0).unwrap();
        self.0.lock().unwrap().contents.insert(metadata.ino(), bytes);
    }

    pub(crate) fn synced_folder(&self, folder: &Path) {
        let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap());
        let names = entries.map(|entry| {
            (entry.file_name().into_string().unwrap(), entry.metadata().unwrap().ino())
        });
        self.0.lock().unwrap().names = names.collect();
    }

    /// Takes from the folder whatever was not synced: what a power cut leaves at the worst. The files stay
    /// the same files.
    pub(crate) fn cut_power(&self, folder: &Path) {
        let plan = self.0.lock().unwrap();
        let mut by_inode = HashMap::new();
        for entry in fs::read_dir(folder).unwrap().map(|entry| entry.unwrap()) {
            let aside = folder.with_extension(entry.metadata().unwrap().ino().to_string());
            by_inode.insert(entry.metadata().unwrap().ino(), aside.clone());
            fs::rename(entry.path(), aside).unwrap();
        }
        for (name, inode) in &plan.names {
            // A file that was removed since is there again; its inode is not, so it is another file.
            let path = folder.join(name);
            match by_inode.remove(inode) {
                Some(aside) => fs::rename(aside, &path).unwrap(),
                None => drop(File::create(&path).unwrap()),
            }
            let bytes = plan.contents.get(inode).map_or(&[][..], Vec::as_slice);
            File::options().write(true).open(&path).unwrap().set_len(0).unwrap();
            File::options().write(true).open(&path).unwrap().write_all_at(bytes, 0).unwrap();
        }
        by_inode.into_values().for_each(|aside| fs::remove_file(aside).unwrap());
    }
}

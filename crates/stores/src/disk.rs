//! Small files that are replaced as a whole, and folders whose names last.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

/// Is the file to survive a power cut when the call returns, or only the death of the process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Lasting {
    Process,
    Power,
}

/// Puts `text` in place of whatever `path` held: a reader finds the old or the new, never a part.
pub(crate) fn replace(path: &Path, text: &[u8], lasting: Lasting) -> io::Result<()> {
    let beside = path.with_extension("new");
    let mut file =
        OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&beside)?;
    file.write_all(text)?;
    if lasting == Lasting::Power {
        file.sync_all()?;
    }
    fs::rename(&beside, path)?;
    match (lasting, path.parent()) {
        (Lasting::Power, Some(folder)) => sync_folder(folder),
        (Lasting::Power, None) | (Lasting::Process, _) => Ok(()),
    }
}

/// Makes the names in `folder` last.
pub(crate) fn sync_folder(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
}

/// The file's bytes; none if there is no such file.
pub(crate) fn read(path: &Path) -> io::Result<Option<Vec<u8>>> {
    match fs::read(path) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(e) if e.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(e) => Err(e),
    }
}

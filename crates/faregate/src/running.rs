//! The demo that is running on this machine: written when it is ready, read by commands that name no other place.
//!
//! It holds the demo's own keys, so it is readable by its owner alone.

use std::collections::BTreeMap;
use std::io::Write;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::environment;

/// A running demo.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Running {
    pub(crate) pid: u32,
    pub(crate) data: PathBuf,
    pub(crate) https: String,
    #[serde(default)]
    pub(crate) http: Option<String>,
    pub(crate) ca: PathBuf,
    pub(crate) proxy: Option<String>,
    /// Where its pages are.
    #[serde(default)]
    pub(crate) pages: Option<String>,
    pub(crate) base_domain: String,
    pub(crate) accounts: BTreeMap<String, Profile>,
}

/// An account of the demo, with its key.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Profile {
    pub(crate) account_id: String,
    pub(crate) secret_id: String,
    pub(crate) secret_key: String,
}

impl Running {
    /// The demo that runs now, if one does.
    pub(crate) fn find() -> Option<Self> {
        let running: Self = serde_json::from_slice(&std::fs::read(path()?).ok()?).ok()?;
        // One that was killed could not take its file away. Where there is no /proc, it is believed.
        let processes = Path::new("/proc");
        let dead =
            processes.join("self").exists() && !processes.join(running.pid.to_string()).exists();
        (!dead).then_some(running)
    }

    /// Makes it known. Without a home there is nobody to tell.
    pub(crate) fn announce(&self) -> std::io::Result<()> {
        let Some(path) = path() else { return Ok(()) };
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder)?;
        }
        write_private(&path, &serde_json::to_vec(self)?)
    }

    /// Takes it back, unless another demo has taken its place.
    pub(crate) fn withdraw(&self) {
        let ours = Self::find().is_some_and(|running| running.pid == self.pid);
        if let (true, Some(path)) = (ours, path()) {
            drop(std::fs::remove_file(path));
        }
    }
}

/// `$XDG_STATE_HOME/faregate/demo.json` (XDG base directories: relative values are ignored).
fn path() -> Option<PathBuf> {
    let state = environment::path("XDG_STATE_HOME")
        .or_else(|| Some(environment::path("HOME")?.join(".local/state")))?;
    Some(state.join("faregate").join("demo.json"))
}

/// Writes a file that only its owner can read, whole or not at all.
pub(crate) fn write_private(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    // `tempfile` makes its files with mode 0600.
    let mut file = tempfile::NamedTempFile::new_in(folder.unwrap_or(Path::new(".")))?;
    file.write_all(bytes)?;
    file.as_file().sync_all()?;
    file.persist(path).map_err(|error| error.error)?;
    Ok(())
}

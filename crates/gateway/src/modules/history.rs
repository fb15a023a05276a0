//! Every document of a module that was served: `<data>/modules/<module>/`, one file each, and a line each in `index`.
//!
//! Plain files, for people and their tools: a document is small, changes seldom, and is wanted most when something else
//! does not work.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read as _, Seek as _, Write as _};
use std::path::{Path, PathBuf};

use aws_lc_rs::digest::{SHA256, digest as hash};
use serde::{Deserialize, Serialize};

/// How many are kept of each module.
const KEPT_MAX: usize = 100;

/// A document that was served.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Version {
    /// From 1 on.
    pub number: u32,
    /// Since when, in milliseconds since 1970.
    pub at_ms: i64,
    /// Who put it there, as the audit log names them.
    pub by: String,
    /// By what: a call, a command, a file that changed.
    pub because: String,
    /// SHA-256 of its text: the first 16 hexadecimal digits.
    pub digest: String,
}

impl Version {
    /// Is this its text.
    #[must_use]
    pub fn is_of(&self, text: &str) -> bool {
        self.digest == digest(text)
    }
}

/// The documents of one module.
#[derive(Clone, Debug)]
pub struct History {
    folder: PathBuf,
}

/// What tells one text from another, for people.
fn digest(text: &str) -> String {
    let bytes = hash(&SHA256, text.as_bytes());
    hex::encode(bytes.as_ref().get(..8).unwrap_or_default())
}

impl History {
    /// Of this module, in this data folder.
    #[must_use]
    pub fn of(data: &Path, module: &str) -> Self {
        Self { folder: data.join("modules").join(module) }
    }

    pub(super) fn folder(&self) -> &Path {
        &self.folder
    }

    /// All that are kept, oldest first.
    ///
    /// # Errors
    /// They could not be read.
    pub fn versions(&self) -> io::Result<Vec<Version>> {
        match fs::read_to_string(self.index()) {
            Ok(text) => Ok(lines(&text)),
            Err(cause) if cause.kind() == io::ErrorKind::NotFound => Ok(Vec::new()),
            Err(cause) => Err(cause),
        }
    }

    /// The document of that number.
    ///
    /// # Errors
    /// It could not be read.
    pub fn text(&self, number: u32) -> io::Result<String> {
        fs::read_to_string(self.document(number))
    }

    /// Keeps a document that is served from now on; if the newest one is the same, that is it.
    ///
    /// # Errors
    /// It could not be written.
    pub fn add(&self, text: &str, by: &str, because: &str, now_ms: i64) -> io::Result<Version> {
        fs::create_dir_all(&self.folder)?;
        let mut index = open(&self.index())?;
        // A gateway and a command may both be at it.
        index.lock()?;
        let mut read = String::new();
        index.read_to_string(&mut read)?;
        let mut all = lines(&read);
        let digest = digest(text);
        if let Some(newest) = all.last().filter(|newest| newest.digest == digest) {
            return Ok(newest.clone());
        }
        let number = all.last().map_or(1, |newest| newest.number.saturating_add(1));
        let (by, because) = (by.to_owned(), because.to_owned());
        let version = Version { number, at_ms: now_ms, by, because, digest };
        fs::write(self.document(number), text)?;
        all.push(version.clone());
        let gone = all.len().saturating_sub(KEPT_MAX);
        for old in all.drain(..gone) {
            // Whether it goes or not, the index no longer has it.
            drop(fs::remove_file(self.document(old.number)));
        }
        let written = all.iter().map(serde_json::to_string).collect::<Result<Vec<_>, _>>()?;
        index.set_len(0)?;
        index.rewind()?;
        index.write_all(format!("{}\n", written.join("\n")).as_bytes())?;
        Ok(version)
    }

    fn index(&self) -> PathBuf {
        self.folder.join("index")
    }

    fn document(&self, number: u32) -> PathBuf {
        self.folder.join(format!("{number:06}.txt"))
    }
}

fn open(path: &Path) -> io::Result<File> {
    OpenOptions::new().read(true).write(true).create(true).truncate(false).open(path)
}

/// A line that is no version is one that somebody else wrote: the others count.
fn lines(text: &str) -> Vec<Version> {
    text.lines().filter_map(|line| serde_json::from_str(line).ok()).collect()
}

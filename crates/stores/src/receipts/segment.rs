//! One file of receipts: appended to, then sealed with an index, at last deleted.
//!
//! ```text
//! <receipts>/1526896800000.log      records, then, once sealed:
//!     index     (id, offset u32), sorted by id        20 bytes each
//!     trailer   how many u32, first id, last id, magic
//! ```
//! The name is the time of its first record. Ids begin with the time of arrival, so the trailer alone
//! says of nearly every file that it does not hold an id.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::{FileExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use faregate_contract::RequestId;

use super::Kept;
use super::record::{HEAD, Records, id_of};

const MAGIC: [u8; 8] = *b"rcptidx1";
const ENTRY: usize = 20;
const TRAILER: usize = 4 + 16 + 16 + 8;

/// A file of receipts.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Name {
    pub(super) began_ms: i64,
    pub(super) path: PathBuf,
}

/// The files of a folder, oldest first.
pub(super) fn list(folder: &Path) -> io::Result<Vec<Name>> {
    let mut names = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        let stem = path.file_stem().and_then(|stem| stem.to_str());
        if path.extension().is_some_and(|extension| extension == "log")
            && let Some(began_ms) = stem.and_then(|stem| stem.parse().ok())
        {
            names.push(Name { began_ms, path });
        }
    }
    names.sort();
    Ok(names)
}

/// The file that is being written.
#[derive(Debug)]
pub(super) struct Open {
    pub(super) began_ms: i64,
    file: File,
    pub(super) n_bytes: u64,
    index: Vec<([u8; 16], u32)>,
}

impl Open {
    pub(super) fn create(folder: &Path, now_ms: i64) -> io::Result<Self> {
        let path = folder.join(format!("{now_ms:013}.log"));
        let mut options = OpenOptions::new();
        let file = options.append(true).create_new(true).mode(0o600).open(path)?;
        Ok(Self { began_ms: now_ms, file, n_bytes: 0, index: Vec::new() })
    }

    /// Appends whole records.
    pub(super) fn append(&mut self, records: &[u8]) -> io::Result<()> {
        self.file.write_all(records)?;
        for (at, body) in Records::of(records) {
            let offset = self.n_bytes.saturating_add(u64::try_from(at).unwrap_or(u64::MAX));
            if let (Some(id), Ok(offset)) = (id_of(body), u32::try_from(offset)) {
                self.index.push((id, offset));
            }
        }
        self.n_bytes =
            self.n_bytes.saturating_add(u64::try_from(records.len()).unwrap_or(u64::MAX));
        Ok(())
    }

    pub(super) fn seal(mut self) -> io::Result<()> {
        self.file.write_all(&footer(&mut self.index))
    }
}

fn footer(index: &mut [([u8; 16], u32)]) -> Vec<u8> {
    index.sort_unstable();
    let mut out = Vec::with_capacity(index.len() * ENTRY + TRAILER);
    for (id, offset) in &*index {
        out.extend_from_slice(id);
        out.extend_from_slice(&offset.to_le_bytes());
    }
    let zero = [0; 16];
    out.extend_from_slice(&u32::try_from(index.len()).unwrap_or_default().to_le_bytes());
    out.extend_from_slice(index.first().map_or(&zero, |(id, _)| id));
    out.extend_from_slice(index.last().map_or(&zero, |(id, _)| id));
    out.extend_from_slice(&MAGIC);
    out
}

/// Seals what a gateway that was killed left open; its torn end is cut off.
pub(super) fn seal_left(name: &Name) -> io::Result<()> {
    let file = OpenOptions::new().read(true).write(true).open(&name.path)?;
    if trailer(&file)?.is_some() {
        return Ok(());
    }
    let mut bytes = Vec::new();
    (&file).read_to_end(&mut bytes)?;
    let mut records = Records::of(&bytes);
    let mut index: Vec<([u8; 16], u32)> = Vec::new();
    for (at, body) in records.by_ref() {
        if let (Some(id), Ok(offset)) = (id_of(body), u32::try_from(at)) {
            index.push((id, offset));
        }
    }
    let end = u64::try_from(records.offset).unwrap_or_default();
    file.set_len(end)?;
    file.write_all_at(&footer(&mut index), end)
}

struct Trailer {
    n: u64,
    first: [u8; 16],
    last: [u8; 16],
    index_at: u64,
}

fn trailer(file: &File) -> io::Result<Option<Trailer>> {
    let length = file.metadata()?.len();
    let size = u64::try_from(TRAILER).unwrap_or_default();
    let Some(at) = length.checked_sub(size) else { return Ok(None) };
    let mut bytes = [0; TRAILER];
    file.read_exact_at(&mut bytes, at)?;
    let [n0, n1, n2, n3, ids @ .., m0, m1, m2, m3, m4, m5, m6, m7] = bytes;
    if [m0, m1, m2, m3, m4, m5, m6, m7] != MAGIC {
        return Ok(None);
    }
    let n = u64::from(u32::from_le_bytes([n0, n1, n2, n3]));
    let index_bytes = n.saturating_mul(u64::try_from(ENTRY).unwrap_or(u64::MAX));
    let (Some((first, last)), Some(index_at)) =
        (ids.split_first_chunk::<16>(), at.checked_sub(index_bytes))
    else {
        return Ok(None);
    };
    let Ok(last) = <[u8; 16]>::try_from(last) else { return Ok(None) };
    Ok(Some(Trailer { n, first: *first, last, index_at }))
}

/// Every receipt of a call that a file holds.
pub(super) fn find(name: &Name, id: RequestId) -> io::Result<Vec<Kept>> {
    let file = File::open(&name.path)?;
    match trailer(&file)? {
        Some(trailer) => in_index(&file, &trailer, *id.as_bytes()),
        None => {
            let mut bytes = Vec::new();
            (&file).read_to_end(&mut bytes)?;
            let ours = |body: &[u8]| id_of(body).as_ref() == Some(id.as_bytes());
            let found = Records::of(&bytes).filter(|(_, body)| ours(body));
            Ok(found.map(|(_, body)| Kept(body.to_vec())).collect())
        }
    }
}

fn in_index(file: &File, trailer: &Trailer, id: [u8; 16]) -> io::Result<Vec<Kept>> {
    if trailer.n == 0 || id < trailer.first || id > trailer.last {
        return Ok(Vec::new());
    }
    let entry = |n: u64| -> io::Result<([u8; 16], u64)> {
        let size = u64::try_from(ENTRY).unwrap_or_default();
        let mut bytes = [0; ENTRY];
        file.read_exact_at(&mut bytes, trailer.index_at.saturating_add(n.saturating_mul(size)))?;
        let [id @ .., o0, o1, o2, o3] = bytes;
        Ok((id, u64::from(u32::from_le_bytes([o0, o1, o2, o3]))))
    };
    let (mut low, mut high) = (0, trailer.n);
    while low < high {
        let middle = low.midpoint(high);
        if entry(middle)?.0 < id {
            low = middle.saturating_add(1);
        } else {
            high = middle;
        }
    }
    let mut found = Vec::new();
    while low < trailer.n {
        let (theirs, at) = entry(low)?;
        if theirs != id {
            break;
        }
        found.extend(record(file, at)?);
        low = low.saturating_add(1);
    }
    Ok(found)
}

fn record(file: &File, at: u64) -> io::Result<Option<Kept>> {
    let mut head = [0; HEAD];
    file.read_exact_at(&mut head, at)?;
    let [l0, l1, l2, l3, ..] = head;
    let length = u32::from_le_bytes([l0, l1, l2, l3]);
    // A body is a few texts of bounded length: anything else is a damaged file.
    let Some(length) = usize::try_from(length).ok().filter(|length| *length < 64 * 1024) else {
        return Ok(None);
    };
    let mut bytes = vec![0; HEAD.saturating_add(length)];
    file.read_exact_at(&mut bytes, at)?;
    Ok(super::record::body_at(&bytes, 0).map(|body| Kept(body.to_vec())))
}

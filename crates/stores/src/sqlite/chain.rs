//! The chain of the entries: each one's hash covers the hash before it and every column of its own.
//!
//! An entry that is changed, left out, put in or put elsewhere no longer has the hash that the next one was made
//! of. Whoever can write to the database could make all hashes anew; that is seen by whoever wrote down a
//! [`Head`] elsewhere.

use std::fmt;
use std::str::FromStr;

use aws_lc_rs::digest::{SHA256, digest};
use rusqlite::types::ValueRef;
use rusqlite::{Connection, OptionalExtension as _, Row};

use crate::error::{Fault, broken};

/// SHA-256.
pub(crate) type Hash = [u8; 32];

/// What the first entry follows.
pub(crate) const ROOT: Hash = [0; 32];

/// What an entry's hash covers, in this order.
pub(crate) const COVERED: &str =
    "seq, at_ms, request_id, debit, credit, account, amount, currency, note, way";
/// How many columns that is.
const N_COVERED: usize = 10;

/// The last entry of a ledger and its hash: written down elsewhere, it says later that nothing before it changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Head {
    /// The entry's number.
    pub seq: i64,
    /// Its hash.
    pub hash: [u8; 32],
}

impl fmt::Display for Head {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:", self.seq)?;
        self.hash.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl FromStr for Head {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || "a head is the number of an entry, `:` and 64 hexadecimal digits".to_owned();
        let (seq, digits) = text.split_once(':').ok_or_else(wrong)?;
        let seq = seq.parse().map_err(|_| wrong())?;
        let (pairs, rest) = digits.as_bytes().as_chunks::<2>();
        let mut hash = ROOT;
        if pairs.len() != hash.len() || !rest.is_empty() {
            return Err(wrong());
        }
        for (byte, pair) in hash.iter_mut().zip(pairs) {
            let pair = std::str::from_utf8(pair).map_err(|_| wrong())?;
            *byte = u8::from_str_radix(pair, 16).map_err(|_| wrong())?;
        }
        Ok(Self { seq, hash })
    }
}

/// Makes hashes; keeps its memory from one to the next.
#[derive(Default)]
pub(crate) struct Links {
    covered: Vec<u8>,
}

impl Links {
    /// The hash of an entry that follows `before`.
    pub(crate) fn hash<'v>(
        &mut self,
        before: &Hash,
        columns: impl IntoIterator<Item = ValueRef<'v>>,
    ) -> Hash {
        self.covered.clear();
        self.covered.extend_from_slice(before);
        for column in columns {
            self.cover(column);
        }
        let mut hash = ROOT;
        hash.copy_from_slice(digest(&SHA256, &self.covered).as_ref());
        hash
    }

    /// The hash of a row that begins with [`COVERED`].
    pub(crate) fn of_row(&mut self, before: &Hash, row: &Row<'_>) -> Result<Hash, Fault> {
        let mut columns = [ValueRef::Null; N_COVERED];
        for (place, column) in columns.iter_mut().enumerate() {
            *column = row.get_ref(place)?;
        }
        Ok(self.hash(before, columns))
    }

    /// Each value with its type and length: no two rows are covered by the same bytes.
    fn cover(&mut self, value: ValueRef<'_>) {
        let (kind, bytes): (u8, &[u8]) = match value {
            ValueRef::Null => (0, &[]),
            ValueRef::Integer(number) => {
                self.covered.push(1);
                self.covered.extend_from_slice(&number.to_be_bytes());
                return;
            }
            ValueRef::Real(number) => {
                self.covered.push(4);
                self.covered.extend_from_slice(&number.to_bits().to_be_bytes());
                return;
            }
            ValueRef::Text(text) => (2, text),
            ValueRef::Blob(bytes) => (3, bytes),
        };
        self.covered.push(kind);
        // SQLite's texts are at most 2^31 bytes long.
        self.covered
            .extend_from_slice(&u32::try_from(bytes.len()).unwrap_or(u32::MAX).to_be_bytes());
        self.covered.extend_from_slice(bytes);
    }
}

/// The last entry; none in an empty ledger.
pub(crate) fn head(c: &Connection) -> Result<Option<Head>, Fault> {
    let found = c
        .prepare_cached("SELECT seq, hash FROM entries ORDER BY seq DESC LIMIT 1")?
        .query_row([], |row| Ok((row.get(0)?, row.get::<_, Option<Hash>>(1)?)))
        .optional()?;
    let unchained = || broken("the last entry has no hash");
    found.map(|(seq, hash)| Ok(Head { seq, hash: hash.ok_or_else(unchained)? })).transpose()
}

/// Chains what was booked before there was a chain: part of the migration that brings it.
pub(crate) fn begin(c: &Connection) -> Result<(), Fault> {
    let mut read = c.prepare(&format!("SELECT {COVERED} FROM entries ORDER BY seq"))?;
    let mut write = c.prepare("UPDATE entries SET hash = ?2 WHERE seq = ?1")?;
    let (mut rows, mut links, mut before) = (read.query([])?, Links::default(), ROOT);
    while let Some(row) = rows.next()? {
        before = links.of_row(&before, row)?;
        write.execute((row.get::<_, i64>(0)?, before))?;
    }
    Ok(())
}

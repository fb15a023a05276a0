//! How often the mistake behind a wrong signature is looked for, where there is no sandbox.
//!
//! A search takes some milliseconds on the worker's own thread: one a SecretId and second, and so many a second in all,
//! whoever sends how much. What is remembered is this second's prints.

use std::collections::hash_map::RandomState;
use std::hash::BuildHasher;
use std::sync::{Mutex, PoisonError};

use faregate_pipeline::authn::Inquiry;
use faregate_pipeline::time::Millis;
use faregate_signing::SecretKey;

use crate::shared::Shared;

/// Most searches in one second, of all keys.
const SEARCHES_MAX: usize = 16;

/// This second's searches.
#[derive(Debug)]
pub(crate) struct Inquiries {
    nobody: SecretKey,
    hasher: RandomState,
    book: Mutex<Book>,
}

#[derive(Debug, Default)]
struct Book {
    second: i64,
    searched: Vec<u64>,
}

impl Inquiries {
    /// With a secret of nobody's, drawn for this process: were it known, unknown keys could be told by it.
    pub(crate) fn new() -> Result<Self, getrandom::Error> {
        // In the form of a real one, so that the same is tried with it.
        const LETTERS: &[u8; 62] =
            b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
        let mut bytes = [0_u8; 32];
        getrandom::fill(&mut bytes)?;
        let letter = |byte: &u8| LETTERS.get(usize::from(*byte) % LETTERS.len()).copied();
        let nobody = SecretKey::new(bytes.iter().filter_map(letter).collect::<Vec<u8>>());
        Ok(Self { nobody, hasher: RandomState::new(), book: Mutex::default() })
    }

    fn granted(&self, secret_id: &str, now: Millis) -> bool {
        let print = self.hasher.hash_one(secret_id);
        // Plain values: a panic over them would cost a search at most.
        let mut book = self.book.lock().unwrap_or_else(PoisonError::into_inner);
        if book.second != now.as_secs() {
            (book.second, book.searched) = (now.as_secs(), Vec::with_capacity(SEARCHES_MAX));
        }
        let is_granted = book.searched.len() < SEARCHES_MAX && !book.searched.contains(&print);
        if is_granted {
            book.searched.push(print);
        }
        is_granted
    }
}

impl Inquiry for Shared {
    fn granted(&self, secret_id: &str) -> bool {
        self.inquiries.granted(secret_id, self.clock.now())
    }

    fn other_secrets(&self, account: &str, but: &str) -> Vec<SecretKey> {
        // A search that goes without them finds less, and lets nobody in.
        self.stores.other_secrets(account, but).unwrap_or_default()
    }

    fn nobody(&self) -> &SecretKey {
        &self.inquiries.nobody
    }
}

#[cfg(test)]
mod spec {
    use super::*;

    #[test]
    fn one_search_a_key_and_second_and_so_many_in_all() {
        let inquiries = Inquiries::new().unwrap();
        let at = |second| Millis::from_secs(second);
        assert!(inquiries.granted("AKIDone", at(1)));
        assert!(!inquiries.granted("AKIDone", at(1)));
        assert!(inquiries.granted("AKIDtwo", at(1)));
        assert!(inquiries.granted("AKIDone", at(2)));
        let n = (0..1_000).filter(|n| inquiries.granted(&format!("AKID{n}"), at(3))).count();
        assert_eq!(n, SEARCHES_MAX);
        assert!(inquiries.granted("AKIDone", at(4)));
        assert!(inquiries.book.lock().unwrap().searched.capacity() <= SEARCHES_MAX);
    }
}

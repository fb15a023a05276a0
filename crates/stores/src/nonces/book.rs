//! `Book`: which nonces are spent, and which was each key's last. Written down before it is said.

use std::collections::{BTreeMap, HashMap};
use std::fs::File;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use faregate_pipeline::facts::{Claim, ClaimRequest};
use faregate_pipeline::time::Millis;

use super::bucket::Print;
use super::marks::State;
use super::record::{Kind, Record};
use super::segment::{self, Segment};
use crate::disk::Lasting;

/// A key's last nonce, and which claim made it the last.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Last {
    pub(crate) nonce: u64,
    pub(crate) seq: u64,
}

/// The right to give one claim back, once. Dropped, the claim stays spent.
#[derive(Debug)]
#[must_use = "a claim that may still be given back needs its ticket"]
pub struct Ticket {
    print: Print,
    stamp: Millis,
    key_print: u64,
    seq: u64,
    previous: Option<Last>,
}

#[derive(Debug)]
pub(crate) struct Book {
    pub(crate) folder: PathBuf,
    pub(crate) retention_ms: i64,
    pub(crate) segments: BTreeMap<i64, Segment>,
    pub(crate) last: HashMap<u64, Last>,
    /// The next record's.
    pub(crate) seq: u64,
    pub(crate) state: State,
    /// The state, or the names in the folder, changed since the last sync.
    pub(crate) state_dirty: bool,
    /// The wall clock as the last call saw it.
    pub(crate) now: Millis,
    /// Set when the disk failed in a way after which nothing it says can be believed.
    pub(crate) broken: Option<String>,
}

impl Book {
    /// What a claim would be. Changes nothing.
    pub(crate) fn judge(&self, claim: &ClaimRequest) -> Claim {
        let segment = self.segments.get(&segment::number(claim.stamp));
        if segment.is_some_and(|segment| segment.contains(claim.stamp, Print::of(claim.print))) {
            return Claim::Seen;
        }
        let last = self.last.get(&claim.key_print).map(|last| last.nonce);
        if claim.refuse_last_nonce && last == Some(claim.nonce) {
            return Claim::SameAsLast;
        }
        Claim::New
    }

    /// Spends a claim that was judged new under the same lock.
    pub(crate) fn spend(
        &mut self,
        claim: &ClaimRequest,
        now: Millis,
        monotonic: Instant,
    ) -> io::Result<Ticket> {
        self.now = now;
        let (seq, print) = (self.seq, Print::of(claim.print));
        let record = Record {
            kind: Kind::Claim,
            offset_ms: Segment::offset_ms(claim.stamp),
            seq,
            key_print: claim.key_print,
            nonce: claim.nonce,
            print,
        };
        self.segment(claim.stamp, now, monotonic)?.write(&record)?;
        self.seq += 1;
        let previous = self.last.insert(claim.key_print, Last { nonce: claim.nonce, seq });
        Ok(Ticket { print, stamp: claim.stamp, key_print: claim.key_print, seq, previous })
    }

    /// Makes a claim unspent. The key's last nonce is the one before again, unless the key went on.
    pub(crate) fn give_back(&mut self, ticket: &Ticket) -> io::Result<()> {
        let still_last =
            self.last.get(&ticket.key_print).is_some_and(|last| last.seq == ticket.seq);
        let kind = match (still_last, ticket.previous) {
            (false, _) => Kind::Back,
            (true, None) => Kind::BackToNone,
            (true, Some(_)) => Kind::BackTo,
        };
        let record = Record {
            kind,
            offset_ms: Segment::offset_ms(ticket.stamp),
            seq: self.seq,
            key_print: ticket.key_print,
            nonce: ticket.previous.map_or(0, |last| last.nonce),
            print: ticket.print,
        };
        // A segment that is gone is past its time, and so are the bytes that would come again.
        if let Some(segment) = self.segments.get_mut(&segment::number(ticket.stamp)) {
            segment.write(&record)?;
        }
        self.seq += 1;
        match kind {
            Kind::BackTo | Kind::BackToNone => self.set_last(ticket.key_print, ticket.previous),
            Kind::Claim | Kind::Back => {}
        }
        Ok(())
    }

    fn set_last(&mut self, key_print: u64, last: Option<Last>) {
        match last {
            Some(last) => self.last.insert(key_print, last),
            None => self.last.remove(&key_print),
        };
    }

    fn segment(
        &mut self,
        stamp: Millis,
        now: Millis,
        monotonic: Instant,
    ) -> io::Result<&mut Segment> {
        let number = segment::number(stamp);
        if !self.segments.contains_key(&number) {
            let keep_until = self.keep_until(number, now, monotonic);
            // The file first, then its name in the state: a file that the state does not name is
            // read all the same, a name without a file is a loss.
            let segment = Segment::open(&self.folder, number, keep_until)?;
            self.state.segments.insert(number);
            if let Err(cause) = self.state.write(&self.folder, Lasting::Process) {
                self.state.segments.remove(&number);
                return Err(cause);
            }
            self.state_dirty = true;
            self.segments.insert(number, segment);
        }
        self.segments.get_mut(&number).ok_or_else(|| io::Error::other("a segment was lost"))
    }

    pub(crate) fn keep_until(&self, number: i64, now: Millis, monotonic: Instant) -> Instant {
        let wait_ms = segment::last_stamp(number).plus(self.retention_ms).since(now);
        monotonic + Duration::from_millis(u64::try_from(wait_ms).unwrap_or(0))
    }

    /// Files that a sync must reach, so that every record written before this call lasts.
    pub(crate) fn take_dirty(&mut self) -> (Vec<Arc<File>>, bool) {
        let mut files = Vec::new();
        for segment in self.segments.values_mut().filter(|segment| segment.dirty) {
            segment.dirty = false;
            files.push(segment.file());
        }
        (files, std::mem::take(&mut self.state_dirty))
    }

    /// Takes out the segments that both clocks call over (a wall clock that jumps ahead and back
    /// would otherwise forget what is still good), and fences what they held.
    pub(crate) fn forget(&mut self, monotonic: Instant) -> io::Result<Vec<Segment>> {
        let over = |number: &i64, segment: &Segment| {
            self.now.since(segment::last_stamp(*number)) > self.retention_ms
                && monotonic > segment.keep_until
        };
        let numbers: Vec<i64> =
            self.segments.iter().filter(|(n, s)| over(n, s)).map(|(n, _)| *n).collect();
        let Some(highest) = numbers.last() else {
            return Ok(Vec::new());
        };
        let mut state = self.state.clone();
        state.forgotten = state.forgotten.max(Some(segment::last_stamp(*highest)));
        state.segments.retain(|number| !numbers.contains(number));
        state.write(&self.folder, Lasting::Process)?;
        self.state = state;
        self.state_dirty = true;
        Ok(numbers.iter().filter_map(|number| self.segments.remove(number)).collect())
    }

    pub(crate) fn fence(&self) -> Option<Millis> {
        self.state.fence.max(self.state.forgotten)
    }
}

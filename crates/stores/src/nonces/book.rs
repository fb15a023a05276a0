//! `Book`: which nonces are spent, and which was each key's last. Written down before it is said.

use std::collections::BTreeMap;
use std::fs::File;
use std::io;
use std::sync::Arc;
use std::time::{Duration, Instant};

use faregate_pipeline::facts::{Claim, ClaimRequest};
use faregate_pipeline::time::Millis;

use super::AHEAD_MS;
use super::bucket::Print;
use super::disk_io::Disk;
use super::keys::{KeyState, Keys, Last};
use super::record::{Kind, Record};
use super::segment::{self, Segment};
use super::state::State;

/// The right to give one claim back, once. Dropped, the claim stays spent.
#[derive(Clone, Copy, Debug)]
#[must_use = "a claim that may still be given back needs its ticket"]
pub(crate) struct Ticket {
    print: Print,
    stamp: Millis,
    key_print: u64,
    seq: u64,
    previous: Option<Last>,
}

/// What a claim would be, or what must be done before anybody can say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Judged {
    Is(Claim),
    /// Its stamp lies in a segment that is yet to be made.
    NeedsSegment(i64),
    /// Its stamp is further ahead than its key's mark.
    NeedsLead,
}

#[derive(Debug)]
pub(crate) struct Book {
    pub(crate) disk: Disk,
    pub(crate) retention_ms: i64,
    pub(crate) segments: BTreeMap<i64, Segment>,
    pub(crate) keys: Keys,
    /// The next record's.
    pub(crate) seq: u64,
    pub(crate) fence: Option<Millis>,
    pub(crate) forgotten: Option<Millis>,
    pub(crate) key_fences: BTreeMap<u64, Millis>,
    /// The clock that calls are judged by, and the machine's own, at the last claim.
    pub(crate) now: Millis,
    pub(crate) machine: Millis,
    /// Set while the disk failed in a way after which nothing it says can be believed.
    pub(crate) broken: Option<String>,
}

impl Book {
    /// What a claim would be, by the clock that calls are judged by and the machine's own. Changes nothing.
    pub(crate) fn judge(&self, claim: &ClaimRequest, now: Millis, machine: Millis) -> Judged {
        // Whoever was let in before a fence rose, and comes after, must not be first here.
        if self.fence_of(claim.key_print).is_some_and(|fence| claim.stamp <= fence) {
            return Judged::Is(Claim::BeforeFence);
        }
        let number = segment::number(claim.stamp);
        let segment = self.segments.get(&number);
        if segment.is_some_and(|segment| segment.contains(claim.stamp, Print::of(claim.print))) {
            return Judged::Is(Claim::Seen);
        }
        let key = self.keys.get(claim.key_print);
        let last = key.and_then(|key| key.last).map(|last| last.nonce);
        if claim.refuse_last_nonce && last == Some(claim.nonce) {
            return Judged::Is(Claim::SameAsLast);
        }
        if let (Some(live_max), Some(key)) = (claim.live_max, key)
            && key.n_live(self.oldest()) >= live_max
        {
            return Judged::Is(Claim::TooMany { after_s: self.wait_s(key, now) });
        }
        if segment.is_none() {
            return Judged::NeedsSegment(number);
        }
        let is_ahead = claim.stamp.since(machine) > AHEAD_MS;
        if is_ahead && key.and_then(|key| key.lead).is_none_or(|lead| lead < claim.stamp) {
            return Judged::NeedsLead;
        }
        Judged::Is(Claim::New)
    }

    /// Whole seconds until the oldest claims of a key are over, at least one.
    fn wait_s(&self, key: &KeyState, now: Millis) -> u32 {
        let oldest = key.oldest(self.oldest()).map_or(now, segment::last_stamp);
        let wait_ms = oldest.plus(self.retention_ms).since(now);
        u32::try_from(wait_ms.saturating_add(999) / 1000).unwrap_or(1).max(1)
    }

    fn oldest(&self) -> i64 {
        self.segments.keys().next().copied().unwrap_or(i64::MIN)
    }

    /// Spends a claim that was judged new under the same lock.
    pub(crate) fn spend(
        &mut self,
        claim: &ClaimRequest,
        now: Millis,
        machine: Millis,
    ) -> io::Result<Ticket> {
        (self.now, self.machine) = (now, machine);
        let (seq, print, number) = (self.seq, Print::of(claim.print), segment::number(claim.stamp));
        let record = Record {
            kind: Kind::Claim,
            offset_ms: Segment::offset_ms(claim.stamp),
            seq,
            key_print: claim.key_print,
            nonce: claim.nonce,
            print,
        };
        let lost = || io::Error::other("a segment was lost");
        self.segments.get_mut(&number).ok_or_else(lost)?.write(&self.disk, &record)?;
        self.seq += 1;
        let oldest = self.oldest();
        let mut previous = None;
        if let Some(key) = self.keys.entry(claim.key_print) {
            previous = key.last.replace(Last { nonce: claim.nonce, seq });
            key.claimed(number, oldest);
        }
        Ok(Ticket { print, stamp: claim.stamp, key_print: claim.key_print, seq, previous })
    }

    /// Makes a claim unspent. The key's last nonce is the one before again, unless the key went on.
    pub(crate) fn give_back(&mut self, ticket: &Ticket) -> io::Result<()> {
        let last = self.keys.get(ticket.key_print).and_then(|key| key.last);
        let still_last = last.is_some_and(|last| last.seq == ticket.seq);
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
            segment.write(&self.disk, &record)?;
        }
        self.seq += 1;
        self.forget_claim(ticket);
        Ok(())
    }

    /// Makes a claim unspent of which nobody was told, because its sync failed.
    pub(crate) fn unspend(&mut self, ticket: &Ticket) {
        if let Some(segment) = self.segments.get_mut(&segment::number(ticket.stamp)) {
            segment.unspend(ticket.stamp, ticket.print);
            segment.n_synced = 0;
        }
        self.forget_claim(ticket);
    }

    fn forget_claim(&mut self, ticket: &Ticket) {
        if let Some(key) = self.keys.entry(ticket.key_print) {
            key.unclaimed(segment::number(ticket.stamp));
            if key.last.is_some_and(|last| last.seq == ticket.seq) {
                key.last = ticket.previous;
            }
        }
    }

    /// Files that a sync must reach, so that every record written before this call lasts.
    pub(crate) fn unsynced(&self) -> Vec<(i64, Arc<File>, u64)> {
        let segments = self.segments.iter();
        let unsynced = segments.filter(|(_, segment)| segment.n_records() > segment.n_synced);
        unsynced.map(|(n, segment)| (*n, segment.file(), segment.n_records())).collect()
    }

    /// The segments that both clocks call over: a wall clock that jumps ahead and back would otherwise
    /// forget what is still good.
    pub(crate) fn over(&self, monotonic: Instant) -> Vec<i64> {
        let over = |number: i64, segment: &Segment| {
            self.now.since(segment::last_stamp(number)) > self.retention_ms
                && monotonic > segment.keep_until
        };
        self.segments.iter().filter(|(n, s)| over(**n, s)).map(|(n, _)| *n).collect()
    }

    /// Stamps of anybody at or before it are refused.
    pub(crate) fn fence(&self) -> Option<Millis> {
        self.fence.max(self.forgotten)
    }

    /// The same for one key.
    pub(crate) fn fence_of(&self, key_print: u64) -> Option<Millis> {
        let own = (!self.key_fences.is_empty()).then(|| self.key_fences.get(&key_print).copied());
        self.fence().max(own.flatten())
    }

    /// What is to be written of this moment. `lasts` counts only what outlasts a power cut.
    pub(crate) fn state(&self, base: &State) -> State {
        let lasts = base.durability == super::Durability::Disk;
        let count = |segment: &Segment| if lasts { segment.n_synced } else { segment.n_records() };
        State {
            fence: self.fence,
            forgotten: self.forgotten,
            key_fences: self.key_fences.clone(),
            segments: self.segments.iter().map(|(n, segment)| (*n, count(segment))).collect(),
            ..base.clone()
        }
    }
}

/// Until when the monotonic clock keeps a segment.
pub(crate) fn keep_until(
    number: i64,
    retention_ms: i64,
    now: Millis,
    monotonic: Instant,
) -> Instant {
    let wait_ms = segment::last_stamp(number).plus(retention_ms).since(now);
    monotonic + Duration::from_millis(u64::try_from(wait_ms).unwrap_or(0))
}

//! What a start makes of what it finds: reads the journal back, and fences what it cannot know.
//!
//! | found | fence |
//! | --- | --- |
//! | everything, and the boot is the same: only the process died | the old one |
//! | everything, closed properly, or kept on disk call by call | the old one |
//! | everything, but the machine restarted under `os` durability | the moment of the start; each key's lead |
//! | a segment or the state that is missing, damaged, cut, foreign or a copy | the same |
//! | that, and no leads that can be believed | now and the window: nobody knows how far ahead |
//!
//! The fence is written down before the damage is repaired: a crash in between repeats the repair.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::AtomicI64;
use std::time::Instant;

use faregate_pipeline::time::Millis;

use super::AHEAD_MS;
use super::book::{Book, keep_until};
use super::disk_io::Disk;
use super::keys::{ByPrint, Keys, Last};
use super::leads::{self, Leads, Said};
use super::load::{self, Loaded};
use super::segment;
use super::state::{self, Durability, State};
use crate::disk::Lasting;

/// The clock is written down each second, and made to last each minute; a call may take a moment.
const CLOCK_SEEN_MS: i64 = 2_000;
const CLOCK_LASTING_MS: i64 = 62_000;

/// What was found at the start, for the log.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Recovery {
    /// Nonces that are spent.
    pub(crate) n_nonces: usize,
    /// Why the fence was raised at this start; none if it was not.
    pub(crate) fenced_because: Option<String>,
}

/// How a store is opened.
#[derive(Clone, Debug)]
pub(crate) struct Setting {
    pub(crate) folder: PathBuf,
    pub(crate) store_id: u64,
    pub(crate) disk: Disk,
    pub(crate) durability: Durability,
    pub(crate) retention_ms: i64,
    /// How far ahead a stamp was ever accepted.
    pub(crate) window_ms: i64,
    /// How far the clock that calls are judged by is ahead of the machine's.
    pub(crate) ahead_ms: Arc<AtomicI64>,
}

/// Makes a new, empty store: nothing was claimed, so nothing is fenced.
pub(crate) fn create(folder: &Path, store_id: u64) -> io::Result<()> {
    begin(folder, store_id, Millis::new(0), None)
}

/// Makes an empty store in place of one that cannot be believed, which had claimed nothing after the fence.
pub(crate) fn replace(folder: &Path, store_id: u64, now: Millis, fence: Millis) -> io::Result<()> {
    // Without a state a start fences all that there may be: a crash in between is a loss, and no more than that.
    match std::fs::remove_dir_all(folder) {
        Err(cause) if cause.kind() != io::ErrorKind::NotFound => return Err(cause),
        Ok(()) | Err(_) => {}
    }
    begin(folder, store_id, now, Some(fence))
}

fn begin(folder: &Path, store_id: u64, now: Millis, fence: Option<Millis>) -> io::Result<()> {
    std::fs::create_dir_all(folder)?;
    let disk = Disk::default();
    let leads = Leads::create(&disk, folder, store_id, now, &[])?.count();
    let boot = state::boot_id();
    let state = State { store_id, boot, closed: true, fence, leads, ..State::default() };
    state.write(&disk, folder, Lasting::Power)
}

/// The store as it was left, and what had to be fenced.
pub(crate) fn open(
    setting: &Setting,
    now: Millis,
    monotonic: Instant,
    progress: &mut dyn FnMut(u64, u64),
) -> io::Result<(Book, Leads, State, Recovery)> {
    let Setting { folder, store_id, disk, .. } = setting;
    std::fs::create_dir_all(folder)?;
    let found = State::read(folder, *store_id)?;
    let boot = state::boot_id();
    let mut because = match &found {
        None => Some("the state of the nonce journal is missing, damaged or a copy".to_owned()),
        Some(state) => restarted(state, &boot),
    };
    let said = Leads::read(folder, *store_id, found.as_ref().map(|state| state.leads))?;
    let old = found.unwrap_or_default();
    let loaded = load(setting, &old, now, monotonic, progress)?;
    let present: BTreeSet<i64> = loaded.iter().map(|loaded| loaded.segment.number).collect();
    let lost = old.segments.keys().find(|number| !present.contains(number));
    let missing = lost.map(|number| format!("segment {number} of the nonce journal is missing"));
    let damage = loaded.iter().find_map(|loaded| loaded.damage.clone());
    because = because.or(missing).or(damage);

    let mut book = book(setting, &old, now);
    let damaged: Vec<i64> =
        loaded.iter().filter(|l| l.damage.is_some()).map(|l| l.segment.number).collect();
    let leads_of_journal = take(&mut book, loaded, now);
    if because.is_some() {
        fence(&mut book, setting, said.as_ref());
    }
    let base = State {
        store_id: *store_id,
        boot,
        closed: false,
        durability: setting.durability,
        leads: said.as_ref().map(|said| said.leads.count()).unwrap_or_default(),
        ..State::default()
    };
    book.state(&base).write(disk, folder, Lasting::Power)?;
    repair(&mut book, setting, &old, &damaged)?;
    let leads = keep_leads(&mut book, setting, said, leads_of_journal)?;
    let base = State { leads: leads.count(), ..base };
    book.state(&base).write(disk, folder, Lasting::Power)?;
    let n_nonces = book.segments.values().map(segment::Segment::n_prints).sum();
    Ok((book, leads, base, Recovery { n_nonces, fenced_because: because }))
}

/// Why the end of the journal may be missing; none if it cannot be.
fn restarted(state: &State, boot: &str) -> Option<String> {
    let same_boot = !boot.is_empty() && state.boot == boot;
    let kept = same_boot || state.closed || state.durability == Durability::Disk;
    (!kept).then(|| "the machine restarted and the gateway had not been closed".to_owned())
}

fn load(
    setting: &Setting,
    old: &State,
    now: Millis,
    monotonic: Instant,
    progress: &mut dyn FnMut(u64, u64),
) -> io::Result<Vec<Loaded>> {
    let Setting { folder, store_id, disk, retention_ms, .. } = setting;
    let mut wanted = Vec::new();
    for entry in std::fs::read_dir(folder)? {
        let Some(number) = segment::number_of(&entry?.path()) else { continue };
        // Forgotten and fenced, and still there because a process died in between.
        if old.forgotten.is_some_and(|forgotten| segment::last_stamp(number) <= forgotten) {
            disk.remove(&segment::path(folder, number))?;
            continue;
        }
        let at_least = old.segments.get(&number).copied().unwrap_or(0);
        wanted.push((number, at_least, keep_until(number, *retention_ms, now, monotonic)));
    }
    load::all(disk, folder, *store_id, wanted, progress)
}

fn book(setting: &Setting, old: &State, now: Millis) -> Book {
    Book {
        disk: setting.disk.clone(),
        retention_ms: setting.retention_ms,
        segments: BTreeMap::new(),
        keys: Keys::default(),
        seq: 1,
        fence: old.fence,
        forgotten: old.forgotten,
        key_fences: old.key_fences.clone(),
        now,
        machine: now,
        broken: None,
    }
}

/// Takes over what was read. Tells how far ahead of now each key has claimed, as the journal has it.
fn take(book: &mut Book, loaded: Vec<Loaded>, now: Millis) -> Vec<(u64, Millis)> {
    let mut lasts: HashMap<u64, (u64, Option<Last>), ByPrint> = HashMap::default();
    let mut highest: HashMap<u64, Millis, ByPrint> = HashMap::default();
    for Loaded { segment, keys, seq_max, .. } in loaded {
        book.seq = book.seq.max(seq_max.saturating_add(1));
        for (key, found) in &keys {
            let stamp = Millis::new(found.highest_ms);
            if stamp > now {
                let known = highest.entry(*key).or_insert(stamp);
                *known = (*known).max(stamp);
            }
            if let Some(last) = found.last {
                let newest = lasts.entry(*key).or_insert(last);
                if last.0 >= newest.0 {
                    *newest = last;
                }
            }
        }
        book.keys.add(segment.number, keys);
        book.segments.insert(segment.number, segment);
    }
    for (key, (_, last)) in lasts {
        if let Some(key) = book.keys.entry(key) {
            key.last = last;
        }
    }
    highest.into_iter().collect()
}

/// Raises the fences over whatever may be lost.
fn fence(book: &mut Book, setting: &Setting, said: Option<&Said>) {
    let start = book.now.plus(AHEAD_MS);
    let Some(said) = said else {
        book.fence = book.fence.max(Some(book.now.plus(setting.window_ms)));
        return;
    };
    // Should the clock have gone back since: what was accepted by then is not after it.
    let seen = if said.boot == leads::boot_print() { CLOCK_SEEN_MS } else { CLOCK_LASTING_MS };
    let fence = start.max(said.clock.plus(seen));
    book.fence = book.fence.max(Some(fence));
    for (key, lead) in said.marks.iter().filter(|(_, lead)| **lead > fence) {
        let own = book.key_fences.entry(*key).or_insert(*lead);
        *own = (*own).max(*lead);
    }
}

fn repair(book: &mut Book, setting: &Setting, old: &State, damaged: &[i64]) -> io::Result<()> {
    let lasts = book.keys.lasts();
    let newly_on_disk = setting.durability == Durability::Disk && old.durability == Durability::Os;
    for (number, segment) in &mut book.segments {
        if damaged.contains(number) {
            segment.write_anew(&setting.disk, &setting.folder, &lasts)?;
        } else if newly_on_disk {
            // Written under `os` durability, it may not be on disk yet.
            setting.disk.sync(&segment.file())?;
        }
        segment.n_synced = if setting.durability == Durability::Disk || damaged.contains(number) {
            segment.n_records()
        } else {
            0
        };
    }
    Ok(())
}

/// The leads as they were, or made anew: of the journal, and so that no claim of now is before them.
fn keep_leads(
    book: &mut Book,
    setting: &Setting,
    said: Option<Said>,
    of_journal: Vec<(u64, Millis)>,
) -> io::Result<Leads> {
    let Setting { folder, store_id, disk, .. } = setting;
    let (leads, marks) = match said {
        Some(Said { leads, marks, .. }) => (Some(leads), marks.into_iter().collect()),
        None => (None, of_journal),
    };
    for (key, mark) in &marks {
        if let Some(key) = book.keys.entry(*key) {
            key.lead = Some(*mark);
        }
    }
    match leads {
        Some(leads) => Ok(leads),
        None => Leads::create(disk, folder, *store_id, book.now, &marks),
    }
}

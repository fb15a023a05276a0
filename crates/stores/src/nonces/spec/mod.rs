//! What a restart remembers, and what it fences when something is lost.

mod failing;
mod losses;
mod model;

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use faregate_pipeline::facts::{Claim, ClaimRequest, Verdict};
use faregate_pipeline::time::Millis;

use super::disk_io::Disk;
use super::record::RECORD_BYTES;
use super::segment::HEADER_BYTES;
use super::state::State;
use super::*;
use crate::conformance::TEN;
use crate::conformance::nonces::claim;
use crate::disk::Lasting;

const WINDOW_MS: i64 = 7_200_000;

const STORE: u64 = 7;

fn new_folder() -> (tempfile::TempDir, PathBuf) {
    // In memory where that can be: thousands of stores are made, and no real disk is asked anything.
    let memory = Path::new("/dev/shm");
    let folder = match memory.is_dir() {
        true => tempfile::tempdir_in(memory).unwrap(),
        false => tempfile::tempdir().unwrap(),
    };
    let path = folder.path().join("nonces");
    recovery::create(&path, STORE).unwrap();
    (folder, path)
}

fn setting(folder: &Path, durability: Durability) -> Setting {
    Setting {
        folder: folder.to_owned(),
        store_id: STORE,
        disk: Disk::default(),
        durability,
        retention_ms: WINDOW_MS,
        window_ms: WINDOW_MS,
        ahead_ms: Arc::default(),
    }
}

fn open(folder: &Path, durability: Durability, now: Millis) -> Nonces {
    Nonces::open(&setting(folder, durability), now, &mut |_, _| {}).unwrap()
}

fn try_enter(
    nonces: &Nonces,
    claim: &ClaimRequest,
    now: Millis,
) -> Result<(Claim, Option<Ticket>), StoreDown> {
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    Ok(match runtime.block_on(nonces.enter(claim, now, || Ok(Verdict::default())))? {
        Entered::Refused(claim) => (claim, None),
        Entered::NotTaken(_) => panic!("no cell was asked"),
        Entered::Taken(_, ticket) => (Claim::New, Some(ticket)),
    })
}

fn enter(nonces: &Nonces, claim: &ClaimRequest, now: Millis) -> (Claim, Option<Ticket>) {
    try_enter(nonces, claim, now).unwrap()
}

/// Kills the process: the files stay as they are this moment, and stay the same files.
fn killed(nonces: Nonces, folder: &Path) -> PathBuf {
    let aside = folder.with_extension("aside");
    fs::rename(folder, &aside).unwrap();
    // Whatever it still wants to say, it says to nobody: the folder is not there.
    drop(nonces);
    // The keeper may have had a file open; what counts is that it did not say "closed".
    fs::rename(aside, folder).unwrap();
    folder.to_owned()
}

fn segments(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let mut paths: Vec<_> = entries.filter(|path| segment::number_of(path).is_some()).collect();
    paths.sort();
    paths
}

fn flip(path: &Path, at: usize) {
    let mut bytes = fs::read(path).unwrap();
    bytes[at] ^= 1;
    fs::write(path, bytes).unwrap();
}

fn rewrite_state(folder: &Path, change: impl FnOnce(&mut State)) {
    let mut state = State::read(folder, STORE).unwrap().unwrap();
    change(&mut state);
    state.write(&Disk::default(), folder, Lasting::Process).unwrap();
}

/// The machine restarts.
fn reboot(folder: &Path) {
    rewrite_state(folder, |state| state.boot = "another".into());
}

fn fence_of(nonces: &Nonces, key: u64) -> Option<Millis> {
    nonces.fence(|| key)
}

#[test]
fn what_was_accepted_ahead_of_time_fences_its_own_key_and_nobody_else() {
    let (_root, folder) = new_folder();
    let nonces = open(&folder, Durability::Os, TEN);
    let ahead = claim(1, 7, TEN.plus(3_600_000));
    assert_eq!(enter(&nonces, &ahead, TEN).0, Claim::New);
    let folder = killed(nonces, &folder);
    reboot(&folder);
    let again = open(&folder, Durability::Os, TEN.plus(1_000));
    assert!(fence_of(&again, 1) >= Some(ahead.stamp), "{:?}", fence_of(&again, 1));
    assert!(fence_of(&again, 2) <= Some(TEN.plus(5_000)), "{:?}", fence_of(&again, 2));
    assert_eq!(enter(&again, &claim(1, 8, ahead.stamp), TEN).0, Claim::BeforeFence);
    let soon = TEN.plus(6_000);
    assert_eq!(enter(&again, &claim(2, 8, soon), soon).0, Claim::New);
    // The fence of the key outlives the next start too.
    drop(again);
    let third = open(&folder, Durability::Os, TEN.plus(2_000));
    assert!(fence_of(&third, 1) >= Some(ahead.stamp));
    assert_eq!(third.recovery.fenced_because, None);
}

#[test]
fn what_a_sandbox_accepted_by_a_clock_set_ahead_is_fenced_when_it_goes_back() {
    let (_root, folder) = new_folder();
    let setting = setting(&folder, Durability::Os);
    setting.ahead_ms.store(3 * 3_600_000, Ordering::Relaxed);
    let shifted = TEN.plus(3 * 3_600_000);
    let nonces = Nonces::open(&setting, TEN, &mut |_, _| {}).unwrap();
    let stamped_now = claim(1, 7, shifted);
    assert_eq!(enter(&nonces, &stamped_now, shifted).0, Claim::New);
    nonces.shared.beat().unwrap();
    // The clock goes back: nothing is forgotten, though the shifted clock had called much of it over.
    setting.ahead_ms.store(0, Ordering::Relaxed);
    assert_eq!(enter(&nonces, &stamped_now, TEN).0, Claim::Seen);
    // And with the machine lost, the key's lead fences it, and the machine's own clock all others.
    let folder = killed(nonces, &folder);
    reboot(&folder);
    let again = open(&folder, Durability::Os, TEN.plus(1_000));
    assert!(fence_of(&again, 1) >= Some(shifted), "{:?}", fence_of(&again, 1));
    assert!(fence_of(&again, 2) <= Some(TEN.plus(62_000)), "{:?}", fence_of(&again, 2));
}

#[test]
fn a_second_of_skew_needs_no_lead_and_more_needs_one_a_minute() {
    let (_root, folder) = new_folder();
    let nonces = open(&folder, Durability::Os, TEN);
    let n_marks = || nonces.shared.files.lock().unwrap().leads.count().1;
    for (nonce, ahead_ms, n) in [(1, 1_000, 0), (2, 1_001, 1), (3, 61_001, 1), (4, 61_002, 2)] {
        assert_eq!(enter(&nonces, &claim(1, nonce, TEN.plus(ahead_ms)), TEN).0, Claim::New);
        assert_eq!(n_marks(), n, "{ahead_ms} ms ahead");
    }
}

#[test]
fn a_proper_close_needs_no_fence_even_after_a_restart_of_the_machine() {
    let (_root, folder) = new_folder();
    let nonces = open(&folder, Durability::Os, TEN);
    assert_eq!(enter(&nonces, &claim(1, 7, TEN), TEN).0, Claim::New);
    drop(nonces);
    rewrite_state(&folder, |state| {
        assert!(state.closed);
        state.boot = "another".into();
    });
    let again = open(&folder, Durability::Os, TEN);
    assert_eq!((fence_of(&again, 1), again.recovery.n_nonces), (None, 1));
    assert_eq!(enter(&again, &claim(1, 7, TEN), TEN).0, Claim::Seen);
    assert!(!State::read(&folder, STORE).unwrap().unwrap().closed, "open again");
}

#[test]
fn only_when_both_clocks_say_so_a_segment_goes_and_what_it_held_is_fenced() {
    let (_root, folder) = new_folder();
    let nonces = open(&folder, Durability::Os, TEN);
    let old = claim(1, 7, TEN);
    assert_eq!(enter(&nonces, &old, TEN).0, Claim::New);
    let later = TEN.plus(WINDOW_MS + 600_000);
    assert_eq!(enter(&nonces, &claim(1, 8, later), later).0, Claim::New);
    let started = clock::monotonic();
    let hours = |n: u64| started + Duration::from_secs(3_600 * n);
    // The wall clock jumped, the monotonic one did not.
    nonces.shared.forget(started).unwrap();
    assert_eq!((segments(&folder).len(), fence_of(&nonces, 1)), (2, None));
    assert_eq!(enter(&nonces, &old, TEN).0, Claim::Seen, "the clock went back");
    // The monotonic clock ran, the wall clock went back.
    assert_eq!(enter(&nonces, &claim(1, 9, TEN), TEN).0, Claim::New);
    nonces.shared.forget(hours(3)).unwrap();
    assert_eq!(segments(&folder).len(), 2);
    assert_eq!(enter(&nonces, &claim(1, 10, later), later).0, Claim::New);
    nonces.shared.forget(hours(3)).unwrap();
    assert_eq!(segments(&folder).len(), 1);
    assert_eq!(fence_of(&nonces, 1), Some(TEN.plus(599_999)));
    assert_eq!(enter(&nonces, &old, TEN).0, Claim::BeforeFence, "forgotten is not new");
    drop(nonces);
    let again = open(&folder, Durability::Os, TEN);
    assert_eq!(fence_of(&again, 1), Some(TEN.plus(599_999)), "the fence outlives the process");
}

#[test]
fn a_record_is_40_bytes_in_chunks_and_a_refused_quota_writes_none() {
    let (_root, folder) = new_folder();
    let nonces = open(&folder, Durability::Os, TEN);
    for nonce in 0..5 {
        let _ticket = enter(&nonces, &claim(1, nonce, TEN), TEN);
    }
    let n_records = || nonces.shared.book().unwrap().segments.values().next().unwrap().n_records();
    let length = fs::metadata(&segments(&folder)[0]).unwrap().len();
    assert_eq!(length, HEADER_BYTES + 1_600 * RECORD_BYTES as u64);
    assert_eq!(n_records(), 5);
    let (_, ticket) = enter(&nonces, &claim(1, 5, TEN), TEN);
    nonces.give_back(&ticket.unwrap()).unwrap();
    assert_eq!(n_records(), 7);
}

#[test]
fn a_key_has_as_many_live_as_it_may_and_then_waits_for_the_oldest() {
    let (_root, folder) = new_folder();
    let nonces = open(&folder, Durability::Os, TEN);
    let with_max =
        |key, nonce, stamp| ClaimRequest { live_max: Some(3), ..claim(key, nonce, stamp) };
    let later = TEN.plus(600_000);
    let (_, ticket) = enter(&nonces, &with_max(1, 1, TEN), TEN);
    for (nonce, stamp) in [(2, TEN), (3, later)] {
        assert_eq!(enter(&nonces, &with_max(1, nonce, stamp), TEN).0, Claim::New);
    }
    // The segment of ten o'clock ends at 10:10, and its stamps two hours later.
    let full = Claim::TooMany { after_s: 7_200 + 600 };
    assert_eq!(enter(&nonces, &with_max(1, 4, later), TEN).0, full);
    assert_eq!(enter(&nonces, &with_max(1, 3, later), TEN).0, Claim::Seen, "a copy is a copy");
    assert_eq!(enter(&nonces, &with_max(2, 4, later), TEN).0, Claim::New, "another key");
    drop(nonces);
    let nonces = open(&folder, Durability::Os, TEN);
    assert_eq!(enter(&nonces, &with_max(1, 4, later), TEN).0, full, "counted after a restart");
    nonces.give_back(&ticket.unwrap()).unwrap();
    assert_eq!(enter(&nonces, &with_max(1, 4, later), TEN).0, Claim::New, "one was given back");
    assert_eq!(enter(&nonces, &with_max(1, 5, later), TEN).0, full);
    let over = TEN.plus(WINDOW_MS + 600_001);
    assert_eq!(enter(&nonces, &claim(3, 1, over), over).0, Claim::New);
    nonces.shared.forget(clock::monotonic() + Duration::from_secs(36_000)).unwrap();
    assert_eq!(enter(&nonces, &with_max(1, 5, over), over).0, Claim::New, "the oldest are over");
}

//! What a restart remembers, and what it fences when something is lost.

use std::collections::{HashMap, HashSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use faregate_pipeline::facts::{Claim, ClaimRequest, Verdict};
use faregate_pipeline::time::Millis;
use proptest::prelude::*;

use super::marks::State;
use super::record::RECORD_BYTES;
use super::*;
use crate::conformance::TEN;
use crate::conformance::nonces::claim;

const WINDOW_MS: i64 = 7_200_000;

fn new_folder() -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("nonces");
    recovery::create(&path).unwrap();
    (folder, path)
}

fn open(folder: &Path, durability: Durability, now: Millis) -> Nonces {
    Nonces::open(folder, durability, WINDOW_MS, (now, Arc::default())).unwrap()
}

fn enter(nonces: &Nonces, claim: &ClaimRequest, now: Millis) -> (Claim, Option<Ticket>) {
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let entered = runtime.block_on(nonces.enter(claim, now, || Ok(Verdict::default()))).unwrap();
    match entered {
        Entered::Refused(claim) => (claim, None),
        Entered::NotTaken(_) => panic!("no cell was asked"),
        Entered::Taken(_, ticket) => (Claim::New, Some(ticket)),
    }
}

/// The folder as it is this moment: what a process that is killed now leaves.
fn killed(folder: &Path, to: &Path) -> PathBuf {
    let copy = to.join("copy");
    if copy.exists() {
        fs::remove_dir_all(&copy).unwrap();
    }
    fs::create_dir(&copy).unwrap();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        fs::copy(&path, copy.join(path.file_name().unwrap())).unwrap();
    }
    copy
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
    let mut state = State::read(folder).unwrap().unwrap();
    change(&mut state);
    state.write(folder, Lasting::Process).unwrap();
}

/// Claims stamped 20 minutes before ten, at ten, and 10 s ahead (so the high-water mark is at 70 s);
/// then the process is killed, `damage` is done, and it starts again at ten past ten.
#[track_caller]
fn verify(what: &str, durability: Durability, damage: impl FnOnce(&Path), fence: Option<Millis>) {
    let (root, folder) = new_folder();
    let nonces = open(&folder, durability, TEN);
    let stamps = [TEN.plus(-1_200_000), TEN, TEN.plus(10_000)];
    let claims: Vec<_> = (7..).zip(stamps).map(|(nonce, at)| claim(1, nonce, at)).collect();
    for claim in &claims {
        assert_eq!(enter(&nonces, claim, TEN).0, Claim::New, "{what}");
    }
    let copy = killed(&folder, root.path());
    damage(&copy);
    let again = open(&copy, durability, TEN.plus(600_000));
    assert_eq!(again.fence(), fence, "{what}");
    assert_eq!(again.recovery.fenced_because.is_some(), fence.is_some(), "{what}");
    for claim in &claims {
        // Whatever was forgotten lies behind the fence.
        if fence.is_none_or(|fence| claim.stamp > fence) {
            assert_eq!(enter(&again, claim, TEN.plus(600_000)).0, Claim::Seen, "{what}");
        }
    }
    if fence.is_none() {
        let last = claim(1, 9, TEN.plus(11_000));
        assert_eq!(enter(&again, &last, TEN.plus(600_000)).0, Claim::SameAsLast, "{what}");
    }
    // A second start finds nothing more to fence.
    drop(again);
    let third = open(&copy, durability, TEN.plus(660_000));
    assert_eq!((third.fence(), third.recovery.fenced_because.clone()), (fence, None), "{what}");
}

#[test]
fn a_restart_forgets_nothing_or_fences_it() {
    use Durability::{Disk, Os};
    let now = Some(TEN.plus(600_000 + AHEAD_MS));
    let window = Some(TEN.plus(600_000 + WINDOW_MS));
    let reboot = |path: &Path| rewrite_state(path, |state| state.boot = "another".into());
    let tear = |path: &Path| {
        let last = segments(path).pop().unwrap();
        let mut bytes = fs::read(&last).unwrap();
        bytes.extend([1, 2, 3]);
        fs::write(last, bytes).unwrap();
    };
    verify("killed", Os, |_| {}, None);
    verify("killed, on disk", Disk, |_| {}, None);
    verify("a power cut", Os, reboot, now);
    verify("a power cut, on disk", Disk, reboot, None);
    verify("a torn tail", Os, tear, None);
    verify("a flipped bit", Os, |path| flip(&segments(path)[0], 20), now);
    verify("a flipped bit in the last record", Os, |path| flip(&segments(path)[1], 50), now);
    verify("a missing segment", Os, |path| fs::remove_file(&segments(path)[0]).unwrap(), now);
    verify("no state", Os, |path| fs::remove_file(path.join("state")).unwrap(), now);
    verify("a damaged state", Os, |path| flip(&path.join("state"), 30), now);
    verify(
        "no mark, but the journal",
        Os,
        |path| fs::remove_file(path.join("high-water")).unwrap(),
        None,
    );
    let both = |path: &Path| {
        fs::remove_file(path.join("high-water")).unwrap();
        flip(&segments(path)[0], 20);
    };
    verify("both", Os, both, window);
    verify("all of it", Os, |path| fs::remove_dir_all(path).unwrap(), window);
}

#[test]
fn what_was_accepted_ahead_of_time_is_fenced_by_its_mark() {
    let (root, folder) = new_folder();
    let nonces = open(&folder, Durability::Os, TEN);
    let ahead = claim(1, 7, TEN.plus(3_600_000));
    assert_eq!(enter(&nonces, &ahead, TEN).0, Claim::New);
    let copy = killed(&folder, root.path());
    rewrite_state(&copy, |state| state.boot = "another".into());
    let again = open(&copy, Durability::Os, TEN.plus(1_000));
    assert!(again.fence() >= Some(ahead.stamp), "{:?}", again.fence());
    // A second of skew is not ahead: the fence at the loss covers it.
    let (_root, folder) = new_folder();
    let nonces = open(&folder, Durability::Os, TEN);
    assert_eq!(enter(&nonces, &claim(1, 7, TEN.plus(1_000)), TEN).0, Claim::New);
    assert_eq!(marks::read_high_water(&folder).unwrap(), Some(Millis::new(0)));
}

#[test]
fn what_a_sandbox_accepted_by_a_clock_set_ahead_is_fenced_when_it_goes_back() {
    let (root, folder) = new_folder();
    let ahead_ms = Arc::new(AtomicI64::new(3 * 3_600_000));
    let shifted = TEN.plus(3 * 3_600_000);
    let nonces =
        Nonces::open(&folder, Durability::Os, WINDOW_MS, (TEN, Arc::clone(&ahead_ms))).unwrap();
    let stamped_now = claim(1, 7, shifted);
    assert_eq!(enter(&nonces, &stamped_now, shifted).0, Claim::New);
    // The clock goes back: nothing is forgotten, though the shifted clock had called much of it over.
    ahead_ms.store(0, Ordering::Relaxed);
    assert_eq!(enter(&nonces, &stamped_now, TEN).0, Claim::Seen);
    // And with the machine lost, the machine's own clock fences it.
    let copy = killed(&folder, root.path());
    rewrite_state(&copy, |state| state.boot = "another".into());
    let again = open(&copy, Durability::Os, TEN.plus(1_000));
    assert!(again.fence() >= Some(shifted), "{:?}", again.fence());
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
    assert_eq!((again.fence(), again.recovery.n_nonces), (None, 1));
    assert_eq!(enter(&again, &claim(1, 7, TEN), TEN).0, Claim::Seen);
    assert!(!State::read(&folder).unwrap().unwrap().closed, "open again");
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
    assert_eq!((segments(&folder).len(), nonces.fence()), (2, None));
    assert_eq!(enter(&nonces, &old, TEN).0, Claim::Seen, "the clock went back");
    // The monotonic clock ran, the wall clock went back.
    assert_eq!(enter(&nonces, &claim(1, 9, TEN), TEN).0, Claim::New);
    nonces.shared.forget(hours(3)).unwrap();
    assert_eq!(segments(&folder).len(), 2);
    assert_eq!(enter(&nonces, &claim(1, 10, later), later).0, Claim::New);
    nonces.shared.forget(hours(3)).unwrap();
    assert_eq!(segments(&folder).len(), 1);
    assert_eq!(nonces.fence(), Some(TEN.plus(599_999)));
    let claim = ClaimRequest { refuse_last_nonce: false, ..old };
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let entered = runtime.block_on(nonces.enter(&claim, TEN, || Ok(Verdict::default())));
    assert!(entered.is_err(), "forgotten is not new");
    drop(nonces);
    let again = open(&folder, Durability::Os, TEN);
    assert_eq!(again.fence(), Some(TEN.plus(599_999)), "the fence outlives the process");
}

#[test]
fn a_disk_that_fails_is_never_new() {
    let (_root, folder) = new_folder();
    let nonces = open(&folder, Durability::Os, TEN);
    fs::remove_dir_all(&folder).unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let take = || Ok(Verdict::default());
    let no_segment = runtime.block_on(nonces.enter(&claim(1, 7, TEN), TEN, take));
    assert!(no_segment.is_err());
    let no_mark = runtime.block_on(nonces.enter(&claim(1, 7, TEN.plus(5_000)), TEN, take));
    assert!(no_mark.is_err());
    nonces.shared.break_down(&std::io::Error::other("EIO"));
    assert!(nonces.healthy().is_err());
}

#[test]
fn a_record_is_44_bytes_and_a_refused_quota_writes_none() {
    let (_root, folder) = new_folder();
    let nonces = open(&folder, Durability::Os, TEN);
    for nonce in 0..5 {
        let _ticket = enter(&nonces, &claim(1, nonce, TEN), TEN);
    }
    let length = || fs::metadata(&segments(&folder)[0]).unwrap().len();
    assert_eq!(length(), 5 * u64::try_from(RECORD_BYTES).unwrap());
    let (_, ticket) = enter(&nonces, &claim(1, 5, TEN), TEN);
    nonces.give_back(&ticket.unwrap()).unwrap();
    assert_eq!(length(), 7 * u64::try_from(RECORD_BYTES).unwrap());
}

#[derive(Clone, Debug)]
enum Op {
    Claim { key: u64, nonce: u64, stamp_s: i64 },
    GiveBackLast,
    Kill,
    Close,
}

fn any_op() -> impl Strategy<Value = Op> {
    prop_oneof![
        12 => (0..3_u64, 0..5_u64, -2_i64..3).prop_map(|(key, nonce, minutes)| Op::Claim {
            key,
            nonce,
            stamp_s: minutes * 300,
        }),
        3 => Just(Op::GiveBackLast),
        1 => Just(Op::Kill),
        1 => Just(Op::Close),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn the_journal_is_a_set_that_survives(ops in proptest::collection::vec(any_op(), 0..80)) {
        let (root, mut folder) = new_folder();
        let mut nonces = open(&folder, Durability::Os, TEN);
        let (mut spent, mut last) = (HashSet::new(), HashMap::new());
        let mut given: Option<(Ticket, ClaimRequest, Option<u64>)> = None;
        for (n, op) in ops.into_iter().enumerate() {
            match op {
                Op::Claim { key, nonce, stamp_s } => {
                    let request = claim(key, nonce, TEN.plus(stamp_s * 1000));
                    let expected = if spent.contains(&request.print) {
                        Claim::Seen
                    } else if last.get(&key) == Some(&nonce) {
                        Claim::SameAsLast
                    } else {
                        Claim::New
                    };
                    let (became, ticket) = enter(&nonces, &request, TEN);
                    prop_assert_eq!(became, expected);
                    if let Some(ticket) = ticket {
                        spent.insert(request.print);
                        given = Some((ticket, request, last.insert(key, nonce)));
                    }
                }
                Op::GiveBackLast => {
                    let Some((ticket, request, previous)) = given.take() else { continue };
                    nonces.give_back(&ticket).unwrap();
                    spent.remove(&request.print);
                    match previous {
                        Some(nonce) => last.insert(request.key_print, nonce),
                        None => last.remove(&request.key_print),
                    };
                }
                Op::Kill => {
                    let to = root.path().join(n.to_string());
                    fs::create_dir(&to).unwrap();
                    folder = killed(&folder, &to);
                    given = None;
                    nonces = open(&folder, Durability::Os, TEN);
                }
                Op::Close => {
                    given = None;
                    drop(nonces);
                    nonces = open(&folder, Durability::Os, TEN);
                }
            }
            prop_assert_eq!(nonces.fence(), None);
        }
    }
}

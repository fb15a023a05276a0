//! A disk that fails at every step in turn: no replay, no panic, 6200 until it is good again, then by itself.

use std::collections::HashSet;

use super::super::faults::{Fault, Faults};
use super::*;

/// One history on a disk that may fail at any step.
struct History {
    folder: PathBuf,
    setting: Setting,
    faults: Faults,
    accepted: Vec<ClaimRequest>,
    n_down: usize,
}

impl History {
    fn claim(&mut self, nonces: &Nonces, claim: &ClaimRequest) -> Option<Ticket> {
        match try_enter(nonces, claim, TEN) {
            Ok((Claim::New, ticket)) => {
                self.accepted.push(*claim);
                ticket
            }
            Ok((became, _)) => panic!("{claim:?} became {became:?}"),
            Err(_) => {
                self.n_down += 1;
                None
            }
        }
    }

    /// Claims in four segments, ahead and behind; one given back; rounds of the keeper between them.
    fn live(&mut self) {
        // A gateway that cannot open its store does not start, and so accepts nothing.
        let Ok(nonces) = Nonces::open(&self.setting, TEN, &mut |_, _| {}) else {
            self.n_down += 1;
            return;
        };
        let round = |n| keeper::round(&nonces.shared, clock::monotonic() + Duration::from_secs(n));
        for (nonce, ms) in (1..).zip([0, 500, 5_000, -700_000, 1_900_000, 0]) {
            let _ticket = self.claim(&nonces, &claim(nonce % 2, nonce, TEN.plus(ms)));
            if nonce % 2 == 0 {
                round(0);
            }
        }
        let back = claim(3, 50, TEN);
        if let Some(ticket) = self.claim(&nonces, &back)
            && nonces.give_back(&ticket).is_ok()
        {
            self.accepted.pop();
        }
        round(7_200);
        self.copies(&nonces);
        // The disk is good again: a round later so is the store.
        self.faults.no_more();
        round(7_200);
        self.copies(&nonces);
        let fresh = claim(1, 60, TEN.plus(700));
        assert_eq!(enter(&nonces, &fresh, TEN).0, Claim::New);
        self.accepted.push(fresh);
        self.copies(&nonces);
        self.folder = killed(nonces, &self.folder);
    }

    #[track_caller]
    fn copies(&mut self, nonces: &Nonces) {
        for claim in &self.accepted {
            match try_enter(nonces, claim, TEN) {
                Ok((Claim::Seen | Claim::BeforeFence, _)) => {}
                Ok((became, _)) => panic!("{claim:?} became {became:?}"),
                Err(_) => self.n_down += 1,
            }
        }
    }

    fn opened(&self) -> Nonces {
        Nonces::open(&self.setting, TEN, &mut |_, _| {}).unwrap()
    }
}

/// Runs the history with this fault from step `n` on, for that many steps; then the process is killed, or
/// the power is cut. False when the history ended before the fault came.
fn fails_at(n: u64, for_steps: u64, fault: Fault, durability: Durability, power_cut: bool) -> bool {
    let (_root, folder) = new_folder();
    let faults = Faults::default();
    let disk = Disk { faults: faults.clone() };
    let mut setting = setting(&folder, durability);
    // What `create` made is on disk.
    let synced = || fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path());
    synced().for_each(|path| faults.synced(&fs::File::open(path).unwrap()));
    faults.synced_folder(&folder);
    setting.disk = disk;
    faults.begin_at(n, for_steps, fault);
    let mut history = History { folder, setting, faults, accepted: Vec::new(), n_down: 0 };
    history.live();
    history.faults.no_more();
    if power_cut {
        history.faults.cut_power(&history.folder);
        if State::read(&history.folder, STORE).unwrap().is_some() {
            reboot(&history.folder);
        }
    }
    let again = history.opened();
    let n_down = history.n_down;
    history.copies(&again);
    assert_eq!(history.n_down, n_down, "the disk is good");
    let prints: HashSet<u128> = history.accepted.iter().map(|claim| claim.print).collect();
    assert_eq!(prints.len(), history.accepted.len(), "accepted twice");
    history.faults.reached()
}

fn at_every_step(fault: Fault, durability: Durability, power_cut: bool) {
    // Once, for good, and in a soak for a while.
    let soak = std::env::var_os("FAREGATE_SOAK").is_some();
    for for_steps in [1, u64::MAX].into_iter().chain(soak.then_some(3)) {
        let n_last = (1..).find(|n| !fails_at(*n, for_steps, fault, durability, power_cut));
        assert!(n_last > Some(10), "the fault was met at {n_last:?} steps only");
    }
}

#[test]
fn no_step_that_fails_lets_a_copy_in() {
    for fault in [Fault::NoSpace, Fault::Broken, Fault::Short, Fault::Sync] {
        at_every_step(fault, Durability::Os, false);
        at_every_step(fault, Durability::Disk, false);
    }
}

#[test]
fn nor_does_a_power_cut_after_it() {
    for fault in [Fault::Broken, Fault::Sync] {
        at_every_step(fault, Durability::Os, true);
        at_every_step(fault, Durability::Disk, true);
    }
}

#[test]
fn a_claim_whose_sync_failed_is_unspent_once_the_disk_is_good_again() {
    let (_root, folder) = new_folder();
    let faults = Faults::default();
    let setting =
        Setting { disk: Disk { faults: faults.clone() }, ..setting(&folder, Durability::Disk) };
    let nonces = Nonces::open(&setting, TEN, &mut |_, _| {}).unwrap();
    let (before, claimed) = (claim(1, 6, TEN), claim(1, 7, TEN));
    assert_eq!(enter(&nonces, &before, TEN).0, Claim::New);
    faults.begin_at(1, u64::MAX, Fault::Sync);
    assert!(try_enter(&nonces, &claimed, TEN).is_err());
    assert!(try_enter(&nonces, &claimed, TEN).is_err(), "the same bytes, while it is broken");
    assert!(nonces.healthy().is_err());
    keeper::round(&nonces.shared, clock::monotonic());
    assert!(nonces.healthy().is_err(), "the disk is still bad");
    faults.no_more();
    keeper::round(&nonces.shared, clock::monotonic());
    nonces.healthy().unwrap();
    assert_eq!(enter(&nonces, &before, TEN).0, Claim::Seen);
    assert_eq!(enter(&nonces, &claimed, TEN).0, Claim::New, "the same bytes were invited again");
    let folder = killed(nonces, &folder);
    let again = open(&folder, Durability::Disk, TEN);
    assert_eq!(again.recovery.fenced_because, None);
    for claim in [before, claimed] {
        assert_eq!(enter(&again, &claim, TEN).0, Claim::Seen);
    }
    let same_nonce = ClaimRequest { stamp: TEN.plus(1), print: 99, ..claimed };
    assert_eq!(enter(&again, &same_nonce, TEN).0, Claim::SameAsLast, "the last nonce was kept");
}

//! `kill -9` at random moments under 64 clients, and files that are lost meanwhile: no copy is ever accepted.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use crate::dice::{Dice, rounds};
use crate::gate::{Gate, code_of, signed};
use crate::raw::{nonce, now};

const N_CLIENTS: u64 = 64;
/// Stamps lie all over the window, both ways, but for the time that the test itself takes.
const SPREAD_S: u64 = 7_100;

/// 64 clients until the gateway dies at a random moment; the requests that were answered 0.
fn load_and_kill(gate: &mut Gate, dice: &mut Dice) -> Vec<Vec<u8>> {
    let (stop, accepted) = (AtomicBool::new(false), Mutex::new(Vec::new()));
    let (alice, connections) = (gate.alice.clone(), (0..N_CLIENTS).map(|_| gate.connect()));
    let connections: Vec<_> = connections.collect();
    let seeds: Vec<u64> = (0..N_CLIENTS).map(|_| dice.below(1 << 40)).collect();
    thread::scope(|scope| {
        for (connection, seed) in connections.into_iter().zip(seeds) {
            let (stop, accepted, alice) = (&stop, &accepted, &alice);
            scope.spawn(move || {
                let Some(mut connection) = connection else { return };
                let mut dice = Dice::from(seed);
                while !stop.load(Ordering::Relaxed) {
                    let stamp = now() - SPREAD_S + dice.below(2 * SPREAD_S);
                    let bytes = signed(alice, "k", stamp, nonce());
                    // What was answered was accepted; what was cut off may have been, or not.
                    let Some(answer) = connection.send(&bytes) else { return };
                    match code_of(&answer) {
                        0 => accepted.lock().unwrap().push(bytes),
                        // Its own lead fences a key after a loss.
                        4200 => {}
                        code => panic!("an honest call was answered {code}: {answer}"),
                    }
                }
            });
        }
        // However slow the machine is: first there is load, then a random moment of it.
        for _ in 0..600 {
            if accepted.lock().unwrap().len() >= 32 {
                break;
            }
            thread::sleep(Duration::from_millis(10));
        }
        thread::sleep(Duration::from_millis(dice.below(400)));
        gate.kill();
        stop.store(true, Ordering::Relaxed);
    });
    accepted.into_inner().unwrap()
}

/// Sends everything again, on 8 connections; none of it may be answered 0.
fn send_again(gate: &Gate, accepted: &[Vec<u8>]) {
    thread::scope(|scope| {
        for part in accepted.chunks(accepted.len().div_ceil(8).max(1)) {
            scope.spawn(move || {
                let mut connection = gate.connect().unwrap();
                for bytes in part {
                    let answer = connection.send(bytes).expect("an answer");
                    assert!(
                        matches!(code_of(&answer), 4500 | 4200),
                        "a copy was accepted: {answer}"
                    );
                }
            });
        }
    });
}

fn kills(durability: &str) {
    let mut gate = Gate::start(&format!("durability = \"{durability}\""));
    let (mut dice, mut all, mut n_rounds) = (Dice::from_environment(), Vec::new(), 0);
    let mut n_again = 0;
    for _ in rounds(3, 2_000) {
        let accepted = load_and_kill(&mut gate, &mut dice);
        assert!(!accepted.is_empty(), "no load, no test");
        all.extend(accepted);
        gate.resume();
        // Of the rounds before as many as of this one, so that a soak does not drown in them.
        let from = all.len().saturating_sub(4_000);
        send_again(&gate, &all[from..]);
        n_again += all.len() - from;
        let mut connection = gate.connect().unwrap();
        for n in 0..64 {
            let stamp = now() - SPREAD_S + n * 2 * SPREAD_S / 64;
            let answer = connection.send(&signed(&gate.alice, "f", stamp, nonce())).unwrap();
            assert_eq!(code_of(&answer), 0, "a fresh call was refused: {answer}");
        }
        n_rounds += 1;
    }
    println!("{durability}: {n_rounds} kills, {} accepted, {n_again} copies refused", all.len());
}

#[test]
fn kill_9_under_64_clients_lets_no_copy_in_and_no_fresh_call_out() {
    kills("os");
}

#[test]
fn nor_does_it_where_claims_are_synced() {
    kills("disk");
}

fn journal(gate: &Gate) -> Vec<PathBuf> {
    let entries = fs::read_dir(gate.path("data/nonces")).unwrap();
    let mut paths: Vec<_> = entries.map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    paths
}

fn copy(from: &Path, to: &Path) {
    let _ = fs::remove_dir_all(to);
    fs::create_dir(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let path = entry.unwrap().path();
        // A file may go while the folder is read.
        let _ = fs::copy(&path, to.join(path.file_name().unwrap()));
    }
}

/// Loses something; says what.
fn lose(gate: &Gate, yesterday: &Path, dice: &mut Dice) -> String {
    let files = journal(gate);
    let pick = usize::try_from(dice.below(files.len() as u64)).unwrap();
    let path = &files[pick];
    let name = path.file_name().unwrap().to_str().unwrap().to_owned();
    let length = fs::metadata(path).unwrap().len();
    let at = usize::try_from(dice.below(length.max(1))).unwrap();
    match dice.below(6) {
        0 => fs::remove_file(path).unwrap(),
        1 => fs::File::options().write(true).open(path).unwrap().set_len(at as u64).unwrap(),
        2 => {
            let mut bytes = fs::read(path).unwrap();
            if let Some(byte) = bytes.get_mut(at) {
                *byte ^= 1 << dice.below(8);
            }
            fs::write(path, bytes).unwrap();
        }
        3 => fs::write(path, vec![0; at]).unwrap(),
        4 => {
            let old = yesterday.join(&name);
            if old.exists() {
                fs::remove_file(path).unwrap();
                fs::copy(old, path).unwrap();
            }
        }
        _ => {
            fs::remove_dir_all(gate.path("data/nonces")).unwrap();
            copy(yesterday, &gate.path("data/nonces"));
            return "yesterday's folder".to_owned();
        }
    }
    format!("{name} at {at} of {length}")
}

#[test]
fn whatever_is_lost_lets_no_copy_in_and_what_is_signed_after_the_fence_passes() {
    let mut dice = Dice::from_environment();
    let (mut n_rounds, mut n_fenced) = (0, 0);
    for _ in rounds(6, 200) {
        let mut gate = Gate::start("");
        let yesterday = gate.path("yesterday");
        let mut accepted = load_and_kill(&mut gate, &mut dice);
        copy(&gate.path("data/nonces"), &yesterday);
        gate.resume();
        accepted.extend(load_and_kill(&mut gate, &mut dice));
        let what = lose(&gate, &yesterday, &mut dice);
        gate.resume();
        n_fenced += usize::from(gate.said().contains("are refused"));
        println!("lost: {what}; {}", gate.said().lines().next().unwrap_or_default());
        send_again(&gate, &accepted);
        // Wherever the fence is, it is at most the window ahead of the start.
        thread::sleep(Duration::from_millis(1_100));
        for account in [&gate.bob, &gate.alice] {
            let fresh = signed(account, "f", now() + 7_200, nonce());
            assert_eq!(gate.code(&fresh), 0, "{what}");
        }
        n_rounds += 1;
    }
    println!("{n_rounds} losses, {n_fenced} fenced");
    assert!(n_fenced > 0, "something must have been lost");
}

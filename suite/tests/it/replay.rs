//! Once, and only once: copies that race, clients with narrow nonces, strangers, and what `doctor` says of it.

use std::collections::HashMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use crate::dice::{Dice, rounds, soak};
use crate::gate::{Gate, code_of, signed};
use crate::raw::{nonce, now};

#[test]
fn of_many_copies_over_many_connections_each_request_is_executed_once() {
    let gate = Gate::start("");
    let (n_requests, n_copies, n_connections) = (if soak() { 10_000 } else { 300 }, 20, 50);
    // Twenty rounds over all of them, so that copies of one request are under way at the same time.
    let requests: Vec<_> =
        (0..n_requests).map(|n| signed(&gate.alice, &format!("r{n}"), now(), nonce())).collect();
    let (next, codes) = (AtomicUsize::new(0), Mutex::new(HashMap::<u64, usize>::new()));
    thread::scope(|scope| {
        for _ in 0..n_connections {
            scope.spawn(|| {
                let mut connection = gate.connect().unwrap();
                loop {
                    let n = next.fetch_add(1, Ordering::Relaxed);
                    let Some(request) = requests.get(n / n_copies) else { return };
                    let code = code_of(&connection.send(request).expect("an answer"));
                    *codes.lock().unwrap().entry(code).or_default() += 1;
                }
            });
        }
    });
    let codes = codes.into_inner().unwrap();
    println!("{n_requests} requests, {n_copies} copies each: {codes:?}");
    assert_eq!(codes, [(0, n_requests), (4500, n_requests * (n_copies - 1))].into_iter().collect());
    let mut marks = gate.marks.lock().unwrap().clone();
    marks.sort();
    let n_marks = marks.len();
    marks.dedup();
    assert_eq!((n_marks, marks.len()), (n_requests, n_requests), "by the upstream's own log");
}

/// Calls with 16-bit nonces on one connection; how many were answered 4500.
fn narrow(gate: &Gate, dice: &mut Dice, n_calls: usize) -> usize {
    let mut connection = gate.connect().unwrap();
    let mut n_refused = 0;
    for n in 0..n_calls {
        let bytes = signed(&gate.alice, &format!("n{n}-{}", nonce()), now(), dice.below(65_536));
        match code_of(&connection.send(&bytes).expect("an answer")) {
            0 => {}
            4500 => n_refused += 1,
            code => panic!("{code}"),
        }
    }
    n_refused
}

#[test]
fn a_client_with_narrow_nonces_is_told_of_by_doctor_and_never_refused_by_signature() {
    let gate = Gate::start("");
    let mut dice = Dice::from_environment();
    let n_calls = if soak() { 100_000 } else { 1_500 };
    let before = narrow(&gate, &mut dice, n_calls);
    let doctor = || {
        let done = gate.command(&["doctor"]);
        (done.status.code(), String::from_utf8(done.stdout).unwrap())
    };
    let (exit, said) = doctor();
    println!("by timestamp and nonce: {before} of {n_calls} refused; doctor: {said}");
    assert_eq!(exit, Some(4), "{said}");
    let fix = format!("faregate account set {} --replay-identity signature", gate.alice.id);
    assert!(said.contains(&gate.alice.secret_id) && said.contains("below 65536"), "{said}");
    assert!(said.contains(&fix), "{said}");
    let arguments: Vec<&str> = fix.split(' ').skip(1).collect();
    assert!(gate.command(&arguments).status.success());
    // The running gateway follows within a second.
    thread::sleep(Duration::from_millis(1_200));
    let after = narrow(&gate, &mut dice, n_calls);
    println!("by signature: {after} of {n_calls} refused");
    assert_eq!(after, 0);
    let copy = signed(&gate.alice, "twice", now(), 7);
    assert_eq!((gate.code(&copy), gate.code(&copy)), (0, 4500), "a copy is a copy");
    let (_, said) = doctor();
    assert!(!said.contains(&gate.alice.secret_id), "{said}");
}

#[test]
fn bad_signatures_leave_nothing_behind() {
    let gate = Gate::start("");
    let flood = |n_calls: usize| {
        thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    let mut connection = gate.connect().unwrap();
                    // Signed once and broken anew each time, so that the client is not what takes the time.
                    let good = String::from_utf8(signed(&gate.alice, "x", now(), 1)).unwrap();
                    for _ in 0..n_calls / 4 {
                        let bad = good.replace("Nonce=1&", &format!("Nonce={}&", nonce()));
                        let code = code_of(&connection.send(bad.as_bytes()).expect("an answer"));
                        assert_eq!(code, 4100);
                    }
                });
            }
        });
    };
    // Receipts wait in buffers for the disk; what counts is what is left when nothing happens.
    let settled = || {
        let sample = |_| {
            thread::sleep(Duration::from_millis(100));
            gate.resident()
        };
        (0..10).map(sample).min().unwrap()
    };
    // What is made once is made now: threads, buffers, the allocator's pages.
    flood(20_000);
    let before = settled();
    let n_calls = rounds(2, 1_000).map(|_| flood(10_000)).count() * 10_000;
    let grown = settled().saturating_sub(before);
    println!("{n_calls} bad signatures: {} KiB more", grown / 1024);
    assert!(grown <= 4 << 20, "{grown} bytes");
}

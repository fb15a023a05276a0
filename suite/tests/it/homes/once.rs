//! Once is once over both: copies, the last coin, a quota, a key that is switched off; and `kill -9` of either.

use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use super::cluster::{Cluster, until};
use crate::dice::soak;
use crate::raw::{ORDER, signed_get};

#[test]
fn the_same_bytes_sent_to_both_at_once_are_executed_once() {
    let cluster = Cluster::start("");
    let alice = cluster.account("alice", 100_000);
    let n: u64 = if soak() { 10_000 } else { 200 };
    let (n_done, before) = (AtomicUsize::new(0), cluster.world.calls());
    thread::scope(|scope| {
        for client in 0..4 {
            let (cluster, alice, n_done) = (&cluster, &alice, &n_done);
            scope.spawn(move || {
                for call in 0..n / 4 {
                    // One in ten is a purchase.
                    let bytes = match call % 10 {
                        0 => signed_get(alice, "RunInstances", &ORDER),
                        _ => signed_get(alice, "DescribeZones", &[]),
                    };
                    let codes = thread::scope(|both| {
                        let one = both.spawn(|| cluster.gates[0].send(&bytes).code());
                        let two = both.spawn(|| cluster.gates[1].send(&bytes).code());
                        [one.join().unwrap(), two.join().unwrap()]
                    });
                    assert!(matches!(codes, [0, 4500] | [4500, 0]), "{codes:?}, client {client}");
                    n_done.fetch_add(1, Ordering::Relaxed);
                }
            });
        }
    });
    let n_bought = cluster.world.executed("RunInstances");
    println!("{} calls sent to both at once, each executed once", n_done.load(Ordering::Relaxed));
    assert_eq!(n_bought, n / 10, "purchases");
    assert_eq!(cluster.world.calls() - before, n, "calls of the module");
    let left = 100_000 - n_bought * 30;
    assert_eq!(cluster.balance(&alice), (format!("{left}.00"), "0.00".into()));
    cluster.money_adds_up();
}

#[test]
fn a_balance_for_k_buys_k_over_both_and_a_switched_off_key_is_off_on_both() {
    let cluster = Cluster::start("");
    let (k, poor) = (7, cluster.account("poor", 7 * 30));
    let codes = Mutex::new(Vec::new());
    cluster.both(if soak() { 400 } else { 40 }, 16, |_, gate| {
        codes.lock().unwrap().push(gate.call(&poor, "RunInstances", &ORDER).code());
    });
    let codes = codes.into_inner().unwrap();
    assert_eq!(codes.iter().filter(|code| **code == 0).count(), k, "{codes:?}");
    assert!(codes.iter().all(|code| matches!(code, 0 | 5300)), "{codes:?}");
    assert_eq!(cluster.world.executed("RunInstances"), k as u64);
    assert_eq!(cluster.balance(&poor), ("0.00".into(), "0.00".into()));
    cluster.money_adds_up();

    // Both know the key by now; one command, and neither takes it.
    for gate in &cluster.gates {
        assert_eq!(gate.call(&poor, "DescribeZones", &[]).code(), 0);
    }
    cluster.gates[1].run(&["key", "disable", &poor.secret_id]);
    for gate in &cluster.gates {
        let is_refused = || gate.call(&poor, "DescribeZones", &[]).code() == 4100;
        println!("refused after {:?}", until("it is refused", is_refused, &|| gate.said()));
    }
}

#[test]
fn a_quota_over_both_is_one_quota() {
    let cluster = Cluster::start("[quota]\nper_second = 1\nburst = 40\n");
    let alice = cluster.account("alice", 0);
    let (began, n_passed) = (Instant::now(), AtomicUsize::new(0));
    cluster.both(160, 16, |_, gate| match gate.call(&alice, "DescribeZones", &[]).code() {
        0 => drop(n_passed.fetch_add(1, Ordering::Relaxed)),
        code => assert_eq!(code, 4400),
    });
    let (n, s) =
        (n_passed.load(Ordering::Relaxed), usize::try_from(began.elapsed().as_secs()).unwrap());
    println!("{n} of 160 passed in {s} s: 40 at once and 1 a second");
    assert!((40..=40 + s + 1).contains(&n), "{n} passed in {s} s");
}

#[test]
fn kill_9_of_either_conserves_money_and_executes_nothing_twice() {
    let mut cluster = Cluster::start("");
    let alice = cluster.account("alice", 1_000_000);
    let mut captured: Vec<Vec<u8>> = Vec::new();
    for victim in if soak() { vec![0, 1, 0, 1, 0, 1] } else { vec![0, 1] } {
        let (stop, accepted) = (AtomicBool::new(false), Mutex::new(Vec::new()));
        let mut gates = std::mem::take(&mut cluster.gates);
        thread::scope(|scope| {
            let (dying, living) = gates.split_at_mut(1);
            let [dying, living] = [&mut dying[0], &mut living[0]];
            let (doomed, other) = if victim == 0 { (dying, living) } else { (living, dying) };
            let clients: Vec<_> = (0..8)
                .map(|client| {
                    let gate = if client % 2 == 0 { doomed.caller() } else { other.caller() };
                    let (stop, accepted, alice) = (&stop, &accepted, &alice);
                    scope.spawn(move || {
                        let mut n = 0_u32;
                        while !stop.load(Ordering::Relaxed) {
                            n += 1;
                            let bytes = match n % 3 {
                                0 => signed_get(alice, "RunInstances", &ORDER),
                                _ => signed_get(alice, "DescribeZones", &[]),
                            };
                            match gate(&bytes) {
                                Some(0) => accepted.lock().unwrap().push(bytes),
                                Some(code) => panic!("an honest call was answered {code}"),
                                None if client % 2 == 0 => return,
                                None => panic!("the other gateway does not answer"),
                            }
                        }
                    })
                })
                .collect();
            let enough = || accepted.lock().unwrap().len() >= 60;
            until("there is load", enough, &String::new);
            doomed.kill();
            // The other goes on, and ends what the dead one held.
            thread::sleep(Duration::from_millis(500));
            stop.store(true, Ordering::Relaxed);
            drop(clients);
        });
        captured.extend(accepted.into_inner().unwrap());
        gates[victim].launch();
        cluster.gates = gates;
        for (n, bytes) in captured.iter().enumerate() {
            let code = cluster.gates[n % 2].send(bytes).code();
            assert!(matches!(code, 4500 | 4200), "an accepted call came again: {code}");
        }
    }
    // Nobody knew the answer of what was under way: it is found out, and then nothing is held.
    let settled = || cluster.balance(&alice).1 == "0.00";
    let holds =
        || cluster.servers.sql("faregate", "SELECT state, count(*) FROM holds GROUP BY state");
    println!("all settled after {:?}", until("all is settled", settled, &holds));
    let spent = cluster.world.executed("RunInstances") * 30;
    assert_eq!(cluster.balance(&alice).0, format!("{}.00", 1_000_000 - spent));
    cluster.money_adds_up();
}

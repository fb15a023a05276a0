//! Each store away for some seconds and back: the right codes meanwhile, no replay and no overdraft afterwards.

use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use super::cluster::{Cluster, until};
use super::servers::Servers;
use crate::dice::soak;
use crate::raw::{ORDER, signed_get};

fn some_seconds() -> Duration {
    Duration::from_secs(if soak() { 10 } else { 2 })
}

#[test]
fn without_redis_reads_go_on_in_shares_and_all_else_waits() {
    let mut cluster = Cluster::start("[quota]\nper_second = 50\nburst = 100\n");
    let alice = cluster.account("alice", 3_000);
    let before: Vec<Vec<u8>> = (0..10)
        .map(|n| match n % 2 {
            0 => signed_get(&alice, "RunInstances", &ORDER),
            _ => signed_get(&alice, "DescribeZones", &[]),
        })
        .collect();
    for (n, bytes) in before.iter().enumerate() {
        assert_eq!(cluster.gates[n % 2].send(bytes).code(), 0);
    }
    cluster.servers.stop_redis();
    let one = &cluster.gates[0];
    let goes_on = || one.call(&alice, "DescribeZones", &[]).code() == 0;
    until("reads go on", goes_on, &|| one.said());
    let alone = signed_get(&alice, "DescribeZones", &[]);
    let reply = one.send(&alone);
    assert_eq!(reply.code(), 0, "{}", reply.text);
    // Two gateways: each has half.
    let limit = reply.header("ratelimit").unwrap();
    assert!(limit.contains("\"account-share\""), "{limit}");
    assert_eq!(one.send(&alone).code(), 4500, "a copy at the same gateway");
    let began = std::time::Instant::now();
    while began.elapsed() < some_seconds() {
        for gate in &cluster.gates {
            let refused = gate.call(&alice, "RunInstances", &ORDER);
            assert_eq!(refused.code(), 6200, "{}", refused.text);
            assert!(refused.header("retry-after").is_some());
            for bytes in &before {
                assert_ne!(gate.send(bytes).code(), 6000);
            }
        }
        thread::sleep(Duration::from_millis(200));
    }
    let n_bought = cluster.world.executed("RunInstances");
    assert_eq!(n_bought, 5, "nothing is bought without a claim");
    cluster.servers.start_redis();
    for gate in &cluster.gates {
        let buys = || gate.call(&alice, "RunInstances", &ORDER).code() == 0;
        println!("buys again after {:?}", until("it buys again", buys, &|| gate.said()));
        for bytes in before.iter().chain([&alone]) {
            let code = gate.send(bytes).code();
            assert!(matches!(code, 4200 | 4500), "it was accepted before: {code}");
        }
    }
    cluster.money_adds_up();
}

#[test]
fn without_postgresql_nothing_is_bought_and_what_is_known_goes_on() {
    let mut cluster = Cluster::start("");
    let alice = cluster.account("alice", 60);
    // Until both have followed the commands: what they knew before is read anew.
    thread::sleep(Duration::from_millis(500));
    for gate in &cluster.gates {
        assert_eq!(gate.call(&alice, "DescribeZones", &[]).code(), 0);
    }
    cluster.servers.stop_postgres();
    let began = std::time::Instant::now();
    while began.elapsed() < some_seconds() {
        for gate in &cluster.gates {
            let refused = gate.call(&alice, "RunInstances", &ORDER);
            assert_eq!(refused.code(), 6200, "{}", refused.text);
            assert!(refused.header("retry-after").is_some());
            let read = gate.call(&alice, "DescribeZones", &[]);
            assert_eq!(read.code(), 0, "{}", read.text);
        }
        thread::sleep(Duration::from_millis(200));
    }
    cluster.servers.start_postgres();
    for gate in &cluster.gates {
        let buys = || gate.call(&alice, "RunInstances", &ORDER).code() == 0;
        println!("buys again after {:?}", until("it buys again", buys, &|| gate.said()));
    }
    for gate in &cluster.gates {
        assert_eq!(gate.call(&alice, "RunInstances", &ORDER).code(), 5300, "no overdraft");
    }
    assert_eq!(cluster.world.executed("RunInstances"), 2);
    until("nothing is held", || cluster.balance(&alice).1 == "0.00", &String::new);
    cluster.money_adds_up();
}

/// Eight clients buy and read at both gateways while a store goes away and comes back: what was executed was paid, once,
/// and whatever was answered with 0 is refused when it comes again.
fn under_load(stop: impl FnOnce(&mut Servers), start: impl FnOnce(&mut Servers)) {
    let mut cluster = Cluster::start("");
    let alice = cluster.account("alice", 1_000_000);
    let (is_over, n_refused) = (AtomicBool::new(false), AtomicUsize::new(0));
    let accepted = Mutex::new(Vec::new());
    let callers: Vec<_> = (0..8).map(|client| cluster.gates[client % 2].caller()).collect();
    thread::scope(|scope| {
        for caller in &callers {
            let (is_over, n_refused, accepted, alice) = (&is_over, &n_refused, &accepted, &alice);
            scope.spawn(move || {
                for n in 0_u32.. {
                    if is_over.load(Ordering::Relaxed) {
                        return;
                    }
                    let bytes = match n % 2 {
                        0 => signed_get(alice, "RunInstances", &ORDER),
                        _ => signed_get(alice, "DescribeZones", &[]),
                    };
                    match caller(&bytes).expect("an answer") {
                        0 => accepted.lock().unwrap().push(bytes),
                        // Away; or back, and what was signed before is fenced.
                        6200 | 4200 => {
                            n_refused.fetch_add(1, Ordering::Relaxed);
                            thread::sleep(Duration::from_millis(20));
                        }
                        code => panic!("an honest call was answered {code}"),
                    }
                }
            });
        }
        let is_loaded = || accepted.lock().unwrap().len() >= 60;
        until("there is load", is_loaded, &String::new);
        stop(&mut cluster.servers);
        thread::sleep(some_seconds());
        start(&mut cluster.servers);
        let before = cluster.world.executed("RunInstances");
        let buys = || cluster.world.executed("RunInstances") > before + 10;
        println!(
            "buys again after {:?}",
            until("it buys again", buys, &|| cluster.gates[0].said())
        );
        is_over.store(true, Ordering::Relaxed);
    });
    let accepted = accepted.into_inner().unwrap();
    println!("{} accepted, {} refused", accepted.len(), n_refused.into_inner());
    for (n, bytes) in accepted.iter().enumerate() {
        let code = cluster.gates[n % 2].send(bytes).code();
        assert!(matches!(code, 4500 | 4200), "an accepted call came again: {code}");
    }
    until("nothing is held", || cluster.balance(&alice).1 == "0.00", &String::new);
    let spent = cluster.world.executed("RunInstances") * 30;
    assert_eq!(cluster.balance(&alice).0, format!("{}.00", 1_000_000 - spent));
    cluster.money_adds_up();
}

#[test]
fn redis_stopped_and_started_under_load_lets_nothing_through_twice() {
    under_load(Servers::stop_redis, Servers::start_redis);
}

#[test]
fn postgresql_stopped_and_started_under_load_loses_no_money() {
    under_load(Servers::stop_postgres, Servers::start_postgres);
}

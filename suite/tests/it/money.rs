//! Money under pressure: nothing is sold twice, nothing is lost, not even by `kill -9`.

use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use serde_json::json;

use crate::dice::{Dice, rounds, soak};
use crate::raw::{self, ORDER, now, pairs, signed, signed_get, try_send};
use crate::world::World;
use faregate_signing::Method;

#[test]
fn sixty_four_clients_with_money_for_k_purchases_buy_exactly_k() {
    let world = World::start();
    let poor = world.account("poor");
    // What it has at first buys none: the rows of 5300 say so.
    let (tls, address) = (raw::trust(&world), world.at("https"));
    let (mut n_rounds, mut n_bought_ever) = (0, 0);
    for round in rounds(1, 1_000) {
        let k = 1 + round * 7 % 32;
        world.run(&["ledger", "topup", &poor.id, &format!("{}.00", k * 30)]);
        let codes = Mutex::new(Vec::new());
        thread::scope(|scope| {
            for _ in 0..64 {
                scope.spawn(|| {
                    for _ in 0..2 {
                        let reply =
                            try_send(&address, &tls, &signed_get(&poor, "RunInstances", &ORDER))
                                .expect("an answer");
                        codes.lock().unwrap().push(reply.code());
                    }
                });
            }
        });
        let codes = codes.into_inner().unwrap();
        let n_bought = codes.iter().filter(|code| **code == 0).count();
        assert_eq!(n_bought, k, "round {round}: {codes:?}");
        assert!(codes.iter().all(|code| matches!(code, 0 | 5300)), "round {round}: {codes:?}");
        n_bought_ever += k as u64;
        assert_eq!(world.executed("RunInstances"), n_bought_ever, "round {round}");
        assert_eq!(world.balance(&poor)["held"], json!("0.00"), "round {round}");
        n_rounds += 1;
    }
    world.money_adds_up();
    println!("{n_rounds} rounds, {n_bought_ever} purchases, none too many");
}

#[test]
fn kill_9_under_load_conserves_money_and_no_captured_request_is_accepted_twice() {
    let mut world = World::start();
    let demo = world.account("demo");
    let n_kills = if soak() { 20 } else { 3 };
    let mut dice = Dice::from_environment();
    let mut captured: Vec<Vec<u8>> = Vec::new();
    for kill in 1..=n_kills {
        let (tls, address) = (raw::trust(&world), world.at("https"));
        let (stop, answered) = (AtomicBool::new(false), Mutex::new(Vec::new()));
        thread::scope(|scope| {
            for client in 0..8_u64 {
                let (stop, answered, demo, tls, address) =
                    (&stop, &answered, &demo, &tls, &address);
                scope.spawn(move || {
                    let mut n = 0;
                    while !stop.load(Ordering::Relaxed) {
                        n += 1;
                        // Stamps over the whole of what is accepted: 290 s behind to 7190 s ahead.
                        let stamp = (now() + (client * 977 + n * 131) % 7_480 - 290).to_string();
                        let mut params = vec![("Timestamp", stamp.as_str())];
                        let action = if client == 0 { "RunInstances" } else { "DescribeZones" };
                        if client == 0 {
                            params.extend(ORDER);
                        }
                        let bytes =
                            raw::get(&signed(Method::Get, demo, pairs(demo, action, &params)));
                        // What was answered was accepted; what was cut off may have been, or not.
                        if let Some(reply) = try_send(address, tls, &bytes)
                            && reply.code() == 0
                        {
                            answered.lock().unwrap().push(bytes);
                        }
                    }
                });
            }
            // There is load once a call was answered, however slow the machine; then the dice fall.
            let loaded = (0..3_000).any(|_| {
                thread::sleep(Duration::from_millis(20));
                !answered.lock().unwrap().is_empty()
            });
            thread::sleep(Duration::from_millis(if loaded { dice.below(800) } else { 0 }));
            world.kill();
            stop.store(true, Ordering::Relaxed);
        });
        let answered = answered.into_inner().unwrap();
        println!("kill {kill}: {} accepted before it", answered.len());
        assert!(!answered.is_empty(), "no load, no test");
        captured.extend(answered);
        world.restart();
        world.money_adds_up();
        let (tls, address) = (raw::trust(&world), world.at("https"));
        for bytes in &captured {
            let again = try_send(&address, &tls, bytes).expect("an answer").json();
            // 4200: its time has run out while the test ran.
            assert!(
                matches!(again["code"].as_u64(), Some(4500 | 4200)),
                "kill {kill}: a copy was accepted: {again}"
            );
        }
    }
    world.money_adds_up();
}

//! Money under pressure: nothing is sold twice, nothing is lost, not even by `kill -9`.

use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use serde_json::{Value, json};

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

/// Buyers of one kind or another, until they are told to stop; what was accepted.
struct Load<'w> {
    address: &'w str,
    tls: &'w std::sync::Arc<rustls::ClientConfig>,
    demo: &'w crate::world::Account,
    /// Two instances that batches renew.
    own: &'w [String; 2],
    stop: &'w AtomicBool,
    accepted: &'w Mutex<Vec<Vec<u8>>>,
}

impl Load<'_> {
    fn client(&self, client: u64) {
        let mut n = 0;
        while !self.stop.load(Ordering::Relaxed) {
            n += 1;
            // Stamps over the whole of what is accepted: 290 s behind to 7190 s ahead.
            let stamp = (now() + (client * 977 + n * 131) % 7_480 - 290).to_string();
            let mut params = vec![("Timestamp", stamp.as_str())];
            let action = match client {
                0 => "RunInstances",
                1 => "RenewInstances",
                _ => "DescribeZones",
            };
            let [one, two] = self.own;
            match client {
                0 => params.extend(ORDER),
                1 => params.extend([
                    ("period", "1"),
                    ("instanceIds.0", one.as_str()),
                    ("instanceIds.1", two.as_str()),
                ]),
                _ => {}
            }
            let bytes =
                raw::get(&signed(Method::Get, self.demo, pairs(self.demo, action, &params)));
            // What was answered was accepted; what was cut off may have been, or not.
            if let Some(reply) = try_send(self.address, self.tls, &bytes)
                && reply.code() == 0
            {
                self.accepted.lock().unwrap().push(bytes);
            }
        }
    }
}

/// What the demo's account has paid is what compute did for it, each at 30.00, but for what is in doubt still: of that
/// nobody knows before the module's time to answer is over. `wait` is how often it is looked at until nothing is.
fn pays_what_was_done(world: &World, had: u64, wait: usize) -> Result<(), String> {
    let demo = world.account("demo");
    let whole = |told: &Value| -> u64 {
        let text = told.as_str().expect("an amount").strip_suffix(".00").expect("whole");
        text.parse().expect("a number")
    };
    let mut found = String::new();
    for _ in 0..wait {
        let told = world.balance(&demo);
        let (available, held) = (whole(&told["available"]), whole(&told["held"]));
        let left = had - 30 * (world.executed("RunInstances") + world.executed("RenewInstances"));
        assert!((left - held..=left).contains(&available), "{told}, and {left} should be left");
        if held == 0 && available == left {
            return Ok(());
        }
        found = told.to_string();
        thread::sleep(Duration::from_millis(100));
    }
    Err(found)
}

#[test]
fn kill_9_under_load_conserves_money_and_no_captured_request_is_accepted_twice() {
    let mut world = World::start();
    let demo = world.account("demo");
    let own = [0, 1].map(|_| {
        let bought = raw::send(&world, &signed_get(&demo, "RunInstances", &ORDER)).json();
        bought["instanceIds"][0].as_str().expect("an id").to_owned()
    });
    let mut had = 10_000;
    let mut dice = Dice::from_environment();
    let mut captured: Vec<Vec<u8>> = Vec::new();
    let mut n_kills = 0;
    for kill in rounds(3, 2_000) {
        world.run(&["ledger", "topup", &demo.id, "10000.00"]);
        had += 10_000;
        let (tls, address) = (raw::trust(&world), world.at("https"));
        let (stop, accepted) = (AtomicBool::new(false), Mutex::new(Vec::new()));
        let load = Load {
            address: &address,
            tls: &tls,
            demo: &demo,
            own: &own,
            stop: &stop,
            accepted: &accepted,
        };
        thread::scope(|scope| {
            for client in 0..8_u64 {
                let load = &load;
                scope.spawn(move || load.client(client));
            }
            // There is load once a call was answered, however slow the machine; then the dice fall.
            let loaded = (0..3_000).any(|_| {
                thread::sleep(Duration::from_millis(20));
                !accepted.lock().unwrap().is_empty()
            });
            thread::sleep(Duration::from_millis(if loaded { dice.below(800) } else { 0 }));
            world.kill();
            stop.store(true, Ordering::Relaxed);
        });
        let accepted = accepted.into_inner().unwrap();
        assert!(!accepted.is_empty(), "no load, no test");
        // Of the kills before as many as of this one, so that a soak does not drown in them.
        let n_again = captured.len().min(accepted.len());
        captured.splice(..captured.len() - n_again, []);
        captured.extend(accepted);
        world.restart();
        // What is in doubt takes its time, and is no matter of the next kill.
        let _ = pays_what_was_done(&world, had, 5);
        if kill % 50 <= 3 {
            world.money_adds_up();
        }
        let (tls, address) = (raw::trust(&world), world.at("https"));
        for bytes in &captured {
            let again = try_send(&address, &tls, bytes).expect("an answer").json();
            // 4200: its time has run out while the test ran.
            assert!(
                matches!(again["code"].as_u64(), Some(4500 | 4200)),
                "kill {kill}: a copy was accepted: {again}"
            );
        }
        n_kills += 1;
    }
    // A hold is in doubt for the module's time to answer, and as long again until it is asked about: a soak waits for it.
    let rests = pays_what_was_done(&world, had, if soak() { 1_200 } else { 5 });
    assert!(rests.is_ok() || !soak(), "a hold is older than its term: {rests:?}");
    world.money_adds_up();
    let n_done = world.executed("RunInstances") + world.executed("RenewInstances");
    println!("{n_kills} kills, {n_done} purchases, each paid once; no copy accepted");
}

//! The Python SDK on a kept connection that is closed or cut: its second copy of the same bytes is never told a false 4500.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, AtomicU64, Ordering};
use std::thread;
use std::time::Duration;

use serde_json::{Value, json};

use crate::client::{Sdk, order, root, with};
use crate::serve::Served;
use crate::world::{Account, World};

/// Everything is passed on.
const PASS: u8 = 0;
/// The next answer is not: the connection is cut in its place, once.
const CUT: u8 = 1;

/// Passes bytes between a client and the gateway, and cuts when it is told to.
struct Relay {
    address: String,
    mode: Arc<AtomicU8>,
    cuts: Arc<AtomicU64>,
}

impl Relay {
    fn start(to: String) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let (mode, cuts) = (Arc::new(AtomicU8::new(PASS)), Arc::<AtomicU64>::default());
        let (ours, counted) = (Arc::clone(&mode), Arc::clone(&cuts));
        // It ends with the test's process.
        thread::spawn(move || {
            for client in listener.incoming().map_while(Result::ok) {
                let Ok(server) = TcpStream::connect(&to) else { continue };
                let (from, into) = (client.try_clone().unwrap(), server.try_clone().unwrap());
                thread::spawn(move || pass(from, into, || false));
                let (mode, cuts) = (Arc::clone(&ours), Arc::clone(&counted));
                thread::spawn(move || {
                    pass(server, client, || {
                        let cut = mode.swap(PASS, Ordering::SeqCst) == CUT;
                        cuts.fetch_add(u64::from(cut), Ordering::SeqCst);
                        cut
                    });
                });
            }
        });
        Self { address, mode, cuts }
    }

    fn cut_the_next_answer(&self) {
        self.mode.store(CUT, Ordering::SeqCst);
    }
}

fn pass(mut from: TcpStream, mut into: TcpStream, cut: impl Fn() -> bool) {
    let mut bytes = [0; 16 * 1024];
    while let Ok(n @ 1..) = from.read(&mut bytes) {
        if cut() || into.write_all(&bytes[..n]).is_err() {
            break;
        }
    }
    let _ = from.shutdown(Shutdown::Both);
    let _ = into.shutdown(Shutdown::Both);
}

fn start(account: &Account, endpoint: &str, ca: &Path) -> Sdk {
    let environment = [
        ("ENDPOINT", endpoint),
        ("SSL_CERT_FILE", ca.to_str().unwrap()),
        ("SECRET_ID", &account.secret_id),
        ("SECRET_KEY", &account.secret_key),
    ];
    Sdk::running("keep_alive.py", &environment)
}

fn call(sdk: &mut Sdk, action: &str, params: &Value) -> Value {
    sdk.told(&json!({ "action": action, "params": params }))
}

#[test]
fn a_connection_that_was_closed_while_idle_brings_no_false_4500() {
    let world = World::start();
    let served = Served::start(|gate| {
        std::fs::copy(root().join("examples/compute/openapi.yaml"), gate.join("cvm.yaml")).unwrap();
        let module = "[[modules]]\ndocument = \"cvm.yaml\"\nupstream =";
        format!("[limits]\nidle_timeout_s = 1\n{module} \"http://{}\"\n", world.upstream())
    });
    let mut sdk = start(&served.account, &served.address, &served.data().join("tls/ca.pem"));
    let mut n_told = 0;
    for round in 0..3 {
        let mut answer = call(&mut sdk, "DescribeZones", &json!({}));
        // The gateway closed it; the SDK finds out when it sends. A user who is told of the network calls again.
        if !answer["exception"].is_null() {
            n_told += 1;
            answer = call(&mut sdk, "DescribeZones", &json!({}));
        }
        assert_eq!(answer["code"], 0, "round {round}: {answer}");
        thread::sleep(Duration::from_millis(1_500));
    }
    println!(
        "3 calls, their connections closed while idle: 0 false 4500; {n_told} times a network error first"
    );
}

#[test]
fn a_connection_that_is_cut_under_a_call_does_nothing_twice_and_answers_no_false_4500() {
    let world = World::start();
    let relay = Relay::start(world.at("https"));
    let mut sdk = start(&world.account("demo"), &relay.address, Path::new(&world.at("ca")));
    let rounds = if std::env::var_os("FAREGATE_SOAK").is_some() { 2_000 } else { 20 };
    let mut n_copies = 0;
    for n in 0..rounds {
        assert_eq!(call(&mut sdk, "DescribeZones", &json!({}))["code"], 0, "round {n}");
        let (before, cuts) = (world.calls(), relay.cuts.load(Ordering::SeqCst));
        relay.cut_the_next_answer();
        let cut = call(&mut sdk, "DescribeZones", &json!({}));
        assert_eq!(relay.cuts.load(Ordering::SeqCst), cuts + 1, "round {n}: {cut}");
        // Either its user hears of the network, or of a copy that is one: it was executed, once.
        assert_ne!(cut["code"], 0, "round {n}: {cut}");
        n_copies += u64::from(cut["code"] == 4500);
        assert_eq!(world.calls() - before, 1, "round {n}: {cut}");

        if n % 5 == 0 {
            let bought = world.executed("RunInstances");
            let token = with(order("S1.SMALL1", "gz-1"), "ClientToken", format!("cut-{n}"));
            assert_eq!(call(&mut sdk, "DescribeZones", &json!({}))["code"], 0, "round {n}");
            relay.cut_the_next_answer();
            let mut answer = call(&mut sdk, "RunInstances", &token);
            if answer["code"] != 0 {
                answer = call(&mut sdk, "RunInstances", &token);
            }
            assert_eq!(answer["code"], 0, "round {n}: {answer}");
            assert_eq!(world.executed("RunInstances") - bought, 1, "round {n}");
        }
    }
    world.money_adds_up();
    println!(
        "{rounds} calls cut under way: executed once each, 0 false 4500, {n_copies} true ones"
    );
}

//! The crash matrix: at each step of the purchase path the process is killed, panics, hangs, or its disk fails.
//!
//! Then it is started again, and the books must say what the module did: each execution paid once, each return
//! refunded once, nothing held for longer than it takes to find out.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::dice::{Dice, soak};
use crate::raw;
use crate::serve::Served;
use crate::shop::{Asked, Does, Shop, signed};

const DOCUMENT: &str = r#"openapi: 3.1.0
info: { title: Shop, version: "1" }
servers: [{ url: "http://127.0.0.1:1" }]
x-faregate: { module: shop, timeout: 1s }
paths:
  /things:
    post:
      operationId: RunInstances
      x-faregate:
        identity: none
        idempotent: true
        purchase: { price: "money('10.00')", currency: CNY }
        creates: { type: thing, at: "$.ids[*]" }
      responses: { "200": { description: Bought. } }
  /things/{id}/renewal:
    post:
      operationId: RenewInstance
      x-faregate:
        identity: none
        resources: { id: thing }
        purchase: { price: "money('5.00')", currency: CNY, confirm: Known }
      parameters: [{ name: id, in: path, required: true, schema: { type: string } }]
      responses: { "200": { description: Renewed. } }
  /known:
    get:
      operationId: Known
      parameters: [{ name: idempotencyKey, in: query, required: true, schema: { type: string } }]
      responses: { "200": { description: Known. } }
  /things/{id}/renewals:
    post:
      operationId: RenewInstances
      x-faregate:
        identity: none
        resources: { ids: thing }
        batch: { over: ids, as: id, max: 10 }
        purchase: { price: "money('5.00')", currency: CNY, confirm: Known }
      parameters: [{ name: id, in: path, required: true, schema: { type: string } }]
      responses: { "200": { description: Renewed. } }
  /things/{id}/return:
    post:
      operationId: ReturnInstances
      x-faregate:
        resources: { ids: thing }
        batch: { over: ids, as: id, max: 10 }
        idempotent: true
        returns: { type: thing, param: ids, refund: "purchase.price" }
      parameters: [{ name: id, in: path, required: true, schema: { type: string } }]
      responses: { "204": { description: Back. } }
  /things/{id}/restart:
    post:
      operationId: RestartInstances
      x-faregate:
        resources: { ids: thing }
        batch: { over: ids, as: id, max: 10 }
      parameters: [{ name: id, in: path, required: true, schema: { type: string } }]
      responses: { "200": { description: Restarted. } }
  /things/{id}:
    delete:
      operationId: ReturnInstance
      x-faregate:
        resources: { id: thing }
        idempotent: true
        returns: { type: thing, param: id, refund: "purchase.price" }
      parameters: [{ name: id, in: path, required: true, schema: { type: string } }]
      responses: { "204": { description: Back. } }
"#;

const KINDS: [&str; 5] = ["kill", "panic", "eio", "enospc", "hang"];

/// The steps of a priced call, in order; after `#`, at which arrival.
const PRICED: [&str; 19] = [
    "reserve.begin#1",
    "reserve.held#1",
    "reserve.booked#1",
    "order.kept#1",
    "commit.before#1",
    "commit.after#1",
    "mark.begin#1",
    "mark.done#1",
    "commit.before#2",
    "commit.after#2",
    "send.before#1",
    "send.answered#1",
    "conclude.begin#1",
    "conclude.booked#1",
    "conclude.learnt#1",
    "conclude.kept#1",
    "commit.before#3",
    "commit.after#3",
    "reply.before#1",
];

/// Of a batch whose two items are paid by themselves, those that only the second comes to.
const SECOND_PAID: [&str; 9] = [
    "reserve.begin#2",
    "reserve.booked#2",
    "order.kept#2",
    "mark.begin#2",
    "mark.done#2",
    "send.before#2",
    "send.answered#2",
    "conclude.booked#2",
    "reply.before#2",
];

/// The same, of a batch whose two items pay something back.
const SECOND_PAID_BACK: [&str; 6] = [
    "order.kept#2",
    "send.before#2",
    "send.answered#2",
    "conclude.begin#2",
    "conclude.booked#2",
    "reply.before#2",
];

/// Those of a call that costs nothing and has an order.
const FREE: [&str; 12] = [
    "order.kept#1",
    "commit.before#1",
    "commit.after#1",
    "send.before#1",
    "send.answered#1",
    "conclude.begin#1",
    "conclude.booked#1",
    "conclude.learnt#1",
    "conclude.kept#1",
    "commit.before#2",
    "commit.after#2",
    "reply.before#1",
];

/// What the module did, by the keys that it saw.
#[derive(Default)]
struct Did {
    /// The thing of each purchase's key.
    bought: BTreeMap<String, String>,
    renewed: BTreeSet<String>,
    /// The key of each thing's return.
    returned: BTreeMap<String, String>,
}

fn shop(did: &Arc<Mutex<Did>>) -> Shop {
    let did = Arc::clone(did);
    Shop::open(move |asked: &Asked| {
        let mut did = did.lock().unwrap();
        let steps: Vec<&str> = asked.path.split('/').collect();
        match (asked.method.as_str(), steps.as_slice()) {
            ("POST", ["things"]) => {
                let next = format!("t-{}", did.bought.len());
                let id = did.bought.entry(asked.key.clone()).or_insert(next);
                Does::Says(200, format!(r#"{{"ids":["{id}"]}}"#))
            }
            ("POST", ["things", _, "renewal" | "renewals"]) => {
                did.renewed.insert(asked.key.clone());
                Does::says(200, "{}")
            }
            ("GET", ["known"]) => {
                let known = did.renewed.contains(&asked.about);
                Does::says(if known { 200 } else { 404 }, "{}")
            }
            ("DELETE", ["things", id]) | ("POST", ["things", id, "return"]) => {
                let key = did.returned.entry((*id).to_owned()).or_insert_with(|| asked.key.clone());
                let status = if *key == asked.key { 204 } else { 404 };
                Does::says(status, "")
            }
            _ => Does::says(200, "{}"),
        }
    })
}

struct Matrix {
    served: Served,
    did: Arc<Mutex<Did>>,
    _shop: Shop,
}

impl Matrix {
    fn start() -> Self {
        let did = Arc::default();
        let shop = shop(&did);
        let served = shop.served(DOCUMENT, "");
        served.run(&["ledger", "topup", &served.account.id.clone(), "100000.00"]);
        Self { served, did, _shop: shop }
    }

    /// None if there was no answer.
    fn call(&self, action: &str, params: &[(&str, &str)]) -> Option<Value> {
        let bytes = signed(&self.served, action, params);
        let trusted = raw::trust_file(self.served.data().join("tls/ca.pem"));
        Some(raw::try_send(&self.served.address, &trusted, bytes.as_bytes())?.json())
    }

    /// Strikes once while the action is called, kills what is left, starts again, and judges the books.
    fn cell(&mut self, action: &str, point: &str, kind: &str) {
        let cell = format!("{action} {point} {kind}");
        let buy = || {
            let bought = self.call("RunInstances", &[]).expect("an answer");
            bought["ids"][0].as_str().unwrap_or_else(|| panic!("{cell}: {bought}")).to_owned()
        };
        let (id, second) = (buy(), buy());
        let struck = self.served.gate().join("struck");
        let _ = std::fs::remove_file(&struck);
        let plan = format!("{point}={kind}:{}", struck.display());
        self.served.restart_in(&[("FAREGATE_FAILPOINT", &plan)]);
        let params: Vec<(&str, &str)> = match action {
            "RunInstances" => Vec::new(),
            "RestartInstances" => vec![("ids.0", &id), ("ClientToken", &cell)],
            "RenewInstances" | "ReturnInstances" => vec![("ids.0", &id), ("ids.1", &second)],
            _ => vec![("id", &id)],
        };
        let params: Vec<(&str, String)> =
            params.into_iter().map(|(name, value)| (name, value.replace(' ', "-"))).collect();
        let params: Vec<(&str, &str)> =
            params.iter().map(|(name, value)| (*name, value.as_str())).collect();
        // A thread that hangs is waited for no longer than it takes to be sure of it.
        let done = thread::scope(|scope| {
            let this = &*self;
            let asked = scope.spawn(move || this.call(action, &params));
            let began = Instant::now();
            let wait = Duration::from_millis(if kind == "hang" { 700 } else { 20_000 });
            while !asked.is_finished() && began.elapsed() < wait {
                thread::sleep(Duration::from_millis(10));
            }
            let hangs = !asked.is_finished();
            if hangs {
                this.served.kill_now();
            }
            (hangs, asked.join().unwrap())
        });
        assert!(struck.exists(), "{cell}: the point was never reached: {done:?}");
        self.served.restart();
        self.judge(&cell);
    }

    /// Everything is found out in seconds, and the books are the module's.
    fn judge(&self, cell: &str) {
        let account = &self.served.account.id;
        let balance = || -> Value {
            let told = self.served.run(&["ledger", "balance", account, "--json"]);
            serde_json::from_str(&told).unwrap()
        };
        let expected = || {
            let did = self.did.lock().unwrap();
            let (bought, renewed) = (did.bought.len(), did.renewed.len());
            let spent = 10 * bought + 5 * renewed;
            format!("{}.00", 100_000 - spent + 10 * did.returned.len())
        };
        let rests = (0..120).any(|_| {
            let told = balance();
            let rests = told["held"] == "0.00" && told["available"] == expected();
            if !rests {
                thread::sleep(Duration::from_millis(50));
            }
            rests
        });
        assert!(rests, "{cell}: {} should be {}", balance(), expected());
        self.served.run(&["ledger", "verify"]);
    }
}

#[test]
fn wherever_the_purchase_path_breaks_the_books_say_what_the_module_did() {
    let mut cells = Vec::new();
    for (action, points) in [
        ("RunInstances", &PRICED[..]),
        ("RenewInstance", &PRICED),
        ("RestartInstances", &FREE),
        ("ReturnInstance", &FREE),
        ("RenewInstances", &PRICED),
        ("RenewInstances", &SECOND_PAID),
        ("ReturnInstances", &FREE),
        ("ReturnInstances", &SECOND_PAID_BACK),
    ] {
        for point in points {
            for kind in KINDS {
                // Where no disk is asked none fails.
                let disk =
                    !["send.", "reply.", "commit.after"].iter().any(|p| point.starts_with(p));
                if disk || !kind.starts_with('e') {
                    cells.push((action, *point, kind));
                }
            }
        }
    }
    let n_all = cells.len();
    let mut dice = Dice::from_environment();
    let n_run = if soak() { n_all } else { 12 };
    let chosen: Vec<_> = (0..n_run)
        .map(|_| cells.swap_remove(usize::try_from(dice.below(cells.len() as u64)).unwrap()))
        .collect();
    thread::scope(|scope| {
        for part in chosen.chunks(n_run.div_ceil(3)) {
            scope.spawn(move || {
                let mut matrix = Matrix::start();
                for (action, point, kind) in part {
                    matrix.cell(action, point, kind);
                }
            });
        }
    });
    println!("{n_run} of {n_all} cells of the crash matrix");
}

//! A receipt a call: what the trail knows when the answer is ready.

use std::fmt::Write as _;
use std::net::IpAddr;
use std::time::Duration;

use faregate_contract::{Answer, Code, Outcome, Refusal, RequestId};
use faregate_ledger::Money;
use faregate_pipeline::facts::{KeptBatch, Settlement};
use faregate_pipeline::order::{self, Gate};
use faregate_pipeline::saved;
use faregate_stores::{Charge, ChargeState, Kept, OpenHold, Receipt, Receipts};
use serde_json::{Value, json};
use smallvec::SmallVec;

use crate::clock::Stopwatch;
use crate::driver::Trail;

/// When each gate was reached, and what only the sending knows.
#[derive(Debug)]
pub(crate) struct Steps {
    clock: Stopwatch,
    began: Duration,
    marks: SmallVec<[u32; 16]>,
    /// The module's HTTP status.
    pub(crate) status: Option<u16>,
    /// What was held for the call, and how it ended.
    pub(crate) charge: Option<Charge>,
    /// The call whose saved answer was given.
    pub(crate) replay_of: Option<RequestId>,
}

impl Steps {
    pub(crate) fn begin(clock: Stopwatch) -> Self {
        let (marks, began) = (SmallVec::from_slice(&[0]), clock.monotonic());
        Self { clock, began, marks, status: None, charge: None, replay_of: None }
    }

    /// How long the call is under way.
    pub(crate) fn took(&self) -> Duration {
        self.clock.monotonic().saturating_sub(self.began)
    }

    pub(crate) fn at(&mut self, gate: Gate) {
        let took = self.took();
        // Tenths of a microsecond. `as_nanos` is 128 bits wide, and so would be the division, a gate.
        let tenths = took.as_secs().saturating_mul(10_000_000);
        let tenths = tenths.saturating_add(u64::from(took.subsec_nanos() / 100));
        let mark = u32::try_from(tenths).unwrap_or(u32::MAX);
        self.marks.resize(gate.place, mark);
        self.marks.push(mark);
    }
}

/// Takes the receipt of a call.
pub(crate) fn write(receipts: &Receipts, answer: &Answer, trail: &Trail, took: Duration) {
    let refusal = answer.refusal();
    let partly = matches!(answer.outcome, Outcome::Batch(_)) && !answer.code().is_success();
    let gate = if partly { Some(order::OUTCOME) } else { refusal.map(|_| trail.gate) };
    let message = refusal.map(faregate_contract::Refusal::message);
    let profile = trail.profile();
    let peer = Peer::of(trail.peer);
    receipts.write(&Receipt {
        gate: gate.and_then(|gate| u8::try_from(gate.place).ok()),
        took_us: micros(took),
        upstream_us: micros(trail.upstream),
        upstream_status: trail.steps.status,
        charge: trail.steps.charge,
        replay_of: trail.steps.replay_of,
        marks: trail.steps.marks.clone(),
        account: trail.account(),
        module: trail.module(),
        action: trail.action(),
        peer: Some(peer.as_str()),
        module_code: refusal.and_then(|r| r.module.as_ref()).map(|module| module.code.as_str()),
        reason: refusal.map(|refusal| refusal.reason.as_str()),
        profile: profile.as_deref(),
        message: message.as_deref(),
        detail: refusal.and_then(|refusal| refusal.detail.for_log()),
        ..Receipt::new(answer.request_id, answer.code().number())
    });
}

pub(crate) const fn charge(amount: Money, settlement: Settlement) -> Charge {
    let state = match settlement {
        Settlement::Commit => ChargeState::Committed,
        Settlement::Release => ChargeState::Released,
        Settlement::InDoubt => ChargeState::InDoubt,
    };
    Charge { amount, state }
}

fn micros(duration: Duration) -> u32 {
    u32::try_from(duration.as_micros()).unwrap_or(u32::MAX)
}

/// An address as text, without an allocation.
#[derive(Default)]
struct Peer {
    bytes: SmallVec<[u8; 48]>,
}

impl Peer {
    fn of(address: IpAddr) -> Self {
        let mut peer = Self::default();
        match address {
            // Nearly all of them, and the formatter takes longer over one than the rest of a receipt.
            IpAddr::V4(address) => {
                for (place, octet) in address.octets().into_iter().enumerate() {
                    if place > 0 {
                        peer.bytes.push(b'.');
                    }
                    peer.decimal(octet);
                }
            }
            // An address is shorter than the room for it.
            IpAddr::V6(address) => drop(write!(peer, "{address}")),
        }
        peer
    }

    fn decimal(&mut self, octet: u8) {
        for (unit, digit) in [(100, octet / 100), (10, octet / 10 % 10), (1, octet % 10)] {
            if octet >= unit || unit == 1 {
                self.bytes.push(b'0' + digit);
            }
        }
    }

    fn as_str(&self) -> &str {
        std::str::from_utf8(&self.bytes).unwrap_or_default()
    }
}

impl std::fmt::Write for Peer {
    fn write_str(&mut self, text: &str) -> std::fmt::Result {
        self.bytes.extend_from_slice(text.as_bytes());
        Ok(())
    }
}

/// A receipt as its account may read it: nothing that is for the log alone.
#[must_use]
pub fn told(own: &Receipt<'_>, later: &[Receipt<'_>], hold: Option<&OpenHold>) -> Value {
    let refused = own.gate.map(usize::from).and_then(|place| order::ORDER.get(place));
    let mut told = json!({
        "requestId": own.request_id,
        "arrivedAt": arrived(own.request_id),
        "module": own.module,
        "action": own.action,
        "code": own.code,
        "codeDesc": Code::from_wire(own.code).code_desc(),
        "gates": gates(own),
        "tookMs": millis(own.took_us),
    });
    let Some(members) = told.as_object_mut() else { return told };
    let mut add = |name: &str, value: Option<Value>| {
        if let Some(value) = value {
            members.insert(name.to_owned(), value);
        }
    };
    add("gate", refused.map(|gate| gate.name.into()));
    add("reason", own.reason.map(Value::from));
    add("moduleCode", own.module_code.map(Value::from));
    add("message", own.message.map(Value::from));
    add("replayOf", own.replay_of.map(|id| id.to_string().into()));
    if own.upstream_us > 0 || own.upstream_status.is_some() {
        let upstream = json!({ "status": own.upstream_status, "tookMs": millis(own.upstream_us) });
        add("upstream", Some(upstream));
    }
    let charge = later.iter().rev().chain([own]).find_map(|receipt| receipt.charge);
    let state = hold.map_or_else(
        || charge.map(|charge| charge.state.as_str()),
        |hold| Some(hold.state.as_str()),
    );
    add("charge", charge.zip(state).map(|(charge, state)| price(charge.amount, state)));
    told
}

/// What an account is told of a call, of everything that is kept of it; none if it is not its own.
#[must_use]
pub fn told_to(account: &str, kept: &[Kept], hold: Option<&OpenHold>) -> Option<Value> {
    let hold = hold.filter(|hold| hold.account == account);
    let (later, own): (Vec<Receipt<'_>>, Vec<_>) = kept
        .iter()
        .filter_map(Kept::receipt)
        .filter(|receipt| receipt.account == Some(account))
        .partition(Receipt::is_settlement);
    match (own.first(), hold) {
        (Some(own), hold) => Some(told(own, &later, hold)),
        // Killed before its answer, or still under way: the ledger knows it all the same.
        (None, Some(hold)) => Some(told_by_hold(hold)),
        // One item of a batch, that paid something back.
        (None, None) => later.last().map(|receipt| told(receipt, &later, None)),
    }
}

/// What the ledger knows of a call that left no receipt.
#[must_use]
pub fn told_by_hold(hold: &OpenHold) -> Value {
    json!({
        "requestId": hold.request_id,
        "arrivedAt": arrived(hold.request_id),
        "module": hold.module,
        "action": hold.action,
        "charge": price(hold.amount, hold.state.as_str()),
    })
}

/// What is kept of a batch that left no receipt.
#[must_use]
pub fn told_by_batch(batch: &KeptBatch) -> Value {
    json!({
        "requestId": batch.request_id,
        "arrivedAt": arrived(batch.request_id),
        "module": batch.module,
        "action": batch.action,
    })
}

/// What each item of a batch answered, by its id.
#[must_use]
pub fn detail(batch: &KeptBatch) -> Option<Value> {
    let Some(Ok(Outcome::Batch(items))) = saved::read(&batch.answer) else { return None };
    let told = items.into_iter().map(|item| {
        let code = item.result.as_ref().map_or_else(|refusal| refusal.code, |_| Code::Success);
        let refusal = item.result.err();
        let one = json!({
            "code": code,
            "codeDesc": code.code_desc(),
            "message": refusal.as_ref().map(Refusal::message).unwrap_or_default(),
            "reason": refusal.map(|refusal| refusal.reason),
            "requestId": item.request_id,
        });
        (item.id, one)
    });
    Some(Value::Object(told.collect()))
}

/// The same, with what its items answered.
#[must_use]
pub fn with_detail(mut told: Value, detail: Option<Value>) -> Value {
    if let (Some(told), Some(detail)) = (told.as_object_mut(), detail) {
        told.insert("detail".to_owned(), detail);
    }
    told
}

fn price(amount: Money, state: &str) -> Value {
    let currency = amount.currency();
    json!({ "amount": amount.to_string(), "currency": currency.as_str(), "state": state })
}

/// Each gate that was reached, what became of it, and how long it took.
fn gates(own: &Receipt<'_>) -> Vec<Value> {
    let reached = own.marks.iter().zip(order::ORDER).enumerate();
    let each = reached.map(|(place, (mark, gate))| {
        let refused = own.gate.map(usize::from) == Some(place);
        let outcome = if refused { "refused" } else { "passed" };
        let until = own.marks.get(place.saturating_add(1)).copied();
        let until = until.unwrap_or_else(|| own.took_us.saturating_mul(10));
        let tenths = until.saturating_sub(*mark);
        json!({ "gate": gate.name, "outcome": outcome, "us": f64::from(tenths) / 10.0 })
    });
    each.collect()
}

fn millis(us: u32) -> Value {
    (f64::from(us) / 1000.0).into()
}

/// The time of arrival that an id holds, in seconds since the epoch.
#[must_use]
pub fn arrived(id: RequestId) -> Value {
    let [t0, t1, t2, t3, t4, t5, ..] = *id.as_bytes();
    let ms = u64::from_be_bytes([0, 0, t0, t1, t2, t3, t4, t5]);
    (ms / 1000).into()
}

#[cfg(test)]
mod spec {
    use super::*;

    #[test]
    fn a_peer_reads_as_its_address_does() {
        for text in [
            "0.0.0.0",
            "127.0.0.1",
            "10.20.30.40",
            "255.199.100.9",
            "192.0.2.109",
            "::1",
            "2001:db8::ff",
        ] {
            let address: IpAddr = text.parse().unwrap();
            assert_eq!(Peer::of(address).as_str(), address.to_string(), "{text}");
        }
    }
}

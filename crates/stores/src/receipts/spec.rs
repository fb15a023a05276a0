//! A receipt comes back as it was written, from whichever file it is in, and never costs a call its answer.

use faregate_ledger::{Currency, Money};
use proptest::prelude::*;

use super::record::Records;
use super::*;

fn id(n: u64) -> RequestId {
    let [_, _, a, b, c, d, e, f] = n.to_be_bytes();
    RequestId::new(1_526_896_800_000 + n, [1, 2, a, b, c, d, e, f, 3, 4])
}

fn bought(n: u64) -> Receipt<'static> {
    Receipt {
        gate: Some(12),
        took_us: 1_204,
        upstream_us: 900,
        upstream_status: Some(200),
        charge: Some(Charge {
            amount: Money::parse("30.00", Currency::CNY).unwrap(),
            state: ChargeState::InDoubt,
        }),
        replay_of: Some(id(7)),
        marks: [0, 3, 127, 128, 70_000].into_iter().collect(),
        account: Some("100000001"),
        module: Some("cvm"),
        action: Some("RunInstances"),
        peer: Some("127.0.0.1"),
        module_code: Some("100004"),
        reason: Some("INSUFFICIENT_BALANCE"),
        profile: Some("canonical"),
        message: Some("the é is wrong."),
        detail: Some(""),
        ..Receipt::new(id(n), 5300)
    }
}

#[test]
fn a_receipt_comes_back_as_it_was_written() {
    for receipt in [bought(1), Receipt::new(id(2), 0)] {
        let mut bytes = Vec::new();
        receipt.write(&mut bytes);
        let bodies: Vec<_> = Records::of(&bytes).map(|(_, body)| body).collect();
        assert_eq!(bodies.len(), 1);
        assert_eq!(Receipt::read(bodies[0]), Some(receipt));
    }
    let long = "é".repeat(3_000);
    let mut bytes = Vec::new();
    Receipt { message: Some(&long), ..Receipt::new(id(1), 0) }.write(&mut bytes);
    let (_, body) = Records::of(&bytes).next().unwrap();
    assert_eq!(Receipt::read(body).unwrap().message.unwrap().chars().count(), 1_000);
}

proptest! {
    #[test]
    fn damaged_bytes_are_no_receipt_and_no_panic(at in 0_usize..200, flip in 1_u8..=255) {
        let mut bytes = Vec::new();
        bought(1).write(&mut bytes);
        let at = at % bytes.len();
        bytes[at] ^= flip;
        prop_assert_eq!(Records::of(&bytes).count(), 0);
        let _ = Receipt::read(&bytes[at..]);
    }
}

fn codes(kept: &[Kept]) -> Vec<u16> {
    kept.iter().map(|kept| kept.receipt().unwrap().code).collect()
}

#[test]
fn a_receipt_is_found_at_once_after_a_restart_and_after_a_kill() {
    let folder = tempfile::tempdir().unwrap();
    let receipts = Receipts::open(folder.path()).unwrap();
    for n in 0..500 {
        receipts.write(&Receipt::new(id(n), 0));
    }
    receipts.write(&Receipt::new(id(3), 5300));
    assert_eq!(codes(&receipts.find(id(3)).unwrap()), [0, 5300], "the same process");
    assert_eq!(codes(&find(folder.path(), id(499)).unwrap()), [0], "another process");
    assert!(receipts.find(id(500)).unwrap().is_empty());
    drop(receipts);
    // What a kill leaves: half a record at the end.
    let name = segment::list(folder.path()).unwrap().remove(0);
    let mut torn = Vec::new();
    bought(9).write(&mut torn);
    let mut bytes = fs::read(&name.path).unwrap();
    bytes.extend_from_slice(&torn[..torn.len() / 2]);
    fs::write(&name.path, bytes).unwrap();
    let receipts = Receipts::open(folder.path()).unwrap();
    receipts.write(&Receipt::new(id(3), 6000));
    assert_eq!(codes(&receipts.find(id(3)).unwrap()), [0, 5300, 6000], "two files");
    assert_eq!(codes(&receipts.find(id(0)).unwrap()), [0]);
    assert_eq!(codes(&receipts.find(id(499)).unwrap()), [0]);
}

#[test]
fn what_is_a_day_old_is_forgotten_and_the_rest_kept() {
    let folder = tempfile::tempdir().unwrap();
    for hour in 0..30 {
        let mut open = Open::create(folder.path(), hour * 3_600_000).unwrap();
        open.append(b"").unwrap();
        open.seal().unwrap();
    }
    forget(folder.path(), 29 * 3_600_000 + 1).unwrap();
    let left: Vec<i64> =
        segment::list(folder.path()).unwrap().iter().map(|n| n.began_ms / 3_600_000).collect();
    assert_eq!(left, (5..30).collect::<Vec<_>>());
}

/// Not asserted: figures of time are reported. Run it with `--release --no-capture` to read them.
#[test]
fn what_a_receipt_costs_a_call() {
    let folder = tempfile::tempdir().unwrap();
    let receipts = Receipts::open(folder.path()).unwrap();
    let n = if std::env::var_os("FAREGATE_SOAK").is_some() { 2_000_000 } else { 20_000 };
    let began = clock::monotonic();
    for i in 0..n {
        receipts.write(&bought(i));
    }
    let each = began.elapsed().as_nanos() / u128::from(n);
    println!("{each} ns a receipt, {} dropped of {n}", receipts.n_dropped());
    assert_eq!(receipts.find(id(n - 1)).unwrap().len() + usize::from(receipts.n_dropped() > 0), 1);
}

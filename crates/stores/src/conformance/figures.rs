//! Figures of the books; nothing is asserted of time. An ordinary run takes few; optimised, and with many, they say
//! what a machine does: `FAREGATE_N=10000000 cargo test --release -p faregate-stores --lib -- --nocapture figures::`

use std::time::Instant;

use faregate_contract::RequestId;
use faregate_ledger::{Balance, Entry, Hold, Money, Step};
use faregate_pipeline::facts::{HoldOutcome, Intent};

use super::{TEN, intent, money, world};
use crate::sqlite::balances::{self, About};

/// How many, unless `FAREGATE_N` says.
fn n_or(usual: usize) -> usize {
    let named = std::env::var_os("FAREGATE_N").and_then(|text| text.to_str()?.parse().ok());
    named.unwrap_or(usual)
}

/// Durable reserves a second with group commit: 512 callers at once, of one account, and of 64.
#[test]
fn reserves_a_second() {
    for n_accounts in [1, 64] {
        let mut world = world();
        let accounts: Vec<_> = (0..n_accounts).map(|_| world.account("1000000")).collect();
        let n = n_or(4_000);
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let began = Instant::now();
        runtime.block_on(async {
            let callers: Vec<_> = (0..512)
                .map(|caller| {
                    let (stores, accounts) = (world.stores.clone(), accounts.clone());
                    tokio::spawn(async move {
                        for turn in (caller..n).step_by(512) {
                            let mut id = [0; 10];
                            id[2..].copy_from_slice(&(turn as u64).to_be_bytes());
                            let wanted = Intent {
                                request_id: RequestId::new(1_526_896_800_000, id),
                                print: turn as u128,
                                ..intent(0, &accounts[turn % accounts.len()], "0.01")
                            };
                            let held = stores.reserve(&wanted, TEN).await;
                            assert_eq!(held, Ok(HoldOutcome::Held));
                        }
                    })
                })
                .collect();
            for caller in callers {
                caller.await.unwrap();
            }
        });
        let took = began.elapsed();
        let a_second = n as f64 / took.as_secs_f64();
        println!(
            "{n} durable reserves of {n_accounts} accounts in {took:?}: {a_second:.0} a second"
        );
    }
}

/// `ledger verify` of many entries, of 100 accounts.
#[test]
fn entries_verified_a_second() {
    let n = n_or(20_000);
    let mut world = world();
    let accounts: Vec<_> = (0..100).map(|_| world.account("0")).collect();
    let connection =
        rusqlite::Connection::open(world.folder.path().join("data/faregate.db")).unwrap();
    let began = Instant::now();
    connection.execute_batch("PRAGMA synchronous = OFF; BEGIN").unwrap();
    let mut sums: Vec<Balance> =
        accounts.iter().map(|_| Balance::empty(money("0").currency())).collect();
    let mut held: Vec<Option<Hold>> = vec![None; sums.len()];
    for turn in 0..n {
        let at = turn % accounts.len();
        let (entry, next) = next(&mut sums[at], held[at]);
        held[at] = next;
        let id = Some(super::id(u8::try_from(turn % 251).unwrap()));
        let about = About { account: &accounts[at].id, request_id: id, note: "" };
        balances::book(&connection, about, entry, &sums[at], TEN).unwrap();
        if turn % 500_000 == 499_999 {
            connection.execute_batch("COMMIT; BEGIN").unwrap();
        }
    }
    connection.execute_batch("COMMIT").unwrap();
    println!("{n} entries booked in {:?}", began.elapsed());
    let began = Instant::now();
    let check = world.admin.verify_ledger(None, &mut |_, _| {}).unwrap();
    let took = began.elapsed();
    assert_eq!((check.n_entries, check.bad), (n as u64, None));
    println!("{n} entries verified in {took:?}");
}

/// The next entry of an account: topped up, then bought and paid or given back, and so on.
fn next(balance: &mut Balance, held: Option<Hold>) -> (Entry, Option<Hold>) {
    if let Some(mut hold) = held {
        hold.step(balance, Step::Send).unwrap();
        let ending = faregate_ledger::Ending::Commit;
        hold.step(balance, Step::Answer(ending)).unwrap();
        return (hold.step(balance, Step::Settle).unwrap().unwrap(), None);
    }
    let price: Money = money("0.01");
    match Hold::reserve(balance, price) {
        Ok((hold, entry)) => (entry, Some(hold)),
        Err(_) => (balance.top_up(money("10")).unwrap(), None),
    }
}

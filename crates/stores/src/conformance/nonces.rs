//! A claim is new once.

use faregate_pipeline::facts::{Claim, ClaimRequest};
use faregate_pipeline::replay::Prints;
use faregate_pipeline::time::Millis;

use super::{TEN, world};
use crate::Ticket;

pub(crate) fn claim(key: u64, nonce: u64, stamp: Millis) -> ClaimRequest {
    let prints = Prints::new([0; 16]);
    ClaimRequest {
        account: 1,
        is_read: false,
        print: prints.of_call(&key.to_string(), stamp.as_ms(), nonce),
        key_print: key,
        nonce,
        stamp,
        refuse_last_nonce: true,
        live_max: None,
    }
}

/// A row: key, nonce, stamp in seconds after ten, and what the claim is; or `back` for the n-th
/// claim that was new.
enum Row {
    Claim(u64, u64, i64, Claim),
    Back(usize),
}

#[tokio::test]
pub(super) async fn a_nonce_is_spent_once_per_key_and_stamp_and_never_twice_in_a_row() {
    use Row::{Back, Claim};
    use faregate_pipeline::facts::Claim::{New, SameAsLast, Seen};
    let tables: [(&str, Vec<Row>); 6] = [
        ("twice", vec![Claim(1, 7, 0, New), Claim(1, 7, 0, Seen), Claim(1, 7, 0, Seen)]),
        ("another key", vec![Claim(1, 7, 0, New), Claim(2, 7, 0, New)]),
        (
            "the last nonce",
            vec![
                Claim(1, 7, 0, New),
                Claim(1, 7, 1, SameAsLast),
                Claim(1, 8, 1, New),
                Claim(1, 7, 1, New), // no longer the last, and another stamp
                Claim(1, 7, 0, Seen),
            ],
        ),
        (
            "beside each other over minutes, segments and hours",
            vec![
                Claim(1, 7, 0, New),
                Claim(1, 8, 59, New),
                Claim(1, 9, 60, New),
                Claim(1, 8, 600, New),
                Claim(1, 9, -7_200, New),
                Claim(1, 10, 7_200, New),
                Claim(1, 9, -7_200, Seen),
                Claim(1, 8, 59, Seen),
            ],
        ),
        (
            "given back",
            vec![
                Claim(1, 7, 0, New),
                Back(0),
                Claim(1, 7, 0, New),
                Claim(1, 7, 0, Seen),
                Claim(1, 8, 0, New),
                Back(2),
                Claim(1, 7, 1, SameAsLast), // the one before is the last again
                Claim(1, 8, 0, New),
            ],
        ),
        (
            "given back late",
            vec![
                Claim(1, 7, 0, New),
                Claim(1, 8, 0, New),
                Back(0),
                Claim(1, 8, 1, SameAsLast), // the key went on: its last stays
                Claim(1, 7, 0, New),
            ],
        ),
    ];
    for (what, rows) in tables {
        let world = world();
        let mut tickets: Vec<Option<Ticket>> = Vec::new();
        for (at, row) in rows.into_iter().enumerate() {
            match row {
                Back(n) => world.stores.give_back(&tickets[n].take().unwrap()).await.unwrap(),
                Claim(key, nonce, s, expected) => {
                    let request = claim(key, nonce, TEN.plus(s * 1000));
                    let (became, _, ticket) = world.stores.enter(&request, &[], TEN).await.unwrap();
                    assert_eq!(became, expected, "{what}, row {at}");
                    assert_eq!(ticket.is_some(), became == New, "{what}, row {at}");
                    tickets.extend(ticket.map(Some));
                }
            }
        }
    }
}

#[tokio::test]
pub(super) async fn the_last_nonce_is_asked_only_where_it_is_wanted() {
    let world = world();
    for s in 0..3 {
        let request = ClaimRequest { refuse_last_nonce: false, ..claim(1, 7, TEN.plus(s)) };
        assert_eq!(world.stores.enter(&request, &[], TEN).await.unwrap().0, Claim::New, "{s}");
    }
}

#[test]
pub(super) fn of_copies_that_race_one_is_new() {
    let world = world();
    let n_new: usize = std::thread::scope(|scope| {
        let race = |_| {
            scope.spawn(|| {
                let runtime =
                    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
                let mut n_new = 0;
                for nonce in 0..200 {
                    let request = claim(1, nonce, TEN.plus(2_000));
                    let entered = runtime.block_on(world.stores.enter(&request, &[], TEN));
                    n_new += usize::from(entered.unwrap().0 == Claim::New);
                }
                n_new
            })
        };
        let threads: Vec<_> = (0..16).map(race).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).sum()
    });
    assert_eq!(n_new, 200);
}

//! Cells give all or nothing, and a call they refuse leaves its nonce unspent.

use faregate_pipeline::facts::{Cell, CellKey, Claim, Rate};
use faregate_pipeline::time::Millis;

use super::nonces::claim;
use super::{TEN, World, rate, world};

fn cell(action: Option<usize>, rate: Rate, name: &'static str) -> Cell {
    Cell { key: CellKey { account: 1, action }, rate, cost: 1, name }
}

/// Enters with a nonce, and gives which cell refused, for how long.
async fn enter(
    world: &World,
    nonce: u64,
    cells: &[Cell],
    now: Millis,
) -> (Claim, Option<(&'static str, u32)>, Vec<u32>) {
    let (claim, verdict, ticket) =
        world.stores.enter(&claim(1, nonce, now), cells, now).await.unwrap();
    let refused = verdict.refused().map(|cell| (cell.name, cell.refused_for_s.unwrap()));
    assert_eq!(ticket.is_some(), claim == Claim::New && refused.is_none());
    (claim, refused, verdict.cells.iter().map(|cell| cell.remaining).collect())
}

#[tokio::test]
async fn a_clock_that_was_set_back_locks_nobody_out() {
    let world = world();
    let cells = [cell(None, rate(1, 2), "account")];
    let later = TEN.plus(7_200_000);
    assert_eq!(enter(&world, 1, &cells, later).await.1, None);
    assert_eq!(enter(&world, 2, &cells, TEN).await.1, Some(("account", 1)), "empty, at worst");
    assert_eq!(enter(&world, 2, &cells, TEN.plus(1_000)).await.1, None, "and filling again");
}

#[tokio::test]
async fn a_cell_that_refuses_takes_from_none_and_spends_no_nonce() {
    let world = world();
    let cells = [cell(None, rate(1, 5), "account"), cell(Some(3), rate(1, 2), "action")];
    assert_eq!(enter(&world, 1, &cells, TEN).await, (Claim::New, None, vec![4, 1]));
    assert_eq!(enter(&world, 2, &cells, TEN).await, (Claim::New, None, vec![3, 0]));
    let refused = (Claim::New, Some(("action", 1)), vec![3, 0]);
    assert_eq!(enter(&world, 3, &cells, TEN).await, refused);
    assert_eq!(enter(&world, 3, &cells, TEN).await, refused, "the same bytes are invited again");
    // The account's cell was left alone: it has three for other actions.
    let others = [cell(None, rate(1, 5), "account")];
    for (nonce, left) in [(4, 2), (5, 1), (6, 0)] {
        assert_eq!(enter(&world, nonce, &others, TEN).await, (Claim::New, None, vec![left]));
    }
    let full = enter(&world, 7, &others, TEN).await;
    assert_eq!(full, (Claim::New, Some(("account", 1)), vec![0]));
    let later = TEN.plus(1_000);
    assert_eq!(enter(&world, 7, &others, later).await, (Claim::New, None, vec![0]));
}

#[tokio::test]
async fn copies_of_a_spent_claim_cost_nothing() {
    let world = world();
    let cells = [cell(None, rate(1, 3), "account")];
    assert_eq!(enter(&world, 1, &cells, TEN).await, (Claim::New, None, vec![2]));
    for _ in 0..50 {
        assert_eq!(enter(&world, 1, &cells, TEN).await, (Claim::Seen, None, vec![]));
    }
    assert_eq!(enter(&world, 2, &cells, TEN).await, (Claim::New, None, vec![1]));
}

#[tokio::test]
async fn a_burst_passes_and_then_the_rate_does() {
    let world = world();
    let (cells, mut n_passed) = ([cell(None, rate(5, 5), "account")], 0);
    for n in 0..1_000_i64 {
        let now = TEN.plus(n * 10);
        let nonce = u64::try_from(n).unwrap();
        n_passed += usize::from(enter(&world, nonce, &cells, now).await.1.is_none());
    }
    // Ten seconds, less the last hundredth: 5 at once and 5 a second.
    assert_eq!(n_passed, 5 + 49);
}

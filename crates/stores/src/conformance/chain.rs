//! The books do not lie: whatever is changed in them is found, and the first bad entry named.

use faregate_ledger::Ending;
use faregate_pipeline::facts::{HoldOutcome, Settlement};
use rusqlite::Connection;
use rusqlite::types::Value;

use super::{TEN, World, id, intent, money, world};
use crate::Head;
use crate::sqlite::audit::{self, Differs, LedgerCheck};

/// Two accounts, twelve entries, of every kind.
async fn books() -> World {
    let mut world = world();
    let (ann, bob) = (world.account("10"), world.account("30"));
    world.admin.adjust(&ann.id, money("-1"), "a mistake").unwrap();
    world.admin.set_credit(&bob.id, money("5"), "a friend").unwrap();
    for n in 1..=4 {
        let account = if n % 2 == 0 { &ann } else { &bob };
        world.stores.reserve(&intent(n, account, "2"), TEN).await.unwrap();
        if n < 3 {
            world.stores.mark_sending(id(n)).await.unwrap();
            let ends = if n == 1 { Settlement::Commit } else { Settlement::Release };
            world.stores.settle(Some(id(n)), ends, &account.id, &[], TEN).await.unwrap();
        }
    }
    world.admin.adjust(&ann.id, money("0.5"), "another").unwrap();
    world.admin.set_credit(&bob.id, money("4"), "").unwrap();
    world
}

/// The database, opened by somebody who is bound by nothing.
fn by_hand(world: &World) -> Connection {
    let connection = Connection::open(world.folder.path().join("data/faregate.db")).unwrap();
    connection
        .execute_batch(
            "PRAGMA ignore_check_constraints = ON; PRAGMA foreign_keys = OFF; \
             DROP TRIGGER entries_are_not_updated; DROP TRIGGER entries_are_not_deleted; \
             DROP TRIGGER entries_are_chained",
        )
        .unwrap();
    connection
}

fn check(connection: &Connection) -> LedgerCheck {
    audit::check(connection, None, &mut |_, _| {}).unwrap()
}

/// What is found after `change`, which is then undone; none if it could not be made.
fn after(
    connection: &Connection,
    change: impl FnOnce() -> rusqlite::Result<()>,
) -> Option<LedgerCheck> {
    connection.execute_batch("SAVEPOINT before").unwrap();
    let found = change().is_ok().then(|| check(connection));
    connection.execute_batch("ROLLBACK TO before; RELEASE before").unwrap();
    found
}

/// The value with one byte changed, in every place and in two ways.
fn flipped(value: &Value) -> Vec<Value> {
    let each = |bytes: &[u8]| -> Vec<Vec<u8>> {
        let one = |at: usize, with: u8| {
            let mut changed = bytes.to_vec();
            changed[at] ^= with;
            changed
        };
        (0..bytes.len()).flat_map(|at| [one(at, 1), one(at, 0x80)]).collect()
    };
    match value {
        Value::Null => vec![Value::Blob(vec![0])],
        Value::Integer(number) => each(&number.to_be_bytes())
            .into_iter()
            .map(|bytes| Value::Integer(i64::from_be_bytes(bytes.try_into().unwrap())))
            .collect(),
        Value::Real(_) => panic!("the books have no fractions"),
        // Written as the bytes that they are, whether or not they are a text.
        Value::Text(text) => each(text.as_bytes()).into_iter().map(Value::Blob).collect(),
        Value::Blob(bytes) => each(bytes).into_iter().map(Value::Blob).collect(),
    }
}

#[tokio::test]
async fn one_changed_byte_anywhere_is_found_and_the_entry_named() {
    let world = books().await;
    let connection = by_hand(&world);
    assert!(check(&connection).is_good(), "{:?}", check(&connection));
    let n_entries = i64::try_from(check(&connection).n_entries).unwrap();
    let (mut n_flips, mut n_by_hash) = (0_usize, 0);
    // All of them where there is time; else every seventh, which meets every column of every entry.
    let stride = if std::env::var_os("FAREGATE_SOAK").is_some() { 1 } else { 7 };
    let mut n_seen = 0_usize;
    for column in [
        "seq",
        "at_ms",
        "request_id",
        "debit",
        "credit",
        "account",
        "amount",
        "currency",
        "note",
        "way",
        "hash",
    ] {
        for seq in 1..=n_entries {
            let read = format!("SELECT {column}, typeof({column}) FROM entries WHERE seq = ?1");
            let (value, kind): (Value, String) =
                connection.query_row(&read, [seq], |row| Ok((row.get(0)?, row.get(1)?))).unwrap();
            let kind = if kind == "null" { "blob" } else { &kind };
            let write = format!("UPDATE entries SET {column} = CAST(?2 AS {kind}) WHERE seq = ?1");
            for changed in flipped(&value) {
                n_seen += 1;
                if !n_seen.is_multiple_of(stride) {
                    continue;
                }
                let found =
                    after(&connection, || connection.execute(&write, (seq, &changed)).map(drop));
                // Two entries cannot have one number.
                let Some(found) = found else {
                    assert_eq!(column, "seq");
                    continue;
                };
                let bad = found.bad.unwrap_or_else(|| panic!("{column} of {seq}: {changed:?}"));
                if column == "seq" {
                    // It is missed where it was, or found where it does not belong.
                    assert!(bad.seq <= seq && bad.differs == Differs::Gap, "{seq}: {bad:?}");
                } else {
                    assert_eq!(bad.seq, seq, "{column}: {bad:?}");
                    let last = seq == n_entries;
                    let wanted =
                        if column == "hash" && !last { Differs::Chain } else { Differs::Content };
                    // A sum that breaks at the entry itself is told before the next one can be looked at.
                    assert!([wanted, Differs::Sum].contains(&bad.differs), "{column}: {bad:?}");
                    n_by_hash += usize::from(bad.differs == wanted);
                }
                n_flips += 1;
            }
        }
    }
    println!("{n_flips} flips of {n_entries} entries, {n_by_hash} of them named by the hash");
    assert!(n_by_hash > 2_000 / stride);
}

#[tokio::test]
async fn what_is_left_out_put_in_or_put_elsewhere_is_found() {
    let world = books().await;
    let connection = by_hand(&world);
    let head = check(&connection).head.unwrap();
    let n = head.seq;
    let columns = "at_ms, request_id, debit, credit, account, amount, currency, note, way, hash";
    let put_in = format!(
        "INSERT INTO entries (seq, {columns}) SELECT {}, {columns} FROM entries WHERE seq = 3",
        n + 1
    );
    for (what, sql, seq, differs) in [
        ("the first is gone", "DELETE FROM entries WHERE seq = 1", 1, Differs::Gap),
        ("one is gone", "DELETE FROM entries WHERE seq = 5", 5, Differs::Gap),
        ("the end is gone", "DELETE FROM entries WHERE seq > 7", 8, Differs::Gap),
        ("all are gone", "DELETE FROM entries", 1, Differs::Gap),
        ("one is twice", put_in.as_str(), n + 1, Differs::Content),
        (
            "two have changed places",
            "UPDATE entries SET seq = -1 WHERE seq = 3; UPDATE entries SET seq = 3 WHERE seq = 4; \
             UPDATE entries SET seq = 4 WHERE seq = -1",
            3,
            Differs::Content,
        ),
        (
            "a number is skipped",
            "UPDATE entries SET seq = seq + 1000 WHERE seq > 6; UPDATE entries SET seq = seq - 999 WHERE seq > 999",
            7,
            Differs::Gap,
        ),
    ] {
        let bad = after(&connection, || connection.execute_batch(sql)).unwrap().bad.unwrap();
        assert_eq!((bad.seq, bad.differs), (seq, differs), "{what}: {bad:?}");
    }
    // The same content chained anew tells nothing, but to whoever knows a head.
    connection
        .execute_batch(
            "UPDATE entries SET note = 'no mistake' WHERE seq = 3; UPDATE entries SET hash = NULL",
        )
        .unwrap();
    crate::sqlite::chain::begin(&connection).unwrap();
    assert!(check(&connection).is_good());
    let known = |head: &Head| audit::check(&connection, Some(head), &mut |_, _| {}).unwrap().bad;
    assert_eq!(known(&head).map(|bad| (bad.seq, bad.differs)), Some((n, Differs::Chain)));
    let now = check(&connection).head.unwrap();
    assert_eq!(known(&now), None);
    let beyond = Head { seq: n + 1, ..now };
    assert_eq!(known(&beyond).map(|bad| (bad.seq, bad.differs)), Some((n + 1, Differs::Gap)));
    assert_eq!(now.to_string().parse(), Ok(now));
    for text in ["", "1", "1:", "x:00", "1:zz", &format!("1:{}", "0".repeat(63))] {
        assert!(text.parse::<Head>().is_err(), "{text}");
    }
}

#[tokio::test]
async fn balances_and_holds_are_compared_with_the_entries() {
    let world = books().await;
    let connection = by_hand(&world);
    for sql in [
        "UPDATE balances SET available = available + 1",
        "UPDATE balances SET lent = lent + 1",
        "UPDATE balances SET held = -1",
        "DELETE FROM balances",
        "DELETE FROM holds",
        "UPDATE holds SET state = 'released'",
        "UPDATE holds SET amount = amount + 1 WHERE state = 'reserved'",
    ] {
        let found = after(&connection, || connection.execute_batch(sql)).unwrap();
        assert!(found.bad.is_none() && !found.problems.is_empty(), "{sql}: {found:?}");
    }
}

#[tokio::test]
async fn books_of_before_the_chain_are_chained_by_the_migration() {
    let world = books().await;
    let data = world.folder.path().join("data");
    let connection = by_hand(&world);
    // Back to before: the entries that there were then, without what the migration brought.
    connection
        .execute_batch(
            "DELETE FROM entries WHERE way NOT IN ('top-up', 'reserve', 'commit', 'release'); \
             UPDATE entries SET seq = (SELECT count(*) FROM entries e WHERE e.seq <= entries.seq); \
             UPDATE sqlite_sequence SET seq = (SELECT max(seq) FROM entries) WHERE name = 'entries'; \
             ALTER TABLE entries DROP COLUMN way; ALTER TABLE entries DROP COLUMN hash; \
             ALTER TABLE balances DROP COLUMN lent; ALTER TABLE balances DROP COLUMN daily_cap; \
             ALTER TABLE balances DROP COLUMN spent_day; ALTER TABLE balances DROP COLUMN spent; \
             CREATE TRIGGER entries_are_not_updated BEFORE UPDATE ON entries \
             BEGIN SELECT RAISE(ABORT, 'never'); END",
        )
        .unwrap();
    let sql = include_str!("../../migrations/sqlite/0300_chain.sql");
    connection.execute_batch(sql).unwrap();
    crate::sqlite::chain::begin(&connection).unwrap();
    let found = check(&connection);
    assert_eq!((found.bad, found.n_entries), (None, 8));
    let update = connection.execute("UPDATE entries SET note = ''", []);
    assert!(update.is_err(), "chained entries are never updated");
    drop((world.stores, data));
}

#[tokio::test]
pub(super) async fn credit_is_spent_a_cap_ends_a_day_and_a_correction_takes_no_more_than_there_is()
{
    let mut world = world();
    let ann = world.account("1");
    assert!(world.admin.adjust(&ann.id, money("-1.01"), "too much").is_err());
    world.admin.set_credit(&ann.id, money("9"), "trust").unwrap();
    let short =
        |left, lent| HoldOutcome::Insufficient { available: money(left), credit: money(lent) };
    let much = world.stores.reserve(&intent(1, &ann, "10.01"), TEN).await;
    assert_eq!(much, Ok(short("10", "9")));
    world.admin.set_daily_cap(&ann.id, Some(money("6"))).unwrap();
    let midnight = faregate_pipeline::time::Millis::from_secs(1_526_947_200);
    let capped =
        |spent| HoldOutcome::Capped { cap: money("6"), spent: money(spent), resets_at: midnight };
    for (n, amount, at, outcome) in [
        (2, "6.01", TEN, capped("0")),
        (3, "4", TEN, HoldOutcome::Held),
        (4, "3", TEN, capped("4")),
        (5, "3", midnight, HoldOutcome::Held),
        (6, "4", midnight, short("3", "9")),
    ] {
        assert_eq!(world.stores.reserve(&intent(n, &ann, amount), at).await, Ok(outcome), "{n}");
    }
    // What is given back the same day may be spent again.
    world.stores.settle(Some(id(5)), Settlement::Release, &ann.id, &[], midnight).await.unwrap();
    assert_eq!(world.admin.daily(&ann.id).unwrap().spent(), money("0"));
    assert!(world.admin.set_credit(&ann.id, money("1"), "less than was spent").is_err());
    assert!(world.admin.set_credit(&ann.id, money("-1"), "").is_err());
    assert!(world.admin.set_daily_cap(&ann.id, Some(money("-1"))).is_err());
    assert!(world.admin.set_daily_cap("nobody", None).is_err());
    world.admin.set_daily_cap(&ann.id, None).unwrap();
    world.stores.mark_sending(id(3)).await.unwrap();
    world.stores.settle(Some(id(3)), Settlement::InDoubt, &ann.id, &[], midnight).await.unwrap();
    world.admin.settle_hold(id(3), Ending::Commit, "they did").unwrap();
    let world = world.reopened();
    let admin = &world.admin;
    let balance = admin.balance(&ann.id).unwrap();
    let sums = [balance.available(), balance.credit(), balance.own()];
    assert_eq!(sums, [money("6"), money("9"), money("-3")]);
    assert!(admin.verify_ledger(None, &mut |_, _| {}).unwrap().is_good());
}

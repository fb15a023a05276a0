//! The two schemas are one: the same numbers, tables and columns, or a reason why not.

use std::collections::BTreeSet;

use rusqlite::Connection;

use crate::conformance::servers::Servers;
use crate::conformance::shared_at;
use crate::migrate;
use crate::postgres::migrate::MIGRATIONS;
use crate::postgres::{Postgres, TRIES, moved};
use faregate_pipeline::facts::StoreDown;
use faregate_pipeline::time::Millis;

/// What one home has and the other has not: each with its reason. A table that is only embedded must be refused on
/// the shared home by the code that asks for it.
const SHARED_ONLY: [&str; 4] = [
    "fences", // losses of Redis: the embedded journal keeps its own fence
    "home",   // whose keyring: the embedded one lies beside the database
    "leads",  // stamps ahead: the embedded journal keeps its own
    "nodes",  // there is one embedded gateway, and a lock
];

#[test]
fn both_homes_have_the_same_tables_and_columns() {
    let mut sqlite = Connection::open_in_memory().unwrap();
    migrate::migrate(&mut sqlite, Millis::new(0)).unwrap();
    let embedded: BTreeSet<String> = sqlite
        .prepare(
            "SELECT m.name || '.' || c.name FROM sqlite_schema m, pragma_table_info(m.name) c \
             WHERE m.type = 'table' AND m.name NOT LIKE 'sqlite_%'",
        )
        .unwrap()
        .query_map([], |row| row.get(0))
        .unwrap()
        .collect::<Result<_, _>>()
        .unwrap();
    let servers = Servers::start();
    shared_at(&servers, "schema", &servers.folder().join("data"));
    let listed = servers.sql(
        "schema",
        "SELECT table_name || '.' || column_name FROM information_schema.columns \
         WHERE table_schema = 'public'",
    );
    let only = |name: &&str| SHARED_ONLY.iter().any(|table| name.starts_with(&format!("{table}.")));
    let shared: BTreeSet<String> =
        listed.lines().filter(|name| !only(name)).map(str::to_owned).collect();
    let missing: Vec<_> = embedded.symmetric_difference(&shared).collect();
    assert!(
        missing.is_empty(),
        "{missing:?}: carry it over into migrations/postgres, or say here why not and refuse it"
    );
    let n: i64 = sqlite.query_row("SELECT max(n) FROM schema_version", [], |r| r.get(0)).unwrap();
    assert_eq!(usize::try_from(n).unwrap(), MIGRATIONS.len(), "the same numbers");
}

#[test]
fn a_schema_is_migrated_once_a_newer_or_changed_one_and_another_keyring_are_refused() {
    let servers = Servers::start();
    let data = servers.folder().join("data");
    let at = shared_at(&servers, "migrated", &data);
    let again = crate::migrate_shared(&data, &at).unwrap();
    assert_eq!((again.n_applied, again.version as usize), (0, MIGRATIONS.len()));
    assert_eq!(crate::examine(&data, &at).unwrap().len(), 1, "a test's fsync is off");
    let other = servers.folder().join("other");
    let refused = crate::migrate_shared(&other, &at).unwrap_err().to_string();
    assert!(refused.contains("keyring") && !other.exists(), "{refused}");
    let refusals = [
        ("UPDATE schema_version SET sha256 = 'x' WHERE n = 2", "migration 2"),
        ("DELETE FROM schema_version; INSERT INTO schema_version VALUES (99, 'x', 0)", "newer"),
    ];
    for (damage, why) in refusals {
        servers.sql("migrated", damage);
        let refused = crate::migrate_shared(&data, &at).unwrap_err().to_string();
        assert!(refused.contains(why), "{refused}");
        let refused = crate::Admin::open_at(&data, Some(&at)).unwrap_err().to_string();
        assert!(refused.contains(why), "{refused}");
    }
}

/// What lost to another transaction is tried again; what fails otherwise is not, and nothing is tried for ever.
#[tokio::test]
async fn what_lost_to_another_is_tried_again_within_the_deadline() {
    let servers = Servers::start();
    servers.create_database("lost");
    let postgres = Postgres::new(&servers.postgres_url("lost"), None, None).unwrap();
    for (code, n_losses, n_tries, succeeds) in [
        ("40001", 3, 4, true),
        ("40P01", 1, 2, true),
        ("40001", 1_000, i64::from(TRIES) + 1, false),
        ("23505", 1, 1, false),
    ] {
        let tries = std::sync::atomic::AtomicI64::new(0);
        let done: Result<(), StoreDown> = moved!(postgres, "ledger", |c| {
            let n = tries.fetch_add(1, std::sync::atomic::Ordering::Relaxed) + 1;
            if n <= n_losses {
                let lose = format!("DO $$ BEGIN RAISE EXCEPTION USING ERRCODE = '{code}'; END $$");
                c.batch_execute(&lose).await?;
            }
            Ok(())
        });
        assert_eq!((tries.into_inner(), done.is_ok()), (n_tries, succeeds), "{code}: {done:?}");
    }
}

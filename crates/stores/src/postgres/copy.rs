//! An embedded home copied into PostgreSQL, table by table, in the order in which they refer to each other.
//!
//! A table's rows go over in the order of its key, some thousands a transaction, each only if it is not there: cut off, it
//! goes on where it was. At the end both sides are counted, and the money of both is added up.

use std::path::Path;

use rusqlite::Connection;
use rusqlite::types::Value;
use tokio_postgres::types::ToSql;

use super::operator::Operator;
use super::{Postgres, audit};
use crate::clock;
use crate::error::{Fault, OpenError, broken};
use crate::home::Home;
use crate::nonces;
use crate::options::SharedAt;
use crate::shared::setup;

/// Rows a transaction.
const ROWS: usize = 2_000;

/// Every table that goes over, and what orders it. Nonces are not among them: they are fenced instead; nor are the
/// sandbox and its faults, which the shared home has not.
const TABLES: [(&str, &str); 26] = [
    ("accounts", "slot"),
    ("keys", "id"),
    ("key_uses", "key"),
    ("resources", "module, kind, id"),
    ("shares", "module, kind, id, account"),
    ("object_faults", "module, subject, what"),
    ("balances", "account"),
    ("holds", "request_id"),
    ("claims", "print"),
    ("entries", "seq"),
    ("switches", "module, action"),
    ("orders", "request_id"),
    ("purchases", "module, kind, id"),
    ("refunds", "request_id, kind, id"),
    ("batches", "request_id"),
    ("users", "account, name"),
    ("user_groups", "account, name"),
    ("group_members", "account, user_group, user_name"),
    ("policies", "account, name"),
    ("policy_attachments", "account, kind, principal, policy"),
    ("key_limits", "key"),
    ("quotas", "account, scope, action"),
    ("feedback", "id"),
    ("imports", "file"),
    ("audit", "seq"),
    ("audit_head", "one"),
];

/// What was copied.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Copied {
    /// Tables.
    pub n_tables: usize,
    /// Rows, those that were there already included.
    pub n_rows: u64,
}

/// Copies the embedded home in `data` into the shared one at `at`, whose data folder is `home`: its keyring is that of the
/// embedded one. `progress` is told the table, and how many rows of how many are there.
///
/// # Errors
/// A gateway runs on the embedded home, the shared one holds other accounts, or the counts differ at the end.
pub fn copy_to_shared(
    data: &Path,
    home: &Path,
    at: &SharedAt,
    progress: &mut dyn FnMut(&str, u64, u64),
) -> Result<Copied, OpenError> {
    let from = Home::at(data);
    let _lock = from.lock()?;
    let (vault, sqlite) = from.open(clock::wall())?;
    if data != home {
        Home::at(home).adopt_keyring(&from)?;
    }
    setup::migrate(home, at)?;
    let operator = Operator::open(at, &vault)?;
    let postgres = operator.postgres().patient();
    let mut copied = Copied { n_tables: TABLES.len(), n_rows: 0 };
    for (table, order) in TABLES {
        let n = copy(&operator, &postgres, &sqlite, (table, order), progress)?;
        copied.n_rows += n;
    }
    fence(&operator, &postgres, &from, vault.store_id())?;
    let wrong = |why: String| OpenError::Shared { what: "the copy", why };
    let check = operator.wait(async {
        let c = postgres.client().await?;
        // The numbers of new entries go on after those that came over.
        c.batch_execute(
            "SELECT setval(pg_get_serial_sequence('entries', 'seq'), \
                         greatest((SELECT coalesce(max(seq), 0) FROM entries), 1)); \
             SELECT setval(pg_get_serial_sequence('feedback', 'id'), \
                         greatest((SELECT coalesce(max(id), 0) FROM feedback), 1))",
        )
        .await?;
        audit::check(&c).await
    })?;
    match check.problems.first() {
        Some(problem) => Err(wrong(format!("its sums differ: {problem}"))),
        None => Ok(copied),
    }
}

/// Nonces stay behind: whatever is signed up to now is refused on the new home, and a key that had stamped ahead up to
/// where it had.
fn fence(
    operator: &Operator,
    postgres: &Postgres,
    from: &Home,
    store_id: u64,
) -> Result<(), OpenError> {
    let marks = nonces::marks(&from.nonces(), store_id).map_err(OpenError::io(&from.nonces()))?;
    let fence_ms = clock::wall().plus(1_000).as_ms();
    let written: Result<(), Fault> = operator.wait(async {
        let c = postgres.client().await?;
        c.execute(
            "INSERT INTO fences (epoch, fence_ms, at_ms) VALUES (1, $1, $1) \
             ON CONFLICT (epoch) DO UPDATE SET fence_ms = greatest(fences.fence_ms, $1)",
            &[&fence_ms],
        )
        .await?;
        for (key_print, until) in marks {
            c.execute(
                "INSERT INTO leads (key_print, epoch, until_ms) VALUES ($1, 0, $2) \
                 ON CONFLICT (key_print, epoch) DO NOTHING",
                &[&key_print.cast_signed(), &until.as_ms()],
            )
            .await?;
        }
        Ok(())
    });
    Ok(written?)
}

fn copy(
    operator: &Operator,
    postgres: &Postgres,
    sqlite: &Connection,
    (table, order): (&str, &str),
    progress: &mut dyn FnMut(&str, u64, u64),
) -> Result<u64, OpenError> {
    let count = |c: &Connection| -> Result<i64, rusqlite::Error> {
        c.query_row(&format!("SELECT count(*) FROM {table}"), [], |row| row.get(0))
    };
    let n_all = u64::try_from(count(sqlite)?).unwrap_or(0);
    let mut statement = sqlite.prepare(&format!("SELECT * FROM {table} ORDER BY {order}"))?;
    let columns: Vec<String> = statement.column_names().map(str::to_owned).collect();
    let places: Vec<String> = (1..=columns.len()).map(|n| format!("${n}")).collect();
    let insert = format!(
        "INSERT INTO {table} ({}) OVERRIDING SYSTEM VALUE VALUES ({}) ON CONFLICT DO NOTHING",
        columns.join(", "),
        places.join(", ")
    );
    let (mut rows, mut group, mut n_read) = (statement.query([])?, Vec::new(), 0_u64);
    loop {
        let row = rows.next()?;
        if let Some(row) = row {
            let values: Vec<Value> =
                (0..columns.len()).map(|at| row.get(at)).collect::<Result<_, _>>()?;
            group.push(values);
            n_read += 1;
        }
        let is_over = row.is_none();
        if group.len() >= ROWS || (is_over && !group.is_empty()) {
            let rows = std::mem::take(&mut group);
            operator.wait(async { write(postgres, &insert, &columns, rows).await })?;
            progress(table, n_read, n_all);
        }
        if is_over {
            break;
        }
    }
    let theirs = operator.wait(async {
        let c = postgres.client().await?;
        let row = c.query_one(&format!("SELECT count(*) FROM {table}"), &[]).await?;
        Ok::<i64, Fault>(row.try_get(0)?)
    })?;
    if u64::try_from(theirs).ok() != Some(n_all) {
        return Err(OpenError::Shared {
            what: "the copy",
            why: format!(
                "`{table}` has {theirs} rows in PostgreSQL and {n_all} in the embedded home: copy into an empty database"
            ),
        });
    }
    Ok(n_all)
}

async fn write(
    postgres: &Postgres,
    insert: &str,
    columns: &[String],
    rows: Vec<Vec<Value>>,
) -> Result<(), Fault> {
    let mut c = postgres.client().await?;
    let t = c.transaction().await?;
    let statement = t.prepare_cached(insert).await?;
    for row in rows {
        let values: Vec<Box<dyn ToSql + Sync + Send>> = row
            .into_iter()
            .zip(columns.iter().zip(statement.params()))
            .map(|(value, (column, of))| translated(value, column, of))
            .collect::<Result<_, _>>()?;
        let values: Vec<&(dyn ToSql + Sync)> =
            values.iter().map(|value| value.as_ref() as &(dyn ToSql + Sync)).collect();
        t.execute(&statement, &values).await?;
    }
    Ok(t.commit().await?)
}

/// A value of SQLite's as PostgreSQL's column wants it.
fn translated(
    value: Value,
    column: &str,
    of: &tokio_postgres::types::Type,
) -> Result<Box<dyn ToSql + Sync + Send>, Fault> {
    use tokio_postgres::types::Type;
    Ok(match value {
        Value::Null if *of == Type::BYTEA => Box::new(None::<Vec<u8>>),
        Value::Null if *of == Type::INT8 => Box::new(None::<i64>),
        Value::Null => Box::new(None::<String>),
        Value::Integer(n) if *of == Type::BOOL => Box::new(n != 0),
        Value::Integer(n) => Box::new(n),
        Value::Text(text) => Box::new(text),
        Value::Blob(bytes) => Box::new(bytes),
        Value::Real(_) => return Err(broken(format!("`{column}` holds a fraction"))),
    })
}

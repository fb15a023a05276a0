//! Who owns what and to whom it is lent, as rows of PostgreSQL.

use std::collections::HashSet;

use deadpool_postgres::GenericClient;
use faregate_contract::RequestId;
use faregate_pipeline::facts::{Grant, Lesson, Owner, ResourceRef};
use faregate_pipeline::time::Millis;
use tokio_postgres::Row;
use tokio_postgres::types::ToSql;

use crate::error::{Fault, broken};
use crate::sqlite::resources::{NOT_LEARNT, Note, grant};

/// Both trees are looked into whatever the first one says: an absent, a returned, a foreign and a lent resource are
/// the same work.
const OWNERS: &str = "SELECT w.at, r.account, r.state, s.access \
    FROM unnest($1::text[], $2::text[], $3::text[]) WITH ORDINALITY AS w (module, kind, id, at) \
    LEFT JOIN resources r ON r.module = w.module AND r.kind = w.kind AND r.id = w.id \
    LEFT JOIN shares s ON s.module = w.module AND s.kind = w.kind AND s.id = w.id AND s.account = $4 \
    ORDER BY w.at";

/// The owner of each, in the order asked, as `asker` may know it: one statement, however many.
pub(crate) async fn owners(
    c: &impl GenericClient,
    wanted: &[ResourceRef],
    asker: &str,
) -> Result<Vec<Owner>, Fault> {
    let modules: Vec<&str> = wanted.iter().map(|r| r.module.as_str()).collect();
    let kinds: Vec<&str> = wanted.iter().map(|r| r.kind.as_str()).collect();
    let ids: Vec<&str> = wanted.iter().map(|r| r.id.as_str()).collect();
    let statement = c.prepare_cached(OWNERS).await?;
    let rows = c.query(&statement, &[&modules, &kinds, &ids, &asker]).await?;
    rows.iter().map(|row| owner(row, asker)).collect()
}

fn owner(row: &Row, asker: &str) -> Result<Owner, Fault> {
    let account: Option<String> = row.try_get(1)?;
    let (state, access): (Option<&str>, Option<&str>) = (row.try_get(2)?, row.try_get(3)?);
    match (account, state) {
        (Some(account), Some(state)) => match (state, access) {
            ("owned", Some(access)) if account != asker => Ok(Owner::Lent(grant(access)?)),
            ("owned", _) => Ok(Owner::Account(account)),
            ("returned", _) => Ok(Owner::Returned),
            (other, _) => Err(broken(format!("`{other}` is not a state of a resource"))),
        },
        (None, _) | (_, None) => Ok(Owner::Absent),
    }
}

/// Is there an account of each id, in the order asked.
pub(crate) async fn accounts(
    c: &impl GenericClient,
    wanted: &[String],
) -> Result<Vec<bool>, Fault> {
    if wanted.is_empty() {
        return Ok(Vec::new());
    }
    let statement = c.prepare_cached("SELECT id FROM accounts WHERE id = ANY ($1::text[])").await?;
    let rows = c.query(&statement, &[&wanted]).await?;
    let found: HashSet<&str> = rows.iter().map(|row| row.try_get(0)).collect::<Result<_, _>>()?;
    Ok(wanted.iter().map(|id| found.contains(id.as_str())).collect())
}

const CREATED: &str = "INSERT INTO resources AS r (module, kind, id, account, state, changed_at_ms) \
    VALUES ($1, $2, $3, $4, 'owned', $5) \
    ON CONFLICT (module, kind, id) DO UPDATE \
    SET account = excluded.account, state = 'owned', changed_at_ms = $5 WHERE r.state = 'returned'";

/// What is given back or away is lent to nobody.
const RETURNED: &str = "WITH r AS (UPDATE resources SET state = 'returned', changed_at_ms = $5 \
    WHERE module = $1 AND kind = $2 AND id = $3 AND account = $4 AND state = 'owned' RETURNING module, kind, id), \
    s AS (DELETE FROM shares s USING r WHERE s.module = r.module AND s.kind = r.kind AND s.id = r.id) \
    SELECT 1 FROM r";

const TRANSFERRED: &str = "WITH r AS (UPDATE resources SET account = $6, changed_at_ms = $5 \
    WHERE module = $1 AND kind = $2 AND id = $3 AND account = $4 AND state = 'owned' \
    AND EXISTS (SELECT 1 FROM accounts WHERE id = $6) RETURNING module, kind, id), \
    s AS (DELETE FROM shares s USING r WHERE s.module = r.module AND s.kind = r.kind AND s.id = r.id) \
    SELECT 1 FROM r";

/// Of what is its own, and to an account that is there and another.
const SHARED: &str = "INSERT INTO shares (module, kind, id, account, access, at_ms) \
    SELECT module, kind, id, $6, $7, $5 FROM resources \
    WHERE module = $1 AND kind = $2 AND id = $3 AND account = $4 AND state = 'owned' \
    AND $6::text <> $4 AND EXISTS (SELECT 1 FROM accounts WHERE id = $6) \
    ON CONFLICT (module, kind, id, account) DO UPDATE SET access = excluded.access, at_ms = $5";

const NO_LONGER_SHARED: &str = "DELETE FROM shares \
    WHERE module = $1 AND kind = $2 AND id = $3 AND account = $5 AND EXISTS ( \
    SELECT 1 FROM resources r WHERE r.module = $1 AND r.kind = $2 AND r.id = $3 AND r.account = $4)";

/// Writes down what an answer to `account` taught. Nobody's answer takes a resource from somebody else: what teaches
/// nothing is counted.
pub(crate) async fn learn(
    c: &impl GenericClient,
    account: &str,
    lessons: &[Lesson],
    now: Millis,
) -> Result<(), Fault> {
    let at = now.as_ms();
    for lesson in lessons {
        let (n, r) = match lesson {
            Lesson::Created(r) => {
                (run(c, CREATED, &[&r.module, &r.kind, &r.id, &account, &at]).await?, r)
            }
            Lesson::Returned(r) => {
                (run(c, RETURNED, &[&r.module, &r.kind, &r.id, &account, &at]).await?, r)
            }
            Lesson::Transferred(r, to) => {
                (run(c, TRANSFERRED, &[&r.module, &r.kind, &r.id, &account, &at, to]).await?, r)
            }
            Lesson::Shared(r, with, Grant::Nothing) => {
                run(c, NO_LONGER_SHARED, &[&r.module, &r.kind, &r.id, &account, with]).await?;
                // To lend to nobody what was lent to nobody is no mistake.
                (1, r)
            }
            Lesson::Shared(r, with, grant @ (Grant::Read | Grant::Write)) => {
                let access = if *grant == Grant::Read { "read" } else { "write" };
                let values: [&(dyn ToSql + Sync); 7] =
                    [&r.module, &r.kind, &r.id, &account, &at, with, &access];
                let n = run(c, SHARED, &values).await?;
                let own = with == account && owns(c, r, account).await?;
                (n.max(u64::from(own)), r)
            }
        };
        if n == 0 {
            let again = matches!(lesson, Lesson::Created(_)) && owns(c, r, account).await?;
            if !again {
                let told = Note { module: &r.module, subject: &r.kind, what: NOT_LEARNT };
                note(c, &told, None, now).await?;
            }
        }
    }
    Ok(())
}

async fn run(
    c: &impl GenericClient,
    sql: &str,
    values: &[&(dyn ToSql + Sync)],
) -> Result<u64, Fault> {
    let statement = c.prepare_cached(sql).await?;
    Ok(c.execute(&statement, values).await?)
}

async fn owns(c: &impl GenericClient, r: &ResourceRef, account: &str) -> Result<bool, Fault> {
    let owners = owners(c, std::slice::from_ref(r), account).await?;
    Ok(matches!(owners.first(), Some(Owner::Account(owner)) if owner == account))
}

/// Counts what a module did otherwise than its document says.
pub(crate) async fn note(
    c: &impl GenericClient,
    note: &Note<'_>,
    request_id: Option<RequestId>,
    now: Millis,
) -> Result<(), Fault> {
    let id = request_id.map(|id| id.as_bytes().to_vec());
    let sql = "INSERT INTO object_faults AS f (module, subject, what, n, first_at_ms, last_at_ms, request_id) \
               VALUES ($1, $2, $3, 1, $4, $4, $5) ON CONFLICT (module, subject, what) DO UPDATE \
               SET n = f.n + 1, last_at_ms = $4, request_id = $5";
    run(c, sql, &[&note.module, &note.subject, &note.what, &now.as_ms(), &id]).await.map(drop)
}

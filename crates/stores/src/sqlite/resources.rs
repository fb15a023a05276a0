//! Who owns what, learnt from answers, and to whom it is lent.

use faregate_contract::RequestId;
use faregate_pipeline::facts::{Grant, Lesson, Owner, ResourceRef};
use faregate_pipeline::time::Millis;

use crate::error::{Fault, broken};
use crate::sql::{Connection, OptionalExtension as _, Row};

/// Both trees are looked into whatever the first one says: an absent, a returned, a foreign and a lent
/// resource are the same work.
const OWNER: &str = "SELECT r.account, r.state, s.access FROM (SELECT 1) AS one \
    LEFT JOIN resources r ON r.module = ?1 AND r.kind = ?2 AND r.id = ?3 \
    LEFT JOIN shares s ON s.module = ?1 AND s.kind = ?2 AND s.id = ?3 AND s.account = ?4";

/// The owner of each, in the order asked, as `asker` may know it: two indexed point reads a resource.
pub(crate) fn owners(
    c: &Connection,
    wanted: &[ResourceRef],
    asker: &str,
) -> Result<Vec<Owner>, Fault> {
    let mut statement = c.prepare_cached(OWNER)?;
    let mut owner = |r: &ResourceRef| {
        let row = statement.query_row((&r.module, &r.kind, &r.id, asker), |row| {
            let account: Option<String> = row.get(0)?;
            let state: Option<String> = row.get(1)?;
            let access: Option<String> = row.get(2)?;
            Ok((account, state, access))
        })?;
        match row {
            (Some(account), Some(state), access) => match (state.as_str(), access.as_deref()) {
                ("owned", Some(access)) if account != asker => Ok(Owner::Lent(grant(access)?)),
                ("owned", _) => Ok(Owner::Account(account)),
                ("returned", _) => Ok(Owner::Returned),
                (other, _) => Err(broken(format!("`{other}` is not a state of a resource"))),
            },
            (None, _, _) | (_, None, _) => Ok(Owner::Absent),
        }
    };
    wanted.iter().map(&mut owner).collect()
}

/// Is there an account of each id, in the order asked.
pub(crate) fn accounts(c: &Connection, wanted: &[String]) -> Result<Vec<bool>, Fault> {
    let mut statement = c.prepare_cached("SELECT 1 FROM accounts WHERE id = ?1")?;
    wanted.iter().map(|id| statement.exists([id])).collect()
}

pub(crate) fn grant(access: &str) -> Result<Grant, Fault> {
    Grant::parse(access).ok_or_else(|| broken(format!("`{access}` is not what is lent")))
}

const CREATED: &str = "INSERT INTO resources (module, kind, id, account, state, changed_at_ms) \
    VALUES (?1, ?2, ?3, ?4, 'owned', ?5) \
    ON CONFLICT (module, kind, id) DO UPDATE \
    SET account = excluded.account, state = 'owned', changed_at_ms = ?5 WHERE resources.state = 'returned'";

const RETURNED: &str = "UPDATE resources SET state = 'returned', changed_at_ms = ?5 \
    WHERE module = ?1 AND kind = ?2 AND id = ?3 AND account = ?4 AND state = 'owned'";

const TRANSFERRED: &str = "UPDATE resources SET account = ?6, changed_at_ms = ?5 \
    WHERE module = ?1 AND kind = ?2 AND id = ?3 AND account = ?4 AND state = 'owned' \
    AND EXISTS (SELECT 1 FROM accounts WHERE id = ?6)";

/// Of what is its own, and to an account that is there and another.
const SHARED: &str = "INSERT INTO shares (module, kind, id, account, access, at_ms) \
    SELECT module, kind, id, ?6, ?7, ?5 FROM resources \
    WHERE module = ?1 AND kind = ?2 AND id = ?3 AND account = ?4 AND state = 'owned' \
    AND CAST(?6 AS TEXT) <> ?4 AND EXISTS (SELECT 1 FROM accounts WHERE id = ?6) \
    ON CONFLICT (module, kind, id, account) DO UPDATE SET access = excluded.access, at_ms = ?5";

const NO_LONGER_SHARED: &str = "DELETE FROM shares \
    WHERE module = ?1 AND kind = ?2 AND id = ?3 AND account = ?5 AND EXISTS ( \
    SELECT 1 FROM resources r WHERE r.module = ?1 AND r.kind = ?2 AND r.id = ?3 AND r.account = ?4)";

/// What is given back or away is lent to nobody.
const UNLENT: &str = "DELETE FROM shares WHERE module = ?1 AND kind = ?2 AND id = ?3";

/// Writes down what an answer to `account` taught. Nobody's answer takes a resource from somebody
/// else: a module that creates an id which is owned already, or returns a foreign one, teaches
/// nothing, and that is counted.
pub(crate) fn learn(
    c: &Connection,
    account: &str,
    lessons: &[Lesson],
    now: Millis,
) -> Result<(), Fault> {
    let at = now.as_ms();
    for lesson in lessons {
        let (n, r) = match lesson {
            Lesson::Created(r) => {
                let key = (&r.module, &r.kind, &r.id, account, at);
                (c.prepare_cached(CREATED)?.execute(key)?, r)
            }
            Lesson::Returned(r) => {
                let key = (&r.module, &r.kind, &r.id, account, at);
                (unlend(c, r, c.prepare_cached(RETURNED)?.execute(key)?)?, r)
            }
            Lesson::Transferred(r, to) => {
                let key = (&r.module, &r.kind, &r.id, account, at, to);
                (unlend(c, r, c.prepare_cached(TRANSFERRED)?.execute(key)?)?, r)
            }
            Lesson::Shared(r, with, Grant::Nothing) => {
                let key = (&r.module, &r.kind, &r.id, account, with);
                c.prepare_cached(NO_LONGER_SHARED)?.execute(key)?;
                // To lend to nobody what was lent to nobody is no mistake.
                (1, r)
            }
            Lesson::Shared(r, with, grant @ (Grant::Read | Grant::Write)) => {
                let access = if *grant == Grant::Read { "read" } else { "write" };
                let key = (&r.module, &r.kind, &r.id, account, at, with, access);
                let n = c.prepare_cached(SHARED)?.execute(key)?;
                let own = with == account && owns(c, r, account)?;
                (n.max(usize::from(own)), r)
            }
        };
        if n == 0 {
            let again = matches!(lesson, Lesson::Created(_)) && owns(c, r, account)?;
            if !again {
                note(
                    c,
                    &Note { module: &r.module, subject: &r.kind, what: NOT_LEARNT },
                    None,
                    now,
                )?;
            }
        }
    }
    Ok(())
}

fn unlend(c: &Connection, r: &ResourceRef, n: usize) -> Result<usize, Fault> {
    if n > 0 {
        c.prepare_cached(UNLENT)?.execute((&r.module, &r.kind, &r.id))?;
    }
    Ok(n)
}

fn owns(c: &Connection, r: &ResourceRef, account: &str) -> Result<bool, Fault> {
    let owners = owners(c, std::slice::from_ref(r), account)?;
    Ok(matches!(owners.first(), Some(Owner::Account(owner)) if owner == account))
}

/// An answer would have changed what is another account's.
pub(crate) const NOT_LEARNT: &str = "not-learnt";

/// What is counted.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Note<'a> {
    pub(crate) module: &'a str,
    /// The action, or the type.
    pub(crate) subject: &'a str,
    pub(crate) what: &'a str,
}

/// Counts what a module did otherwise than its document says.
pub(crate) fn note(
    c: &Connection,
    note: &Note<'_>,
    request_id: Option<RequestId>,
    now: Millis,
) -> Result<(), Fault> {
    c.prepare_cached(
        "INSERT INTO object_faults (module, subject, what, n, first_at_ms, last_at_ms, request_id) \
         VALUES (?1, ?2, ?3, 1, ?4, ?4, ?5) ON CONFLICT (module, subject, what) DO UPDATE \
         SET n = object_faults.n + 1, last_at_ms = ?4, request_id = ?5",
    )?
    .execute((
        note.module,
        note.subject,
        note.what,
        now.as_ms(),
        request_id.as_ref().map(RequestId::as_bytes),
    ))?;
    Ok(())
}

/// What a module did otherwise than its document says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ObjectFault {
    /// Which module.
    pub module: String,
    /// The action, or the type of the resource.
    pub subject: String,
    /// What: `foreign-listed`, `unnamed-listed`, `no-id`, `no-list`, `not-learnt`, `shadowed`.
    pub what: String,
    /// How often.
    pub n: i64,
    /// Since when.
    pub first_at: Millis,
    /// And last when.
    pub last_at: Millis,
    /// By which call.
    pub request_id: Option<RequestId>,
}

/// All that was counted, the most frequent first.
pub(crate) fn faults(c: &Connection) -> Result<Vec<ObjectFault>, Fault> {
    let mut statement = c.prepare_cached(
        "SELECT module, subject, what, n, first_at_ms, last_at_ms, request_id FROM object_faults \
         ORDER BY n DESC, module, subject, what",
    )?;
    let rows = statement.query_map([], |row| {
        let id: Option<[u8; 16]> = row.get(6)?;
        Ok(ObjectFault {
            module: row.get(0)?,
            subject: row.get(1)?,
            what: row.get(2)?,
            n: row.get(3)?,
            first_at: Millis::new(row.get(4)?),
            last_at: Millis::new(row.get(5)?),
            request_id: id.map(RequestId::from_bytes),
        })
    })?;
    rows.collect::<Result<_, _>>()
}

/// A resource as it is written down.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ResourceEntry {
    /// Which.
    pub resource: ResourceRef,
    /// Whose it is, or was.
    pub account: String,
    /// Was it given back.
    pub is_returned: bool,
    /// Since when it is so.
    pub changed_at: Millis,
    /// To whom it is lent, and for what.
    pub lent: Vec<(String, Grant)>,
}

/// Which resources are asked for.
#[derive(Clone, Debug, Default)]
pub struct ResourceFilter {
    /// Of this account alone.
    pub account: Option<String>,
    /// Of this module alone.
    pub module: Option<String>,
    /// Of this type alone.
    pub kind: Option<String>,
    /// Returned ones too.
    pub with_returned: bool,
    /// Behind this one, in the order of module, type and id.
    pub after: Option<ResourceRef>,
    /// At most so many.
    pub limit: u32,
}

/// Resources in the order of module, type and id.
pub(crate) fn entries(c: &Connection, f: &ResourceFilter) -> Result<Vec<ResourceEntry>, Fault> {
    let mut statement = c.prepare_cached(
        "SELECT module, kind, id, account, state, changed_at_ms FROM resources \
         WHERE (account = ?1 OR ?1 IS NULL) AND (module = ?2 OR ?2 IS NULL) \
         AND (kind = ?3 OR ?3 IS NULL) AND (?4 OR state = 'owned') \
         AND ((module, kind, id) > (?5, ?6, ?7) OR ?5 IS NULL) \
         ORDER BY module, kind, id LIMIT ?8",
    )?;
    let after = f.after.as_ref();
    let rows = statement.query_map(
        (
            &f.account,
            &f.module,
            &f.kind,
            f.with_returned,
            after.map(|r| &r.module),
            after.map(|r| &r.kind),
            after.map(|r| &r.id),
            f.limit,
        ),
        entry_of,
    )?;
    let mut entries: Vec<ResourceEntry> = rows.collect::<Result<_, _>>()?;
    entries.iter_mut().try_for_each(|entry| {
        entry.lent = lent(c, &entry.resource)?;
        Ok::<(), Fault>(())
    })?;
    Ok(entries)
}

/// One resource.
pub(crate) fn entry(c: &Connection, r: &ResourceRef) -> Result<Option<ResourceEntry>, Fault> {
    let found = c
        .prepare_cached(
            "SELECT module, kind, id, account, state, changed_at_ms FROM resources \
             WHERE module = ?1 AND kind = ?2 AND id = ?3",
        )?
        .query_row((&r.module, &r.kind, &r.id), entry_of)
        .optional()?;
    found.map(|entry| Ok(ResourceEntry { lent: lent(c, r)?, ..entry })).transpose()
}

fn entry_of(row: &Row<'_>) -> rusqlite::Result<ResourceEntry> {
    Ok(ResourceEntry {
        resource: ResourceRef { module: row.get(0)?, kind: row.get(1)?, id: row.get(2)? },
        account: row.get(3)?,
        is_returned: row.get::<_, String>(4)? == "returned",
        changed_at: Millis::new(row.get(5)?),
        lent: Vec::new(),
    })
}

fn lent(c: &Connection, r: &ResourceRef) -> Result<Vec<(String, Grant)>, Fault> {
    let mut statement = c.prepare_cached(
        "SELECT account, access FROM shares WHERE module = ?1 AND kind = ?2 AND id = ?3",
    )?;
    let rows = statement.query_map((&r.module, &r.kind, &r.id), |row| {
        Ok((row.get::<_, String>(0)?, row.get::<_, String>(1)?))
    })?;
    rows.map(|row| {
        let (account, access) = row?;
        Ok((account, grant(&access)?))
    })
    .collect()
}

#[cfg(test)]
mod spec {
    use rusqlite::StatementStatus;

    use super::*;
    use crate::conformance::TEN;

    #[test]
    fn an_absent_a_returned_and_a_foreign_resource_are_the_same_two_point_reads() {
        let c = rusqlite::Connection::open_in_memory().unwrap();
        c.execute_batch(concat!(
            "CREATE TABLE accounts (id TEXT PRIMARY KEY); INSERT INTO accounts VALUES ('ann'), ('bob');",
            "CREATE TABLE resources (module TEXT, kind TEXT, id TEXT, account TEXT, state TEXT,",
            " changed_at_ms INTEGER, PRIMARY KEY (module, kind, id)) WITHOUT ROWID;",
            "CREATE TABLE shares (module TEXT, kind TEXT, id TEXT, account TEXT, access TEXT,",
            " at_ms INTEGER, PRIMARY KEY (module, kind, id, account)) WITHOUT ROWID;",
        ))
        .unwrap();
        let r = |id: &str| ResourceRef { module: "m".into(), kind: "k".into(), id: id.into() };
        let made = [Lesson::Created(r("foreign"))];
        learn(&c, "bob", &made, TEN).unwrap();
        let gone = [Lesson::Created(r("returned")), Lesson::Returned(r("returned"))];
        learn(&c, "ann", &gone, TEN).unwrap();
        let mut statement = c.prepare(OWNER).unwrap();
        let mut work = |id: &str| {
            for counter in [StatementStatus::VmStep, StatementStatus::FullscanStep] {
                statement.reset_status(counter);
            }
            let rows = statement.query_map(("m", "k", id, "ann"), |_| Ok(())).unwrap().count();
            let scanned = statement.get_status(StatementStatus::FullscanStep);
            (rows, scanned, statement.get_status(StatementStatus::VmStep))
        };
        let [foreign, absent, returned] = ["foreign", "absent", "returned"].map(&mut work);
        println!("rows, scans, steps: {foreign:?} {absent:?} {returned:?}");
        assert_eq!((foreign.0, foreign.1), (1, 0));
        assert_eq!(foreign, returned);
        // Both trees are looked into for an absent one as well: a few steps differ, no read does.
        assert_eq!((absent.0, absent.1), (1, 0));
        assert!(absent.2.abs_diff(foreign.2) <= 8, "{absent:?} {foreign:?}");
    }
}

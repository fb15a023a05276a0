//! Who owns what, learnt from answers.

use faregate_pipeline::facts::{Lesson, Owner, ResourceRef};
use faregate_pipeline::time::Millis;
use rusqlite::{Connection, OptionalExtension as _};

use crate::error::{Fault, broken};

/// The owner of each, in the order asked: an indexed point read a resource.
pub(crate) fn owners(c: &Connection, wanted: &[ResourceRef]) -> Result<Vec<Owner>, Fault> {
    let mut statement = c.prepare_cached(
        "SELECT account, state FROM resources WHERE module = ?1 AND kind = ?2 AND id = ?3",
    )?;
    let mut owner = |r: &ResourceRef| {
        let row = statement
            .query_row((&r.module, &r.kind, &r.id), |row| {
                Ok((row.get::<_, String>(0)?, row.get::<_, String>(1)?))
            })
            .optional()?;
        match row {
            None => Ok(Owner::Absent),
            Some((account, state)) => match state.as_str() {
                "owned" => Ok(Owner::Account(account)),
                "returned" => Ok(Owner::Returned),
                other => Err(broken(format!("`{other}` is not a state of a resource"))),
            },
        }
    };
    wanted.iter().map(&mut owner).collect()
}

/// Writes down what an answer to `account` taught. Nobody's answer takes a resource from somebody
/// else: a module that creates an id which is owned already, or returns a foreign one, teaches
/// nothing.
pub(crate) fn learn(
    c: &Connection,
    account: &str,
    lessons: &[Lesson],
    now: Millis,
) -> Result<(), Fault> {
    for lesson in lessons {
        let (sql, r) = match lesson {
            Lesson::Created(r) => (
                "INSERT INTO resources (module, kind, id, account, state, changed_at_ms) \
                 VALUES (?1, ?2, ?3, ?4, 'owned', ?5) \
                 ON CONFLICT (module, kind, id) DO UPDATE \
                 SET account = excluded.account, state = 'owned', changed_at_ms = ?5 \
                 WHERE state = 'returned'",
                r,
            ),
            Lesson::Returned(r) => (
                "UPDATE resources SET state = 'returned', changed_at_ms = ?5 \
                 WHERE module = ?1 AND kind = ?2 AND id = ?3 AND account = ?4 AND state = 'owned'",
                r,
            ),
        };
        let mut statement = c.prepare_cached(sql)?;
        statement.execute((&r.module, &r.kind, &r.id, account, now.as_ms()))?;
    }
    Ok(())
}

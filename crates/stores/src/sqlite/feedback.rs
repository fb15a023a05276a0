//! What readers said of the pages, as rows.

use faregate_pipeline::time::Millis;

use crate::error::Fault;
use crate::sql::{Connection, OptionalExtension as _, Row};

/// A vote that is to be kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewVote {
    /// What the reader alone knows, and finds the answer with.
    pub receipt: String,
    /// When.
    pub at: Millis,
    /// Of which page, by its path: `/errors/4500`.
    pub page: String,
    /// In which language it was read: `en`, `zh`.
    pub language: String,
    /// From 1, not at all, to 5, extremely.
    pub level: u8,
    /// In the reader's own words; may be empty.
    pub text: String,
}

/// A vote that was kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Vote {
    /// Its number.
    pub id: i64,
    /// What was kept.
    pub vote: NewVote,
    /// What the operator answered, and when.
    pub answer: Option<(String, Millis)>,
}

/// Which votes are wanted.
#[derive(Clone, Debug, Default)]
pub struct VoteFilter {
    /// Of this page only.
    pub page: Option<String>,
    /// Not answered yet, and with words to answer.
    pub open_only: bool,
    /// Of this moment or later.
    pub since: Option<Millis>,
    /// So many at most, the newest.
    pub limit: u32,
}

const COLUMNS: &str =
    "id, receipt, at_ms, page, language, level, text, answer, answered_at_ms FROM feedback";

fn vote_of(row: &Row<'_>) -> rusqlite::Result<Vote> {
    let answer: Option<String> = row.get("answer")?;
    let answered_at: Option<i64> = row.get("answered_at_ms")?;
    Ok(Vote {
        id: row.get("id")?,
        vote: NewVote {
            receipt: row.get("receipt")?,
            at: Millis::new(row.get("at_ms")?),
            page: row.get("page")?,
            language: row.get("language")?,
            level: row.get("level")?,
            text: row.get("text")?,
        },
        answer: answer.zip(answered_at.map(Millis::new)),
    })
}

/// Keeps a vote, and gives its number.
pub(crate) fn insert(c: &Connection, vote: &NewVote) -> Result<i64, Fault> {
    c.prepare_cached(
        "INSERT INTO feedback (receipt, at_ms, page, language, level, text) \
         VALUES (?1, ?2, ?3, ?4, ?5, ?6) RETURNING id",
    )?
    .query_row(
        (&vote.receipt, vote.at.as_ms(), &vote.page, &vote.language, vote.level, &vote.text),
        |row| row.get(0),
    )
}

pub(crate) fn by_receipt(c: &Connection, receipt: &str) -> Result<Option<Vote>, Fault> {
    let mut statement = c.prepare_cached(&format!("SELECT {COLUMNS} WHERE receipt = ?1"))?;
    statement.query_row([receipt], vote_of).optional()
}

pub(crate) fn by_id(c: &Connection, id: i64) -> Result<Option<Vote>, Fault> {
    let mut statement = c.prepare_cached(&format!("SELECT {COLUMNS} WHERE id = ?1"))?;
    statement.query_row([id], vote_of).optional()
}

/// The newest votes that the filter lets through, newest first.
pub(crate) fn list(c: &Connection, filter: &VoteFilter) -> Result<Vec<Vote>, Fault> {
    let mut statement = c.prepare_cached(&format!(
        "SELECT {COLUMNS} WHERE (page = ?1 OR ?1 IS NULL) \
         AND (NOT ?2 OR (answer IS NULL AND text <> '')) AND at_ms >= ?3 \
         ORDER BY id DESC LIMIT ?4"
    ))?;
    let since = filter.since.map_or(i64::MIN, Millis::as_ms);
    let rows =
        statement.query_map((&filter.page, filter.open_only, since, filter.limit), vote_of)?;
    rows.collect::<Result<_, _>>()
}

/// False if there is no such vote.
pub(crate) fn answer(c: &Connection, id: i64, text: &str, now: Millis) -> Result<bool, Fault> {
    let mut statement =
        c.prepare_cached("UPDATE feedback SET answer = ?2, answered_at_ms = ?3 WHERE id = ?1")?;
    Ok(statement.execute((id, text, now.as_ms()))? == 1)
}

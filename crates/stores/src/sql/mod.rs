//! One SQL for both homes, for whoever may wait: what the command line and the administration by calls read and write.
//!
//! It has the shape of `rusqlite`, which it is on the embedded home; on the shared one each statement is a trip to
//! PostgreSQL ([`session`]). Statements are written in what both understand: parameters are `?1`, `?2`, …; a parameter
//! is compared with a column before it is asked whether it is null, for PostgreSQL learns its type there.

pub(crate) mod session;
mod values;

use rusqlite::types::{FromSql, ValueRef};

use self::session::{Fetched, Session};
pub(crate) use self::values::Values;
use crate::error::{Fault, broken};

/// A connection to either home.
pub(crate) type Connection = dyn Sql;

/// Where statements go.
pub(crate) trait Sql {
    fn engine(&self) -> Engine<'_>;
}

/// Which home it is.
pub(crate) enum Engine<'c> {
    Sqlite(&'c rusqlite::Connection),
    Postgres(&'c Session),
}

impl Sql for rusqlite::Connection {
    fn engine(&self) -> Engine<'_> {
        Engine::Sqlite(self)
    }
}

impl Sql for Session {
    fn engine(&self) -> Engine<'_> {
        Engine::Postgres(self)
    }
}

impl dyn Sql {
    pub(crate) fn prepare_cached(&self, sql: &str) -> Result<Statement<'_>, Fault> {
        Ok(match self.engine() {
            Engine::Sqlite(c) => Statement::Sqlite(c.prepare_cached(sql)?),
            Engine::Postgres(session) => Statement::Postgres(session, session::dollars(sql)),
        })
    }

    pub(crate) fn execute(&self, sql: &str, values: impl Values) -> Result<usize, Fault> {
        self.prepare_cached(sql)?.execute(values)
    }

    pub(crate) fn query_row<T>(
        &self,
        sql: &str,
        values: impl Values,
        map: impl FnOnce(&Row<'_>) -> rusqlite::Result<T>,
    ) -> Result<T, Fault> {
        self.prepare_cached(sql)?.query_row(values, map)
    }

    /// Is it the shared home: many write there at once.
    pub(crate) fn is_shared(&self) -> bool {
        matches!(self.engine(), Engine::Postgres(_))
    }

    /// Keeps gateways from a row that is read to be changed. The embedded home has one writer at a time.
    pub(crate) fn lock(&self, sql: &str, values: impl Values) -> Result<(), Fault> {
        if self.is_shared() {
            self.prepare_cached(&format!("{sql} FOR UPDATE"))?.exists(values)?;
        }
        Ok(())
    }
}

/// A statement that may be run again.
pub(crate) enum Statement<'c> {
    Sqlite(rusqlite::CachedStatement<'c>),
    Postgres(&'c Session, String),
}

impl Statement<'_> {
    /// How many rows it changed.
    pub(crate) fn execute(&mut self, values: impl Values) -> Result<usize, Fault> {
        match self {
            Self::Sqlite(statement) => Ok(values.lend(|values| statement.execute(values))?),
            Self::Postgres(session, sql) => session.execute(sql, values.owned()?),
        }
    }

    pub(crate) fn query(&mut self, values: impl Values) -> Result<Rows<'_>, Fault> {
        Ok(match self {
            Self::Sqlite(statement) => Rows::Sqlite(values.lend(|values| statement.query(values))?),
            Self::Postgres(session, sql) => {
                Rows::Postgres { all: session.query(sql, values.owned()?)?.into_iter(), at: None }
            }
        })
    }

    /// The first row; a fault that [`OptionalExtension`] takes for none, if there is none.
    pub(crate) fn query_row<T>(
        &mut self,
        values: impl Values,
        map: impl FnOnce(&Row<'_>) -> rusqlite::Result<T>,
    ) -> Result<T, Fault> {
        let mut rows = self.query(values)?;
        let row = rows.next()?.ok_or(rusqlite::Error::QueryReturnedNoRows)?;
        Ok(map(&row)?)
    }

    pub(crate) fn query_map<T, M>(
        &mut self,
        values: impl Values,
        map: M,
    ) -> Result<Mapped<'_, M>, Fault>
    where
        M: FnMut(&Row<'_>) -> rusqlite::Result<T>,
    {
        Ok(Mapped { rows: self.query(values)?, map })
    }

    pub(crate) fn exists(&mut self, values: impl Values) -> Result<bool, Fault> {
        Ok(self.query(values)?.next()?.is_some())
    }
}

/// What a query found.
pub(crate) enum Rows<'s> {
    Sqlite(rusqlite::Rows<'s>),
    Postgres { all: std::vec::IntoIter<Fetched>, at: Option<Fetched> },
}

impl Rows<'_> {
    pub(crate) fn next(&mut self) -> Result<Option<Row<'_>>, Fault> {
        Ok(match self {
            Self::Sqlite(rows) => rows.next()?.map(Row::Sqlite),
            Self::Postgres { all, at } => {
                *at = all.next();
                at.as_ref().map(Row::Postgres)
            }
        })
    }
}

/// Rows as they are made into something.
pub(crate) struct Mapped<'s, M> {
    rows: Rows<'s>,
    map: M,
}

impl<T, M: FnMut(&Row<'_>) -> rusqlite::Result<T>> Iterator for Mapped<'_, M> {
    type Item = Result<T, Fault>;

    fn next(&mut self) -> Option<Self::Item> {
        match self.rows.next() {
            Ok(row) => row.map(|row| Ok((self.map)(&row)?)),
            Err(fault) => Some(Err(fault)),
        }
    }
}

/// One row.
pub(crate) enum Row<'r> {
    Sqlite(&'r rusqlite::Row<'r>),
    Postgres(&'r Fetched),
}

impl Row<'_> {
    /// A column, by its place or its name.
    pub(crate) fn get<I: Place, T: FromSql>(&self, at: I) -> rusqlite::Result<T> {
        match self {
            Self::Sqlite(row) => row.get(at),
            Self::Postgres(fetched) => {
                let (place, value) = at.of(fetched)?;
                let kind = value.data_type();
                T::column_result(value).map_err(|why| {
                    rusqlite::Error::FromSqlConversionFailure(place, kind, Box::new(why))
                })
            }
        }
    }

    pub(crate) fn get_ref<I: Place>(&self, at: I) -> rusqlite::Result<ValueRef<'_>> {
        match self {
            Self::Sqlite(row) => row.get_ref(at),
            Self::Postgres(fetched) => Ok(at.of(fetched)?.1),
        }
    }
}

/// What names a column.
pub(crate) trait Place: rusqlite::RowIndex {
    fn of<'r>(&self, row: &'r Fetched) -> rusqlite::Result<(usize, ValueRef<'r>)>;
}

impl Place for usize {
    fn of<'r>(&self, row: &'r Fetched) -> rusqlite::Result<(usize, ValueRef<'r>)> {
        let value = row.values.get(*self).ok_or(rusqlite::Error::InvalidColumnIndex(*self))?;
        Ok((*self, ValueRef::from(value)))
    }
}

impl Place for &str {
    fn of<'r>(&self, row: &'r Fetched) -> rusqlite::Result<(usize, ValueRef<'r>)> {
        let found = row.names.iter().position(|name| name == self);
        found.ok_or_else(|| rusqlite::Error::InvalidColumnName((*self).to_owned()))?.of(row)
    }
}

/// No row is none.
pub(crate) trait OptionalExtension<T> {
    fn optional(self) -> Result<Option<T>, Fault>;
}

impl<T> OptionalExtension<T> for Result<T, Fault> {
    fn optional(self) -> Result<Option<T>, Fault> {
        match self {
            Ok(found) => Ok(Some(found)),
            Err(Fault::Sqlite(rusqlite::Error::QueryReturnedNoRows)) => Ok(None),
            Err(fault) => Err(fault),
        }
    }
}

/// A text column, borrowed.
pub(crate) fn text<'r>(row: &'r Row<'_>, name: &str) -> Result<&'r str, Fault> {
    row.get_ref(name)?.as_str().map_err(broken)
}

//! A connection that runs only statements of [`crate::sql`], and rows that are read from left to right.
//!
//! What the driver says is wrong becomes one of the three failures of storage here, and nowhere else.

use std::time::Duration;

use cloakroom_model::time::Timestamp;
use cloakroom_store::Error;
use rusqlite::types::FromSql;
use rusqlite::{Connection, ErrorCode, OptionalExtension, Params, Row};
use serde::de::DeserializeOwned;

use crate::sql::{self, Sql};

/// One connection.
pub(crate) struct Db(Connection);

impl Db {
    /// Takes over a connection that is set up.
    pub(crate) fn new(connection: Connection) -> Self {
        // Every statement of this crate stays prepared.
        connection.set_prepared_statement_cache_capacity(256);
        Self(connection)
    }

    /// Runs a statement; answers how many rows it changed.
    pub(crate) fn run(&self, sql: Sql, parameters: impl Params) -> Result<usize, Error> {
        let mut statement = self.0.prepare_cached(sql.text()).map_err(failure)?;
        if statement.column_count() == 0 {
            return statement.execute(parameters).map_err(failure);
        }
        // A statement that answers rows is only done once they are read.
        let mut rows = statement.query(parameters).map_err(failure)?;
        let mut count = 0;
        while rows.next().map_err(failure)?.is_some() {
            count += 1;
        }
        Ok(count)
    }

    /// Reads the one row that there may be.
    pub(crate) fn find<T>(
        &self,
        sql: Sql,
        parameters: impl Params,
        read: impl FnOnce(&mut Columns<'_, '_>) -> Result<T, Error>,
    ) -> Result<Option<T>, Error> {
        let mut statement = self.0.prepare_cached(sql.text()).map_err(failure)?;
        let mut rows = statement.query(parameters).map_err(failure)?;
        let found = match rows.next().map_err(failure)? {
            Some(row) => Some(read(&mut Columns { row, next: 0 })?),
            None => None,
        };
        // Stepping to the end finishes statements that change something and answer it.
        while rows.next().map_err(failure)?.is_some() {}
        Ok(found)
    }

    /// Whether there is such a row.
    pub(crate) fn exists(&self, sql: Sql, parameters: impl Params) -> Result<bool, Error> {
        Ok(self.find(sql, parameters, |_| Ok(()))?.is_some())
    }

    /// Reads all rows.
    pub(crate) fn list<T>(
        &self,
        sql: Sql,
        parameters: impl Params,
        mut read: impl FnMut(&mut Columns<'_, '_>) -> Result<T, Error>,
    ) -> Result<Vec<T>, Error> {
        let mut statement = self.0.prepare_cached(sql.text()).map_err(failure)?;
        let mut rows = statement.query(parameters).map_err(failure)?;
        let mut list = Vec::new();
        while let Some(row) = rows.next().map_err(failure)? {
            list.push(read(&mut Columns { row, next: 0 })?);
        }
        Ok(list)
    }

    /// Reads several statements as of one moment.
    pub(crate) fn snapshot<T>(
        &self,
        read: impl FnOnce(&Self) -> Result<T, Error>,
    ) -> Result<T, Error> {
        self.run(sql::sqlite::BEGIN, [])?;
        // Also where `read` fails or panics: the connection must not stay at that moment.
        let _end = EndOfSnapshot(self);
        read(self)
    }

    /// Whether no transaction is open.
    pub(crate) fn is_idle(&self) -> bool {
        self.0.is_autocommit()
    }

    /// The driver's connection, for what is not a statement.
    pub(crate) fn connection(&self) -> &Connection {
        &self.0
    }

    /// The driver's connection, for its hooks.
    pub(crate) fn connection_mut(&mut self) -> &mut Connection {
        &mut self.0
    }
}

struct EndOfSnapshot<'a>(&'a Db);

impl Drop for EndOfSnapshot<'_> {
    fn drop(&mut self) {
        if let Err(error) = self.0.run(sql::sqlite::ROLLBACK, []) {
            tracing::error!(%error, "a read transaction could not be ended");
        }
    }
}

/// A row's columns, read one after the other.
pub(crate) struct Columns<'row, 'statement> {
    row: &'row Row<'statement>,
    next: usize,
}

impl Columns<'_, '_> {
    /// The next column.
    pub(crate) fn value<T: FromSql>(&mut self) -> Result<T, Error> {
        let index = self.next;
        self.next += 1;
        self.row.get(index).map_err(failure)
    }

    /// The next column, as a number that is not negative.
    pub(crate) fn count(&mut self) -> Result<u64, Error> {
        u64::try_from(self.value::<i64>()?).map_err(corrupt)
    }

    /// The next column, as a time.
    pub(crate) fn time(&mut self) -> Result<Timestamp, Error> {
        Ok(Timestamp(self.value()?))
    }

    /// The next column, as a span of milliseconds.
    pub(crate) fn span(&mut self) -> Result<Duration, Error> {
        Ok(Duration::from_millis(self.count()?))
    }

    /// The next column, as JSON.
    pub(crate) fn json<T: DeserializeOwned>(&mut self) -> Result<T, Error> {
        let index = self.next;
        self.next += 1;
        let text = self.row.get_ref(index).map_err(failure)?;
        serde_json::from_str(text.as_str().map_err(corrupt)?).map_err(corrupt)
    }

    /// The next column, as text that something parses.
    pub(crate) fn parsed<T, E: std::error::Error>(
        &mut self,
        parse: impl FnOnce(&str) -> Result<T, E>,
    ) -> Result<T, Error> {
        let index = self.next;
        self.next += 1;
        let text = self.row.get_ref(index).map_err(failure)?;
        parse(text.as_str().map_err(corrupt)?).map_err(corrupt)
    }
}

/// Rows of one column.
pub(crate) mod column {
    use cloakroom_model::time::Timestamp;
    use cloakroom_store::Error;
    use rusqlite::types::FromSql;
    use serde::de::DeserializeOwned;

    use super::Columns;

    /// As [`Columns::value`].
    pub(crate) fn value<T: FromSql>(columns: &mut Columns<'_, '_>) -> Result<T, Error> {
        columns.value()
    }

    /// As [`Columns::count`].
    pub(crate) fn count(columns: &mut Columns<'_, '_>) -> Result<u64, Error> {
        columns.count()
    }

    /// As [`Columns::time`].
    pub(crate) fn time(columns: &mut Columns<'_, '_>) -> Result<Timestamp, Error> {
        columns.time()
    }

    /// As [`Columns::json`].
    pub(crate) fn json<T: DeserializeOwned>(columns: &mut Columns<'_, '_>) -> Result<T, Error> {
        columns.json()
    }
}

/// A record that does not make sense.
#[expect(clippy::needless_pass_by_value, reason = "so that it stands in map_err by its name")]
pub(crate) fn corrupt(why: impl ToString) -> Error {
    Error::Corrupt(why.to_string())
}

/// A span as storage keeps it: milliseconds, the longest there is where it would not fit.
pub(crate) fn milliseconds(span: Duration) -> i64 {
    i64::try_from(span.as_millis()).unwrap_or(i64::MAX)
}

/// A number as storage keeps it; more than there can be stays as much as there can be.
pub(crate) fn number(count: impl TryInto<i64>) -> i64 {
    count.try_into().unwrap_or(i64::MAX)
}

/// A value as JSON text.
pub(crate) fn json<T: serde::Serialize + ?Sized>(value: &T) -> Result<String, Error> {
    serde_json::to_string(value).map_err(corrupt)
}

/// What a failure of the driver means to the caller.
pub(crate) fn failure(error: rusqlite::Error) -> Error {
    use rusqlite::Error as Driver;
    match &error {
        Driver::SqliteFailure(why, _) => match why.code {
            ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked => Error::Busy,
            ErrorCode::DatabaseCorrupt
            | ErrorCode::NotADatabase
            | ErrorCode::ConstraintViolation
            | ErrorCode::TypeMismatch => Error::Corrupt(error.to_string()),
            _ => Error::Unavailable(Box::new(error)),
        },
        Driver::FromSqlConversionFailure(..)
        | Driver::IntegralValueOutOfRange(..)
        | Driver::Utf8Error(..)
        | Driver::InvalidColumnType(..) => Error::Corrupt(error.to_string()),
        _ => Error::Unavailable(Box::new(error)),
    }
}

/// A pragma's single value.
pub(crate) fn pragma<T: FromSql>(connection: &Connection, name: &str) -> rusqlite::Result<T> {
    let value = connection.pragma_query_value(None, name, |row| row.get(0)).optional()?;
    value.ok_or(rusqlite::Error::QueryReturnedNoRows)
}

#[cfg(test)]
mod tests;

//! A connection that runs only statements that stand in the source, and acts that never wait.
//!
//! What the driver says is wrong becomes one of the three failures of storage here, and nowhere else.

use std::pin::pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

use cloakroom_model::time::Timestamp;
use cloakroom_store::Error;
use cloakroom_store_sql::{Columns, Db, EachRow, Row, Sql, Value, column, corrupt};
use rusqlite::types::{FromSql, ToSql, ToSqlOutput, ValueRef};
use rusqlite::{Connection, ErrorCode, OptionalExtension, params_from_iter};

use crate::sql;

/// What a test's clock says.
pub(crate) type Clock = Arc<dyn Fn() -> Timestamp + Send + Sync>;

/// One connection. It is at work for one thread at a time, so its lock is always free: it only lets acts be written as if
/// they might wait.
pub struct SqliteDb {
    connection: Mutex<Connection>,
    clock: Option<Clock>,
}

impl SqliteDb {
    /// Takes over a connection that is set up, and tells the time by `clock`, or by SQLite's own.
    pub(crate) fn new(connection: Connection, clock: Option<Clock>) -> Self {
        // Every statement there is stays prepared.
        connection.set_prepared_statement_cache_capacity(256);
        Self { connection: Mutex::new(connection), clock }
    }

    /// Runs a statement here and now; answers how many rows it changed, or answered where it answers rows.
    pub(crate) fn run_now(&self, sql: Sql, values: &[Value<'_>]) -> Result<usize, Error> {
        let connection = self.connection();
        let mut statement = connection.prepare_cached(sql.sqlite()).map_err(failure)?;
        let parameters = params_from_iter(values.iter().map(Parameter));
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

    fn each_now(&self, sql: Sql, values: &[Value<'_>], row: &mut EachRow<'_>) -> Result<(), Error> {
        let connection = self.connection();
        let mut statement = connection.prepare_cached(sql.sqlite()).map_err(failure)?;
        let parameters = params_from_iter(values.iter().map(Parameter));
        let mut rows = statement.query(parameters).map_err(failure)?;
        while let Some(next) = rows.next().map_err(failure)? {
            row(&mut Columns::of(&SqliteRow(next)))?;
        }
        Ok(())
    }

    /// Reads several statements as of one moment.
    pub(crate) fn snapshot<T>(
        &self,
        read: impl FnOnce(&Self) -> Result<T, Error>,
    ) -> Result<T, Error> {
        self.run_now(sql::BEGIN, &[])?;
        // Also where `read` fails or panics: the connection must not stay at that moment.
        let _end = EndOfSnapshot(self);
        read(self)
    }

    /// Whether no transaction is open.
    pub(crate) fn is_idle(&self) -> bool {
        self.connection().is_autocommit()
    }

    /// The driver's connection, for what is not a statement.
    pub(crate) fn connection(&self) -> MutexGuard<'_, Connection> {
        // Where a row was read with a panic, its statement is over all the same.
        self.connection.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The driver's connection, for its hooks.
    pub(crate) fn connection_mut(&mut self) -> &mut Connection {
        self.connection.get_mut().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Db for SqliteDb {
    async fn run(&self, sql: Sql, values: &[Value<'_>]) -> Result<usize, Error> {
        self.run_now(sql, values)
    }

    async fn each(
        &self,
        sql: Sql,
        values: &[Value<'_>],
        row: &mut EachRow<'_>,
    ) -> Result<(), Error> {
        self.each_now(sql, values, row)
    }

    async fn now(&self) -> Result<Timestamp, Error> {
        if let Some(clock) = &self.clock {
            return Ok(clock());
        }
        let now = self.find(sql::NOW, &[], column::time).await?;
        now.ok_or_else(|| corrupt("there is no time"))
    }
}

/// What an act or a read answers. Nothing in SQLite waits, so it is over when it was begun.
pub(crate) fn ready<T>(doing: impl Future<Output = Result<T, Error>>) -> Result<T, Error> {
    match pin!(doing).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(answer) => answer,
        Poll::Pending => Err(Error::Unavailable("an act waits for more than the database".into())),
    }
}

struct EndOfSnapshot<'a>(&'a SqliteDb);

impl Drop for EndOfSnapshot<'_> {
    fn drop(&mut self) {
        if let Err(error) = self.0.run_now(sql::ROLLBACK, &[]) {
            tracing::error!(%error, "a read transaction could not be ended");
        }
    }
}

struct SqliteRow<'row, 'statement>(&'row rusqlite::Row<'statement>);

impl Row for SqliteRow<'_, '_> {
    fn integer(&self, index: usize) -> Result<Option<i64>, Error> {
        self.0.get_ref(index).map_err(failure)?.as_i64_or_null().map_err(corrupt)
    }

    fn bytes(&self, index: usize) -> Result<Option<&[u8]>, Error> {
        self.0.get_ref(index).map_err(failure)?.as_blob_or_null().map_err(corrupt)
    }

    fn text(&self, index: usize) -> Result<Option<&str>, Error> {
        self.0.get_ref(index).map_err(failure)?.as_str_or_null().map_err(corrupt)
    }
}

struct Parameter<'a>(&'a Value<'a>);

impl ToSql for Parameter<'_> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::Borrowed(match *self.0 {
            Value::Null => ValueRef::Null,
            Value::Integer(number) => ValueRef::Integer(number),
            Value::Bytes(bytes) => ValueRef::Blob(bytes),
            Value::Text(text) => ValueRef::Text(text.as_bytes()),
        }))
    }
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

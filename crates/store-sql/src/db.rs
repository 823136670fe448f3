//! A connection, or a transaction on one: what acts and reads are written against.

use std::future::Future;

use cloakroom_model::log::Timeline;
use cloakroom_model::time::Timestamp;
use cloakroom_store::Error;

use crate::columns::Columns;
use crate::statement::Sql;
use crate::value::Value;

/// Reads a row and keeps what it wants of it.
pub type EachRow<'a> = dyn FnMut(&mut Columns<'_>) -> Result<(), Error> + Send + 'a;

/// A connection, or a transaction on one. Each statement is prepared once for a connection.
pub trait Db: Send + Sync {
    /// Runs a statement; answers how many rows it changed, or answered where it answers rows.
    fn run(
        &self,
        sql: Sql,
        values: &[Value<'_>],
    ) -> impl Future<Output = Result<usize, Error>> + Send;

    /// Runs a statement to its end and hands on each row that it answers.
    fn each(
        &self,
        sql: Sql,
        values: &[Value<'_>],
        row: &mut EachRow<'_>,
    ) -> impl Future<Output = Result<(), Error>> + Send;

    /// The time by the database's clock, or by the one that a test has set.
    fn now(&self) -> impl Future<Output = Result<Timestamp, Error>> + Send;

    /// Which server's writes are read, where another one may take its place.
    fn timeline(&self) -> impl Future<Output = Result<Timeline, Error>> + Send {
        async { Ok(Timeline::default()) }
    }

    /// Reads the first row, where there is one.
    fn find<T: Send>(
        &self,
        sql: Sql,
        values: &[Value<'_>],
        read: impl FnOnce(&mut Columns<'_>) -> Result<T, Error> + Send,
    ) -> impl Future<Output = Result<Option<T>, Error>> + Send {
        async move {
            let mut read = Some(read);
            let mut found = None;
            self.each(sql, values, &mut |columns| {
                if let Some(read) = read.take() {
                    found = Some(read(columns)?);
                }
                Ok(())
            })
            .await?;
            Ok(found)
        }
    }

    /// Whether there is such a row.
    fn exists(
        &self,
        sql: Sql,
        values: &[Value<'_>],
    ) -> impl Future<Output = Result<bool, Error>> + Send {
        async move { Ok(self.find(sql, values, |_| Ok(())).await?.is_some()) }
    }

    /// Reads all rows.
    fn list<T: Send>(
        &self,
        sql: Sql,
        values: &[Value<'_>],
        mut read: impl FnMut(&mut Columns<'_>) -> Result<T, Error> + Send,
    ) -> impl Future<Output = Result<Vec<T>, Error>> + Send {
        async move {
            let mut list = Vec::new();
            self.each(sql, values, &mut |columns| {
                list.push(read(columns)?);
                Ok(())
            })
            .await?;
            Ok(list)
        }
    }
}

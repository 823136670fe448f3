//! What acts and reads are written against: a connection, or a transaction on one.

use std::pin::pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use cloakroom_model::log::Timeline;
use cloakroom_model::time::Timestamp;
use cloakroom_store::Error;
use cloakroom_store_sql::sql::APPEND_TO_LOG;
use cloakroom_store_sql::{Columns, Db, EachRow, Sql, Value, column, corrupt};
use futures_util::future::{OptionFuture, join};
use futures_util::{SinkExt as _, TryStreamExt as _};
use tokio::time::timeout;
use tokio_postgres::RowStream;

use crate::connection::Connection;
use crate::failure::{self, Trouble};
use crate::values::{Answered, Parameter};

/// A connection, or a transaction on one that begins together with its first statement.
pub struct Lane {
    connection: Arc<Connection>,
    begin: Option<Arc<str>>,
    begun: AtomicBool,
    naming: Naming,
    clock: Option<Clock>,
    /// Whether the server says on which timeline it writes.
    tells_timeline: bool,
    patience: Duration,
    trouble: Mutex<Option<Trouble>>,
    wrote_to_the_log: AtomicBool,
}

/// A clock that stands in for the database's.
pub(crate) type Clock = Arc<dyn Fn() -> Timestamp + Send + Sync>;

/// The server's clock, in milliseconds since 1970.
const NOW: Sql = Sql::shared("SELECT CAST(EXTRACT(EPOCH FROM clock_timestamp()) * 1000 AS BIGINT)");

/// The timeline that the server writes on: the first eight hexadecimal digits of the name of the file that it writes its log
/// to. A server that takes over from another one begins a new one. `pg_control_checkpoint` would tell it only after the next
/// checkpoint.
pub(crate) const TIMELINE: Sql = Sql::shared(
    "SELECT CAST(CAST('x' || substr(pg_walfile_name(pg_current_wal_lsn()), 1, 8) AS BIT(32)) AS BIGINT)",
);

/// What stands before and behind the rows of a binary `COPY`: a signature, no flags, no extension; and no row more.
const COPY_BEGINS: &[u8] = b"PGCOPY\n\xff\r\n\0\0\0\0\0\0\0\0\0";
const COPY_ENDS: &[u8] = &[0xff, 0xff];

/// Whether a statement may be prepared under a name and stay so. Behind a `PgBouncer` the next transaction is on another
/// server's connection, which knows nothing of it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Naming {
    Named,
    Unnamed,
}

impl Lane {
    /// A connection whose statements stand alone.
    pub(crate) fn of_statements(
        connection: Arc<Connection>,
        clock: Option<Clock>,
        tells_timeline: bool,
        patience: Duration,
    ) -> Self {
        Self::new(connection, None, Naming::Named, clock, tells_timeline, patience)
    }

    /// A transaction that begins by these words.
    pub(crate) fn of_transaction(
        connection: Arc<Connection>,
        begin: Arc<str>,
        naming: Naming,
        clock: Option<Clock>,
        tells_timeline: bool,
        patience: Duration,
    ) -> Self {
        Self::new(connection, Some(begin), naming, clock, tells_timeline, patience)
    }

    fn new(
        connection: Arc<Connection>,
        begin: Option<Arc<str>>,
        naming: Naming,
        clock: Option<Clock>,
        tells_timeline: bool,
        patience: Duration,
    ) -> Self {
        Self {
            connection,
            begin,
            begun: AtomicBool::new(false),
            naming,
            clock,
            tells_timeline,
            patience,
            trouble: Mutex::new(None),
            wrote_to_the_log: AtomicBool::new(false),
        }
    }

    /// What went wrong first.
    pub(crate) fn trouble(&self) -> Option<Trouble> {
        *self.trouble.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether a transaction was begun.
    pub(crate) fn has_begun(&self) -> bool {
        self.begun.load(Ordering::Acquire)
    }

    /// Whether rows were appended to the revocation log.
    pub(crate) fn wrote_to_the_log(&self) -> bool {
        self.wrote_to_the_log.load(Ordering::Acquire)
    }

    /// Runs a statement to its end.
    async fn answer(
        &self,
        sql: Sql,
        values: &[Value<'_>],
        row: Option<&mut EachRow<'_>>,
    ) -> Result<usize, Error> {
        self.in_time(self.ask(sql, values, row)).await
    }

    /// What was asked, within the time that an answer may take; notes what went wrong.
    async fn in_time<T>(&self, asked: impl Future<Output = Result<T, Asked>>) -> Result<T, Error> {
        match timeout(self.patience, asked).await {
            Ok(Ok(answer)) => Ok(answer),
            Ok(Err(Asked::Driver(error))) => {
                let (trouble, error) = failure::read(&error);
                self.note(trouble);
                Err(error)
            }
            // What came of the statement is known; it is this program that cannot read it.
            Ok(Err(Asked::Ours(error))) => Err(error),
            Err(_) => {
                self.note(Trouble::Silent);
                self.connection.give_up();
                Err(failure::silent())
            }
        }
    }

    async fn ask(
        &self,
        sql: Sql,
        values: &[Value<'_>],
        row: Option<&mut EachRow<'_>>,
    ) -> Result<usize, Asked> {
        let client = self.connection.client();
        let prepared = match self.naming {
            Naming::Named => Some(self.connection.prepared(sql).await?),
            Naming::Unnamed => None,
        };
        // Sent one after the other without waiting between them: both are asked in this order when they are first polled.
        let begin = OptionFuture::from(self.begins().map(|words| client.batch_execute(words)));
        let statement = async {
            let rows = if let Some(prepared) = prepared {
                client.query_raw(&prepared, values.iter().copied().map(Parameter)).await?
            } else {
                let typed = values.iter().map(|value| (Parameter(*value), Parameter::of(*value)));
                client.query_typed_raw(sql.postgres(), typed).await?
            };
            drain(rows, row).await
        };
        let (beginning, asked) = join(begin, statement).await;
        if let Some(Err(error)) = beginning {
            // The statement may have stood alone, and then it is done.
            self.note(if asked.is_ok() { Trouble::Silent } else { failure::read(&error).0 });
            self.connection.give_up();
            return Err(Asked::Driver(error));
        }
        if sql == APPEND_TO_LOG {
            self.wrote_to_the_log.store(true, Ordering::Release);
        }
        asked
    }

    /// Takes rows into a table by a binary `COPY`, as part of the transaction.
    pub(crate) async fn copy_in(&self, copy: &'static str, rows: &[u8]) -> Result<(), Error> {
        self.in_time(self.send(copy, rows)).await
    }

    async fn send(&self, copy: &'static str, rows: &[u8]) -> Result<(), Asked> {
        let client = self.connection.client();
        if let Some(words) = self.begins() {
            client.batch_execute(words).await?;
        }
        let mut sink = pin!(client.copy_in::<_, Bytes>(copy).await?);
        sink.feed(Bytes::from_static(COPY_BEGINS)).await?;
        sink.feed(Bytes::copy_from_slice(rows)).await?;
        sink.feed(Bytes::from_static(COPY_ENDS)).await?;
        sink.finish().await?;
        Ok(())
    }

    /// The words that begin the transaction, once.
    fn begins(&self) -> Option<&str> {
        let words = self.begin.as_deref()?;
        if self.begun.swap(true, Ordering::AcqRel) { None } else { Some(words) }
    }

    fn note(&self, trouble: Trouble) {
        self.trouble.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(trouble);
    }
}

/// Reads to the end: what changes something is only done once its answer was read.
async fn drain(rows: RowStream, mut each: Option<&mut EachRow<'_>>) -> Result<usize, Asked> {
    let mut rows = pin!(rows);
    while let Some(row) = rows.try_next().await? {
        if let Some(each) = &mut each {
            each(&mut Columns::of(&Answered(&row))).map_err(Asked::Ours)?;
        }
    }
    Ok(usize::try_from(rows.rows_affected().unwrap_or(0)).unwrap_or(usize::MAX))
}

/// Why a statement has no answer.
enum Asked {
    Driver(tokio_postgres::Error),
    Ours(Error),
}

impl From<tokio_postgres::Error> for Asked {
    fn from(error: tokio_postgres::Error) -> Self {
        Self::Driver(error)
    }
}

impl Db for Lane {
    async fn run(&self, sql: Sql, values: &[Value<'_>]) -> Result<usize, Error> {
        self.answer(sql, values, None).await
    }

    async fn each(
        &self,
        sql: Sql,
        values: &[Value<'_>],
        row: &mut EachRow<'_>,
    ) -> Result<(), Error> {
        self.answer(sql, values, Some(row)).await.map(drop)
    }

    async fn now(&self) -> Result<Timestamp, Error> {
        if let Some(clock) = &self.clock {
            return Ok(clock());
        }
        let now = self.find(NOW, &[], column::time).await?;
        now.ok_or_else(|| corrupt("the database does not say what time it is"))
    }

    async fn timeline(&self) -> Result<Timeline, Error> {
        if !self.tells_timeline {
            return Ok(Timeline::default());
        }
        let timeline = self.find(TIMELINE, &[], column::count).await?;
        timeline.map(Timeline).ok_or_else(|| corrupt("the database does not say its timeline"))
    }
}

//! A file that is copied from or to: one connection, which nobody else may be beside.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use cloakroom_store::Error;
use cloakroom_store_sql::copy::{Page, Table};
use cloakroom_store_sql::{Database, Doable, Sql, copy};
use rusqlite::{Connection, ErrorCode, OpenFlags};

use crate::driver::{SqliteDb, ready};
use crate::open::{OpenError, Options, connect, create_for_owner, restoring, write_ahead};
use crate::{migrate, sql};

/// Between two tries to have the file alone.
const PAUSE: Duration = Duration::from_millis(10);

/// So much of the database is kept in memory, in KiB: the indices over digests are written to all over.
const CACHE: i64 = 128 * 1024;

const LAST_EVENT: Sql =
    Sql::shared("SELECT COALESCE(MAX(seq), 0) FROM sqlite_sequence WHERE name = 'events'");
const FORGET_LAST_EVENT: Sql = Sql::shared("DELETE FROM sqlite_sequence WHERE name = 'events'");
const SET_LAST_EVENT: Sql =
    Sql::shared("INSERT INTO sqlite_sequence (name, seq) VALUES ('events', $1)");

/// A file that is copied from or to. While it lives, no other process reads or writes the database.
///
/// Whoever makes one holds the folder's [`crate::DataFolderLock`].
pub struct Place {
    db: Arc<SqliteDb>,
    shown: String,
    path: PathBuf,
}

impl Place {
    /// Opens what is to be copied from: it is there, and at this program's version.
    pub fn source(path: &Path) -> Result<Self, OpenError> {
        match path.metadata() {
            Ok(_) => {}
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                return Err(OpenError::Missing { path: path.to_owned() });
            }
            Err(error) => return Err(error.into()),
        }
        let options = Options::default();
        let connection = connect(path, OpenFlags::SQLITE_OPEN_READ_WRITE, &options)?;
        migrate::require_version(&connection)?;
        Self::alone(connection, path, &options)
    }

    /// Opens what is to be copied to; makes it where there is nothing.
    pub fn target(path: &Path) -> Result<Self, OpenError> {
        let restoring = restoring(path);
        if restoring.exists() && !path.exists() {
            return Err(OpenError::HalfRestored { path: restoring });
        }
        create_for_owner(path)?;
        let options = Options::default();
        let mut connection = connect(path, OpenFlags::SQLITE_OPEN_READ_WRITE, &options)?;
        write_ahead(&connection, &options)?;
        if migrate::version(&connection)? == 0 {
            migrate::migrate(&mut connection)?;
        }
        migrate::require_version(&connection)?;
        Self::alone(connection, path, &options)
    }

    fn alone(connection: Connection, path: &Path, options: &Options) -> Result<Self, OpenError> {
        connection.pragma_update(None, "cache_size", -CACHE)?;
        // From its first write on the connection keeps everybody else out, and it has one only where nobody else has
        // the file open. SQLite does not wait for that by itself.
        connection.pragma_update(None, "locking_mode", "exclusive")?;
        let mut waited = Duration::ZERO;
        loop {
            match connection.execute_batch("BEGIN IMMEDIATE; COMMIT") {
                Err(error)
                    if error.sqlite_error_code() == Some(ErrorCode::DatabaseBusy)
                        && waited < options.busy_timeout =>
                {
                    thread::sleep(PAUSE);
                    waited += PAUSE;
                }
                Err(error) if error.sqlite_error_code() == Some(ErrorCode::DatabaseBusy) => {
                    return Err(OpenError::InUse { path: path.to_owned() });
                }
                answer => break answer?,
            }
        }
        let whole = std::path::absolute(path)?;
        let db = Arc::new(SqliteDb::new(connection, None));
        Ok(Self { db, shown: format!("sqlite:{}", whole.display()), path: path.to_owned() })
    }

    async fn on_a_thread<T: Send + 'static>(
        &self,
        work: impl FnOnce(&SqliteDb) -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Error> {
        let db = Arc::clone(&self.db);
        match tokio::task::spawn_blocking(move || work(&db)).await {
            Ok(done) => done,
            Err(panic) => Err(Error::Unavailable(Box::new(panic))),
        }
    }
}

impl Database for Place {
    type Db = SqliteDb;

    async fn read<T: Send + 'static>(&self, read: impl Doable<SqliteDb, T>) -> Result<T, Error> {
        self.on_a_thread(move |db| ready(read(db))).await
    }

    async fn read_long<T: Send + 'static>(
        &self,
        read: impl Doable<SqliteDb, T>,
    ) -> Result<T, Error> {
        self.read(read).await
    }

    async fn read_snapshot<T: Send + 'static>(
        &self,
        read: impl Doable<SqliteDb, T>,
    ) -> Result<T, Error> {
        // Nobody else writes.
        self.read(read).await
    }

    async fn transact<T: Send + 'static>(
        &self,
        work: impl Doable<SqliteDb, T>,
    ) -> Result<T, Error> {
        self.on_a_thread(move |db| {
            db.run_now(sql::BEGIN_IMMEDIATE, &[])?;
            let done = ready(work(db));
            let end = if done.is_ok() { sql::COMMIT } else { sql::ROLLBACK };
            let ended = db.run_now(end, &[]);
            let value = done?;
            ended?;
            Ok(value)
        })
        .await
    }
}

impl copy::Place for Place {
    const LAST_EVENT: Sql = LAST_EVENT;

    fn shown(&self) -> &str {
        &self.shown
    }

    async fn insert(db: &SqliteDb, table: &'static Table, page: &Page) -> Result<(), Error> {
        page.each(table, |values| db.run_now(table.insert, values).map(drop))
    }

    async fn number_events_after(db: &SqliteDb, last: i64) -> Result<(), Error> {
        db.run_now(FORGET_LAST_EVENT, &[])?;
        if last > 0 {
            db.run_now(SET_LAST_EVENT, &[last.into()])?;
        }
        Ok(())
    }

    // Nobody else has the file open, and whoever opens it looks at the mark.

    async fn shut(_: &SqliteDb) -> Result<(), Error> {
        Ok(())
    }

    async fn leave(_: &SqliteDb) -> Result<(), Error> {
        Ok(())
    }

    async fn open_again(_: &SqliteDb) -> Result<(), Error> {
        Ok(())
    }

    async fn settle(&self) -> Result<(), Error> {
        self.on_a_thread(|db| db.run_now(sql::OPTIMIZE, &[]).map(drop)).await
    }
}

impl std::fmt::Debug for Place {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Place").field("path", &self.path).finish_non_exhaustive()
    }
}

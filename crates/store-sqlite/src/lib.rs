//! Storage in one SQLite file: the default, embedded in the server.
//!
//! One connection writes, in groups of acts (`writer`); several read, and see what was acknowledged
//! (`readers`). The acts themselves, and nearly every statement, are those of [`cloakroom_store_sql`], which also says what
//! a database with many writers must lock: the one writer here makes acts follow each other, and locks nothing. Nothing
//! waits for anything but the disk either, so an act is over when it was begun (`driver`).
//!
//! Leaves out every decision (they are in `cloakroom-model`) and every clock but SQLite's own.

mod backup;
mod driver;
mod lock;
mod migrate;
mod open;
mod place;
mod readers;
mod restore;
#[cfg(any(test, feature = "seed"))]
pub mod seed;
mod sql;
mod writer;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use cloakroom_store::Error;
use cloakroom_store_sql::{Database, Doable, SqlStore};

pub use backup::{BackupError, Progress};
pub use lock::{DataFolderLock, LockError};
pub use open::{OpenError, Options};
pub use place::Place;
pub use restore::{Restore, RestoreError, Restored};

use driver::{SqliteDb, ready};
use open::TemporaryFolder;
use readers::Readers;
use writer::Writer;

/// Storage in a SQLite file.
pub type SqliteStore = SqlStore<Sqlite>;

/// A database in a SQLite file. Dropping it does what waits, and blocks meanwhile; [`Sqlite::close`] does not.
pub struct Sqlite {
    // In the order in which they are dropped: who writes, who reads, and then the files.
    writer: Arc<Writer>,
    readers: Readers,
    path: PathBuf,
    options: Options,
    temporary: Option<TemporaryFolder>,
}

impl Sqlite {
    /// The file.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Takes no more acts, does those that wait, and leaves the file tidy. Reads go on working.
    pub async fn close(&self) {
        let writer = Arc::clone(&self.writer);
        if let Err(error) = tokio::task::spawn_blocking(move || writer.close()).await {
            tracing::error!(%error, "the database was not closed");
        }
    }
}

impl Database for Sqlite {
    type Db = SqliteDb;

    async fn read<T: Send + 'static>(&self, read: impl Doable<SqliteDb, T>) -> Result<T, Error> {
        self.readers.short(|db| ready(read(db)))
    }

    async fn read_long<T: Send + 'static>(
        &self,
        read: impl Doable<SqliteDb, T>,
    ) -> Result<T, Error> {
        self.readers.long(move |db| ready(read(db))).await
    }

    async fn read_snapshot<T: Send + 'static>(
        &self,
        read: impl Doable<SqliteDb, T>,
    ) -> Result<T, Error> {
        self.readers.short(|db| db.snapshot(|db| ready(read(db))))
    }

    async fn transact<T: Send + 'static>(
        &self,
        work: impl Doable<SqliteDb, T>,
    ) -> Result<T, Error> {
        self.writer.write(move |db| ready(work(db))).await
    }
}

impl std::fmt::Debug for Sqlite {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Sqlite").field("path", &self.path).finish_non_exhaustive()
    }
}

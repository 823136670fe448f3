//! Storage in one SQLite file: the default, embedded in the server.
//!
//! One connection writes, in groups of acts (`writer`); several read, and see what was acknowledged
//! (`readers`). An act is a closure over the open transaction (`doing`), which checks, writes, and last of all
//! takes its numbers in the log. Every statement stands in `sql`.
//!
//! The one writer makes acts follow each other, so nothing here takes a lock on a row. The statements stand all the
//! same in the order user, session, grant, log, which a backend with many writers needs.
//!
//! Leaves out every decision (they are in `cloakroom-model`) and every clock but SQLite's own.

mod backup;
mod begin;
mod clients;
mod codes;
mod consents;
mod data;
mod device_requests;
mod doing;
mod driver;
mod endings;
mod events;
mod grants;
mod guests;
mod initial_tokens;
mod keys;
mod links;
mod lock;
mod marks;
mod migrate;
mod open;
mod pushed_requests;
mod readers;
mod relying_parties;
mod restore;
mod revocations;
mod secrets;
#[cfg(any(test, feature = "seed"))]
pub mod seed;
mod sessions;
mod sql;
mod statuses;
mod sweep;
mod throttles;
mod users;
mod writer;

use std::path::{Path, PathBuf};

use cloakroom_store::{Act, Error};

pub use backup::{BackupError, Progress};
pub use lock::{DataFolderLock, LockError};
pub use open::{OpenError, Options};
pub use restore::{Restore, RestoreError, Restored};

use doing::Doing;
use driver::Db;
use open::TemporaryFolder;
use readers::Readers;
use writer::Writer;

/// A database in a SQLite file. Dropping it does what waits, and blocks meanwhile; [`Sqlite::close`] does not.
pub struct Sqlite {
    // In the order in which they are dropped: who writes, who reads, and then the files.
    writer: Writer,
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
    pub async fn close(self: std::sync::Arc<Self>) {
        let closing = tokio::task::spawn_blocking(move || self.writer.close());
        if let Err(error) = closing.await {
            tracing::error!(%error, "the database was not closed");
        }
    }

    /// Has an act done, with what it leaves in the log and among the events.
    async fn act<T: Send + 'static>(
        &self,
        act: &Act,
        done: impl FnOnce(Doing<'_>) -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Error> {
        let act = act.clone();
        self.writer.write(move |db| done(Doing::new(db, &act))).await
    }

    /// Has something written that leaves nothing beside itself.
    async fn write<T: Send + 'static>(
        &self,
        write: impl FnOnce(&Db) -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Error> {
        self.writer.write(write).await
    }
}

impl std::fmt::Debug for Sqlite {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Sqlite").field("path", &self.path).finish_non_exhaustive()
    }
}

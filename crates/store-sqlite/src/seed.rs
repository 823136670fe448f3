//! Fills a database with users, guests and sessions faster than acts can: for measurements of a large one.
//!
//! Rows are as acts would have made them, but nothing is in the log or among the events, and nothing is synced
//! before the end.

use std::path::Path;

use cloakroom_model::secret::Digest;
use cloakroom_model::session::Session;
use cloakroom_store::{Error, NewUser};
use cloakroom_store_sql::rows::{insert_guest, insert_session, insert_user};
use rusqlite::OpenFlags;

use crate::driver::{SqliteDb, failure, ready};
use crate::open::{OpenError, Options, connect};
use crate::{Sqlite, sql};

/// So much of the database is kept in memory while it is filled, in KiB: the indices over digests are written to
/// all over.
const CACHE: i64 = 512 * 1024;

/// Makes users.
pub fn users(path: &Path, rows: impl IntoIterator<Item = NewUser>) -> Result<usize, SeedError> {
    fill(path, rows, |db, user| ready(insert_user(db, &user)))
}

/// Makes sessions of users who are there, each with the digest of its secret. Fastest in the order of their ids.
pub fn sessions(
    path: &Path,
    rows: impl IntoIterator<Item = (Session, Digest)>,
) -> Result<usize, SeedError> {
    fill(path, rows, |db, (session, secret)| ready(insert_session(db, &session, &secret)))
}

/// Makes guests, each with the digest of its secret. Fastest in the order of their ids.
pub fn guests(
    path: &Path,
    rows: impl IntoIterator<Item = (Session, Digest)>,
) -> Result<usize, SeedError> {
    fill(path, rows, |db, (guest, secret)| ready(insert_guest(db, &guest, &secret)))
}

/// Makes the database where there is none, and then the rows, in one transaction; answers how many.
fn fill<T>(
    path: &Path,
    rows: impl IntoIterator<Item = T>,
    insert: impl Fn(&SqliteDb, T) -> Result<(), Error>,
) -> Result<usize, SeedError> {
    let options = Options { danger_no_sync: true, ..Options::default() };
    drop(Sqlite::open(path, options.clone())?);
    let connection = connect(path, OpenFlags::SQLITE_OPEN_READ_WRITE, &options)?;
    connection.pragma_update(None, "cache_size", -CACHE).map_err(failure)?;
    let db = SqliteDb::new(connection, None);
    db.run_now(sql::BEGIN_IMMEDIATE, &[])?;
    let mut count = 0;
    for row in rows {
        insert(&db, row)?;
        count += 1;
    }
    db.run_now(sql::COMMIT, &[])?;
    drop(db);
    // The last connection to go copied the write-ahead log into the file.
    std::fs::File::open(path).and_then(|file| file.sync_all()).map_err(OpenError::from)?;
    Ok(count)
}

/// Why a database was not filled.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SeedError {
    /// It cannot be opened.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// A row cannot be written, such as a second one of the same id. None is there then.
    #[error(transparent)]
    Store(#[from] Error),
}

#[cfg(test)]
mod tests;

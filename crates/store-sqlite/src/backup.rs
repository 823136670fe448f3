//! An online backup: a copy of the database as of one moment, made beside whoever reads and writes.
//!
//! What was sealed stays sealed: the master key is not in the database, and so not in its backup. How a backup comes
//! back is in [`crate::restore`].

use std::fs::{File, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};

use cloakroom_store::Error;
use cloakroom_store_sql::{Db as _, column};
use rusqlite::backup::{Backup, StepResult};
use rusqlite::{Connection, OpenFlags};

use crate::driver::{SqliteDb, ready};
use crate::open::{OpenError, Options, beside, connect, owner_only};
use crate::{Sqlite, sql};

/// How many pages (of 4 KiB) are copied before the progress is told.
const STEP: i32 = 256;

/// How far a backup is, in pages.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Progress {
    /// Copied so far.
    pub done: u32,
    /// In all.
    pub of: u32,
}

impl Sqlite {
    /// Copies the database, as it is now, into a new file that only its owner may read; tells the progress on the
    /// way. The copy has passed SQLite's check of its integrity when it appears under its name.
    ///
    /// Nobody waits for it. What is written meanwhile is not in it, and stays in the write-ahead log until it is
    /// done.
    pub async fn backup(
        &self,
        to: &Path,
        progress: impl FnMut(Progress) + Send + 'static,
    ) -> Result<(), BackupError> {
        let (from, to, options) = (self.path.clone(), to.to_owned(), self.options.clone());
        let copying = tokio::task::spawn_blocking(move || backup(&from, &to, &options, progress));
        copying.await.map_err(|panic| BackupError::Io(io::Error::other(panic)))?
    }
}

fn backup(
    from: &Path,
    to: &Path,
    options: &Options,
    progress: impl FnMut(Progress),
) -> Result<(), BackupError> {
    if to.exists() {
        return Err(BackupError::Exists { path: to.to_owned() });
    }
    let partial = beside(to, ".partial");
    let copied = copy_checked(from, &partial, options, progress);
    let named = copied.and_then(|()| Ok(put_in_place(&partial, to)?));
    if named.is_err() {
        // What is left would be taken for a backup; where it cannot be removed, its name says what it is.
        drop(std::fs::remove_file(&partial));
    }
    named
}

/// Copies a database into a new file of its own, without a write-ahead log, and checks it.
pub(crate) fn copy_checked(
    from: &Path,
    to: &Path,
    options: &Options,
    progress: impl FnMut(Progress),
) -> Result<(), BackupError> {
    let source = connect(from, OpenFlags::SQLITE_OPEN_READ_ONLY, options)?;
    let mut target = OpenOptions::new();
    target.write(true).create_new(true);
    owner_only(&mut target);
    drop(target.open(to)?);
    let mut target = connect(to, OpenFlags::SQLITE_OPEN_READ_WRITE, options)?;
    copy(&source, &mut target, progress)?;
    // One file is easier to carry than three.
    target.pragma_update(None, "journal_mode", "delete")?;
    let target = SqliteDb::new(target, None);
    let wrong = ready(target.list(sql::INTEGRITY_CHECK, &[], column::value::<String>))?;
    if wrong != ["ok"] {
        return Err(BackupError::Damaged(wrong.join("; ")));
    }
    drop(target);
    File::open(to)?.sync_all()?;
    Ok(())
}

fn copy(
    source: &Connection,
    target: &mut Connection,
    mut progress: impl FnMut(Progress),
) -> Result<(), BackupError> {
    // Every step reads as of this moment: without it each write by somebody else would begin the copy anew, and
    // under load it would never end.
    let moment = source.unchecked_transaction()?;
    moment.query_row("SELECT COUNT(*) FROM sqlite_schema", [], |_| Ok(()))?;
    let backup = Backup::new(&moment, target)?;
    loop {
        let step = backup.step(STEP)?;
        let of = backup.progress();
        let pages = |count: i32| u32::try_from(count).unwrap_or(0);
        progress(Progress { done: pages(of.pagecount - of.remaining), of: pages(of.pagecount) });
        match step {
            StepResult::Done => return Ok(()),
            StepResult::More => {}
            // The target is ours alone, and the source is read as of a moment that is ours already.
            _ => return Err(BackupError::Damaged("the copy is in use".to_owned())),
        }
    }
}

/// Gives a finished file its name, so that a crash leaves it under the one name or the other.
pub(crate) fn put_in_place(from: &Path, to: &Path) -> io::Result<()> {
    std::fs::rename(from, to)?;
    match to.parent() {
        // The name is on the disk when its folder is. Not every system can open a folder.
        Some(folder) if cfg!(unix) => {
            let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
            File::open(folder)?.sync_all()
        }
        _ => Ok(()),
    }
}

/// Why there is no backup.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BackupError {
    /// There is a file of that name, which is left alone.
    #[error("{path} is there already", path = path.display())]
    Exists {
        /// Which.
        path: PathBuf,
    },
    /// The copy is not what it should be: so may the database be.
    #[error("the database is damaged: {0}")]
    Damaged(String),
    /// The database or its copy cannot be opened.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// The copy cannot be read.
    #[error(transparent)]
    Store(#[from] Error),
    /// SQLite says no.
    #[error("the database cannot be copied: {0}")]
    Sqlite(#[from] rusqlite::Error),
    /// The operating system says no.
    #[error("the database cannot be copied: {0}")]
    Io(#[from] io::Error),
}

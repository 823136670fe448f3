//! Putting a backup in the place of the database.
//!
//! It is renewed before: what it would revive ends, and its log becomes another one ([`renew`]).

use std::io;
use std::path::{Path, PathBuf};

use cloakroom_store::{Act, Error};
use cloakroom_store_sql::renew;
use rusqlite::OpenFlags;

use crate::backup::{BackupError, copy_checked, put_in_place};
use crate::driver::{SqliteDb, ready};
use crate::open::{OpenError, Options, beside, connect, restoring};
use crate::{DataFolderLock, migrate, sql};

/// A backup that is to become the database.
#[derive(Clone, Debug)]
pub struct Restore {
    /// The backup. It is only read.
    pub from: PathBuf,
    /// The database. What is there is kept beside it, as [`Restored::kept`] says.
    pub to: PathBuf,
    /// Leaves sessions, grants and links as they were: whoever signed out since is signed in again, and whoever
    /// was thrown out is back.
    pub danger_keep_sessions: bool,
}

/// A backup that has become the database.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Restored {
    /// How many sessions ended, guests too.
    pub ended: usize,
    /// Where the database that was there is now.
    pub kept: Option<PathBuf>,
}

impl Restore {
    /// Puts the backup in the place of the database, checked and at the present schema. Blocks. Until it is done the
    /// database is as it was.
    ///
    /// The lock shows that no server is at work there. `act` says when and by whom, with an event of the kind
    /// [`cloakroom_model::event::Kind::Restored`].
    pub fn run(&self, _alone: &DataFolderLock, act: &Act) -> Result<Restored, RestoreError> {
        if !self.from.exists() {
            return Err(OpenError::Missing { path: self.from.clone() }.into());
        }
        let restoring = restoring(&self.to);
        remove_if_there(&restoring)?;
        let options = Options::default();
        copy_checked(&self.from, &restoring, &options, |_| {})?;
        let ended = prepare(&restoring, &options, act, self.danger_keep_sessions)?;
        let kept = self.set_aside()?;
        put_in_place(&restoring, &self.to)?;
        Ok(Restored { ended, kept })
    }

    /// Moves the database away with the files that belong to it: its write-ahead log must never meet another
    /// database.
    fn set_aside(&self) -> io::Result<Option<PathBuf>> {
        let kept = self.free_name();
        for companion in ["", "-wal", "-shm"] {
            match std::fs::rename(beside(&self.to, companion), beside(&kept, companion)) {
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                moved => moved?,
            }
        }
        Ok(kept.exists().then_some(kept))
    }

    /// A name that no database has which an earlier restore kept: after two wrong backups, or one that was
    /// interrupted, the first of them is the one that matters. The lock keeps others from taking it meanwhile.
    fn free_name(&self) -> PathBuf {
        let mut name = beside(&self.to, ".before-restore");
        let mut number = 1;
        while ["", "-wal", "-shm"].iter().any(|companion| beside(&name, companion).exists()) {
            number += 1;
            name = beside(&self.to, &format!(".before-restore-{number}"));
        }
        name
    }
}

/// Ends what the file would revive, and makes its log another one; answers how many sessions ended.
fn prepare(
    path: &Path,
    options: &Options,
    act: &Act,
    danger_keep_sessions: bool,
) -> Result<usize, RestoreError> {
    let mut connection = connect(path, OpenFlags::SQLITE_OPEN_READ_WRITE, options)?;
    if migrate::version(&connection)? == 0 {
        return Err(OpenError::NotOurs.into());
    }
    migrate::migrate(&mut connection)?;
    let db = SqliteDb::new(connection, None);
    db.run_now(sql::BEGIN_IMMEDIATE, &[])?;
    let ended = ready(renew(&db, act, danger_keep_sessions))?;
    db.run_now(sql::COMMIT, &[])?;
    Ok(ended)
}

fn remove_if_there(path: &Path) -> io::Result<()> {
    match std::fs::remove_file(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        removed => removed,
    }
}

/// Why a backup did not become the database.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RestoreError {
    /// It is no database of this program, or of a newer one.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// It cannot be copied, or is damaged.
    #[error(transparent)]
    Copy(#[from] BackupError),
    /// It cannot be changed.
    #[error(transparent)]
    Store(#[from] Error),
    /// The operating system says no.
    #[error("the backup cannot be restored: {0}")]
    Io(#[from] io::Error),
}

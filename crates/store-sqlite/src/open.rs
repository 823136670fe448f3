//! Opening a database: as its server, beside a server, or for a test.

use std::fmt;
use std::fs::OpenOptions;
use std::io;
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::Duration;

use cloakroom_store_sql::SqlStore;
use cloakroom_store_sql::copy::Away;
use rusqlite::config::DbConfig;
use rusqlite::{Connection, ErrorCode, OpenFlags};

use crate::driver::{Clock, SqliteDb, pragma};
use crate::migrate;
use crate::readers::{LONG, Readers};
use crate::writer::{Closing, Writer};
use crate::{Sqlite, SqliteStore};

/// Between two tries where SQLite does not wait by itself.
const PAUSE: Duration = Duration::from_millis(10);

/// How a database is opened.
#[derive(Clone)]
pub struct Options {
    /// How many connections read at once, besides those for lists.
    pub readers: NonZeroUsize,
    /// How long to wait for another process's write before [`cloakroom_store::Error::Busy`].
    pub busy_timeout: Duration,
    /// What the store's clock says; SQLite's own where `None`. For tests whose time stands still.
    pub clock: Option<Clock>,
    /// Acknowledges before the disk has it: a crash of the machine loses acts that were acknowledged. It is there
    /// so that the check of durability can be seen to fail.
    pub danger_no_sync: bool,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            readers: NonZeroUsize::new(4).expect("four is not zero"),
            busy_timeout: Duration::from_secs(5),
            clock: None,
            danger_no_sync: false,
        }
    }
}

impl fmt::Debug for Options {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Options")
            .field("readers", &self.readers)
            .field("busy_timeout", &self.busy_timeout)
            .field("danger_no_sync", &self.danger_no_sync)
            .finish_non_exhaustive()
    }
}

impl Sqlite {
    /// Opens a database as its one server: makes it where there is none, and brings its schema up to date.
    ///
    /// Whoever calls this holds the folder's [`crate::DataFolderLock`].
    pub fn open(path: &Path, options: Options) -> Result<SqliteStore, OpenError> {
        Self::serve(path, options).map(SqlStore::new)
    }

    fn serve(path: &Path, options: Options) -> Result<Self, OpenError> {
        let restoring = restoring(path);
        if restoring.exists() && !path.exists() {
            // An empty database in its place would look as if everything were lost.
            return Err(OpenError::HalfRestored { path: restoring });
        }
        create_for_owner(path)?;
        let mut connection = connect(path, OpenFlags::SQLITE_OPEN_READ_WRITE, &options)?;
        write_ahead(&connection, &options)?;
        migrate::migrate(&mut connection)?;
        Self::over(connection, path, options, Closing::Tidy)
    }

    /// Opens a database beside its server, from another process: never makes one, and never migrates. Each act is
    /// a short transaction that both processes see.
    pub fn attach(path: &Path, options: Options) -> Result<SqliteStore, OpenError> {
        // Not `exists`, which takes what may not be seen for what is not there.
        match path.metadata() {
            Ok(_) => {}
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                return Err(OpenError::Missing { path: path.to_owned() });
            }
            Err(error) if error.kind() == io::ErrorKind::PermissionDenied => {
                return Err(OpenError::Denied { path: path.to_owned() });
            }
            Err(error) => return Err(error.into()),
        }
        let connection = connect(path, OpenFlags::SQLITE_OPEN_READ_WRITE, &options)?;
        migrate::require_current(&connection)?;
        Self::over(connection, path, options, Closing::Leave).map(SqlStore::new)
    }

    /// A database of its own that is gone when it is dropped; otherwise like any other, with files and all.
    pub fn temporary(options: Options) -> Result<SqliteStore, OpenError> {
        let folder = TemporaryFolder::make()?;
        let mut sqlite = Self::serve(&folder.0.join("cloakroom.db"), options)?;
        sqlite.temporary = Some(folder);
        Ok(SqlStore::new(sqlite))
    }

    fn over(
        connection: Connection,
        path: &Path,
        options: Options,
        closing: Closing,
    ) -> Result<Self, OpenError> {
        let reader = || -> Result<SqliteDb, OpenError> {
            let connection = connect(path, OpenFlags::SQLITE_OPEN_READ_ONLY, &options)?;
            Ok(SqliteDb::new(connection, options.clock.clone()))
        };
        let short = (0..options.readers.get()).map(|_| reader()).collect::<Result<_, _>>()?;
        let long = (0..LONG).map(|_| reader()).collect::<Result<_, _>>()?;
        let db = SqliteDb::new(connection, options.clock.clone());
        Ok(Self {
            writer: Arc::new(Writer::start(db, closing)?),
            readers: Readers::new(short, long),
            path: path.to_owned(),
            options,
            temporary: None,
        })
    }
}

/// Opens one connection the way all of them are: with every guard that SQLite has.
pub(crate) fn connect(
    path: &Path,
    access: OpenFlags,
    options: &Options,
) -> Result<Connection, OpenError> {
    // Each connection belongs to one thread at a time, which Rust sees to.
    let flags = access | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags).map_err(|error| {
        // There is a file, so it is this user's rights that are missing.
        match error.sqlite_error_code() {
            Some(ErrorCode::CannotOpen) if path.is_file() => {
                OpenError::Denied { path: path.to_owned() }
            }
            _ => error.into(),
        }
    })?;
    connection.busy_timeout(options.busy_timeout)?;
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_DEFENSIVE, true)?;
    // A plan does not depend on the values that are looked for: where there are statistics, each new value would have its
    // statement prepared again, which takes several times as long as running it.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    connection.pragma_update(None, "trusted_schema", false)?;
    connection.pragma_update(None, "foreign_keys", true)?;
    // Each commit is on the disk when it returns.
    let synchronous = if options.danger_no_sync { "OFF" } else { "FULL" };
    connection.pragma_update(None, "synchronous", synchronous)?;
    // After a burst the write-ahead log's file shrinks to this.
    connection.pragma_update(None, "journal_size_limit", 16 * 1024 * 1024)?;
    let foreign_keys: bool = pragma(&connection, "foreign_keys")?;
    if foreign_keys { Ok(connection) } else { Err(OpenError::NoForeignKeys) }
}

/// Turns write-ahead logging on. Of two that do so at once SQLite refuses one without letting it wait, since each
/// could wait for the other; so the waiting is done here.
pub(crate) fn write_ahead(connection: &Connection, options: &Options) -> Result<(), OpenError> {
    let turn_on = || {
        connection
            .pragma_update_and_check(None, "journal_mode", "wal", |row| row.get::<_, String>(0))
    };
    connection.busy_timeout(Duration::ZERO)?;
    let mut waited = Duration::ZERO;
    let mode = loop {
        match turn_on() {
            Err(error)
                if error.sqlite_error_code() == Some(ErrorCode::DatabaseBusy)
                    && waited < options.busy_timeout =>
            {
                thread::sleep(PAUSE);
                waited += PAUSE;
            }
            answer => break answer?,
        }
    };
    connection.busy_timeout(options.busy_timeout)?;
    if mode == "wal" { Ok(()) } else { Err(OpenError::NoWriteAheadLog) }
}

/// Where a backup is made ready before it takes the place of a database.
pub(crate) fn restoring(path: &Path) -> PathBuf {
    beside(path, ".restoring")
}

/// The path of a file that is named after another one.
pub(crate) fn beside(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(ending);
    PathBuf::from(name)
}

/// Makes the file where there is none, for its owner alone. SQLite gives the files beside it the same rights.
pub(crate) fn create_for_owner(path: &Path) -> io::Result<()> {
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(false);
    owner_only(&mut options);
    options.open(path).map(drop)
}

/// What is made by these options is for its owner alone.
#[cfg(unix)]
pub(crate) fn owner_only(options: &mut OpenOptions) {
    use std::os::unix::fs::OpenOptionsExt as _;

    options.mode(0o600);
}

/// What is made by these options is for whom its folder says.
#[cfg(not(unix))]
pub(crate) fn owner_only(_: &mut OpenOptions) {}

/// A folder that is removed with everything in it.
#[derive(Debug)]
pub(crate) struct TemporaryFolder(pub(crate) PathBuf);

impl TemporaryFolder {
    fn make() -> io::Result<Self> {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        loop {
            let number = NEXT.fetch_add(1, Ordering::Relaxed);
            let name = format!("cloakroom-{}-{number}", std::process::id());
            let folder = std::env::temp_dir().join(name);
            match std::fs::create_dir(&folder) {
                // Left behind by a process of the same number that was killed.
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                made => return made.map(|()| Self(folder)),
            }
        }
    }
}

impl Drop for TemporaryFolder {
    fn drop(&mut self) {
        if let Err(error) = std::fs::remove_dir_all(&self.0) {
            tracing::debug!(%error, folder = %self.0.display(), "a temporary folder stays");
        }
    }
}

/// Why a database cannot be opened.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OpenError {
    /// There is no file.
    #[error("there is no database at {path}", path = path.display())]
    Missing {
        /// Where it was looked for.
        path: PathBuf,
    },
    /// The file, or the folder it is in, is not this user's.
    #[error("this user may not open the database at {path}", path = path.display())]
    Denied {
        /// Where it is.
        path: PathBuf,
    },
    /// A restore was interrupted after it had moved the database away.
    #[error(
        "a restore was interrupted: run it again, or remove {path} to begin with an empty database",
        path = path.display()
    )]
    HalfRestored {
        /// What was to become the database.
        path: PathBuf,
    },
    /// A newer program wrote it.
    #[error(
        "the database has schema version {found}, and this program knows versions up to {expected}: use the \
         program that wrote it, or a newer one"
    )]
    Newer {
        /// The file's version.
        found: u32,
        /// The newest version that this program knows.
        expected: u32,
    },
    /// An older program wrote it, and only a server brings it up to date.
    #[error(
        "the database has schema version {found}, and this program needs version {expected}: start this version's \
         server once"
    )]
    Older {
        /// The file's version.
        found: u32,
        /// The version that this program needs.
        expected: u32,
    },
    /// Somebody else has the file open, and whoever copies it may not be disturbed.
    #[error(
        "another program works with the database at {path}: wait until it is done, or stop it",
        path = path.display()
    )]
    InUse {
        /// Where it is.
        path: PathBuf,
    },
    /// It is copied to or from somewhere else, and is not the one that holds what is true.
    #[error(transparent)]
    Away(#[from] Away),
    /// Another program's database, or no database at all.
    #[error("the file is no database of this program")]
    NotOurs,
    /// Write-ahead logging does not work there, as on a network's file system.
    #[error("the database's file system does not support write-ahead logging: use a local disk")]
    NoWriteAheadLog,
    /// This SQLite was built without them.
    #[error("this build of SQLite does not keep foreign keys")]
    NoForeignKeys,
    /// SQLite says no.
    #[error("the database cannot be opened: {0}")]
    Sqlite(rusqlite::Error),
    /// The operating system says no.
    #[error("the database cannot be opened: {0}")]
    Io(#[from] io::Error),
}

impl From<rusqlite::Error> for OpenError {
    fn from(error: rusqlite::Error) -> Self {
        match error.sqlite_error_code() {
            Some(ErrorCode::NotADatabase) => Self::NotOurs,
            _ => Self::Sqlite(error),
        }
    }
}

#[cfg(test)]
mod tests;

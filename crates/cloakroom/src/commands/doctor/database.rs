//! Checks of what is in the database: its version, whether the master key opens it, and what waits beside it.
//!
//! It is opened as a command opens it, which changes nothing in it.

use std::{
    fs::{self, File, TryLockError},
    io,
    path::{Path, PathBuf},
};

use cloakroom_engine::keys::{DataKeys, KeysError, Seals};
use cloakroom_store_postgres::{OpenError as PostgresError, Url};
use cloakroom_store_sqlite::{DataFolderLock, OpenError, Options, Sqlite};

use super::{Finding, folder::NOT_YET};
use crate::{
    exit::whole,
    master_key,
    offline::{self, Attached},
    postgres,
    settings::{Database, Settings},
};

/// More than this waits only where somebody reads for very long, or nobody tidies up.
const MUCH: u64 = 256 << 20;

/// Whether this program can work with the database.
pub(super) fn schema(settings: &Settings) -> Finding {
    let path = match &settings.database {
        Database::Sqlite(path) => path,
        Database::Postgres(url) => return schema_at(settings, url),
        Database::Memory => return nothing_kept(),
    };
    match Sqlite::attach(path, Options::default()) {
        Ok(_) => Finding::Ok("its version is this program's".to_owned()),
        Err(OpenError::Missing { .. }) => Finding::Ok(format!("{} {NOT_YET}", path.display())),
        Err(error @ OpenError::Older { .. }) => Finding::Warn(
            error.to_string(),
            "make a backup with the program that it is of, then start this version's server",
        ),
        Err(error @ OpenError::Newer { .. }) => Finding::Fail(
            error.to_string(),
            "use the newer program, or restore a backup from before it was started",
        ),
        Err(error @ OpenError::NotOurs) => {
            Finding::Fail(error.to_string(), "set database to a file of its own")
        }
        Err(error) => Finding::Fail(whole(&error), "run this as the user that the server runs as"),
    }
}

/// The same where a server keeps it.
fn schema_at(settings: &Settings, url: &Url) -> Finding {
    match attach(settings, url) {
        Ok(()) => {
            Finding::Ok("it answers, and its version is one that this program knows".to_owned())
        }
        Err(PostgresError::Missing) => {
            Finding::Ok("its tables are made at the first start".to_owned())
        }
        Err(error @ PostgresError::Older { .. }) => Finding::Warn(
            error.to_string(),
            "make a backup (pg_dump), then start this version's server",
        ),
        Err(error @ PostgresError::Newer { .. }) => {
            Finding::Fail(error.to_string(), "use the newer program")
        }
        Err(error @ PostgresError::Restored) => {
            Finding::Fail(error.to_string(), "run `cloakroom restore`")
        }
        Err(error) => {
            Finding::Fail(error.to_string(), "see to what it says, and to the URL in database")
        }
    }
}

/// Whether a server has no tables of ours yet.
pub(super) fn is_missing(settings: &Settings, url: &Url) -> bool {
    matches!(attach(settings, url), Err(PostgresError::Missing))
}

fn attach(settings: &Settings, url: &Url) -> Result<(), PostgresError> {
    let attached = offline::block_on(async { Ok(postgres::attach(settings, url).await.map(drop)) });
    attached.unwrap_or_else(|failure| Err(PostgresError::Database(failure.to_string())))
}

/// Whether the master key is the one that the database's keys are sealed with.
pub(super) fn master_key(settings: &Settings) -> Finding {
    const WHICH: &str = "set CLOAKROOM_MASTER_KEY to the key that the database was made with";
    let missing = match &settings.database {
        Database::Sqlite(path) => {
            matches!(Sqlite::attach(path, Options::default()), Err(OpenError::Missing { .. }))
        }
        Database::Postgres(url) => is_missing(settings, url),
        Database::Memory => return nothing_kept(),
    };
    if missing {
        return Finding::Ok("there is nothing to open yet".to_owned());
    }
    let masters = match master_key::needed(settings) {
        Ok(masters) => masters,
        Err(failure) => return Finding::Fail(failure.to_string(), WHICH),
    };
    let looked = offline::block_on(async {
        let attached = Attached::to(settings).await?;
        Ok(DataKeys::look(&*attached.store(), &masters).await)
    });
    match looked {
        Ok(Ok(Seals::None)) => Finding::Ok("there is nothing to open yet".to_owned()),
        Ok(Ok(Seals::Current)) => Finding::Ok("it opens the database's keys".to_owned()),
        Ok(Ok(Seals::Previous)) => Finding::Warn(
            "the keys are still sealed with the previous one".to_owned(),
            "start the server once with both keys set; then the previous one is not needed any more",
        ),
        Ok(Err(KeysError::WrongMasterKey)) => {
            Finding::Fail("it does not fit this database".to_owned(), WHICH)
        }
        Ok(Err(error)) => Finding::Fail(whole(&error), "restore a backup"),
        Err(_) => {
            let found = "the database cannot be opened, so this cannot be said".to_owned();
            Finding::Warn(found, "see to the line about the database first")
        }
    }
}

/// Whether more is waiting beside the database than should.
pub(super) fn write_ahead_log(settings: &Settings) -> Finding {
    let path = match &settings.database {
        Database::Sqlite(path) => path,
        Database::Postgres(_) => return Finding::Ok("PostgreSQL's own".to_owned()),
        Database::Memory => return nothing_kept(),
    };
    let bytes = match fs::metadata(beside(path, "-wal")) {
        Ok(metadata) => metadata.len(),
        Err(error) if error.kind() == io::ErrorKind::NotFound => 0,
        Err(error) => {
            return Finding::Warn(
                error.to_string(),
                "run this as the user that the server runs as",
            );
        }
    };
    let served = is_served(&settings.data_dir);
    waiting(bytes, served)
}

fn waiting(bytes: u64, served: bool) -> Finding {
    let found = format!("{} KiB", bytes >> 10);
    if bytes > MUCH {
        Finding::Warn(
            format!("{found}, which is a lot"),
            "see whether another program has the database open for long; restart the server to tidy up",
        )
    } else if bytes > 0 && !served {
        Finding::Warn(
            format!("{found}, left by a server that was killed"),
            "leave the file where it is: the next start takes it in",
        )
    } else {
        Finding::Ok(found)
    }
}

/// Whether a server holds the folder's lock. Looks without making the lock's file.
fn is_served(data_dir: &Path) -> bool {
    let Ok(file) = File::open(data_dir.join(DataFolderLock::FILE)) else { return false };
    matches!(file.try_lock_shared(), Err(TryLockError::WouldBlock))
}

fn beside(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(ending);
    name.into()
}

fn nothing_kept() -> Finding {
    Finding::Ok("nothing is kept".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_waits_is_well_while_somebody_works_on_it() {
        assert!(matches!(waiting(0, false), Finding::Ok(_)));
        assert!(matches!(waiting(1 << 20, true), Finding::Ok(_)));
        assert!(matches!(waiting(1 << 20, false), Finding::Warn(..)));
        assert!(matches!(waiting(1 << 30, true), Finding::Warn(..)));
    }

    #[test]
    fn a_folder_is_served_while_its_lock_is_held() {
        let folder = tempfile::tempdir().unwrap();
        assert!(!is_served(folder.path()));
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0, "nothing was made");
        let lock = DataFolderLock::acquire(folder.path()).unwrap();
        assert!(is_served(folder.path()));
        drop(lock);
        assert!(!is_served(folder.path()));
    }
}

//! Checks of what is in the database: its version, whether the master key opens it, and what waits beside it.
//!
//! It is opened as a command opens it, which changes nothing in it.

use std::{
    fs::{self, File, TryLockError},
    io,
    path::{Path, PathBuf},
};

use cloakroom_engine::keys::{DataKeys, KeysError, Seals};
use cloakroom_store_sqlite::{DataFolderLock, OpenError, Options, Sqlite};

use super::{Finding, folder::NOT_YET};
use crate::{
    exit::whole,
    master_key, offline,
    settings::{Database, Settings},
};

/// More than this waits only where somebody reads for very long, or nobody tidies up.
const MUCH: u64 = 256 << 20;

/// Whether this program can work with the database.
pub(super) fn schema(settings: &Settings) -> Finding {
    let Some(path) = file(settings) else { return nothing_kept() };
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

/// Whether the master key is the one that the database's keys are sealed with.
pub(super) fn master_key(settings: &Settings) -> Finding {
    const WHICH: &str = "set CLOAKROOM_MASTER_KEY to the key that the database was made with";
    let Some(path) = file(settings) else { return nothing_kept() };
    let sqlite = match Sqlite::attach(path, Options::default()) {
        Ok(sqlite) => sqlite,
        Err(OpenError::Missing { .. }) => {
            return Finding::Ok("there is nothing to open yet".to_owned());
        }
        Err(_) => {
            let found = "the database cannot be opened, so this cannot be said".to_owned();
            return Finding::Warn(found, "see to the line about the database first");
        }
    };
    let masters = match master_key::needed(settings) {
        Ok(masters) => masters,
        Err(failure) => return Finding::Fail(failure.to_string(), WHICH),
    };
    match offline::block_on(async { Ok(DataKeys::look(&sqlite, &masters).await) }) {
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
        Err(failure) => Finding::Warn(failure.to_string(), "try again"),
    }
}

/// Whether more is waiting beside the database than should.
pub(super) fn write_ahead_log(settings: &Settings) -> Finding {
    let Some(path) = file(settings) else { return nothing_kept() };
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

fn file(settings: &Settings) -> Option<&Path> {
    match &settings.database {
        Database::Sqlite(path) => Some(path),
        Database::Memory => None,
    }
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

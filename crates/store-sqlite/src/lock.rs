//! One server for one data folder.

use std::fs::{File, OpenOptions, TryLockError};
use std::io;
use std::path::{Path, PathBuf};

/// That this process alone serves a data folder, or puts something else in the place of its database.
///
/// Held for as long as it lives; the operating system lets it go when the process ends, however it ends, so that a
/// crash leaves nothing to clean up. The command line works beside a server and does not ask for it.
#[derive(Debug)]
pub struct DataFolderLock {
    file: File,
    folder: PathBuf,
}

impl DataFolderLock {
    /// The file in the folder that is locked. It stays there, and has nothing in it.
    pub const FILE: &str = "cloakroom.lock";

    /// Locks `folder`, which is there already.
    pub fn acquire(folder: &Path) -> Result<Self, LockError> {
        let path = folder.join(Self::FILE);
        let failed = |source| LockError::Failed { path: path.clone(), source };
        let mut options = OpenOptions::new();
        options.read(true).write(true).create(true).truncate(false);
        crate::open::owner_only(&mut options);
        let file = options.open(&path).map_err(failed)?;
        match file.try_lock() {
            Ok(()) => Ok(Self { file, folder: folder.to_owned() }),
            Err(TryLockError::WouldBlock) => Err(LockError::Held { folder: folder.to_owned() }),
            Err(TryLockError::Error(source)) => Err(failed(source)),
        }
    }

    /// The folder that is locked.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.folder
    }
}

impl Drop for DataFolderLock {
    fn drop(&mut self) {
        // Closing the file lets go as well; where even that fails, the process's end does.
        drop(self.file.unlock());
    }
}

/// Why a data folder is not ours alone.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LockError {
    /// Somebody else has it.
    #[error(
        "another server uses the data folder {folder}: stop it first, or give this one a folder of its own",
        folder = folder.display()
    )]
    Held {
        /// Which.
        folder: PathBuf,
    },
    /// The file could not be opened or locked.
    #[error("cannot lock {path}", path = path.display())]
    Failed {
        /// The lock file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_server_on_one_data_folder_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let first = DataFolderLock::acquire(folder.path()).unwrap();

        let second = DataFolderLock::acquire(folder.path());
        assert!(matches!(second, Err(LockError::Held { folder }) if folder == first.folder()));

        drop(first);
        assert!(DataFolderLock::acquire(folder.path()).is_ok(), "the first one has gone");
    }

    #[test]
    fn two_folders_are_two_servers() {
        let (one, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let _one = DataFolderLock::acquire(one.path()).unwrap();
        assert!(DataFolderLock::acquire(other.path()).is_ok());
    }

    #[test]
    fn a_folder_that_is_not_there_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let missing = folder.path().join("missing");
        let error = DataFolderLock::acquire(&missing).unwrap_err();
        assert!(error.to_string().contains("missing"), "{error}");
    }
}

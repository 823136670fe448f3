//! Checks of the data folder, the files in it and the disk below it.

use std::{
    fs, io,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
};

use super::Finding;
use crate::{
    master_key,
    settings::{Database, Settings},
};

/// What is said of what only the first start makes.
pub(super) const NOT_YET: &str = "does not exist yet; the first start makes it";

/// Whether others on this machine can look into the data folder.
pub(super) fn data_folder(settings: &Settings) -> Finding {
    let path = &settings.data_dir;
    match mode(path) {
        Ok(None) => Finding::Ok(format!("{} {NOT_YET}", path.display())),
        Ok(Some(mode)) if mode & 0o007 != 0 => Finding::Fail(
            format!("{} is open to every user of this machine (mode {mode:o})", path.display()),
            "chmod 700 the folder",
        ),
        Ok(Some(_)) => Finding::Ok(format!("{} is closed to other users", path.display())),
        Err(error) => unreadable(path, &error),
    }
}

/// Whether others can read the key that seals all keys.
pub(super) fn master_key_file(settings: &Settings) -> Finding {
    if settings.master_key.is_some() {
        return Finding::Ok("not used: the master key comes from the environment".to_owned());
    }
    let path = master_key::path(settings);
    match mode(&path) {
        Ok(None) => Finding::Ok(format!("{} {NOT_YET}", path.display())),
        Ok(Some(mode)) if mode & 0o077 != 0 => Finding::Fail(
            format!("{} can be read by other users (mode {mode:o})", path.display()),
            "chmod 600 the file; if strangers could have read it, change the master key as well",
        ),
        Ok(Some(_)) => Finding::Ok(format!("{} is readable by its owner only", path.display())),
        Err(error) => unreadable(&path, &error),
    }
}

/// Whether others can read the database.
pub(super) fn database_file(settings: &Settings) -> Finding {
    let path = match &settings.database {
        Database::Sqlite(path) => path,
        Database::Postgres(url) if url.trusts_the_network() => {
            return Finding::Warn(
                format!("{}, and the way there is not verified (sslmode)", url.shown()),
                "set sslmode=verify-full in the URL, and sslrootcert to the file of the authority",
            );
        }
        Database::Postgres(url) => return Finding::Ok(format!("none: {}", url.shown())),
        Database::Memory => {
            return Finding::Warn(
                "memory: everything is forgotten when the server stops".to_owned(),
                "set database to sqlite: and a path to keep anything",
            );
        }
    };
    match mode(path) {
        Ok(None) => Finding::Ok(format!("{} {NOT_YET}", path.display())),
        Ok(Some(mode)) if mode & 0o007 != 0 => Finding::Fail(
            format!("{} is open to every user of this machine (mode {mode:o})", path.display()),
            "chmod 600 the file, and the -wal and -shm files beside it",
        ),
        Ok(Some(_)) => Finding::Ok(format!("{} is closed to other users", path.display())),
        Err(error) => unreadable(path, &error),
    }
}

const LITTLE: u64 = 1 << 30;
const TOO_LITTLE: u64 = 64 << 20;

/// Whether there is room for the database to grow.
pub(super) fn disk(settings: &Settings) -> Finding {
    let folder = nearest_existing(&settings.data_dir);
    let space = match rustix::fs::statvfs(&folder) {
        Ok(space) => space,
        Err(error) => return unreadable(&folder, &error.into()),
    };
    room(space.f_bavail.saturating_mul(space.f_frsize))
}

fn room(bytes: u64) -> Finding {
    let found = format!("{} MiB free", bytes >> 20);
    if bytes < TOO_LITTLE {
        Finding::Fail(found, "make room: without it nothing can be acknowledged, and sign-ins fail")
    } else if bytes < LITTLE {
        Finding::Warn(found, "make room before the database needs it")
    } else {
        Finding::Ok(found)
    }
}

/// The permission bits; nothing when there is no such file.
fn mode(path: &Path) -> io::Result<Option<u32>> {
    match fs::metadata(path) {
        Ok(metadata) => Ok(Some(metadata.permissions().mode() & 0o777)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

fn unreadable(path: &Path, error: &io::Error) -> Finding {
    Finding::Fail(
        format!("{}: {error}", path.display()),
        "run this as the user that the server runs as",
    )
}

fn nearest_existing(path: &Path) -> PathBuf {
    path.ancestors()
        .find(|ancestor| !ancestor.as_os_str().is_empty() && ancestor.exists())
        .unwrap_or(Path::new("."))
        .to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::{Given, load};

    #[test]
    fn a_key_file_that_others_can_read_is_a_failure() {
        let folder = tempfile::tempdir().unwrap();
        let settings = kept_in(folder.path());
        let key = master_key::path(&settings);
        assert!(matches!(master_key_file(&settings), Finding::Ok(_)));
        fs::write(&key, "key").unwrap();
        set_mode(&key, 0o600);
        assert!(matches!(master_key_file(&settings), Finding::Ok(_)));
        set_mode(&key, 0o640);
        assert!(matches!(master_key_file(&settings), Finding::Fail(..)));
    }

    #[test]
    fn a_folder_that_everybody_can_enter_is_a_failure() {
        let folder = tempfile::tempdir().unwrap();
        let settings = kept_in(folder.path());
        set_mode(folder.path(), 0o700);
        assert!(matches!(data_folder(&settings), Finding::Ok(_)));
        set_mode(folder.path(), 0o755);
        assert!(matches!(data_folder(&settings), Finding::Fail(..)));
    }

    #[test]
    fn a_database_that_everybody_can_read_is_a_failure() {
        let folder = tempfile::tempdir().unwrap();
        let settings = kept_in(folder.path());
        let file = folder.path().join("cloakroom.db");
        assert!(matches!(database_file(&settings), Finding::Ok(_)));
        fs::write(&file, "").unwrap();
        set_mode(&file, 0o644);
        assert!(matches!(database_file(&settings), Finding::Fail(..)));
        set_mode(&file, 0o600);
        assert!(matches!(database_file(&settings), Finding::Ok(_)));
    }

    #[test]
    fn a_disk_that_is_nearly_full_is_said_before_it_is_full() {
        assert!(matches!(room(2 << 30), Finding::Ok(_)));
        assert!(matches!(room(500 << 20), Finding::Warn(..)));
        assert!(matches!(room(1 << 20), Finding::Fail(..)));
    }

    #[test]
    fn the_disk_of_a_folder_yet_to_be_made_is_its_parents() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(nearest_existing(&folder.path().join("a/b")), folder.path());
        assert_eq!(nearest_existing(Path::new("nowhere/at/all")), Path::new("."));
    }

    fn kept_in(folder: &Path) -> Settings {
        let flags = vec![("data_dir", folder.to_str().unwrap().to_owned())];
        load(&Given { flags, ..Given::default() }).unwrap().settings
    }

    fn set_mode(path: &Path, mode: u32) {
        fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    }
}

//! One side of a copy, as it stands on the command line, opened so that nobody else is at work in it.

use std::{
    fs,
    path::{Path, PathBuf},
};

use cloakroom_store_postgres::{Place as InPostgres, Url};
use cloakroom_store_sqlite::{DataFolderLock, LockError, Place as InSqlite};
use zeroize::Zeroizing;

use crate::{
    exit::Failure,
    offline, postgres,
    settings::{self, Database, Settings},
};

/// Which side of a copy something is.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Side {
    Source,
    Target,
}

/// Where a side is.
pub(super) enum Where {
    File(PathBuf),
    Server(Box<Url>),
}

/// A side that is open.
pub(super) enum Opened {
    File(InSqlite),
    Server(Box<InPostgres>),
}

impl Where {
    /// Reads what was typed. A password that is not in it comes from a file, or from the settings.
    pub(super) fn read(
        text: &str,
        flag: &str,
        password: Option<&Path>,
        settings: &Settings,
    ) -> Result<Self, Failure> {
        let database =
            settings::database(text).map_err(|wrong| Failure::Usage(format!("{flag}: {wrong}")))?;
        Self::of(database, password, settings)
    }

    /// Where the settings say.
    pub(super) fn of(
        database: Database,
        password: Option<&Path>,
        settings: &Settings,
    ) -> Result<Self, Failure> {
        match database {
            Database::Sqlite(path) => Ok(Self::File(path)),
            Database::Postgres(url) => {
                let url = match password {
                    Some(file) => url.with_password(&read_password(file)?),
                    None => postgres::with_password(settings, &url),
                };
                Ok(Self::Server(Box::new(url)))
            }
            Database::Memory => Err(offline::nothing_to_reach()),
        }
    }

    /// For people.
    pub(super) fn shown(&self) -> String {
        match self {
            Self::File(path) => format!("sqlite:{}", path.display()),
            Self::Server(url) => url.shown(),
        }
    }

    /// Opens it.
    pub(super) async fn open(&self, side: Side, settings: &Settings) -> Result<Opened, Failure> {
        match self {
            Self::File(path) => {
                let opened = match side {
                    Side::Source => InSqlite::source(path),
                    Side::Target => InSqlite::target(path),
                };
                Ok(Opened::File(opened?))
            }
            Self::Server(url) => {
                let options = postgres::options_of_a_place(settings);
                let opened = match side {
                    Side::Source => InPostgres::source(url, options).await,
                    Side::Target => InPostgres::target(url, options).await,
                };
                Ok(Opened::Server(Box::new(opened?)))
            }
        }
    }
}

/// Sees to it that no server is at work in any of these files' folders.
pub(super) fn alone(sides: &[&Where]) -> Result<Vec<DataFolderLock>, Failure> {
    let files = sides.iter().filter_map(|side| match side {
        Where::File(path) => Some(path),
        Where::Server(_) => None,
    });
    let mut folders = files.map(|path| folder_of(path)).collect::<Result<Vec<_>, _>>()?;
    // Always in the same order, and each once.
    folders.sort();
    folders.dedup();
    folders.iter().map(|folder| lock(folder)).collect()
}

fn lock(folder: &Path) -> Result<DataFolderLock, Failure> {
    DataFolderLock::acquire(folder).map_err(|error| match error {
        LockError::Held { folder } => Failure::Refused(format!(
            "a server is at work in the folder {}, or somebody else copies: stop it, and run this again",
            folder.display()
        )),
        error => error.into(),
    })
}

fn folder_of(path: &Path) -> Result<PathBuf, Failure> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    let folder = folder.unwrap_or(Path::new("."));
    fs::canonicalize(folder).map_err(|error| {
        Failure::Refused(format!("there is no folder {}: {error}; make it first", folder.display()))
    })
}

/// A file's first line.
fn read_password(file: &Path) -> Result<Zeroizing<String>, Failure> {
    let text = fs::read_to_string(file).map(Zeroizing::new).map_err(|error| {
        Failure::Usage(format!("cannot read the password in {}: {error}", file.display()))
    })?;
    match text.lines().next().filter(|line| !line.is_empty()) {
        Some(line) => Ok(Zeroizing::new(line.to_owned())),
        None => Err(Failure::Usage(format!("there is no password in {}", file.display()))),
    }
}

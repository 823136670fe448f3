//! What a server keeps, where, and that it is alone there.

use std::{
    fs::{self, DirBuilder},
    os::unix::fs::DirBuilderExt as _,
    path::{Path, PathBuf},
    sync::Arc,
};

use cloakroom_engine::{
    clock::{Clock as _, SystemClock},
    keys::{MasterKey, MasterKeys},
    random::Random,
    start::InCommon,
};
use cloakroom_store::{Store, memory::Memory};
use cloakroom_store_postgres::PostgresStore;
use cloakroom_store_sqlite::{DataFolderLock, Options, Sqlite, SqliteStore};

use crate::{
    exit::Failure,
    master_key, postgres,
    redis::Beside,
    settings::{Database, Settings},
};

/// The store of a server, with what keeps others out of it.
pub(super) enum Kept {
    /// In a file.
    File {
        /// The database.
        sqlite: Beside<SqliteStore>,
        /// Held until the database is closed.
        _alone: Vec<DataFolderLock>,
    },
    /// In a PostgreSQL, which other nodes use too.
    Shared(Beside<PostgresStore>),
    /// Until the process ends.
    Memory(Arc<Memory>),
}

impl Kept {
    /// Opens what the settings name; makes it where there is nothing, and brings its schema up to date.
    pub(super) async fn open(settings: &Settings) -> Result<Self, Failure> {
        let path = match &settings.database {
            Database::Sqlite(path) => path,
            Database::Postgres(url) => {
                // For the master key, where no variable holds it. Nodes may share the folder.
                make_folder(&settings.data_dir)?;
                let postgres = Beside::put(settings, postgres::open(settings, url).await?)?;
                postgres.look_at_start().await;
                return Ok(Self::Shared(postgres));
            }
            Database::Memory => {
                // The system's clock is the store's own here.
                let clock = SystemClock::new();
                return Ok(Self::Memory(Arc::new(Memory::new(Arc::new(move || clock.wall())))));
            }
        };
        let alone = alone(&settings.data_dir, path)?;
        let path = path.clone();
        let options = Options { danger_no_sync: settings.danger_no_sync, ..Options::default() };
        let opened = tokio::task::spawn_blocking(move || Sqlite::open(&path, options)).await;
        let sqlite = opened.map_err(|panic| {
            Failure::Unavailable(format!("the database was not opened: {panic}"))
        })??;
        let sqlite = Beside::put(settings, sqlite)?;
        sqlite.look_at_start().await;
        Ok(Self::File { sqlite, _alone: alone })
    }

    /// As the engine sees it.
    pub(super) fn store(&self) -> Arc<dyn Store> {
        match self {
            Self::File { sqlite, .. } => sqlite.store(),
            Self::Shared(postgres) => postgres.store(),
            Self::Memory(memory) => Arc::clone(memory) as _,
        }
    }

    /// What it has in common with other nodes beside the store.
    pub(super) fn in_common(&self) -> InCommon {
        match self {
            Self::File { sqlite, .. } => sqlite.in_common(),
            Self::Shared(postgres) => postgres.in_common(),
            Self::Memory(_) => InCommon::default(),
        }
    }

    /// The master keys. Where there is neither a key nor anything sealed with one, the first key is made.
    pub(super) async fn master_keys(
        &self,
        settings: &Settings,
        random: &dyn Random,
    ) -> Result<MasterKeys, Failure> {
        if let Self::Memory(_) = self {
            let current =
                settings.master_key.clone().unwrap_or_else(|| MasterKey::generate(random));
            return Ok(MasterKeys { current, previous: None });
        }
        if let Some(keys) = master_key::find(settings)? {
            return Ok(keys);
        }
        if self.store().list_data_keys().await?.is_empty() {
            return master_key::make(settings, random);
        }
        // Another node that shares the folder may have made both a moment ago.
        master_key::needed(settings)
    }

    /// Closes it: what waits to be written is written.
    pub(super) async fn close(self) {
        if let Self::File { sqlite, _alone } = self {
            sqlite.authority().close().await;
        }
    }
}

/// Makes sure that no other server works in the data folder, nor in the folder of the database where that is another
/// one.
pub(crate) fn alone(data_dir: &Path, database: &Path) -> Result<Vec<DataFolderLock>, Failure> {
    make_folder(data_dir)?;
    let mut folders = vec![whole_path(data_dir)?];
    let beside = database.parent().filter(|parent| !parent.as_os_str().is_empty());
    let beside = whole_path(beside.unwrap_or(Path::new(".")))?;
    if !folders.contains(&beside) {
        folders.push(beside);
    }
    // Always in the same order, so that of two servers with their folders crossed one gets both.
    folders.sort();
    Ok(folders.iter().map(|folder| DataFolderLock::acquire(folder)).collect::<Result<_, _>>()?)
}

fn make_folder(data_dir: &Path) -> Result<(), Failure> {
    let mut folder = DirBuilder::new();
    folder.recursive(true).mode(0o700).create(data_dir).map_err(|error| {
        Failure::Unavailable(format!(
            "cannot make the data folder {}: {error}; --data-dir names another one",
            data_dir.display()
        ))
    })
}

fn whole_path(folder: &Path) -> Result<PathBuf, Failure> {
    fs::canonicalize(folder).map_err(|error| {
        Failure::Unavailable(format!("there is no folder {}: {error}", folder.display()))
    })
}

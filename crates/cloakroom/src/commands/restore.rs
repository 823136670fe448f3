//! `cloakroom restore`: a backup in the place of the database, and nobody signed in by it.

use std::path::Path;

use cloakroom_engine::{
    clock::{Clock as _, SystemClock},
    random::{Random, SystemRandomness},
};
use cloakroom_model::event::{Actor, Event, Kind};
use cloakroom_store::Act;
use cloakroom_store_postgres::Url;
use cloakroom_store_sqlite::{BackupError, OpenError, Restore, RestoreError, Restored};
use serde_json::json;

use super::serve::alone;
use crate::{
    arguments::RestoreFrom,
    asking,
    exit::{Failure, whole},
    offline,
    output::Output,
    postgres,
    settings::{self, Database, Given, Settings},
};

/// Puts the backup in the database's place.
pub(super) fn run(from: &RestoreFrom, given: &Given, output: &Output) -> Result<(), Failure> {
    let settings = settings::load(given)?.settings;
    match (&settings.database, &from.file) {
        (Database::Sqlite(database), Some(file)) => in_its_place(from, file, database, &settings, output),
        (Database::Sqlite(_), None) => Err(Failure::Usage("name the backup's file".to_owned())),
        (Database::Postgres(url), None) => put_back(from, url, &settings, output),
        (Database::Postgres(_), Some(_)) => Err(Failure::Refused(
            "the database is PostgreSQL's, whose own tools put a backup back (pg_restore). Run this without a file \
             afterwards: it ends what ended since the backup"
                .to_owned(),
        )),
        (Database::Memory, _) => Err(offline::nothing_to_reach()),
    }
}

/// Puts a file in the place of a file.
fn in_its_place(
    from: &RestoreFrom,
    file: &Path,
    database: &Path,
    settings: &Settings,
    output: &Output,
) -> Result<(), Failure> {
    if !file.exists() {
        return Err(Failure::Refused(format!("there is no file {}", file.display())));
    }
    let alone = alone(&settings.data_dir, database)?;
    let Some(lock) = alone.first() else {
        return Err(Failure::Unavailable("the data folder is not locked".to_owned()));
    };
    let place = database.display();
    asking::sure(&format!("Put {} in the place of {place}?", file.display()), from.yes)?;
    let restore = Restore {
        from: file.to_owned(),
        to: database.to_owned(),
        danger_keep_sessions: from.danger_keep_sessions,
    };
    let Restored { ended, kept } = restore.run(lock, &act())?;
    let signed_in = signed_in(from, ended);
    let mut text = format!("{place} is what {} was. {signed_in}", file.display());
    if let Some(kept) = &kept {
        text = format!("{text}\nThe database that was there is {} now.", kept.display());
    }
    output.say(&text, &json!({ "database": database, "ended": ended, "kept": kept }))
}

/// Ends what a database that was put back has revived.
fn put_back(
    from: &RestoreFrom,
    url: &Url,
    settings: &Settings,
    output: &Output,
) -> Result<(), Failure> {
    let place = url.shown();
    asking::sure(
        &format!("Was {place} put back from a backup, and does no server work with it?"),
        from.yes,
    )?;
    let ended = offline::block_on(async {
        Ok(postgres::renew(settings, url, &act(), from.danger_keep_sessions).await?)
    })?;
    let text = format!("{place} is ready for its servers. {}", signed_in(from, ended));
    output.say(&text, &json!({ "database": place, "ended": ended, "kept": null }))
}

/// What has become of those who were signed in.
fn signed_in(from: &RestoreFrom, ended: usize) -> String {
    if from.danger_keep_sessions {
        return "Who signed out since the backup is signed in again.".to_owned();
    }
    let ended = match ended {
        0 => "Nobody was signed in then".to_owned(),
        1 => "The one session of then has ended".to_owned(),
        count => format!("{count} sessions of then have ended"),
    };
    format!("{ended}; grants and links end too.")
}

/// There is no engine yet that would make it.
fn act() -> Act {
    let at = SystemClock::new().wall();
    let random: &dyn Random = &SystemRandomness::default();
    Act { at, nonce: random.nonce(), event: Event::new(at, Kind::Restored, Actor::Operator) }
}

impl From<RestoreError> for Failure {
    fn from(error: RestoreError) -> Self {
        match error {
            RestoreError::Open(OpenError::NotOurs)
            | RestoreError::Copy(BackupError::Open(OpenError::NotOurs)) => {
                Self::Refused("the file is no backup of this program".to_owned())
            }
            RestoreError::Copy(BackupError::Damaged(what)) => {
                Self::Refused(format!("the backup is damaged: {what}"))
            }
            RestoreError::Open(error) => error.into(),
            RestoreError::Copy(error) => error.into(),
            RestoreError::Store(error) => error.into(),
            error => Self::Unavailable(whole(&error)),
        }
    }
}

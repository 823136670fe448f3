//! `cloakroom restore`: a backup in the place of the database, and nobody signed in by it.

use cloakroom_engine::{
    clock::{Clock as _, SystemClock},
    random::{Random, SystemRandomness},
};
use cloakroom_model::event::{Actor, Event, Kind};
use cloakroom_store::Act;
use cloakroom_store_sqlite::{BackupError, OpenError, Restore, RestoreError, Restored};
use serde_json::json;

use super::serve::alone;
use crate::{
    arguments::RestoreFrom,
    asking,
    exit::{Failure, whole},
    offline,
    output::Output,
    settings::{self, Given},
};

/// Puts the backup in the database's place.
pub(super) fn run(from: &RestoreFrom, given: &Given, output: &Output) -> Result<(), Failure> {
    let settings = settings::load(given)?.settings;
    let database = offline::file(&settings)?;
    if !from.file.exists() {
        return Err(Failure::Refused(format!("there is no file {}", from.file.display())));
    }
    let alone = alone(&settings.data_dir, database)?;
    let Some(lock) = alone.first() else {
        return Err(Failure::Unavailable("the data folder is not locked".to_owned()));
    };
    let (file, place) = (from.file.display(), database.display());
    asking::sure(&format!("Put {file} in the place of {place}?"), from.yes)?;
    let restore = Restore {
        from: from.file.clone(),
        to: database.to_owned(),
        danger_keep_sessions: from.danger_keep_sessions,
    };
    let Restored { ended, kept } = restore.run(lock, &act())?;
    let signed_in = if from.danger_keep_sessions {
        "Who signed out since the backup is signed in again.".to_owned()
    } else {
        let ended = match ended {
            0 => "Nobody was signed in then".to_owned(),
            1 => "The one session of then has ended".to_owned(),
            count => format!("{count} sessions of then have ended"),
        };
        format!("{ended}; grants and links end too.")
    };
    let mut text = format!("{place} is what {file} was. {signed_in}");
    if let Some(kept) = &kept {
        text = format!("{text}\nThe database that was there is {} now.", kept.display());
    }
    output.say(&text, &json!({ "database": database, "ended": ended, "kept": kept }))
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

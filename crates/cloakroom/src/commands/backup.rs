//! `cloakroom backup`: a copy of the database, beside a running server.

use cloakroom_store_postgres::Url;
use cloakroom_store_sqlite::{BackupError, Options, Progress, Sqlite};
use indicatif::{ProgressBar, ProgressStyle};
use serde_json::json;

use crate::{
    arguments::BackupTo,
    exit::{Failure, whole},
    offline,
    output::Output,
    settings::{self, Database, Given},
};

/// The size of a page, which is what progress is counted in.
const PAGE: u64 = 4096;

/// Copies the database into a new file.
pub(super) fn run(to: &BackupTo, given: &Given, output: &Output) -> Result<(), Failure> {
    let settings = settings::load(given)?.settings;
    let sqlite = match &settings.database {
        Database::Sqlite(path) => Sqlite::attach(path, Options::default())?,
        Database::Postgres(url) => return Err(Failure::Refused(by_postgres_itself(url))),
        Database::Memory => return Err(offline::nothing_to_reach()),
    };
    // Drawn on standard error, and only where that is a terminal.
    let bar = ProgressBar::new(0);
    if let Ok(style) = ProgressStyle::with_template("{bytes} of {total_bytes} {bar:40} {eta}") {
        bar.set_style(style);
    }
    let drawn = bar.clone();
    let progress = move |progress: Progress| {
        drawn.set_length(u64::from(progress.of) * PAGE);
        drawn.set_position(u64::from(progress.done) * PAGE);
    };
    let folder = to.file.parent().filter(|folder| !folder.as_os_str().is_empty());
    if let Some(missing) = folder.filter(|folder| !folder.is_dir()) {
        return Err(Failure::Refused(format!("there is no folder {}", missing.display())));
    }
    let copied = offline::block_on(async { Ok(sqlite.backup(&to.file, progress).await?) });
    bar.finish_and_clear();
    copied?;
    let bytes = std::fs::metadata(&to.file).map_or(0, |file| file.len());
    let text = format!(
        "The database is copied to {}. The master key is not in it: without that key the copy is worth nothing, so \
         keep the key too, somewhere else.",
        to.file.display()
    );
    output.say(&text, &json!({ "file": to.file, "bytes": bytes }))
}

/// How a database is copied that is not a file.
fn by_postgres_itself(url: &Url) -> String {
    format!(
        "the database is PostgreSQL's, whose own tools copy it: `pg_dump --format=custom --schema={schema} --file=FILE \
         {place}`, or a base backup with its log. After it was put back, `cloakroom restore` ends what ended since",
        schema = url.schema(),
        place = url.shown(),
    )
}

impl From<BackupError> for Failure {
    fn from(error: BackupError) -> Self {
        match error {
            BackupError::Exists { .. } => {
                Self::Refused(format!("{error}: it is left as it is, so name another file"))
            }
            BackupError::Damaged(_) => Self::Refused(error.to_string()),
            BackupError::Open(error) => error.into(),
            BackupError::Store(error) => error.into(),
            error => Self::Unavailable(whole(&error)),
        }
    }
}

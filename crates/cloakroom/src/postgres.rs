//! From the settings to a PostgreSQL, as a server or a command opens it.

use std::{num::NonZeroUsize, time::Duration};

use cloakroom_store::Act;
use cloakroom_store_postgres::{Look, OpenError, Options, Postgres, PostgresStore, Url};

use crate::{exit::Failure, settings::Settings};

/// Opens it as one of its servers.
pub(crate) async fn open(settings: &Settings, url: &Url) -> Result<PostgresStore, Failure> {
    if url.trusts_the_network() {
        tracing::warn!(
            "the way to the database is not verified (sslmode in its URL): whoever stands between can read and change \
             everything"
        );
    }
    let with = Options { patience: Duration::from_secs(30), ..options(settings) };
    Ok(Postgres::open(&with_password(settings, url), with).await?)
}

/// Opens it beside its servers.
pub(crate) async fn attach(settings: &Settings, url: &Url) -> Result<PostgresStore, OpenError> {
    let with = Options { patience: Duration::ZERO, ..options(settings) };
    Postgres::attach(&with_password(settings, url), with).await
}

/// Ends what a database has revived that was put back from a backup; answers how many sessions that were.
pub(crate) async fn renew(
    settings: &Settings,
    url: &Url,
    act: &Act,
    danger_keep_sessions: bool,
) -> Result<usize, OpenError> {
    let with = Options { patience: Duration::ZERO, ..options(settings) };
    Postgres::renew(&with_password(settings, url), with, act, danger_keep_sessions).await
}

/// Asks it what it is.
pub(crate) async fn look(settings: &Settings, url: &Url) -> Result<Look, OpenError> {
    Postgres::look(&with_password(settings, url), &options(settings)).await
}

/// Opens it to copy from or to.
pub(crate) fn options_of_a_place(settings: &Settings) -> Options {
    Options { patience: Duration::ZERO, direct: None, ..options(settings) }
}

fn options(settings: &Settings) -> Options {
    let direct = settings.database_direct.as_ref().map(|url| with_password(settings, url));
    let writers = NonZeroUsize::new(settings.database_connections as usize);
    let default = Options::default();
    Options {
        writers: writers.unwrap_or(default.writers),
        direct,
        danger_no_sync: settings.danger_no_sync,
        ..default
    }
}

/// The URL with the password of the settings, where it has none.
pub(crate) fn with_password(settings: &Settings, url: &Url) -> Url {
    match &settings.database_password {
        Some(password) => url.clone().with_password(&password.0),
        None => url.clone(),
    }
}

impl From<OpenError> for Failure {
    fn from(error: OpenError) -> Self {
        match error {
            OpenError::Connect { .. }
            | OpenError::Migrating
            | OpenError::InTheWay { .. }
            | OpenError::BeingCopied => Self::Unavailable(error.to_string()),
            error => Self::Refused(error.to_string()),
        }
    }
}

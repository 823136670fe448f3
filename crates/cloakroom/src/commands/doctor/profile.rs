//! The check of the profile: whether the clients that are registered can work under it.

use cloakroom_engine::settings::Profile;
use cloakroom_store_sqlite::{OpenError, Options, Sqlite};

use super::{Finding, database::is_missing};
use crate::{
    offline::{self, Keys},
    settings::{Database, Settings},
};

/// Which rules hold, and for whom that is too much.
pub(super) fn clients(settings: &Settings) -> Finding {
    let name = settings.profile.name();
    if settings.profile == Profile::OidcCertification {
        return Finding::Warn(
            format!("{name}, which is for the OpenID certification alone"),
            "set profile to oauth21 or fapi2 once it is over",
        );
    }
    let missing = match &settings.database {
        Database::Sqlite(path) => {
            matches!(Sqlite::attach(path, Options::default()), Err(OpenError::Missing { .. }))
        }
        Database::Postgres(url) => is_missing(settings, url),
        Database::Memory => return Finding::Ok(name.to_owned()),
    };
    if missing {
        return Finding::Ok(format!("{name}; nobody is registered yet"));
    }
    let found = offline::with(settings, Keys::NotNeeded, async |offline| {
        Ok(offline.engine.clients_that_cannot_work())
    });
    match found {
        Ok(clients) if clients.is_empty() => Finding::Ok(name.to_owned()),
        Ok(clients) => {
            let each: Vec<_> =
                clients.iter().map(|(client, why)| format!("{client} ({why})")).collect();
            Finding::Fail(
                format!("under {name} these clients are refused: {}", each.join("; ")),
                "register them otherwise, with `cloakroom client`, or set another profile",
            )
        }
        Err(failure) => Finding::Warn(failure.to_string(), "see to the line about the database"),
    }
}

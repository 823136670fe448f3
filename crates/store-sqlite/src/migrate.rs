//! The schema's versions: numbered steps forward, never back.
//!
//! All that are missing run in one transaction when a server starts, so that a crash leaves the old schema or the
//! new one. A step must keep the statements of the version before it working: while a server is being replaced,
//! the command line of the old one may still be at work.

use cloakroom_store_sql::copy::{Away, MARK_EXISTS, MARK_STATE};
use rusqlite::{Connection, OptionalExtension as _, TransactionBehavior};

use crate::driver::pragma;
use crate::open::OpenError;

/// Step *n* leads to version *n*.
const STEPS: [&str; CURRENT as usize] = [
    include_str!("../migrations/0001_foundation.sql"),
    include_str!("../migrations/0002_authorization.sql"),
    include_str!("../migrations/0003_registration.sql"),
    include_str!("../migrations/0004_status_series.sql"),
    include_str!("../migrations/0005_failures_of_nobody.sql"),
    include_str!("../migrations/0006_streams.sql"),
];

/// The version that this program reads and writes.
pub(crate) const CURRENT: u32 = 6;

/// Marks a SQLite file as ours: `Clkr`.
const APPLICATION: u32 = 0x436c_6b72;

/// Brings a file to [`CURRENT`], from nothing or from any version before it.
pub(crate) fn migrate(connection: &mut Connection) -> Result<(), OpenError> {
    // Immediate, because two processes may start at once: the second one finds the work done.
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let found = version(&transaction)?;
    require_here(&transaction)?;
    if found > CURRENT {
        return Err(OpenError::Newer { found, expected: CURRENT });
    }
    if found == CURRENT {
        return Ok(());
    }
    for step in &STEPS[found as usize..] {
        transaction.execute_batch(step)?;
    }
    transaction.pragma_update(None, "application_id", APPLICATION)?;
    transaction.pragma_update(None, "user_version", CURRENT)?;
    transaction.commit()?;
    tracing::info!(from = found, to = CURRENT, "the database's schema was brought up to date");
    Ok(())
}

/// Accepts only [`CURRENT`], and only where the database is not copied to or from somewhere else.
pub(crate) fn require_current(connection: &Connection) -> Result<(), OpenError> {
    require_version(connection)?;
    require_here(connection)
}

/// Accepts only what is not copied to or from somewhere else.
fn require_here(connection: &Connection) -> Result<(), OpenError> {
    let mark = connection.query_row(MARK_EXISTS.sqlite(), [], |_| Ok(())).optional()?;
    if mark.is_none() {
        return Ok(());
    }
    let read = |row: &rusqlite::Row<'_>| Ok((row.get::<_, String>(0)?, row.get(1)?));
    let Some((state, place)) = connection.query_row(MARK_STATE.sqlite(), [], read).optional()?
    else {
        return Ok(());
    };
    match Away::read(&state, place) {
        Ok(None) => Ok(()),
        Ok(Some(away)) => Err(away.into()),
        // A mark that a newer program knows.
        Err(_) => Err(OpenError::NotOurs),
    }
}

/// Accepts only [`CURRENT`].
pub(crate) fn require_version(connection: &Connection) -> Result<(), OpenError> {
    match version(connection)? {
        CURRENT => Ok(()),
        found if found > CURRENT => Err(OpenError::Newer { found, expected: CURRENT }),
        found => Err(OpenError::Older { found, expected: CURRENT }),
    }
}

/// The version of a file of ours; 0 of an empty one.
pub(crate) fn version(connection: &Connection) -> Result<u32, OpenError> {
    let application: u32 = pragma(connection, "application_id")?;
    if application == APPLICATION {
        return Ok(pragma(connection, "user_version")?);
    }
    let tables: u32 =
        connection.query_row("SELECT COUNT(*) FROM sqlite_schema", [], |row| row.get(0))?;
    if application == 0 && tables == 0 { Ok(0) } else { Err(OpenError::NotOurs) }
}

#[cfg(test)]
mod tests;

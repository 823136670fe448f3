//! The schema's versions: numbered steps forward, never back, taken while other nodes are at work.
//!
//! One node takes them, under a lock of the database's that its session holds; the others wait for it and go on. Each
//! step is a transaction of its own that gives up after a second where a statement of somebody else is in its way, and
//! is tried again: whoever waits behind it never waits longer than that.
//!
//! **Each step keeps the statements of the version before it working.** So a program of version *n* − 1 goes on beside
//! schema *n*, and a deployment is replaced node by node. What a step takes away is what no statement of the version
//! before it still names; what it adds has a default. A program accepts a newer schema if that schema's step says that
//! it keeps what this program needs (`compatible_from`), and refuses it otherwise.

use std::time::Duration;

use cloakroom_store_sql::Sql;
use cloakroom_store_sql::copy::Away;
use tokio::time::sleep;
use tokio_postgres::error::SqlState;
use tokio_postgres::{Client, SimpleQueryMessage};

use crate::failure::words;
use crate::open::OpenError;

/// Step *n* leads to version *n*.
pub(crate) const STEPS: [Step; CURRENT as usize] = [
    Step { text: include_str!("../migrations/0001_foundation.sql"), compatible_from: 1 },
    Step { text: include_str!("../migrations/0002_authorization.sql"), compatible_from: 1 },
    Step { text: include_str!("../migrations/0003_registration.sql"), compatible_from: 2 },
    Step { text: include_str!("../migrations/0004_status_series.sql"), compatible_from: 3 },
    Step { text: include_str!("../migrations/0005_failures_of_nobody.sql"), compatible_from: 4 },
    Step { text: include_str!("../migrations/0006_streams.sql"), compatible_from: 5 },
];

/// A step, and the oldest program whose statements work after it.
pub(crate) struct Step {
    pub(crate) text: &'static str,
    pub(crate) compatible_from: u32,
}

/// The version that this program reads and writes.
pub(crate) const CURRENT: u32 = 6;

/// The first half of the lock's name, `Clkr`; the other half is the schema's name.
const LOCK: i32 = 0x436c_6b72;

/// Between two looks at whether another node is done, and how often.
const PAUSE: Duration = Duration::from_millis(100);
const LOOKS: u32 = 600;

/// How often a step is tried that others are in the way of.
const TRIES: u32 = 60;

/// What is there already.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Found {
    pub(crate) version: u32,
    pub(crate) compatible_from: u32,
    /// Whether it is where it was made, and no copy.
    pub(crate) at_home: bool,
}

/// Brings a schema to [`CURRENT`], from nothing or from any version before it. The connection is one that keeps its
/// session, and is not used afterwards.
pub(crate) async fn migrate(client: &Client, schema: &str) -> Result<(), OpenError> {
    require_here(client, schema).await?;
    for _ in 0..LOOKS {
        let found = version(client, schema).await?;
        if found.is_some_and(|found| found.version >= CURRENT) {
            return require_current(client, schema).await;
        }
        let lock = format!("SELECT pg_try_advisory_lock({LOCK}, hashtext('{schema}'))");
        if value(client, &lock).await?.as_deref() == Some("t") {
            // The lock goes with the session, whatever happens on the way.
            return take_steps(client, schema).await;
        }
        sleep(PAUSE).await;
    }
    Err(OpenError::Migrating)
}

async fn take_steps(client: &Client, schema: &str) -> Result<(), OpenError> {
    // Another node may have been faster between the look and the lock.
    let found = version(client, schema).await?;
    if found.is_some_and(|found| !found.at_home) {
        return Err(OpenError::Restored);
    }
    let found = found.map_or(0, |found| found.version);
    if found == 0 {
        begin(client, schema).await?;
    }
    for (step, number) in STEPS.iter().zip(1..).skip(found as usize) {
        take(client, schema, step, number).await?;
        tracing::info!(version = number, "the database's schema was brought up to date");
    }
    let unlock = format!("SELECT pg_advisory_unlock({LOCK}, hashtext('{schema}'))");
    client.batch_execute(&unlock).await.map_err(said)
}

/// Makes the schema, and in it the table that says how far it is and that it is ours.
async fn begin(client: &Client, schema: &str) -> Result<(), OpenError> {
    let there = format!("SELECT 1 FROM pg_catalog.pg_namespace WHERE nspname = '{schema}'");
    if value(client, &there).await?.is_none() {
        let make = format!("CREATE SCHEMA IF NOT EXISTS {schema}");
        client.batch_execute(&make).await.map_err(said)?;
    }
    let make = format!(
        "CREATE TABLE IF NOT EXISTS {schema}.cloakroom_steps (
            version BIGINT NOT NULL PRIMARY KEY,
            compatible_from BIGINT NOT NULL,
            home BIGINT NOT NULL DEFAULT 0,
            taken_at TIMESTAMP WITH TIME ZONE NOT NULL DEFAULT clock_timestamp()
        )"
    );
    client.batch_execute(&make).await.map_err(said)
}

/// Says that the table of steps is where it was made. One that a backup's tool has made again has another number, which
/// no copy of its rows knows.
pub(crate) const AT_HOME: Sql = Sql::shared(
    "UPDATE cloakroom_steps SET home = CAST(CAST(CAST('cloakroom_steps' AS REGCLASS) AS OID) AS BIGINT)",
);

async fn take(client: &Client, schema: &str, step: &Step, number: u32) -> Result<(), OpenError> {
    let compatible_from = step.compatible_from;
    let transaction = format!(
        "BEGIN; SET LOCAL search_path = {schema}; SET LOCAL lock_timeout = '1s'; SET LOCAL statement_timeout = 0; \
         SET LOCAL synchronous_commit = on;\n{text}\n; INSERT INTO cloakroom_steps (version, compatible_from) VALUES \
         ({number}, {compatible_from}); {at_home}; COMMIT",
        at_home = AT_HOME.postgres(),
        text = step.text,
    );
    for _ in 0..TRIES {
        match client.batch_execute(&transaction).await {
            Ok(()) => return Ok(()),
            Err(error) => {
                client.batch_execute("ROLLBACK").await.map_err(said)?;
                if error.code() != Some(&SqlState::LOCK_NOT_AVAILABLE) {
                    return Err(said(error));
                }
                tracing::info!(version = number, "others are in the way of a change of the schema");
                sleep(PAUSE).await;
            }
        }
    }
    Err(OpenError::InTheWay { version: number })
}

/// Accepts only what is not copied to or from somewhere else.
async fn require_here(client: &Client, schema: &str) -> Result<(), OpenError> {
    let marked = format!("SELECT to_regclass('{schema}.cloakroom_move') IS NOT NULL");
    if value(client, &marked).await?.as_deref() != Some("t") {
        return Ok(());
    }
    let state = value(client, &format!("SELECT state FROM {schema}.cloakroom_move")).await?;
    let place = value(client, &format!("SELECT place FROM {schema}.cloakroom_move")).await?;
    let (Some(state), Some(place)) = (state, place) else { return Ok(()) };
    match Away::read(&state, place) {
        Ok(None) => Ok(()),
        Ok(Some(away)) => Err(away.into()),
        // A mark that a newer program knows.
        Err(error) => Err(OpenError::Database(error.to_string())),
    }
}

/// Accepts exactly [`CURRENT`], whatever is copied to or from it.
pub(crate) async fn require_version(client: &Client, schema: &str) -> Result<(), OpenError> {
    let found = version(client, schema).await?;
    judge(found, CURRENT)?;
    match found {
        Some(Found { version, .. }) if version > CURRENT => {
            Err(OpenError::Newer { found: version, expected: CURRENT })
        }
        _ => Ok(()),
    }
}

/// Accepts [`CURRENT`], and what is newer and says that it keeps what [`CURRENT`] needs. Not what is copied to or from
/// somewhere else.
pub(crate) async fn require_current(client: &Client, schema: &str) -> Result<(), OpenError> {
    require_here(client, schema).await?;
    judge(version(client, schema).await?, CURRENT)
}

/// The same, also where what was found was put back from a backup.
pub(crate) async fn require_current_or_restored(
    client: &Client,
    schema: &str,
) -> Result<(), OpenError> {
    let found = version(client, schema).await?;
    judge(found.map(|found| Found { at_home: true, ..found }), CURRENT)
}

/// Whether a program of this version may work with what was found.
pub(crate) fn judge(found: Option<Found>, program: u32) -> Result<(), OpenError> {
    match found {
        None => Err(OpenError::Missing),
        Some(found) if !found.at_home => Err(OpenError::Restored),
        Some(found) if found.version < program => {
            Err(OpenError::Older { found: found.version, expected: program })
        }
        Some(found) if found.compatible_from > program => {
            Err(OpenError::Newer { found: found.version, expected: program })
        }
        Some(_) => Ok(()),
    }
}

/// The version of a schema of ours; nothing where there is no schema, or an empty one.
pub(crate) async fn version(client: &Client, schema: &str) -> Result<Option<Found>, OpenError> {
    // One question, as of one moment: another node may be making the schema.
    let ours = format!(
        "SELECT bool_or(c.relname = 'cloakroom_steps') FROM pg_catalog.pg_class c
         JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = '{schema}'"
    );
    match value(client, &ours).await?.as_deref() {
        // There is nothing at all.
        None => return Ok(None),
        Some("t") => {}
        Some(_) => return Err(OpenError::NotOurs { schema: schema.to_owned() }),
    }
    let last = format!(
        "SELECT version || ' ' || compatible_from || ' ' || CAST(home = tableoid::bigint AS INTEGER)
         FROM {schema}.cloakroom_steps ORDER BY version DESC LIMIT 1"
    );
    let Some(last) = value(client, &last).await? else { return Ok(None) };
    let mut numbers = last.split(' ').map(str::parse);
    match (numbers.next(), numbers.next(), numbers.next()) {
        (Some(Ok(version)), Some(Ok(compatible_from)), Some(Ok(at_home))) => {
            Ok(Some(Found { version, compatible_from, at_home: at_home == 1 }))
        }
        _ => Err(OpenError::NotOurs { schema: schema.to_owned() }),
    }
}

/// The first column of the first row.
async fn value(client: &Client, text: &str) -> Result<Option<String>, OpenError> {
    let answers = client.simple_query(text).await.map_err(said)?;
    Ok(answers.iter().find_map(|answer| match answer {
        SimpleQueryMessage::Row(row) => row.get(0).map(str::to_owned),
        _ => None,
    }))
}

#[expect(clippy::needless_pass_by_value, reason = "so that it stands in map_err by its name")]
fn said(error: tokio_postgres::Error) -> OpenError {
    OpenError::Database(words(&error))
}

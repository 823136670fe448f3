//! That nodes serve: a lock of the database's which all of them share, and which whoever copies it has alone.
//!
//! It belongs to a session, so that it goes with the process that holds it, however that ends. Who has no session to
//! keep it in (a node behind a `PgBouncer` without a way past it) is kept from writing and reading by other means: see
//! [`crate::Place`].

use std::time::Duration;

use tokio::time::sleep;
use tokio_postgres::{Client, SimpleQueryMessage};

use crate::failure::words;
use crate::open::OpenError;

/// The first half of the lock's name, `Clks`; the other half is the schema's name.
const LOCK: i32 = 0x436c_6b73;

/// Between two looks at whether those who stop have stopped, and how often.
const PAUSE: Duration = Duration::from_millis(100);
const LOOKS: u32 = 30;

/// The words by which a node takes its share. The answer is `t` or `f`.
pub(crate) fn share(schema: &str) -> String {
    format!("SELECT pg_try_advisory_lock_shared({LOCK}, hashtext('{schema}'))")
}

/// Takes a node's share in the lock for as long as the connection lives. A copy that ends at this moment is waited for.
pub(crate) async fn begin(client: &Client, schema: &str) -> Result<(), OpenError> {
    let got = obtain(client, &share(schema)).await?;
    got.then_some(()).ok_or(OpenError::BeingCopied)
}

/// Takes the whole lock for as long as the connection lives. Nodes that stop at this moment are waited for.
pub(crate) async fn alone(client: &Client, schema: &str, places: &str) -> Result<(), OpenError> {
    let lock = format!("SELECT pg_try_advisory_lock({LOCK}, hashtext('{schema}'))");
    let got = obtain(client, &lock).await?;
    got.then_some(()).ok_or_else(|| OpenError::Serving { places: places.to_owned() })
}

async fn obtain(client: &Client, lock: &str) -> Result<bool, OpenError> {
    for _ in 0..LOOKS {
        if ask(client, lock).await? {
            return Ok(true);
        }
        sleep(PAUSE).await;
    }
    Ok(false)
}

async fn ask(client: &Client, question: &str) -> Result<bool, OpenError> {
    let answers = client.simple_query(question).await;
    let answers = answers.map_err(|error| OpenError::Database(words(&error)))?;
    Ok(is_yes(&answers))
}

/// Whether an answer has a row that begins with yes.
pub(crate) fn is_yes(answers: &[SimpleQueryMessage]) -> bool {
    answers.iter().any(|answer| match answer {
        SimpleQueryMessage::Row(row) => row.get(0) == Some("t"),
        _ => false,
    })
}

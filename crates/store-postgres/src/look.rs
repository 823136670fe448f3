//! What a PostgreSQL says of itself, for an operator who asks whether it will do.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::timeout;
use tokio_postgres::{Client, SimpleQueryMessage};

use crate::connect::{ConnectError, Connector};
use crate::database::Postgres;
use crate::open::{OpenError, Options};
use crate::url::Url;

/// How long a notice to oneself may take.
const NEWS: Duration = Duration::from_secs(3);

/// What the server is set to outside our connections, and whether what sorted texts when the database was made still does.
const QUESTION: &str = "SELECT current_setting('server_version') AS version, current_setting('fsync') AS fsync, \
     (SELECT reset_val FROM pg_settings WHERE name = 'synchronous_commit') AS synchronous_commit, \
     (SELECT setting FROM pg_settings WHERE name = 'synchronous_standby_names') AS standbys, \
     datcollate AS collation, \
     datcollversion IS DISTINCT FROM pg_database_collation_actual_version(oid) AS collation_changed \
     FROM pg_database WHERE datname = current_database()";

/// What a server says of itself.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Look {
    /// `15.14 (Debian 15.14-0+deb12u1)`.
    pub version: String,
    /// Whether it waits for the disk at all.
    pub fsync: bool,
    /// What a commit waits for where nobody asks for more.
    pub synchronous_commit: String,
    /// Whether it awaits a replica.
    pub awaits_replica: bool,
    /// How the database sorts texts.
    pub collation: String,
    /// Whether that has changed since its indexes were made.
    pub collation_changed: bool,
    /// Whether a notice came back on a connection that keeps its session; nothing where there is no way to one.
    pub news: Option<bool>,
}

impl Postgres {
    /// Asks a server what it is. Neither needs tables nor makes any.
    pub async fn look(url: &Url, options: &Options) -> Result<Look, OpenError> {
        let connector = Connector::new(url, options.of_acts(url))?;
        let connected = connector.connect(|| {}).await;
        let connection = connected.map_err(|error| at(&connector, error))?;
        let row = ask(connection.client()).await.map_err(|error| at(&connector, error))?;
        let direct = options.direct.as_ref().or((!url.pooler).then_some(url));
        let news = match direct {
            Some(direct) => Some(hears_itself(direct, options).await?),
            None => None,
        };
        Ok(Look { news, ..row })
    }
}

async fn ask(client: &Client) -> Result<Look, ConnectError> {
    let answers = client.simple_query(QUESTION).await?;
    let row = answers.iter().find_map(|answer| match answer {
        SimpleQueryMessage::Row(row) => Some(row),
        _ => None,
    });
    let row = row.ok_or_else(|| ConnectError::Unreachable("it says nothing".to_owned()))?;
    let says = |column: &str| row.get(column).unwrap_or_default();
    Ok(Look {
        version: says("version").to_owned(),
        fsync: says("fsync") == "on",
        synchronous_commit: says("synchronous_commit").to_owned(),
        awaits_replica: !says("standbys").is_empty(),
        collation: says("collation").to_owned(),
        collation_changed: says("collation_changed") == "t",
        news: None,
    })
}

/// Whether a notice comes back.
async fn hears_itself(direct: &Url, options: &Options) -> Result<bool, OpenError> {
    let connector = Connector::new(direct, options.of_acts(direct))?;
    let heard = Arc::new(Notify::new());
    let ear = Arc::clone(&heard);
    let connected = connector.connect(move || ear.notify_one()).await;
    let connection = connected.map_err(|error| at(&connector, error))?;
    let channel = format!("{}_look", direct.schema);
    // Apart, as two transactions: a pooler may then give each another server.
    for statement in [format!("LISTEN {channel}"), format!("NOTIFY {channel}")] {
        let asked = connection.client().batch_execute(&statement).await;
        asked.map_err(|error| at(&connector, error.into()))?;
    }
    Ok(timeout(NEWS, heard.notified()).await.is_ok())
}

fn at(connector: &Connector, error: ConnectError) -> OpenError {
    OpenError::Connect { places: connector.places().to_owned(), error }
}

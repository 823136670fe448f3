//! News of the revocation log between nodes, by `LISTEN` and `NOTIFY` on one connection that keeps its session.
//!
//! A notice only wakes who would look a moment later anyway, so it may be lost and never has to be on the disk. It is
//! sent after the commit and not in it: a transaction that notifies holds a lock of the whole server from before its
//! commit is written until it is on the disk, behind which every other such transaction waits, also those of other
//! databases. Sent afterwards, on a connection whose commits wait for no disk, it holds that lock for microseconds, and
//! one notice stands for all rows that were appended while the one before it was under way.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Notify;
use tokio::task::AbortHandle;
use tokio::time::{sleep, timeout};

use crate::connect::Connector;
use crate::connection::Connection;
use crate::serving;

/// How often the connection is asked whether it is there, and how long it may take to say so.
const LOOK_UP: Duration = Duration::from_secs(5);
const ANSWER: Duration = Duration::from_secs(3);

/// Between two tries to connect, where the first of them failed.
const PAUSE: Duration = Duration::from_secs(1);

/// One node's ear and voice.
pub(crate) struct Listener {
    /// Rows of this node are in the log.
    appended: Arc<Notify>,
    /// There may be rows in the log, by whomever.
    heard: Arc<Notify>,
    task: AbortHandle,
}

impl Listener {
    /// Begins to listen. The connection holds this node's share in the lock of those who serve ([`serving`]), and is kept
    /// until the one that listens has it too.
    pub(crate) fn start(connector: Connector, schema: &str, serving: Connection) -> Self {
        let appended = Arc::new(Notify::new());
        let heard = Arc::new(Notify::new());
        let task = keep_listening(
            connector,
            schema.to_owned(),
            Arc::clone(&appended),
            Arc::clone(&heard),
            serving,
        );
        let task = tokio::spawn(task).abort_handle();
        Self { appended, heard, task }
    }

    /// Tells everybody that there are rows.
    pub(crate) fn tell(&self) {
        self.appended.notify_one();
    }

    /// Waits until there may be rows. What came while nobody waited counts.
    pub(crate) async fn hear(&self) {
        self.heard.notified().await;
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn keep_listening(
    connector: Connector,
    schema: String,
    appended: Arc<Notify>,
    heard: Arc<Notify>,
    serving: Connection,
) {
    let mut before = Some(serving);
    let mut reachable = true;
    loop {
        let ear = Arc::clone(&heard);
        match connector.connect(move || ear.notify_one()).await {
            Ok(connection) => {
                reachable = true;
                if share(&connection, &schema).await {
                    drop(before.take());
                    listen(&connection, &schema, &appended, &heard).await;
                }
                tracing::info!("the connection that listens for news of the log is gone");
            }
            Err(error) if reachable => {
                reachable = false;
                let place = connector.places();
                tracing::warn!(%error, host = place, "nobody wakes this node: it looks at the log by itself");
            }
            Err(_) => {}
        }
        sleep(PAUSE).await;
    }
}

/// Takes this node's share in the lock of those who serve.
async fn share(connection: &Connection, schema: &str) -> bool {
    let question = serving::share(schema);
    let asked = connection.client().simple_query(&question);
    match timeout(ANSWER, asked).await {
        Ok(Ok(answers)) if serving::is_yes(&answers) => true,
        Ok(Ok(_)) => {
            tracing::error!("the database is being copied, and takes no writes: stop this server");
            false
        }
        _ => {
            connection.give_up();
            false
        }
    }
}

/// Listens and tells until the connection is gone.
async fn listen(connection: &Connection, schema: &str, appended: &Notify, heard: &Notify) {
    let client = connection.client();
    let channel = format!("{schema}_log");
    let begin = format!("LISTEN {channel}");
    if !matches!(timeout(ANSWER, client.batch_execute(&begin)).await, Ok(Ok(()))) {
        connection.give_up();
        return;
    }
    // Whatever was appended while nobody listened.
    heard.notify_one();
    let tell = format!("NOTIFY {channel}");
    let ended = connection.ended();
    let mut ended = std::pin::pin!(ended);
    loop {
        let answered = tokio::select! {
            () = &mut ended => return,
            () = appended.notified() => {
                matches!(timeout(ANSWER, client.batch_execute(&tell)).await, Ok(Ok(())))
            }
            () = sleep(LOOK_UP) => {
                matches!(timeout(ANSWER, client.check_connection()).await, Ok(Ok(())))
            }
        };
        if !answered {
            connection.give_up();
            return;
        }
    }
}

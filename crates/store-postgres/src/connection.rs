//! One connection to a server, and statements on it.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use arc_swap::ArcSwap;
use cloakroom_store_sql::Sql;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::watch;
use tokio::task::AbortHandle;
use tokio_postgres::{AsyncMessage, Client, Statement};

/// A statement by where its text lies. Texts are constants, so that a place stands for one text; one text that lies
/// in two places is prepared twice.
type Place = (usize, usize);

/// One connection. It is driven by a task of its own, which ends with it.
pub(crate) struct Connection {
    client: Client,
    statements: ArcSwap<HashMap<Place, Statement>>,
    warnings: Arc<AtomicU64>,
    given_up: AtomicBool,
    ended: watch::Receiver<()>,
    driver: AbortHandle,
}

impl Connection {
    /// Drives a connection that was made. `heard` is told of each notification.
    pub(crate) fn drive<S, T>(
        client: Client,
        mut connection: tokio_postgres::Connection<S, T>,
        heard: impl Fn() + Send + 'static,
    ) -> Self
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
        T: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let warnings = Arc::new(AtomicU64::new(0));
        let counted = Arc::clone(&warnings);
        let (over, ended) = watch::channel(());
        let driving = async move {
            // Dropped with this task, however it ends.
            let _over = over;
            loop {
                match std::future::poll_fn(|context| connection.poll_message(context)).await {
                    Some(Ok(AsyncMessage::Notification(_))) => heard(),
                    Some(Ok(AsyncMessage::Notice(notice))) => {
                        if notice.severity() == "WARNING" {
                            counted.fetch_add(1, Ordering::Release);
                            tracing::warn!(message = notice.message(), "the database warns");
                        }
                    }
                    Some(Ok(_)) => {}
                    Some(Err(error)) => {
                        let error = crate::failure::words(&error);
                        tracing::debug!(error, "a connection to the database broke");
                        return;
                    }
                    None => return,
                }
            }
        };
        let driver = tokio::spawn(driving).abort_handle();
        Self {
            client,
            statements: ArcSwap::default(),
            warnings,
            given_up: AtomicBool::new(false),
            ended,
            driver,
        }
    }

    pub(crate) fn client(&self) -> &Client {
        &self.client
    }

    /// The statement, prepared once.
    pub(crate) async fn prepared(&self, sql: Sql) -> Result<Statement, tokio_postgres::Error> {
        let text = sql.postgres();
        let place = (text.as_ptr().addr(), text.len());
        if let Some(statement) = self.statements.load().get(&place) {
            return Ok(statement.clone());
        }
        let statement = self.client.prepare(text).await?;
        self.statements.rcu(|known| {
            let mut known = HashMap::clone(known);
            known.insert(place, statement.clone());
            known
        });
        Ok(statement)
    }

    /// How often the server has warned. It has counted whatever was said before an answer that is there.
    pub(crate) fn warnings(&self) -> u64 {
        self.warnings.load(Ordering::Acquire)
    }

    /// Gives the connection up: whoever waits for an answer is told that it is gone.
    pub(crate) fn give_up(&self) {
        self.given_up.store(true, Ordering::Release);
        self.driver.abort();
    }

    pub(crate) fn is_gone(&self) -> bool {
        self.given_up.load(Ordering::Acquire) || self.client.is_closed()
    }

    /// Waits until the connection is gone, without holding it.
    pub(crate) fn ended(&self) -> impl Future<Output = ()> + Send + use<> {
        let mut ended = self.ended.clone();
        // Nothing is ever sent: the sender's end is the news.
        async move { while ended.changed().await.is_ok() {} }
    }

    /// Ends whatever transaction is open. False where that was not answered in time.
    pub(crate) async fn roll_back(&self, within: Duration) -> bool {
        let answer = self.client.batch_execute("ROLLBACK");
        matches!(tokio::time::timeout(within, answer).await, Ok(Ok(())))
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        if self.given_up.load(Ordering::Acquire) {
            self.driver.abort();
        }
        // Otherwise the driver says goodbye, once the client is dropped.
    }
}

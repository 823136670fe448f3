//! Places to read, and transactions: what `store-sql` asks of a database.

use std::sync::Arc;
use std::time::Duration;

use cloakroom_model::time::Timestamp;
use cloakroom_store::Error;
use cloakroom_store_sql::{Database, Doable};
use tokio::time::timeout;

use crate::failure::{self, Failure, Trouble};
use crate::lane::{Clock, Lane, Naming};
use crate::listen::Listener;
use crate::pool::{Lease, Pool};
use crate::readers::Readers;

/// A database in PostgreSQL, or in several that stand in for each other.
pub struct Postgres {
    /// None behind a `PgBouncer`, where a connection cannot be shared.
    pub(crate) shared: Option<Readers>,
    pub(crate) reads: Arc<Pool>,
    pub(crate) writes: Arc<Pool>,
    pub(crate) snapshots: Arc<Pool>,
    pub(crate) long: Arc<Pool>,
    pub(crate) begin_read: Arc<str>,
    pub(crate) begin_long_read: Arc<str>,
    pub(crate) begin_snapshot: Arc<str>,
    pub(crate) begin_write: Arc<str>,
    pub(crate) begin_long_write: Arc<str>,
    pub(crate) patience: Duration,
    pub(crate) long_patience: Duration,
    pub(crate) pooled: bool,
    pub(crate) clock: Option<Arc<dyn Fn() -> Timestamp + Send + Sync>>,
    /// Whether the server says on which timeline it writes.
    pub(crate) tells_timeline: bool,
    pub(crate) listener: Option<Listener>,
}

/// How often work is begun again that others were in the way of, or whose connection broke.
const TRIES: u32 = 6;

/// What became of work that was tried.
enum Tried<T> {
    Done(T),
    /// It is not done, and will not be by trying again.
    Failed(Error),
    /// It is not done, and may be by trying again.
    Again(Error),
    /// It is not done, because it takes longer than most.
    TooLong(Error),
}

impl Database for Postgres {
    type Db = Lane;

    async fn read<T: Send + 'static>(&self, read: impl Doable<Lane, T>) -> Result<T, Error> {
        let Some(shared) = &self.shared else {
            return self.read_in(&self.reads, &self.begin_read, self.patience, &read).await;
        };
        let mut tries = 1;
        loop {
            let share = shared.share().await?;
            let connection = Arc::clone(share.connection());
            let lane = Lane::of_statements(
                connection,
                self.clock.clone(),
                self.tells_timeline,
                self.patience,
            );
            match read(&lane).await {
                Err(_) if lane.trouble() == Some(Trouble::Lost) && tries < TRIES => tries += 1,
                read => return read,
            }
        }
    }

    async fn read_long<T: Send + 'static>(&self, read: impl Doable<Lane, T>) -> Result<T, Error> {
        self.read_in(&self.long, &self.begin_long_read, self.long_patience, &read).await
    }

    async fn read_snapshot<T: Send + 'static>(
        &self,
        read: impl Doable<Lane, T>,
    ) -> Result<T, Error> {
        self.read_in(&self.snapshots, &self.begin_snapshot, self.patience, &read).await
    }

    async fn transact<T: Send + 'static>(&self, work: impl Doable<Lane, T>) -> Result<T, Error> {
        let mut times = 1;
        loop {
            let short = self.try_in(&self.writes, &self.begin_write, self.patience, &work).await?;
            let outcome = match short {
                // Not overload: whoever waits for somebody else's lock is told that after a shorter time.
                Tried::TooLong(_) => {
                    let begin = &self.begin_long_write;
                    self.try_in(&self.long, begin, self.long_patience, &work).await?
                }
                short => short,
            };
            match outcome {
                Tried::Done(value) => return Ok(value),
                Tried::Again(_) if times < TRIES => times += 1,
                Tried::Failed(error) | Tried::Again(error) | Tried::TooLong(error) => {
                    return Err(error);
                }
            }
        }
    }

    async fn wait_for_rows(&self) {
        match &self.listener {
            Some(listener) => listener.hear().await,
            None => std::future::pending().await,
        }
    }
}

impl Postgres {
    fn naming(&self) -> Naming {
        if self.pooled { Naming::Unnamed } else { Naming::Named }
    }

    /// Reads in a transaction. Nobody waits for its end.
    async fn read_in<T: Send + 'static>(
        &self,
        pool: &Arc<Pool>,
        begin: &Arc<str>,
        patience: Duration,
        read: &impl Doable<Lane, T>,
    ) -> Result<T, Error> {
        let mut tries = 1;
        loop {
            let lease = pool.lease().await?;
            let lane = self.lane(&lease, begin, patience);
            match read(&lane).await {
                Err(_) if lane.trouble() == Some(Trouble::Lost) && tries < TRIES => tries += 1,
                read => return read,
            }
        }
    }

    async fn try_in<T: Send + 'static>(
        &self,
        pool: &Arc<Pool>,
        begin: &Arc<str>,
        patience: Duration,
        work: &impl Doable<Lane, T>,
    ) -> Result<Tried<T>, Error> {
        let lease = pool.lease().await?;
        let lane = self.lane(&lease, begin, patience);
        let worked = work(&lane).await;
        Ok(match (worked, lane.trouble()) {
            (Ok(value), None) => self.commit(lease, &lane, value, patience).await,
            // Whatever the work made of the failure of a statement, its transaction is void.
            (Ok(_), Some(Trouble::Lasting)) => {
                Tried::Failed(Error::Corrupt("a statement failed and was passed over".to_owned()))
            }
            (Ok(_), Some(Trouble::Silent)) => Tried::Failed(failure::silent()),
            (Ok(_), Some(_)) => Tried::Again(Error::Busy),
            (Err(error), Some(Trouble::Contended | Trouble::Lost)) => Tried::Again(error),
            (Err(error), Some(Trouble::TooLong)) => Tried::TooLong(error),
            (Err(error), _) => Tried::Failed(error),
        })
    }

    async fn commit<T>(&self, lease: Lease, lane: &Lane, value: T, patience: Duration) -> Tried<T> {
        if !lane.has_begun() {
            lease.give_back();
            return Tried::Done(value);
        }
        let connection = Arc::clone(lease.connection());
        let warnings = connection.warnings();
        let committed = timeout(patience, connection.client().batch_execute("COMMIT")).await;
        match committed {
            Ok(Ok(())) if connection.warnings() != warnings => {
                // The server stopped waiting for its replica, and answers as if it had heard from it.
                connection.give_up();
                Tried::Failed(Failure::unavailable("a commit was not confirmed by a replica"))
            }
            Ok(Ok(())) => {
                lease.give_back();
                if lane.wrote_to_the_log()
                    && let Some(listener) = &self.listener
                {
                    listener.tell();
                }
                Tried::Done(value)
            }
            Ok(Err(error)) => match failure::read(&error) {
                // Only the server can say this, and then it has not committed.
                (Trouble::Contended, error) => Tried::Again(error),
                (_, error) => {
                    connection.give_up();
                    tracing::warn!(%error, "whether a commit was done is unknown");
                    Tried::Failed(Failure::unavailable("the answer to a commit was lost"))
                }
            },
            Err(_) => {
                connection.give_up();
                Tried::Failed(failure::silent())
            }
        }
    }

    fn lane(&self, lease: &Lease, begin: &Arc<str>, patience: Duration) -> Lane {
        let connection = Arc::clone(lease.connection());
        let clock: Option<Clock> = self.clock.clone();
        let (begin, naming) = (Arc::clone(begin), self.naming());
        Lane::of_transaction(connection, begin, naming, clock, self.tells_timeline, patience)
    }
}

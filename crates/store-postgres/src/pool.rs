//! Connections for one user at a time: a bounded number of them, a bounded wait for one, and a bounded number of those
//! who wait.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use cloakroom_store::Error;
use tokio::runtime::Handle;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout;

use crate::connect::Connector;
use crate::connection::Connection;

/// How long a connection may take to end what was left open on it, before it is given up.
const TIDYING: Duration = Duration::from_secs(2);

/// Connections that are used by one at a time.
pub(crate) struct Pool {
    connector: Arc<Connector>,
    idle: Mutex<Vec<Arc<Connection>>>,
    places: Arc<Semaphore>,
    waiting: AtomicUsize,
    most_waiting: usize,
    wait: Duration,
}

impl Pool {
    pub(crate) fn new(
        connector: Arc<Connector>,
        connections: usize,
        most_waiting: usize,
        wait: Duration,
    ) -> Arc<Self> {
        Arc::new(Self {
            connector,
            idle: Mutex::default(),
            places: Arc::new(Semaphore::new(connections)),
            waiting: AtomicUsize::new(0),
            most_waiting,
            wait,
        })
    }

    /// A connection for one user, in the order in which they came.
    pub(crate) async fn lease(self: &Arc<Self>) -> Result<Lease, Error> {
        let place = self.place().await?;
        loop {
            let idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
            let connection = match idle {
                Some(connection) if connection.is_gone() => continue,
                Some(connection) => connection,
                None => Arc::new(self.connector.obtain(self.wait).await?),
            };
            return Ok(Lease {
                connection,
                tidy: false,
                pool: Arc::clone(self),
                place: Some(place),
            });
        }
    }

    async fn place(&self) -> Result<OwnedSemaphorePermit, Error> {
        if let Ok(place) = Arc::clone(&self.places).try_acquire_owned() {
            return Ok(place);
        }
        let _waiting = Waiting::one_more(&self.waiting, self.most_waiting)?;
        match timeout(self.wait, Arc::clone(&self.places).acquire_owned()).await {
            Ok(Ok(place)) => Ok(place),
            _ => Err(Error::Busy),
        }
    }
}

/// One who waits.
struct Waiting<'a>(&'a AtomicUsize);

impl<'a> Waiting<'a> {
    fn one_more(count: &'a AtomicUsize, most: usize) -> Result<Self, Error> {
        let waiting = Self(count);
        if count.fetch_add(1, Ordering::Relaxed) < most { Ok(waiting) } else { Err(Error::Busy) }
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

/// A connection while it is used. Whatever is open on it when it is let go is ended before anybody else gets it.
pub(crate) struct Lease {
    connection: Arc<Connection>,
    tidy: bool,
    pool: Arc<Pool>,
    place: Option<OwnedSemaphorePermit>,
}

impl Lease {
    pub(crate) fn connection(&self) -> &Arc<Connection> {
        &self.connection
    }

    /// Gives the connection back with nothing open on it.
    pub(crate) fn give_back(mut self) {
        self.tidy = true;
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        let connection = Arc::clone(&self.connection);
        if connection.is_gone() {
            return;
        }
        let pool = Arc::clone(&self.pool);
        if self.tidy {
            pool.idle.lock().unwrap_or_else(PoisonError::into_inner).push(connection);
            return;
        }
        let Ok(runtime) = Handle::try_current() else {
            // Nobody could wait for an answer. The server ends what was open when it sees that we are gone.
            connection.give_up();
            return;
        };
        let place = self.place.take();
        runtime.spawn(async move {
            if connection.roll_back(TIDYING).await {
                pool.idle.lock().unwrap_or_else(PoisonError::into_inner).push(connection);
            } else {
                connection.give_up();
            }
            // Its place is taken until then.
            drop(place);
        });
    }
}

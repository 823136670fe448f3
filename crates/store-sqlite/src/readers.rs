//! Connections that only read. They see every commit that was acknowledged, and wait for no writer.
//!
//! A point read takes microseconds, less than handing it to another thread would: it is done where it is asked
//! for. A read that may be long goes to a thread that may block, and has connections of its own, so that no list
//! makes a session check wait.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, TryLockError};

use cloakroom_store::Error;
use tokio::sync::Semaphore;

use crate::driver::SqliteDb;

/// How many long reads are done at once.
pub(crate) const LONG: usize = 2;

pub(crate) struct Readers {
    short: Vec<Mutex<SqliteDb>>,
    next: AtomicUsize,
    long: Arc<Vec<Mutex<SqliteDb>>>,
    long_permits: Arc<Semaphore>,
}

impl Readers {
    /// Takes over connections: at least one for short reads, and [`LONG`] for long ones.
    pub(crate) fn new(short: Vec<SqliteDb>, long: Vec<SqliteDb>) -> Self {
        let long_permits = Arc::new(Semaphore::new(long.len()));
        Self {
            short: short.into_iter().map(Mutex::new).collect(),
            next: AtomicUsize::new(0),
            long: Arc::new(long.into_iter().map(Mutex::new).collect()),
            long_permits,
        }
    }

    /// Reads a few rows, here and now.
    pub(crate) fn short<T>(
        &self,
        read: impl FnOnce(&SqliteDb) -> Result<T, Error>,
    ) -> Result<T, Error> {
        let first = self.next.fetch_add(1, Ordering::Relaxed);
        let count = self.short.len();
        let free = (0..count).find_map(|offset| try_lock(&self.short[(first + offset) % count]));
        // All are at work, for microseconds each: the turn decides whom to wait for.
        let db = free.unwrap_or_else(|| {
            self.short[first % count].lock().unwrap_or_else(PoisonError::into_inner)
        });
        read(&db)
    }

    /// Reads what may take long, on a thread that may block.
    pub(crate) async fn long<T: Send + 'static>(
        &self,
        read: impl FnOnce(&SqliteDb) -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Error> {
        let permit = Arc::clone(&self.long_permits).acquire_owned().await.map_err(unavailable)?;
        let dbs = Arc::clone(&self.long);
        let reading = tokio::task::spawn_blocking(move || {
            let _permit = permit;
            // There are as many permits as connections, so one of them is free.
            let free = dbs.iter().find_map(try_lock);
            let db = free.unwrap_or_else(|| dbs[0].lock().unwrap_or_else(PoisonError::into_inner));
            read(&db)
        });
        reading.await.map_err(unavailable)?
    }
}

/// A read that panicked has ended its snapshot: what it left behind is a connection like any other.
fn try_lock(db: &Mutex<SqliteDb>) -> Option<MutexGuard<'_, SqliteDb>> {
    match db.try_lock() {
        Ok(db) => Some(db),
        Err(TryLockError::Poisoned(poisoned)) => Some(poisoned.into_inner()),
        Err(TryLockError::WouldBlock) => None,
    }
}

fn unavailable(error: impl std::error::Error + Send + Sync + 'static) -> Error {
    Error::Unavailable(Box::new(error))
}

#[cfg(test)]
mod tests;

//! The one writer: a thread that owns the connection which writes, and commits acts in groups.
//!
//! Syncing the disk is what a write costs, so acts that wait together share one transaction. Each has a savepoint
//! of its own: one that fails, or panics, is undone alone. Nobody is answered before `COMMIT` has returned, which
//! with `synchronous=FULL` means before the disk has it.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicI32, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::thread::JoinHandle;

use cloakroom_store::Error;
use rusqlite::wal::CheckpointMode;
use tokio::sync::oneshot;

use crate::driver::{SqliteDb, failure};
use crate::sql;

/// How many acts may wait; one more is told that storage is busy.
pub(crate) const WAITING: usize = 4096;

/// How many acts share a transaction at most, so that the first of them does not wait for long.
pub(crate) const GROUP: usize = 256;

/// The write-ahead log is copied into the database when it has this many pages (of 4 KiB).
const CHECKPOINT_PAGES: i32 = 1000;

/// How a writer leaves the file.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Closing {
    /// As the one server of it: with fresh statistics and an empty write-ahead log.
    Tidy,
    /// As a visitor beside a server, who must not make it wait.
    Leave,
}

/// The way to the writer's thread.
pub(crate) struct Writer {
    queue: RwLock<Option<SyncSender<Box<dyn Job>>>>,
    thread: Mutex<Option<JoinHandle<()>>>,
}

impl Writer {
    /// Starts the thread, which owns `db` from now on and leaves the file as `closing` says.
    pub(crate) fn start(mut db: SqliteDb, closing: Closing) -> std::io::Result<Self> {
        let (queue, jobs) = sync_channel(WAITING);
        let log = WriteAheadLog::of(&mut db);
        let thread = std::thread::Builder::new()
            .name("cloakroom-writer".to_owned())
            .spawn(move || serve(&db, &jobs, log, closing))?;
        Ok(Self { queue: RwLock::new(Some(queue)), thread: Mutex::new(Some(thread)) })
    }

    /// Has an act done. After `Ok` it is on the disk; after `Err` it is not there, unless storage is
    /// [`Error::Unavailable`].
    pub(crate) async fn write<T: Send + 'static>(
        &self,
        act: impl FnOnce(&SqliteDb) -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Error> {
        // The thread answers everything that it took, unless it is gone.
        self.enqueue(act)?.await.unwrap_or_else(|_| Err(unavailable("the writer stopped")))
    }

    fn enqueue<T: Send + 'static>(
        &self,
        act: impl FnOnce(&SqliteDb) -> Result<T, Error> + Send + 'static,
    ) -> Result<oneshot::Receiver<Result<T, Error>>, Error> {
        let (answer, answered) = oneshot::channel();
        let queue = self.queue.read().unwrap_or_else(PoisonError::into_inner);
        let queue = queue.as_ref().ok_or_else(|| unavailable("the database is closed"))?;
        let job = Box::new(Waiting::<T, _>::Asked { act, answer });
        queue.try_send(job).map_err(|error| match error {
            TrySendError::Full(_) => Error::Busy,
            TrySendError::Disconnected(_) => unavailable("the writer stopped"),
        })?;
        Ok(answered)
    }

    /// Takes no more acts, does those that wait, and closes the connection. Blocks until that is done.
    pub(crate) fn close(&self) {
        drop(self.queue.write().unwrap_or_else(PoisonError::into_inner).take());
        let thread = self.thread.lock().unwrap_or_else(PoisonError::into_inner).take();
        if thread.is_some_and(|thread| thread.join().is_err()) {
            tracing::error!("the writer's thread panicked");
        }
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        self.close();
    }
}

/// An act on its way: asked, then tried, then settled.
trait Job: Send {
    /// Does the act inside the open transaction; `false` where it must be undone.
    fn attempt(&mut self, db: &SqliteDb) -> bool;

    /// Answers that it could not be done, whatever it answered itself.
    fn fail(self: Box<Self>, error: Error);

    /// Answers what it answered, now that this is true.
    fn acknowledge(self: Box<Self>);
}

enum Waiting<T, F> {
    Asked { act: F, answer: oneshot::Sender<Result<T, Error>> },
    Tried { result: Result<T, Error>, answer: oneshot::Sender<Result<T, Error>> },
    Over,
}

impl<T: Send, F: FnOnce(&SqliteDb) -> Result<T, Error> + Send> Job for Waiting<T, F> {
    fn attempt(&mut self, db: &SqliteDb) -> bool {
        let Self::Asked { act, answer } = std::mem::replace(self, Self::Over) else { return false };
        let result = catch_unwind(AssertUnwindSafe(|| act(db)));
        let result = result.unwrap_or_else(|panic| Err(unavailable(&panicked(panic.as_ref()))));
        let is_done = result.is_ok();
        *self = Self::Tried { result, answer };
        is_done
    }

    // Below, whoever asked may have gone away meanwhile. The act is done all the same.

    fn fail(self: Box<Self>, error: Error) {
        if let Self::Asked { answer, .. } | Self::Tried { answer, .. } = *self {
            drop(answer.send(Err(error)));
        }
    }

    fn acknowledge(self: Box<Self>) {
        if let Self::Tried { result, answer } = *self {
            drop(answer.send(result));
        }
    }
}

fn serve(db: &SqliteDb, jobs: &Receiver<Box<dyn Job>>, mut log: WriteAheadLog, closing: Closing) {
    while let Ok(first) = jobs.recv() {
        let mut group = vec![first];
        group.extend(jobs.try_iter().take(GROUP - 1));
        settle(db, group);
        log.checkpoint_if_long(db);
    }
    if closing == Closing::Leave {
        return;
    }
    // Nobody waits for these, and what they leave undone the next start does.
    if let Err(error) = db.run_now(sql::OPTIMIZE, &[]) {
        tracing::debug!(%error, "the statistics were not refreshed");
    }
    if let Err(error) = checkpoint(db, CheckpointMode::TRUNCATE) {
        tracing::debug!(%error, "the write-ahead log was not emptied");
    }
}

/// Does a group of acts in one transaction, and answers each.
fn settle(db: &SqliteDb, mut group: Vec<Box<dyn Job>>) {
    if let Err(error) = db.run_now(sql::BEGIN_IMMEDIATE, &[]) {
        // Nothing was begun, so nothing was done.
        tracing::warn!(%error, acts = group.len(), "a group of acts could not begin");
        for job in group {
            job.fail(same(&error));
        }
        return;
    }
    match attempt_all(db, &mut group).and_then(|()| db.run_now(sql::COMMIT, &[])) {
        Ok(_) => group.into_iter().for_each(Job::acknowledge),
        Err(error) => {
            tracing::error!(%error, acts = group.len(), "a group of acts could not be committed");
            if !db.is_idle() {
                // Where this fails too, so will the next `BEGIN`, and whoever asks is told.
                drop(db.run_now(sql::ROLLBACK, &[]));
            }
            for job in group {
                job.fail(unavailable(&error.to_string()));
            }
        }
    }
}

/// Tries each act in a savepoint of its own. Fails only where the transaction itself is lost.
fn attempt_all(db: &SqliteDb, group: &mut [Box<dyn Job>]) -> Result<(), Error> {
    for job in group {
        db.run_now(sql::SAVEPOINT, &[])?;
        let is_done = job.attempt(db);
        if db.is_idle() {
            // A full disk or a failing one makes SQLite roll back everything by itself.
            return Err(unavailable("the transaction was rolled back"));
        }
        if !is_done {
            db.run_now(sql::ROLLBACK_TO, &[])?;
        }
        db.run_now(sql::RELEASE, &[])?;
    }
    Ok(())
}

/// Keeps the write-ahead log short. Done between groups, by the thread that writes: only then is there a moment at
/// which all of it is copied, so that it can begin anew.
struct WriteAheadLog {
    pages: Arc<AtomicI32>,
    next: i32,
}

impl WriteAheadLog {
    fn of(db: &mut SqliteDb) -> Self {
        let pages = Arc::new(AtomicI32::new(0));
        let seen = Arc::clone(&pages);
        // This takes the place of SQLite's own checkpoints, which are made before `COMMIT` returns.
        let hooked = db.connection_mut().wal_hook(Some(move |_: &mut _, pages| {
            seen.store(pages, Ordering::Relaxed);
            Ok(())
        }));
        if let Err(error) = hooked {
            tracing::warn!(%error, "checkpoints stay with SQLite");
        }
        Self { pages, next: CHECKPOINT_PAGES }
    }

    fn checkpoint_if_long(&mut self, db: &SqliteDb) {
        let pages = self.pages.load(Ordering::Relaxed);
        if pages < CHECKPOINT_PAGES {
            self.next = CHECKPOINT_PAGES;
        }
        if pages < self.next {
            return;
        }
        match checkpoint(db, CheckpointMode::PASSIVE) {
            Ok(true) => self.next = CHECKPOINT_PAGES,
            // Somebody still reads an older state; asking at every commit would only cost.
            Ok(false) => self.next = pages.saturating_add(CHECKPOINT_PAGES),
            Err(error) => {
                tracing::warn!(%error, "a checkpoint failed");
                self.next = pages.saturating_add(CHECKPOINT_PAGES);
            }
        }
    }
}

/// Copies the write-ahead log into the database; whether all of it was copied.
fn checkpoint(db: &SqliteDb, mode: CheckpointMode) -> Result<bool, Error> {
    let (pages, copied) = db.connection().wal_checkpoint_v2(None::<&str>, mode).map_err(failure)?;
    Ok(pages == copied)
}

fn panicked(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().copied();
    let text = text.or_else(|| panic.downcast_ref::<String>().map(String::as_str));
    format!("an act panicked: {}", text.unwrap_or("without a word"))
}

fn unavailable(why: &str) -> Error {
    Error::Unavailable(why.into())
}

/// A failure that several are told. Its cause is in the log, once.
fn same(error: &Error) -> Error {
    match error {
        Error::Busy => Error::Busy,
        other => unavailable(&other.to_string()),
    }
}

#[cfg(test)]
mod tests;

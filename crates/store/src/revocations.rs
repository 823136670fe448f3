//! Reading the revocation log.
//!
//! Rows are written by the acts of the other traits, in their transactions. Their numbers come from a one-row
//! counter that is raised as a transaction's last statement, so that the order of numbers is the order of
//! commits: a reader that has seen number *n* will never find a smaller one appear later. Holes mean nothing.

use async_trait::async_trait;
use cloakroom_model::log::{Change, Place, Row, Subject, Timeline};
use cloakroom_model::time::Timestamp;

use crate::{Act, Done, Error};

/// The revocation log.
#[async_trait]
pub trait Revocations: Send + Sync {
    /// Rows after `place`, at most `limit`, with the store's present time. The place before the first row is
    /// there only until a row is forgotten.
    ///
    /// A backend that answers [`Reading::Rows`] from another history than the one `place` is in, or that leaves
    /// out a row that was committed, keeps a signed-out user signed in for as long as memory lasts.
    async fn read_log(&self, place: Place, limit: usize) -> Result<Reading, Error>;

    /// Every row that still concerns something, and the place to go on from.
    async fn read_snapshot(&self) -> Result<Snapshot, Error>;

    /// Announces the change or the end of something that has no row in storage of its own, or none any more. Who is told
    /// that it ended refuses it until nothing of it could be presented any more.
    async fn announce(
        &self,
        subject: Subject,
        change: Change,
        act: &Act,
    ) -> Result<Done<()>, Error>;

    /// Waits until the backend was told that rows were appended, by whichever node, so that a reader need not wait for
    /// its time. It may return for nothing, but not again and again; it may be dropped at any moment, and what is
    /// announced while nobody waits makes the next call return at once. It is a hint: a reader that is never woken
    /// reads the log all the same.
    ///
    /// A backend that has nothing to be told by never returns. One that wraps another passes it on.
    async fn wait_for_rows(&self) {
        std::future::pending::<()>().await;
    }

    /// Forgets rows that concern nothing any more, but never the last one.
    async fn prune_log(&self, now: Timestamp) -> Result<(), Error>;
}

/// What a reader finds after its place.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Reading {
    /// These rows, in order; perhaps none.
    Rows {
        /// The rows.
        rows: Vec<Row>,
        /// The time, by the store's clock.
        now: Timestamp,
        /// Where they were read.
        timeline: Timeline,
    },
    /// The row at the reader's place is not there (a failover, a restored backup, too long away): whatever the
    /// reader remembers is worth nothing, and it must begin from a snapshot.
    Lost,
}

/// A beginning for a reader.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Snapshot {
    /// The last row there is.
    pub place: Place,
    /// The rows that still concern something, in order.
    pub rows: Vec<Row>,
    /// The time, by the store's clock.
    pub now: Timestamp,
    /// Where it was read.
    pub timeline: Timeline,
}

//! Streams of signals: what happens to users waits in each that wants it until its receiver has it.
//!
//! What is put into a stream is put there by the act itself, in its transaction: no signal of an act that was done is
//! missing, and none is there of one that was not. A stream that was acknowledged has every signal of the acts that are
//! begun from then on.

use async_trait::async_trait;
use cloakroom_model::id::{ClientId, StreamId, UserId};
use cloakroom_model::signal::{Signal, SignalNumber, Waiting};
use cloakroom_model::stream::Stream;
use cloakroom_model::time::Timestamp;

use crate::{Act, Done, Error};

/// Streams of signals.
#[async_trait]
pub trait Streams: Send + Sync {
    /// The stream of a client.
    async fn find_stream(&self, client: &ClientId) -> Result<Option<Stream>, Error>;

    /// Every stream, by id, with what waits in it.
    async fn list_streams(&self) -> Result<Vec<StreamBacklog>, Error>;

    /// Keeps a stream of a client that has none.
    ///
    /// A backend whose acts can begin after this was answered and not see the stream loses what they tell.
    async fn insert_stream(&self, stream: Stream, act: &Act) -> Result<InsertStream, Error>;

    /// Replaces a stream as it was seen by one of the same id and client; `false` where it is another by now. Whoever
    /// delivers it may try at once.
    async fn replace_stream(
        &self,
        seen: &Stream,
        stream: Stream,
        queue: Queue,
        act: &Act,
    ) -> Result<bool, Error>;

    /// Removes a client's stream with all that waits in it; `None` where it has none of this id.
    async fn remove_stream(
        &self,
        client: &ClientId,
        id: StreamId,
        act: &Act,
    ) -> Result<Option<Done<()>>, Error>;

    /// Has a stream tell nothing of a user from now on. At most `most` users are left out of one; `false` where there are
    /// as many already.
    async fn leave_out(&self, id: StreamId, user: UserId, most: usize) -> Result<bool, Error>;

    /// Has a stream tell of a user again.
    async fn take_in(&self, id: StreamId, user: UserId) -> Result<(), Error>;

    /// Puts a signal about the stream itself into it, behind what waits there; `false` where as many as `most` of these
    /// wait, or there is no such stream.
    async fn add_signal(
        &self,
        id: StreamId,
        signal: Signal,
        most: usize,
        act: &Act,
    ) -> Result<bool, Error>;

    /// What waits in a stream, at most `limit`, the first first.
    async fn list_signals(&self, id: StreamId, limit: usize) -> Result<Vec<Waiting>, Error>;

    /// Forgets signals that the receiver has, or that are given up.
    async fn forget_signals(&self, id: StreamId, numbers: &[SignalNumber]) -> Result<(), Error>;

    /// Claims at most `limit` streams that are pushed, in which something waits and that may be tried at `now`, the longest
    /// due first: nobody else is given them before `lease_until`, unless they are released. Answers them by id.
    ///
    /// A backend that gives one to two nodes has a receiver told in disorder; one that gives it to none leaves it untold.
    async fn claim_streams(
        &self,
        now: Timestamp,
        lease_until: Timestamp,
        limit: usize,
    ) -> Result<Vec<ClaimedStream>, Error>;

    /// Whether a stream is still claimed until `lease_until`, as it was by who asks: nobody else has claimed it since, and it
    /// was not released, replaced or removed.
    ///
    /// A backend that answers so of one that was replaced has the signals go on to a place that the receiver has given up.
    async fn is_claimed(&self, id: StreamId, lease_until: Timestamp) -> Result<bool, Error>;

    /// Lets a stream go that was claimed until `lease_until`, with its failures in a row; it is due again at `try_at`. One
    /// that somebody else has claimed since, or that was replaced, is left as it is.
    async fn release_stream(
        &self,
        id: StreamId,
        lease_until: Timestamp,
        failures: u32,
        try_at: Timestamp,
    ) -> Result<(), Error>;
}

/// What became of a stream that was to be made.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum InsertStream {
    /// It is there.
    Done(Done<()>),
    /// The client has one.
    Taken,
    /// There is no such client.
    NoClient,
}

/// What becomes of what waits in a stream that is replaced.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Queue {
    /// It stays.
    Keep,
    /// It is forgotten, and this alone waits.
    Empty(Option<Signal>),
    /// It stays, and this is put behind it.
    Tell(Signal),
}

/// A stream, and how far behind its receiver is.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct StreamBacklog {
    /// The stream.
    pub stream: Stream,
    /// How many signals wait.
    pub waiting: usize,
    /// When the first of them happened.
    pub since: Option<Timestamp>,
    /// How often in a row it could not be pushed.
    pub failures: u32,
}

/// A stream that whoever claimed it delivers.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct ClaimedStream {
    /// The stream.
    pub stream: Stream,
    /// How often in a row it could not be pushed.
    pub failures: u32,
}

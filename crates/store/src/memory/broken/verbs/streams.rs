//! The slips of the verbs about streams of signals.

use async_trait::async_trait;
use cloakroom_model::id::{ClientId, StreamId, UserId};
use cloakroom_model::signal::{About, Signal, SignalNumber, Waiting};
use cloakroom_model::stream::{Status, Stream};
use cloakroom_model::time::Timestamp;

use super::{Broken, Slip};
use crate::{Act, ClaimedStream, Done, Error, InsertStream, Queue, StreamBacklog, Streams};

pass_on! { Streams {
    async fn find_stream(&self, client: &ClientId) -> Option<Stream> {}
    async fn list_streams(&self) -> Vec<StreamBacklog> {}
    async fn insert_stream(&self, stream: Stream, act: &Act) -> InsertStream {
        if self.slips(Slip::InsertStreamReplaces) {
            self.inner.state()?.streams.retain(|_, kept| kept.stream.client != stream.client);
        }
        if self.slips(Slip::InsertStreamOfNobody) {
            return Ok(InsertStream::Done(Done { value: (), rows: Vec::new() }));
        }
        let mut stream = stream;
        if self.slips(Slip::StreamsTakeEverything) {
            stream.status = Status::Enabled;
            stream.wants = About::ALL.into_iter().collect();
        }
    }
    async fn replace_stream(
        &self, seen: &Stream, stream: Stream, queue: Queue, act: &Act
    ) -> bool {
        let current = self.inner.state()?.streams.get(&seen.id).map(|kept| kept.stream.clone());
        let seen = match &current {
            Some(current) if self.slips(Slip::ReplaceStreamUnseen) => current,
            _ => seen,
        };
        let queue = match queue {
            Queue::Empty(Some(signal)) if self.slips(Slip::ReplaceKeepsTheQueue) => {
                Queue::Tell(signal)
            }
            queue => queue,
        };
    }
    async fn remove_stream(
        &self, client: &ClientId, id: StreamId, act: &Act
    ) -> Option<Done<()>> {
        let owner = self.inner.state()?.streams.get(&id).map(|kept| kept.stream.client.clone());
        let client = match &owner {
            Some(owner) if self.slips(Slip::RemoveAnybodysStream) => owner,
            _ => client,
        };
    }
    async fn leave_out(&self, id: StreamId, user: UserId, most: usize) -> bool {
        let most = if self.slips(Slip::LeaveOutUnlimited) { usize::MAX } else { most };
    }
    async fn take_in(&self, id: StreamId, user: UserId) -> () {}
    async fn add_signal(
        &self, id: StreamId, signal: Signal, most: usize, act: &Act
    ) -> bool {
        let most = if self.slips(Slip::AddSignalUnlimited) { usize::MAX } else { most };
    }
    async fn list_signals(&self, id: StreamId, limit: usize) -> Vec<Waiting> {
        let limit = if self.slips(Slip::ListSignalsUnlimited) { usize::MAX } else { limit };
        if self.slips(Slip::ListSignalsSpends)
            && let Some(kept) = self.inner.state()?.streams.get_mut(&id)
        {
            kept.waiting.pop_first();
        }
    }
    async fn forget_signals(&self, id: StreamId, numbers: &[SignalNumber]) -> () {}
    async fn claim_streams(
        &self, now: Timestamp, lease_until: Timestamp, limit: usize
    ) -> Vec<ClaimedStream> {
        let now = if self.slips(Slip::ClaimTooEarly) { Timestamp(i64::MAX) } else { now };
        let lease_until = if self.slips(Slip::ClaimForNobody) { now } else { lease_until };
        let limit = if self.slips(Slip::ClaimUnlimited) { usize::MAX } else { limit };
    }
    async fn is_claimed(&self, id: StreamId, lease_until: Timestamp) -> bool {
        if self.slips(Slip::ClaimHoldsForEver) {
            return Ok(true);
        }
    }
    async fn release_stream(
        &self, id: StreamId, lease_until: Timestamp, failures: u32, try_at: Timestamp
    ) -> () {}
} }

//! Streams of signals.

use std::collections::{BTreeMap, BTreeSet};

use async_trait::async_trait;
use cloakroom_model::id::{ClientId, StreamId, UserId};
use cloakroom_model::log::Subject;
use cloakroom_model::signal::{Signal, SignalNumber, UserSignal, Waiting};
use cloakroom_model::stream::Stream;
use cloakroom_model::time::Timestamp;

use super::endings::Trace;
use super::{Memory, State};
use crate::{Act, ClaimedStream, Done, Error, InsertStream, Queue, StreamBacklog, Streams};

/// A stream with all that belongs to it.
#[derive(Clone)]
pub(super) struct Kept {
    pub(super) stream: Stream,
    pub(super) waiting: BTreeMap<SignalNumber, (Timestamp, Signal)>,
    pub(super) left_out: BTreeSet<UserId>,
    failures: u32,
    try_at: Timestamp,
}

#[async_trait]
impl Streams for Memory {
    async fn find_stream(&self, client: &ClientId) -> Result<Option<Stream>, Error> {
        let state = self.state()?;
        let mut all = state.streams.values().map(|kept| &kept.stream);
        Ok(all.find(|stream| stream.client == *client).cloned())
    }

    async fn list_streams(&self) -> Result<Vec<StreamBacklog>, Error> {
        let state = self.state()?;
        let backlogs = state.streams.values().map(|kept| StreamBacklog {
            stream: kept.stream.clone(),
            waiting: kept.waiting.len(),
            since: kept.waiting.values().next().map(|(at, _)| *at),
            failures: kept.failures,
        });
        Ok(backlogs.collect())
    }

    async fn insert_stream(&self, stream: Stream, act: &Act) -> Result<InsertStream, Error> {
        Ok(self.state()?.insert_stream(stream, act))
    }

    async fn replace_stream(
        &self,
        seen: &Stream,
        stream: Stream,
        queue: Queue,
        act: &Act,
    ) -> Result<bool, Error> {
        let mut state = self.state()?;
        let Some(kept) = state.streams.get_mut(&seen.id).filter(|kept| kept.stream == *seen) else {
            return Ok(false);
        };
        kept.stream = stream;
        (kept.failures, kept.try_at) = (0, act.at);
        if matches!(queue, Queue::Empty(_)) {
            kept.waiting.clear();
        }
        if let Queue::Empty(Some(signal)) | Queue::Tell(signal) = queue {
            state.put_besides(seen.id, signal, act);
        }
        state.finish(act, Trace::default());
        Ok(true)
    }

    async fn remove_stream(
        &self,
        client: &ClientId,
        id: StreamId,
        act: &Act,
    ) -> Result<Option<Done<()>>, Error> {
        let mut state = self.state()?;
        if state.streams.get(&id).is_none_or(|kept| kept.stream.client != *client) {
            return Ok(None);
        }
        state.streams.remove(&id);
        let mut trace = Trace::default();
        trace.changed(Subject::Client(client.clone()));
        Ok(Some(Done { value: (), rows: state.finish(act, trace) }))
    }

    async fn leave_out(&self, id: StreamId, user: UserId, most: usize) -> Result<bool, Error> {
        let mut state = self.state()?;
        let Some(kept) = state.streams.get_mut(&id) else { return Ok(true) };
        if kept.left_out.len() >= most && !kept.left_out.contains(&user) {
            return Ok(false);
        }
        kept.left_out.insert(user);
        Ok(true)
    }

    async fn take_in(&self, id: StreamId, user: UserId) -> Result<(), Error> {
        if let Some(kept) = self.state()?.streams.get_mut(&id) {
            kept.left_out.remove(&user);
        }
        Ok(())
    }

    async fn add_signal(
        &self,
        id: StreamId,
        signal: Signal,
        most: usize,
        act: &Act,
    ) -> Result<bool, Error> {
        let mut state = self.state()?;
        let Some(kept) = state.streams.get(&id) else { return Ok(false) };
        let besides = |number: &&SignalNumber| number.part == SignalNumber::BESIDES;
        if kept.waiting.keys().filter(besides).count() >= most {
            return Ok(false);
        }
        state.put_besides(id, signal, act);
        Ok(true)
    }

    async fn list_signals(&self, id: StreamId, limit: usize) -> Result<Vec<Waiting>, Error> {
        let state = self.state()?;
        let Some(kept) = state.streams.get(&id) else { return Ok(Vec::new()) };
        let waiting = kept.waiting.iter().take(limit).map(|(number, (at, signal))| Waiting {
            number: *number,
            at: *at,
            signal: signal.clone(),
        });
        Ok(waiting.collect())
    }

    async fn forget_signals(&self, id: StreamId, numbers: &[SignalNumber]) -> Result<(), Error> {
        if let Some(kept) = self.state()?.streams.get_mut(&id) {
            kept.waiting.retain(|number, _| !numbers.contains(number));
        }
        Ok(())
    }

    async fn claim_streams(
        &self,
        now: Timestamp,
        lease_until: Timestamp,
        limit: usize,
    ) -> Result<Vec<ClaimedStream>, Error> {
        let mut state = self.state()?;
        let mut due: Vec<_> = state
            .streams
            .values_mut()
            .filter(|kept| {
                kept.stream.is_pushed() && kept.try_at <= now && !kept.waiting.is_empty()
            })
            .collect();
        due.sort_by_key(|kept| kept.try_at);
        due.truncate(limit);
        due.sort_by_key(|kept| kept.stream.id);
        let claimed = due.into_iter().map(|kept| {
            kept.try_at = lease_until;
            ClaimedStream { stream: kept.stream.clone(), failures: kept.failures }
        });
        Ok(claimed.collect())
    }

    async fn is_claimed(&self, id: StreamId, lease_until: Timestamp) -> Result<bool, Error> {
        let state = self.state()?;
        Ok(state.streams.get(&id).is_some_and(|kept| kept.try_at == lease_until))
    }

    async fn release_stream(
        &self,
        id: StreamId,
        lease_until: Timestamp,
        failures: u32,
        try_at: Timestamp,
    ) -> Result<(), Error> {
        if let Some(kept) = self.state()?.streams.get_mut(&id)
            && kept.try_at == lease_until
        {
            (kept.failures, kept.try_at) = (failures, try_at);
        }
        Ok(())
    }
}

impl State {
    fn insert_stream(&mut self, stream: Stream, act: &Act) -> InsertStream {
        if !self.clients.contains_key(&stream.client) {
            return InsertStream::NoClient;
        }
        if self.streams.values().any(|kept| kept.stream.client == stream.client) {
            return InsertStream::Taken;
        }
        let mut trace = Trace::default();
        trace.changed(Subject::Client(stream.client.clone()));
        let rows = self.finish(act, trace);
        let kept = Kept {
            waiting: BTreeMap::new(),
            left_out: BTreeSet::new(),
            failures: 0,
            try_at: act.at,
            stream,
        };
        self.streams.insert(kept.stream.id, kept);
        InsertStream::Done(Done { value: (), rows })
    }

    /// Puts signals into every stream that wants them. The act's rows were not appended yet, and begin after `seq`.
    pub(super) fn tell_streams(&mut self, act: &Act, signals: &[UserSignal]) {
        let seq = self.log.next();
        for (part, signal) in (0..).zip(signals) {
            let number = SignalNumber { seq, part, nonce: act.nonce };
            let wants = |kept: &&mut Kept| {
                kept.stream.takes().has(signal.about) && !kept.left_out.contains(&signal.user)
            };
            for kept in self.streams.values_mut().filter(wants) {
                kept.waiting.insert(number, (act.at, Signal::User(signal.clone())));
            }
        }
    }

    fn put_besides(&mut self, id: StreamId, signal: Signal, act: &Act) {
        let number = SignalNumber {
            seq: self.log.next() - 1,
            part: SignalNumber::BESIDES,
            nonce: act.nonce,
        };
        if let Some(kept) = self.streams.get_mut(&id) {
            kept.waiting.insert(number, (act.at, signal));
        }
    }
}

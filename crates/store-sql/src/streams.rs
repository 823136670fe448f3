//! Streams of signals.
//!
//! Acts put signals into streams while they hold the log's counter, and lock nothing of a stream. Who makes or removes a
//! stream holds the counter too: so every act is before a stream or after it, and what was put into one that goes is there
//! to be forgotten.

use async_trait::async_trait;
use cloakroom_model::id::{ClientId, StreamId, UserId};
use cloakroom_model::log::{Change, Subject};
use cloakroom_model::signal::{Signal, SignalNumber, UserSignal, Waiting, Wanted};
use cloakroom_model::stream::Stream;
use cloakroom_model::time::Timestamp;
use cloakroom_store::{
    Act, ClaimedStream, Done, Error, InsertStream, Queue, StreamBacklog, Streams,
};

use crate::doing::Doing;
use crate::{Columns, Database, Db, SqlStore, column, corrupt, json, number, sql, values};

#[async_trait]
impl<D: Database> Streams for SqlStore<D> {
    async fn find_stream(&self, client: &ClientId) -> Result<Option<Stream>, Error> {
        self.read(client.clone(), |db, client| {
            Box::pin(async move {
                let of_client = values![client.as_str()];
                db.find(sql::streams::FIND_OF_CLIENT, of_client, column::json).await
            })
        })
        .await
    }

    async fn list_streams(&self) -> Result<Vec<StreamBacklog>, Error> {
        self.read_long((), |db, ()| Box::pin(db.list(sql::streams::LIST, &[], backlog))).await
    }

    async fn insert_stream(&self, stream: Stream, act: &Act) -> Result<InsertStream, Error> {
        self.act(act, stream, |doing, stream| Box::pin(insert(doing, stream))).await
    }

    async fn replace_stream(
        &self,
        seen: &Stream,
        stream: Stream,
        queue: Queue,
        act: &Act,
    ) -> Result<bool, Error> {
        self.act(act, (seen.clone(), stream, queue), |doing, (seen, stream, queue)| {
            Box::pin(replace(doing, seen, stream, queue))
        })
        .await
    }

    async fn remove_stream(
        &self,
        client: &ClientId,
        id: StreamId,
        act: &Act,
    ) -> Result<Option<Done<()>>, Error> {
        self.act(act, (client.clone(), id), |mut doing, (client, id)| {
            Box::pin(async move {
                let db = doing.db;
                let of_client = values![id.as_bytes(), client.as_str()];
                if db.run(sql::streams::DELETE, of_client).await? == 0 {
                    return Ok(None);
                }
                doing.announce(Subject::Client(client.clone()), Change::Changed);
                let done = doing.done(()).await?;
                forget(db, *id).await?;
                Ok(Some(done))
            })
        })
        .await
    }

    async fn leave_out(&self, id: StreamId, user: UserId, most: usize) -> Result<bool, Error> {
        self.write((id, user, most), |db, (id, user, most)| {
            Box::pin(async move {
                let both = values![id.as_bytes(), user.as_bytes()];
                // Two who leave others out at once may be one too many together, which harms nobody.
                if !db.exists(sql::streams::IS_THERE_AS_PARENT, values![id.as_bytes()]).await? {
                    return Ok(true);
                }
                let others = db.find(sql::streams::COUNT_LEFT_OUT, both, column::count).await?;
                if others.unwrap_or_default() >= *most as u64 {
                    return Ok(false);
                }
                db.run(sql::streams::LEAVE_OUT, both).await?;
                Ok(true)
            })
        })
        .await
    }

    async fn take_in(&self, id: StreamId, user: UserId) -> Result<(), Error> {
        self.write((id, user), |db, (id, user)| {
            Box::pin(async move {
                let both = values![id.as_bytes(), user.as_bytes()];
                db.run(sql::streams::TAKE_IN, both).await.map(drop)
            })
        })
        .await
    }

    async fn add_signal(
        &self,
        id: StreamId,
        signal: Signal,
        most: usize,
        act: &Act,
    ) -> Result<bool, Error> {
        self.write((id, signal, most, act.clone()), |db, (id, signal, most, act)| {
            Box::pin(async move {
                if !db.exists(sql::streams::IS_THERE_AS_PARENT, values![id.as_bytes()]).await? {
                    return Ok(false);
                }
                let besides = values![id.as_bytes(), SignalNumber::BESIDES];
                let waiting = db.find(sql::streams::COUNT_BESIDES, besides, column::count).await?;
                if waiting.unwrap_or_default() >= *most as u64 {
                    return Ok(false);
                }
                tell_one(db, *id, signal, act).await?;
                Ok(true)
            })
        })
        .await
    }

    async fn list_signals(&self, id: StreamId, limit: usize) -> Result<Vec<Waiting>, Error> {
        self.read((id, limit), |db, (id, limit)| {
            Box::pin(async move {
                let first = values![id.as_bytes(), number(limit)];
                db.list(sql::streams::LIST_SIGNALS, first, waiting).await
            })
        })
        .await
    }

    async fn forget_signals(&self, id: StreamId, numbers: &[SignalNumber]) -> Result<(), Error> {
        let mut numbers = numbers.to_vec();
        // In the order of their key, so that of two that forget the same ones one waits for the other.
        numbers.sort_unstable();
        self.write((id, numbers), |db, (id, numbers)| {
            Box::pin(async move {
                for SignalNumber { seq, part, nonce } in numbers {
                    let one = values![id.as_bytes(), number(*seq), *part, nonce.cast_signed()];
                    db.run(sql::streams::FORGET_SIGNAL, one).await?;
                }
                Ok(())
            })
        })
        .await
    }

    async fn claim_streams(
        &self,
        now: Timestamp,
        lease_until: Timestamp,
        limit: usize,
    ) -> Result<Vec<ClaimedStream>, Error> {
        self.write((now, lease_until, limit), |db, (now, lease_until, limit)| {
            Box::pin(async move {
                let claim = values![lease_until.0, now.0, number(*limit)];
                let mut claimed = db.list(sql::streams::CLAIM, claim, claimed).await?;
                // A statement answers what it changed in no order at all.
                claimed.sort_by_key(|claimed| claimed.stream.id);
                Ok(claimed)
            })
        })
        .await
    }

    async fn is_claimed(&self, id: StreamId, lease_until: Timestamp) -> Result<bool, Error> {
        self.read((id, lease_until), |db, (id, lease_until)| {
            Box::pin(async move {
                db.exists(sql::streams::IS_CLAIMED, values![id.as_bytes(), lease_until.0]).await
            })
        })
        .await
    }

    async fn release_stream(
        &self,
        id: StreamId,
        lease_until: Timestamp,
        failures: u32,
        try_at: Timestamp,
    ) -> Result<(), Error> {
        self.write(
            (id, lease_until, failures, try_at),
            |db, (id, lease_until, failures, try_at)| {
                Box::pin(async move {
                    let one = values![*failures, try_at.0, id.as_bytes(), lease_until.0];
                    db.run(sql::streams::RELEASE, one).await.map(drop)
                })
            },
        )
        .await
    }
}

async fn insert(mut doing: Doing<'_, impl Db>, stream: &Stream) -> Result<InsertStream, Error> {
    let db = doing.db;
    let client = values![stream.client.as_str()];
    if !db.exists(sql::clients::IS_THERE_AS_PARENT, client).await? {
        return Ok(InsertStream::NoClient);
    }
    let text = json(stream)?;
    let takes = i64::from(stream.takes().0);
    let pushed = stream.is_pushed();
    let id = stream.id.as_bytes();
    let row = values![id, stream.client.as_str(), &text, takes, pushed, doing.now().0];
    if db.run(sql::streams::INSERT, row).await? == 0 {
        return Ok(InsertStream::Taken);
    }
    doing.announce(Subject::Client(stream.client.clone()), Change::Changed);
    let done = doing.done(()).await?;
    forget(db, stream.id).await?;
    Ok(InsertStream::Done(done))
}

async fn replace(
    doing: Doing<'_, impl Db>,
    seen: &Stream,
    stream: &Stream,
    queue: &Queue,
) -> Result<bool, Error> {
    let (db, id) = (doing.db, seen.id);
    let found = db.find(sql::streams::FIND_TO_CHANGE, values![id.as_bytes()], column::json).await?;
    if found.as_ref() != Some(seen) || stream.id != id || stream.client != seen.client {
        return Ok(false);
    }
    let text = json(stream)?;
    let takes = i64::from(stream.takes().0);
    let row = values![&text, takes, stream.is_pushed(), doing.now().0, id.as_bytes()];
    db.run(sql::streams::REPLACE, row).await?;
    if matches!(queue, Queue::Empty(_)) {
        db.run(sql::streams::DELETE_SIGNALS, values![id.as_bytes()]).await?;
    }
    if let Queue::Empty(Some(signal)) | Queue::Tell(signal) = queue {
        tell_one(db, id, signal, doing.act).await?;
    }
    let _nothing_to_announce = doing.done(()).await?;
    Ok(true)
}

/// Removes the stream of a client that is gone; answers its name. What waits in it is to be forgotten once the log's counter
/// is held.
pub(crate) async fn remove_of(db: &impl Db, client: &ClientId) -> Result<Option<StreamId>, Error> {
    let of_client = values![client.as_str()];
    db.find(sql::streams::DELETE_OF_CLIENT, of_client, |columns| {
        Ok(StreamId::from_bytes(columns.value()?))
    })
    .await
}

/// Forgets all that waits in a stream that is gone, or that was not there before, and counts those that are there. The log's
/// counter is held.
pub(crate) async fn forget(db: &impl Db, id: StreamId) -> Result<(), Error> {
    db.run(sql::streams::DELETE_SIGNALS, values![id.as_bytes()]).await?;
    db.run(sql::streams::DELETE_LEFT_OUT, values![id.as_bytes()]).await?;
    db.run(sql::log::COUNT_STREAMS, &[]).await.map(drop)
}

/// Puts signals into every stream that wants them. The log's counter is held, and the act's rows begin with `seq`.
pub(crate) async fn tell_all(
    db: &impl Db,
    act: &Act,
    seq: u64,
    signals: Vec<UserSignal>,
) -> Result<(), Error> {
    for (part, signal) in (0_u32..).zip(signals) {
        let (wanted, user) = (i64::from(Wanted::from(signal.about).0), signal.user);
        let text = json(&Signal::User(signal))?;
        let (seq, nonce) = (number(seq), act.nonce.cast_signed());
        let row = values![seq, part, nonce, act.at.0, &text, wanted, user.as_bytes()];
        db.run(sql::streams::TELL_ALL, row).await?;
    }
    Ok(())
}

async fn tell_one(db: &impl Db, id: StreamId, signal: &Signal, act: &Act) -> Result<(), Error> {
    let text = json(signal)?;
    let nonce = act.nonce.cast_signed();
    let row = values![id.as_bytes(), SignalNumber::BESIDES, nonce, act.at.0, &text];
    db.run(sql::streams::TELL_ONE, row).await.map(drop)
}

fn backlog(columns: &mut Columns<'_>) -> Result<StreamBacklog, Error> {
    Ok(StreamBacklog {
        stream: columns.json()?,
        failures: columns.value()?,
        waiting: usize::try_from(columns.count()?).map_err(corrupt)?,
        since: columns.value::<Option<i64>>()?.map(Timestamp),
    })
}

fn claimed(columns: &mut Columns<'_>) -> Result<ClaimedStream, Error> {
    Ok(ClaimedStream { stream: columns.json()?, failures: columns.value()? })
}

fn waiting(columns: &mut Columns<'_>) -> Result<Waiting, Error> {
    Ok(Waiting {
        number: SignalNumber {
            seq: columns.count()?,
            part: columns.value()?,
            nonce: columns.value::<i64>()?.cast_unsigned(),
        },
        at: columns.time()?,
        signal: columns.json()?,
    })
}

//! Posting what waits to its receivers (RFC 8935).
//!
//! Whoever claims a stream delivers it, in order: of many nodes, one does. What was claimed and not let go, because this node
//! went away, is due again when the claim is over, and is sent again under the same names. A claim is over, too, once the stream was
//! changed or removed: it is looked for before each signal, so that at most one goes where its receiver wants none any more.

use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use cloakroom_model::signal::{SignalNumber, Waiting};
use cloakroom_model::stream::{Delivery, SealedHeader, Stream};
use cloakroom_model::time::Timestamp;
use cloakroom_oauth::set::TYP;
use cloakroom_oauth::ssf::push::Answer;
use cloakroom_store::{ClaimedStream, Error};
use url::Url;

use super::sealed_as;
use super::tally::Tally;
use crate::Engine;
use crate::fetch::{Fetch, FetchError, Limits, Message};
use crate::rounds::{self, Pace};
use crate::tokens::MintError;

/// How many streams are under way at once.
const STREAMS: usize = 16;

/// How many signals are read at once.
const BATCH: usize = 20;

/// How long a claim holds: longer than a node delivers under it.
const CLAIM: Duration = Duration::from_mins(1);

/// How long a node goes on with one stream before it lets others have it.
const TURN: Duration = Duration::from_secs(30);

/// How often it is looked for those that were put off, and how soon after an act for whom it concerns.
const PACE: Pace = Pace { round: Duration::from_secs(5), breath: Duration::from_millis(20) };

/// How long a receiver that did not take what it was sent is left alone, after each time in a row; the last one from then on.
const PAUSES: [Duration; 7] = [
    Duration::from_secs(2),
    Duration::from_secs(10),
    Duration::from_mins(1),
    Duration::from_mins(5),
    Duration::from_mins(15),
    Duration::from_mins(30),
    Duration::from_hours(1),
];

/// How often in a row a receiver may say that there is something wrong with a token before that token is given up: its keys
/// may be older than ours.
const REFUSALS: u32 = 5;

/// Why a signal was not delivered.
#[derive(Debug, thiserror::Error)]
enum NotDelivered {
    #[error("this node does not know its client yet")]
    Client,
    #[error("its endpoint is no URL")]
    Url,
    #[error("what stands in Authorization does not open with its data key")]
    Header,
    #[error(transparent)]
    Store(#[from] Error),
    #[error(transparent)]
    Mint(#[from] MintError),
    #[error(transparent)]
    Fetch(#[from] FetchError),
    #[error("{0}")]
    Answer(String),
    #[error("it refused a token: {0}")]
    Refused(String),
}

/// A stream while this node has it.
struct Turn {
    stream: Stream,
    /// Until when it is claimed.
    lease: Timestamp,
    /// When others are let have it, as a steady time.
    until: Duration,
    /// How often in a row it could not be posted.
    failures: u32,
    /// How long its receiver is left alone after it.
    pause: Duration,
}

impl Engine {
    /// Delivers what waits, until the task is aborted.
    pub async fn keep_delivering(&self, fetch: Arc<dyn Fetch>) {
        let in_vain = "signals were not delivered";
        let claim = |room| self.claim_due_streams(&fetch, room);
        rounds::keep(PACE, STREAMS, &self.signals.to_push, in_vain, claim).await;
    }

    /// Delivers the streams that are due, as many as are under way at once. Answers whether there may be more.
    pub async fn deliver_signals(&self, fetch: &Arc<dyn Fetch>) -> Result<bool, Error> {
        let due = self.claim_due_streams(fetch, STREAMS).await?;
        let more = due.len() >= STREAMS;
        rounds::finished(due).await.map(|()| more)
    }

    async fn claim_due_streams(
        &self,
        fetch: &Arc<dyn Fetch>,
        most: usize,
    ) -> Result<Vec<rounds::Delivery>, Error> {
        let now = self.time.now();
        let lease = now.plus(CLAIM);
        let due = self.store.claim_streams(now, lease, most).await?.into_iter();
        let deliver = |claimed| -> rounds::Delivery {
            let (engine, fetch) = (self.clone(), Arc::clone(fetch));
            Box::pin(async move { engine.deliver_stream(claimed, lease, &*fetch).await })
        };
        Ok(due.map(deliver).collect())
    }

    async fn deliver_stream(
        &self,
        claimed: ClaimedStream,
        lease: Timestamp,
        fetch: &dyn Fetch,
    ) -> Result<(), Error> {
        let ClaimedStream { stream, failures } = claimed;
        let until = self.time.steady() + TURN;
        let mut turn = Turn { stream, lease, until, failures, pause: Duration::ZERO };
        let id = turn.stream.id;
        loop {
            let waiting = self.store.list_signals(id, BATCH).await?;
            let mut gone = Vec::with_capacity(waiting.len());
            let goes_on = self.push_all(&mut turn, &waiting, &mut gone, fetch).await;
            if !gone.is_empty() {
                self.store.forget_signals(id, &gone).await?;
            }
            if !goes_on? {
                break;
            }
        }
        let try_at = self.time.now().plus(turn.pause);
        self.store.release_stream(id, lease, turn.failures, try_at).await
    }

    /// Posts signals in order, and notes those that need not be posted again. Answers whether the turn goes on.
    async fn push_all(
        &self,
        turn: &mut Turn,
        waiting: &[Waiting],
        gone: &mut Vec<SignalNumber>,
        fetch: &dyn Fetch,
    ) -> Result<bool, Error> {
        let (tally, refusals) = (&self.signals.tally, &self.signals.refusals);
        for signal in waiting {
            // Its receiver may have named another place meanwhile, or want nothing any more.
            if self.time.steady() >= turn.until || !self.still_holds(turn).await? {
                return Ok(false);
            }
            let Stream { id, client, .. } = &turn.stream;
            let posted = self.push(&turn.stream, signal, fetch).await;
            let refused = if let Err(NotDelivered::Refused(_)) = &posted {
                refusals.count(*id, signal.number, turn.failures)
            } else {
                refusals.forget(*id);
                0
            };
            match posted {
                Ok(()) => Tally::count(&tally.pushed, 1),
                Err(why) if refused > REFUSALS => {
                    // What one place does not understand another may.
                    if !self.still_holds(turn).await? {
                        return Ok(false);
                    }
                    refusals.forget(*id);
                    Tally::count(&tally.given_up, 1);
                    tracing::warn!(%client, %why, "a signal was given up");
                }
                Err(why) => {
                    let last = PAUSES.len() - 1;
                    let next = usize::try_from(turn.failures).map_or(last, |at| at.min(last));
                    turn.pause = PAUSES[next];
                    turn.failures = turn.failures.saturating_add(1);
                    let failures = turn.failures;
                    Tally::count(&tally.failed, 1);
                    tracing::info!(%client, %why, failures, "a receiver was not told yet");
                    return Ok(false);
                }
            }
            turn.failures = 0;
            gone.push(signal.number);
        }
        Ok(!waiting.is_empty())
    }

    async fn still_holds(&self, turn: &Turn) -> Result<bool, Error> {
        self.store.is_claimed(turn.stream.id, turn.lease).await
    }

    /// Posts one signal.
    async fn push(
        &self,
        stream: &Stream,
        waiting: &Waiting,
        fetch: &dyn Fetch,
    ) -> Result<(), NotDelivered> {
        let Delivery::Push { endpoint, authorization } = &stream.delivery else {
            return Ok(());
        };
        // Where it is gone, its stream is gone with it.
        let client = self.clients.find(&stream.client).ok_or(NotDelivered::Client)?;
        let url = Url::parse(endpoint).map_err(|_| NotDelivered::Url)?;
        let set = self.set_of(stream, &client, waiting)?;
        let header = match authorization {
            Some(sealed) => Some(self.open_header(stream, endpoint, sealed).await?),
            None => None,
        };
        let media_type = format!("application/{TYP}");
        let message = Message {
            content_type: &media_type,
            accept: "application/json",
            authorization: header.as_ref().map(|header| header.as_str()),
            body: &set.token,
        };
        let answer = fetch.send(&url, message, Limits::default()).await?;
        match Answer::of(answer.status, &answer.body) {
            Answer::Taken => Ok(()),
            Answer::Refused(why) => Err(NotDelivered::Refused(why)),
            Answer::Failed(why) => Err(NotDelivered::Answer(why)),
        }
    }

    async fn open_header(
        &self,
        stream: &Stream,
        endpoint: &str,
        sealed: &SealedHeader,
    ) -> Result<zeroize::Zeroizing<String>, NotDelivered> {
        let bytes = URL_SAFE_NO_PAD.decode(&sealed.sealed).map_err(|_| NotDelivered::Header)?;
        let what = sealed_as(stream.id, endpoint);
        if self.data_keys.find(sealed.data_key).is_none() {
            // Another node made it, and the log says so in a moment.
            self.reload_keys().await?;
        }
        let plain = self.data_keys.open(sealed.data_key, &what, &bytes);
        let plain = plain.ok_or(NotDelivered::Header)?;
        let text = std::str::from_utf8(&plain).map_err(|_| NotDelivered::Header)?;
        Ok(text.to_owned().into())
    }
}

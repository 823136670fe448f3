//! Streams of signals: services that asked for it are told what happens to users (OpenID Shared Signals Framework 1.0).
//!
//! What happens waits in each stream from the moment it is done, put there by the act itself, until its receiver has it
//! (`poll.rs`) or has taken it (`deliver.rs`). Here a service makes, changes and removes its stream.

mod deliver;
mod poll;
mod refusals;
mod set;
mod tally;
mod upkeep;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use cloakroom_model::event::{Actor, Kind};
use cloakroom_model::id::{StreamId, UserId};
use cloakroom_model::signal::Signal;
use cloakroom_model::stream::{Delivery, SealedHeader, Status, Stream};
use cloakroom_model::user::Lookup;
use cloakroom_oauth::ssf::Invalid;
use cloakroom_oauth::ssf::configuration::{Authorization, Change, Configuration, Method, Wish};
use cloakroom_oauth::ssf::event::wanted;
use cloakroom_oauth::ssf::requests::{StatusChange, SubjectChange, Verification};
use cloakroom_oauth::subject_id::SubjectId;
use cloakroom_store::{Act, Error, InsertStream, Queue, StreamBacklog};
use tokio::sync::{Notify, Semaphore};

use crate::Engine;
use crate::service::Service;
use crate::tokens::MintError;

use self::refusals::Refusals;
use self::tally::Tally;
pub use self::tally::{Backlog, SignalVitals};
pub use upkeep::{MOST_WAITING, WAITS_FOR};

/// The most users that can be left out of one stream.
const LEFT_OUT: usize = 100_000;

/// The most signals about a stream itself that wait in it.
const ABOUT_ITSELF: usize = 100;

/// How often a change is tried that others get in the way of.
const ATTEMPTS: usize = 4;

/// What wakes whoever waits for signals on this node.
pub(crate) struct Signals {
    /// Something may have been put into some stream.
    came: Notify,
    /// Something may wait for being pushed.
    to_push: Notify,
    /// Places for receivers that wait for an answer.
    waiting: Semaphore,
    refusals: Refusals,
    tally: Tally,
}

/// The most receivers that wait for an answer on one node. Others are answered at once.
const WAITING: usize = 1000;

impl Default for Signals {
    fn default() -> Self {
        let (came, to_push) = (Notify::new(), Notify::new());
        let waiting = Semaphore::new(WAITING);
        Self { came, to_push, waiting, refusals: Refusals::default(), tally: Tally::default() }
    }
}

impl Signals {
    /// Wakes them: rows were appended to the log, and whatever is a signal appends some.
    pub(crate) fn came(&self) {
        self.came.notify_waiters();
        self.to_push.notify_one();
    }

    /// How they fare.
    pub(crate) fn vitals(&self) -> SignalVitals {
        self.tally.vitals()
    }
}

/// Why a stream is not as its service wants.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StreamError {
    /// What was asked for is wrong.
    #[error(transparent)]
    Invalid(#[from] Invalid),
    /// The service has no such stream.
    #[error("there is no such stream")]
    NoStream,
    /// The service has one.
    #[error("the client has a stream; change it, or remove it first")]
    Taken,
    /// The client is not in the registry.
    #[error("this client cannot have a stream")]
    NoClient,
    /// There are too many of these in the stream.
    #[error("{0}")]
    Full(&'static str),
    /// Others changed it again and again.
    #[error("the stream is being changed by somebody else")]
    Conflict,
    /// A token could not be signed.
    #[error(transparent)]
    Mint(#[from] MintError),
    /// Storage failed.
    #[error(transparent)]
    Store(#[from] Error),
}

impl Engine {
    /// The streams of all services, the oldest first, with what waits in each: for an administrator.
    pub async fn list_streams(&self) -> Result<Vec<StreamBacklog>, Error> {
        self.store.list_streams().await
    }

    /// The stream of a service, where it has one.
    pub async fn find_stream(&self, service: &Service) -> Result<Option<Stream>, StreamError> {
        Ok(self.store.find_stream(&service.client.id).await?)
    }

    /// The stream of a service that it names so.
    pub async fn stream_named(&self, service: &Service, name: &str) -> Result<Stream, StreamError> {
        let stream = self.find_stream(service).await?;
        stream.filter(|stream| stream.id.to_string() == name).ok_or(StreamError::NoStream)
    }

    /// Makes a service's stream.
    pub async fn make_stream(&self, service: &Service, wish: Wish) -> Result<Stream, StreamError> {
        let now = self.time.now();
        let id = StreamId::new(now, self.random.bytes());
        let delivery = match wish.delivery {
            // §8.1.1.1: whoever does not say polls.
            None => Delivery::Poll,
            Some(method) => self.delivery(id, method, None),
        };
        let stream = Stream {
            id,
            client: service.client.id.clone(),
            delivery,
            wants: wanted(wish.events_requested.as_deref()),
            events_requested: wish.events_requested,
            description: wish.description,
            status: Status::Enabled,
            reason: None,
            created_at: now,
        };
        let act = self.stream_act(Kind::StreamMade, &stream);
        match self.store.insert_stream(stream.clone(), &act).await? {
            InsertStream::Done(done) => {
                self.heard(&done.rows).await;
                Ok(stream)
            }
            InsertStream::Taken => Err(StreamError::Taken),
            InsertStream::NoClient => Err(StreamError::NoClient),
        }
    }

    /// Changes what a request names of a service's stream.
    pub async fn change_stream(
        &self,
        service: &Service,
        change: &Change,
    ) -> Result<Stream, StreamError> {
        self.rewrite_stream(service, change, |stream| {
            let Wish { delivery, events_requested, description } = change.wish.clone();
            if let Some(method) = delivery {
                stream.delivery = self.delivery(stream.id, method, Some(&stream.delivery));
            }
            if change.names("events_requested") {
                stream.wants = wanted(events_requested.as_deref());
                stream.events_requested = events_requested;
            }
            if change.names("description") {
                stream.description = description;
            }
        })
        .await
    }

    /// Replaces all of a service's stream that is the service's to say.
    pub async fn replace_stream(
        &self,
        service: &Service,
        change: &Change,
    ) -> Result<Stream, StreamError> {
        self.rewrite_stream(service, change, |stream| {
            let Wish { delivery, events_requested, description } = change.wish.clone();
            stream.delivery = match delivery {
                None => Delivery::Poll,
                Some(method) => self.delivery(stream.id, method, Some(&stream.delivery)),
            };
            stream.wants = wanted(events_requested.as_deref());
            stream.events_requested = events_requested;
            stream.description = description;
        })
        .await
    }

    /// Removes a service's stream with all that waits in it.
    pub async fn remove_stream(&self, service: &Service, name: &str) -> Result<(), StreamError> {
        let stream = self.stream_named(service, name).await?;
        let act = self.stream_act(Kind::StreamRemoved, &stream);
        let removed = self.store.remove_stream(&service.client.id, stream.id, &act).await?;
        self.heard(&removed.ok_or(StreamError::NoStream)?.rows).await;
        Ok(())
    }

    /// Enables, pauses or disables a service's stream. What waits in one that is disabled is forgotten, and so is what is left
    /// in one that was.
    pub async fn set_stream_status(
        &self,
        service: &Service,
        change: StatusChange,
    ) -> Result<Stream, StreamError> {
        for _ in 0..ATTEMPTS {
            let seen = self.stream_named(service, &change.stream_id).await?;
            let (status, reason) = (change.status, change.reason.clone());
            let off = [seen.status, status].contains(&Status::Disabled);
            let queue = if off { Queue::Empty(None) } else { Queue::Keep };
            if self.put_stream(&seen, Stream { status, reason, ..seen.clone() }, queue).await? {
                return Ok(Stream { status, reason: change.reason, ..seen });
            }
        }
        Err(StreamError::Conflict)
    }

    /// Has a stream tell of somebody. Whether anybody is known by that name is not said.
    pub async fn add_subject(
        &self,
        service: &Service,
        change: &SubjectChange,
    ) -> Result<(), StreamError> {
        let stream = self.stream_named(service, &change.stream_id).await?;
        if let Some(user) = self.user_meant(service, &change.subject).await? {
            self.store.take_in(stream.id, user).await?;
        }
        Ok(())
    }

    /// Has a stream tell nothing of somebody. Whether anybody is known by that name is not said.
    pub async fn remove_subject(
        &self,
        service: &Service,
        change: &SubjectChange,
    ) -> Result<(), StreamError> {
        let stream = self.stream_named(service, &change.stream_id).await?;
        if let Some(user) = self.user_meant(service, &change.subject).await?
            && !self.store.leave_out(stream.id, user, LEFT_OUT).await?
        {
            return Err(StreamError::Full("as many subjects as possible are left out already"));
        }
        Ok(())
    }

    /// Has a stream show that it works.
    pub async fn verify_stream(
        &self,
        service: &Service,
        wish: Verification,
    ) -> Result<(), StreamError> {
        let stream = self.stream_named(service, &wish.stream_id).await?;
        if stream.status == Status::Disabled {
            return Err(Invalid::new("stream_id", "expected a stream that is not disabled").into());
        }
        let signal = Signal::Verification { state: wish.state };
        let act = self.stream_act(Kind::StreamChanged, &stream);
        if !self.store.add_signal(stream.id, signal, ABOUT_ITSELF, &act).await? {
            return Err(StreamError::Full("too many verifications wait in the stream"));
        }
        self.signals.came();
        Ok(())
    }

    /// Writes a stream anew, as it was found and where its service believes of it what is so.
    async fn rewrite_stream(
        &self,
        service: &Service,
        change: &Change,
        rewrite: impl Fn(&mut Stream) + Send + Sync,
    ) -> Result<Stream, StreamError> {
        for _ in 0..ATTEMPTS {
            let seen = self.stream_named(service, &change.stream_id).await?;
            change.agrees(&Configuration::of(&self.settings.issuer, &seen))?;
            let mut stream = seen.clone();
            rewrite(&mut stream);
            if self.put_stream(&seen, stream.clone(), Queue::Keep).await? {
                return Ok(stream);
            }
        }
        Err(StreamError::Conflict)
    }

    async fn put_stream(&self, seen: &Stream, stream: Stream, queue: Queue) -> Result<bool, Error> {
        let mut act = self.stream_act(Kind::StreamChanged, &stream);
        act.event.detail = Some(stream.status.as_str().to_owned());
        let done = self.store.replace_stream(seen, stream, queue, &act).await?;
        self.signals.came();
        Ok(done)
    }

    fn stream_act(&self, kind: Kind, stream: &Stream) -> Act {
        let mut act = self.act(kind, Actor::Server);
        act.event.client = Some(stream.client.clone());
        act
    }

    /// How signals reach a receiver, with its header sealed. Where nothing is said of that, the one that is there stays if the
    /// place is the same: it goes nowhere else.
    fn delivery(&self, id: StreamId, method: Method, before: Option<&Delivery>) -> Delivery {
        let Method::Push { endpoint, authorization } = method else { return Delivery::Poll };
        let authorization = match authorization {
            Authorization::None => None,
            Authorization::Secret(secret) => self.seal_header(id, &endpoint, &secret),
            Authorization::Unsaid => match before {
                Some(Delivery::Push { endpoint: same, authorization }) if *same == endpoint => {
                    authorization.clone()
                }
                _ => None,
            },
        };
        Delivery::Push { endpoint, authorization }
    }

    /// Seals a header's value for one place of one stream.
    fn seal_header(&self, id: StreamId, endpoint: &str, secret: &str) -> Option<SealedHeader> {
        let what = sealed_as(id, endpoint);
        let (data_key, sealed) = self.data_keys.seal(&what, secret.as_bytes(), &*self.random)?;
        Some(SealedHeader { data_key, sealed: URL_SAFE_NO_PAD.encode(sealed) })
    }

    /// The user whom a receiver means, where one is known so.
    async fn user_meant(
        &self,
        service: &Service,
        subject: &SubjectId,
    ) -> Result<Option<UserId>, Error> {
        match subject.user() {
            Some(SubjectId::Email(email)) => {
                let found = self.store.find_login(&Lookup::of(email)).await?;
                // A username is found by the same way, and is no address.
                Ok(found.map(|login| login.user).filter(|_| email.contains('@')).map(|it| it.id))
            }
            Some(SubjectId::IssSub { iss, sub }) if *iss == self.settings.issuer => {
                // Who calls its users by other names is told them by those, and cannot be understood by them: a name is
                // found only by trying everybody.
                let Ok(id) = sub.parse::<UserId>() else { return Ok(None) };
                let known_so = self.subject_for(&service.client, id) == *sub;
                let user = self.store.find_user(id).await?;
                Ok(user.filter(|_| known_so).map(|user| user.id))
            }
            _ => Ok(None),
        }
    }
}

/// What a header's seal is bound to.
fn sealed_as(id: StreamId, endpoint: &str) -> String {
    format!("cloakroom stream {id} authorization for {endpoint}")
}

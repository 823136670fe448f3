//! The backend that keeps everything in one process and forgets it at exit: for tests, and for trying things out.
//!
//! All of it lies behind one lock. Each verb takes the lock once, decides, and only then changes anything, so
//! that it is done as a whole or not at all; the lock is never held across an await. Promise 7 (acknowledged is
//! durable) does not hold here, and cannot.

#[cfg(test)]
pub(crate) mod broken;
mod clients;
mod codes;
mod consents;
mod data;
mod device_requests;
mod endings;
mod events;
mod grants;
mod guests;
mod initial_tokens;
mod keys;
mod links;
mod marks;
mod pushed_requests;
mod relying_parties;
mod revocations;
mod sessions;
mod sign_in;
mod statuses;
mod streams;
mod throttles;
mod users;

use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard};

use cloakroom_model::authorization::{Consent, DeviceRequest, PushedRequest, RelyingParty};
use cloakroom_model::client::Client;
use cloakroom_model::data::{Document, Namespace, Owner};
use cloakroom_model::grant::Grant;
use cloakroom_model::id::{ClientId, GrantId, InitialTokenId, KeyId, SessionId, StreamId, UserId};
use cloakroom_model::initial_token::InitialToken;
use cloakroom_model::key::{DataKey, SigningKey};
use cloakroom_model::link::Link;
use cloakroom_model::log::Timeline;
use cloakroom_model::secret::Digest;
use cloakroom_model::session::{Replaced, Session};
use cloakroom_model::time::Timestamp;
use cloakroom_model::user::Lookup;

use crate::{Error, Login};

/// The clock that says the time in [`crate::Reading`] and [`crate::Snapshot`].
pub type Clock = Arc<dyn Fn() -> Timestamp + Send + Sync>;

/// Keeps everything in one process, and forgets it at exit.
pub struct Memory {
    state: Mutex<State>,
    clock: Clock,
}

impl Memory {
    /// An empty store that reads the time from `clock`.
    #[must_use]
    pub fn new(clock: Clock) -> Self {
        Self { state: Mutex::default(), clock }
    }

    /// What it holds now, as a replica would that hears of nothing more; for [`Memory::fail_over_to`].
    ///
    /// # Errors
    ///
    /// When an earlier verb panicked.
    pub fn replica(&self) -> Result<Self, Error> {
        let state = Mutex::new(self.state()?.clone());
        Ok(Self { state, clock: Arc::clone(&self.clock) })
    }

    /// Goes on from what a replica holds, on another timeline: what was done since is lost, and no row says so.
    ///
    /// # Errors
    ///
    /// When an earlier verb panicked.
    pub fn fail_over_to(&self, replica: Self) -> Result<(), Error> {
        let mut taken_over = replica.state.into_inner().map_err(|_| half_done())?;
        let mut state = self.state()?;
        taken_over.timeline = Timeline(state.timeline.0 + 1);
        *state = taken_over;
        Ok(())
    }

    /// The state, for one verb. Where an earlier verb panicked it may have been left half done, and is not
    /// used any more.
    fn state(&self) -> Result<MutexGuard<'_, State>, Error> {
        self.state.lock().map_err(|_| half_done())
    }

    fn now(&self) -> Timestamp {
        (self.clock)()
    }
}

impl fmt::Debug for Memory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Memory").finish_non_exhaustive()
    }
}

/// Everything there is.
#[derive(Clone, Default)]
struct State {
    users: BTreeMap<UserId, Login>,
    names: HashMap<Lookup, UserId>,
    sessions: BTreeMap<SessionId, KeptSession>,
    secrets: HashMap<Digest, SessionId>,
    replaced: HashMap<Digest, ReplacedSecret>,
    documents: BTreeMap<Owner, BTreeMap<(ClientId, Namespace), Document>>,
    grants: BTreeMap<GrantId, Grant>,
    consents: BTreeMap<(UserId, ClientId), Consent>,
    pushed_requests: HashMap<Digest, PushedRequest>,
    codes: HashMap<Digest, codes::KeptCode>,
    device_requests: HashMap<Digest, DeviceRequest>,
    relying_parties: BTreeMap<(SessionId, ClientId), RelyingParty>,
    marks: HashMap<Digest, Timestamp>,
    statuses: statuses::StatusList,
    links: HashMap<Digest, Link>,
    initial_tokens: BTreeMap<InitialTokenId, InitialToken>,
    clients: BTreeMap<ClientId, Client>,
    data_keys: BTreeMap<u32, DataKey>,
    signing_keys: BTreeMap<KeyId, SigningKey>,
    failures: HashMap<UserId, throttles::Failures>,
    failures_of_nobody: HashMap<Digest, throttles::Failures>,
    devices: HashMap<(UserId, Digest), throttles::Device>,
    streams: BTreeMap<StreamId, streams::Kept>,
    log: revocations::Log,
    timeline: Timeline,
    events: events::Recorder,
}

/// A session, signed in or not, with how it is found.
#[derive(Clone)]
struct KeptSession {
    session: Session,
    secret: Option<Digest>,
}

/// What a secret was.
#[derive(Clone)]
struct ReplacedSecret {
    replaced: Replaced,
    /// Whose: guests are found by another verb than sessions with a user.
    was_guest: bool,
}

impl State {
    /// A signed-in session.
    fn signed_in(&self, id: SessionId) -> Option<&KeptSession> {
        self.sessions.get(&id).filter(|kept| kept.session.user.is_some())
    }

    /// A guest.
    fn guest(&self, id: SessionId) -> Option<&KeptSession> {
        self.sessions.get(&id).filter(|kept| kept.session.user.is_none())
    }

    /// The signed-in sessions of a user, by id.
    fn sessions_of(&self, user: UserId) -> impl Iterator<Item = &Session> {
        self.sessions
            .values()
            .map(|kept| &kept.session)
            .filter(move |session| session.user == Some(user))
    }

    /// Keeps a session of a name that was never there.
    fn insert_session(&mut self, session: Session, secret: Option<Digest>) {
        if let Some(secret) = secret {
            self.secrets.insert(secret, session.id);
        }
        self.sessions.insert(session.id, KeptSession { session, secret });
    }

    /// Gives a session another secret, and remembers the one it had.
    fn swap_secret(&mut self, id: SessionId, secret: Digest, at: Timestamp) {
        let Some(kept) = self.sessions.get_mut(&id) else { return };
        let was_guest = kept.session.user.is_none();
        let old = kept.secret.replace(secret);
        self.secrets.insert(secret, id);
        if let Some(old) = old {
            self.secrets.remove(&old);
            let replaced = Replaced { session: id, successor: id, at };
            self.replaced.insert(old, ReplacedSecret { replaced, was_guest });
        }
    }
}

fn half_done() -> Error {
    Error::Corrupt("an act panicked half way".to_owned())
}

/// A name that was made at random is there already: the caller's randomness is broken.
fn id_taken(what: &str) -> Error {
    Error::Corrupt(format!("a {what} of this id is there already"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contract::Fresh;

    crate::contract!(Fresh::new(Memory::new(Arc::new(|| Timestamp(1_800_000_000_000)))));
}

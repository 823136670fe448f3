//! What a guest becomes when somebody signs in, and the end of everybody's sessions.

use std::collections::HashMap;
use std::time::Duration;

use async_trait::async_trait;
use cloakroom_model::event::{Kind, Reason};
use cloakroom_model::id::{ClientId, SessionId, UserId};
use cloakroom_model::log::{Change, Row, Subject};
use cloakroom_model::room::Room;
use cloakroom_model::secret::Digest;
use cloakroom_model::session::Session;
use cloakroom_model::time::Timestamp;
use cloakroom_store::{
    Act, Begin, Begun, Done, Elsewhere, Ends, Error, FoundSession, LiveSession, ReplaceSecret,
    Replacing, Sessions, Store, Who,
};
use tokio::time::sleep;

use super::guests::guest;
use super::{ATTEMPTS, LOOK_AGAIN, WithRedis, claim_of, claim_text, corrupt, data};
use crate::scripts;

#[async_trait]
impl<S: Store> Sessions for WithRedis<S> {
    async fn find_session(
        &self,
        secret: &Digest,
        now: Timestamp,
    ) -> Result<Option<FoundSession>, Error> {
        self.authority.find_session(secret, now).await
    }

    async fn find_session_by_id(&self, id: SessionId) -> Result<Option<LiveSession>, Error> {
        self.authority.find_session_by_id(id).await
    }

    async fn find_last_seen(&self, id: SessionId) -> Result<Option<Timestamp>, Error> {
        self.last_seen.find_last_seen(&self.authority, id).await
    }

    async fn begin_session(&self, begin: Begin, act: &Act) -> Result<Begun, Error> {
        if let (Some(_), Who::Known { user, .. }) = (begin.limit, &begin.who) {
            // Where there is no more room, the one that was used longest ago makes some.
            self.last_seen.list_sessions(&self.authority, *user).await?;
        }
        let mut begin = begin;
        let Some(earlier) = &mut begin.earlier else {
            return self.authority.begin_session(begin, act).await;
        };
        let id = earlier.id;
        let claimed = match self.claim(id, act.at).await {
            Ok(claimed) => claimed,
            Err(Error::OutOfReach(away)) => {
                tracing::debug!(away, "somebody signs in without the guest that they were");
                return self.begin_without_guest(id, begin, act).await;
            }
            Err(error) => return Err(error),
        };
        let Some(Claimed { claim, elsewhere }) = claimed else {
            return self.authority.begin_session(begin, act).await;
        };
        earlier.elsewhere = Some(elsewhere);
        let answer = self.authority.begin_session(begin, act).await;
        match &answer {
            Ok(Begun::Done(done)) => self.delete(id, &done.rows).await,
            // Nothing was done, and nothing will be. Where Redis is away the claim is given up later.
            Ok(_) | Err(Error::Busy) => drop(self.free(id, claim).await),
            // Whether it was done is not known here: it is found out by whoever gives the claim up.
            Err(_) => {}
        }
        answer
    }

    async fn replace_secret(&self, replace: ReplaceSecret, act: &Act) -> Result<Replacing, Error> {
        let mut replace = replace;
        let Some(id) = replace.earlier.filter(|id| *id != replace.session) else {
            return self.authority.replace_secret(replace, act).await;
        };
        let found = match self.find_here(id).await {
            Ok(found) => found,
            // It hands on nothing, and stays.
            Err(Error::OutOfReach(_)) => None,
            Err(error) => return Err(error),
        };
        let lies_here = found.is_some();
        if let Some(found) = found {
            replace.elsewhere = found.secret;
        }
        let answer = self.authority.replace_secret(replace, act).await;
        if let (true, Ok(Replacing::Done(done))) = (lies_here, &answer) {
            self.delete(id, &done.rows).await;
        }
        answer
    }

    async fn end_session(
        &self,
        id: SessionId,
        reason: Reason,
        act: &Act,
    ) -> Result<Option<Done<()>>, Error> {
        self.authority.end_session(id, reason, act).await
    }

    /// Of guests in Redis it is neither known how many end nor which: their rooms begin anew, and every node looks again at
    /// what it remembers of any client.
    async fn end_sessions(
        &self,
        which: Ends,
        reason: Reason,
        act: &Act,
    ) -> Result<Done<usize>, Error> {
        if which != Ends::Everybodys {
            return self.authority.end_sessions(which, reason, act).await;
        }
        for room in Room::all() {
            self.forget_room(room).await?;
        }
        let mut done = self.authority.end_sessions(which, reason, act).await?;
        done.rows.extend(self.announce_clients(act).await?);
        Ok(done)
    }

    async fn list_sessions(&self, user: UserId) -> Result<Vec<Session>, Error> {
        self.last_seen.list_sessions(&self.authority, user).await
    }

    async fn list_all_sessions(
        &self,
        after: Option<SessionId>,
        limit: usize,
    ) -> Result<Vec<Session>, Error> {
        self.authority.list_all_sessions(after, limit).await
    }

    async fn touch_sessions(&self, seen: &[(SessionId, Timestamp)]) -> Result<(), Error> {
        self.last_seen.touch_sessions(&self.authority, seen).await
    }

    async fn expire_sessions(
        &self,
        lag: Duration,
        limit: usize,
        act: &Act,
    ) -> Result<Done<usize>, Error> {
        self.last_seen.expire_sessions(&self.authority, lag, limit, act).await
    }
}

/// A guest whose documents do not change until the claim is gone.
struct Claimed {
    claim: u128,
    elsewhere: Elsewhere,
}

impl<S: Store> WithRedis<S> {
    /// Begins a session in the place of what the authority may know by this name. If it is a guest of ours, it stays as it is.
    async fn begin_without_guest(
        &self,
        id: SessionId,
        begin: Begin,
        act: &Act,
    ) -> Result<Begun, Error> {
        let is_a_guest_of_ours = !self.is_the_authoritys(id).await?;
        let (user, session) = (begin.session.user, begin.session.id);
        let answer = self.authority.begin_session(begin, act).await?;
        if is_a_guest_of_ours && matches!(answer, Begun::Done(_)) {
            let mut event = act.another(Kind::GuestNotMerged);
            (event.user, event.session) = (user, Some(session));
            // The session is there, whether this is told or not.
            if let Err(error) = self.authority.record(vec![event]).await {
                tracing::warn!(%error, "it is not recorded that a guest was left behind");
            }
        }
        Ok(answer)
    }

    /// Claims a guest; `None` where it does not lie in Redis.
    async fn claim(&self, id: SessionId, now: Timestamp) -> Result<Option<Claimed>, Error> {
        let room = Room::of_guest(id);
        let keys = [self.keys.guest(id)];
        let claim = u128::from((self.random)()) << 64 | u128::from((self.random)());
        for _ in 0..ATTEMPTS {
            let args = [claim_text(claim)];
            let answer: Vec<Vec<u8>> = self.in_room(room, &scripts::CLAIM, &keys, &args).await?;
            match answer.as_slice() {
                [] => return Ok(None),
                [word, fields @ ..] if word == b"mine" => {
                    return Ok(Some(Claimed { claim, elsewhere: elsewhere(id, claim, fields)? }));
                }
                [_, other, age] => {
                    let other = claim_of(text(other)?)?;
                    let age: f64 = text(age)?.parse().map_err(|_| corrupt("claim"))?;
                    if age >= self.patience.as_secs_f64() * 1000.0 {
                        self.give_up(id, other, now).await?;
                    } else {
                        sleep(LOOK_AGAIN).await;
                    }
                }
                _ => return Err(corrupt("claim")),
            }
        }
        Err(Error::Busy)
    }

    /// Makes all that lies in a room worth nothing.
    async fn forget_room(&self, room: Room) -> Result<(), Error> {
        let way = self.way();
        for _ in 0..ATTEMPTS {
            let seen = way.mark(room).await?;
            way.begin_anew(room, seen.clone()).await?;
            if way.mark(room).await? != seen {
                return self.rooms.verify(room, &way, true).await;
            }
        }
        Err(Error::Busy)
    }

    /// Tells every node to look again at whoever came by any client.
    async fn announce_clients(&self, act: &Act) -> Result<Vec<Row>, Error> {
        let clients = self.authority.list_clients().await?.into_iter().map(|client| client.id);
        // The pattern for ends that are told one by one is itself not told.
        let quietly = Act { event: act.another(Kind::SessionEnded), ..act.clone() };
        let mut rows = Vec::new();
        for client in clients.chain([ClientId::built_in()]) {
            let client = Subject::Client(client);
            let done = self.authority.announce(client, Change::Changed, &quietly).await?;
            rows.extend(done.rows);
        }
        Ok(rows)
    }
}

fn elsewhere(id: SessionId, claim: u128, fields: &[Vec<u8>]) -> Result<Elsewhere, Error> {
    let fields: HashMap<&[u8], &[u8]> =
        fields.chunks_exact(2).map(|pair| (pair[0].as_slice(), pair[1].as_slice())).collect();
    let field = |name: &[u8]| fields.get(name).map(|bytes| text(bytes)).transpose();
    let (Some(session), Some(seen)) = (field(b"s")?, field(b"seen")?) else {
        return Err(corrupt("guest"));
    };
    let secret = guest(session, seen, field(b"d")?)?.secret;
    let mut documents = Vec::new();
    for (field, bytes) in &fields {
        documents.extend(data::document_in(id, field, bytes)?);
    }
    Ok(Elsewhere { secret, documents, claim: Some(Elsewhere::mark_of_claim(claim)) })
}

fn text(bytes: &[u8]) -> Result<&str, Error> {
    std::str::from_utf8(bytes).map_err(|_| corrupt("guest"))
}

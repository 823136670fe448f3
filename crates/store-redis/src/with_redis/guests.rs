//! Guests: those carried by a cookie lie in Redis.

use std::collections::HashSet;
use std::time::Duration;

use async_trait::async_trait;
use cloakroom_model::event::Reason;
use cloakroom_model::grant::Grant;
use cloakroom_model::id::SessionId;
use cloakroom_model::room::Room;
use cloakroom_model::secret::Digest;
use cloakroom_model::session::Session;
use cloakroom_model::time::Timestamp;
use cloakroom_store::{Act, Done, Error, Guests, LiveGuest, Store};

use super::{WithRedis, corrupt};
use crate::keys::hex;
use crate::scripts;

/// How long a guest is kept beyond its time: for last-seen times that come late.
const KEPT_BEYOND: Duration = Duration::from_mins(10);

#[async_trait]
impl<S: Store> Guests for WithRedis<S> {
    async fn insert_guest(
        &self,
        guest: Session,
        secret: Option<Digest>,
        grant: Option<Grant>,
        act: &Act,
    ) -> Result<(), Error> {
        let room = Room::of_guest(guest.id);
        // One whose name does not lead where its secret leads could not be found here.
        let is_of_one_room = secret.is_none_or(|secret| Room::of_digest(&secret) == room);
        if grant.is_some() || !is_of_one_room {
            return self.authority.insert_guest(guest, secret, grant, act).await;
        }
        self.keep(room, &guest, secret).await
    }

    async fn find_guest(
        &self,
        secret: &Digest,
        now: Timestamp,
    ) -> Result<Option<LiveGuest>, Error> {
        let here = self.find_by_secret(secret).await;
        let here = here.map(|it| it.map(|session| LiveGuest::Live(Box::new(session))));
        or_the_authoritys(here, self.authority.find_guest(secret, now)).await
    }

    async fn find_guest_by_id(&self, id: SessionId) -> Result<Option<Session>, Error> {
        let here = self.find_here(id).await.map(|it| it.map(|found| found.session));
        or_the_authoritys(here, self.authority.find_guest_by_id(id)).await
    }

    async fn end_guest(
        &self,
        id: SessionId,
        reason: Reason,
        act: &Act,
    ) -> Result<Option<Done<()>>, Error> {
        match self.find_here(id).await {
            Ok(None) => return self.authority.end_guest(id, reason, act).await,
            Ok(Some(_)) => {}
            // It may be either's.
            Err(_) => {
                if let Some(done) = self.authority.end_guest(id, reason, act).await? {
                    return Ok(Some(done));
                }
            }
        }
        let done = self.authority.end_guest_elsewhere(id, reason, act).await?;
        self.delete(id, done.as_ref().map_or(&[], |done| &done.rows)).await;
        Ok(done)
    }

    async fn end_guest_elsewhere(
        &self,
        id: SessionId,
        reason: Reason,
        act: &Act,
    ) -> Result<Option<Done<()>>, Error> {
        self.authority.end_guest_elsewhere(id, reason, act).await
    }

    async fn touch_guests(&self, seen: &[(SessionId, Timestamp)]) -> Result<(), Error> {
        let mut elsewhere = Vec::new();
        let mut failed = None;
        for room in Room::all() {
            let of_room: Vec<_> =
                seen.iter().copied().filter(|(id, _)| Room::of_guest(*id) == room).collect();
            if of_room.is_empty() {
                continue;
            }
            match self.touch(room, &of_room).await {
                Ok(missing) => elsewhere.extend(missing),
                Err(error) => {
                    elsewhere.extend(of_room);
                    failed = Some(error);
                }
            }
        }
        if !elsewhere.is_empty() {
            self.authority.touch_guests(&elsewhere).await?;
        }
        failed.map_or(Ok(()), Err)
    }

    /// Those in Redis go by themselves.
    async fn expire_guests(
        &self,
        lag: Duration,
        limit: usize,
        act: &Act,
    ) -> Result<Done<usize>, Error> {
        self.authority.expire_guests(lag, limit, act).await
    }
}

/// What was found in Redis, or else what the authority has. Where Redis is away and the authority has nothing, nobody knows.
async fn or_the_authoritys<T>(
    here: Result<Option<T>, Error>,
    there: impl Future<Output = Result<Option<T>, Error>>,
) -> Result<Option<T>, Error> {
    match here {
        Ok(Some(found)) => Ok(Some(found)),
        Ok(None) => there.await,
        Err(away) => there.await?.map(Some).ok_or(away),
    }
}

/// A guest that lies in Redis.
pub(super) struct Found {
    pub(super) session: Session,
    pub(super) secret: Option<Digest>,
}

impl<S: Store> WithRedis<S> {
    async fn keep(&self, room: Room, guest: &Session, secret: Option<Digest>) -> Result<(), Error> {
        let left = guest.idle_expires_at().since(guest.last_seen_at);
        let text =
            serde_json::to_string(guest).map_err(|error| Error::Unavailable(error.into()))?;
        let args = [
            text,
            secret.as_ref().map(hex).unwrap_or_default(),
            guest.last_seen_at.0.to_string(),
            milliseconds(guest.idle),
            guest.expires_at.0.to_string(),
            milliseconds(left + KEPT_BEYOND),
            guest.id.to_string(),
        ];
        let key = self.keys.guest(guest.id);
        let of_secret =
            secret.as_ref().map_or_else(|| key.clone(), |secret| self.keys.secret(secret));
        match self.in_room::<u8>(room, &scripts::INSERT, &[key, of_secret], &args).await? {
            1 => Ok(()),
            _ => Err(Error::Corrupt("a session of this id is there already".to_owned())),
        }
    }

    async fn find_by_secret(&self, secret: &Digest) -> Result<Option<Session>, Error> {
        let room = Room::of_digest(secret);
        let args = [self.keys.guests(room), hex(secret)];
        let keys = [self.keys.secret(secret)];
        let fields: Vec<String> =
            self.in_room(room, &scripts::FIND_BY_SECRET, &keys, &args).await?;
        match fields.as_slice() {
            [] => Ok(None),
            [session, seen] => Ok(Some(guest(session, seen, None)?.session)),
            _ => Err(corrupt("guest")),
        }
    }

    /// Finds a guest in Redis.
    pub(super) async fn find_here(&self, id: SessionId) -> Result<Option<Found>, Error> {
        let keys = [self.keys.guest(id)];
        let nothing: [&str; 0] = [];
        let room = Room::of_guest(id);
        let fields: Vec<_> = self.in_room(room, &scripts::FIND, &keys, &nothing).await?;
        found(&fields)
    }

    /// Raises last-seen times; answers those of guests that are not in Redis.
    async fn touch(
        &self,
        room: Room,
        seen: &[(SessionId, Timestamp)],
    ) -> Result<Vec<(SessionId, Timestamp)>, Error> {
        let mut args =
            vec![self.keys.guests(room), self.keys.secrets(room), milliseconds(KEPT_BEYOND)];
        args.extend(seen.iter().flat_map(|(id, at)| [id.to_string(), at.0.to_string()]));
        let keys = [self.keys.mark(room)];
        let missing: HashSet<String> = self.connection.run(&scripts::TOUCH, &keys, args).await?;
        Ok(seen.iter().copied().filter(|(id, _)| missing.contains(&id.to_string())).collect())
    }
}

fn found(fields: &[Option<String>]) -> Result<Option<Found>, Error> {
    let [Some(session), Some(seen), secret] = fields else {
        return if fields.is_empty() { Ok(None) } else { Err(corrupt("guest")) };
    };
    guest(session, seen, secret.as_deref()).map(Some)
}

/// A guest from its fields.
pub(super) fn guest(session: &str, seen: &str, secret: Option<&str>) -> Result<Found, Error> {
    let session: Session = serde_json::from_str(session).map_err(|_| corrupt("guest"))?;
    let last_seen_at = Timestamp(seen.parse().map_err(|_| corrupt("guest"))?);
    let secret = secret.map(digest).transpose()?;
    Ok(Found { session: Session { last_seen_at, ..session }, secret })
}

fn digest(text: &str) -> Result<Digest, Error> {
    let mut bytes = [0; 32];
    if text.len() != 64 || !text.is_ascii() {
        return Err(corrupt("digest"));
    }
    for (byte, at) in bytes.iter_mut().zip((0..64).step_by(2)) {
        *byte = u8::from_str_radix(&text[at..at + 2], 16).map_err(|_| corrupt("digest"))?;
    }
    Ok(Digest(bytes))
}

fn milliseconds(span: Duration) -> String {
    span.as_millis().to_string()
}

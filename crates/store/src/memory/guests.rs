//! Sessions without a user. They lie beside those with one and end alike.

use std::time::Duration;

use async_trait::async_trait;
use cloakroom_model::event::Reason;
use cloakroom_model::grant::Grant;
use cloakroom_model::id::SessionId;
use cloakroom_model::secret::Digest;
use cloakroom_model::session::Session;
use cloakroom_model::time::Timestamp;

use super::endings::Trace;
use super::{Memory, State, id_taken};
use crate::{Act, Done, Error, Guests, LiveGuest};

#[async_trait]
impl Guests for Memory {
    async fn insert_guest(
        &self,
        guest: Session,
        secret: Option<Digest>,
        grant: Option<Grant>,
        act: &Act,
    ) -> Result<(), Error> {
        self.state()?.insert_guest(guest, secret, grant, act)
    }

    async fn find_guest(
        &self,
        secret: &Digest,
        now: Timestamp,
    ) -> Result<Option<LiveGuest>, Error> {
        Ok(self.state()?.find_guest(secret, now))
    }

    async fn find_guest_by_id(&self, id: SessionId) -> Result<Option<Session>, Error> {
        Ok(self.state()?.guest(id).map(|kept| kept.session.clone()))
    }

    async fn end_guest(
        &self,
        id: SessionId,
        reason: Reason,
        act: &Act,
    ) -> Result<Option<Done<()>>, Error> {
        Ok(self.state()?.end_guest(id, reason, act))
    }

    async fn end_guest_elsewhere(
        &self,
        id: SessionId,
        reason: Reason,
        act: &Act,
    ) -> Result<Option<Done<()>>, Error> {
        Ok(self.state()?.end_guest_elsewhere(id, reason, act))
    }

    async fn touch_guests(&self, seen: &[(SessionId, Timestamp)]) -> Result<(), Error> {
        self.state()?.touch(seen, |session| session.user.is_none());
        Ok(())
    }

    async fn expire_guests(
        &self,
        lag: Duration,
        limit: usize,
        act: &Act,
    ) -> Result<Done<usize>, Error> {
        Ok(self.state()?.expire(|session| session.user.is_none(), lag, limit, act))
    }
}

impl State {
    fn insert_guest(
        &mut self,
        guest: Session,
        secret: Option<Digest>,
        grant: Option<Grant>,
        act: &Act,
    ) -> Result<(), Error> {
        if self.sessions.contains_key(&guest.id) {
            return Err(id_taken("session"));
        }
        if let Some(grant) = grant {
            self.keep_grant(grant)?;
        }
        self.insert_session(guest, secret);
        self.finish(act, Trace::default());
        Ok(())
    }

    fn find_guest(&self, secret: &Digest, now: Timestamp) -> Option<LiveGuest> {
        if let Some(kept) = self.secrets.get(secret).and_then(|id| self.guest(*id)) {
            return Some(LiveGuest::Live(Box::new(kept.session.clone())));
        }
        self.replaced_secret(secret, true, now).map(LiveGuest::Replaced)
    }

    fn end_guest(&mut self, id: SessionId, reason: Reason, act: &Act) -> Option<Done<()>> {
        self.guest(id)?;
        let mut trace = Trace::default();
        self.end(id, reason, &mut trace);
        Some(Done { value: (), rows: self.finish(act, trace) })
    }

    fn end_guest_elsewhere(
        &mut self,
        id: SessionId,
        reason: Reason,
        act: &Act,
    ) -> Option<Done<()>> {
        let mut trace = Trace::default();
        self.end_elsewhere(id, reason, act.at, &mut trace)
            .then(|| Done { value: (), rows: self.finish(act, trace) })
    }
}

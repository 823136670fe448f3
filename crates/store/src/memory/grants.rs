//! Grants and their chains of refresh tokens.

use async_trait::async_trait;
use cloakroom_model::event::Reason;
use cloakroom_model::grant::Grant;
use cloakroom_model::id::{ClientId, GrantId, SessionId, UserId};
use cloakroom_model::policy::life::{self, Life};

use super::endings::Trace;
use super::{Memory, State, id_taken};
use crate::{
    Act, Done, Error, Grants, InsertGrant, LiveGrant, Rotate, RotateOutcome, status_until,
};

#[async_trait]
impl Grants for Memory {
    async fn insert_grant(&self, grant: Grant, act: &Act) -> Result<InsertGrant, Error> {
        self.state()?.insert_grant(grant, act)
    }

    async fn find_grant(&self, id: GrantId) -> Result<Option<LiveGrant>, Error> {
        Ok(self.state()?.find_grant(id))
    }

    async fn rotate(&self, rotate: Rotate, act: &Act) -> Result<RotateOutcome, Error> {
        Ok(self.state()?.rotate(rotate, act))
    }

    async fn end_grant(
        &self,
        id: GrantId,
        reason: Reason,
        act: &Act,
    ) -> Result<Option<Done<()>>, Error> {
        Ok(self.state()?.end_grant(id, reason, act))
    }

    async fn end_grants_of_user_at(
        &self,
        user: UserId,
        client: &ClientId,
        reason: Reason,
        act: &Act,
    ) -> Result<Done<usize>, Error> {
        Ok(self.state()?.end_grants_of_user_at(user, client, reason, act))
    }

    async fn list_grants_of_session(&self, session: SessionId) -> Result<Vec<Grant>, Error> {
        Ok(self.state()?.list_grants(|grant| grant.session == Some(session)))
    }

    async fn list_grants_of_user(&self, user: UserId) -> Result<Vec<Grant>, Error> {
        Ok(self.state()?.list_grants(|grant| grant.user == Some(user)))
    }

    async fn list_grants_of_user_at(
        &self,
        user: UserId,
        client: &ClientId,
    ) -> Result<Vec<Grant>, Error> {
        let of_both = |grant: &Grant| grant.user == Some(user) && grant.client == *client;
        Ok(self.state()?.list_grants(of_both))
    }

    async fn expire_grants(&self, limit: usize, act: &Act) -> Result<Done<usize>, Error> {
        Ok(self.state()?.expire_grants(limit, act))
    }
}

impl State {
    fn insert_grant(&mut self, grant: Grant, act: &Act) -> Result<InsertGrant, Error> {
        if !self.may_hang(grant.user, grant.session) {
            return Ok(InsertGrant::Pointless);
        }
        self.keep_grant(grant)?;
        self.finish(act, Trace::default());
        Ok(InsertGrant::Done)
    }

    /// Whether there is what a grant would hang from: an active user, a live session of theirs or of a guest.
    pub(super) fn may_hang(&self, user: Option<UserId>, session: Option<SessionId>) -> bool {
        let session = session.map(|id| self.sessions.get(&id).map(|kept| kept.session.user));
        user.is_none_or(|user| self.active_user(user).is_some())
            && session.is_none_or(|whose| whose == Some(user))
    }

    /// Keeps a grant of a name that was never there.
    pub(super) fn keep_grant(&mut self, grant: Grant) -> Result<(), Error> {
        if self.grants.contains_key(&grant.id) {
            return Err(id_taken("grant"));
        }
        let place = grant.details.status;
        if place.is_some_and(|place| self.statuses.taken.contains_key(&place)) {
            return Err(id_taken("status"));
        }
        self.put_grant(grant);
        Ok(())
    }

    /// Puts a grant where nothing is, with the place that its details name.
    pub(super) fn put_grant(&mut self, grant: Grant) {
        if let Some(place) = grant.details.status {
            self.statuses.taken.insert(place, (grant.id, status_until(&grant)));
        }
        self.grants.insert(grant.id, grant);
    }

    pub(super) fn find_grant(&self, id: GrantId) -> Option<LiveGrant> {
        let grant = self.grants.get(&id)?.clone();
        // Ending a session or a user ends its grants, so that a parent is missing only where none was named.
        let session =
            grant.session.and_then(|id| self.sessions.get(&id)).map(|kept| kept.session.clone());
        let user = grant.user.and_then(|id| self.user(id)).cloned();
        Some(LiveGrant { grant, session, user })
    }

    fn rotate(&mut self, rotate: Rotate, act: &Act) -> RotateOutcome {
        let Some(grant) =
            self.grants.get_mut(&rotate.grant).filter(|grant| grant.counter == rotate.expected)
        else {
            return RotateOutcome::Lost;
        };
        grant.counter = rotate.next;
        grant.rotations = rotate.rotations;
        grant.last_used_at = grant.last_used_at.max(act.at);
        if let Some(session) = grant.session {
            self.touch(&[(session, act.at)], |_| true);
        }
        RotateOutcome::Done
    }

    fn end_grant(&mut self, id: GrantId, reason: Reason, act: &Act) -> Option<Done<()>> {
        let mut trace = Trace::default();
        self.end_one_grant(id, reason, &mut trace)
            .then(|| Done { value: (), rows: self.finish(act, trace) })
    }

    fn end_grants_of_user_at(
        &mut self,
        user: UserId,
        client: &ClientId,
        reason: Reason,
        act: &Act,
    ) -> Done<usize> {
        let mut trace = Trace::default();
        let value = self.end_all_of_user_at(user, client, reason, &mut trace);
        Done { value, rows: self.finish(act, trace) }
    }

    fn list_grants(&self, which: impl Fn(&Grant) -> bool) -> Vec<Grant> {
        self.grants.values().filter(|grant| which(grant)).cloned().collect()
    }

    fn expire_grants(&mut self, limit: usize, act: &Act) -> Done<usize> {
        let over = |grant: &Grant| match life::of_grant(grant, act.at) {
            Life::Live => None,
            Life::Idle => Some((grant.id, Reason::Idle)),
            Life::Expired => Some((grant.id, Reason::Expired)),
        };
        let ends: Vec<_> = self.grants.values().filter_map(over).take(limit).collect();
        let mut trace = Trace::default();
        for (id, reason) in &ends {
            self.end_one_grant(*id, *reason, &mut trace);
        }
        Done { value: ends.len(), rows: self.finish(act, trace) }
    }
}

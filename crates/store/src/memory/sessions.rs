//! Signed-in sessions, once they have begun.

use std::cmp::Reverse;
use std::time::Duration;

use async_trait::async_trait;
use cloakroom_model::event::Reason;
use cloakroom_model::id::{SessionId, UserId};
use cloakroom_model::link::Purpose;
use cloakroom_model::log::Subject;
use cloakroom_model::policy::life::{self, Life};
use cloakroom_model::secret::Digest;
use cloakroom_model::session::{Replaced, Session};
use cloakroom_model::time::Timestamp;

use super::endings::Trace;
use super::{KeptSession, Memory, State};
use crate::{
    Act, Begin, Begun, Done, Ends, Error, FoundSession, LiveSession, ReplaceSecret, Replacing,
    Sessions,
};

#[async_trait]
impl Sessions for Memory {
    async fn find_session(
        &self,
        secret: &Digest,
        now: Timestamp,
    ) -> Result<Option<FoundSession>, Error> {
        Ok(self.state()?.find_session(secret, now))
    }

    async fn find_session_by_id(&self, id: SessionId) -> Result<Option<LiveSession>, Error> {
        Ok(self.state()?.live_session(id))
    }

    async fn begin_session(&self, begin: Begin, act: &Act) -> Result<Begun, Error> {
        self.state()?.begin_session(begin, act)
    }

    async fn replace_secret(&self, replace: ReplaceSecret, act: &Act) -> Result<Replacing, Error> {
        Ok(self.state()?.replace_secret(replace, act))
    }

    async fn end_session(
        &self,
        id: SessionId,
        reason: Reason,
        act: &Act,
    ) -> Result<Option<Done<()>>, Error> {
        Ok(self.state()?.end_session(id, reason, act))
    }

    async fn end_sessions(
        &self,
        which: Ends,
        reason: Reason,
        act: &Act,
    ) -> Result<Done<usize>, Error> {
        Ok(self.state()?.end_sessions(which, reason, act))
    }

    async fn list_sessions(&self, user: UserId) -> Result<Vec<Session>, Error> {
        let mut sessions: Vec<_> = self.state()?.sessions_of(user).cloned().collect();
        sessions.sort_by_key(|session| Reverse((session.last_seen_at, session.id)));
        Ok(sessions)
    }

    async fn list_all_sessions(
        &self,
        after: Option<SessionId>,
        limit: usize,
    ) -> Result<Vec<Session>, Error> {
        let state = self.state()?;
        let sessions = state.sessions.values().map(|kept| &kept.session);
        let listed = sessions
            .filter(|session| session.user.is_some())
            .filter(|session| after.is_none_or(|after| session.id > after));
        Ok(listed.take(limit).cloned().collect())
    }

    async fn touch_sessions(&self, seen: &[(SessionId, Timestamp)]) -> Result<(), Error> {
        self.state()?.touch(seen, |session| session.user.is_some());
        Ok(())
    }

    async fn expire_sessions(
        &self,
        lag: Duration,
        limit: usize,
        act: &Act,
    ) -> Result<Done<usize>, Error> {
        Ok(self.state()?.expire(|session| session.user.is_some(), lag, limit, act))
    }
}

impl State {
    fn find_session(&self, secret: &Digest, now: Timestamp) -> Option<FoundSession> {
        if let Some(live) = self.secrets.get(secret).and_then(|id| self.live_session(*id)) {
            return Some(FoundSession::Live(Box::new(live)));
        }
        self.replaced_secret(secret, false, now).map(FoundSession::Replaced)
    }

    fn live_session(&self, id: SessionId) -> Option<LiveSession> {
        let KeptSession { session, secret } = self.signed_in(id)?;
        let user = self.user(session.user?)?;
        Some(LiveSession { session: session.clone(), user: user.clone(), secret: *secret })
    }

    /// What became of a secret, as long as that is told.
    pub(super) fn replaced_secret(
        &self,
        secret: &Digest,
        was_guest: bool,
        now: Timestamp,
    ) -> Option<Replaced> {
        let found = self.replaced.get(secret).filter(|it| it.was_guest == was_guest)?;
        is_told(&found.replaced, now).then(|| found.replaced.clone())
    }

    fn replace_secret(&mut self, replace: ReplaceSecret, act: &Act) -> Replacing {
        let id = replace.session;
        let Some(live) = self.live_session(id) else { return Replacing::NoSession };
        if replace.expected_generation.is_some_and(|expected| expected != live.user.generation) {
            return Replacing::Stale;
        }
        let purpose = Purpose::Cookie { session: id };
        if replace.link.is_some_and(|link| !self.link_works(&link, act.at, purpose)) {
            return Replacing::LinkSpent;
        }

        let mut trace = Trace::default();
        if let Some(link) = replace.link {
            self.links.remove(&link);
        }
        self.swap_secret(id, replace.secret, act.at);
        if let Some(kept) = self.sessions.get_mut(&id)
            && replace.authentication.is_some()
        {
            kept.session.authentication = replace.authentication;
        }
        trace.changed(Subject::Session(id));
        if let Some(earlier) = replace.earlier.filter(|earlier| *earlier != id) {
            match replace.elsewhere {
                Some(secret) if !self.sessions.contains_key(&earlier) => {
                    if self.mark_over(earlier, act.at) {
                        self.supersede_elsewhere(earlier, Some(secret), id, act.at, &mut trace);
                    }
                }
                _ => self.supersede(earlier, id, act.at, &mut trace),
            }
        }
        let Some(value) = self.live_session(id).map(Box::new) else { return Replacing::NoSession };
        Replacing::Done(Done { value, rows: self.finish(act, trace) })
    }

    fn end_session(&mut self, id: SessionId, reason: Reason, act: &Act) -> Option<Done<()>> {
        self.signed_in(id)?;
        let mut trace = Trace::default();
        self.end(id, reason, &mut trace);
        Some(Done { value: (), rows: self.finish(act, trace) })
    }

    fn end_sessions(&mut self, which: Ends, reason: Reason, act: &Act) -> Done<usize> {
        let mut trace = Trace::default();
        let value = match which {
            Ends::AllOf(user) => self.end_all_of(user, reason, &mut trace),
            Ends::Others { user, except } => self.end_others_of(user, except, reason, &mut trace),
            Ends::Everybodys => {
                let sessions = self.end_all(|_| true, reason, &mut trace);
                self.end_grants(|_| true, reason, &mut trace);
                self.links.clear();
                self.forget_requests();
                sessions
            }
        };
        Done { value, rows: self.finish(act, trace) }
    }

    /// Raises the last-seen times of those sessions that are of this kind.
    pub(super) fn touch(
        &mut self,
        seen: &[(SessionId, Timestamp)],
        kind: impl Fn(&Session) -> bool,
    ) {
        for (id, at) in seen {
            if let Some(kept) = self.sessions.get_mut(id).filter(|kept| kind(&kept.session)) {
                kept.session.last_seen_at = kept.session.last_seen_at.max(*at);
            }
        }
    }

    /// Ends those sessions of this kind whose time is over.
    pub(super) fn expire(
        &mut self,
        kind: impl Fn(&Session) -> bool,
        lag: Duration,
        limit: usize,
        act: &Act,
    ) -> Done<usize> {
        let over = |session: &Session| match life::of_session(
            session,
            session.last_seen_at.plus(lag),
            act.at,
        ) {
            Life::Live => None,
            Life::Idle => Some((session.id, Reason::Idle)),
            Life::Expired => Some((session.id, Reason::Expired)),
        };
        let sessions = self.sessions.values().map(|kept| &kept.session);
        let ends: Vec<_> =
            sessions.filter(|session| kind(session)).filter_map(over).take(limit).collect();
        let mut trace = Trace::default();
        for (id, reason) in &ends {
            self.end(*id, *reason, &mut trace);
        }
        self.replaced.retain(|_, secret| is_told(&secret.replaced, act.at));
        Done { value: ends.len(), rows: self.finish(act, trace) }
    }
}

pub(super) fn is_told(replaced: &Replaced, now: Timestamp) -> bool {
    now.since(replaced.at) <= Replaced::RECOGNISED
}

//! Ending things, and what an act leaves in the log and among the events.

use cloakroom_model::authorization::{DeviceAnswer, DeviceRequest};
use cloakroom_model::data::Owner;
use cloakroom_model::event::{Event, Reason};
use cloakroom_model::grant::Grant;
use cloakroom_model::id::{ClientId, GrantId, SessionId, UserId};
use cloakroom_model::link::Purpose;
use cloakroom_model::log::{Change, Row, Subject};
use cloakroom_model::secret::Digest;
use cloakroom_model::session::{Replaced, Session};
use cloakroom_model::signal::UserSignal;
use cloakroom_model::time::Timestamp;

use super::codes::KeptCode;
use super::{ReplacedSecret, State};
use crate::{Act, Elsewhere, Ended, Error};

/// What an act has done so far.
#[derive(Default)]
pub(super) struct Trace {
    rows: Vec<(Subject, Change)>,
    ended: Vec<Ended>,
    besides: Vec<Event>,
    signals: Vec<UserSignal>,
}

impl Trace {
    /// Something is different.
    pub(super) fn changed(&mut self, subject: Subject) {
        self.rows.push((subject, Change::Changed));
    }

    /// Something that is neither a session nor a grant is over.
    pub(super) fn ended(&mut self, subject: Subject) {
        self.rows.push((subject, Change::Ended));
    }

    /// An event beside the act's own.
    pub(super) fn event(&mut self, event: Event) {
        self.besides.push(event);
    }

    /// A signal that no event tells whole.
    pub(super) fn signal(&mut self, signal: UserSignal) {
        self.signals.push(signal);
    }

    fn end(&mut self, ended: Ended) {
        self.rows.push((ended.subject(), Change::Ended));
        self.ended.push(ended);
    }
}

impl State {
    /// Writes down what a done act did; answers its rows. The last step of every act.
    pub(super) fn finish(&mut self, act: &Act, trace: Trace) -> Vec<Row> {
        let mut events = act.events(&trace.ended);
        events.extend(trace.besides);
        let mut signals: Vec<_> = events.iter().filter_map(UserSignal::of).collect();
        signals.extend(trace.signals);
        self.tell_streams(act, &signals);
        self.events.record(events);
        self.log.append(act, trace.rows)
    }

    /// Ends a session, signed in or not, with everything that hangs from it. `false` where there is none.
    pub(super) fn end(&mut self, id: SessionId, reason: Reason, trace: &mut Trace) -> bool {
        let Some(kept) = self.sessions.remove(&id) else { return false };
        if let Some(secret) = kept.secret {
            self.secrets.remove(&secret);
        }
        trace.end(Ended::Session { id, user: kept.session.user, reason });
        self.end_grants(|grant| grant.session == Some(id), Reason::SessionEnded, trace);
        self.documents.remove(&Owner::Session(id));
        self.codes.retain(|_, kept| kept.spent_by.is_some() || kept.code.session != id);
        self.device_requests.retain(|_, request| allowed_in(request) != Some(id));
        self.links.retain(|_, link| link.purpose != Purpose::Cookie { session: id });
        self.replaced.retain(|_, secret| secret.replaced.successor != id);
        true
    }

    /// Ends every session that `which` names; answers how many.
    pub(super) fn end_all(
        &mut self,
        which: impl Fn(&Session) -> bool,
        reason: Reason,
        trace: &mut Trace,
    ) -> usize {
        let sessions = self.sessions.values().map(|kept| &kept.session);
        let ids: Vec<_> = sessions.filter(|session| which(session)).map(|it| it.id).collect();
        for id in &ids {
            self.end(*id, reason, trace);
        }
        ids.len()
    }

    /// Ends a session in favour of `successor`, which its secret, and those it replaced, name from now on.
    pub(super) fn supersede(
        &mut self,
        id: SessionId,
        successor: SessionId,
        at: Timestamp,
        trace: &mut Trace,
    ) {
        let Some(kept) = self.sessions.get(&id) else { return };
        let (secret, was_guest) = (kept.secret, kept.session.user.is_none());
        for earlier in self.replaced.values_mut().filter(|it| it.replaced.successor == id) {
            earlier.replaced.successor = successor;
        }
        self.end(id, Reason::Superseded, trace);
        if let Some(secret) = secret {
            let replaced = Replaced { session: id, successor, at };
            self.replaced.insert(secret, ReplacedSecret { replaced, was_guest });
        }
    }

    /// Whether a guest that lies elsewhere is over.
    pub(super) fn is_over(&self, guest: SessionId, now: Timestamp) -> bool {
        self.is_marked(&Elsewhere::mark_of_end(guest), now)
    }

    /// Remembers that a guest that lies elsewhere is over and that its claim was used; `false` where it was over before.
    pub(super) fn take_over(
        &mut self,
        guest: SessionId,
        elsewhere: &Elsewhere,
        now: Timestamp,
    ) -> Result<bool, Error> {
        if self.is_over(guest, now) {
            return Ok(false);
        }
        let until = now.plus(Elsewhere::REMEMBERED);
        if elsewhere.claim.is_some_and(|claim| !self.mark_once(claim, until, now)) {
            return Err(Error::Busy);
        }
        Ok(self.mark_over(guest, now))
    }

    /// Remembers that a guest that lies elsewhere is over; `false` where it was over before.
    pub(super) fn mark_over(&mut self, guest: SessionId, now: Timestamp) -> bool {
        self.mark_once(Elsewhere::mark_of_end(guest), now.plus(Elsewhere::REMEMBERED), now)
    }

    /// Ends a guest that lies elsewhere in favour of `successor`, which its secret names from now on.
    pub(super) fn supersede_elsewhere(
        &mut self,
        id: SessionId,
        secret: Option<Digest>,
        successor: SessionId,
        at: Timestamp,
        trace: &mut Trace,
    ) {
        trace.end(Ended::Session { id, user: None, reason: Reason::Superseded });
        if let Some(secret) = secret {
            let replaced = Replaced { session: id, successor, at };
            self.replaced.insert(secret, ReplacedSecret { replaced, was_guest: true });
        }
    }

    /// Ends a guest that lies elsewhere. `false` where it was over before.
    pub(super) fn end_elsewhere(
        &mut self,
        id: SessionId,
        reason: Reason,
        now: Timestamp,
        trace: &mut Trace,
    ) -> bool {
        let first = self.mark_over(id, now);
        if first {
            trace.end(Ended::Session { id, user: None, reason });
        }
        first
    }

    /// Ends one grant. `false` where there is none.
    pub(super) fn end_one_grant(&mut self, id: GrantId, reason: Reason, trace: &mut Trace) -> bool {
        let Some(grant) = self.grants.remove(&id) else { return false };
        trace.end(Ended::Grant { id, session: grant.session, user: grant.user, reason });
        true
    }

    /// Ends every grant that `which` names; answers how many.
    pub(super) fn end_grants(
        &mut self,
        which: impl Fn(&Grant) -> bool,
        reason: Reason,
        trace: &mut Trace,
    ) -> usize {
        let ids: Vec<_> =
            self.grants.values().filter(|grant| which(grant)).map(|grant| grant.id).collect();
        for id in &ids {
            self.end_one_grant(*id, reason, trace);
        }
        ids.len()
    }

    /// Ends all sessions and grants of a user; answers how many sessions.
    pub(super) fn end_all_of(&mut self, user: UserId, reason: Reason, trace: &mut Trace) -> usize {
        let sessions = self.end_all(|session| session.user == Some(user), reason, trace);
        self.end_grants(|grant| grant.user == Some(user), reason, trace);
        sessions
    }

    /// Ends what a user allowed a client; answers how many grants.
    pub(super) fn end_all_of_user_at(
        &mut self,
        user: UserId,
        client: &ClientId,
        reason: Reason,
        trace: &mut Trace,
    ) -> usize {
        self.codes.retain(|_, KeptCode { code, spent_by }| {
            spent_by.is_some() || code.user != user || code.client != *client
        });
        self.device_requests
            .retain(|_, request| allowed_by(request) != Some(user) || request.client != *client);
        let of_both = |grant: &Grant| grant.user == Some(user) && grant.client == *client;
        self.end_grants(of_both, reason, trace)
    }

    /// Forgets everything that could become a grant.
    pub(super) fn forget_requests(&mut self) {
        self.pushed_requests.clear();
        self.codes.clear();
        self.device_requests.clear();
    }

    /// Ends all sessions of a user but one; answers how many. The user's own grants stay.
    pub(super) fn end_others_of(
        &mut self,
        user: UserId,
        except: SessionId,
        reason: Reason,
        trace: &mut Trace,
    ) -> usize {
        let other = |session: &Session| session.user == Some(user) && session.id != except;
        self.end_all(other, reason, trace)
    }
}

/// Who let a device in.
pub(super) fn allowed_by(request: &DeviceRequest) -> Option<UserId> {
    match request.answer {
        DeviceAnswer::Allowed { user, .. } => Some(user),
        DeviceAnswer::Pending | DeviceAnswer::Denied => None,
    }
}

/// In which session they did.
fn allowed_in(request: &DeviceRequest) -> Option<SessionId> {
    match request.answer {
        DeviceAnswer::Allowed { session, .. } => Some(session),
        DeviceAnswer::Pending | DeviceAnswer::Denied => None,
    }
}

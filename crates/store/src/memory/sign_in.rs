//! The beginning of a session: the one act that touches nearly everything.

use cloakroom_model::data::{Document, DocumentKey, Owner};
use cloakroom_model::event::{Event, Kind, Reason};
use cloakroom_model::id::{SessionId, UserId};
use cloakroom_model::link::Purpose;
use cloakroom_model::policy::carry_over::{Carried, CarryOver};
use cloakroom_model::policy::life;
use cloakroom_model::policy::limit::{Limit, Outcome};
use cloakroom_model::secret::Digest;
use cloakroom_model::time::Timestamp;
use cloakroom_model::user::{Life, User};

use super::endings::Trace;
use super::sessions::is_told;
use super::users::NameTaken;
use super::{State, id_taken};
use crate::{Act, Begin, Begun, Done, Earlier, Error, Who};

impl State {
    pub(super) fn begin_session(&mut self, begin: Begin, act: &Act) -> Result<Begun, Error> {
        let user = match self.admit(&begin, act) {
            Ok(user) => user,
            Err(refused) => return Ok(*refused),
        };
        let id = begin.session.id;
        if self.sessions.contains_key(&id) {
            return Err(id_taken("session"));
        }
        let earlier = begin.earlier.as_ref().and_then(|it| self.earlier(it, user.id, act.at));
        let Some(evicted) = self.make_room(begin.limit, user.id, earlier, act.at) else {
            return Ok(Begun::Full);
        };
        let elsewhere = match (earlier, &begin.earlier) {
            (None, Some(Earlier { id, elsewhere: Some(elsewhere), .. })) => {
                self.take_over(*id, elsewhere, act.at)?.then_some((*id, elsewhere.clone()))
            }
            _ => None,
        };

        let mut trace = Trace::default();
        if let Who::New(new) = begin.who {
            self.keep_user(*new);
        }
        if let Some(link) = begin.link {
            self.links.remove(&link);
        }
        if let (Some(earlier), Some(how)) = (earlier, &begin.earlier) {
            let (hands_on, was_guest) = self.hands_on(earlier, user.id);
            let documents =
                if hands_on { self.documents_of(Owner::Session(earlier)) } else { Vec::new() };
            self.carry_over(documents, was_guest, how, user.id, id, act, &mut trace);
            self.supersede(earlier, id, act.at, &mut trace);
        }
        if let (Some((guest, elsewhere)), Some(how)) = (elsewhere, &begin.earlier) {
            self.carry_over(elsewhere.documents, true, how, user.id, id, act, &mut trace);
            self.supersede_elsewhere(guest, elsewhere.secret, id, act.at, &mut trace);
        }
        for session in evicted {
            self.end(session, Reason::Evicted, &mut trace);
        }
        self.insert_session(begin.session, begin.secret);
        if let Some(grant) = begin.grant {
            self.put_grant(grant);
        }
        if let Some(device) = begin.device {
            self.know_device(user.id, device, act.at);
        }
        Ok(Begun::Done(Done { value: user, rows: self.finish(act, trace) }))
    }

    /// Who signs in, or why they may not.
    fn admit(&self, begin: &Begin, act: &Act) -> Result<User, Box<Begun>> {
        let user = match &begin.who {
            Who::New(new) => {
                let User { id, email, username, .. } = &new.user;
                match self.name_taken(*id, email, username.as_ref()) {
                    Some(NameTaken::Email) => return Err(Box::new(Begun::EmailTaken)),
                    Some(NameTaken::Username) => return Err(Box::new(Begun::UsernameTaken)),
                    None => &new.user,
                }
            }
            Who::Known { user, generation } => self
                .user(*user)
                .filter(|user| user.generation == *generation)
                .ok_or(Box::new(Begun::Stale))?,
        };
        if user.life != Life::Active {
            return Err(Box::new(Begun::Stale));
        }
        if begin.link.is_some_and(|link| !self.opens(&link, user.id, act.at)) {
            return Err(Box::new(Begun::LinkSpent));
        }
        Ok(user.clone())
    }

    fn opens(&self, link: &Digest, user: UserId, now: Timestamp) -> bool {
        self.link_works(link, now, Purpose::Recover { user })
            || (self.link_works(link, now, Purpose::SetUp) && !self.has_admin())
    }

    /// The session that gives way: the one that was named, or what already took its place for the same user.
    fn earlier(&self, earlier: &Earlier, user: UserId, now: Timestamp) -> Option<SessionId> {
        if self.sessions.contains_key(&earlier.id) {
            return Some(earlier.id);
        }
        if earlier.elsewhere.is_some() && !self.is_over(earlier.id, now) {
            return None;
        }
        let successor = self
            .replaced
            .values()
            .map(|secret| &secret.replaced)
            .find(|replaced| replaced.session == earlier.id && is_told(replaced, now))?
            .successor;
        let kept = self.signed_in(successor)?;
        (kept.session.user == Some(user)).then_some(successor)
    }

    /// The sessions that must end for one more; `None` where it is refused.
    fn make_room(
        &self,
        limit: Option<Limit>,
        user: UserId,
        earlier: Option<SessionId>,
        now: Timestamp,
    ) -> Option<Vec<SessionId>> {
        let Some(limit) = limit else { return Some(Vec::new()) };
        let live: Vec<_> = self
            .sessions_of(user)
            .filter(|it| Some(it.id) != earlier)
            .filter(|it| life::of_session(it, it.last_seen_at, now) == life::Life::Live)
            .map(|it| (it.id, it.last_seen_at))
            .collect();
        match limit.decide(&live) {
            Outcome::Admit => Some(Vec::new()),
            Outcome::Evict(sessions) => Some(sessions),
            Outcome::Refuse => None,
        }
    }

    /// Whether an earlier session hands its documents on to this user's next, and whether it is a guest.
    fn hands_on(&self, earlier: SessionId, user: UserId) -> (bool, bool) {
        let whose = self.sessions.get(&earlier).and_then(|kept| kept.session.user);
        (whose.is_none_or(|whose| whose == user), whose.is_none())
    }

    /// Hands the documents of the earlier session on to the user and the new session.
    #[expect(
        clippy::too_many_arguments,
        reason = "who, what and how; they are together nowhere else"
    )]
    fn carry_over(
        &mut self,
        of_earlier: Vec<(DocumentKey, Document)>,
        was_guest: bool,
        how: &Earlier,
        user: UserId,
        session: SessionId,
        act: &Act,
        trace: &mut Trace,
    ) {
        let carry_over = CarryOver {
            user,
            session,
            rules: &how.merge.rules,
            limit: how.merge.limit,
            etag_seed: how.merge.etag_seed,
        };
        let Carried { documents, left } =
            carry_over.decide(&self.documents_of(Owner::User(user)), of_earlier);
        for (kind, count) in [(Kind::GuestMerged, documents.len()), (Kind::GuestNotMerged, left)] {
            if was_guest && count > 0 {
                trace.event(Event {
                    user: Some(user),
                    session: Some(session),
                    detail: Some(count.to_string()),
                    ..act.another(kind)
                });
            }
        }
        for (key, document) in documents {
            self.put(key, document);
        }
    }

    fn documents_of(&self, owner: Owner) -> Vec<(DocumentKey, Document)> {
        let documents = self.documents.get(&owner).into_iter().flatten();
        documents
            .map(|((client, namespace), document)| {
                let (client, namespace) = (client.clone(), namespace.clone());
                (DocumentKey { owner, client, namespace }, document.clone())
            })
            .collect()
    }
}

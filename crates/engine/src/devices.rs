//! The sessions of a user: where they are signed in, and ending them from elsewhere.

use cloakroom_model::event::{Actor, Kind, Reason};
use cloakroom_model::id::{SessionId, UserId};
use cloakroom_model::session::Session;
use cloakroom_store::{Ends, Error};

use crate::Engine;
use crate::identity::Identity;
use crate::reauthenticate::NotFresh;

/// Why another session goes on.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum EndError {
    /// Whoever asks proves once more who they are, and then asks again.
    #[error(transparent)]
    NotFresh(#[from] NotFresh),
    /// Storage failed.
    #[error(transparent)]
    Store(#[from] Error),
}

impl Engine {
    /// The live sessions of a user, the latest used first, with what this node knows of their last use.
    pub async fn list_sessions(&self, user: UserId) -> Result<Vec<Session>, Error> {
        self.flush_last_seen().await?;
        let sessions = self.store.list_sessions(user).await?;
        let mut live = Vec::with_capacity(sessions.len());
        for session in sessions {
            if self.is_live(&session).await? {
                live.push(session);
            }
        }
        Ok(live)
    }

    /// Ends one session of the user who asks; `false` where the user has no such session. Another one than this
    /// needs a fresh proof: who finds an open browser must not sign its owner out of everything else.
    pub async fn end_my_session(
        &self,
        identity: &Identity,
        sid: SessionId,
    ) -> Result<bool, EndError> {
        if sid == identity.sid() {
            self.sign_out(identity).await?;
            return Ok(true);
        }
        let Some(user) = identity.user_id() else {
            return Ok(false);
        };
        self.must_be_fresh(identity)?;
        let found = self.store.find_session_by_id(sid).await?;
        if found.is_none_or(|live| live.session.user != Some(user)) {
            return Ok(false);
        }
        let mut act = self.act(Kind::SessionEnded, Actor::User(user));
        act.event.user = Some(user);
        Ok(self.end(sid, false, Reason::EndedElsewhere, act).await?)
    }

    /// Ends the sessions of the user who asks: all others, which needs a fresh proof, or all, which does not because
    /// whoever asks loses their own too. Answers how many.
    pub async fn end_my_sessions(
        &self,
        identity: &Identity,
        this_one_too: bool,
    ) -> Result<usize, EndError> {
        let Some(user) = identity.user_id() else {
            if this_one_too {
                self.sign_out(identity).await?;
            }
            return Ok(usize::from(this_one_too));
        };
        let which = if this_one_too {
            Ends::AllOf(user)
        } else {
            self.must_be_fresh(identity)?;
            Ends::Others { user, except: identity.sid() }
        };
        Ok(self.end_sessions(which, Reason::EndedElsewhere, Actor::User(user)).await?)
    }

    /// Ends every session of a user; answers how many.
    pub async fn end_all_of(
        &self,
        user: UserId,
        reason: Reason,
        actor: Actor,
    ) -> Result<usize, Error> {
        self.end_sessions(Ends::AllOf(user), reason, actor).await
    }

    /// Ends the sessions that `which` says; answers how many.
    pub async fn end_sessions(
        &self,
        which: Ends,
        reason: Reason,
        actor: Actor,
    ) -> Result<usize, Error> {
        let mut act = self.act(Kind::SessionEnded, actor);
        act.event.user = match which {
            Ends::AllOf(user) | Ends::Others { user, .. } => Some(user),
            Ends::Everybodys => None,
        };
        let done = self.store.end_sessions(which, reason, &act).await?;
        self.heard(&done.rows).await;
        Ok(done.value)
    }

    /// Ends any session, a guest's too: an operator's act. Answers whether there was one.
    pub async fn end_any_session(&self, sid: SessionId, actor: Actor) -> Result<bool, Error> {
        let act = self.act(Kind::SessionEnded, actor);
        if self.end(sid, false, Reason::Operator, act.clone()).await? {
            return Ok(true);
        }
        self.end(sid, true, Reason::Operator, act).await
    }

    /// Finds a live session by name, a guest's too: for operators.
    pub async fn find_any_session(&self, sid: SessionId) -> Result<Option<Session>, Error> {
        let session = match self.store.find_session_by_id(sid).await? {
            Some(live) => Some(live.session),
            None => self.store.find_guest_by_id(sid).await?,
        };
        Ok(match session {
            Some(session) if self.is_live(&session).await? => Some(session),
            _ => None,
        })
    }

    /// All signed-in sessions after `after`, by name: for operators.
    pub async fn list_all_sessions(
        &self,
        after: Option<SessionId>,
        limit: usize,
    ) -> Result<Vec<Session>, Error> {
        self.store.list_all_sessions(after, limit).await
    }
}

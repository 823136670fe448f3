//! Signing out: this session.

use cloakroom_model::event::{Kind, Reason};
use cloakroom_model::id::SessionId;
use cloakroom_model::log::{Change, Subject};
use cloakroom_store::{Act, Error};

use crate::Engine;
use crate::identity::Identity;
use crate::secret::CookieSecret;

impl Engine {
    /// Ends the session of whoever asks. Once this returns, nothing that hangs from it earns anything, here at
    /// once and everywhere within a second.
    pub async fn sign_out(&self, identity: &Identity) -> Result<(), Error> {
        let mut act = self.act(Kind::SessionEnded, identity.actor());
        act.event.user = identity.user_id();
        act.event.client = Some(identity.client.clone());
        let guest = identity.user_id().is_none();
        if !self.end(identity.sid(), guest, Reason::SignedOut, act.clone()).await? {
            self.end_what_is_not_there(Subject::Session(identity.sid()), act).await?;
        }
        Ok(())
    }

    /// Has everybody told of an end whose subject storage does not have: it ended a moment ago, or storage has lost it, and
    /// then others may believe in it still.
    async fn end_what_is_not_there(&self, subject: Subject, act: Act) -> Result<(), Error> {
        self.catch_up().await?;
        if !self.memory.has_ended(&subject) {
            let done = self.store.announce(subject, Change::Ended, &act).await?;
            self.heard(&done.rows).await;
        }
        Ok(())
    }

    /// Ends the session of a browser's cookie, or the one that goes on from it where the cookie was just
    /// replaced: who says *sign out* means the session they are in. Nothing happens where there is none.
    pub async fn sign_out_cookie(&self, cookie: &CookieSecret) -> Result<(), Error> {
        use crate::identity::NotSignedIn;
        match self.check_cookie(cookie).await {
            Ok(identity) => self.sign_out(&identity).await,
            Err(NotSignedIn::Replaced(replaced)) => {
                let act = self.act(Kind::SessionEnded, cloakroom_model::event::Actor::Anybody);
                self.end(replaced.successor, false, Reason::SignedOut, act).await?;
                Ok(())
            }
            Err(NotSignedIn::Store(error)) => Err(error),
            Err(_) => Ok(()),
        }
    }

    /// Ends one session; answers whether there was one.
    pub(crate) async fn end(
        &self,
        sid: SessionId,
        guest: bool,
        reason: Reason,
        mut act: Act,
    ) -> Result<bool, Error> {
        act.event.session = Some(sid);
        let done = if guest {
            self.store.end_guest(sid, reason, &act).await?
        } else {
            self.store.end_session(sid, reason, &act).await?
        };
        match done {
            Some(done) => {
                self.heard(&done.rows).await;
                Ok(true)
            }
            None => Ok(false),
        }
    }
}

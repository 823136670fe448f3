//! Signing out: this session.

use cloakroom_model::event::{Kind, Reason};
use cloakroom_model::id::SessionId;
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
        self.end(identity.sid(), identity.user_id().is_none(), Reason::SignedOut, act).await?;
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
